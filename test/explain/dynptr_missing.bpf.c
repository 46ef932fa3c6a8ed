#include "explain_bpf.h"

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	struct bpf_dynptr bytes;
	__u32 first = 0;

	bpf_dynptr_read(&first, sizeof(first), &bytes, 0, 0);
	return first == 1;
}
