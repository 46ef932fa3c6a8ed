s/return bpf_probe_read_kernel(e->data, min(len, 64)/__u64 n = min(len, 64); asm volatile("" : "+r"(n)); if (n > 64) return 0; return bpf_probe_read_kernel(e->data, n/
