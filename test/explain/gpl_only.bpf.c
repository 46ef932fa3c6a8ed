#define LICENSE "Proprietary"
#include "explain_bpf.h"

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	char name[16];

	bpf_probe_read_kernel(name, sizeof(name), (void *)ctx->args[0]);
	return name[0] == 'a';
}
