#include "explain_bpf.h"

RINGBUF(events);

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 len = ctx->args[1] & 0xff;
	char *event = bpf_ringbuf_reserve(&events, len, 0);

	if (!event)
		return 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
