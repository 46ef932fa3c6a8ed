/* prog.h - a loaded program
 *
 * The region of a program object holds what BPF_PROG_LOAD got, with map fds replaced by
 * map ids; it is immutable. Each process makes its own view: decoded instructions whose
 * map references are handles of this process. Nothing in the region is trusted: it is
 * decoded and checked again by every process that runs it.
 */
#ifndef PROG_H
#define PROG_H

#include "insn.h"
#include "map.h"
#include "type.h"

struct rule_ctx;
struct rule_field;

enum { PROG_BOUND = 256, PROG_KFUNCS = 256, PROG_MADE = 64 };

/* The rows of image.def. */
enum image {
#define IMAGE(type, member) image_##type##_##member,
#include "image.def"
#undef IMAGE
	IMAGES
};

/* Stands in object_head.data; offsets are from the start of the region. */
struct prog_info {
	u32 type, expected_attach_type;
	u32 flags, n; /* instruction slots */
	u32 insns_off;
	u32 nmaps;
	u32 maps[SKEP_MAX_USED_MAPS]; /* ids */
	u32 btf_id;
	u32 func_info_off, nfunc_info, func_info_size;
	u32 line_info_off, nline_info, line_info_size;
	u32 gpl;
	u32 attach_btf_id;
	u32 ctx_end;		/* most bytes of the context that it reads or writes */
	u32 buffer_end;		/* the same of a writable tracepoint's buffer, */
	u32 key_end, value_end; /* and of what an iterator shows of an element */
	u32 verified_insns;	/* that the verifier processed */
	u32 kfuncs_off, nkfuncs;
	u32 made_off, nmade;
	u32 streams_off; /* two struct prog_stream; 0: it writes to none */
	u8 tag[SKEP_TAG_SIZE];
	char name[SKEP_OBJ_NAME_LEN];
	char license[64];
	u32 image[IMAGES];     /* where the kernel has these members; ~0: nowhere */
	u32 bound[PROG_BOUND]; /* ids of maps that PROG_BIND_MAP added, then 0s */
	/* statistics, added to atomically */
	u64 run_ns, run_cnt, recursion_misses;
};

_Static_assert(sizeof(struct object_head) + sizeof(struct prog_info) <= OBJECT_HEAD_SIZE,
	       "a program's info fits into the head");

/* A kernel function that the program calls: the region's calls have the id that the user
 * named it by, so that every process need not read the kernel's types. */
struct prog_kfunc {
	u32 btf_id;
	u32 number; /* of its row in helper_kfunc.def */
};

enum { PROG_CPUMASK }; /* struct bpf_cpumask, which is the kernel's */

/* A type that the program makes objects of. */
struct prog_made {
	u32 btf_id; /* in the program's BTF, with VERIFY_PERCPU; or PROG_CPUMASK */
	u32 type;   /* of heap.h */
};

/* A function of the program: the main one first, then the subprograms. */
struct prog_func {
	u32 start, end; /* instruction slots [start, end) */
	u32 stack; /* bytes of the frame that it may read before writing: to be zeroed */
};

struct native;

struct prog {
	struct object obj;
	struct prog_info *info; /* in the region; bound[] and the statistics change */
	const struct prog_type *type;
	u64 type_bit;			/* 1 << its number */
	const struct rule_ctx *fields;	/* of its context; NULL: that is plain memory */
	const struct rule_field *plain; /* what may be accessed there */
	bool packet_write;		/* may store into the packet directly */
	struct insn *insns; /* n slots; lddw of a map: imm is a handle, see below; call of
			       a kernel function: the row's number */
	struct insn *code;  /* the same, with ops for pairs (fuse.def) */
	u32 n;
	u32 insns_off; /* where the region has them, checked */
	u32 nmaps;
	struct map *maps[SKEP_MAX_USED_MAPS];
	u32 map_ids[SKEP_MAX_USED_MAPS];
	struct map *arena; /* of maps[]; NULL: none */
	u64 arena_high;	   /* what a cast to user space puts before the 32 bits */
	u64 ctx_data, ctx_data_end; /* offsets of these fields in the context; ~0: none */
	u32 prepares; /* a run needs more than the event's memory as context: a
			 packet, a shadow, globals, a stack that reads as 0 */
	u32 nglobals; /* maps whose first value the code names directly */
	u8 globals[SKEP_MAX_USED_MAPS]; /* indices into maps[] */
	u32 nmade;
	const struct prog_made *made; /* in the region: bounded where it is used */
	u32 nfuncs;
	struct prog_func *funcs;
	struct native *native; /* its code; NULL: none. run/native.h */
	void (*native_free)(struct native *native);
	bool native_tried;
};

/* Fills in what depends on type and expected_attach_type. -EINVAL: not the engine's. */
int prog_set_type(struct prog *prog, u32 type, u32 attach_type);

/* What a program sees as a `struct bpf_map *`: the address of its entry in maps[]. */
static inline struct map *prog_map(const struct prog *prog, u64 handle)
{
	u64 at = handle - u64_of(prog->maps);

	if (at % sizeof(prog->maps[0]) || at / sizeof(prog->maps[0]) >= prog->nmaps)
		return NULL;
	return prog->maps[at / sizeof(prog->maps[0])];
}

/* What a program sees as a function (PSEUDO_FUNC): this plus the callee's slot. */
#define PROG_FUNC_BASE 0x5f00000000000000ull

/* The address of a kernel's function: this plus its BTF id. Nothing is there. */
#define PROG_KSYM_BASE 0x5f80000000000000ull

/* The functions of decoded instructions, sorted, the main one first; freed by the caller
 * with mem_free. 0 or -ENOMEM. */
int prog_find_funcs(const struct insn *insns, u32 n, struct prog_func **out, u32 *count);

/* Whether the region holds `n` records of `size` bytes at `off`, and there are some. */
static inline bool prog_holds(const struct prog *prog, u32 off, u32 n, u32 size)
{
	return n && off <= prog->obj.size && (u64)n * size <= prog->obj.size - off;
}

/* BPF_OBJ_GET_INFO_BY_FD: `info` is a struct skep_prog_info. */
int prog_fill_info(struct object *obj, void *info);

extern const struct object_ops prog_object_ops;

#endif
