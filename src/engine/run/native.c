/* What the compiler has to know of the engine: contexts, maps, helpers; and the way into
 * and out of native code. */
#include "native.h"
#include "facts.h"
#include "helper.h"
#include "jit.h"
#include "mem.h"
#include "prog_verify.h"
#include <errno.h>

typedef u64 native_main(struct run *run, void *ctx);
typedef u64 native_func(struct run *run, u64 a, u64 b, u64 c, u64 d, u64 e);

struct native {
	struct jit_code code;
	u32 *entries; /* by function: offset of its code */
};

struct lowering {
	const struct prog *prog;
	const struct facts *facts;
	bool refused; /* something that only the interpreter does */
};

#define RUN_AT(member) ((s64)offsetof(struct run, member))

/* ---- pieces of IR ---- */

static u32 load(struct ir *ir, u32 block, u32 base, s64 off, u8 size)
{
	u32 n = ir_new(ir, ir_load, 64);
	struct ir_node *x = ir_at(ir, n);

	x->a = base;
	x->imm = off;
	x->size = size;
	ir_append(ir, block, n);
	return n;
}

static void store(struct ir *ir, u32 block, u32 base, s64 off, u8 size, u32 value)
{
	u32 n = ir_binary(ir, block, ir_store, 64, base, value);

	ir_at(ir, n)->imm = off;
	ir_at(ir, n)->size = size;
}

/* The run is the entry's first parameter. */
static u32 run_of(struct ir *ir)
{
	return ir->blocks[1].first;
}

static u32 call(struct ir *ir, u32 block, enum ir_op op, u64 what, const u32 *args, u32 n)
{
	u32 x = ir_new(ir, op, 64), list = ir_list(ir, n + 1);

	ir_at(ir, x)->imm = (s64)what;
	ir_at(ir, x)->list = list;
	ir_at(ir, x)->nlist = n + 1;
	ir->lists[list] = run_of(ir);
	for (u32 i = 0; i < n; i++)
		ir->lists[list + 1 + i] = args[i];
	ir_append(ir, block, x);
	return x;
}

static void check(struct ir *ir, u32 block)
{
	u32 n = ir_new(ir, ir_check, 32);

	ir_at(ir, n)->a = run_of(ir);
	ir_append(ir, block, n);
}

/* ---- contexts ---- */

static u64 slow_load(struct run *run, u64 addr, u64 size, u64 sign)
{
	u64 v = 0;

	ctx_load(run, addr, (u32)size, sign, &v);
	return v;
}

static u64 slow_store(struct run *run, u64 addr, u64 size, u64 value)
{
	ctx_store(run, addr, (u32)size, value);
	return 0;
}

static bool access_context(struct ir *ir, u32 block, void *arg, u32 at,
			   const struct insn *in, u32 base, u32 value, u32 *out)
{
	struct lowering *l = arg;
	const struct op_info *op = &op_info[in->op];
	bool loads = op->class == class_load;
	const struct fact *fact =
		l->facts ? facts_before(l->facts, at, loads ? in->src : in->dst) : NULL;
	u32 args[3];
	int place;

	/* Objects of the kernel are none in the engine: the interpreter says so. */
	l->refused |= fact && (fact->kind == fact_btf || fact->kind == fact_arena ||
			       fact->untrusted);
	if (!l->prog->fields || !fact || fact->kind != fact_ctx)
		return false;
	place = fact->unknown ? CTX_CALL
			      : ctx_place(l->prog, fact->ones + (u64)(s64)in->off,
					  op->size, !loads);
	if (place == CTX_DIRECT)
		return false;
	if (place >= 0) {
		*out = load(ir, block, run_of(ir), place, 8);
		return true;
	}
	args[0] = ir_binary(ir, block, ir_add, 64, base, ir_konst_of(ir, block, in->off));
	args[1] = ir_konst_of(ir, block, op->size);
	args[2] = loads ? ir_konst_of(ir, block, op->is_signed) : value;
	*out = call(ir, block, ir_call,
		    u64_of(loads ? (void *)slow_load : (void *)slow_store), args, 3);
	return true;
}

/* What a run has for itself: its stack, its context, the packet it was given. */
static bool is_private(void *arg, u32 at, u32 reg)
{
	const struct lowering *l = arg;
	const struct fact *fact = l->facts ? facts_before(l->facts, at, reg) : NULL;

	if (reg == 10)
		return true;
	return fact && (fact->kind == fact_stack || fact->kind == fact_ctx ||
			fact->kind == fact_packet || fact->kind == fact_packet_meta);
}

/* ---- calls ---- */

static const struct helper *row_of(const struct insn *in)
{
	return in->op == op_call_helper ? helper_of((u32)in->imm)
					: helper_kfunc((u32)in->imm);
}

