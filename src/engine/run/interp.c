/* The checked interpreter. insn.def gives the pure operations; what is written by hand
 * here are memory, calls and jumps. */
#include "exec.h"
#include "fuse.h"
#include "heap.h"
#include "helper_fn.h"
#include "map_arena.h"
#include "msg.h"
#include <errno.h>
#include <stdio.h>

static inline struct skep_cpu *cpu_of(struct run *run)
{
	return container_of(run, struct skep_cpu, run);
}

static inline bool in_window(const struct window *w, u64 addr, u32 size)
{
	return likely(addr >= w->lo && addr <= w->hi - size);
}

static struct window *window_rd(struct skep_cpu *cpu, u32 reg)
{
	return &cpu->windows[reg];
}

static struct window *window_wr(struct skep_cpu *cpu, u32 reg)
{
	return &cpu->windows[WINDOWS + reg];
}

static void remember(struct skep_cpu *cpu, struct window *w, u64 lo, u64 hi)
{
	w->lo = lo;
	w->hi = hi;
	cpu->run.state |= 1u << (w - cpu->windows);
}

/* Finds the region of an access and remembers it; false: there is none. The packet and
 * the stack, which most accesses are to, are not looked up. */
static bool open_window(struct skep_cpu *cpu, struct window *w, u64 addr, u32 size,
			enum access access)
{
	struct run *run = &cpu->run;
	const struct prog_type *type = run->prog->type;
	u64 top = u64_of(run->stack) + RUN_STACK,
	    bottom = top - (run->frame + 1) * SKEP_MAX_STACK;
	struct region region;

	if (addr >= bottom && addr <= top - size) {
		remember(cpu, w, bottom, top);
		return true;
	}
	if (type->packet && (access == access_read || run->prog->packet_write) &&
	    addr >= u64_of(run->packet.meta) && addr <= u64_of(run->packet.tail) - size) {
		remember(cpu, w, u64_of(run->packet.meta), u64_of(run->packet.tail));
		return true;
	}
	if (!run_find(run, addr, size, access, &region))
		return false;
	remember(cpu, w, region.lo, region.hi);
	return true;
}

static void set_pc(struct run *run, const struct insn *ip)
{
	run->pc = (u32)(ip - run->prog->code);
}

static u64 load_sized(const void *p, u32 size, bool sign)
{
	switch (size) {
#define MEM(name, sz, utype, stype) \
	case sizeof(utype): { \
		utype v; \
		memcpy(&v, p, sizeof(v)); \
		return sign ? (u64)(s64)(stype)v : v; \
	}
#include "insn.def"
	}
	return 0;
}

/* The fault of the instruction at run->pc, which has no address but a register's. */
static void fault_at(struct run *run, u64 addr, u32 size, enum access access)
{
	const struct insn *in = &run->prog->insns[run->pc];
	char what[24];

	snprintf(what, sizeof(what), "r%u%+d", access & access_write ? in->dst : in->src,
		 in->off);
	run_fault_access(run, addr, size, access, what);
}

/* ---- arenas ---- */

static bool is_low(const void *p)
{
	return p && !(u64_of(p) >> 32);
}

/* Whether a number of the program is an address in its arena, and no other: what an
 * instruction's offset adds to 32 bits. `first`: before regions are looked at, which may
 * be done where none of the event's is that low. */
static bool is_in_arena(const struct run *run, u64 addr, bool first)
{
	if (likely(!run->prog->arena) || addr + 0x8000 >= (1ull << 32) + 0x10000)
		return false;
	return !first ||
	       !(is_low(run->ctx) || is_low(run->packet.meta) || run->event->nregions);
}

static bool arena_load(struct run *run, u64 addr, u32 size, bool sign, u64 *out)
{
	const void *p = map_arena_at(run->prog->arena, addr, size);

	*out = p ? load_sized(p, size, sign) : 0;
	return true;
}

static bool image_load(struct run *run, u64 addr, u32 size, bool sign, u64 *out)
{
	u64 value;

	if (!helper_image_read(run, &value, addr, size)) {
		helper_image_fault(run, addr, size);
		return false;
	}
	*out = load_sized(&value, size, sign);
	return true;
}

/* What a pointer to anywhere leads to: as on Linux no memory of user space, and no fault.
 */
static bool load_cast(struct run *run, u64 addr, u32 size, bool sign, u64 *out)
{
	struct region region;

	*out = run_find(run, addr, size, access_probe, &region)
		       ? load_sized(ptr_of(addr), size, sign)
		       : 0;
	return true;
}

