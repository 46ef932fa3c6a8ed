/* verify_fuzz.h - judge (c) of the verifier: random programs, asked of both verifiers
 *
 * A base is what programs refer to: maps and BTF, made once in the kernel and once as
 * verify() wants them. Programs come from a generator that knows what its registers
 * hold, so that the kernel accepts most, or from a recorded case by mutation. Where the
 * verdicts differ, the program is made as short as the difference allows and written as
 * a case file.
 */
#ifndef VERIFY_FUZZ_H
#define VERIFY_FUZZ_H

#include "case.h"
#include "case_verify.h"

enum { FUZZ_ROOM = 2048, FUZZ_INFO = 2048, FUZZ_KSYMS = 64, FUZZ_MESSAGE = 240 };

/* FEATURE(name, what): what the report counts in accepted programs */
#define FUZZ_FEATURES(FEATURE) \
	FEATURE(bounds, "variable offsets after bounds") \
	FEATURE(narrow, "32-bit operations and conditions") \
	FEATURE(spill, "spills and fills") \
	FEATURE(packet, "packet access") \
	FEATURE(helper_mem, "helpers with memory arguments") \
	FEATURE(lookup, "map lookups with null checks") \
	FEATURE(map_in_map, "maps in maps") \
	FEATURE(reference, "references") \
	FEATURE(loop, "bounded loops") \
	FEATURE(may_goto, "may_goto") \
	FEATURE(function, "local functions") \
	FEATURE(callback, "callbacks") \
	FEATURE(tail_call, "tail calls") \
	FEATURE(atomic, "atomics") \
	FEATURE(context, "context fields") \
	FEATURE(sign, "sign extension, signed division, byte swaps") \
	FEATURE(order, "load-acquire, store-release, far jumps") \
	FEATURE(lock, "spin locks") \
	FEATURE(timer, "timers") \
	FEATURE(dynptr, "dynptrs") \
	FEATURE(iterator, "open-coded iterators") \
	FEATURE(section, "RCU and preemption sections, by kernel functions") \
	FEATURE(typed, "typed pointers of the kernel") \
	FEATURE(global, "global functions") \
	FEATURE(user_ring, "user ring buffers") \
	FEATURE(socket, "fields of sockets") \
	FEATURE(constant, "frozen maps, strings") \
	FEATURE(kfunc, "kernel functions, any") \
	FEATURE(kptr, "pointers kept in maps")

enum fuzz_feature {
#define FEATURE(name, what) fuzz_##name,
	FUZZ_FEATURES(FEATURE)
#undef FEATURE
		FUZZ_FEATURES_N
};

/* A program on a base: what changes from one to the next. */
struct fuzz_prog {
	struct skep_insn code[FUZZ_ROOM];
	u32 n, type, attach_type, flags;
	u8 info[FUZZ_INFO]; /* func_info, in records of the base's size */
	u32 info_len;
	u32 ksym_at[FUZZ_KSYMS]; /* where the base's ksyms are now; UINT32_MAX: gone */
	u32 features;
	u32 target; /* attach_btf_id */
};

/* KFUNC(name) */
#define FUZZ_KFUNCS(KFUNC) \
	KFUNC(bpf_rcu_read_lock) \
	KFUNC(bpf_rcu_read_unlock) \
	KFUNC(bpf_preempt_disable) \
	KFUNC(bpf_preempt_enable) \
	KFUNC(bpf_iter_num_new) \
	KFUNC(bpf_iter_num_next) \
	KFUNC(bpf_iter_num_destroy) \
	KFUNC(bpf_dynptr_adjust) \
	KFUNC(bpf_dynptr_is_null) \
	KFUNC(bpf_dynptr_is_rdonly) \
	KFUNC(bpf_dynptr_size)

enum fuzz_kfunc {
#define KFUNC(name) fuzz_##name,
	FUZZ_KFUNCS(KFUNC)
#undef KFUNC
		FUZZ_KFUNCS_N
};

/* Of the kernel's BTF: what generated programs name. */
struct fuzz_kernel {
	u32 kfunc[FUZZ_KFUNCS_N];
	u32 task;
	vec(u32) tracepoints; /* typedefs of pointers to prototypes */
	vec(u32) iterators;   /* functions */
	vec(u32) kfuncs;      /* all that are tagged so */
};

struct fuzz_base {
	struct vcase c;
	struct case_fds fds;
	struct case_verify v;
	u32 target_id;
	const struct skep_insn *code; /* the case's own program */
	u32 n, info_len;
	const u8 *info;
	struct fuzz_kernel kernel; /* of generated programs */
};

struct fuzz_side {
	int err;
	u32 processed, states, peak;
	u64 ns; /* CPU time */
	char message[FUZZ_MESSAGE];
};

struct fuzz_answer {
	struct fuzz_side kernel, ours;
	bool is_judged; /* false: the kernel was not asked */
};

u32 fuzz_pick(u64 *seed, u32 n);

/* ---- verify_fuzz_ask.c ---- */

