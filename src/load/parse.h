/* parse.h - an object file as programs, maps and symbols
 *
 * parse_object() reads the ELF file, its BTF and what its sections say, and checks all of
 * it: functions lie in their sections and do not overlap, maps have known attributes,
 * global variables have a map each. Nothing is put together yet; that is plan.h. All of
 * it lives in the arena of the pass, names point into the file, which must live as long.
 */
#ifndef PARSE_H
#define PARSE_H

#include <skep/load.h>
#include "btf_ext.h"
#include "elf.h"
#include "pass.h"
#include "section.h"

enum { OBJ_MAX_MAPS = 1024, OBJ_MAX_EXTERNS = 1024 };

enum obj_map_kind {
	obj_map_plain,
	obj_map_data,
	obj_map_rodata,
	obj_map_bss,
	obj_map_kconfig,
	obj_map_arena, /* may hold variables, of a section beside that of the map */
};

/* One function symbol. Offsets and lengths count instructions. */
struct obj_func {
	const char *name;
	u32 sec, at, n;
	bool local;  /* static, or hidden: the verifier may look at it in its caller */
	bool global; /* the symbol, hidden or not */
	bool called; /* by another function */
	const struct section_row *row; /* of its section; NULL: not a program's */
	struct skep_object_prog *prog; /* NULL: a subprogram */
};

/* An initial element of an array of maps or of programs. */
struct obj_slot {
	struct obj_slot *next;
	u32 key;
	struct obj_map *map; /* or */
	struct obj_func *func;
};

struct obj_map {
	struct skep_object_map *pub;
	enum obj_map_kind kind;
	u32 sec; /* 0: .kconfig has none */
	u64 at;	 /* offset in the section */
	u32 numa_node;
	u64 extra;
	bool pinned;	       /* LIBBPF_PIN_BY_NAME */
	bool mapped;	       /* pub->data is live memory */
	bool reused;	       /* it was pinned already */
	u32 data_sec;	       /* an arena's variables; 0: none */
	bool mappable;	       /* a data section that other files may name */
	struct obj_map *inner; /* what the elements of an array of maps are like */
	u64 values_at;	       /* offset of `values` in the variable; 0: none */
	struct obj_slot *slots;
};

/* A variable that the kernel's configuration gives a value. */
struct obj_extern {
	const char *name;
	u32 btf; /* the VAR */
	u32 offset, size;
	bool weak;
};

struct obj {
	struct pass p;
	const char *name;		/* of the file, for messages */
	char prefix[SKEP_OBJ_NAME_LEN]; /* "seed" of "dir/seed.bpf.o" */
	struct elf elf;
	const struct elf_section *symtab;
	struct elf_symbol *syms;
	u32 n_syms;
	const struct elf_symbol **by_name; /* then by section */
	struct skep_btf *btf;		   /* NULL: compiled without -g */
	struct skep_btf *fixed; /* the same types as a kernel takes them; plan_btf() */
	struct btf_ext ext;
	const char *license;
	u32 version;
	bool old_gas; /* what an instruction holds contains the symbol's value already */

	struct obj_func *funcs; /* by section, then offset */
	u32 n_funcs;
	struct skep_object_prog *progs;
	struct obj_func **prog_funcs;
	u32 n_progs;
	struct skep_object_map *pubs; /* n_maps */
	struct obj_map *maps;
	u32 n_maps;
	u64 data_len;		    /* of all global data */
	struct obj_extern *externs; /* of .kconfig, by offset */
	u32 n_externs;
	struct obj_map *kconfig; /* or NULL */
	struct obj_map *arena;	 /* or NULL */
};

/* Throws to o->p; o->elf and o->btf are the caller's to close, also then. */
void parse_object(struct obj *o, const void *data, size_t len);

/* The passes of parse_object() that have files of their own. */
void parse_maps(struct obj *o);
void parse_btf_maps(struct obj *o);
void parse_slots(struct obj *o);
void parse_externs(struct obj *o);

/* A new map of the object; throws when there are OBJ_MAX_MAPS. */
struct obj_map *obj_new_map(struct obj *o, const char *name, u32 sec);

/* The function that begins there, or NULL. */
struct obj_func *obj_func_at(const struct obj *o, u32 sec, u32 at);

/* A symbol of that name in that section (0: undefined), or NULL. */
enum { OBJ_ANY_SECTION = UINT16_MAX };
const struct elf_symbol *obj_symbol(const struct obj *o, const char *name, u32 sec);

const char *obj_section_name(const struct obj *o, u32 sec);

/* Reads a relocation and its symbol; throws when it is damaged. */
const struct elf_symbol *obj_reloc(struct obj *o, const struct elf_section *rel, u32 i,
				   struct elf_reloc *out);

/* The next relocation section behind `rel` (NULL: the first) that applies to `sec`, with
 * its number of entries. */
const struct elf_section *obj_next_rel(struct obj *o, const struct elf_section *rel,
				       u32 sec, u32 *n);

/* "file: section '.maps' offset 0x18" for messages. */
#define OBJ_AT(o, sec, off) (o)->name, obj_section_name(o, sec), (unsigned long long)(off)

/* Ends the pass with a message. */
#define obj_throw(o, err, ...) pass_throw(&(o)->p, err, __VA_ARGS__)

#endif