/* ---- objects that programs make ---- */

static void fault_object(struct run *run, const struct insn *ip, u64 addr, u32 size,
			 const char *verb)
{
	set_pc(run, ip);
	run_fault(run, EFAULT, msg_no_object, verb, size, (unsigned long long)addr);
}

static bool object_load(struct run *run, const struct insn *ip, u64 addr, u32 size,
			bool sign, u64 *out)
{
	const void *p = heap_at(run->store, addr, size, false);

	if (p)
		*out = load_sized(p, size, sign);
	else
		fault_object(run, ip, addr, size, "reads");
	return p;
}

static void *object_store(struct run *run, const struct insn *ip, u64 addr, u32 size)
{
	void *p = heap_at(run->store, addr, size, true);

	if (!p)
		fault_object(run, ip, addr, size, "writes");
	return p;
}

/* A load whose register has no window for it: fields of a context, the pointers to the
 * packet first, or a region that is looked up and remembered. False: a fault was said. */
static __attribute__((noinline)) bool load_slow(struct skep_cpu *cpu,
						const struct insn *ip, u64 addr, u32 size,
						bool sign, u64 *out)
{
	struct run *run = &cpu->run;

	if (addr == u64_of(run->ctx) + run->prog->ctx_data && size == 4) {
		*out = u64_of(run->packet.data);
		return true;
	}
	if (addr == u64_of(run->ctx) + run->prog->ctx_data_end && size == 4) {
		*out = u64_of(run->packet.tail);
		return true;
	}
	if (is_in_arena(run, addr, true))
		return arena_load(run, addr, size, sign, out);
	if (unlikely(heap_is_address(addr)))
		return object_load(run, ip, addr, size, sign, out);
	set_pc(run, ip);
	if (run_in_ctx(run, addr))
		return ctx_load(run, addr, size, sign, out);
	if (!open_window(cpu, window_rd(cpu, ip->src), addr, size, access_read)) {
		if (is_in_arena(run, addr, false))
			return arena_load(run, addr, size, sign, out);
		if (helper_is_image(addr))
			return image_load(run, addr, size, sign, out);
		if (run->casts || run->seq) /* whose context has the kernel's pointers */
			return load_cast(run, addr, size, sign, out);
		fault_at(run, addr, size, access_read);
		return false;
	}
	*out = load_sized(ptr_of(addr), size, sign);
	return true;
}

/* Memory to write or to change in place; NULL: a fault was said, or the store is done (a
 * field of the context, a page of an arena that is not there). */
static __attribute__((noinline)) void *store_slow(struct run *run, const struct insn *ip,
						  u64 addr, u64 value)
{
	const struct op_info *op = &op_info[run->prog->insns[ip - run->prog->code].op];
	struct skep_cpu *cpu = cpu_of(run);

	if (is_in_arena(run, addr, true))
		return map_arena_at(run->prog->arena, addr, op->size);
	if (unlikely(heap_is_address(addr)))
		return object_store(run, ip, addr, op->size);
	set_pc(run, ip);
	if (run_in_ctx(run, addr)) {
		if (op->class != class_store)
			run_fault(run, EFAULT, msg_atomic_on_context);
		else
			ctx_store(run, addr, op->size, value);
		return NULL;
	}
	if (open_window(cpu, window_wr(cpu, ip->dst), addr, op->size, access_write))
		return ptr_of(addr);
	if (is_in_arena(run, addr, false))
		return map_arena_at(run->prog->arena, addr, op->size);
	fault_at(run, addr, op->size, access_write);
	return NULL;
}

/* Atomics work on naturally aligned memory only, as the kernel's verifier has it. */
static __attribute__((noinline)) bool misaligned(struct run *run, const struct insn *ip,
						 u64 addr)
{
	const struct op_info *op = &op_info[run->prog->insns[ip - run->prog->code].op];

	if (likely(addr % op->size == 0))
		return false;
	set_pc(run, ip);
	run_fault(run, EFAULT, msg_atomic_alignment, op->size,
		  (unsigned)(addr % op->size));
	return true;
}

/* LD_ABS, LD_IND: the packet in network order; r6 is the context. Returns false when the
 * bytes are not there, which ends the function with 0 (RFC 9669 section 5.5 leaves it to
 * the platform; this is Linux's way). Negative offsets count from the link-layer or the
 * network header. */
enum { NET_OFF = -0x100000, LINK_OFF = -0x200000 };

