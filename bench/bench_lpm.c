/* bench_lpm.c - what a lookup in an lpm_trie costs on the engine and on the running
 * kernel
 *
 * Both sides get the same prefixes, as many of each length as routers have, and look up
 * the same random addresses, others in each round, each of which has a match. Both loops
 * are measured without the lookup, too, and that is taken off. Rounds alternate; a row
 * has medians and the ratio. The sums of what was found must be the same.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <skep/isa.h>
#include <skep/sys.h>
#include "cmd.h"
#include "map.h"
#include "os.h"

enum { ROUNDS = 31, OPS = 20000, SPREAD = -1640531535 };
#define SEED 88172645463325252ull

static const struct object_ops *const kinds[OBJECT_KINDS] = {[OBJECT_MAP] =
								     &map_object_ops};

struct key {
	u32 len, addr; /* network order */
};

/* Prefix i: different addresses for different numbers, far from each other. */
static struct key prefix(u32 i)
{
	static const u8 lens[] = {24, 24, 24, 24, 24, 24, 24, 24, 24, 23, 23,
				  22, 22, 22, 21, 20, 20, 19, 18, 17, 16};
	u32 addr = i * (u32)SPREAD;

	return (struct key){i % 1009 ? lens[i % sizeof(lens)] : 8 + i / 1009 % 8,
			    __builtin_bswap32(addr)};
}

/* The kernel's loop; %u: how many prefixes, then what is done with an address. The mark
 * is the number of the round. The priority is 0, which the verifier does not know: else
 * it would count the lookups, too. */
static const char loop[] =
	"r7 = 88172645463325252 ll\nr8 = *(u32 *)(r1 + 8)\nr8 *= %d\nr7 += r8\n"
	"r9 = *(u32 *)(r1 + 32)\nr9 ^= %u\nr6 = 0\n"
	"again: may_goto out\n"
	"r8 = r7\nr8 <<= 13\nr7 ^= r8\nr8 = r7\nr8 >>= 7\nr7 ^= r8\nr8 = r7\nr8 <<= 17\n"
	"r7 ^= r8\nr8 = r7\nr8 >>= 16\nw8 %%= %u\nw8 *= %d\nr8 = be32 r8\n"
	"*(u32 *)(r10 - 8) = 32\n*(u32 *)(r10 - 4) = w8\n%s"
	"r6 += r8\nr9 -= 1\nif r9 != 0 goto again\nout: r0 = r6\nexit\n";
static const char lookup[] = "r1 = map[idx:0]\nr2 = r10\nr2 += -8\ncall map_lookup_elem\n"
			     "r8 = 0\nif r0 == 0 goto none\nr8 = *(u64 *)(r0 + 0)\n"
			     "none:\n";

static void fail(const char *what)
{
	fprintf(stderr, "bench_lpm: %s\n", what);
	exit(1);
}

static union skep_attr map_attr(u32 n)
{
	return (union skep_attr){.map_type = SKEP_MAP_TYPE_LPM_TRIE,
				 .key_size = sizeof(struct key),
				 .value_size = 8,
				 .max_entries = n,
				 .map_flags = SKEP_F_NO_PREALLOC};
}

/* ---- the engine ---- */

static struct map *engine_map(struct store *store, u32 n)
{
	union skep_attr attr = map_attr(n);
	struct object *obj;
	int fd = cmd_map_create(store, &attr);
	struct map *map;

	if (fd < 0 || object_get(store, fd, OBJECT_MAP, &obj, NULL))
		fail("no map on the engine");
	map = (struct map *)obj;
	for (u32 i = 0; i < n; i++) {
		struct key key = prefix(i);
		u64 value = i + 1;

		if (map->ops->update(map, &key, &value, SKEP_ANY, 0))
			fail("the engine's map is not filled");
	}
	return map;
}

/* ns for each of OPS; map NULL: the loop alone. */
static double engine_run(struct map *map, u32 n, u32 round, u64 *sum)
{
	u64 rng = SEED + round * (u64)SPREAD, start = os_clock_ns();

	*sum = 0;
	for (u32 i = 0; i < OPS; i++) {
		struct key key = {.len = 32};
		u64 *value;

		rng ^= rng << 13;
		rng ^= rng >> 7;
		rng ^= rng << 17;
		key.addr = __builtin_bswap32((u32)(rng >> 16) % n * (u32)SPREAD);
		__asm__ volatile("" : : "r"(&key) : "memory");
		value = map ? map->ops->lookup(map, &key, 0) : NULL;
		*sum += map ? value ? *value : 0 : key.addr;
	}
	return (double)(os_clock_ns() - start) / OPS;
}

