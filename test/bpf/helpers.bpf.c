/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What helpers answer to programs, the same on the kernel and on the engine: each program
 * puts its answers into `out`, which test_helper_sides.c compares. Needs no headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name
#define NULL		  ((void *)0)

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*map_update_elem)(void *map, const void *key, const void *value,
			       u64 flags) = (void *)2;
static long (*map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*ktime_get_ns)(void) = (void *)5;
static long (*trace_printk)(const char *fmt, u32 size, ...) = (void *)6;
static u32 (*get_prandom_u32)(void) = (void *)7;
static u32 (*get_smp_processor_id)(void) = (void *)8;
static long (*tail_call)(void *ctx, void *map, u32 index) = (void *)12;
static long (*map_push_elem)(void *map, const void *value, u64 flags) = (void *)87;
static long (*map_pop_elem)(void *map, void *value) = (void *)88;
static long (*map_peek_elem)(void *map, void *value) = (void *)89;
static u32 (*get_numa_node_id)(void) = (void *)42;
static u64 (*jiffies64)(void) = (void *)118;
static u64 (*ktime_get_boot_ns)(void) = (void *)125;
static long (*ringbuf_output)(void *map, void *data, u64 size, u64 flags) = (void *)130;
static void *(*ringbuf_reserve)(void *map, u64 size, u64 flags) = (void *)131;
static void (*ringbuf_submit)(void *data, u64 flags) = (void *)132;
static void (*ringbuf_discard)(void *data, u64 flags) = (void *)133;
static u64 (*ringbuf_query)(void *map, u64 flags) = (void *)134;
static long (*copy_from_user)(void *dst, u32 size, const void *src) = (void *)148;
static long (*sys_bpf)(u32 cmd, void *attr, u32 size) = (void *)166;
static long (*sys_close)(u32 fd) = (void *)168;
static u64 (*ktime_get_coarse_ns)(void) = (void *)160;
static long (*for_each_map_elem)(void *map, void *fn, void *ctx, u64 flags) = (void *)164;
static long (*snprintf)(char *str, u32 size, const char *fmt, u64 *data,
			u32 len) = (void *)165;
static long (*trace_vprintk)(const char *fmt, u32 size, const void *data,
			     u32 len) = (void *)177;
static long (*kallsyms_lookup_name)(const char *name, int size, int flags,
				    u64 *address) = (void *)179;
static long (*loop)(u32 n, void *fn, void *ctx, u64 flags) = (void *)181;
static long (*strncmp)(const char *s1, u32 size, const char *s2) = (void *)182;
static void *(*map_lookup_percpu_elem)(void *map, const void *key, u32 cpu) = (void *)195;
static u64 (*ktime_get_tai_ns)(void) = (void *)208;

struct {
	__uint(type, 2);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} array SEC(".maps");

struct {
	__uint(type, 1);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} hash SEC(".maps");

struct {
	__uint(type, 9);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u64);
} lru SEC(".maps");

struct {
	__uint(type, 6);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} percpu SEC(".maps");

struct {
	__uint(type, 5);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} percpu_hash SEC(".maps");

struct {
	__uint(type, 27);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, 22);
	__uint(max_entries, 2);
	__uint(value_size, 8);
} queue SEC(".maps");

struct {
	__uint(type, 23);
	__uint(max_entries, 2);
	__uint(value_size, 8);
} stack SEC(".maps");

struct {
	__uint(type, 30);
	__uint(max_entries, 100);
	__uint(value_size, 8);
	__uint(map_extra, 7);
} bloom SEC(".maps");

struct {
	__uint(type, 11);
	__uint(max_entries, 4);
	__uint(map_flags, 1);
	__uint(key_size, 8);
	__uint(value_size, 8);
} prefixes SEC(".maps");

struct {
	__uint(type, 3);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__uint(value_size, 4);
} progs SEC(".maps");

u64 out[64];

