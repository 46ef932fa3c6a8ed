#include "explain_bpf.h"

RINGBUF(events);

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	*event = bpf_get_current_pid_tgid() >> 32;
	if (*event < 1000)
		return 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
