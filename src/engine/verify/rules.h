/* rules.h - what Linux 6.18 allows whom: helpers, contexts, maps, program types
 *
 * Facts for the verifier, as tables: what each helper takes and gives, which program may
 * call it, what may be read and written in a context and what a read gives, which map
 * goes with which helper, what a program may return. They were found by asking the
 * running kernel (test/judge/verify_mine.c) and say nothing of what the engine can run.
 * All is constant; ids and types that do not exist give NULL or false.
 */
#ifndef RULES_H
#define RULES_H

#include "state.h"

/* ---- what a helper takes ---- */

enum take {
	take_none, /* the helper has no such argument */
	take_any, /* a number or, of a privileged program, anything that is initialised */
	take_ctx,
	take_map,	 /* const struct bpf_map * */
	take_key,	 /* key_size readable bytes of the map that came before */
	take_value,	 /* value_size bytes of it */
	take_mem,	 /* its size is the next argument, or fixed_size */
	take_size,	 /* of the memory before it; not 0 */
	take_size0,	 /* may be 0 */
	take_alloc_size, /* a known number: the size of what is returned */
	take_spin_lock,
	take_timer,
	take_sock_common,     /* struct bpf_sock *, any kind */
	take_socket,	      /* a full socket */
	take_btf_sock_common, /* the same, or a typed pointer to one */
	take_btf_id, /* a typed pointer to struct arg_btf; any, when that is NULL */
	take_percpu_btf_id,
	take_ringbuf_mem, /* reserved, from its first byte on */
	take_func,	  /* a callback */
	take_stack,	  /* a pointer to the stack, or NULL: the callback's context */
	take_const_str,	  /* 0-terminated, in a read-only map */
	take_kptr_dest,	  /* the field of a map value that holds a kptr */
	take_dynptr,

	take_kind = 0x1f, /* mask of the above */

	take_or_null = 1 << 5,
	take_rdonly = 1 << 6,	/* read-only memory will do */
	take_uninit = 1 << 7,	/* need not be initialised: the helper writes it */
	take_write = 1 << 8,	/* the helper writes it */
	take_aligned = 1 << 9,	/* to its size */
	take_fixed = 1 << 10,	/* of fixed_size bytes */
	take_release = 1 << 11, /* the reference ends here */
	take_local = 1 << 12,	/* dynptr over memory of the program */
	take_ringbuf = 1 << 13, /* dynptr over a ring-buffer record */

	/* what rows of helper_proto.def use */
	take_map_null = take_map | take_or_null,
	take_value_null = take_value | take_or_null,
	take_value_out = take_value | take_uninit | take_write,
	take_in = take_mem | take_rdonly,
	take_in_null = take_in | take_or_null,
	take_out = take_mem | take_uninit | take_write,
	take_out_null = take_out | take_or_null,
	take_inout = take_mem | take_write, /* read and written */
	take_inout_null = take_inout | take_or_null,
	take_in_fixed = take_in | take_fixed,
	take_out_fixed = take_out | take_fixed | take_aligned,
	take_inout_fixed = take_inout | take_fixed | take_aligned,
	take_ctx_null = take_ctx | take_or_null,
	take_socket_null = take_socket | take_or_null,
	take_btf_sock_null = take_btf_sock_common | take_or_null,
	take_btf_sock_release = take_btf_sock_common | take_release,
	take_btf_id_null = take_btf_id | take_or_null,
	take_btf_id_release = take_btf_id_null | take_release,
	take_record_release = take_ringbuf_mem | take_release,
	take_stack_null = take_stack | take_or_null,
	take_dynptr_in = take_dynptr | take_rdonly,
	take_dynptr_new_local = take_dynptr | take_local | take_uninit,
	take_dynptr_new_ringbuf = take_dynptr | take_ringbuf | take_uninit,
	take_dynptr_release = take_dynptr | take_ringbuf | take_release,
};

/* ---- what a helper gives ---- */

enum give {
	give_void, /* R0 is not readable afterwards */
	give_int,
	give_value, /* of the map that was passed */
	give_socket,
	give_tcp_sock,
	give_sock_common,
	give_mem,	    /* alloc_size bytes */
	give_dynptr_mem,    /* the size argument's bytes of the dynptr */
	give_btf_id,	    /* a typed pointer to struct ret_btf */
	give_mem_or_btf_id, /* what the per-CPU argument points to */

	give_kind = 0xf, /* mask of the above */

	give_or_null = 1 << 4,
	give_ringbuf = 1 << 5, /* memory of a ring-buffer record */
	give_trusted = 1 << 6,
	give_rdonly = 1 << 7,

	give_value_null = give_value | give_or_null,
	give_socket_null = give_socket | give_or_null,
	give_tcp_sock_null = give_tcp_sock | give_or_null,
	give_sock_common_null = give_sock_common | give_or_null,
	give_record_null = give_mem | give_ringbuf | give_or_null,
	give_dynptr_mem_null = give_dynptr_mem | give_or_null,
	give_btf_id_null = give_btf_id | give_or_null,
	give_btf_id_trusted = give_btf_id | give_trusted,
	give_mem_or_btf_id_rdonly = give_mem_or_btf_id | give_rdonly,
	give_mem_or_btf_id_rdonly_null = give_mem_or_btf_id_rdonly | give_or_null,
};

