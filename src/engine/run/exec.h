/* exec.h - running programs
 *
 * runs_enter() takes a CPU slot with the memory of a run; skep_run() fills in what the
 * event says and calls interp(). The interpreter runs anything, verified or not: every
 * access is bounded, every taken jump pays for the instructions before it. It allocates
 * nothing and takes no lock.
 */
#ifndef EXEC_H
#define EXEC_H

#include "run.h"

/* What a register's last access hit, so that the next one costs two compares. Empty:
 * lo is ~0. hi is never below 8, so that hi - size does not wrap. */
struct window {
	u64 lo, hi;
};

enum {
	WINDOWS = 11,
	TAILS = 16,
	PERFS = 4,
	INNERS_KEPT = 64, /* from one run to the next */
};

/* A program that a tail call found, kept for the next one. */
struct tail {
	u32 id; /* 0: empty */
	struct prog *prog;
};

/* Perf events and their pages that runs found, kept for the next one. */
struct perfs {
	struct object *event[PERFS], *ring[PERFS]; /* by id; NULL: empty */
};

/* The bits of struct run's state for windows[] that are not empty. */
#define USED_WINDOWS ((1u << 2 * WINDOWS) - 1)

/* The memory of one CPU slot in this process. */
struct skep_cpu {
	struct runs *runs;
	struct skep_cpu *outer; /* another engine's slot that this thread holds */
	s64 budget;		/* of each run, in RUN_INSN */
	struct window windows[2 * WINDOWS]; /* by register: for reads, then for writes */
	struct tail tails[TAILS];	    /* by id */
	struct prog *retired[SKEP_MAX_TAIL_CALLS]; /* pushed out of tails[] in this run */
	u32 nretired;
	struct perfs perfs;
	struct run run;
	struct run_value values[RUN_VALUES];
	struct run_inner inners[RUN_INNERS];
	u16 inner_hint[INNERS_KEPT]; /* by id: where it was in inners[] */
	u8 areas[RUN_AREAS * RUN_AREA] __attribute__((aligned(64)));
};

/* All slots of an engine in this process. */
struct runs;

struct runs_opts {
	run_bpf *bpf;	 /* what bpf_sys_bpf() calls */
	u64 budget;	 /* instructions of a run; 0: the default */
	bool unverified; /* BPF_PROG_LOAD does not ask the verifier */
	bool native;	 /* programs are compiled */
};

int runs_open(struct store *store, const struct runs_opts *opts, struct runs **out);
const struct runs_opts *runs_opts(const struct runs *runs);
void runs_close(struct runs *runs);

/* The types of the running kernel, read when first asked for; NULL: it tells none. */
const struct skep_btf *runs_vmlinux(struct runs *runs);

/* NULL: this thread holds a slot of this engine already, or no memory. */
struct skep_cpu *runs_enter(struct runs *runs);
/* That slot; NULL also where somebody else has it, for a second. */
struct skep_cpu *runs_enter_at(struct runs *runs, u32 slot);

/* How the callbacks of timers are run; the argument is a struct runs. */
extern const struct timer_ops runs_timer_ops;

static inline u64 frame_top(const struct run *run, u32 frame)
{
	return u64_of(run->stack) + RUN_STACK - frame * SKEP_MAX_STACK;
}

/* What a function may read of its frame before it writes it is 0, not an earlier run's.
 */
static inline void frame_clear(struct run *run, const struct prog_func *func)
{
	if (unlikely(func->stack))
		memset(ptr_of(frame_top(run, run->frame) - func->stack), 0, func->stack);
}

/* Runs a program from ip, and ends the run; or, with the five arguments of a callback,
 * that function, which run->base is the frame of. Returns the run's fault, and r0. */
int interp(struct skep_cpu *cpu, const struct insn *ip, s64 budget, u64 *ret,
	   const u64 *regs);

/* PROG_TEST_RUN's programs see the stack of who called bpf(2): the frame of the function
 * that was called, a frame pointer and a return address. */
void test_run_called_from(const void *frame);

/* What struct run's callback is of a program without native code. */
u64 interp_callback(struct run *run, u64 func, const u64 args[5]);

/* Runs run->prog, which a tail call found, inside of the running program; its r0. */
u64 interp_nested(struct skep_cpu *cpu);
u64 run_nested(struct skep_cpu *cpu);

/* A legacy packet load: `off` from the packet's begin, or from a header if it is
 * negative. False: no such bytes, or a fault. */
bool run_packet_load(struct run *run, s32 off, u32 size, u64 *out);

/* Forgets all windows: memory was taken back, or the run is over. */
static inline void windows_clear(struct skep_cpu *cpu)
{
	u32 used = cpu->run.state & USED_WINDOWS;

	cpu->run.state &= ~USED_WINDOWS;
	for (; used; used &= used - 1)
		cpu->windows[__builtin_ctz(used)].lo = ~0ull;
}

/* Ends a run: everything is as the next one expects it. Returns the run's fault. */
int run_end(struct skep_cpu *cpu);

#endif
