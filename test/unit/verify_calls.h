/* verify_calls.h - programs about calls, with what Linux 6.18 says of them
 *
 * CALL_MAPS are what `map[idx:N]` refers to; CALL_TYPES the BTF whose functions
 * `funcs` names, in the order of their first instructions. test_verify_call.c asks the
 * verifier, test_verify_call_kernel.c the kernel: one table, so it cannot be stale.
 */
#ifndef VERIFY_CALLS_H
#define VERIFY_CALLS_H

#include <errno.h>
#include <skep/abi.h>
#include <skep/isa.h>
#include "bits.h"

struct call_case {
	const char *text;
	u32 type;
	int err;	     /* positive */
	const char *message; /* the last line; NULL: nothing is said */
	u32 processed;
	struct {
		u32 insn, type; /* type 0: the end */
	} funcs[4];
	u32 flags;
};

/* ---- types ---- */

enum {
	T_INT = 1,
	T_SUB = 3,	 /* static int sub(void) */
	T_MAIN = 4,	 /* int main_(void) */
	T_GLOB = 5,	 /* int glob(void) */
	T_GLOB_INT = 8,	 /* int glob_int(int) */
	T_GLOB_MEM = 10, /* int glob_mem(int *) */
	T_CTX = 11,
	T_GLOB_CTX = 14,  /* int glob_ctx(struct __sk_buff *) */
	T_GLOB_VOID = 16, /* void glob_void(void) */
	T_LOCK = 17,
	T_LOCKED, /* struct { int a; struct bpf_spin_lock lock; } */
	T_LONG,
	T_TIMER,	 /* struct bpf_timer */
	T_TIMED,	 /* struct { struct bpf_timer timer; } */
	T_GLOB_FWD = 25, /* int glob_fwd(struct fwd *) */
};

/* clang-format off */
#define T(name, kind, vlen, more) (name), (kind) << 24 | (vlen), (more)
static const u32 call_types[] = {
	T(1, 1, 0, 4), 1 << 24 | 32,         /* 1: int */
	T(0, 13, 0, 1),                      /* 2: int (void) */
	T(5, 12, 0, 2),                      /* 3 */
	T(9, 12, 1, 2),                      /* 4 */
	T(15, 12, 1, 2),                     /* 5 */
	T(0, 2, 0, 1),                       /* 6: int * */
	T(0, 13, 1, 1), 20, 1,               /* 7: int (int) */
	T(22, 12, 1, 7),                     /* 8 */
	T(0, 13, 1, 1), 20, 6,               /* 9: int (int *) */
	T(31, 12, 1, 9),                     /* 10 */
	T(40, 4, 1, 4), 20, 1, 0,            /* 11: struct __sk_buff */
	T(0, 2, 0, 11),                      /* 12 */
	T(0, 13, 1, 1), 20, 12,              /* 13 */
	T(50, 12, 1, 13),                    /* 14 */
	T(0, 13, 0, 0),                      /* 15: void (void) */
	T(59, 12, 1, 15),                    /* 16 */
	T(69, 4, 1, 4), 20, 1, 0,            /* 17: struct bpf_spin_lock */
	T(83, 4, 2, 8), 20, 1, 0, 90, 17, 32, /* 18 */
	T(95, 1, 0, 8), 64,                  /* 19: long */
	T(100, 4, 2, 16), 20, 19, 0, 110, 19, 64, /* 20 */
	T(112, 4, 1, 16), 118, 20, 0,        /* 21 */
	T(124, 7, 0, 0),                     /* 22: struct fwd */
	T(0, 2, 0, 22),                      /* 23 */
	T(0, 13, 1, 1), 20, 23,              /* 24 */
	T(128, 12, 1, 24),                   /* 25 */
};
#undef T
/* clang-format on */

static const char call_names[] =
	"\0int\0sub\0main_\0glob\0"		     /* 1 5 9 15 */
	"a\0glob_int\0glob_mem\0"		     /* 20 22 31 */
	"__sk_buff\0glob_ctx\0glob_void\0"	     /* 40 50 59 */
	"bpf_spin_lock\0locked\0lock\0long\0"	     /* 69 83 90 95 */
	"bpf_timer\0b\0timed\0timer\0fwd\0glob_fwd"; /* 100 110 112 118 124 128 */

/* The blob of BPF_BTF_LOAD; returns its bytes. */
static inline size_t call_btf(u8 blob[1024])
{
	const u32 types = sizeof(call_types), names = sizeof(call_names);
	const u32 head[] = {0x0001eb9f, 24, 0, types, types, names};

	memcpy(blob, head, sizeof(head));
	memcpy(blob + 24, call_types, types);
	memcpy(blob + 24 + types, call_names, names);
	return 24 + types + names;
}

/* ---- maps ---- */