static bool packet_load(struct run *run, const struct insn *ip, const u64 *r, u64 *out)
{
	const struct op_info *op = &op_info[run->prog->insns[ip - run->prog->code].op];

	set_pc(run, ip);
	if (r[6] != u64_of(run->ctx)) {
		run_fault(run, EFAULT, msg_packet_load_context);
		return false;
	}
	return run_packet_load(run,
			       (s32)((u32)ip->imm + (op->is_imm ? 0 : (u32)r[ip->src])),
			       op->size, out);
}

bool run_packet_load(struct run *run, s32 at, u32 size, u64 *out)
{
	const u8 *from = run->packet.data;
	s64 off = at;
	u64 v;

	if (off < 0 && off >= NET_OFF) {
		from = run->packet.mac + 14;
		off -= NET_OFF;
	} else if (off < 0 && off >= LINK_OFF) {
		from = run->packet.mac;
		off -= LINK_OFF;
	}
	if (off < 0 || off + size > run->packet.tail - from)
		return false;
	v = load_sized(from + off, size, false);
	*out = size == 4   ? __builtin_bswap32((u32)v)
	       : size == 2 ? __builtin_bswap16((u16)v)
			   : v;
	return true;
}

/* A caller that waits for a local call to return. */
struct frame {
	const struct insn *back;
	struct prog *prog; /* a tail call may have replaced it further in */
	u64 saved[4];	   /* r6 to r9 */
};

static const struct prog_func *func_at(const struct prog *prog, u32 start)
{
	u32 lo = 0, hi = prog->nfuncs;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (prog->funcs[mid].start < start)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < prog->nfuncs && prog->funcs[lo].start == start ? &prog->funcs[lo]
								   : NULL;
}

/* Enters a frame; false: a fault was said. */
static bool frame_enter(struct run *run, u32 start)
{
	const struct prog_func *func = func_at(run->prog, start);

	if (!func) {
		run_fault(run, EFAULT, msg_not_a_function, start);
		return false;
	}
	if (run->frame + 1 >= SKEP_MAX_FRAMES) {
		run_fault(run, EFAULT, msg_too_many_frames, SKEP_MAX_FRAMES);
		return false;
	}
	run->state |= RUN_DIRTY;
	run->loops[++run->frame] = 0;
	frame_clear(run, func);
	return true;
}

/* A frame is gone: nobody may use bounds that reach into it. */
static void frame_leave(struct skep_cpu *cpu)
{
	cpu->run.frame--;
	windows_clear(cpu);
}

/* ---- one function an operation: do_NAME() for effects, take_NAME() for conditions ----
 * They are inlined into the dispatcher below, alone and in pairs (fuse.def). do_NAME()
 * returns false after a fault was said. */
#define OP	static inline __attribute__((always_inline))
#define DO_ARGS struct skep_cpu *cpu, const struct insn *ip, u64 *r
#define DST	r[ip->dst]
#define SRC	r[ip->src]
#define K	((u64)ip->imm)
#define AT(reg) ((reg) + (u64)(s64)ip->off)

/* clang-format off */
#define OPERANDS(utype, stype, mask, s) \
	typedef utype UW __attribute__((unused)); \
	typedef stype SW __attribute__((unused)); \
	enum { M = mask }; \
	UW D __attribute__((unused)) = (UW)DST, S __attribute__((unused)) = (UW)(s);
#define DO_PURE(name, utype, stype, mask, s, expr) \
	OP bool do_##name(DO_ARGS) \
	{ \
		OPERANDS(utype, stype, mask, s) \
		DST = (UW)(expr); \
		return true; \
	}
#define TAKE(name, utype, stype, s, expr) \
	OP bool take_##name(DO_ARGS) \
	{ \
		OPERANDS(utype, stype, 0, s) \
		return (expr); \
	}

/* The memory comes from the register's window or the slow way. */
#define DO_LOAD(name, utype, ext, sign) \
	OP bool do_##name(DO_ARGS) \
	{ \
		u64 addr = AT(SRC); \
		utype v; \
		if (!in_window(window_rd(cpu, ip->src), addr, sizeof(v))) \
			return load_slow(cpu, ip, addr, sizeof(v), sign, &DST); \
		memcpy(&v, ptr_of(addr), sizeof(v)); \
		DST = (u64)(ext)v; \
		return true; \
	}