static u32 nargs(void *arg, const struct insn *in)
{
	const struct helper *h;
	u32 n = 0;

	if (in->op == op_call_local)
		return 5;
	h = row_of(in);
	while (h && n < 5 && h->arg[n])
		n++;
	return n;
}

static u64 address(void *arg, const struct insn *in)
{
	return (u64)in->imm;
}

static int branch(void *arg, u32 at)
{
	const struct lowering *l = arg;

	return l->facts ? facts_branch(l->facts, at) : -1;
}

static bool range(void *arg, u32 at, u32 reg, u64 *min, u64 *max)
{
	const struct lowering *l = arg;
	const struct fact *fact = !l->facts || !l->facts->numbers ? NULL
				  : reg == IR_RESULT ? facts_after(l->facts, at)
						     : facts_before(l->facts, at, reg);

	if (!fact || fact->kind != fact_number)
		return false;
	*min = fact->umin;
	*max = fact->umax;
	return true;
}

/* What a program has of a map is the address of a word that holds struct map *. */
static u32 map_of(struct ir *ir, u32 block, u32 handle)
{
	handle = ir_find(ir, handle);
	if (!ir_is_konst(ir, handle))
		return load(ir, block, handle, 0, 8);
	return ir_konst_of(ir, block,
			   (s64)u64_of(*(void **)ptr_of((u64)ir_at(ir, handle)->imm)));
}

/* The program that a tail call found takes the place of the function that called: what it
 * returns, that function does. */
static u64 tail_call(struct run *run, u64 ctx, u64 map, u64 index)
{
	struct prog *prog = run->prog;
	struct skep_cpu *cpu = container_of(run, struct skep_cpu, run);
	u64 ret = 0;

	helper_of(SKEP_FUNC_tail_call)->fn(run, ctx, map, index, 0, 0);
	if (!run->tail_target || run->fault)
		return 0;
	run->prog = run->tail_target;
	run->tail_target = NULL;
	ret = run_nested(cpu);
	run->prog = prog;
	if (!run->fault)
		run->leave = RUN_LEAVE_FUNC;
	return ret;
}

static u64 packet_load(struct run *run, u64 ctx, u64 off, u64 size)
{
	u64 v = 0;

	if (!run_packet_load(run, (s32)off, (u32)size, &v))
		run->leave = RUN_LEAVE_FUNC;
	return v;
}

static u32 call_local(struct ir *ir, u32 block, const struct lowering *l, u32 at,
		      const struct insn *in, const u32 r[6])
{
	u32 start = (u32)((s64)at + 1 + in->off), func = 0, frame, n;

	while (func < l->prog->nfuncs && l->prog->funcs[func].start != start)
		func++;
	frame = load(ir, block, run_of(ir), RUN_AT(frame), 4);
	store(ir, block, run_of(ir), RUN_AT(frame), 4,
	      ir_binary(ir, block, ir_add, 32, frame, ir_konst_of(ir, block, 1)));
	n = call(ir, block, ir_local, func, &r[1], 5);
	store(ir, block, run_of(ir), RUN_AT(frame), 4, frame);
	check(ir, block);
	return n;
}

static u32 call_any(struct ir *ir, u32 block, void *arg, u32 at, const struct insn *in,
		    const u32 r[6])
{
	const struct lowering *l = arg;
	const struct helper *h;
	u32 args[5], n;

	if (op_info[in->op].class == class_packet) {
		args[0] = r[1];
		args[1] = r[2];
		args[2] = ir_konst_of(ir, block, op_info[in->op].size);
		n = call(ir, block, ir_call, u64_of((void *)packet_load), args, 3);
		check(ir, block);
		return n;
	}
	if (in->op == op_call_local)
		return call_local(ir, block, l, at, in, r);
	h = row_of(in);
	if (!h)
		return 0;
	for (n = 0; n < 5 && h->arg[n]; n++)
		args[n] = helper_takes_map(h->arg[n]) ? map_of(ir, block, r[n + 1])
						      : r[n + 1];
	n = call(ir, block, ir_call,
		 in->op == op_call_helper && in->imm == SKEP_FUNC_tail_call
			 ? u64_of((void *)tail_call)
			 : u64_of((void *)h->fn),
		 args, n);
	check(ir, block);
	return n;
}

/* ---- frames ---- */

