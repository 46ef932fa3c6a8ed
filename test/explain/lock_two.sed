s/bpf_spin_lock(&b->lock);/bpf_spin_unlock(\&a->lock); &/
/unlock(&a->lock);$/d
