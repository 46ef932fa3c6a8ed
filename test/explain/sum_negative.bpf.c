#include "explain_bpf.h"

MAP(bufs, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, char[4096], 1);
HELPER(115, long, bpf_probe_read_kernel_str, void *dst, __u32 size, const void *src);

SEC("raw_tp/sys_enter") int prog(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 key = 0;
	char *buf = bpf_map_lookup_elem(&bufs, &key);
	long off = 0;

	if (!buf)
		return 0;
	off += bpf_probe_read_kernel_str(buf, 256, (void *)ctx->args[0]);
	off += bpf_probe_read_kernel_str(buf + off, 256, (void *)ctx->args[1]);
	return off;
}
