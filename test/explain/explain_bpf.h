/* explain_bpf.h - what the programs of this folder share */
#ifndef EXPLAIN_BPF_H
#define EXPLAIN_BPF_H

#include <linux/types.h>
#include <linux/bpf.h>
#include "skep_bpf.h"

HELPER(4, long, bpf_probe_read, void *dst, __u32 size, const void *src);
HELPER(6, long, bpf_trace_printk, const char *fmt, __u32 size, ...);
HELPER(7, __u32, bpf_get_prandom_u32, void);
HELPER(12, long, bpf_tail_call, void *ctx, void *map, __u32 index);
HELPER(16, long, bpf_get_current_comm, void *buf, __u32 size);
HELPER(44, long, bpf_xdp_adjust_head, struct xdp_md *ctx, int delta);
HELPER(93, long, bpf_spin_lock, struct bpf_spin_lock *lock);
HELPER(94, long, bpf_spin_unlock, struct bpf_spin_lock *lock);
HELPER(112, long, bpf_probe_read_user, void *dst, __u32 size, const void *user);
HELPER(130, long, bpf_ringbuf_output, void *ringbuf, void *data, __u64 size, __u64 flags);
HELPER(133, void, bpf_ringbuf_discard, void *data, __u64 flags);
HELPER(148, long, bpf_copy_from_user, void *dst, __u32 size, const void *user);
HELPER(181, long, bpf_loop, __u32 n, void *callback, void *ctx, __u64 flags);
HELPER(201, long, bpf_dynptr_read, void *dst, __u32 len, const struct bpf_dynptr *src,
       __u32 offset, __u64 flags);

struct entry {
	__u64 count;
	__u32 data[16];
};

#define MAP(name, map_type, key_type, value_type, entries) \
	struct { \
		__uint(type, map_type); \
		__type(key, key_type); \
		__type(value, value_type); \
		__uint(max_entries, entries); \
	} name SEC(".maps")

#define RINGBUF(name) \
	struct { \
		__uint(type, BPF_MAP_TYPE_RINGBUF); \
		__uint(max_entries, 4096); \
	} name SEC(".maps")

#ifndef LICENSE
#define LICENSE "Dual BSD/GPL"
#endif
char _license[] SEC("license") = LICENSE;

#endif
