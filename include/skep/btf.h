/* skep/btf.h - types of BPF programs and maps: read, look up, print
 *
 * BTF is the type information that BPF objects carry (Documentation/bpf/btf.rst). A
 * struct skep_btf holds one blob, fully validated: every id, name, offset and size in it
 * is in bounds and no type contains itself. It is immutable; threads may share it. Type
 * ids begin at 1; 0 is void.
 *
 * Printing never fails: what does not fit is cut as snprintf does, what is absurdly large
 * ends in "...".
 */
#ifndef SKEP_BTF_H
#define SKEP_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <skep/abi.h>
#include <skep/api.h>
#include <skep/log.h>

struct skep_btf;

/* Parses and validates `len` bytes as the .BTF section of an object file or
 * /sys/kernel/btf/vmlinux has them; they are copied. With a `base`, ids and names go on
 * where the base's end, and the base must outlive *out. `name` is for messages. 0,
 * -EINVAL with a sentence in `log`, or -ENOMEM. Free with skep_btf_free(). */
SKEP_API int skep_btf_parse(struct skep_btf **out, const void *data, size_t len,
			    const struct skep_btf *base, const char *name,
			    struct skep_log *log);
SKEP_API void skep_btf_free(struct skep_btf *btf);

/* The blob itself, in the machine's byte order, as BPF_BTF_LOAD takes it. */
SKEP_API const void *skep_btf_data(const struct skep_btf *btf, size_t *len);

/* One more than the highest type id. */
SKEP_API uint32_t skep_btf_end(const struct skep_btf *btf);

/* A type and what follows it in the blob, or NULL if there is no such id; `name_off` is
 * for skep_btf_string(), which gives "" for 0 and NULL for what is out of range. */
SKEP_API const struct skep_btf_type *skep_btf_type_by_id(const struct skep_btf *btf,
							 uint32_t id);
SKEP_API const char *skep_btf_string(const struct skep_btf *btf, uint32_t name_off);

/* The first type of that name and kind, or 0. Kind 0 is any. */
SKEP_API uint32_t skep_btf_find(const struct skep_btf *btf, const char *name,
				enum skep_btf_kind kind);

/* The id behind typedefs, const, volatile, restrict and type tags. */
SKEP_API uint32_t skep_btf_skip_modifiers(const struct skep_btf *btf, uint32_t id);

/* Size of a value of the type in bytes, or -EINVAL: it has none (void, function, ...). */
SKEP_API int64_t skep_btf_size(const struct skep_btf *btf, uint32_t id);

/* Writes the C declaration of `name` (may be "") with the type, "int *name[4]"; with
 * `expand`, a struct, union, enum or typedef is written out as its definition, with
 * offsets as comments. Returns the length of the whole text, as snprintf does. */
SKEP_API size_t skep_btf_print_type(const struct skep_btf *btf, uint32_t id,
				    const char *name, bool expand, char *buf,
				    size_t size);

enum skep_btf_style {
	SKEP_BTF_JSON, /* valid JSON: pointers and 128 bits as strings in hex */
	SKEP_BTF_C,    /* { .a = 1, .b = "text" } */
};

struct skep_btf_print {
	size_t size; /* sizeof(struct skep_btf_print) */
	enum skep_btf_style style;
	uint32_t indent;  /* levels, 4 spaces each, before every line but the first */
	uint8_t compact;  /* one line */
	uint8_t raw_char; /* char arrays as numbers, not as text */
};

/* Writes `len` bytes of memory as a value of the type; opts may be NULL. Memory that is
 * shorter than the type ends in "...". Returns the length of the whole text. */
SKEP_API size_t skep_btf_print_value(const struct skep_btf *btf, uint32_t id,
				     const void *data, size_t len,
				     const struct skep_btf_print *opts, char *buf,
				     size_t size);

#endif