SEC("tc") int maps(void *ctx)
{
	u32 key = 1, far = 9;
	u64 value = 42, *p;

	out[0] = map_update_elem(&array, &key, &value, 0);
	out[1] = map_update_elem(&array, &far, &value, 0);
	out[2] = map_update_elem(&array, &key, &value, 1);
	out[3] = map_update_elem(&array, &key, &value, 2);
	out[4] = map_update_elem(&array, &key, &value, 3);
	out[5] = map_delete_elem(&array, &key);
	p = map_lookup_elem(&array, &key);
	out[6] = p ? (*p)++ : 0;
	out[7] = map_lookup_elem(&array, &far) != NULL;
	out[8] = map_delete_elem(&hash, &key);
	out[9] = map_update_elem(&hash, &key, &value, 2);
	out[10] = map_update_elem(&hash, &key, &value, 1);
	out[11] = map_update_elem(&hash, &key, &value, 1);
#pragma clang loop unroll(full)
	for (u32 i = 2; i < 12; i++) {
		key = i;
		out[10 + i] = map_update_elem(&hash, &key, &value, 0);
	}
	key = 1;
	out[22] = map_delete_elem(&hash, &key);
	out[23] = map_lookup_elem(&hash, &key) != NULL;
	out[24] = map_update_elem(&lru, &key, &value, 0);
	p = map_lookup_elem(&lru, &key);
	out[25] = p ? *p : 0;
	out[26] = map_update_elem(&percpu, &key, &value, 0);
	p = map_lookup_elem(&percpu, &key);
	out[27] = p ? *p : 0;
	p = map_lookup_percpu_elem(&percpu, &key, get_smp_processor_id());
	out[28] = p ? *p : 0;
	out[29] = map_lookup_percpu_elem(&percpu, &key, 1 << 20) != NULL;
	out[30] = map_update_elem(&percpu_hash, &key, &value, 0);
	p = map_lookup_percpu_elem(&percpu_hash, &key, get_smp_processor_id());
	out[31] = p ? *p : 0;
	out[32] = map_delete_elem(&percpu_hash, &key);
	return 7;
}

/* Callbacks count in a map, where the verifier does not follow; `ctx` says where. */
enum { CALLS, KEYS, VALUES, STOP, COUNTS };

static u64 *counts(u32 *ctx)
{
	return &out[*ctx & 31];
}

static long add(void *map, u32 *key, u64 *value, u32 *ctx)
{
	u64 *n = counts(ctx);

	n[CALLS]++;
	n[KEYS] += *key;
	n[VALUES] += *value;
	*value += 100;
	return n[CALLS] == n[STOP];
}

static long drop(void *map, u32 *key, u64 *value, u32 *ctx)
{
	counts(ctx)[CALLS]++;
	return map_delete_elem(map, key) != 0;
}

static long count(u32 i, u32 *ctx)
{
	counts(ctx)[KEYS] += i;
	return i == 9;
}

SEC("tc") int callbacks(void *ctx)
{
	u32 key, sum = 20, stops = 24, other = 28;
	u64 value = 5;

#pragma clang loop unroll(full)
	for (u32 i = 0; i < 4; i++) {
		key = i;
		map_update_elem(&array, &key, &value, 0);
		map_update_elem(&hash, &key, &value, 0);
	}
	out[24 + STOP] = 2;
	out[0] = for_each_map_elem(&array, add, &sum, 0);
	out[1] = out[20 + CALLS];
	out[2] = out[20 + KEYS];
	out[3] = out[20 + VALUES];
	out[4] = for_each_map_elem(&array, add, &stops, 0);
	out[5] = out[24 + VALUES];
	out[6] = for_each_map_elem(&array, add, &sum, 1);
	out[7] = for_each_map_elem(&hash, add, &sum, 0);
	out[8] = out[20 + VALUES];
	out[9] = for_each_map_elem(&hash, drop, &other, 0);
	out[10] = out[28 + CALLS];
	out[11] = for_each_map_elem(&hash, drop, &other, 0);
	out[12] = for_each_map_elem(&percpu, add, &sum, 0);
	out[13] = loop(5, count, &other, 0);
	out[14] = loop(100, count, &other, 0);
	out[15] = loop(0, count, &other, 0);
	out[16] = loop(1, count, &other, 1);
	out[17] = loop((8 << 20) + 1, count, &other, 0);
	out[18] = out[28 + KEYS];
	return 0;
}

