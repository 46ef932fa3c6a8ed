/* seq.h - random sequences of bpf(2), done on the kernel and on the engine at once
 *
 * A sequence is made from a seed without looking at what its calls give: a call names
 * descriptors, ids and memory of earlier calls by their index, so any call may be left
 * out and the rest still means the same. seq_gen() makes one, seq_run() does it call by
 * call on both sides and stops at the first difference, seq_print() writes calls as lines
 * of a script (test/sys/script.c), with what the kernel gave as what is wanted.
 *
 * What is not fixed by bpf(2) is not compared: in which order hash-like maps give their
 * elements (whole iterations are compared as sets), which elements an LRU map that is
 * full forgets, what a Bloom filter says of what is not in it, ids (one side's stand for
 * the other's), times, and what a kernel compiles.
 */
#ifndef SEQ_H
#define SEQ_H

#include <skep/sys.h>
#include <stdio.h>
#include "bits.h"

enum {
	SEQ_OPS = 72,
	SEQ_ARGS = 12,
	SEQ_POOL = 65536,
	SEQ_FIXES = 256,
	SEQ_TOKEN = 640, /* bytes */
	SEQ_PINS = 4,
	SEQ_KEYS = 8, /* a map is used with so many keys */
	SEQ_ROOM = 1 << 22,
	SEQ_RECORD = 104, /* so much of a ring buffer's record is written */
	SEQ_TEXT = 512,
	/* an object's info; what its addresses point to stands at SEQ_INFO_MORE */
	SEQ_INFO_ROOM = 5120,
	SEQ_INFO_MORE = 1024,
};

/* The members of union skep_attr, by the names that scripts have for them. */
enum seq_field {
#define FIELD(name, member) f_##name,
#include "../../sys/field.def"
#undef FIELD
	f_end,
	f_size, /* of the attr that the caller claims */
	f_byte, /* one byte of it, at seq_arg.slot */
};

/* What is done. */
enum seq_verb {
	v_bpf,
	v_close,
	v_dup,
	v_mmap,
	v_munmap,
	v_peek,
	v_poke,
	v_poll,
	v_walk, /* a whole iteration, with its values */
	v_task, /* a descriptor of this process, or, with count, of the root cgroup */
	v_perf, /* a perf event that programs write to: of which CPU, and with what */
	v_ring, /* a ring buffer's records, consumed */
	v_fill, /* so many records of that length, produced */
	v_fork, /* the next `count` calls are done by a child */
};

/* What an argument is. */
enum seq_what {
	w_number,
	w_fd,	 /* the descriptor that call `slot` gave */
	w_id,	 /* the id of its object, and `number` more */
	w_bytes, /* the address of `len` bytes */
	w_name,	 /* 16 bytes in the attr itself */
	w_room,	 /* the address of room for `len` bytes, which the call fills in */
	w_token, /* the address of the batch token of the map that call `slot` made */
	w_pid,	 /* this process */
};

/* How room is compared. */
enum seq_room {
	r_bytes,
	r_any,	   /* not at all */
	r_element, /* an element's value: by the map's type */
	r_next,	   /* a key: by the map's type */
	r_ids,	   /* of programs */
	r_info,	   /* by the object's kind */
	r_keys,	   /* of a batch */
	r_values,
};

/* k_other: a perf event, or what holds statistics on */
enum seq_kind { k_none, k_map, k_prog, k_btf, k_link, k_task, k_cgroup, k_other, KINDS };

/* Bytes of w_bytes that differ between the sides: a descriptor, or an id. */
struct seq_fix {
	u32 at; /* in the pool */
	u16 slot;
	bool id;
};

struct seq_arg {
	u8 field, what, room;
	u16 slot;
	u32 at, len; /* in the pool */
	u16 fix, fixes;
	s64 number;
};

/* The object that a call makes, or says again. */
struct seq_made {
	u8 kind;
	bool timer; /* in its values */
	u16 of;	    /* the call that made it */
	u32 type, key_size, value_size, max_entries, flags;
	u16 inner; /* the map that a map of maps was made with */
};

struct seq_op {
	u8 verb, nargs;
	bool dropped;
	u16 cmd;
	u32 count;	      /* v_fork */
	struct seq_made made; /* kind: k_none if it makes nothing */
	s8 pin;		      /* which one OBJ_PIN and OBJ_GET name, or -1 */
	struct seq_arg args[SEQ_ARGS];
};

