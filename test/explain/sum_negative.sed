s/off += bpf_probe_read_kernel_str(buf + off/if (off < 0) return 0; &/