enum {
	M_ARRAY,
	M_HASH,
	M_PROGS,
	M_RINGBUF,
	M_LOCKED,
	M_TIMED,
	M_TEXT,
	M_MAPS,
	M_READ_ONLY,
	M_SOCKETS,
	M_CGROUP,
	M_CGROUP_2,
	M_CGROUP_CPU,
	M_ARENA,
	M_ARENA_2,
	CALL_MAPS
};

static const char call_text[16] = "%d\0%s %d\0%q";

static const struct {
	u32 type, key_size, value_size, max_entries, flags;
	u32 value_type; /* the key is an int */
	u64 extra;
} call_maps[CALL_MAPS] = {
	[M_ARRAY] = {SKEP_MAP_TYPE_ARRAY, 4, 8, 16, 0, 0},
	[M_HASH] = {SKEP_MAP_TYPE_HASH, 4, 8, 16, 0, 0},
	[M_PROGS] = {SKEP_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0, 0},
	[M_RINGBUF] = {SKEP_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, 0},
	[M_LOCKED] = {SKEP_MAP_TYPE_ARRAY, 4, 8, 4, 0, T_LOCKED},
	[M_TIMED] = {SKEP_MAP_TYPE_ARRAY, 4, 16, 4, 0, T_TIMED},
	[M_TEXT] = {SKEP_MAP_TYPE_ARRAY, 4, 16, 1, SKEP_F_RDONLY_PROG, 0},
	[M_MAPS] = {SKEP_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 4, 0, 0}, /* of M_ARRAY's kind */
	[M_READ_ONLY] = {SKEP_MAP_TYPE_ARRAY, 4, 8, 4, SKEP_F_RDONLY_PROG, 0},
	[M_SOCKETS] = {SKEP_MAP_TYPE_SOCKMAP, 4, 4, 4, 0, 0},
	[M_CGROUP] = {SKEP_MAP_TYPE_CGROUP_STORAGE, 16, 8, 0, 0, 0},
	[M_CGROUP_2] = {SKEP_MAP_TYPE_CGROUP_STORAGE, 16, 8, 0, 0, 0},
	[M_CGROUP_CPU] = {SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE, 16, 8, 0, 0, 0},
	[M_ARENA] = {SKEP_MAP_TYPE_ARENA, 0, 0, 1, SKEP_F_MMAPABLE, 0, 1ull << 44},
	[M_ARENA_2] = {SKEP_MAP_TYPE_ARENA, 0, 0, 1, SKEP_F_MMAPABLE, 0, 1ull << 44},
};

/* ---- programs ---- */

#define KEY "*(u32 *)(r10 -4) = 1\n r2 = r10\n r2 += -4\n"
#define END "r0 = 0\n exit\n"
/* a dynptr at fp - 16: of a record, over a map's value */
#define RESERVE \
	"r1 = map[idx:3]\n r2 = 8\n r3 = 0\n r4 = r10\n r4 += -16\n call " \
	"bpf_ringbuf_reserve_dynptr\n "
#define LOCAL \
	KEY "r1 = map[idx:0]\n call bpf_map_lookup_elem\n if r0 == 0 goto out\n r1 = " \
	    "r0\n r2 = 8\n r3 = 0\n r4 = r10\n r4 += -16\n call " \
	    "bpf_dynptr_from_mem\n "

#define SOCKET SKEP_PROG_TYPE_SOCKET_FILTER
#define CLS    SKEP_PROG_TYPE_SCHED_CLS
#define SKB    SKEP_PROG_TYPE_CGROUP_SKB
#define XDP    SKEP_PROG_TYPE_XDP
#define TP     SKEP_PROG_TYPE_TRACEPOINT

/* Where Linux 6.18.44 is wrong, and refuses: when a number is added to a pointer to the
 * stack of a caller that is not the main function, with the number in front, it forgets
 * whose stack it is, and takes the main function's. */
static const struct call_case call_moved = {
	"call pc+1\n exit\n *(u64 *)(r10 -8) = 0\n r1 = r10\n r1 += -8\n call pc+1\n exit\n"
	"r2 = 0\n r2 += r1\n r0 = *(u64 *)(r2 +0)\n if r0 == 0 goto out\n r0 = *(u8 *)(r0 "
	"+0)\n out:\n exit\n",
	SOCKET,
	EACCES,
	"R0 invalid mem access 'scalar'",
	10,
	.funcs = {{0, T_MAIN}, {2, T_SUB}, {7, T_SUB}},
};

static const struct call_case call_cases[] = {
#define CASE(prog_type, error, insns, line, source, ...) \
	{.text = source, \
	 .type = prog_type, \
	 .err = error, \
	 .processed = insns, \
	 .message = line, \
	 ##__VA_ARGS__},
#include "verify_calls.def"
#undef CASE
};

#endif
