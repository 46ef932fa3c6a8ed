#include "explain_bpf.h"

RINGBUF(events);
HELPER(198, long, bpf_ringbuf_reserve_dynptr, void *ringbuf, __u32 size, __u64 flags,
       struct bpf_dynptr *out);
HELPER(200, void, bpf_ringbuf_discard_dynptr, struct bpf_dynptr *ptr, __u64 flags);

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	struct bpf_dynptr record;
	__u32 word;

	bpf_ringbuf_reserve_dynptr(&events, 64, 0, &record);
	word = *(volatile __u32 *)&record;
	bpf_ringbuf_discard_dynptr(&record, 0);
	return word == 1;
}
