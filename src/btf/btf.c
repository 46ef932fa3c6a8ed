#include "btf.h"
#include <errno.h>
#include "msg.h"

const struct btf_kind_info btf_kinds[BTF_KINDS] = {
	[SKEP_BTF_KIND_UNKN] = {.word = "void"},
#define KIND(name, word, tail, each, field, named, vlen, kflag) \
	[SKEP_BTF_KIND_##name] = { \
		word, tail, each, btf_field_##field, btf_named_##named, vlen, kflag},
#include "btf_kind.def"
#undef KIND
};

static void check_header(struct btf_pass *bp, const u8 *d, size_t len)
{
	u32 hdr_len;

	if (len < sizeof(struct skep_btf_header))
		pass_throw(&bp->p, EINVAL, msg_btf_short, bp->name, len);
	hdr_len = load32(d + 4);
	if (load16(d) != SKEP_BTF_MAGIC)
		pass_throw(&bp->p, EINVAL, msg_btf_magic, bp->name, load16(d));
	if (d[2] != 1 || d[3])
		pass_throw(&bp->p, BTF_ENOTSUPP, msg_btf_version, bp->name, d[2], d[3]);
	if (hdr_len < sizeof(struct skep_btf_header) || hdr_len > len)
		pass_throw(&bp->p, EINVAL, msg_btf_hdr_len, bp->name, hdr_len, len);
	for (u32 i = sizeof(struct skep_btf_header); i < hdr_len; i++)
		if (d[i])
			pass_throw(&bp->p, E2BIG, msg_btf_hdr_rest, bp->name, i);
}

static bool inside(u32 off, u32 n, size_t len)
{
	return off <= len && n <= len - off;
}

/* One section lies behind the other and both fill the rest; so the kernel wants it. */
static bool exact(const struct skep_btf_header *h, size_t rest)
{
	bool types_first = !h->type_off && h->str_off == h->type_len;
	bool names_first = !h->str_off && h->type_off == h->str_len;

	return (types_first || names_first) && (u64)h->type_len + h->str_len == rest;
}

/* Copies what is used into one aligned block: header, types, names. */
static void copy_sections(struct btf_pass *bp, const u8 *d, size_t len)
{
	struct skep_btf *b = bp->b;
	struct skep_btf_header h;
	size_t rest;

	memcpy(&h, d, sizeof(h));
	d += h.hdr_len;
	rest = len - h.hdr_len;
	if (!inside(h.type_off, h.type_len, rest) ||
	    !inside(h.str_off, h.str_len, rest) ||
	    (bp->rules == BTF_RULES_LOAD && !exact(&h, rest)))
		pass_throw(&bp->p, EINVAL, msg_btf_sections, bp->name, h.type_len,
			   h.type_off, h.str_len, h.str_off, rest);
	if (bp->rules == BTF_RULES_LOAD && !h.type_len)
		pass_throw(&bp->p, EINVAL, msg_btf_empty, bp->name);
	if (h.type_off % 4)
		pass_throw(&bp->p, EINVAL, msg_btf_align, bp->name, h.type_off);
	b->len = (size_t)sizeof(struct skep_btf_header) + h.type_len + h.str_len;
	b->data = pass_alloc(&bp->p, b->len, 1);
	b->types = b->data + sizeof(struct skep_btf_header);
	b->strs = (char *)b->types + h.type_len;
	b->type_len = h.type_len;
	b->str_len = h.str_len;
	memcpy(b->types, d + h.type_off, h.type_len);
	memcpy(b->strs, d + h.str_off, h.str_len);
	h.hdr_len = sizeof(struct skep_btf_header);
	h.type_off = 0;
	h.str_off = h.type_len;
	memcpy(b->data, &h, sizeof(h));
}

static void check_strings(struct btf_pass *bp)
{
	struct skep_btf *b = bp->b;

	if (b->base && !b->str_len)
		return;
	if (!b->str_len || b->strs[b->str_len - 1] || (!b->base && b->strs[0]))
		pass_throw(&bp->p, EINVAL, msg_btf_strings, bp->name);
	if (b->str_len - 1 > SKEP_BTF_MAX_NAME_OFFSET - b->first_str)
		pass_throw(&bp->p, E2BIG, msg_btf_many, bp->name);
}

static u32 type_bytes(struct btf_pass *bp, u32 at)
{
	const struct skep_btf *b = bp->b;
	const struct skep_btf_type *t = (void *)(b->types + at);
	const struct btf_kind_info *k;
	u32 left = b->type_len - at;
	u64 need;

	if (left < sizeof(*t))
		pass_throw(&bp->p, EINVAL, msg_btf_cut, bp->name, b->end_id, "?", at, 0,
			   b->type_len);
	if (!btf_kind(t) || btf_kind(t) >= BTF_KINDS)
		pass_throw(&bp->p, EINVAL, msg_btf_kind, bp->name, b->end_id, at,
			   btf_kind(t));
	k = &btf_kinds[btf_kind(t)];
	need = sizeof(*t) + k->tail + (u64)k->each * btf_vlen(t);
	if (need > left)
		pass_throw(&bp->p, EINVAL, msg_btf_cut, bp->name, b->end_id, k->word, at,
			   btf_vlen(t), b->type_len);
	return (u32)need;
}

static void index_types(struct btf_pass *bp)
{
	struct skep_btf *b = bp->b;

	b->at = pass_alloc(&bp->p, b->type_len / sizeof(struct skep_btf_type) + 1, 4);
	for (u32 at = 0; at < b->type_len; b->end_id++) {
		u32 n = type_bytes(bp, at);

		if (b->end_id > SKEP_BTF_MAX_TYPE)
			pass_throw(&bp->p, E2BIG, msg_btf_many, bp->name);
		b->at[b->end_id - b->first_id] = at;
		at += n;
	}
}

static struct skep_btf *new_btf(struct btf_pass *bp, const struct skep_btf *base)
{
	struct skep_btf *b = pass_alloc(&bp->p, 1, sizeof(*b));

	b->base = base;
	b->first_id = base ? base->end_id : 1;
	b->first_str = base ? base->first_str + base->str_len : 0;
	b->end_id = b->first_id;
	return b;
}

int btf_parse(struct skep_btf **out, const void *data, size_t len,
	      const struct skep_btf *base, enum btf_rules rules, const char *name,
	      struct skep_log *log)
{
	struct btf_pass bp = {.p = {.log = log}, .rules = rules, .name = name};

	*out = NULL;
	if (!pass_try(&bp.p)) {
		if (rules == BTF_RULES_FILE && bp.p.err != -ENOMEM)
			bp.p.err = -EINVAL;
		return pass_end(&bp.p);
	}
	bp.b = new_btf(&bp, base);
	check_header(&bp, data, len);
	copy_sections(&bp, data, len);
	check_strings(&bp);
	index_types(&bp);
	btf_check_types(&bp);
	btf_resolve_sizes(&bp);
	bp.b->arena = bp.p.arena; /* the blob owns what the pass allocated */
	*out = bp.b;
	return 0;
}

int skep_btf_parse(struct skep_btf **out, const void *data, size_t len,
		   const struct skep_btf *base, const char *name, struct skep_log *log)
{
	return btf_parse(out, data, len, base, BTF_RULES_FILE, name, log);
}

void skep_btf_free(struct skep_btf *btf)
{
	struct arena a;

	if (!btf)
		return;
	btf_forget_index(btf);
	a = btf->arena;
	arena_free(&a);
}

const void *skep_btf_data(const struct skep_btf *btf, size_t *len)
{
	*len = btf->len;
	return btf->data;
}

uint32_t skep_btf_end(const struct skep_btf *btf)
{
	return btf->end_id;
}

const struct skep_btf_type *skep_btf_type_by_id(const struct skep_btf *btf, uint32_t id)
{
	return id && id < btf->end_id ? btf_type(btf, id) : NULL;
}

const char *skep_btf_string(const struct skep_btf *btf, uint32_t name_off)
{
	return name_off < btf->first_str + btf->str_len ? btf_str(btf, name_off) : NULL;
}

uint32_t skep_btf_skip_modifiers(const struct skep_btf *btf, uint32_t id)
{
	return id < btf->end_id ? btf_skip(btf, id) : 0;
}

int64_t skep_btf_size(const struct skep_btf *btf, uint32_t id)
{
	u32 size = id < btf->end_id ? btf_size(btf, id) : BTF_NO_SIZE;

	return size == BTF_NO_SIZE ? -EINVAL : (int64_t)size;
}
