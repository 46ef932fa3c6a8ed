/* The ways to do an operation: from C, by a program, by bpf(2), by the direct call. */
#include <skep/isa.h>
#include <skep/sys.h>
#include <stdio.h>
#include <stdlib.h>
#include "map_bench.h"

void bench_fail(const char *what)
{
	fprintf(stderr, "bench_map: %s\n", what);
	exit(1);
}

/* ---- from C ---- */

static u64 go_c(const struct bench_way *way, bool bare, u32 seed, u32 *sum)
{
	const struct bench_work *work = bare ? &bench_empty : way->work;
	u64 start = bench_clock();

	*sum = (u32)work->loop(way->map, &way->keys, seed, way->ops);
	return bench_clock() - start;
}

struct bench_way bench_way_c(struct map *map, const struct bench_keys *keys,
			     const struct bench_work *work)
{
	return (struct bench_way){
		.go = go_c, .work = work, .keys = *keys, .ops = work->ops, .map = map};
}

/* ---- by a program ---- */

/* The mark of the packet is the seed. Its priority is 0, which the verifier does not
 * know: else it would walk through all rounds of the loop. */
static const char before[] =
	"r7 = 88172645463325252 ll\nr8 = *(u32 *)(r1 + 8)\nr2 = r8\nr2 <<= 32\n"
	"*(u64 *)(r10 - 80) = r2\nr8 *= %d\nr7 += r8\nr9 = *(u32 *)(r1 + 32)\n"
	"r9 ^= %u\nr6 = 0\nr1 = 0\n*(u64 *)(r10 - 72) = r1\n*(u64 *)(r10 - 64) = r1\n"
	"*(u64 *)(r10 - 56) = r1\n*(u64 *)(r10 - 48) = r1\n*(u64 *)(r10 - 40) = r1\n"
	"*(u64 *)(r10 - 32) = r1\n*(u64 *)(r10 - 24) = r1\n*(u64 *)(r10 - 16) = r1\n"
	"*(u64 *)(r10 - 8) = r1\n"
	"again: may_goto out\n"
	"r8 = r7\nr8 <<= 13\nr7 ^= r8\nr8 = r7\nr8 >>= 7\nr7 ^= r8\nr8 = r7\nr8 <<= 17\n"
	"r7 ^= r8\nr8 = r7\nr8 >>= 32\nr8 *= %u\nr8 >>= 32\nr8 += %u\nw8 *= %d\n%s"
	"*(u32 *)(r10 - 64) = %s\n*(u32 *)(r10 - %u) = w8\n";
static const char after[] = "r9 += -1\nif r9 != 0 goto again\nout: r0 = r6\nexit\n";

static int load(struct skep_sys *sys, int map, const struct bench_keys *keys, u32 ops,
		const char *body)
{
	struct skep_insn code[256];
	char text[4096], said[2048];
	struct skep_log log = {.buf = said, .size = sizeof(said)};
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_SCHED_CLS};
	int len = snprintf(text, sizeof(text), before, (int)BENCH_SPREAD, ops, keys->n,
			   keys->first, keys->plain ? 1 : (int)BENCH_SPREAD,
			   keys->lpm ? "r8 = be32 r8\n" : "", keys->lpm ? "32" : "w8",
			   64 - (keys->size - 4)),
	    fd;

	len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s", body, after);
	len = skep_asm(text, (size_t)len, NULL, code, ARRAY_SIZE(code), &log);
	if (len < 0)
		bench_fail(said);
	attr.insns = u64_of(code);
	attr.insn_cnt = (u32)len;
	attr.license = u64_of("GPL");
	attr.fd_array = u64_of(&map);
	fd = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		bench_fail("a program is refused");
	return fd;
}

