/struct bpf_spin_lock lock/d
