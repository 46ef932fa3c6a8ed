s/\*map)/*map, __u64 flags, void *data, __u64 size)/
s/return bpf_output(ctx, &events);/__u64 data = 1; return bpf_output(ctx, \&events, 0, \&data, sizeof(data));/
