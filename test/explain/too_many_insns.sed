s/^SEC("xdp")/static long body(__u32 i, void *x) { *(__u64 *)x += bpf_get_prandom_u32(); return 0; }\n&/
s/for (__u32 i.*/bpf_loop(1000, body, \&sum, 0);/
/^		sum +=/d
