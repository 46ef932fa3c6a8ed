s/^	bpf_get_current_comm/if (len == 0) return 0; &/
