s/^SEC/RINGBUF(events);\nHELPER(198, long, bpf_ringbuf_reserve_dynptr, void *ringbuf, __u32 size, __u64 flags, struct bpf_dynptr *out);\nHELPER(200, void, bpf_ringbuf_discard_dynptr, struct bpf_dynptr *ptr, __u64 flags);\n&/
s/^	bpf_dynptr_read.*/bpf_ringbuf_reserve_dynptr(\&events, 64, 0, \&bytes); & bpf_ringbuf_discard_dynptr(\&bytes, 0);/