/* ---- the kernel ---- */

static int kernel_map(struct skep_sys *sys, u32 n)
{
	union skep_attr attr = map_attr(n);
	int fd = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));

	for (u32 i = 0; fd >= 0 && i < n; i++) {
		struct key key = prefix(i);
		u64 value = i + 1;

		attr = (union skep_attr){
			.map_fd = (u32)fd, .key = u64_of(&key), .value = u64_of(&value)};
		if (sys->bpf(sys, SKEP_MAP_UPDATE_ELEM, &attr, sizeof(attr)))
			fail("the kernel's map is not filled");
	}
	return fd;
}

static int kernel_prog(struct skep_sys *sys, int map, u32 n, const char *what)
{
	struct skep_insn code[128];
	struct skep_log log = {0};
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_SCHED_CLS};
	char text[2048];
	int len = snprintf(text, sizeof(text), loop, SPREAD, OPS, n, SPREAD, what), fd;

	len = skep_asm(text, (size_t)len, NULL, code, ARRAY_SIZE(code), &log);
	if (len < 0)
		fail("the program does not assemble");
	attr.insns = u64_of(code);
	attr.insn_cnt = (u32)len;
	attr.license = u64_of("GPL");
	attr.fd_array = u64_of(&map);
	fd = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		fail("the kernel refuses the program");
	return fd;
}

static double kernel_run(struct skep_sys *sys, int prog, u32 round, u32 *sum)
{
	struct skep_sk_buff skb = {.mark = round};
	u8 packet[64] = {0};
	union skep_attr attr = {0};

	attr.test.prog_fd = (u32)prog;
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	attr.test.ctx_in = u64_of(&skb);
	attr.test.ctx_size_in = sizeof(skb);
	attr.test.repeat = 1;
	if (sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)))
		fail("the kernel does not run the program");
	*sum = attr.test.retval;
	return (double)attr.test.duration / OPS;
}

/* ---- rows ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *ns)
{
	qsort(ns, ROUNDS, sizeof(ns[0]), compare);
	return ns[ROUNDS / 2];
}

static void row(struct store *store, struct skep_sys *sys, bool kernel, u32 n)
{
	double ours[2][ROUNDS], theirs[2][ROUNDS], a, b;
	struct map *map = engine_map(store, n);
	int fd = kernel ? kernel_map(sys, n) : -1;
	int progs[2] = {-1, -1};
	u64 sum;
	u32 their_sum;

	for (u32 what = 0; kernel && what < 2; what++)
		progs[what] = kernel_prog(sys, fd, n, what ? lookup : "");
	for (u32 round = 0; round < ROUNDS; round++) {
		for (u32 what = 0; what < 2; what++) {
			ours[what][round] = engine_run(what ? map : NULL, n, round, &sum);
			if (!kernel)
				continue;
			theirs[what][round] =
				kernel_run(sys, progs[what], round, &their_sum);
			if ((u32)sum != their_sum)
				fail("WRONG RESULTS: the sides found different values");
		}
	}
	a = median(ours[1]) - median(ours[0]);
	printf("%8u prefixes, %u lookups that hit: %7.1f ns", n, OPS, a);
	if (kernel) {
		b = median(theirs[1]) - median(theirs[0]);
		printf(", kernel %7.1f ns, ratio %.2f", b, a / b);
		sys->close(sys, progs[0]);
		sys->close(sys, progs[1]);
		sys->close(sys, fd);
	}
	printf("\n");
	object_put(&map->obj);
	store_sweep(store);
}

int main(void)
{
	static const u32 sizes[] = {1000, 100000, 1000000};
	struct skep_sys *sys = skep_sys_kernel();
	union skep_attr attr = map_attr(1);
	struct store *store;
	int fd = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));

	if (store_open(NULL, kinds, NULL, &store))
		return 1;
	if (fd < 0)
		printf("the kernel's bpf(2) does not serve here: no ratios\n");
	else
		sys->close(sys, fd);
	for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
		row(store, sys, fd >= 0, sizes[i]);
	store_close(store);
	return 0;
}