enum helper_flag {
	helper_gpl = 1 << 0,	  /* for programs with a GPL-compatible licence */
	helper_pkt = 1 << 1,	  /* packet pointers may be passed as memory */
	helper_sleeps = 1 << 2,	  /* for sleepable programs */
	helper_fastcall = 1 << 3, /* leaves R1 to R5 alone: bpf_fastcall */
	helper_moves = 1 << 4,	  /* packet pointers are no longer valid afterwards; of
				     tail_call: where the program that it goes to ends */
	helper_acquires = 1 << 5, /* what it gives has to be released */
	helper_cast = 1 << 6,  /* what it gives is the argument's object: one reference */
	helper_calls = 1 << 7, /* calls the callback before it returns */
	helper_calls_later = 1 << 8,  /* calls the callback some other time */
	helper_dynptr_slice = 1 << 9, /* what it gives lives as long as the dynptr */
	helper_guarded = 1 << 10, /* of some attached-to functions only, never of SYSCALL
				     programs: "helper call is not allowed in probe" */
};

struct helper_proto {
	const char *name; /* "map_lookup_elem" */
	u32 id;
	u16 since; /* the first Linux that has it: 0x060c is 6.12 */
	u16 flags; /* enum helper_flag */
	u16 ret, arg[5];
	u8 fixed_size[5];    /* of take_fixed arguments, in bytes */
	const char *arg_btf; /* of the argument that is a take_btf_id: "task_struct" */
	const char *ret_btf; /* of give_btf_id */
};

/* How a helper is most often; NULL: there is none with this id. */
const struct helper_proto *rules_helper(u32 id);

/* How it is for programs of this type: some take other things there (sk_assign), or may
 * be given packet memory. */
const struct helper_proto *rules_helper_for(u32 prog_type, u32 attach_type, u32 id);

/* ---- who may call it ---- */

/* What the program is attached to by BTF id: "bpf_iter_tcp" and ""; a struct of functions
 * and its member, "tcp_congestion_ops" and "init"; both "": nothing that is known. */
struct rule_hook {
	const char *name, *member;
};

/* Whether programs of this type have the helper, with the profile's capabilities and
 * kernel. Where not: "program of this type cannot use helper bpf_%s#%u", EINVAL. hook may
 * be NULL. */
bool rules_helper_allowed(u32 prog_type, u32 attach_type, const struct rule_hook *hook,
			  u32 id, const struct profile *profile);

/* The same for who has all capabilities, where it is attached does not decide, and the
 * newest kernel. */
bool rules_helper_known(u32 prog_type, u32 attach_type, u32 id);

/* ---- contexts, and objects that are read like one ---- */

/* Aligned accesses of `read` (or `write`) sizes, a mask of 1, 2, 4 and 8, that lie within
 * [off, off + len). */
struct rule_field {
	u16 off, len;
	u8 read, write;
	u8 type;	 /* what a read gives: enum reg_type */
	u8 need_bpf;	 /* without CAP_BPF: bit 0, may not be read; bit 1, not written */
	u32 flags;	 /* enum reg_flag */
	const char *btf; /* of a reg_btf: the struct's name */
};

struct rule_ctx {
	const struct rule_field *fields;
	u32 nfields;
	bool btf; /* typed by the function that is attached to: nothing in these tables */
};

/* Of a program type; NULL: there is no such type, or it does not attach like that. */
const struct rule_ctx *rules_ctx(u32 prog_type, u32 attach_type);

/* The kernel hands the context to programs of this type as it is. */
bool rules_ctx_is_plain(u32 prog_type);

/* Of what a reg_socket, reg_sock_common, reg_tcp_sock or reg_xdp_sock points to; NULL: of
 * no other. */
const struct rule_ctx *rules_object(enum reg_type type);

/* The field that allows the access; NULL: none. */
const struct rule_field *rules_ctx_field(const struct rule_ctx *rule, s32 off, u32 size,
					 bool write, const struct profile *profile);

/* ---- program types ---- */

struct rule_prog {
	const char *name; /* "sched_cls" */
	u16 since;
	u64 attach_types;  /* that loading takes; all bits: it does not look */
	bool packet_read;  /* packet memory may be passed, to helpers that are helper_pkt
			    */
	bool packet_write; /* stores into it; else "cannot write into packet" */
	bool ld_abs;
	bool net_admin, perfmon; /* the capability that loading needs beside CAP_BPF */
	bool trace;	/* "tracing progs": maps with locks or timers are refused */
	bool btf;	/* needs attach_btf_id */
	bool sleepable; /* may be; of btf types: where the hook allows it */
	bool sleepable_only;
};

const struct rule_prog *rules_prog(u32 prog_type); /* NULL: no such type */

/* Whether a program of the type may be loaded for attach_type: 0 or -EINVAL. */
int rules_attach(u32 prog_type, u32 attach_type);

/* What it may return; false: anything. Not of LSM and STRUCT_OPS programs, where the hook
 * decides. "At program exit the register R0 has smin=%d smax=%d should have been in [%d,
 * %d]", EINVAL. */
bool rules_return_range(u32 prog_type, u32 attach_type, s32 *min, s32 *max);

/* In words: what a program returns that has nothing to say, and what the values mean. */
struct rule_verdict {
	const char *leave, *meaning;
};

/* NULL: 0, and nobody looks at it, or the hook decides. */
const struct rule_verdict *rules_verdict(u32 prog_type, u32 attach_type);

/* ---- maps ---- */

/* Whether the helper takes maps of this type: else "cannot pass map_type %d into func
 * %s#%d", EINVAL. prog_type: who may change a socket map; others are told "cannot update
 * sockmap in this context" before. */
bool rules_map_helper(u32 map_type, u32 id, u32 prog_type, u32 attach_type);

/* What map_lookup_elem gives of it: reg_value, reg_map (an inner map), reg_socket,
 * reg_xdp_sock. */
enum reg_type rules_map_lookup(u32 map_type);

/* Whether BPF_PSEUDO_MAP_VALUE reaches into it. */
bool rules_map_direct(u32 map_type);

/* Whether sleepable programs may use it. */
bool rules_map_sleepable(u32 map_type);

#endif
