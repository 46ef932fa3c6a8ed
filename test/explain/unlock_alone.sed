/skb->len/d
