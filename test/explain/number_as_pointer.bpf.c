#include "explain_bpf.h"

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	char *name = (char *)ctx->args[0];

	return *name == 'a';
}
