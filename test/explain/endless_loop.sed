s/while (ctx->rx_queue_index)/for (int i = 0; i < 100 \&\& ctx->rx_queue_index; i++)/
