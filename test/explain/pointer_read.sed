s/return o.in->pid/__u64 v; bpf_probe_read_kernel(\&v, sizeof(v), \&o.in->pid); return v/
