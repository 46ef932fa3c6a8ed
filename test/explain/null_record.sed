s/\*event = bpf_k/if (!event) return 0; &/
