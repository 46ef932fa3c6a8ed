s/skb->len/& ? 1 : 0/
