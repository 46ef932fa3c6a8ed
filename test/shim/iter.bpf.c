// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The elements of a map, a line each. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define KERNELS __attribute__((preserve_access_index))

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id, seq_num;
} KERNELS;
struct bpf_map {
	char name[16];
} KERNELS;
struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	__u32 *key;
	__u64 *value;
} KERNELS;

SEC("iter/bpf_map_elem")
int elements(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (!key || !value)
		BPF_SEQ_PRINTF(seq, "%d elements of %s\n", ctx->meta->seq_num + 1,
			       ctx->map->name);
	else
		BPF_SEQ_PRINTF(seq, "%u is %llu\n", *key, *value);
	return 0;
}

char _license[] SEC("license") = "GPL";
