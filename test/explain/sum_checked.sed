s/return e->data\[a\].*DROP : XDP_PASS;/{ if (a > 15) return 0; & }/
