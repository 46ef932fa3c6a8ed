/* The process's view of a program object: decoded, checked, with handles of its maps. */
#include "fuse.h"
#include "heap.h"
#include "map_arena.h"
#include "prog.h"
#include "mem.h"
#include "rules.h"
#include <errno.h>
#include <stdlib.h>

static int compare_starts(const void *a, const void *b)
{
	u32 x = ((const struct prog_func *)a)->start,
	    y = ((const struct prog_func *)b)->start;

	return x < y ? -1 : x > y;
}

/* The slot of the function that an instruction calls or refers to, or -1. */
static s64 callee(const struct insn *insns, u32 at)
{
	const struct insn *in = &insns[at];

	if (in->op == op_call_local)
		return (s64)at + 1 + in->off;
	if (in->op == op_lddw && in->src == SKEP_PSEUDO_FUNC)
		return (s64)at + 1 + (s32)in->imm;
	return -1;
}

/* How deep below r10 a function may read what it has not written. Only loads relative to
 * r10 and copies of it can: `rX = r10; rX += -N` is the usual copy, any other counts as
 * the whole frame. */
static u32 stack_depth(const struct insn *insns, const struct prog_func *func)
{
	s64 depth = 0;

	for (u32 i = func->start; i < func->end; i++) {
		const struct insn *in = &insns[i],
				  *next = i + 1 < func->end ? in + 1 : NULL;
		const struct op_info *op = &op_info[in->op];

		if (in->op == op_mov64x && in->src == 10) {
			if (!next || next->op != op_add64k || next->dst != in->dst)
				return SKEP_MAX_STACK;
			depth = MAX(depth, -next->imm);
		} else if (op->class == class_load || op->class == class_atomic) {
			if ((op->class == class_load ? in->src : in->dst) == 10)
				depth = MAX(depth, -(s64)in->off);
		} else if (op->class == class_alu && !op->is_imm && in->src == 10) {
			return SKEP_MAX_STACK;
		} else if (op->class == class_store && !op->is_imm && in->src == 10) {
			return SKEP_MAX_STACK;
		}
	}
	return (u32)round_up((u64)MIN(MAX(depth, 0), SKEP_MAX_STACK), 8);
}

int prog_find_funcs(const struct insn *insns, u32 n, struct prog_func **out, u32 *count)
{
	struct prog_func *funcs;
	u32 found = 1, kept = 1;

	for (u32 i = 0; i < n; i++)
		found += callee(insns, i) >= 0;
	funcs = mem_alloc(found, sizeof(*funcs));
	if (!funcs)
		return -ENOMEM;
	found = 1;
	for (u32 i = 0; i < n; i++)
		if (callee(insns, i) >= 0)
			funcs[found++].start = (u32)callee(insns, i);
	qsort(funcs, found, sizeof(*funcs), compare_starts);
	for (u32 i = 1; i < found; i++)
		if (funcs[i].start != funcs[kept - 1].start)
			funcs[kept++] = funcs[i];
	for (u32 i = 0; i < kept; i++) {
		funcs[i].end = i + 1 < kept ? funcs[i + 1].start : n;
		funcs[i].stack = stack_depth(insns, &funcs[i]);
	}
	*out = funcs;
	*count = kept;
	return 0;
}

static void add_global(struct prog *prog, u32 idx)
{
	for (u32 i = 0; i < prog->nglobals; i++)
		if (prog->globals[i] == idx)
			return;
	prog->globals[prog->nglobals++] = (u8)idx;
}

/* 0, which no row has: a call that is legal where no path comes. */
static u32 kfunc_number(const struct prog *prog, const struct prog_info *info, u32 btf_id)
{
	const struct prog_kfunc *k;

	if (info->nkfuncs > PROG_KFUNCS || info->kfuncs_off % 8 ||
	    !prog_holds(prog, info->kfuncs_off, info->nkfuncs, sizeof(*k)))
		return 0;
	k = (const void *)((const u8 *)prog->obj.head + info->kfuncs_off);
	for (u32 i = 0; i < info->nkfuncs; i++)
		if (k[i].btf_id == btf_id)
			return k[i].number;
	return 0;
}

