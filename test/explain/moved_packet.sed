s/data\[0\] = .*/data = (void *)(long)ctx->data; data_end = (void *)(long)ctx->data_end; if (data + 14 > data_end) return XDP_DROP; &/
