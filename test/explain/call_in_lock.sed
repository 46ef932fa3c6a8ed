s/bpf_spin_lock(&g->lock);/__u64 now = bpf_ktime_get_ns(); &/
s/count = bpf_ktime_get_ns()/count = now/
