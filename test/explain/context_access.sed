s/struct __sk_buff \*skb/struct xdp_md *ctx/
s/skb->priority/ctx->rx_queue_index/
