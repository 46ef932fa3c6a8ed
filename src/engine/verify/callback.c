/* Functions that a helper calls. The path goes on behind the call as if it had called
 * none (or all of them before), and another one enters the function; at its end it is
 * back at the call, where the next round begins. */
#include "access.h"
#include "call.h"
#include "object_fields.h"

/* What a helper passes to its callback: `caller` is the frame with the call. */
struct callback_kind {
	u32 helper;
	s32 ret_min, ret_max;
	bool async, sleeps; /* sleeps: it may, whatever the program may */
	void (*args)(struct verifier *v, const struct reg *caller, struct reg *r);
};

static void to_map(struct reg *r, enum reg_type type, const struct reg *of)
{
	reg_set_pointer(r, type, 0);
	r->map = of->map;
	r->inner = of->inner;
}

static void map_elem_args(struct verifier *v, const struct reg *caller, struct reg *r)
{
	const struct verify_map *map = reg_map_of(v, &caller[1]);

	switch (map->type) {
	case SKEP_MAP_TYPE_ARRAY:
	case SKEP_MAP_TYPE_PERCPU_ARRAY:
	case SKEP_MAP_TYPE_HASH:
	case SKEP_MAP_TYPE_PERCPU_HASH:
	case SKEP_MAP_TYPE_LRU_HASH:
	case SKEP_MAP_TYPE_LRU_PERCPU_HASH: break;
	default: refuse(v, map_no_callback);
	}
	r[1] = caller[1];
	to_map(&r[2], reg_key, &caller[1]);
	to_map(&r[3], reg_value, &caller[1]);
	r[4] = caller[3];
}

static void loop_args(struct verifier *v, const struct reg *caller, struct reg *r)
{
	(void)v;
	reg_set_unknown(&r[1]);
	r[2] = caller[3];
}

static void timer_args(struct verifier *v, const struct reg *caller, struct reg *r)
{
	(void)v;
	to_map(&r[1], reg_map, &caller[1]);
	to_map(&r[2], reg_key, &caller[1]);
	to_map(&r[3], reg_value, &caller[1]);
}

static void find_vma_args(struct verifier *v, const struct reg *caller, struct reg *r)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	u32 id = access_typed_find(v, "vm_area_struct", SKEP_BTF_KIND_STRUCT);

	if (!id)
		refuse(v, later_btf_arg, 2);
	r[1] = caller[1];
	reg_set_pointer(&r[2], reg_btf, 0);
	r[2].btf = btf;
	r[2].btf_id = id;
	r[3] = caller[4];
}

static void user_ringbuf_args(struct verifier *v, const struct reg *caller, struct reg *r)
{
	reg_set_pointer(&r[1], reg_dynptr, 0);
	r[1].id = new_id(v);
	r[1].dynptr = dynptr_local;
	r[1].first_slot = true;
	r[2] = caller[3];
}

/* Two nodes of the tree; its lock is held. */
static void less_args(struct verifier *v, const struct reg *caller, struct reg *r)
{
	const struct btf_field *root = object_field_at(
		object_fields_of(v, &caller[1]), caller[1].off, 1u << field_rb_root);

	if (!root)
		refuse(v, path_bug, "no root of a tree");
	for (u32 i = 1; i <= 2; i++) {
		object_set_node(&r[i], root);
		object_set_non_owning(v, &r[i]);
	}
}

static const struct callback_kind kinds[] = {
	{SKEP_FUNC_for_each_map_elem, 0, 1, false, false, map_elem_args},
	{SKEP_FUNC_loop, 0, 1, false, false, loop_args},
	{SKEP_FUNC_find_vma, 0, 1, false, false, find_vma_args},
	{SKEP_FUNC_user_ringbuf_drain, 0, 1, false, false, user_ringbuf_args},
	{SKEP_FUNC_timer_set_callback, 0, 0, true, false, timer_args},
};

static const struct callback_kind *kind_of(u32 helper)
{
	const struct callback_kind *k = kinds;

	while (k->helper != helper)
		k++;
	return k;
}

/* Some other time, with a stack of its own. */
static void push_later(struct verifier *v, const struct callback_kind *k, u32 func)
{
	struct frame *caller = frame_of(v->cur), *f;
	struct state *s;

	calls_of(v)->func[func].async_callback = true;
	s = path_fork_later(v, v->flow.funcs[func].start, v->insn);
	s->sleepable = k->sleeps;
	f = s->frame[0];
	frame_init(f, ~0u, 0, func);
	f->async_entries = caller->async_entries + 1;
	k->args(v, caller->r, f->r);
	f->async_callback = true;
	f->ret_min = k->ret_min;
	f->ret_max = k->ret_max;
}

static void push(struct verifier *v, const struct callback_kind *k, u32 func)
{
	struct frame *caller, *f;
	struct state *s;

	s = path_fork(v, v->flow.funcs[func].start, v->insn);
	caller = frame_of(s);
	f = func_push(v, s, func, v->insn);
	k->args(v, caller->r, f->r);
	f->callback = true;
	f->ret_min = k->ret_min;
	f->ret_max = k->ret_max;
	s->callback_unroll++;
	caller->callback_depth++;
	frame_of(v->cur)->callback_depth = 0;
}

void callback_push(struct verifier *v, const struct call *call)
{
	const struct callback_kind *k = kind_of(call->proto->id);

	if (k->async)
		push_later(v, k, call->func);
	else
		push(v, k, call->func);
}

void callback_push_less(struct verifier *v, u32 func)
{
	static const struct callback_kind less = {0, 0, 1, false, false, less_args};

	push(v, &less, func);
}

void callback_push_work(struct verifier *v, u32 func)
{
	static const struct callback_kind work = {0, 0, 0, true, true, timer_args};

	push_later(v, &work, func);
}

/* Behind the last function that some path enters; 0: none does but the main one. */
static u32 end_of_entered(const struct verifier *v)
{
	for (u32 i = v->flow.nfuncs; --i;)
		if (v->aux[v->flow.funcs[i].start].seen)
			return v->flow.funcs[i].end;
	return 0;
}

static u32 count_seen(const struct verifier *v)
{
	u32 n = 0;

	for (u32 i = 0; i < v->n; i++)
		n += v->aux[i].seen;
	return n;
}

/* Linux removes functions that no path enters. An address of one that stood behind all
 * others is then the program's end, which it takes for a bug of its own. */
void callback_check_left(struct verifier *v)
{
	u32 end = end_of_entered(v);

	for (u32 i = 0; end && i < v->n; i++) {
		const struct insn *in = &v->insns[i];

		if (in->op == op_lddw && in->src == SKEP_PSEUDO_FUNC && v->aux[i].seen &&
		    i + 1 + (u32)in->imm >= end)
			refuse(v, callback_dead, count_seen(v));
	}
}