struct seq {
	u64 seed;
	u32 nops, npool, nfixes;
	bool shared; /* a shared engine */
	struct seq_op ops[SEQ_OPS];
	struct seq_fix fixes[SEQ_FIXES];
	u8 pool[SEQ_POOL];
};

/* Types of maps: seq_type.def. */
enum seq_keys { keys_any, keys_index, keys_none, keys_lpm, keys_task, keys_cgroup };
enum seq_values { values_any, values_none, values_prog, values_map, values_other };
enum seq_trait {
	t_unordered = 1, /* iterates in any order */
	t_per_cpu = 2,
	t_lru = 4,
	t_bloom = 8,
	t_ring = 16,
	t_pages = 32, /* max_entries is a power of two of pages */
	t_queue = 64,
	t_programs = 128, /* programs may look up, update and delete */
	t_mmap = 256,
	t_batch = 512,
	t_arena = 1024,
	t_storage = 2048, /* of what the key's descriptor is; BTF must say what it is */
};

struct seq_type {
	const char *name;
	u32 type, traits, flags, must;
	u8 keys, values;
};

extern const struct seq_type seq_types[];
extern const u32 seq_ntypes;
const struct seq_type *seq_type_of(u32 type);

/* Bytes that user space passes for a value. */
u32 seq_value_size(const struct seq_made *map);

/* Whether it may forget elements: what it holds is not compared. */
bool seq_forgets(const struct seq_made *map);
u32 seq_cpus(void);
/* `types`: a bit for each row of seq_types that may be used. */
void seq_gen(struct seq *seq, u64 seed, u64 types);

/* ---- running ---- */

struct seq_lru {
	u64 last[SEQ_KEYS]; /* a digest of what was written last */
	bool maybe[SEQ_KEYS];
	s8 newest; /* the key that was written last, or -1 */
};

/* What is known of the objects; in memory that children share. */
struct seq_model {
	u32 id[2][SEQ_OPS];
	s16 pin[SEQ_PINS]; /* the call that made what is pinned, or -1 */
	u16 pushed[SEQ_OPS];
	struct seq_lru lru[2][SEQ_OPS];
	bool differs, no_memory;
	u32 op;		     /* the call that differs */
	char what[SEQ_TEXT]; /* and how; up to a ':' the same for the same fault */
};

struct seq_world {
	struct skep_sys *sys[2]; /* the kernel, the engine */
	struct seq_model *model;
	FILE *print; /* a script of what is done, or NULL */
};

struct seq_room_at {
	const struct seq_arg *arg;
	u8 *at;
	u32 len;
};

struct seq_result {
	long ret;
	u8 before[192], after[192]; /* of the attr */
	u32 nrooms;
	struct seq_room_at rooms[SEQ_ARGS];
	u64 walked; /* elements */
};

struct seq_state {
	const struct seq *seq;
	struct seq_world *world;
	int fd[2][SEQ_OPS];
	s16 object[SEQ_OPS]; /* the call that made what the descriptor is of, or -1 */
	u8 *mapping[2][SEQ_OPS];
	u32 mapped[SEQ_OPS];
	u8 token[2][SEQ_OPS][SEQ_TOKEN];
	struct seq_result result[2];
	u8 *memory[2], *at[2];
	bool too_large; /* for the memory of a call: the rest is left out */
};

/* false: they differ, world->model says how. */
bool seq_run(const struct seq *seq, struct seq_world *world);
/* One call on one side. */
void seq_do(struct seq_state *st, u32 op, int side);

/* Of a map, by next_key: room of the result gets keys and values. */
void seq_do_walk(struct seq_state *st, u32 op, int side);
void seq_do_ring(struct seq_state *st, u32 op, int side);
void seq_do_fill(struct seq_state *st, u32 op, int side);
void seq_clear(struct seq_state *st, int side, int fd, const struct seq_made *map);

/* The call that made what argument `field` names; NULL: nothing. */
const struct seq_arg *seq_arg_of(const struct seq_op *op, enum seq_field field);
const struct seq_made *seq_map_of(const struct seq_state *st, const struct seq_op *op);
s16 seq_object_of(const struct seq_state *st, const struct seq_op *op);

/* Whether both sides did the same; false: model->what says how they differ. */
bool seq_compare(struct seq_state *st, u32 op);
void seq_print(struct seq_state *st, u32 op);
void seq_print_begin(FILE *f, const struct seq *seq);

extern const struct seq_field_at {
	const char *name;
	u32 off, size;
} seq_fields[];

#endif