/* The base of generated programs, or of a case's mutants (some with another geometry of a
 * map): 0 or -errno and a sentence. Close in any case. fuzz_base_program() gives the
 * case's own program; false: it is too large. */
int fuzz_base_generated(struct fuzz_base *b, struct skep_log *log);
int fuzz_base_case(struct fuzz_base *b, const char *path, u64 *seed,
		   struct skep_log *log);
bool fuzz_base_program(const struct fuzz_base *b, struct fuzz_prog *p);
void fuzz_base_close(struct fuzz_base *b);

/* Ours first: where it processes `large` instructions and more, which may take the kernel
 * a minute, the kernel is not asked. */
void fuzz_ask(struct fuzz_base *b, struct fuzz_prog *p, u32 large, struct fuzz_answer *a);

/* Writes DIR/GROUP/NAME.case with the kernel's answer, and NAME.txt: the program and
 * both messages. 0 or -errno. */
int fuzz_write(struct fuzz_base *b, struct fuzz_prog *p, const struct fuzz_answer *a,
	       const char *dir, const char *group, const char *name);

/* ---- verify_fuzz_base.c ---- */

/* The maps and BTF of generated programs: 0 or -errno. */
int fuzz_describe_base(struct fuzz_base *b);

/* ---- verify_fuzz_edit.c ---- */

/* Takes `drop` slots out at `at` and opens `add` empty ones; jumps, calls and functions
 * keep their targets. */
void fuzz_splice(struct fuzz_prog *p, u32 record, u32 at, u32 drop, u32 add);

/* Whether another program shows the same difference. */
typedef bool fuzz_same(void *ctx, struct fuzz_prog *p);

/* Drops all instructions that `same` does without. */
void fuzz_minimise(struct fuzz_prog *p, u32 record, fuzz_same *same, void *ctx);

/* One to three changes; false: nothing to change. */
bool fuzz_mutate(u64 *seed, struct fuzz_prog *p, u32 record);

/* ---- verify_fuzz_gen.c ---- */

/* MAP(name, type, key_size, value_size, max_entries, flags, inner) */
#define FUZZ_MAPS(MAP) \
	MAP(hash, HASH, 8, 48, 4, 0, -1) \
	MAP(array, ARRAY, 4, 64, 4, 0, -1) \
	MAP(percpu, PERCPU_ARRAY, 4, 16, 4, 0, -1) \
	MAP(percpu_hash, PERCPU_HASH, 8, 24, 4, 0, -1) \
	MAP(lru, LRU_HASH, 4, 13, 16, 0, -1) \
	MAP(global, ARRAY, 4, 40, 1, 0, -1) \
	MAP(ring, RINGBUF, 0, 0, 4096, 0, -1) \
	MAP(outer_array, ARRAY_OF_MAPS, 4, 4, 4, 0, fuzz_map_array) \
	MAP(outer_hash, HASH_OF_MAPS, 4, 4, 4, 0, fuzz_map_hash) \
	MAP(events, PERF_EVENT_ARRAY, 4, 4, 2, 0, -1) \
	MAP(queue, QUEUE, 0, 16, 4, 0, -1) \
	MAP(lock, ARRAY, 4, 40, 2, 0, -1) \
	MAP(timer, ARRAY, 4, 32, 2, 0, -1) \
	MAP(kptr, ARRAY, 4, 32, 2, 0, -1) \
	MAP(user_ring, USER_RINGBUF, 0, 0, 4096, 0, -1) \
	MAP(constant, ARRAY, 4, 32, 1, SKEP_F_RDONLY_PROG, -1)

enum fuzz_map {
#define MAP(name, ...) fuzz_map_##name,
	FUZZ_MAPS(MAP)
#undef MAP
		FUZZ_MAPS_N, /* then a prog array for each FUZZ_PROG_ARRAYS: it is one
				type's */
	FUZZ_PROG_ARRAYS = 32
};

/* Types of the generated programs' BTF, in its order. */
enum fuzz_type {
	fuzz_type_u32 = 1,
	fuzz_type_u64,
	fuzz_type_proto,
	fuzz_type_func, /* of all functions that are not global */
	fuzz_type_pair,
	fuzz_type_pair_ptr,
	fuzz_type_numbers_proto,
	fuzz_type_numbers, /* global: u32 (u32, u64) */
	fuzz_type_memory_proto,
	fuzz_type_memory, /* global: u32 (struct pair *, u32) */
	fuzz_type_lock,
	fuzz_type_timer,
	fuzz_type_lock_value,
	fuzz_type_timer_value,
	fuzz_type_task,
	fuzz_type_untrusted_tag,
	fuzz_type_untrusted,
	fuzz_type_kept_tag,
	fuzz_type_kept,
	fuzz_type_kptr_value,
};

enum { FUZZ_KPTR_OFF = 16, FUZZ_LOCK_OFF = 32, FUZZ_TIMER_OFF = 16, FUZZ_PAIR_SIZE = 16 };

void fuzz_generate(u64 *seed, const struct fuzz_base *b, struct fuzz_prog *p);

#endif
