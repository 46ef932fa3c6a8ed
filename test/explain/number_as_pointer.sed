s/return .*/__u8 v; bpf_probe_read_kernel(\&v, sizeof(v), name); return v == 'a';/
