/* What libbpf programs commonly have: constants, globals, a hash, a ring buffer. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
	__u32 len, nr;
	char text[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} lengths SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} requests SEC(".maps");

const volatile __u32 every = 1;	   /* set before loading */
__u64 packets, bytes, lost, taken; /* .bss */
__u32 limit = 100;		   /* .data */

static int tell(__u32 len)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		lost++;
		return -1;
	}
	e->len = len;
	e->nr = packets;
	__builtin_memcpy(e->text, "packet", 7);
	e->text[7] = 0;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("xdp") int count(struct xdp_md *ctx)
{
	__u32 len = ctx->data_end - ctx->data;
	__u64 one = 1, *n = bpf_map_lookup_elem(&lengths, &len);

	packets++;
	bytes += len;
	bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU | 4ull << 32, &packets, 8);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&lengths, &len, &one, BPF_ANY);
	if (packets % every == 0)
		tell(len);
	return len > limit ? XDP_DROP : XDP_PASS;
}

static long take(struct bpf_dynptr *request, void *ctx)
{
	__u32 word = 0;

	bpf_dynptr_read(&word, sizeof(word), request, 0, 0);
	taken += word;
	return 0;
}

SEC("xdp") int drain(struct xdp_md *ctx)
{
	return bpf_user_ringbuf_drain(&requests, take, NULL, 0);
}

SEC("tp/syscalls/sys_enter_getppid") int enter(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
