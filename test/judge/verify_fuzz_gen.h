/* verify_fuzz_gen.h - inside the generator: what registers and stack hold
 *
 * The generator emits a program from top to bottom and keeps what a register holds as
 * the verifier would see it, more coarsely: a scalar with its most, a pointer with the
 * bytes that may be touched from it. Statements leave it true on every path.
 */
#ifndef VERIFY_FUZZ_GEN_H
#define VERIFY_FUZZ_GEN_H

#include "insn.h"
#include "verify_fuzz.h"

enum {
	FP = 10,
	WORDS = 8,     /* stack words that statements use: fp-8 to fp-64 */
	BUFFER = -128, /* bytes for helpers */
	BUFFER_SIZE = 64,
	CTX_SLOT = -136, /* where the context is kept */
	REF_SLOT = -144, /* and references and iterators, downward */
	REFS = 4,
	DYNPTR_SLOT = -184,
	LOCAL_DYNPTR = -200,
	KEPT_SLOT = -216,
	ITERATOR_SLOT = -240,
	FUNCS = 6,
	BAILS = 32,
	NONE = 0xff,
};

enum held {
	h_none,
	h_scalar, /* at most `most`, without a sign */
	h_ctx,
	h_stack,  /* of this frame: fp + off */
	h_memory, /* map value, ring buffer, a caller's stack: bytes off..room */
	h_packet, /* bytes off..room */
	h_map,	  /* of a callback */
	h_typed,  /* points to a struct of the kernel: btf */
	h_sock,	  /* struct sock_common as programs see it; room: bytes of 4 */
	h_dynptr, /* of a callback */
};

struct value {
	u8 kind;
	u8 map;	    /* h_memory of a map: which, else NONE */
	bool fixed; /* h_memory, h_packet: no variable offset was added */
	bool read_only;
	s32 off;
	u32 room, btf;
	u64 most;
};

struct state {
	struct value reg[FP + 1];
	struct value word[WORDS]; /* fp - 8 * (i + 1) */
};

/* A function that calls name before it is written. */
struct func {
	u8 nargs;
	struct value arg[4];
	bool is_callback, is_zero; /* what it returns: 0 or 1, 0 */
	u32 global;		   /* its type, if it is */
	u32 start;		   /* 0: not yet */
};

struct type_row {
	u8 type, attach_type;
	s16 data, end;	/* of the packet in the context; -1: none */
	u8 data_size;	/* of these fields */
	bool can_write; /* packets */
	bool has_skb, has_probe, has_sockets, has_redirect, has_locks;
	u8 target;	/* enum fuzz_target */
	u8 most_return; /* 0: any */
	u8 flags;	/* of the program */
	u8 size;	/* of the context's fields below */
	u8 nread;
	s16 read[8];
	s16 write; /* -1: none */
	s16 sock;  /* 0: none; the field that points to a socket */
};

enum fuzz_target { target_none, target_tracepoint, target_iterator };

/* What has to be ended on every way out, and how. */
enum end {
	end_sock,
	end_submit, /* ring buffer memory */
	end_discard,
	end_submit_dynptr,
	end_discard_dynptr,
	end_iterator,
	end_object, /* of the kernel, by one of its functions */
	end_lock,
	end_rcu,
	end_preempt,
};

struct gen {
	u64 *seed;
	struct fuzz_prog *p;
	const struct fuzz_base *base;
	u32 focus[2]; /* statements that this program has more of */
	u32 proto;    /* of the target's arguments */
	u32 skip;     /* of these, how many a program does not see */
	const struct type_row *type;
	u32 type_row;
	struct state s;
	u32 locked; /* registers that statements leave alone */
	u32 locked_words;
	bool is_sloppy, has_ctx, in_loop, in_lock, has_dynptr;
	u32 most_return; /* of the function, where a constant is returned */
	u32 depth, nloops, nifs;
	u32 nrefs; /* that have to be released on every way out */
	struct {
		s32 slot;
		enum end end;
		u32 kfunc; /* end_iterator, end_object */
	} refs[REFS];
	u32 bails[BAILS], nbails;
	struct func funcs[FUNCS];
	u32 nfuncs, writing; /* calls name only functions behind this one */
	struct {
		u32 at, func;
	} calls[32];
	u32 ncalls;
};

#define EMIT(g, name, ...) gen_emit(g, (struct insn){.op = op_##name, __VA_ARGS__})

/* ---- verify_fuzz_gen.c ---- */

u32 gen_pick(struct gen *g, u32 n);
bool gen_room(const struct gen *g); /* for another statement */
void gen_emit(struct gen *g, struct insn in);
void gen_feature(struct gen *g, enum fuzz_feature f);
void gen_aim(struct gen *g, u32 jump); /* at what is emitted next */