static u64 go_prog(const struct bench_way *way, bool bare, u32 seed, u32 *sum)
{
	struct skep_sk_buff skb = {.mark = seed};
	u8 packet[64] = {0};
	union skep_attr attr = {0};
	u64 start;

	attr.test.prog_fd = (u32)(bare ? way->bare_prog : way->prog);
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	attr.test.ctx_in = u64_of(&skb);
	attr.test.ctx_size_in = sizeof(skb);
	attr.test.repeat = 1;
	start = bench_clock();
	if (way->sys->bpf(way->sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)))
		bench_fail("a program does not run");
	*sum = attr.test.retval;
	return bench_clock() - start;
}

struct bench_way bench_way_prog(struct skep_sys *sys, int fd,
				const struct bench_keys *keys,
				const struct bench_work *work)
{
	struct bench_way way = {.go = go_prog,
				.work = work,
				.keys = *keys,
				.ops = work->ops,
				.sys = sys,
				.fd = fd};

	way.prog = load(sys, fd, keys, way.ops, work->body);
	way.bare_prog = load(sys, fd, keys, way.ops, bench_empty.body);
	return way;
}

void bench_way_end(struct bench_way *way)
{
	if (!way->prog)
		return;
	way->sys->close(way->sys, way->prog);
	way->sys->close(way->sys, way->bare_prog);
}

/* ---- by user space ---- */

static int by_bpf(const struct bench_way *way, const void *key, u64 *value, u64 flags)
{
	bool write = way->work == &bench_update;
	union skep_attr attr;

	memset(&attr, 0, offsetof(union skep_attr, flags) + sizeof(attr.flags));
	attr.map_fd = (u32)way->fd;
	attr.key = u64_of(key);
	attr.value = u64_of(value);
	attr.flags = flags;
	return way->sys->bpf(way->sys,
			     write ? SKEP_MAP_UPDATE_ELEM : SKEP_MAP_LOOKUP_ELEM, &attr,
			     offsetof(union skep_attr, flags) + sizeof(attr.flags));
}

static int by_direct(const struct bench_way *way, const void *key, u64 *value, u64 flags)
{
	return way->work == &bench_update
		       ? skep_map_update(way->direct, key, value, flags)
		       : skep_map_lookup(way->direct, key, value);
}

static inline __attribute__((always_inline)) u64
user_loop(const struct bench_way *way, bool bare, u32 seed, u32 *sum,
	  int (*fn)(const struct bench_way *way, const void *key, u64 *value, u64 flags))
{
	struct bench_draw draw = bench_start(seed);
	bool write = way->work == &bench_update;
	u64 start = bench_clock();

	*sum = 0;
	for (u32 i = 0; i < way->ops; i++) {
		u64 value = 0;

		bench_next(&way->keys, &draw);
		__asm__ volatile("" : : "r"(draw.key) : "memory");
		if (bare || write)
			value = bench_value(draw.word, seed);
		if (!bare && fn(way, draw.key, &value, SKEP_ANY))
			*sum += 1;
		*sum += write && !bare ? 0 : (u32)value;
	}
	return bench_clock() - start;
}

static u64 go_bpf(const struct bench_way *way, bool bare, u32 seed, u32 *sum)
{
	return user_loop(way, bare, seed, sum, by_bpf);
}

static u64 go_direct(const struct bench_way *way, bool bare, u32 seed, u32 *sum)
{
	return user_loop(way, bare, seed, sum, by_direct);
}

struct bench_way bench_way_bpf(struct skep_sys *sys, int fd,
			       const struct bench_keys *keys,
			       const struct bench_work *work)
{
	return (struct bench_way){.go = go_bpf,
				  .work = work,
				  .keys = *keys,
				  .ops = BENCH_USER_OPS,
				  .sys = sys,
				  .fd = fd};
}

struct bench_way bench_way_direct(struct skep_map *map, const struct bench_keys *keys,
				  const struct bench_work *work)
{
	return (struct bench_way){.go = go_direct,
				  .work = work,
				  .keys = *keys,
				  .ops = BENCH_OPS,
				  .direct = map};
}
