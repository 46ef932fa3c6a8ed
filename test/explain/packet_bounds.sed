s/return \*(__u16/if ((void *)(data + 14) > data_end) return 0; &/