SEC("tc") int records(void *ctx)
{
	u64 data[3] = {1, 2, 3}, *p;

	out[0] = ringbuf_query(&ring, 0);
	out[1] = ringbuf_query(&ring, 1);
	out[2] = ringbuf_output(&ring, data, sizeof(data), 0);
	out[3] = ringbuf_output(&ring, data, 5, 1);
	out[4] = ringbuf_output(&ring, data, 8, 4);
	p = ringbuf_reserve(&ring, 16, 0);
	if (p) {
		p[0] = 7;
		p[1] = 8;
		ringbuf_submit(p, 0);
	}
	p = ringbuf_reserve(&ring, 32, 0);
	if (p)
		ringbuf_discard(p, 1);
	out[5] = ringbuf_query(&ring, 0);
	out[6] = ringbuf_query(&ring, 2);
	out[7] = ringbuf_query(&ring, 3);
	out[8] = ringbuf_query(&ring, 4);
	p = ringbuf_reserve(&ring, 4080, 0);
	out[9] = p != NULL;
	if (p)
		ringbuf_submit(p, 0);
	p = ringbuf_reserve(&ring, 8, 1);
	out[10] = p != NULL;
	if (p)
		ringbuf_submit(p, 0);
	return 0;
}

SEC("tc") int queues(void *ctx)
{
	u64 one = 1, two = 2, three = 3, got = 9;

	out[0] = map_pop_elem(&queue, &got);
	out[1] = got;
	out[2] = map_push_elem(&queue, &one, 0);
	out[3] = map_push_elem(&queue, &two, 0);
	out[4] = map_push_elem(&queue, &three, 0);
	out[5] = map_push_elem(&queue, &three, 1);
	out[6] = map_push_elem(&queue, &three, 2);
	out[7] = map_peek_elem(&queue, &got);
	out[8] = got;
	out[9] = map_pop_elem(&queue, &got);
	out[10] = got;
	out[11] = map_pop_elem(&queue, &got);
	out[12] = got;
	out[13] = map_peek_elem(&queue, &got);
	out[14] = got;
	map_push_elem(&stack, &one, 0);
	map_push_elem(&stack, &two, 0);
	out[15] = map_push_elem(&stack, &three, 2);
	out[16] = map_peek_elem(&stack, &got);
	out[17] = map_pop_elem(&stack, &got);
	out[18] = got;
	out[19] = map_pop_elem(&stack, &got);
	out[20] = got;
	out[21] = map_pop_elem(&stack, &got);
	out[22] = got;
	out[23] = map_peek_elem(&bloom, &one);
	out[24] = map_push_elem(&bloom, &one, 0);
	out[25] = map_peek_elem(&bloom, &one);
	out[26] = map_peek_elem(&bloom, &two);
	out[27] = map_push_elem(&bloom, &two, 2);
	return 0;
}

static long set_prefix(u32 len, u32 data, u64 value, u64 flags)
{
	u32 key[2] = {len, data};

	return map_update_elem(&prefixes, key, &value, flags);
}

static u64 match(u32 len, u32 data)
{
	u32 key[2] = {len, data};
	u64 *p = map_lookup_elem(&prefixes, key);

	return p ? (*p)++ : 0;
}

SEC("tc") int longest(void *ctx)
{
	u32 key[2] = {16, 0x010a};

	out[0] = match(32, 0x0201010a);
	out[1] = set_prefix(8, 0x0a, 10, 2);
	out[2] = set_prefix(8, 0x0a, 10, 1);
	out[3] = set_prefix(8, 0xff0a, 10, 1);
	out[4] = set_prefix(16, 0x010a, 20, 0);
	out[5] = set_prefix(24, 0xa8c0, 30, 0);
	out[6] = set_prefix(33, 0xa8c0, 30, 0);
	out[7] = set_prefix(24, 0xa8c0, 30, 3);
	out[8] = set_prefix(25, 0x8000a8c0, 40, 0);
	out[9] = set_prefix(0, 0, 50, 0);
	out[10] = match(32, 0x0201010a);
	out[11] = match(32, 0x0302010a);
	out[12] = match(32, 0x0302020a);
	out[13] = match(32, 0x0300a8c0);
	out[14] = match(32, 0xf300a8c0);
	out[15] = match(32, 0x03030303);
	out[16] = match(33, 0x0201010a);
	out[17] = map_delete_elem(&prefixes, key);
	out[18] = map_delete_elem(&prefixes, key);
	out[19] = match(32, 0x0201010a);
	out[20] = set_prefix(0, 0, 50, 0);
	out[21] = match(32, 0x03030303);
	key[0] = 33;
	out[22] = map_delete_elem(&prefixes, key);
	return 0;
}

