/* Conditional jumps: which way they go, and what either way tells. */
#include "branch.h"
#include "alu.h"
#include "linked.h"
#include "speculation.h"

/* clang-format off */
static const u8 rows[op_count] = {
#define JMP(name, ...) [op_##name##64k ... op_##name##32x] = jmp_##name,
#include "insn.def"
};
/* clang-format on */

enum jmp_row branch_flip(enum jmp_row row)
{
	static const u8 flip[jmp_rows] = {
		[jmp_jeq] = jmp_jeq,   [jmp_jne] = jmp_jne,   [jmp_jset] = jmp_jset,
		[jmp_jgt] = jmp_jlt,   [jmp_jlt] = jmp_jgt,   [jmp_jge] = jmp_jle,
		[jmp_jle] = jmp_jge,   [jmp_jsgt] = jmp_jslt, [jmp_jslt] = jmp_jsgt,
		[jmp_jsge] = jmp_jsle, [jmp_jsle] = jmp_jsge,
	};

	return flip[row];
}

static bool is_packet(const struct reg *r)
{
	return (r->type == reg_packet || r->type == reg_packet_meta ||
		r->type == reg_packet_end) &&
	       !r->flags;
}

/* ---- which way ---- */

static bool is_trusted(const struct reg *r)
{
	const u32 trust = flag_alloc | flag_trusted | flag_non_own;

	return r->ref || ((r->flags & trust) && !(r->flags & ~trust));
}

/* The kernel knows that it is not NULL. */
static bool is_not_null(const struct reg *r)
{
	if (r->flags & flag_null)
		return false;
	switch (r->type) {
	case reg_socket:
	case reg_tcp_sock:
	case reg_sock_common:
	case reg_value:
	case reg_key:
	case reg_map: return true;
	case reg_mem: return !(r->flags & flag_untrusted);
	case reg_btf: return is_trusted(r);
	default: return false;
	}
}

static bool is_zero(const struct reg *r, bool is32)
{
	return r->type == reg_scalar &&
	       (is32 ? scalar_is_const32(&r->n) && !(u32)r->n.bits.value
		     : scalar_is_const(&r->n) && !r->n.bits.value);
}

static int which_way(const struct branch *b)
{
	const struct reg *p = b->d;

	if (is_packet(b->d) && is_packet(b->s) && !b->is32)
		return bound_branch(b);
	if (!reg_is_pointer(b->d) && !reg_is_pointer(b->s))
		return scalar_branch(b->in->op, &b->d->n, &b->s->n);
	if (!is_zero(b->s, b->is32)) {
		if (!is_zero(b->d, b->is32))
			return -1;
		p = b->s;
	}
	if (!is_not_null(p) || (b->row != jmp_jeq && b->row != jmp_jne))
		return -1;
	return b->row == jmp_jne;
}

/* The way that is not taken does not exist, which the numbers decided. */
static void go(struct verifier *v, const struct branch *b, bool taken)
{
	const u32 there = v->insn + 1 + (u32)b->in->off;

	if (!reg_is_pointer(b->d))
		precise_reg(v, b->in->dst);
	if (b->s_is_reg && !reg_is_pointer(b->s))
		precise_reg(v, b->in->src);
	speculation_jump(v, b->in, taken ? v->insn + 1 : there);
	if (taken) {
		v->cur->insn = there;
		v->jumped = true;
	}
}

/* ---- both ways ---- */

/* d and s of the path that jumps. */
struct there {
	struct state *state;
	struct reg *d, *s;
};

static void refine_numbers(struct verifier *v, const struct branch *b, struct there *t)
{
	bool possible;

	if (reg_is_pointer(b->d) || reg_is_pointer(b->s))
		return;
	possible = scalar_refine(b->in->op, false, &b->d->n, &b->s->n);
	possible &= scalar_refine(b->in->op, true, &t->d->n, &t->s->n);
	if (!possible && verifier_tests(v, SKEP_F_TEST_REG_INVARIANTS))
		refuse(v, invariants);
}

