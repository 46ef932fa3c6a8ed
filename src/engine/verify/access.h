/* access.h - what the files that check memory do for each other
 *
 * access.c looks at an access of an instruction and hands it to the one that knows the
 * kind of memory; access_mem.c also takes what helpers touch. Each of these functions
 * changes the loaded register or the stack, or refuses.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "verifier.h"

/* Offsets and sizes from here on are as good as unknown: BPF_MAX_VAR_OFF, _SIZ. */
enum { MAX_OFF = 1 << 29 };

struct access {
	struct reg *r; /* the pointer: r[regno] of the running frame */
	u32 regno;
	s32 off; /* with r's fixed part */
	u32 size;
	enum mem_access how;
	int value; /* the register that is loaded into or stored from; -1 */
	bool sign;
};

/* access.c */

/* `off` without r's fixed part. strict: of a kind that always has to be aligned. */
void access_align(struct verifier *v, const struct reg *r, s32 off, u32 size,
		  bool strict);
/* The known bits of a pointer's variable offset, as the log has them. */
const char *access_bits(const struct reg *r, char buf[48]);
/* What a load gives that nothing is known of. */
void access_unknown(struct verifier *v, const struct access *a);
/* Refuses that a pointer is stored where others may read it. */
void access_leak(struct verifier *v, const struct access *a, const char *into);

/* access_mem.c */

void access_value(struct verifier *v, const struct access *a);
/* No more than where it is: as if a helper took it. */
void access_value_range(struct verifier *v, const struct access *a);
void access_key(struct verifier *v, const struct access *a);
void access_bytes(struct verifier *v, const struct access *a); /* reg_mem */
void access_buf(struct verifier *v, const struct access *a);
void access_tp_buffer(struct verifier *v, const struct access *a);
/* [off, off + size), `off` a constant, lies in `limit` bytes. */
bool access_in(struct verifier *v, const struct access *a, s64 off, u64 limit, bool zero);

/* "bpf_list_head": as the log has it. */
const char *access_field_name(enum field_kind kind);

/* access_ctx.c */

void access_ctx(struct verifier *v, const struct access *a);
void access_packet(struct verifier *v, const struct access *a);
void access_flow_keys(struct verifier *v, const struct access *a);
void access_object(struct verifier *v, const struct access *a); /* a socket */
/* Whether `size` bytes of the packet were compared with its end. */
void access_packet_range(struct verifier *v, const struct access *a, bool zero);

/* access_btf.c, typed_ctx.c */

/* Types of the kernel that were looked for by name: ids; 0: not yet. */
struct typed {
	u32 map[SKEP_MAP_TYPE_ARENA]; /* the struct of maps of a type */
	u32 tcp_sock, stub;	      /* of a struct_ops program's function */
	bool has_stub;		      /* stub is known, 0 means that there is none */
	struct {
		const char *name; /* where it is tells it from others */
		u32 kind, id;	  /* id: 0, the kernel has none */
	} found[64];
	struct object_type *objects; /* object_fields.c: that were asked about */
};

struct typed *access_typed(struct verifier *v);
/* A type of the kernel by its name, looked for once; 0: none. `name` is not forgotten
 * before the verifier is. */
u32 access_typed_find(struct verifier *v, const char *name, u32 kind);

void access_btf(struct verifier *v, const struct access *a); /* reg_btf */
void access_map(struct verifier *v, const struct access *a); /* reg_map itself */
/* A context that is the arguments of a function of the kernel. */
void access_typed_ctx(struct verifier *v, const struct access *a);
/* The struct of functions, one of which a struct_ops program is; NULL: none that is known
 * here. */
const char *access_struct_ops(struct verifier *v);
/* The flag that a type tag (user, percpu, rcu) stands for. */
u32 access_btf_tag(const struct skep_btf *btf, u32 id);
/* An object that is sure to be there. */
bool access_is_trusted(const struct reg *r);
/* Objects that RCU protects stay. */
bool access_in_rcu(const struct verifier *v);
bool access_btf_is_struct(const struct skep_btf *btf, u32 id);	 /* or a union */
const char *access_btf_name(const struct skep_btf *btf, u32 id); /* or "(anon)" */

/* access_kptr.c */

/* The whole of field `f` of a map's value, a kept pointer. */
void access_kptr(struct verifier *v, const struct access *a, const struct btf_field *f);

/* stack.c, stack_range.c */

void access_stack(struct verifier *v, const struct access *a);
/* The offsets that `a` may have, all in the stack, which grows by it. */
void stack_bounds(struct verifier *v, const struct access *a, s32 *min, s32 *max);
/* A load or store at [min, max + size), the pointer's variable offsets. */
void stack_read_range(struct verifier *v, const struct access *a, s32 min, s32 max);
void stack_write_range(struct verifier *v, const struct access *a, s32 min, s32 max);
/* The memory of a helper. */
void stack_check(struct verifier *v, const struct access *a, bool zero, struct call *raw);
/* The running instruction stores the constant 0, or a register that holds it. */
bool stack_stores_zero(struct verifier *v, int value);
/* Whatever the slot holds, its bytes are some numbers from now on. */
void stack_scrub(struct slot *s);
/* A dynptr in slot n of f is overwritten: it is one no more, nor are slices of it. */
void stack_drop_dynptr(struct verifier *v, struct frame *f, u32 n);

static inline struct frame *stack_of(struct verifier *v, const struct reg *r)
{
	return v->cur->frame[r->frame];
}

/* Of the byte at offset `off` (-1 to -SKEP_MAX_STACK). */
static inline u32 stack_slot(s32 off)
{
	return (u32)(-off - 1) / 8;
}

static inline u8 *stack_kind(struct frame *f, s32 off)
{
	return &f->slot[stack_slot(off)].kind[(u32)(-off - 1) % 8];
}

#endif
