s/return e->data\[a\].*DROP : XDP_PASS;/{ asm volatile("" : "+r"(a)); if (a > 15) return XDP_PASS; & }/