/* The address of a value, or in an arena: there, in user space. */
static bool resolve_value(struct prog *prog, u32 idx, u32 off, s64 *imm)
{
	const struct map_values *v = &prog->maps[idx]->values;

	if (prog->maps[idx] == prog->arena) {
		*imm = (s64)(map_arena_start(prog->arena) + off);
		return true;
	}
	if (off >= v->size)
		return false;
	*imm = (s64)(v->lo + v->at + off);
	add_global(prog, idx);
	return true;
}

/* Helpers and packet loads rely on the run of a program that may use them: its packet,
 * its context. */
static int check_calls(const struct prog *prog, const struct prog_info *info)
{
	for (u32 i = 0; i < prog->n; i++) {
		const struct insn *in = &prog->insns[i];

		if (in->op == op_call_helper &&
		    !rules_helper_known(info->type, info->expected_attach_type,
					(u32)in->imm))
			return -EINVAL;
		if (op_info[in->op].class == class_packet &&
		    !rules_prog(info->type)->ld_abs)
			return -EINVAL;
	}
	return 0;
}

/* Numbers of the region become handles of this process. */
static int resolve(struct prog *prog, const struct prog_info *info)
{
	for (u32 i = 0; i < prog->n; i++) {
		struct insn *in = &prog->insns[i];
		u32 idx = (u32)in->imm, off = (u32)((u64)in->imm >> 32);

		if (in->op == op_call_kfunc)
			in->imm = kfunc_number(prog, info, idx);
		if (in->op != op_lddw)
			continue;
		if (in->src == SKEP_PSEUDO_FUNC) {
			in->imm = (s64)(PROG_FUNC_BASE + i + 1 + idx);
		} else if (in->src == SKEP_PSEUDO_MAP_IDX && idx < prog->nmaps) {
			in->imm = (s64)u64_of(&prog->maps[idx]);
		} else if (in->src == SKEP_PSEUDO_MAP_IDX_VALUE && idx < prog->nmaps) {
			if (!resolve_value(prog, idx, off, &in->imm))
				return -EINVAL;
		} else if (in->src == SKEP_PSEUDO_BTF_ID) {
			in->imm = (s64)(PROG_KSYM_BASE + idx);
		} else if (in->src != SKEP_PSEUDO_CONST) {
			return -EINVAL;
		}
	}
	return 0;
}

/* What the interpreter runs. A pair's second instruction stays as it is, for jumps. */
static int make_code(struct prog *prog)
{
	prog->code = mem_alloc(prog->n, sizeof(prog->code[0]));
	if (!prog->code)
		return -ENOMEM;
	for (u32 i = 0; i < prog->n; i++) {
		prog->code[i] = prog->insns[i];
		if (i + 1 < prog->n)
			prog->code[i].op = fuse(prog->insns[i].op, prog->insns[i + 1].op);
	}
	return 0;
}

/* Another process may write to the region while it is read: what is checked is a copy. */
static int decode(struct prog *prog, const void *region)
{
	struct skep_insn *code = mem_alloc(prog->n, sizeof(*code));
	int err;

	if (!code)
		return -ENOMEM;
	memcpy(code, region, prog->n * sizeof(*code));
	err = insn_decode(code, prog->n, prog->insns, NULL);
	mem_free(code);
	return err;
}

/* Where a pointer into the packet is read as 32 bits; ~0: nowhere. */
static u64 pointer_offset(const struct rule_ctx *rule, enum reg_type type)
{
	for (u32 i = 0; rule && i < rule->nfields; i++)
		if (rule->fields[i].type == type && rule->fields[i].read == 4)
			return rule->fields[i].off;
	return ~(u64)0;
}

int prog_set_type(struct prog *prog, u32 type, u32 attach_type)
{
	const struct rule_ctx *ctx = rules_ctx(type, attach_type);

	prog->type = prog_type(type);
	if (!prog->type || !ctx)
		return -EINVAL;
	prog->type_bit = 1ull << type;
	prog->packet_write = rules_prog(type)->packet_write;
	prog->fields = NULL;
	prog->plain = NULL;
	if (!rules_ctx_is_plain(type))
		prog->fields = ctx;
	else if (ctx->nfields)
		prog->plain = ctx->fields;
	prog->ctx_data = pointer_offset(prog->fields, reg_packet);
	prog->ctx_data_end = pointer_offset(prog->fields, reg_packet_end);
	return 0;
}

