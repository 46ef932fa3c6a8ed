s/return 2;/{ bpf_spin_unlock(\&g->lock); return 2; }/
