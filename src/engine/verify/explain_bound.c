/* Numbers: what is known of them, what they must be, and one with which it goes wrong. */
#include <stdio.h>
#include <stdlib.h>
#include "explain_tale.h"
#include "str.h"

/* ---- numbers ---- */

const char *tale_range(struct tale *t, const struct scalar *n)
{
	if (scalar_is_const(n))
		return tale_text(t, "%lld", (long long)n->bits.value);
	if (n->umax <= INT64_MAX && n->umax != UINT32_MAX)
		return tale_text(t, "%llu to %llu", (unsigned long long)n->umin,
				 (unsigned long long)n->umax);
	if (n->smin == INT32_MIN && n->smax == INT32_MAX)
		return "any signed 32-bit number";
	if (n->umin == 0 && n->umax == UINT32_MAX)
		return "any unsigned 32-bit number";
	if (n->smin != INT64_MIN && n->smax != INT64_MAX)
		return tale_text(t, "%lld to %lld", (long long)n->smin,
				 (long long)n->smax);
	if (n->umin)
		return tale_text(t, "%llu or more", (unsigned long long)n->umin);
	if (n->smax < INT64_MAX / 2)
		return tale_text(t, "%lld or less, negative numbers too",
				 (long long)n->smax);
	if (n->smin != INT64_MIN)
		return tale_text(t, "%lld or more", (long long)n->smin);
	return "any 64-bit number";
}

static u64 argument_size(const struct tale *t)
{
	const struct helper_proto *h = t->helper;
	u32 i = (u32)t->regno - 1;

	if (t->regno < 1 || t->regno > 5)
		return 0;
	if (h->arg[i] & take_fixed)
		return h->fixed_size[i];
	for (u32 k = 0; k < i; k++) {
		const struct reg *map = &t->regs[k + 1];

		if (map->type != reg_map)
			continue;
		if ((h->arg[i] & take_kind) == take_key)
			return reg_map_of(t->v, map)->key_size;
		if ((h->arg[i] & take_kind) == take_value)
			return reg_map_of(t->v, map)->value_size;
	}
	if (i < 4 && t->regs[i + 2].type == reg_scalar)
		return t->regs[i + 2].n.umax;
	return 0;
}

/* Through a pointer that is being calculated: how many bytes are accessed right behind
 * that, and at which offset from the pointer; 1 at 0 if that is not plain. */
static u32 access_ahead(const struct tale *t, s64 *off)
{
	u32 reg = t->in->dst;

	*off = 0;
	for (u32 i = t->insn + 1; i < t->v->n && i < t->insn + 8; i++) {
		const struct insn *in = &t->v->insns[i];
		const struct op_info *info = &op_info[in->op];
		bool load = info->class == class_load;

		if ((load && in->src == reg) ||
		    (info->class == class_store && in->dst == reg)) {
			*off += in->off;
			return info->size;
		}
		if (in->op == op_add64k && in->dst == reg)
			*off += in->imm;
		else if (in->op != op_lddw && info->class != class_store &&
			 !(load && in->dst != reg) &&
			 !(info->class == class_alu && in->dst != reg))
			break;
	}
	*off = 0;
	return 1;
}

u64 tale_size(const struct tale *t)
{
	s64 off;

	if (t->helper)
		return argument_size(t);
	if (!t->in)
		return 0;
	return op_info[t->in->op].class == class_alu ? access_ahead(t, &off)
						     : op_info[t->in->op].size;
}

s64 tale_offset(const struct tale *t)
{
	s64 off = t->in ? t->in->off : 0;
	u8 class = t->in ? op_info[t->in->op].class : (u8)class_none;

	if (class == class_alu)
		access_ahead(t, &off);
	else if (class < class_load || class > class_atomic)
		off = 0;
	return (s64)t->reg.off + off;
}

/* Of what a pointer points to; 0: not known. */
static u64 limit_of(const struct tale *t, const struct reg *r)
{
	switch (r->type) {
	case reg_value: return reg_map_of(t->v, r)->value_size;
	case reg_key: return reg_map_of(t->v, r)->key_size;
	case reg_mem: return r->size;
	case reg_packet:
	case reg_packet_meta: return (u64)MAX(r->range, 0);
	default: return 0;
	}
}

/* Of an array among the global variables its own end, not the section's: what is behind
 * it may be indexed as well, but nobody wants to. */
u64 tale_limit(const struct tale *t)
{
	const struct skep_btf_var_secinfo *var = NULL;

	if (t->reg.type == reg_value && !scalar_is_const(&t->number->n))
		var = tale_variable(reg_map_of(t->v, &t->reg), tale_offset(t));
	return var ? var->offset + var->size : limit_of(t, &t->reg);
}

