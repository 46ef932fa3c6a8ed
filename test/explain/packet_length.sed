s/if (data + len > data_end)/if (len > 1500) return XDP_PASS; __u8 *p = data + len; asm volatile("" : "+r"(p)); if (p + 1 > data_end)/
s/return data\[len\]/return *p/
