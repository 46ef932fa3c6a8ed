s/^	bpf_probe_read_kernel(e->data, e->count/__u64 n = e->count; asm volatile("" : "+r"(n)); if (n > 64) return 0; bpf_probe_read_kernel(e->data, n/