u32 tale_rounds(const struct tale *t)
{
	const struct record *rec = t->rec;
	u32 n = 0;

	for (u32 step = 0; step + 1 < rec->nsnaps; step++)
		n += rec->snaps[step].insn == t->insn;
	return n;
}

/* The greatest number that may be added, in units of the variable. */
static s64 most(const struct tale *t)
{
	s64 room = (s64)tale_limit(t) - (s64)tale_size(t) - tale_offset(t);

	return MAX(room, 0) / (s64)t->scale;
}

/* How many bytes there are for a helper, behind the pointer that comes with the size; 0:
 * not known. */
static s64 room_of(const struct tale *t)
{
	const struct reg *r = t->regs && t->regno > 1 ? &t->regs[t->regno - 1] : &t->reg;
	s64 end = r->type == reg_stack ? 0 : (s64)limit_of(t, r);

	return MAX(end - r->off, 0);
}

/* Behind which offset nothing is: of the stack counted from the variable on. */
static u64 bytes_from_start(const struct tale *t)
{
	return t->reg.type == reg_stack ? (u64)MAX(-tale_offset(t), 0) : tale_limit(t);
}

/* A value of the number that does not do. */
static s64 witness(const struct tale *t)
{
	const struct scalar *n = &t->number->n;
	s64 scale = (s64)t->scale;

	if (t->class->follow == follow_size)
		return n->smin < 0 ? -1 : MAX(room_of(t) + 1, (s64)n->umin);
	if (t->wide)
		return 1ll << 32;
	if (n->smax / scale > most(t) && n->smin == INT64_MIN)
		return most(t) + 1;
	if (n->smin < -MAX(t->reg.type == reg_stack ? 0 : tale_offset(t), 0))
		return n->smin <= -scale && n->smax >= -scale ? -1 : n->smin / scale;
	return MAX(most(t) + 1, (s64)MIN(n->umin, INT64_MAX) / scale);
}

/* ---- the words ---- */

#define WORD(name) void word_##name(struct tale *t, struct str *s)

WORD(limit)
{
	str_printf(s, "%llu", (unsigned long long)tale_limit(t));
}

WORD(size)
{
	str_printf(s, "%llu", (unsigned long long)tale_size(t));
}

WORD(bytes)
{
	str_printf(s, "%lld", (long long)(tale_offset(t) + (s64)tale_size(t)));
}

/* From where a variable on the stack begins to the frame's end. */
WORD(room)
{
	str_printf(s, "%lld", (long long)MAX(-tale_offset(t), 0));
}

/* What is added varies, and is `name` times `scale` and nothing else. */
static bool is_plain_index(const struct tale *t)
{
	return t->name && !t->derived && t->class->follow != follow_pointer &&
	       !scalar_is_const(&t->number->n);
}

/* How far in front of the sum with what varies the access begins. */
WORD(before)
{
	str_printf(s, "%lld", (long long)-tale_offset(t));
}

WORD(reg_off)
{
	str_printf(s, "%lld", (long long)t->reg.off);
}

WORD(rounds)
{
	str_printf(s, "%u", tale_rounds(t));
}

WORD(size_bytes)
{
	u64 n = tale_size(t);

	str_printf(s, "%llu byte%s", (unsigned long long)n, n == 1 ? "" : "s");
}

WORD(required)
{
	if (is_plain_index(t))
		str_printf(s, "0 <= %s <= %lld, so that ", t->name, (long long)most(t));
	else
		str_printf(s, "offset >= 0 and ");
	str_printf(s, "offset + %llu <= %llu (bytes)", (unsigned long long)tale_size(t),
		   (unsigned long long)bytes_from_start(t));
}

static void say_offset(struct tale *t, struct str *s)
{
	s64 off = tale_offset(t);

	if (t->reg.type == reg_stack)
		off = 0;
	if (scalar_is_const(&t->number->n))
		str_printf(s, "offset %lld",
			   (long long)(off + (s64)t->number->n.bits.value));
	else if (off)
		str_printf(s, "offset: %lld + (%s)", (long long)off,
			   tale_range(t, &t->number->n));
	else
		str_printf(s, "offset: %s", tale_range(t, &t->number->n));
}

WORD(offsets)
{
	struct scalar n = t->number->n;

	if (!is_plain_index(t)) {
		say_offset(t, s);
		return;
	}
	if (n.umax <= INT64_MAX) {
		n.umin /= t->scale;
		n.umax /= t->scale;
	}
	str_printf(s, "%s: %s", t->name, tale_range(t, &n));
	if (t->scale > 1 || (t->reg.type != reg_stack && tale_offset(t))) {
		str_printf(s, " (");
		say_offset(t, s);
		str_printf(s, ")");
	}
}

