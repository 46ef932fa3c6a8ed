#include "explain_bpf.h"

RINGBUF(events);
__u64 last;

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	*event = bpf_ktime_get_ns();
	bpf_ringbuf_submit(event, 0);
	last = *(volatile __u64 *)event;
	return 0;
}
