/* blob.h - BTF built by hand, for tests of what no compiler writes */
#ifndef BLOB_H
#define BLOB_H

#include "btf.h"

struct blob {
	u8 types[4096];
	char strs[1024];
	u32 type_len, str_len, n;
};

static inline u32 blob_str(struct blob *b, const char *s)
{
	u32 at;

	if (!b->str_len)
		b->str_len = 1;
	if (!*s)
		return 0;
	at = b->str_len;
	memcpy(b->strs + at, s, strlen(s) + 1);
	b->str_len += (u32)strlen(s) + 1;
	return at;
}

static inline void blob_word(struct blob *b, u32 v)
{
	store32(b->types + b->type_len, v);
	b->type_len += 4;
}

/* Returns the new type's id. `kind` may hold the kind flag in bit 7. */
static inline u32 blob_type(struct blob *b, const char *name, u32 kind, u32 vlen,
			    u32 size)
{
	blob_word(b, blob_str(b, name));
	blob_word(b, kind << 24 | vlen);
	blob_word(b, size);
	return ++b->n;
}

enum { BLOB_KFLAG = 128 };

static inline u32 blob_int(struct blob *b, const char *name, u32 size, u32 encoding)
{
	u32 id = blob_type(b, name, SKEP_BTF_KIND_INT, 0, size);

	blob_word(b, encoding << 24 | size * 8);
	return id;
}

static inline u32 blob_array(struct blob *b, u32 elem, u32 n)
{
	u32 id = blob_type(b, "", SKEP_BTF_KIND_ARRAY, 0, 0);

	blob_word(b, elem);
	blob_word(b, elem);
	blob_word(b, n);
	return id;
}

static inline void blob_member(struct blob *b, const char *name, u32 type, u32 offset)
{
	blob_word(b, blob_str(b, name));
	blob_word(b, type);
	blob_word(b, offset);
}

/* The whole blob in out[]; returns its length. */
static inline size_t blob_done(struct blob *b, u8 *out)
{
	struct skep_btf_header h = {
		.magic = SKEP_BTF_MAGIC,
		.version = 1,
		.hdr_len = sizeof(h),
		.type_len = b->type_len,
		.str_off = b->type_len,
		.str_len = b->str_len ? b->str_len : 1,
	};

	memcpy(out, &h, sizeof(h));
	memcpy(out + sizeof(h), b->types, b->type_len);
	memcpy(out + sizeof(h) + b->type_len, b->strs, h.str_len);
	return sizeof(h) + b->type_len + h.str_len;
}

static inline int blob_parse(struct blob *b, enum btf_rules rules, struct skep_btf **out,
			     struct skep_log *log)
{
	u8 data[8192];
	size_t len = blob_done(b, data);

	return btf_parse(out, data, len, NULL, rules, "t.btf", log);
}

#endif
