#include "explain_bpf.h"

struct inner { __u64 pid; };
struct outer { __u64 x; struct inner *in; };

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	struct outer o;

	bpf_probe_read_kernel(&o, sizeof(o), (void *)ctx->args[0]);
	return o.in->pid == 1;
}