SEC("tc") int target(void *ctx)
{
	out[0]++;
	tail_call(ctx, &progs, 1); /* itself, until there were 33 */
	out[1] = 77;
	return 5;
}

SEC("tc") int tails(void *ctx)
{
	tail_call(ctx, &progs, 0); /* none there */
	out[2] = 1;
	tail_call(ctx, &progs, 3); /* beyond the end */
	out[3] = 1;
	tail_call(ctx, &progs, 1);
	out[4] = 1;
	return 6;
}

static const char line[] = "%d %s %x";
static const char word[] = "word";

SEC("tc") int texts(void *ctx)
{
	volatile u64 args[3]; /* so that no address stands in initialized data */
	char fmt[] = "skep: %d %x\n", text[8] = "words";

	args[0] = -5;
	args[1] = (u64)word;
	args[2] = 255;
	out[20] = snprintf((char *)out, 64, line, (u64 *)args, sizeof(args));
	out[21] = snprintf(NULL, 0, line, (u64 *)args, sizeof(args));
	out[22] = strncmp(text, 4, word);
	out[23] = strncmp(text, 5, word);
	out[24] = trace_printk(fmt, sizeof(fmt), 1, 255);
	out[25] = trace_printk(fmt, sizeof(fmt) - 1, 1, 255);
	args[0] = 1;
	args[1] = 255;
	out[26] = trace_vprintk(fmt, sizeof(fmt), (u64 *)args, sizeof(args));
	out[27] = trace_vprintk(fmt, sizeof(fmt), (u64 *)args, 8);
	return 0;
}

SEC("tc") int times(void *ctx)
{
	u64 second = 1000000000, a = ktime_get_ns(), b = ktime_get_ns();

	out[0] = b >= a && b - a < second;
	out[1] = ktime_get_boot_ns() + second > a;
	out[2] = a - ktime_get_coarse_ns() + second < 2 * second;
	out[3] = ktime_get_tai_ns() > 1500000000 * second;
	out[4] = get_prandom_u32() != get_prandom_u32();
	out[5] = get_numa_node_id() < 64;
	out[60] = jiffies64();
	out[61] = ktime_get_ns();
	out[62] = ktime_get_boot_ns();
	out[63] = ktime_get_tai_ns();
	return 0;
}

struct args {
	u64 address;
	u32 len;
};

SEC("syscall") int user(struct args *ctx)
{
	u32 len = ctx->len;

	out[40] = copy_from_user(out, len > 64 ? 64 : len, (void *)ctx->address);
	out[41] = copy_from_user(&out[20], 8, (void *)8);
	ctx->len = 1000;
	return 3;
}

/* What MAP_CREATE and MAP_UPDATE_ELEM need of union bpf_attr. */
struct create {
	u32 type, key_size, value_size, max_entries;
};

struct update {
	u64 fd, key, value, flags;
};

enum { MAP_CREATE, MAP_LOOKUP, MAP_UPDATE };

SEC("syscall") int loader(struct args *ctx)
{
	struct create make = {1, 4, 8, 1};
	u32 key = 7;
	u64 value = 8, address = 1;
	struct update update = {0, (u64)&key, (u64)&value, 0};
	long fd = sys_bpf(MAP_CREATE, &make, sizeof(make));

	update.fd = (u32)fd;
	out[0] = fd >= 0;
	out[1] = sys_bpf(MAP_UPDATE, &update, sizeof(update));
	key = 8; /* the map is full */
	out[2] = sys_bpf(MAP_UPDATE, &update, sizeof(update));
	out[3] = sys_bpf(MAP_LOOKUP, &update, sizeof(update)); /* not a program's */
	out[4] = sys_close(fd);
	out[5] = sys_close(fd);
	out[6] = sys_bpf(MAP_UPDATE, &update, sizeof(update));
	make.max_entries = 0;
	out[7] = sys_bpf(MAP_CREATE, &make, sizeof(make));
	out[8] = kallsyms_lookup_name("printk", 7, 1, &address);
	out[9] = kallsyms_lookup_name("printk", 6, 0, &address);
	return 0;
}

char _license[] SEC("license") = "GPL";
