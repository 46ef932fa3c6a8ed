/last = data/d
/if (last/,/return XDP_DROP/d
s/return \*last/if (len < 1) return XDP_PASS; __u32 n = len - 1; asm volatile("" : "+r"(n)); __u8 *p = data + n; if (p + 1 > data_end) return XDP_PASS; return *p/