#define DO_STORE(name, utype, value) \
	OP bool do_##name(DO_ARGS) \
	{ \
		u64 addr = AT(DST); \
		utype v = (utype)(value); \
		void *p = ptr_of(addr); \
		if (!in_window(window_wr(cpu, ip->dst), addr, sizeof(v)) && \
		    !(p = store_slow(&cpu->run, ip, addr, v))) \
			return !cpu->run.fault; \
		memcpy(p, &v, sizeof(v)); \
		return true; \
	}

/* Memory for an atomic operation. */
OP void *atomic_at(DO_ARGS, u32 size)
{
	u64 addr = AT(DST);

	if (misaligned(&cpu->run, ip, addr))
		return NULL;
	return in_window(window_wr(cpu, ip->dst), addr, size) ? ptr_of(addr) :
							  store_slow(&cpu->run, ip, addr, 0);
}

#define DO_ATOMIC(name, utype, fetch, expr) \
	OP bool do_##name(DO_ARGS) \
	{ \
		typedef utype UW; \
		UW A __attribute__((unused)) = (UW)r[0], S = (UW)SRC, D, after; \
		UW *p = atomic_at(cpu, ip, r, sizeof(UW)); \
		if (unlikely(!p)) \
			return !cpu->run.fault; \
		D = __atomic_load_n(p, __ATOMIC_RELAXED); \
		do \
			after = (expr); \
		while (!__atomic_compare_exchange_n(p, &D, after, false, __ATOMIC_SEQ_CST, \
						    __ATOMIC_SEQ_CST)); \
		if (fetch) \
			r[(fetch) == 2 ? 0 : ip->src] = D; \
		return true; \
	}
#define DO_ACQUIRE(name, utype) \
	OP bool do_##name(DO_ARGS) \
	{ \
		if (misaligned(&cpu->run, ip, AT(SRC)) || \
		    !load_slow(cpu, ip, AT(SRC), sizeof(utype), false, &DST)) \
			return false; \
		__atomic_thread_fence(__ATOMIC_ACQUIRE); \
		return true; \
	}
#define DO_RELEASE(name, utype) \
	OP bool do_##name(DO_ARGS) \
	{ \
		utype *p = atomic_at(cpu, ip, r, sizeof(*p)); \
		if (unlikely(!p)) \
			return !cpu->run.fault; \
		__atomic_store_n(p, (utype)SRC, __ATOMIC_RELEASE); \
		return true; \
	}

