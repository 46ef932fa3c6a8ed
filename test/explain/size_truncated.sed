s/return bpf_probe/__u64 m = len; asm volatile("" : "+r"(m)); if (m > 64) return 0; &/
s/e->data, len/e->data, m/
