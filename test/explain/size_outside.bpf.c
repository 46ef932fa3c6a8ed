#include "explain_bpf.h"

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	char name[16];
	__u32 len = ctx->args[1] & 0x1f;

	bpf_probe_read_kernel(name, len, (void *)ctx->args[0]);
	return name[0] == 'a';
}