#define ALU(name, code, off, forms, text, expr) \
	DO_PURE(name##64k, u64, s64, 63, K, expr) \
	DO_PURE(name##64x, u64, s64, 63, SRC, expr) \
	DO_PURE(name##32k, u32, s32, 31, K, expr) \
	DO_PURE(name##32x, u32, s32, 31, SRC, expr)
#define SWAP(name, opcode, bits, text, expr) DO_PURE(name, u64, s64, 63, 0, expr)
#define JMP(name, code, text, expr) \
	TAKE(name##64k, u64, s64, K, expr) \
	TAKE(name##64x, u64, s64, SRC, expr) \
	TAKE(name##32k, u32, s32, K, expr) \
	TAKE(name##32x, u32, s32, SRC, expr)
#define MEM(name, size, utype, stype) \
	DO_LOAD(ldx_##name, utype, u64, false) \
	DO_LOAD(ldxs_##name, stype, s64, true) \
	DO_STORE(st_##name, utype, K) \
	DO_STORE(stx_##name, utype, SRC) \
	DO_ACQUIRE(ldacq_##name, utype) \
	DO_RELEASE(strel_##name, utype)
#define ATOM(name, imm, fetch, text, expr) \
	DO_ATOMIC(lock_##name##_w, u32, fetch, expr) \
	DO_ATOMIC(lock_##name##_dw, u64, fetch, expr)
#include "insn.def"

/* ---- the dispatcher ---- */

/* A judge's copy of this file looks at each instruction before it is taken. */
#ifndef INTERP_STEP
#define INTERP_STEP(run, ip, r) ((void)0)
#endif

#define TAKE_AT \
	do { \
		INTERP_STEP(run, ip, r); \
		goto *labels[ip->op]; \
	} while (0)
#define NEXT \
	do { \
		ip++; \
		TAKE_AT; \
	} while (0)
#define JUMP \
	do { \
		limit += (s64)ip->off * RUN_INSN; \
		if (unlikely(limit < (s64)u64_of(ip + 1 + ip->off))) \
			goto out_of_budget; \
		ip += 1 + ip->off; \
		TAKE_AT; \
	} while (0)
#define PLAIN(name) L_##name: \
	if (unlikely(!do_##name(cpu, ip, r))) \
		goto fault; \
	NEXT;
#define BRANCH(name) L_##name: \
	if (take_##name(cpu, ip, r)) \
		JUMP; \
	NEXT;

/* A place that costs more than `limit` to reach is out of budget: each instruction moves
 * ip by what it costs, a jump moves limit along. */
int interp(struct skep_cpu *cpu, const struct insn *ip, s64 budget, u64 *ret,
	   const u64 *regs)
{
	static const void *const labels[fused_end] = {
		[op_none] = &&L_illegal,
#define ALU(name, ...) \
		[op_##name##64k] = &&L_##name##64k, [op_##name##64x] = &&L_##name##64x, \
		[op_##name##32k] = &&L_##name##32k, [op_##name##32x] = &&L_##name##32x,
#define SWAP(name, ...) [op_##name] = &&L_##name,
#define JMP(name, ...) ALU(name)
#define MEM(name, ...) \
		[op_ldx_##name] = &&L_ldx_##name, [op_ldxs_##name] = &&L_ldxs_##name, \
		[op_st_##name] = &&L_st_##name, [op_stx_##name] = &&L_stx_##name, \
		[op_ldacq_##name] = &&L_ldacq_##name, [op_strel_##name] = &&L_strel_##name, \
		[op_ldabs_##name] = &&L_packet, [op_ldind_##name] = &&L_packet,
#define ATOM(name, ...) \
		[op_lock_##name##_w] = &&L_lock_##name##_w, \
		[op_lock_##name##_dw] = &&L_lock_##name##_dw,
#include "insn.def"
#define PAIR(a, b) [fused_##a##_##b] = &&L_fused_##a##_##b,
#define TEST(a, b) PAIR(a, b)
#define LAST(a) PAIR(a, exit)
#include "fuse.def"
		[op_lddw] = &&L_lddw,
		[op_ja] = &&L_ja,
		[op_gotol] = &&L_ja,
		[op_may_goto] = &&L_may_goto,
		[op_call_helper] = &&L_call_helper,
		[op_call_local] = &&L_call_local,
		[op_call_kfunc] = &&L_call_helper,
		[op_exit] = &&L_exit,
		[op_addr_space_cast] = &&L_addr_space_cast,
	};
	struct frame frames[SKEP_MAX_FRAMES];
	struct run *const run = &cpu->run;
	u64 r[WINDOWS] = {[1] = u64_of(run->ctx), [10] = frame_top(run, 0)};
	s64 limit = (s64)u64_of(ip) + budget;

	if (unlikely(regs != NULL))
		memcpy(r, regs, sizeof(r));
	TAKE_AT;

#define ALU(name, ...) PLAIN(name##64k) PLAIN(name##64x) PLAIN(name##32k) PLAIN(name##32x)
#define SWAP(name, ...) PLAIN(name)
#define JMP(name, ...) BRANCH(name##64k) BRANCH(name##64x) BRANCH(name##32k) BRANCH(name##32x)
#define MEM(name, ...) \
	PLAIN(ldx_##name) PLAIN(ldxs_##name) PLAIN(st_##name) PLAIN(stx_##name) \
	PLAIN(ldacq_##name) PLAIN(strel_##name)
#define ATOM(name, ...) PLAIN(lock_##name##_w) PLAIN(lock_##name##_dw)
#include "insn.def"
#define PAIR(a, b) L_fused_##a##_##b: \
	if (unlikely(!do_##a(cpu, ip, r)) || unlikely(!do_##b(cpu, ++ip, r))) \
		goto fault; \
	NEXT;
#define TEST(a, b) L_fused_##a##_##b: \
	if (unlikely(!do_##a(cpu, ip, r))) \
		goto fault; \
	if (take_##b(cpu, ++ip, r)) \
		JUMP; \
	NEXT;
#define LAST(a) L_fused_##a##_exit: \
	if (unlikely(!do_##a(cpu, ip++, r))) \
		goto fault; \
	goto L_exit;
#include "fuse.def"
	/* clang-format on */

L_lddw:
	DST = K;
	ip++;
	NEXT;
L_ja:
	JUMP;
L_may_goto:
	run->state |= RUN_DIRTY;
	if (run->loops[run->frame]++ >= SKEP_MAX_LOOPS)
		JUMP;
	NEXT;
L_packet:
	if (packet_load(run, ip, r, &r[0]))
		NEXT;
	if (run->fault)
		goto fault;
	r[0] = 0;
	goto L_exit;
L_addr_space_cast : {
	u32 low = (u32)SRC;

	DST = ip->imm == 1 || !low ? low : run->prog->arena_high | low;
	NEXT;
}
L_call_helper:
	set_pc(run, ip++);
	run->budget = limit - (s64)u64_of(ip);
	if (unlikely(run->budget < 0))
		goto out_of_budget;
	r[0] = helper_call(run,
			   likely(ip[-1].op == op_call_helper)
				   ? helper_of((u32)ip[-1].imm)
				   : helper_kfunc((u32)ip[-1].imm),
			   &r[1]);
	if (unlikely(run->fault))
		goto fault;
	limit = run->budget + (s64)u64_of(ip);
	if (unlikely(run->moved)) {
		run->moved = false;
		windows_clear(cpu);
	}
	if (unlikely(run->tail_target)) {
		run->prog = run->tail_target;
		run->tail_target = NULL;
		run->loops[0] = 0;
		r[1] = u64_of(run->ctx);
		frame_clear(run, &run->prog->funcs[0]);
		ip = run->prog->code;
		limit = run->budget + (s64)u64_of(ip);
	}
	TAKE_AT;
L_call_local : {
	struct frame *f = &frames[run->frame];

	set_pc(run, ip);
	*f = (struct frame){.back = ip + 1, .prog = run->prog};
	memcpy(f->saved, &r[6], sizeof(f->saved));
	if (!frame_enter(run, (u32)(ip + 1 + ip->off - run->prog->code)))
		goto fault;
	r[10] -= SKEP_MAX_STACK;
	JUMP;
}
L_exit:
	if (likely(run->state == RUN_ON)) {
		*ret = r[0];
		if (unlikely(run->more))
			goto next;
		run->state = 0;
		return 0;
	}
	if (!run->frame) {
		int fault = run_end(cpu);

		*ret = r[0];
		if (!run->more || fault)
			return fault;
		run->state = RUN_ON;
		run->prog = run->first;
		goto next;
	}
	ip++;
	if (run->frame == run->base) {
		*ret = r[0];
		run->budget = limit - (s64)u64_of(ip);
		return 0;
	}
	frame_leave(cpu);
	r[10] += SKEP_MAX_STACK;
	memcpy(&r[6], frames[run->frame].saved, sizeof(frames[0].saved));
	run->prog = frames[run->frame].prog;
	limit += (u8 *)frames[run->frame].back - (u8 *)ip;
	ip = frames[run->frame].back;
	TAKE_AT;
next: /* of the batch */
	run->more--;
	run->ctx = (++run->event)->ctx;
	ret++;
	memset(r, 0, 10 * sizeof(r[0]));
	r[1] = u64_of(run->ctx);
	ip = run->prog->code;
	limit = (s64)u64_of(ip) + cpu->budget;
	TAKE_AT;
L_illegal:
	set_pc(run, ip);
	run_fault(run, EINVAL, msg_illegal_instruction);
	goto fault;
out_of_budget:
	set_pc(run, ip);
	run_fault(run, ELOOP, msg_out_of_budget);
fault:
	*ret = 0;
	return run->base ? run->fault : run_end(cpu);
}

u64 interp_callback(struct run *run, u64 func, const u64 args[5])
{
	struct prog *prog = run->prog;
	u32 start = (u32)(func - PROG_FUNC_BASE), outer = run->base;
	u64 r[WINDOWS] = {0, args[0], args[1], args[2], args[3], args[4]}, ret;

	if (run->budget < 0) { /* functions without jumps and calls do not look */
		run_fault(run, ELOOP, msg_out_of_budget);
		return 0;
	}
	if (func < PROG_FUNC_BASE || func - PROG_FUNC_BASE >= prog->n) {
		run_fault(run, EFAULT, msg_not_a_callback);
		return 0;
	}
	if (!frame_enter(run, start))
		return 0;
	run->base = run->frame;
	r[10] = frame_top(run, run->frame);
	interp(cpu_of(run), prog->code + start, run->budget, &ret, r);
	run->prog = prog;
	if (!run->fault) {
		run->frame = run->base;
		frame_leave(cpu_of(run));
	}
	run->base = outer;
	return ret;
}

u64 interp_nested(struct skep_cpu *cpu)
{
	static const u64 none[5];
	struct run *run = &cpu->run;
	u64 args[5];

	memcpy(args, none, sizeof(args));
	args[0] = u64_of(run->ctx);
	return interp_callback(run, PROG_FUNC_BASE, args);
}
