/void \*map = /d
s/skb, map, 1/skb, \&first, skb->protocol == 8 ? 1 : 2/
/^MAP(second/d
