/* call.h - calls: what is known of one while it is checked, and of the functions
 *
 * do_call_helper() fills a struct call argument by argument; what comes later (the
 * returned value, a callback) is made of it. struct calls is what the whole verification
 * remembers of functions and call instructions. Nothing here is used outside of the
 * files named below, but for call.uninit_*, which mem_check() sets.
 */
#ifndef CALL_H
#define CALL_H

#include "verifier.h"

struct call {
	const struct helper_proto *proto;
	const struct verify_map *map; /* that the arguments are of; NULL: none yet */
	struct reg map_reg;	      /* the register that said so */
	u32 ref;		      /* that an argument stands for; 0: none */
	u32 release;		      /* the register whose reference ends; 0: none */
	u32 func;		      /* the callback */
	u32 mem_size;		      /* of what is returned */
	u64 size_max;		      /* of the memory that was passed */
	const struct skep_btf *percpu_btf; /* of what each CPU has its own of */
	u32 percpu_id;
	bool percpu_made;	      /* by the program */
	const struct btf_field *kptr; /* that bpf_kptr_xchg() exchanges */
	s64 key;		      /* of a lookup in an array; -1: not known */
	struct reg dynptr; /* as its slot has the one that was passed; reg_none: none */
	u32 uninit_reg; /* mem_check(): a pointer to the stack, behind which the helper */
	u32 uninit_size; /* writes so many bytes that need not be initialised */
};

/* ---- arg.c ---- */

/* Argument i (0 is r1) of the call, by its prototype. */
void arg_check(struct verifier *v, struct call *call, u32 i);

/* The offset of a pointer that is passed on: fixed, variable, or none, as its type
 * allows. */
void arg_check_offset(struct verifier *v, u32 regno, bool release);

/* r[regno], a reg_value, points to a text that no side can change any more. */
void arg_check_str(struct verifier *v, u32 regno);

/* ---- arg_btf.c ---- */

/* The kernel's struct of that name, remembered in *id; 0: there is none. */
u32 call_type(const struct verifier *v, const char *name, u32 *id);

/* r[regno], a reg_btf of a kind that the argument takes, is of the right type. */
void arg_check_typed(struct verifier *v, const struct call *call, u32 regno, u16 take);

/* Where r, a reg_btf, points to a struct of that type begins. */
bool arg_is_typed(const struct reg *r, u32 type);

/* ---- access_kptr.c: bpf_kptr_xchg() ---- */

/* r[regno], a reg_value, points to a kptr that owns what it points to. */
void kptr_check_place(struct verifier *v, struct call *call, u32 regno);
/* r[regno], a reg_btf, may become what it points to. */
void kptr_check_given(struct verifier *v, const struct call *call, u32 regno);
void kptr_give(struct verifier *v, const struct call *call, struct reg *r);

/* ---- func.c: functions of the program ---- */

enum func_arg_kind { func_scalar, func_ctx, func_mem, func_arena };

struct func_arg {
	u8 kind; /* enum func_arg_kind */
	bool nullable, untrusted;
	u32 size; /* func_mem */
};

struct func_note {
	bool called, verified; /* global ones: in some path; as if called by anybody */
	bool async_callback;
	bool args_known;
	u32 nargs;
	struct func_arg arg[5];
};

/* How far a call of bpf_loop() is fit to be made a loop of instructions: on that hangs
 * which of its arguments are precise. */
enum loop_fit { loop_unseen, loop_fits, loop_unfit };

struct loop_note {
	u8 fit; /* enum loop_fit */
	u8 func;
};

/* A declaration tag of a function's parameter, all ids of BTF. */
struct arg_tag_of {
	u32 func, arg, id;
};

struct calls {
	struct func_note *func;	 /* v->flow.nfuncs */
	struct loop_note *loop;	 /* v->n */
	struct arg_tag_of *tags; /* ordered; NULL: nobody has asked */
	u32 ntags;
	/* By helper: what call_type() has found. */
	u32 arg_type[SKEP_FUNC_cgrp_storage_delete + 1];
	u32 ret_type[SKEP_FUNC_cgrp_storage_delete + 1];
};

struct calls *calls_of(struct verifier *v);
const char *func_name(const struct verifier *v, u32 func); /* "": it has no BTF */

u32 func_btf_id(const struct verifier *v, u32 func); /* 0: none */

/* A frame above the running one of `s`, which becomes the running one: registers are
 * unreadable, the stack is empty. Refuses the ninth. */
struct frame *func_push(struct verifier *v, struct state *s, u32 func, u32 callsite);
void frame_init(struct frame *f, u32 callsite, u32 number, u32 func);
void call_clobber(struct verifier *v); /* r0 to r5 */

/* ---- func_btf.c ---- */

/* "xdp_md": the struct that programs of the type are given; NULL: a typed one, or none.
 */
const char *func_context(u32 prog_type);

/* Whether a pointer to type `id` is to what programs of this type call their context. */
bool func_is_context(const struct verifier *v, const struct skep_btf *btf, u32 id);
/* The arguments of a global function by its BTF; refuses what cannot be one. */
const struct func_note *func_args(struct verifier *v, u32 func);

/* ---- callback.c ---- */

/* The helper that runs calls `call->func`, any number of times. */
void callback_push(struct verifier *v, const struct call *call);
/* The same of bpf_rbtree_add(), whose tree is in r1. */
void callback_push_less(struct verifier *v, u32 func);
/* The same of bpf_wq_set_callback(), whose map's value is in r1. */
void callback_push_work(struct verifier *v, u32 func);
/* After the walk: refuses the address of a function that was never called. */
void callback_check_left(struct verifier *v);

/* ---- call_special.c: helpers with rules of their own ---- */

/* After the arguments are checked and the reference is released. */
void call_special(struct verifier *v, struct call *call);

/* ---- exit.c ---- */

/* The running frame's function ends: back to its caller. */
void func_return(struct verifier *v);

/* ---- ref.c ---- */

void lock_acquire(struct verifier *v, u32 regno);
void lock_release(struct verifier *v, u32 regno);
/* Interrupts are off once more; their state's id. The last one ends first. */
u32 irq_acquire(struct verifier *v);
void irq_release(struct verifier *v, u32 id);

#endif