static int open_code(struct prog *prog, const struct prog_info *info)
{
	const u8 *region = (const u8 *)prog->obj.head + prog->insns_off;
	int err;

	prog->insns = mem_alloc(prog->n, sizeof(prog->insns[0]));
	if (!prog->insns)
		return -ENOMEM;
	err = decode(prog, region);
	if (!err)
		err = insn_check_flow(prog->insns, prog->n, NULL);
	if (!err)
		err = prog_find_funcs(prog->insns, prog->n, &prog->funcs, &prog->nfuncs);
	if (!err)
		err = check_calls(prog, info);
	if (!err)
		err = resolve(prog, info);
	if (err)
		return err;
	prog->prepares = prog->type->packet || prog->type->setup || prog->nglobals ||
			 prog->funcs[0].stack;
	return make_code(prog);
}

static void use_arena(struct prog *prog, struct map *map)
{
	bool casts = !(map->info.flags & SKEP_F_NO_USER_CONV);

	prog->arena = map;
	prog->arena_high = casts ? map_arena_start(map) & ~(u64)UINT32_MAX : 0;
}

/* What it makes lies in the store's heap. */
static int open_made(struct prog *prog, const struct prog_info *info)
{
	if (!info->nmade)
		return 0;
	if (info->nmade > PROG_MADE || info->made_off % 8 ||
	    !prog_holds(prog, info->made_off, info->nmade, sizeof(*prog->made)))
		return -EINVAL;
	prog->made = (const void *)((const u8 *)prog->obj.head + info->made_off);
	prog->nmade = info->nmade;
	return heap_open(prog->obj.store, false);
}

static int open_maps(struct prog *prog, const struct prog_info *info)
{
	for (; prog->nmaps < info->nmaps; prog->nmaps++) {
		struct object *obj;
		int err = object_get_id(prog->obj.store, OBJECT_MAP,
					info->maps[prog->nmaps], &obj);

		if (err)
			return err;
		prog->maps[prog->nmaps] = container_of(obj, struct map, obj);
		if (prog->maps[prog->nmaps]->info.type == SKEP_MAP_TYPE_ARENA)
			use_arena(prog, prog->maps[prog->nmaps]);
		prog->map_ids[prog->nmaps] = obj->id;
	}
	return 0;
}

static void prog_close(struct object *obj)
{
	struct prog *prog = container_of(obj, struct prog, obj);

	while (prog->nmaps)
		object_put(&prog->maps[--prog->nmaps]->obj);
	mem_free(prog->insns);
	mem_free(prog->code);
	mem_free(prog->funcs);
	if (prog->native)
		prog->native_free(prog->native);
}

static int prog_open(struct object *obj)
{
	struct prog *prog = container_of(obj, struct prog, obj);
	struct prog_info info; /* read once: another process may write to the region */
	u64 off;
	int err;

	prog->info = (struct prog_info *)obj->head->data;
	memcpy(&info, prog->info, sizeof(info));
	off = info.insns_off;
	prog->n = info.n;
	prog->insns_off = info.insns_off;
	if (prog_set_type(prog, info.type, info.expected_attach_type) || !info.n ||
	    info.n > SKEP_MAX_INSNS || info.nmaps > SKEP_MAX_USED_MAPS ||
	    off < OBJECT_HEAD_SIZE || off % 8 || off > obj->size ||
	    info.n > (obj->size - off) / sizeof(struct skep_insn))
		return -EINVAL;
	err = open_made(prog, &info);
	if (!err)
		err = open_maps(prog, &info);
	if (!err)
		err = open_code(prog, &info);
	if (err)
		prog_close(obj);
	return err;
}

static void prog_refs(const struct object_head *head, void (*fn)(void *arg, u32 id),
		      void *arg)
{
	const struct prog_info *info = (const struct prog_info *)head->data;

	/* nmaps is another process's word: bounded. */
	for (u32 i = 0; i < MIN(info->nmaps, (u32)SKEP_MAX_USED_MAPS); i++)
		fn(arg, info->maps[i]);
	for (u32 i = 0; i < PROG_BOUND && info->bound[i]; i++)
		fn(arg, info->bound[i]);
	if (info->btf_id)
		fn(arg, info->btf_id);
}

const struct object_ops prog_object_ops = {
	.view_size = sizeof(struct prog),
	.info = prog_fill_info,
	.info_size = sizeof(struct skep_prog_info),
	.pins = true,
	.open = prog_open,
	.close = prog_close,
	.refs = prog_refs,
};