static void sync_links(struct verifier *v, const struct branch *b, const struct there *t,
		       const struct links *links)
{
	if (b->s_is_reg && b->s->type == reg_scalar && b->s->id) {
		link_sync(v->cur, b->s, links);
		link_sync(t->state, t->s, links);
	}
	if (b->d->type == reg_scalar && b->d->id) {
		link_sync(v->cur, b->d, links);
		link_sync(t->state, t->d, links);
	}
}

static void collect_links(struct verifier *v, const struct branch *b, struct links *links)
{
	if (b->s_is_reg && b->s->type == reg_scalar && b->s->id)
		link_collect(v, b->s->id, links);
	if (b->d->type == reg_scalar && b->d->id)
		link_collect(v, b->d->id, links);
	if (links->n > 1)
		history_add(v, 0, 0, 0, link_pack(links));
}

/* A pointer that equals one that is not NULL is not NULL either. */
static void refine_equal(struct verifier *v, const struct branch *b,
			 const struct there *t)
{
	bool d_null = b->d->flags & flag_null, s_null = b->s->flags & flag_null;
	const struct there here = {v->cur, b->d, b->s};
	const struct there *eq = b->row == jmp_jeq ? t : &here;

	if (b->is32 || !b->s_is_reg || !reg_is_pointer(b->d) || !reg_is_pointer(b->s))
		return;
	/* typed pointers of the kernel may be NULL whatever their flags say */
	if (d_null == s_null || b->d->type == reg_btf || b->s->type == reg_btf)
		return;
	if (b->row == jmp_jeq || b->row == jmp_jne)
		null_lift(v, s_null ? eq->s : eq->d);
}

static bool tests_null(const struct branch *b)
{
	return !b->is32 && (b->row == jmp_jeq || b->row == jmp_jne) &&
	       (b->d->flags & flag_null) && !b->s_is_reg && !b->in->imm;
}

static void part(struct verifier *v, struct branch *b)
{
	struct links links = {0};
	struct there t;
	struct reg k = *b->s;

	collect_links(v, b, &links);
	t.state = path_fork(v, v->insn + 1 + (u32)b->in->off, v->insn);
	t.d = &frame_of(t.state)->r[b->in->dst];
	t.s = b->s_is_reg ? &frame_of(t.state)->r[b->in->src] : &k;
	refine_numbers(v, b, &t);
	sync_links(v, b, &t, &links);
	refine_equal(v, b, &t);
	if (tests_null(b)) {
		null_mark(v, v->cur, b->in->dst, b->row == jmp_jne);
		null_mark(v, t.state, b->in->dst, b->row == jmp_jeq);
	} else if (!bound_refine(b, v->cur, t.state) && reg_is_pointer(b->d) &&
		   !v->profile->perfmon) {
		refuse(v, pointer_compare, b->in->dst);
	}
}

void do_jump(struct verifier *v, const struct insn *in)
{
	struct branch b = {.in = in, .row = rows[in->op]};
	struct reg k;
	u32 on_stack = 0;
	int taken;

	b.is32 = op_info[in->op].size == 4;
	b.s_is_reg = !op_info[in->op].is_imm;
	b.d = reg_read(v, in->dst);
	if (b.s_is_reg) {
		b.s = reg_read(v, in->src);
		if (!v->profile->perfmon && reg_is_pointer(b.s) &&
		    !(is_packet(b.d) && is_packet(b.s)))
			refuse(v, pointer_compare, in->src);
	} else {
		reg_set_const(&k, (u64)in->imm);
		b.s = &k;
	}
	on_stack |= b.s->type == reg_stack ? HISTORY_SRC_STACK : 0;
	on_stack |= b.d->type == reg_stack ? HISTORY_DST_STACK : 0;
	if (on_stack)
		history_add(v, on_stack, 0, 0, 0);
	taken = which_way(&b);
	if (taken >= 0)
		go(v, &b, taken);
	else
		part(v, &b);
}
