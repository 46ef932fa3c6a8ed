/* Registers and stack slots, as the kernel's log has them. */
#include "verifier.h"

static void print_signed(struct verifier *v, s64 n)
{
	if (n >= INT16_MIN && n <= INT16_MAX)
		verify_print(v, "%lld", (long long)n);
	else
		verify_print(v, "0x%llx", (unsigned long long)n);
}

static void print_unsigned(struct verifier *v, u64 n)
{
	if (n <= UINT16_MAX)
		verify_print(v, "%llu", (unsigned long long)n);
	else
		verify_print(v, "0x%llx", (unsigned long long)n);
}

/* ---- ranges ---- */

/* In hex a negative 32-bit number is not extended to 64. */
static u64 widen(s32 n)
{
	return n >= INT16_MIN && n <= INT16_MAX ? (u64)(s64)n : (u32)n;
}

struct end {
	const char *name;
	u64 value;
	bool is_signed, said; /* or says nothing */
};

/* Of the ends of one side, those that are equal are said together. */
static void print_end(struct verifier *v, struct end *all, u32 n, u32 i, const char *sep)
{
	struct end *e = &all[i];
	bool negative = e->is_signed && (s64)e->value < 0;

	verify_print(v, "%s%s=", sep, e->name);
	for (u32 k = i + 2; k < n; k += 2) {
		struct end *o = &all[k];

		if (o->said || o->value != e->value ||
		    (o->is_signed && (s64)o->value < 0) != negative)
			continue;
		o->said = true;
		verify_print(v, "%s=", o->name);
	}
	if (e->is_signed)
		print_signed(v, (s64)e->value);
	else
		print_unsigned(v, e->value);
}

static void print_ranges(struct verifier *v, const struct scalar *n, const char **sep)
{
	struct end ends[] = {
		{"smin", (u64)n->smin, true, n->smin == INT64_MIN},
		{"smax", (u64)n->smax, true, n->smax == INT64_MAX},
		{"umin", n->umin, false, n->umin == 0},
		{"umax", n->umax, false, n->umax == UINT64_MAX},
		{"smin32", widen(n->smin32), true, n->smin32 == INT32_MIN},
		{"smax32", widen(n->smax32), true, n->smax32 == INT32_MAX},
		{"umin32", n->umin32, false, n->umin32 == 0},
		{"umax32", n->umax32, false, n->umax32 == UINT32_MAX},
	};

	for (u32 i = 0; i < ARRAY_SIZE(ends); i++) {
		if (ends[i].said)
			continue;
		print_end(v, ends, ARRAY_SIZE(ends), i, *sep);
		*sep = ",";
	}
}

static void print_number(struct verifier *v, const struct scalar *n, const char *sep)
{
	if (scalar_is_const(n)) {
		if (n->bits.value) {
			verify_print(v, "%simm=", sep);
			print_signed(v, (s64)n->bits.value);
		}
		return;
	}
	print_ranges(v, n, &sep);
	if (n->bits.value || n->bits.mask != UINT64_MAX)
		verify_print(v, "%svar_off=(0x%llx; 0x%llx)", sep,
			     (unsigned long long)n->bits.value,
			     (unsigned long long)n->bits.mask);
}

/* ---- registers ---- */

static const char *const dynptr_names[] = {
	[dynptr_none] = "<invalid>",  [dynptr_local] = "local",
	[dynptr_ringbuf] = "ringbuf", [dynptr_skb] = "skb",
	[dynptr_xdp] = "xdp",	      [dynptr_skb_meta] = "skb_meta",
	[dynptr_file] = "file",
};

