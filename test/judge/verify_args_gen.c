/* verify_args_gen.c - see verify_args.h */
#include "verify_args.h"
#include <string.h>

enum { STACK = 64, NEW_DYNPTR = -80, OLD_DYNPTR = -96, KEY = -104, NEXT = -112 };

struct maker {
	const struct args_env *env;
	struct args_prog *p;
	bool fits;
};

static void add(struct maker *m, u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	m->p->code[m->p->n++] = (struct skep_insn){code, dst, src, off, imm};
}

static void set(struct maker *m, u8 reg, s32 imm)
{
	add(m, 0xb7, reg, 0, 0, imm);
}

static void move(struct maker *m, u8 to, u8 from)
{
	add(m, 0xbf, to, from, 0, 0);
}

static void plus(struct maker *m, u8 reg, s32 imm)
{
	add(m, 0x07, reg, 0, 0, imm);
}

static void frame(struct maker *m, u8 reg, s32 off)
{
	move(m, reg, 10);
	plus(m, reg, off);
}

static void wide(struct maker *m, u8 reg, u8 kind, s64 imm)
{
	if (kind && (s32)imm < 0)
		m->fits = false; /* there is no such map */
	add(m, 0x18, reg, kind, 0, (s32)imm);
	add(m, 0, 0, 0, 0, (s32)(imm >> 32));
}

static void call(struct maker *m, u32 id)
{
	if (!m->fits)
		return;
	add(m, 0x85, 0, 0, 0, (s32)id);
}

/* If `reg` is NULL, the program ends. */
static void check(struct maker *m, u8 reg)
{
	add(m, 0x55, reg, 0, 2, 0);
	set(m, 0, 1);
	add(m, 0x95, 0, 0, 0, 0);
}

static void random(struct maker *m)
{
	call(m, SKEP_FUNC_get_prandom_u32);
	move(m, 9, 0);
}

static void lookup(struct maker *m, u32 type)
{
	add(m, 0x7a, 10, 0, KEY, 0);
	wide(m, 1, SKEP_PSEUDO_MAP_IDX, m->env->map_of[type]);
	frame(m, 2, KEY);
	call(m, SKEP_FUNC_map_lookup_elem);
	move(m, 9, 0);
}

static const struct rule_field *field_of(const struct maker *m, u8 type)
{
	const struct rule_ctx *rule = rules_ctx(m->env->type, m->env->attach_type);

	for (u32 i = 0; rule && i < rule->nfields; i++)
		if (rule->fields[i].type == type)
			return &rule->fields[i];
	return NULL;
}

static void field(struct maker *m, u8 reg, u8 type)
{
	const struct rule_field *f = field_of(m, type);

	if (!f)
		m->fits = false;
	else
		add(m, f->len == 8 ? 0x79 : 0x61, reg, 6, (s16)f->off, 0);
}

static void packet(struct maker *m, s32 bytes)
{
	field(m, 9, reg_packet);
	field(m, 0, reg_packet_end);
	move(m, 4, 9);
	plus(m, 4, bytes);
	add(m, 0xbd, 4, 0, 2, 0); /* if r4 <= r0 */
	set(m, 0, 1);
	add(m, 0x95, 0, 0, 0, 0);
}

static void socket(struct maker *m)
{
	field(m, 9, field_of(m, reg_socket) ? reg_socket : reg_sock_common);
}

static void cast(struct maker *m, u32 id)
{
	move(m, 1, 9);
	call(m, id);
	move(m, 9, 0);
}

static void task(struct maker *m)
{
	call(m, SKEP_FUNC_get_current_task_btf);
	move(m, 9, 0);
}

static void record(struct maker *m)
{
	wide(m, 1, SKEP_PSEUDO_MAP_IDX, m->env->map_of[SKEP_MAP_TYPE_RINGBUF]);
	set(m, 2, STACK);
	set(m, 3, 0);
	call(m, SKEP_FUNC_ringbuf_reserve);
	move(m, 9, 0);
}