void gen_set(struct gen *g, u8 reg, s64 value);
void gen_copy(struct gen *g, u8 to, u8 from);
void gen_holds(struct gen *g, u8 reg, struct value v);
void gen_scalar(struct gen *g, u8 reg, u64 most);
u8 gen_dest(struct gen *g);  /* an unlocked register */
u8 gen_saved(struct gen *g); /* one that calls leave alone; NONE: all are locked */
u8 gen_find(struct gen *g, enum held kind); /* NONE: none holds one */

/* The result is valid until the next statement. */
u8 gen_need_scalar(struct gen *g);
u8 gen_need_memory(struct gen *g);
void gen_ctx(struct gen *g, u8 reg);

void gen_call(struct gen *g, u32 helper); /* r0: any number */
void gen_call_kernel(struct gen *g, enum fuzz_kfunc kfunc);
void gen_call_kernel_id(struct gen *g, u32 id);
bool gen_can_call(const struct gen *g);
void gen_bail(struct gen *g); /* leaves the function; what follows is reached by jumps */
void gen_bound(struct gen *g, u8 reg, u32 most);
void gen_access(struct gen *g, u8 reg, s32 off, u32 size, bool write);
bool gen_atomic(struct gen *g, u8 to, s32 off, u32 size); /* false: not now */
s64 gen_number(struct gen *g);

/* ---- verify_fuzz_stmt.c ---- */

void gen_statement(struct gen *g);
void gen_focus(struct gen *g);
void gen_enter_loop(struct gen *g);
void gen_statements(struct gen *g, u32 n);
void gen_meet(struct state *s, const struct state *other);

/* ---- verify_fuzz_call.c: statements about calls ---- */

/* Arguments are made from the first to the last; each is locked for those behind. */
void arg_map(struct gen *g, u8 reg, u32 map);
void arg_stack(struct gen *g, u8 reg, s32 off);
void arg_number(struct gen *g, u8 reg, s64 value);
void arg_ctx(struct gen *g, u8 reg);
void arg_memory(struct gen *g, u8 reg, u32 size, bool write);
void arg_size(struct gen *g, u8 reg, u32 least, u32 most);
void arg_key(struct gen *g, u8 reg, u32 size);
void arg_function(struct gen *g, u8 reg, u32 func);
void gen_do_call(struct gen *g, u32 helper, u32 locked);
void gen_leave_if_null(struct gen *g); /* r0 */
struct func *gen_new_func(struct gen *g);
bool gen_enter(struct gen *g, enum end end, s32 slot); /* false: not now */
bool gen_can_enter(const struct gen *g);
void gen_leave(struct gen *g);
/* r0 is v or null: if it is not, some statements with it, then its release, which for
 * end_object is what `kfunc` does. */
void gen_with_reference(struct gen *g, enum end end, u32 kfunc, struct value v);

void stmt_lookup(struct gen *g);
void stmt_map_in_map(struct gen *g);
void stmt_memory_helper(struct gen *g);
void stmt_any_helper(struct gen *g);
void stmt_ringbuf(struct gen *g);
void stmt_socket(struct gen *g);
void stmt_tail_call(struct gen *g);
void stmt_function(struct gen *g);
void stmt_callback(struct gen *g);

/* ---- verify_fuzz_object.c: statements about what begins and has to end ---- */

void gen_end(struct gen *g, u32 ref);
void gen_look_up(struct gen *g, u32 map); /* leaves if r0 is null */
s32 gen_next_slot(const struct gen *g);
void gen_local_dynptr(struct gen *g);
void gen_walk_iterator(struct gen *g, s32 slot, u32 next, u32 destroy);
void stmt_lock(struct gen *g);
void stmt_timer(struct gen *g);
void stmt_dynptr(struct gen *g);
void stmt_iterator(struct gen *g);
void stmt_section(struct gen *g);
void stmt_user_ring(struct gen *g);

/* ---- verify_fuzz_typed.c: statements about what the kernel's types describe ---- */

void gen_target(struct gen *g); /* chooses what the program attaches to */
void stmt_walk(struct gen *g);
void stmt_global(struct gen *g);
void stmt_sock_fields(struct gen *g);
void stmt_constant(struct gen *g);
void gen_hold_typed(struct gen *g, u8 reg,
		    u32 id); /* checks mostly that it is not null */
u8 gen_need_typed(struct gen *g);
u32 gen_struct_behind(u32 pointer); /* 0: it points to none */
void arg_constant(struct gen *g, u8 reg, u32 off);

/* ---- verify_fuzz_kfunc.c: statements that call any function of the kernel ---- */

void stmt_kfunc(struct gen *g);
void stmt_any_iterator(struct gen *g);
void stmt_kptr(struct gen *g);

#endif
