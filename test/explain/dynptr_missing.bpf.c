#include "explain_bpf.h"

HELPER(201, long, bpf_dynptr_read, void *dst, __u32 len, const struct bpf_dynptr *src,
       __u32 offset, __u64 flags);

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	struct bpf_dynptr bytes;
	__u32 first = 0;

	bpf_dynptr_read(&first, sizeof(first), &bytes, 0, 0);
	return first == 1;
}
