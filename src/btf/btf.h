/* btf.h - a validated BTF blob, seen from inside skep
 *
 * btf_parse() guarantees, for the life of the blob: all ids and names are in range;
 * kinds, vlen and sizes obey btf_kind.def; members and array elements have a size and lie
 * inside what holds them; following by-value containment ends. Readers need no checks of
 * their own, but whoever recurses bounds the depth: a long chain of types is legal, and
 * pointers loop.
 *
 * The rules of BPF_BTF_LOAD (BTF_RULES_LOAD) are stricter than those for a file: section
 * sizes are filled in, names are identifiers, nothing is extern.
 */
#ifndef BTF_H
#define BTF_H

#include <skep/btf.h>
#include "pass.h"
#include "str.h"

enum { BTF_MAX_DEPTH = 64, BTF_KINDS = SKEP_BTF_KIND_ENUM64 + 1 };

struct skep_btf {
	struct arena arena; /* holds all of it, the struct too */
	u8 *data;	    /* header, types, names: one block */
	size_t len;
	u8 *types;
	char *strs;
	u32 type_len, str_len;
	u32 first_id, end_id; /* of this blob, without the base's */
	u32 first_str;	      /* offset of strs[0] as names count */
	u32 *at;	      /* by id - first_id: offset in types */
	u32 *size;	      /* by id - first_id: bytes, or BTF_NO_SIZE */
	u32 *bare; /* by id - first_id: without modifiers, whose chains may be as
		      long as all types */
	const struct skep_btf *base;
	/* btf_find.c: what readers, on several threads, remember of it */
	_Atomic(struct btf_index *) index;
	_Atomic u32 searches;
};

#define BTF_NO_SIZE UINT32_MAX

/* While sizes are resolved; never seen after it. */
enum { BTF_SIZE_OPEN = UINT32_MAX - 1, BTF_SIZE_TODO = UINT32_MAX - 2 };

enum btf_rules { BTF_RULES_FILE, BTF_RULES_LOAD };
enum { BTF_ENOTSUPP = 524 }; /* the kernel's own, which user space has no name for */

/* 0, -ENOMEM, or -errno and a message: -EINVAL for a file, for loading what the kernel's
 * BPF_BTF_LOAD answers. */
int btf_parse(struct skep_btf **out, const void *data, size_t len,
	      const struct skep_btf *base, enum btf_rules rules, const char *name,
	      struct skep_log *log);

/* The passes of btf_parse(): each needs what the one before it proved. */
struct btf_pass {
	struct pass p;
	struct skep_btf *b;
	enum btf_rules rules;
	const char *name;
};

void btf_check_types(struct btf_pass *bp);   /* needs at[]: every type alone */
void btf_resolve_sizes(struct btf_pass *bp); /* needs checked types: size[], no loops */

/* When the blob is freed. */
void btf_forget_index(struct skep_btf *b);

/* What btf_kind.def says. */
struct btf_kind_info {
	const char *word;
	u8 tail, each;
	enum { btf_field_none, btf_field_size, btf_field_type, btf_field_real } field;
	enum { btf_named_no, btf_named_may, btf_named_must } named;
	u16 vlen;
	bool kflag;
};

extern const struct btf_kind_info btf_kinds[BTF_KINDS];

/* What BPF_BTF_LOAD takes for the name of a type, a member, an argument. */
bool btf_is_identifier(const char *s);
/* And of a section. */
bool btf_is_section(const char *s);

static inline struct skep_btf_type *btf_type(const struct skep_btf *b, u32 id)
{
	while (id < b->first_id)
		b = b->base;
	return (struct skep_btf_type *)(b->types + b->at[id - b->first_id]);
}

static inline const char *btf_str(const struct skep_btf *b, u32 off)
{
	while (off < b->first_str)
		b = b->base;
	return b->strs + (off - b->first_str);
}

static inline u32 btf_kind(const struct skep_btf_type *t)
{
	return SKEP_BTF_INFO_KIND(t->info);
}

static inline u32 btf_vlen(const struct skep_btf_type *t)
{
	return SKEP_BTF_INFO_VLEN(t->info);
}

static inline bool btf_kflag(const struct skep_btf_type *t)
{
	return SKEP_BTF_INFO_KFLAG(t->info);
}

/* Void is of kind UNKN. */
static inline u32 btf_kind_of(const struct skep_btf *b, u32 id)
{
	return id ? btf_kind(btf_type(b, id)) : (u32)SKEP_BTF_KIND_UNKN;
}

static inline const char *btf_name(const struct skep_btf *b, u32 id)
{
	return id ? btf_str(b, btf_type(b, id)->name_off) : "void";
}

/* What follows the type: a struct of <skep/abi_btf.h>, by kind. */
static inline void *btf_tail(const struct skep_btf_type *t)
{
	return (void *)(t + 1);
}

/* With the kind flag the offset holds the width of a bitfield in its top 8 bits. */
static inline u32 btf_member_bit(const struct skep_btf_type *t,
				 const struct skep_btf_member *m)
{
	return btf_kflag(t) ? m->offset & 0xffffff : m->offset;
}

static inline u32 btf_member_bits(const struct skep_btf_type *t,
				  const struct skep_btf_member *m)
{
	return btf_kflag(t) ? m->offset >> 24 : 0;
}

/* Bytes, or BTF_NO_SIZE. */
static inline u32 btf_size(const struct skep_btf *b, u32 id)
{
	if (!id)
		return BTF_NO_SIZE;
	while (id < b->first_id)
		b = b->base;
	return b->size[id - b->first_id];
}

static inline bool btf_is_modifier(u32 kind)
{
	return kind == SKEP_BTF_KIND_TYPEDEF || kind == SKEP_BTF_KIND_VOLATILE ||
	       kind == SKEP_BTF_KIND_CONST || kind == SKEP_BTF_KIND_RESTRICT ||
	       kind == SKEP_BTF_KIND_TYPE_TAG;
}

static inline u32 btf_skip(const struct skep_btf *b, u32 id)
{
	if (!id)
		return 0;
	while (id < b->first_id)
		b = b->base;
	return b->bare[id - b->first_id];
}

/* skep_btf_print_type() and skep_btf_print_value() into a growing text. */
void btf_print_type(struct str *out, const struct skep_btf *b, u32 id, const char *name,
		    bool expand);

/* How a declaration names structs, unions, enums and typedefs. */
struct btf_words {
	void *ctx;
	void (*type)(void *ctx, struct str *out, u32 id, u32 indent);
	u32 indent; /* for bodies */
};
void btf_print_declaration(struct str *out, const struct skep_btf *b, u32 id,
			   const char *name, const struct btf_words *words);

/* A C header: all types, or the `n` in `roots` and what they need. 0, -ENOMEM, or -E2BIG:
 * types nest so deeply, or are so many, that no header is made of them. */
int btf_print_c(struct str *out, const struct skep_btf *b, const u32 *roots, u32 n);

void btf_print_value(struct str *out, const struct skep_btf *b, u32 id, const void *data,
		     size_t len, const struct skep_btf_print *opts);

#endif
