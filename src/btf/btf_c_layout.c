/* Structs with the layout that BTF says. */
#include "btf_c.h"
#include <errno.h>
#include <inttypes.h>

enum { LONG_HOLE = 64 * 64 }; /* bits; a longer one is an array */

static u8 plan(struct c_writer *w, u32 id);

/* Bytes. */
static u32 align_of(struct c_writer *w, u32 id)
{
	u32 size, kind;

	for (;;) {
		id = btf_skip(w->b, id);
		kind = btf_kind_of(w->b, id);
		if (kind != SKEP_BTF_KIND_ARRAY)
			break;
		id = ((struct skep_btf_array *)btf_tail(btf_type(w->b, id)))->type;
	}
	if (kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION)
		return 1u << (plan(w, id) & C_ALIGN);
	size = kind == SKEP_BTF_KIND_PTR ? 8 : btf_size(w->b, id);
	if (kind == SKEP_BTF_KIND_FLOAT && size > 8)
		return 16;
	return size && size <= 16 && !(size & (size - 1)) ? size : 1;
}

/* A member's place in bits. Bit fields are in the member, or, in older BTF, in its type.
 */
struct place {
	u32 bit, bits; /* bits 0: no bit field */
	u32 size;      /* of its type, in bytes */
};

static struct place place_of(struct c_writer *w, const struct skep_btf_type *t,
			     const struct skep_btf_member *m)
{
	u32 type = btf_skip(w->b, m->type), v;
	struct place p = {btf_member_bit(t, m), btf_member_bits(t, m),
			  btf_size(w->b, m->type)};

	if (!p.bits && btf_kind_of(w->b, type) == SKEP_BTF_KIND_INT) {
		v = load32(btf_type(w->b, type) + 1);
		if (SKEP_BTF_INT_BITS(v) != p.size * 8) {
			p.bits = SKEP_BTF_INT_BITS(v);
			p.bit += SKEP_BTF_INT_OFFSET(v);
		}
	}
	if (p.size == BTF_NO_SIZE)
		p.size = 0;
	return p;
}

/* C would not put it there. */
static bool displaced(const struct place *p, u32 align)
{
	if (p->bits)
		return p->size && p->bit % (p->size * 8ull) + p->bits > p->size * 8ull;
	return p->bit % (align * 8);
}

static u8 plan(struct c_writer *w, u32 id)
{
	const struct skep_btf_type *t = btf_type(w->b, id);
	const struct skep_btf_member *m = btf_tail(t);
	u32 most = 1, n = 0;
	bool packed = false;

	if ((w->layout[id] & C_KNOWN) || !c_enter(w))
		return w->layout[id];
	for (u32 i = 0; i < btf_vlen(t); i++) {
		struct place p = place_of(w, t, &m[i]);
		u32 align = align_of(w, m[i].type);

		packed |= displaced(&p, align);
		most = MAX(most, align);
	}
	packed |= t->size % most;
	for (; !packed && 1u << n < most; n++)
		;
	w->layout[id] = (u8)(C_KNOWN | (packed ? C_PACKED : n));
	w->depth--;
	return w->layout[id];
}

/* ---- members ---- */

struct body {
	struct c_writer *w;
	struct str *out;
	u32 indent;
	u64 at; /* bits that are laid out */
	bool packed;
	u32 holes;
};

static void hole(struct body *b, const char *type, u32 bits)
{
	c_line(b->out, b->indent);
	str_printf(b->out, "%s: %" PRIu32 ";", type, bits);
	b->at += bits;
}

static void fill(struct body *b, u64 to)
{
	if (to > b->at && b->at % 8)
		hole(b, "char", (u32)MIN(8 - b->at % 8, to - b->at));
	if (to - b->at > LONG_HOLE && to > b->at) {
		c_line(b->out, b->indent);
		str_printf(b->out, "char __hole_%" PRIu32 "[%" PRIu64 "];", ++b->holes,
			   (to - b->at) / 8);
		b->at += (to - b->at) / 8 * 8;
	}
	while (b->at < to) {
		u64 left = to - b->at;

		if (b->at % 64 == 0 && left >= 64)
			hole(b, "long", 64);
		else if (b->at % 32 == 0 && left >= 32)
			hole(b, "int", 32);
		else if (b->at % 16 == 0 && left >= 16)
			hole(b, "short", 16);
		else
			hole(b, "char", (u32)MIN(left, 8));
	}
}