/* r10 is the end of the running function's part of run->stack. */
static void lower_frames(struct ir *ir, bool main)
{
	s64 top = RUN_AT(stack) + RUN_STACK;
	u32 run = run_of(ir), base = run;

	if (!main) {
		u32 depth = load(ir, 1, run, RUN_AT(frame), 4), end, part;

		part = ir_binary(ir, 1, ir_shl, 64, depth, ir_konst_of(ir, 1, 9));
		end = ir_binary(ir, 1, ir_add, 64, run, ir_konst_of(ir, 1, top));
		base = ir_binary(ir, 1, ir_sub, 64, end, part);
		top = 0;
	}
	for (u32 n = 1; n < ir->n; n++) {
		struct ir_node *x = ir_at(ir, n);

		if (x->op != ir_frame)
			continue;
		x->op = ir_addr;
		x->a = base;
		x->imm += top;
		if (x->block == 1 && !main) { /* behind what it is made of */
			ir_remove(ir, n);
			ir_append(ir, 1, n);
		}
	}
}

/* ---- compiling ---- */

static int compile_func(const struct prog *prog, const struct facts *facts, u32 number,
			struct jit_func *out)
{
	struct lowering l = {.prog = prog, .facts = facts};
	const struct ir_world world = {access_context, is_private, address, nargs,
				       call_any,       branch,	   range,   &l};
	const struct ir_func func = {prog->funcs[number].start, prog->funcs[number].end,
				     !number};
	struct ir ir;
	int err = ir_build(&ir, prog->insns, &func, &world);

	if (l.refused)
		err = -EOPNOTSUPP;
	if (!err) {
		ir_fold(&ir);
		lower_frames(&ir, !number);
		ir_sweep(&ir);
		err = ir.failed ? -ENOMEM : jit_x86_64(&ir, RUN_AT(leave), out);
	}
	ir_free(&ir);
	return err;
}

static int compile_all(const struct prog *prog, const struct facts *facts,
		       struct native *native, struct jit_func *out)
{
	int err = 0;

	for (u32 i = 0; i < prog->nfuncs && !err; i++) {
		err = compile_func(prog, facts, i, out);
		native->entries[i] = out->entry;
	}
	for (u32 i = 0; i < out->npatches && !err; i++) {
		struct jit_patch *p = &out->patches[i];

		store32(&out->buf.at[p->at], native->entries[p->func] - (p->at + 4));
	}
	return err ? err : jit_code_make(out->buf.at, out->buf.n, &native->code);
}

static struct native *compile(const struct prog *prog, const struct facts *facts)
{
	struct native *native = mem_alloc(1, sizeof(*native));
	struct jit_func out = {0};
	int err = -ENOMEM;

	if (native)
		native->entries = mem_alloc(prog->nfuncs, sizeof(u32));
	if (native && native->entries)
		err = compile_all(prog, facts, native, &out);
	mem_free(out.buf.at);
	mem_free(out.patches);
	if (!err)
		return native;
	native_free(native);
	return NULL;
}

void native_free(struct native *native)
{
	if (!native)
		return;
	jit_code_free(&native->code);
	mem_free(native->entries);
	mem_free(native);
}

void native_prepare(struct runs *runs, struct prog *prog)
{
	struct facts facts;

	if (!runs_opts(runs)->native || runs_opts(runs)->unverified || !jit_serves() ||
	    __atomic_exchange_n(&prog->native_tried, true, __ATOMIC_RELAXED) ||
	    prog_facts(prog, &facts))
		return;
	/* Other threads run the program meanwhile: interpreted until this is whole. */
	prog->native_free = native_free;
	__atomic_store_n(&prog->native, compile(prog, &facts), __ATOMIC_RELEASE);
	facts_free(&facts);
}

/* ---- running ---- */

static u64 enter(struct run *run)
{
	const struct native *native = run->prog->native;

	return ((native_main *)(void *)((u8 *)native->code.at + native->entries[0]))(
		run, run->ctx);
}

u64 run_nested(struct skep_cpu *cpu)
{
	struct run *run = &cpu->run;

	return run->prog->native ? enter(run) : interp_nested(cpu);
}

int native_run(struct skep_cpu *cpu, u64 *ret)
{
	cpu->run.budget = cpu->budget; /* for what is interpreted inside */
	*ret = enter(&cpu->run);
	if (likely(cpu->run.state == RUN_ON)) {
		cpu->run.state = 0;
		return 0;
	}
	if (cpu->run.fault)
		*ret = 0;
	return run_end(cpu);
}

u64 native_callback(struct run *run, u64 func, const u64 args[5])
{
	const struct prog *prog = run->prog;
	const struct native *native = prog->native;
	u32 start = (u32)(func - PROG_FUNC_BASE), i = 0;
	u64 ret;

	while (i < prog->nfuncs && prog->funcs[i].start != start)
		i++;
	if (i == prog->nfuncs || run->frame + 1 >= SKEP_MAX_FRAMES)
		return interp_callback(run, func, args); /* which says why not */
	run->frame++;
	ret = ((native_func *)(void *)((u8 *)native->code.at + native->entries[i]))(
		run, args[0], args[1], args[2], args[3], args[4]);
	run->frame--;
	return ret;
}
