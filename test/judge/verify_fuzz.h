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
	FEATURE(atomic, "atomics")

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
};

struct fuzz_base {
	struct vcase c;
	struct case_fds fds;
	struct case_verify v;
	u32 target_id;
	const struct skep_insn *code; /* the case's own program */
	u32 n, info_len;
	const u8 *info;
};

struct fuzz_side {
	int err;
	u32 processed, states, peak;
	u64 ns; /* CPU time */
	char message[FUZZ_MESSAGE];
};

struct fuzz_answer {
	struct fuzz_side kernel, ours;
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

void fuzz_ask(struct fuzz_base *b, struct fuzz_prog *p, struct fuzz_answer *a);

/* Writes DIR/GROUP/NAME.case with the kernel's answer, and NAME.txt: the program and
 * both messages. 0 or -errno. */
int fuzz_write(struct fuzz_base *b, struct fuzz_prog *p, const struct fuzz_answer *a,
	       const char *dir, const char *group, const char *name);

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

enum { FUZZ_TYPE_FUNC = 3 }; /* the type of all functions, in the generator's BTF */

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
	MAP(queue, QUEUE, 0, 16, 4, 0, -1)

enum fuzz_map {
#define MAP(name, ...) fuzz_map_##name,
	FUZZ_MAPS(MAP)
#undef MAP
		FUZZ_MAPS_N, /* then a prog array for each FUZZ_PROG_ARRAYS: it is one
				type's */
	FUZZ_PROG_ARRAYS = 24
};

void fuzz_generate(u64 *seed, struct fuzz_prog *p);

#endif