/* Where C puts it behind what is there. */
static u64 natural(const struct body *b, const struct place *p, u32 align)
{
	u64 unit = (u64)p->size * 8;

	if (!p->bits)
		return round_up(b->at, b->packed ? 8 : align * 8);
	if (b->packed || !unit || b->at % unit + p->bits <= unit)
		return b->at;
	return round_up(b->at, unit);
}

static void member(struct body *b, const struct skep_btf_type *t,
		   const struct skep_btf_member *m)
{
	struct place p = place_of(b->w, t, m);
	struct str name = {0};
	bool in_union = btf_kind(t) == SKEP_BTF_KIND_UNION;

	c_name(b->w, &name, btf_str(b->w->b, m->name_off), 0, 0);
	if (!in_union && natural(b, &p, align_of(b->w, m->type)) != p.bit)
		fill(b, p.bit);
	c_line(b->out, b->indent);
	c_declare(b->w, b->out, m->type, name.s ? name.s : "", b->indent);
	if (p.bits)
		str_printf(b->out, ": %" PRIu32, p.bits);
	str_printf(b->out, ";");
	if (!in_union)
		b->at = (u64)p.bit + (p.bits ? p.bits : (u64)p.size * 8);
	else
		b->at = MAX(b->at, (u64)p.size * 8);
	str_free(&name);
}

void c_members(struct c_writer *w, struct str *out, u32 id, u32 indent)
{
	const struct skep_btf_type *t = btf_type(w->b, id);
	const struct skep_btf_member *m = btf_tail(t);
	u8 layout = plan(w, id);
	struct body b = {.w = w, .out = out, .indent = indent + 1};
	u64 end = (u64)t->size * 8;
	u32 align = 8u << (layout & C_ALIGN);

	if (out->len + w->out->len > C_MOST)
		w->err = -E2BIG;
	if (!c_enter(w))
		return;
	b.packed = layout & C_PACKED;
	str_printf(out, " {");
	for (u32 i = 0; i < btf_vlen(t) && !w->err; i++)
		member(&b, t, &m[i]);
	if (round_up(b.at, align) < end) {
		if (btf_kind(t) == SKEP_BTF_KIND_UNION) {
			c_line(out, b.indent);
			str_printf(out, "char __hole[%" PRIu32 "];", t->size);
		} else {
			fill(&b, end);
		}
	}
	c_line(out, indent);
	str_printf(out, b.packed ? "} __attribute__((packed))" : "}");
	w->depth--;
}

/* The type that C gives an enum is int, or what all its values fit. */
static const char *enum_mode(const struct skep_btf_type *t, bool wide_values)
{
	switch (t->size) {
	case 1: return " __attribute__((mode(QI)))";
	case 2: return " __attribute__((mode(HI)))";
	case 8: return wide_values ? "" : " __attribute__((mode(DI)))";
	}
	return "";
}

void c_enumerators(struct c_writer *w, struct str *out, u32 id, u32 indent)
{
	const struct skep_btf_type *t = btf_type(w->b, id);
	const struct skep_btf_enum *e = btf_tail(t);
	const struct skep_btf_enum64 *e64 = btf_tail(t);
	bool wide = btf_kind(t) == SKEP_BTF_KIND_ENUM64, wide_values = false;

	str_printf(out, " {");
	for (u32 i = 0; i < btf_vlen(t); i++) {
		u64 v = wide	       ? (u64)e64[i].val_hi32 << 32 | e64[i].val_lo32
			: btf_kflag(t) ? (u64)(s64)e[i].val
				       : (u32)e[i].val;
		u32 name = wide ? e64[i].name_off : e[i].name_off;

		c_line(out, indent + 1);
		c_name(w, out, btf_str(w->b, name), id, i);
		if (!btf_kflag(t))
			str_printf(out, " = %" PRIu64 "%s,", v,
				   v > INT64_MAX ? "ULL" : "");
		else if ((s64)v == INT64_MIN)
			str_printf(out, " = -%" PRId64 "LL - 1,", INT64_MAX);
		else
			str_printf(out, " = %" PRId64 ",", v);
		wide_values |= btf_kflag(t) ? (s64)v != (s32)v : v > UINT32_MAX;
	}
	c_line(out, indent);
	str_printf(out, "}%s", enum_mode(t, wide_values));
}
