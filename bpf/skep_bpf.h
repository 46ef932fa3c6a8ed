/* skep_bpf.h - what a BPF program in C needs, and no more
 *
 * Stands in for libbpf's bpf_helpers.h where that is not installed, with the same names,
 * so that a program compiles with either. Include <linux/types.h> and <linux/bpf.h>
 * first. A helper is the number by which the kernel knows it; uapi/linux/bpf.h describes
 * each.
 */
#ifndef SKEP_BPF_H
#define SKEP_BPF_H

/* The section says where a program attaches: SEC("xdp"), SEC("raw_tp/sys_enter"). */
#define SEC(name) __attribute__((section(name), used))

/* A map is a variable in SEC(".maps") whose type carries its attributes. */
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name

#ifdef __clang__
#define HELPER(number, type, name, ...) \
	static type (*const name)(__VA_ARGS__) = (void *)number
#else /* gcc calls no constant address */
#define HELPER(number, type, name, ...) \
	extern type name(__VA_ARGS__) __attribute__((kernel_helper(number)))
#endif

HELPER(1, void *, bpf_map_lookup_elem, void *map, const void *key);
HELPER(2, long, bpf_map_update_elem, void *map, const void *key, const void *value,
       __u64 flags);
HELPER(3, long, bpf_map_delete_elem, void *map, const void *key);
HELPER(5, __u64, bpf_ktime_get_ns, void);
HELPER(14, __u64, bpf_get_current_pid_tgid, void);
HELPER(113, long, bpf_probe_read_kernel, void *dst, __u32 size, const void *src);
HELPER(120, long, bpf_get_ns_current_pid_tgid, __u64 dev, __u64 ino,
       struct bpf_pidns_info *info, __u32 size);
HELPER(131, void *, bpf_ringbuf_reserve, void *ringbuf, __u64 size, __u64 flags);
HELPER(132, void, bpf_ringbuf_submit, void *data, __u64 flags);

#endif
