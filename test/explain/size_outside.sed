s/^	bpf_probe_read_kernel(name, len/__u64 n = len; asm volatile("" : "+r"(n)); if (n > 16) return 0; bpf_probe_read_kernel(name, n/
