#include "explain_bpf.h"

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	char name[16] = "";

	bpf_copy_from_user(name, sizeof(name), (void *)ctx->args[1]);
	return name[0] == 'a';
}
