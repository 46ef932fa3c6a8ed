/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What only clang writes: configuration variables, initial elements, weak symbols. */
typedef unsigned int u32;

#define SEC(name)	   __attribute__((section(name), used))
#define __uint(name, val)  int(*name)[val]
#define __type(name, val)  __typeof__(val) *name
#define __array(name, val) __typeof__(val) *name[]
#define __weak		   __attribute__((weak))
#define __kconfig	   __attribute__((section(".kconfig")))
#define __ksym		   __attribute__((section(".ksyms")))

static long (*bpf_tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;

extern u32 LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_BPF __kconfig __weak;
extern int CONFIG_NO_SUCH_THING __kconfig __weak;
extern int no_such_kfunc(int) __ksym __weak;
extern const void no_such_symbol __ksym __weak;

struct inner {
	__uint(type, 2); /* array */
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, long);
} one SEC(".maps"), two SEC(".maps");

struct {
	__uint(type, 13); /* hash of maps */
	__uint(max_entries, 4);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = {.values = {[1] = &one, [3] = &two}};

struct {
	__uint(type, 12); /* array of maps */
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(
		values, struct {
			__uint(type, 1);
			__uint(max_entries, 8);
			__type(key, u32);
			__type(value, long);
		});
} empty SEC(".maps");

int main_prog(void *ctx);

SEC("xdp")
int target(void *ctx)
{
	return 1;
}

struct {
	__uint(type, 3); /* array of programs */
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = {.values = {[2] = (void *)&target}};

SEC("xdp")
int main_prog(void *ctx)
{
	u32 key = 3, first = 0;
	void *map = bpf_map_lookup_elem(&outer, &key);
	long *v = map ? bpf_map_lookup_elem(map, &first) : 0;

	if (no_such_kfunc)
		return no_such_kfunc(1);
	if (&no_such_symbol || CONFIG_NO_SUCH_THING || LINUX_KERNEL_VERSION < 0x50000)
		return 0;
	if (v)
		*v = CONFIG_BPF ? 11 : 10;
	bpf_tail_call(ctx, &jumps, 2);
	return 3;
}

char _license[] SEC("license") = "GPL";