/* ",name=value" */
#define PRINT(v, sep, fmt, ...) \
	(verify_print(v, "%s" fmt, sep, ##__VA_ARGS__), (sep) = ",")

static const char *print_ids(struct verifier *v, const struct reg *r)
{
	const char *sep = "";

	if (r->id)
		PRINT(v, sep, "id=%u", r->id & ~ID_ADD_CONST);
	if (r->type == reg_scalar && (r->id & ID_ADD_CONST))
		verify_print(v, "%+d", r->off);
	if (r->ref)
		PRINT(v, sep, "ref_obj_id=%u", r->ref);
	if (r->flags & flag_non_own)
		PRINT(v, sep, "non_own_ref");
	return sep;
}

static const char *print_map(struct verifier *v, const struct reg *r, const char *sep)
{
	const struct verify_map *map = reg_map_of(v, r);

	if (map->name[0])
		PRINT(v, sep, "map=%.*s", SKEP_OBJ_NAME_LEN, map->name);
	PRINT(v, sep, "ks=%u,vs=%u", map->key_size, map->value_size);
	return sep;
}

static void print_pointer(struct verifier *v, const struct reg *r)
{
	const char *sep = print_ids(v, r);

	if (r->type == reg_map || r->type == reg_value || r->type == reg_key)
		sep = print_map(v, r, sep);
	if (r->type != reg_scalar && r->off) {
		PRINT(v, sep, "off=");
		print_signed(v, r->off);
	}
	if (r->type == reg_packet || r->type == reg_packet_meta) {
		PRINT(v, sep, "r=");
		print_unsigned(v, (u64)r->range);
	}
	if (r->type == reg_mem) {
		PRINT(v, sep, "sz=");
		print_unsigned(v, r->size);
	}
	if (r->type == reg_dynptr)
		PRINT(v, sep, "type=%s", dynptr_names[r->dynptr]);
	print_number(v, &r->n, sep);
}

static void print_reg(struct verifier *v, const struct frame *f, const struct reg *r)
{
	char name[64];

	/* without CAP_BPF all numbers are */
	if (r->type == reg_scalar && (r->precise || !v->profile->bpf))
		verify_print(v, "P");
	if (r->type == reg_scalar && scalar_is_const(&r->n)) {
		print_signed(v, (s64)r->n.bits.value);
		return;
	}
	verify_print(v, "%s", reg_type_name(v, r, name));
	if (r->type == reg_arena)
		return;
	if (r->type == reg_stack && r->frame != f->number)
		verify_print(v, "[%u]", r->frame);
	if (r->type == reg_stack && scalar_is_const(&r->n)) {
		print_signed(v, (s64)r->n.bits.value + r->off);
		return;
	}
	if (r->type == reg_btf)
		verify_print(v, "%s", btf_name(r->btf, r->btf_id));
	verify_print(v, "(");
	print_pointer(v, r);
	verify_print(v, ")");
}

/* ---- the stack ---- */

static void print_dynptr(struct verifier *v, u32 i, const struct reg *r)
{
	const char *sep = "";

	verify_print(v, " fp%d=dynptr_%s(", -8 * (int)(i + 1), dynptr_names[r->dynptr]);
	if (r->id)
		PRINT(v, sep, "id=%u", r->id);
	if (r->ref)
		PRINT(v, sep, "ref_id=%u", r->ref);
	verify_print(v, ")");
}

static void print_iter(struct verifier *v, u32 i, const struct reg *r)
{
	const char *name = r->iter_btf ? btf_name(r->iter_btf, r->iter_btf_id) : "";
	static const char *const states[] = {"<invalid>", "active", "drained"};

	if (!r->ref)
		return;
	if (!strncmp(name, "bpf_iter_", 9))
		name += 9;
	verify_print(v, " fp%d=iter_%s(ref_id=%u,state=%s,depth=%u)", -8 * (int)(i + 1),
		     name, r->ref, states[r->iter], r->depth);
}

/* What is there, byte by byte, from the slot's upper end: only above a spill if `spill`.
 */
static void print_kinds(struct verifier *v, u32 i, const struct slot *s)
{
	static const char letter[] = "?rm0dif";
	char text[9] = "";

	for (u32 k = 0; k < 8 && s->kind[k] != slot_spill; k++)
		text[k] = letter[s->kind[k]];
	verify_print(v, " fp%d=%s", -8 * (int)(i + 1), text);
}

static bool is_invalid(const struct slot *s)
{
	for (u32 i = 0; i < 8; i++)
		if (s->kind[i] != slot_invalid)
			return false;
	return true;
}

/* Returns the last slot that was printed: a dynptr has two. */
static u32 print_slot(struct verifier *v, const struct frame *f, u32 i)
{
	const struct slot *s = &f->slot[i];

	if (is_invalid(s))
		return i;
	switch (s->kind[7]) {
	case slot_dynptr:
		i = MIN(i + 1, f->nslots - 1);
		print_dynptr(v, i, &f->slot[i].reg);
		break;
	case slot_iter: print_iter(v, i, &s->reg); break;
	case slot_spill:
		print_kinds(v, i, s);
		print_reg(v, f, &s->reg);
		break;
	default: print_kinds(v, i, s);
	}
	return i;
}

static void print_refs(struct verifier *v, const struct state *s)
{
	const char *sep = " refs=";

	if (!s->nrefs || !s->refs[0].id)
		return;
	for (u32 i = 0; i < s->nrefs; i++) {
		if (!s->refs[i].id)
			continue;
		verify_print(v, "%s%u", sep, s->refs[i].id);
		sep = ",";
	}
}

void log_state(struct verifier *v, const struct state *s, u32 frame, bool all)
{
	const struct frame *f = s->frame[frame];
	u32 regs = all ? ~0u : v->noted.regs;
	u64 slots = all ? ~0ull : v->noted.slots;

	if (!v->log_level)
		return;
	if (f->number)
		verify_print(v, " frame%u:", f->number);
	for (u32 i = 0; i < REGS; i++) {
		if (f->r[i].type == reg_none || !(regs & 1u << i))
			continue;
		verify_print(v, " R%u=", i);
		print_reg(v, f, &f->r[i]);
	}
	for (u32 i = 0; i < f->nslots; i++)
		if (slots & 1ull << i)
			i = print_slot(v, f, i);
	print_refs(v, s);
	verify_print(v, "%s%s\n", f->callback ? " cb" : "",
		     f->async_callback ? " async_cb" : "");
	if (!all)
		v->noted.regs = 0, v->noted.slots = 0;
}
