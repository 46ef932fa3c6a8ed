#include "iter_image.h"

enum { ALIGN = 16 };

static u8 *take(struct iter_image *image, u32 len)
{
	u32 at = (u32)round_up(image->used, ALIGN);

	if (at > image->size || len > image->size - at)
		return NULL;
	image->used = at + len;
	return memset(image->mem + at, 0, len);
}

struct iter_struct iter_struct(struct iter_image *image, const char *name)
{
	struct iter_struct s = {.image = image};

	s.type = skep_btf_find(image->types, name, SKEP_BTF_KIND_STRUCT);
	if (s.type)
		s.at = take(image, btf_size(image->types, s.type));
	return s;
}

u64 iter_text(struct iter_image *image, const char *text)
{
	u32 len = (u32)strlen(text) + 1;
	u8 *at = take(image, len);

	return at ? u64_of(memcpy(at, text, len)) : 0;
}

/* ---- members ---- */

struct place {
	u32 bit, bits; /* of the struct; bits 0: no bitfield */
	u32 type;
};

static bool is_compound(const struct skep_btf *b, u32 type)
{
	u32 kind = btf_kind_of(b, type);

	return kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION;
}

/* Members of members without a name count as the struct's own. */
static bool find(const struct skep_btf *b, const char *name, size_t len, u32 depth,
		 struct place *p)
{
	const struct skep_btf_type *t = btf_type(b, p->type);
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		const char *its = btf_str(b, m->name_off);
		struct place in = {p->bit + btf_member_bit(t, m), btf_member_bits(t, m),
				   btf_skip(b, m->type)};
		bool same = *its && !strncmp(its, name, len) && !its[len];

		if (same || (!*its && depth < BTF_MAX_DEPTH && is_compound(b, in.type) &&
			     find(b, name, len, depth + 1, &in))) {
			*p = in;
			return true;
		}
	}
	return false;
}

static bool find_path(struct iter_struct s, const char *path, struct place *p)
{
	const struct skep_btf *b = s.image->types;

	*p = (struct place){.type = s.type};
	while (s.at && *path) {
		size_t len = strcspn(path, ".");

		if (!is_compound(b, p->type) || !find(b, path, len, 0, p))
			return false;
		path += len + (path[len] == '.');
	}
	return s.at;
}

static void set_bits(u8 *at, const struct place *p, u64 value)
{
	for (u32 i = 0; i < p->bits; i++) {
		u32 bit = p->bit + i;

		at[bit / 8] |= (u8)((value >> i & 1) << bit % 8);
	}
}

void iter_set(struct iter_struct s, const char *path, u64 value)
{
	struct place p;
	u32 size;

	if (!find_path(s, path, &p))
		return;
	size = btf_size(s.image->types, p.type);
	if (p.bits)
		set_bits(s.at, &p, value);
	else if (size <= sizeof(value)) /* little-endian, as all of this */
		memcpy(s.at + p.bit / 8, &value, size);
}

void iter_set_bytes(struct iter_struct s, const char *path, const void *from, u32 len)
{
	struct place p;

	if (find_path(s, path, &p) && !p.bits)
		memcpy(s.at + p.bit / 8, from,
		       MIN(len, btf_size(s.image->types, p.type)));
}
