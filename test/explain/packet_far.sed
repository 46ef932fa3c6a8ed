s/__u8 \*p = .*/if (len > 1500) return XDP_PASS; __u8 *p = data + 14 + len; asm volatile("" : "+r"(p));/