static void dynptr(struct maker *m)
{
	wide(m, 1, SKEP_PSEUDO_MAP_IDX_VALUE, m->env->map_of[SKEP_MAP_TYPE_ARRAY]);
	set(m, 2, STACK);
	set(m, 3, 0);
	frame(m, 4, OLD_DYNPTR);
	call(m, SKEP_FUNC_dynptr_from_mem);
	frame(m, 9, OLD_DYNPTR);
}

static void dynptr_record(struct maker *m)
{
	wide(m, 1, SKEP_PSEUDO_MAP_IDX, m->env->map_of[SKEP_MAP_TYPE_RINGBUF]);
	set(m, 2, STACK);
	set(m, 3, 0);
	frame(m, 4, OLD_DYNPTR);
	call(m, SKEP_FUNC_ringbuf_reserve_dynptr);
	frame(m, 9, OLD_DYNPTR);
}

static void slice(struct maker *m)
{
	move(m, 1, 9);
	set(m, 2, 0);
	set(m, 3, 8);
	call(m, SKEP_FUNC_dynptr_data);
	move(m, 9, 0);
}

static void plus_random(struct maker *m, s32 mask)
{
	move(m, 7, 9);
	random(m);
	add(m, 0x57, 9, 0, 0, mask);
	add(m, 0x0f, 7, 9, 0, 0);
	move(m, 9, 7);
}

/* r9 becomes it. */
static void make(struct maker *m, enum args_what what)
{
	switch (what) {
#define SET(v)		 set(m, 9, v)
#define WIDE(kind, v)	 wide(m, 9, kind, v)
#define RANDOM()	 random(m)
#define AND(v)		 add(m, 0x57, 9, 0, 0, v)
#define ADD(v)		 plus(m, 9, v)
#define FRAME(off)	 frame(m, 9, off)
#define TO_FRAME(off)	 (add(m, 0x0f, 9, 10, 0, 0), plus(m, 9, off))
#define MAP_OF(type)	 (s64) m->env->map_of[SKEP_MAP_TYPE_##type]
#define MAP(name)	 (s64) m->env->map[map_##name]
#define LOOKUP(type)	 lookup(m, SKEP_MAP_TYPE_##type)
#define CHECK()		 check(m, 9)
#define PLUS_RANDOM(and) plus_random(m, and)
#define CONTEXT()	 move(m, 9, 6)
#define PACKET(n)	 packet(m, n)
#define FIELD(name)	 field(m, 9, reg_##name)
#define SOCKET()	 socket(m)
#define CAST(helper)	 cast(m, SKEP_FUNC_##helper)
#define TASK()		 task(m)
#define FUNC()		 wide(m, 9, SKEP_PSEUDO_FUNC, 0)
#define RECORD()	 record(m)
#define DYNPTR()	 dynptr(m)
#define DYNPTR_RECORD()	 dynptr_record(m)
#define SLICE()		 slice(m)
#define WHAT(name, ...) \
	case what_##name: \
		(void)(__VA_ARGS__); \
		break;
#include "verify_args.def"
	default: break;
	}
}

const char *args_name(enum args_what what)
{
	static const char *const names[args_whats] = {
		[what_fits] = "fits",
#define WHAT(name, ...) [what_##name] = #name,
#include "verify_args.def"
	};

	return names[what];
}

/* ---- what fits ---- */

static int map_for(const struct args_env *env, u32 id)
{
	for (u32 type = 1; type < ARRAY_SIZE(env->map_of); type++)
		if (env->map_of[type] >= 0 &&
		    rules_map_helper(type, id, env->type, env->attach_type) &&
		    (!env->sleepable || rules_map_sleepable(type)))
			return env->map_of[type];
	return env->map_of[SKEP_MAP_TYPE_HASH];
}

/* What a kind of argument is made of; what_fits: add_fit() does. */
static enum args_what made_of(u32 take, const struct helper_proto *p)
{
	switch (take & take_kind) {
	case take_sock_common:
	case take_btf_sock_common: return what_sock_checked;
	case take_socket: return what_sock_full;
	case take_btf_id:
		return p->arg_btf && !strcmp(p->arg_btf, "task_struct") ? what_task
									: what_fits;
	case take_ringbuf_mem: return what_record;
	case take_dynptr:
		return take & take_release  ? what_dynptr_record
		       : take & take_uninit ? what_fits
					    : what_dynptr;
	default: return what_fits;
	}
}

