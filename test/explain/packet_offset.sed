s/return data.*/__u8 *p = data + 14 + length; asm volatile("" : "+r"(p)); if (p + 1 > data_end) return XDP_PASS; return *p ? XDP_PASS : XDP_DROP;/
