s/^static/struct scratch { char buf[300]; };\nMAP(scratches, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct scratch, 1);\n&/
/int prog/,$s/char buf\[300\];/__u32 key = 0; struct scratch *s = bpf_map_lookup_elem(\&scratches, \&key); if (!s) return XDP_PASS;/
/int prog/,$s/buf, sizeof(buf)/s->buf, sizeof(s->buf)/
/int prog/,$s/== buf/== s->buf/
