#include "explain_bpf.h"

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	char name[16];
	__u32 len = ctx->args[1] & 0xf;

	bpf_get_current_comm(name, len);
	return name[0] == 'a';
}
