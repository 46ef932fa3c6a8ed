s/return skb->cb\[/__u32 a[4]; a[0] = skb->cb[0]; a[1] = skb->cb[1]; a[2] = skb->cb[2]; a[3] = skb->cb[3]; return a[/
