#include "explain_bpf.h"

static long (*bpf_output)(void *ctx, void *map) = (void *)BPF_FUNC_perf_event_output;

MAP(events, BPF_MAP_TYPE_PERF_EVENT_ARRAY, __u32, __u32, 4);

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	return bpf_output(ctx, &events);
}