WORD(off)
{
	str_printf(
		s, "%lld",
		(long long)(tale_offset(t) +
			    (scalar_is_const(&t->reg.n) ? (s64)t->reg.n.bits.value : 0)));
}

/* The asm: else the compiler may check a copy of 32 bits, when it knows that this is
 * the same, and pass the value with all 64. */
WORD(limit_size)
{
	str_printf(
		s,
		"before %s write __u64 n = %s; asm volatile(\"\" : \"+r\"(n)); if (n > ",
		tale_at(t, t->insn), t->name ? t->name : "the size");
	if (room_of(t))
		str_printf(
			s, "%lld",
			(long long)(t->own > 0 ? MIN(t->own, room_of(t)) : room_of(t)));
	else
		str_printf(s, "sizeof(buf)");
	str_printf(s, ") ");
	word_leave(t, s);
	str_printf(s, " and pass n (the asm keeps the compiler from checking a "
		      "copy of it)");
}

WORD(size_limit)
{
	if (room_of(t))
		str_printf(s, "0 <= size <= %lld, the bytes that are there",
			   (long long)room_of(t));
	else
		str_printf(s, "a size of 0 or more, with a known upper bound");
}

WORD(range)
{
	str_printf(s, "%s", tale_range(t, &t->number->n));
}

WORD(witness)
{
	str_printf(s, "%lld", (long long)witness(t));
}

/* With which index it goes wrong. */
WORD(fails)
{
	str_printf(s, t->name ? "%s = %lld" : "%s %lld",
		   t->name ? t->name : "an index of", (long long)witness(t));
}

/* The greatest index to check for: that of a check which the program has, if that will
 * do.
 */
static s64 most_wanted(const struct tale *t)
{
	return t->own >= 0 ? MIN(t->own, most(t)) : most(t);
}

WORD(bound)
{
	const char *name = t->name ? t->name : "i";
	u64 mask = 1;

	if (!t->name)
		str_printf(s, "put the index into a variable, __u64 i; ");
	str_printf(s, "before %s add: ", tale_at(t, t->insn));
	if (t->joined)
		str_printf(s, "asm volatile(\"\" : \"+r\"(%s)); ", name);
	str_printf(s, "if (%s > %lld) ", name, (long long)most_wanted(t));
	word_leave(t, s);
	if (t->joined)
		str_printf(s, " (the asm keeps the compiler from making one check of "
			      "both)");
	if (t->number->n.smin < 0)
		str_printf(
			s,
			" where %s is unsigned (of a signed one negative numbers pass)",
			name);
	while (mask * 2 + 1 <= (u64)most_wanted(t))
		mask = mask * 2 + 1;
	if (most_wanted(t) >= 1)
		str_printf(s, " or index with %s & 0x%llx", name,
			   (unsigned long long)mask);
}

WORD(limit_far)
{
	if (t->number->n.umax + (u64)MAX(tale_offset(t), 0) + tale_size(t) <= PACKET_FAR)
		return;
	if (tale_rounds(t)) {
		str_printf(s,
			   "; and end the loop after a number of rounds: for (int i = 0; "
			   "i < 16; i++), so that the offset stays below 65535");
	} else {
		str_printf(s,
			   "; but before the addition limit the offset: if (%s > 1500) ",
			   t->name ? t->name : "offset");
		word_leave(t, s);
	}
}

WORD(packet_known)
{
	if (t->reg.range > 0)
		str_printf(s, "%d bytes were compared with data_end on this path",
			   t->reg.range);
	else
		str_printf(s,
			   "nothing was compared with data_end through this pointer on "
			   "this path");
}

/* "[0, 1]" of the kernel's message. */
WORD(returns)
{
	const char *at = strstr(t->out->kernel, "should have been in ");

	if (at)
		str_printf(s, "a number in %s", strchr(at, '['));
	else
		str_printf(s, "a number");
}

WORD(witness_return)
{
	const char *at = strchr(t->out->kernel, '[');
	const struct scalar *n = &t->reg.n;
	s64 low = 0, high = 0;

	if (at)
		low = atoll(at + 1);
	if (at && strchr(at, ','))
		high = atoll(strchr(at, ',') + 1);
	if (n->smax > high)
		str_printf(s, "%lld", (long long)MAX(high + 1, n->smin));
	else
		str_printf(s, "%lld", (long long)MIN(low - 1, n->smax));
}

WORD(unwritten)
{
	const char *at = strstr(t->out->kernel, "off ");
	int off, byte, size;

	if (at && sscanf(at, "off %d+%d size %d", &off, &byte, &size) == 3)
		str_printf(s, "byte %d of %d was not (the first byte is 0)", byte, size);
	else
		str_printf(s, "%s", t->out->kernel);
}