static void add_fit(struct maker *m, const struct helper_proto *p, u32 i)
{
	u8 reg = (u8)(i + 1);

	switch (p->arg[i] & take_kind) {
	case take_ctx: move(m, reg, 6); break;
	case take_key:
	case take_value:
	case take_mem: frame(m, reg, -STACK); break;
	case take_size:
	case take_size0:
	case take_alloc_size: set(m, reg, 8); break;
	case take_map: wide(m, reg, SKEP_PSEUDO_MAP_IDX, map_for(m->env, p->id)); break;
	case take_func: wide(m, reg, SKEP_PSEUDO_FUNC, 0); break;
	case take_dynptr: frame(m, reg, NEW_DYNPTR); break;
	case take_const_str:
		wide(m, reg, SKEP_PSEUDO_MAP_IDX_VALUE, m->env->map[map_frozen]);
		break;
	case take_spin_lock:
	case take_timer:
		wide(m, reg, SKEP_PSEUDO_MAP_IDX_VALUE,
		     m->env->map[map_fields] |
			     ((p->arg[i] & take_kind) == take_timer ? 8ll << 32 : 0));
		break;
	default: set(m, reg, 0);
	}
}

/* An object that takes some instructions: kept in r8. What there is no object for in this
 * program, 0 stands for. */
static void make_object(struct maker *m, const struct helper_proto *p, u32 but)
{
	u32 begun = m->p->n;

	set(m, 8, 0);
	for (u32 i = 0; i < 5; i++) {
		enum args_what what = made_of(p->arg[i], p);

		if (i == but || what == what_fits)
			continue;
		make(m, what);
		if (m->fits) {
			move(m, 8, 9);
			continue;
		}
		m->p->n = begun;
		m->fits = true;
		set(m, 8, 0);
	}
}

static void add_callback(struct args_prog *p)
{
	p->callback = 0;
	for (u32 i = 0; i < p->n; i++)
		if (p->code[i].code == 0x18 && p->code[i].src_reg == SKEP_PSEUDO_FUNC) {
			p->code[i].imm = (s32)(p->n - i - 1);
			p->callback = p->n;
		}
	if (!p->callback)
		return;
	p->code[p->n++] = (struct skep_insn){.code = 0xb7};
	p->code[p->n++] = (struct skep_insn){.code = 0x95};
}

static void add_args(struct maker *m, const struct args_question *q)
{
	const struct helper_proto *p = q->proto;

	for (u32 i = 0; i < 5 && p->arg[i] != take_none; i++) {
		u8 reg = (u8)(i + 1);

		if (q->what != what_fits && i == q->arg) {
			if (q->what != what_unset)
				move(m, reg, 9);
		} else if (q->next != what_fits && i == q->arg + 1) {
			add(m, 0x79, reg, 10, NEXT, 0);
		} else if (made_of(p->arg[i], p) != what_fits) {
			move(m, reg, 8);
		} else {
			add_fit(m, p, i);
		}
	}
}

bool args_compose(const struct args_env *env, const struct args_question *q,
		  struct args_prog *prog)
{
	struct maker m = {.env = env, .p = prog, .fits = true};

	prog->n = 0;
	move(&m, 6, 1);
	for (s16 off = -STACK; off < 0; off += 8)
		add(&m, 0x7a, 10, 0, off, 0);
	make_object(&m, q->proto, q->what == what_fits ? 5 : q->arg);
	if (q->next != what_fits) {
		make(&m, q->next);
		add(&m, 0x7b, 10, 9, NEXT, 0);
	}
	make(&m, q->what);
	if (!m.fits)
		return false;
	add_args(&m, q);
	call(&m, q->proto->id);
	set(&m, 0, 1);
	add(&m, 0x95, 0, 0, 0, 0);
	add_callback(prog);
	return true;
}
