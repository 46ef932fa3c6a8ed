/* btf_c.h - BTF as a C header: its parts are btf_c.c, btf_c_name.c and btf_c_layout.c
 *
 * Every named type is written once, behind what it needs: by value a definition, behind
 * a pointer a declaration. A struct has the layout that BTF says: packed where C would
 * align, with unnamed bit fields where C would leave no hole, so that no attribute of
 * alignment is needed.
 */
#ifndef BTF_C_H
#define BTF_C_H

#include "btf.h"

/* Types or enumerators that have one name in C's name space: all but the first get a
 * suffix, x___2. */
struct c_suffix {
	u32 id, at; /* enumerator of the type; C_ITSELF */
	u32 n;
};

#define C_ITSELF UINT32_MAX

struct c_writer {
	const struct skep_btf *b;
	struct str *out;
	struct arena arena;
	u8 *state;  /* by id: enum c_state */
	u8 *layout; /* by id of struct or union: log2 of its alignment, C_PACKED, C_KNOWN
		     */
	struct c_suffix *suffixes;
	u32 nsuffixes;
	u32 depth;
	int err;
};

enum c_state { C_BUSY = 1, C_DONE = 2, C_DECLARED = 4, C_USED = 8 };
enum c_layout { C_ALIGN = 0x3f, C_PACKED = 0x40, C_KNOWN = 0x80 };
enum { C_DEPTH = 500, C_MOST = 64 << 20 };

/* ---- btf_c.c ---- */

/* The declaration of a type with a name; anonymous types are written out. */
void c_declare(struct c_writer *w, struct str *out, u32 id, const char *name, u32 indent);
void c_line(struct str *out, u32 indent);
/* False: it nests too deeply, or there was an error before. */
bool c_enter(struct c_writer *w);

/* ---- btf_c_name.c ---- */

/* Fills suffixes: 0 or -ENOMEM. */
int c_find_suffixes(struct c_writer *w);
/* A name as an identifier, with its suffix. */
void c_name(struct c_writer *w, struct str *out, const char *name, u32 id, u32 at);

/* ---- btf_c_layout.c ---- */

/* The members between braces, and what stands behind them. */
void c_members(struct c_writer *w, struct str *out, u32 id, u32 indent);
void c_enumerators(struct c_writer *w, struct str *out, u32 id, u32 indent);

#endif
