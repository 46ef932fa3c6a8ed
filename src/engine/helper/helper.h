/* helper.h - helper functions: what a program can ask of the engine
 *
 * A row of helper.def is the prototype; the code stands in a file by area. helper_call()
 * checks the arguments by the row, so that a function gets memory that it may touch and
 * nothing else. Everything that a helper knows of the world comes from struct run.
 */
#ifndef HELPER_H
#define HELPER_H

#include "run.h"

/* What an argument must be. A size follows its memory, a key or value its map. */
enum helper_arg {
	arg_none,	  /* the helper has no such argument */
	arg_any,	  /* any number */
	arg_ctx,	  /* the context pointer */
	arg_ctx_null,	  /* the same, or NULL */
	arg_mem20,	  /* 20 bytes to read: a header of IPv4, or of TCP */
	arg_mem40,	  /* 40 bytes to read: a header of IPv6 */
	arg_map,	  /* a map with values; becomes a struct map * */
	arg_map_of_any,	  /* the same, or a map of maps */
	arg_any_map,	  /* a map of whatever type */
	arg_ringbuf,	  /* a map of that type */
	arg_prog_array,	  /* a map of that type */
	arg_user_ringbuf, /* a map of that type */
	arg_perf_array,	  /* a map of that type */
	arg_stack_trace,  /* a map of that type */
	arg_task_storage, /* a map of that type */
	arg_cgrp_storage, /* a map of that type */
	arg_queue,	  /* a map that values are pushed into */
	arg_key,	  /* key_size bytes, read */
	arg_value,	  /* value_size bytes, read */
	arg_value_null,	  /* the same, or NULL */
	arg_value_out, /* value_size bytes, written; read if the map is asked about it */
	arg_mem,       /* memory to read; the next argument is its size */
	arg_mem_null,  /* the same, or NULL with size 0 */
	arg_out,       /* memory to write; the next argument is its size */
	arg_out_null,  /* the same, or NULL with size 0 */
	arg_size,      /* 1 to 2^29 */
	arg_size0,     /* 0 to 2^29 */
	arg_record,  /* a ring-buffer record that the run has reserved and still holds */
	arg_func,    /* a function of the program */
	arg_str,     /* a 0-terminated string in readable memory */
	arg_u64_out, /* 8 bytes, written */
	arg_dynptr,  /* a struct dynptr, read or released */
	arg_dynptr_new, /* room for one, written */
	arg_dynptr_own, /* one that is changed */
	arg_skb,     /* the packet as the program knows it: its context, or from there */
	arg_out_opt, /* memory to write, or NULL; the next argument is its size */
	arg_spin_lock,	 /* the bpf_spin_lock of a map value that the run looked up */
	arg_task,	 /* the current task */
	arg_task_null,	 /* the same, or NULL */
	arg_cgroup_null, /* its cgroup, or NULL */
	arg_timer,	 /* the bpf_timer of such a value */
	arg_wq,		 /* the bpf_wq of such a value */
	arg_kptr,	 /* a kept pointer, in such a value or in an object */
	arg_object,	 /* an object that some program made, as programs see it */
	arg_object_null, /* the same, or NULL */
	arg_list, /* a list or a tree, in a value or object, and a node in an object: */
	arg_list_node, /* as the program sees them */
	arg_tree,
	arg_tree_node,
	arg_own8,  /* 8 bytes where a kernel function keeps what is its own */
	arg_seq,   /* what the iterator's program writes to; becomes a struct run_seq * */
	arg_own16, /* 16 such bytes */
};

enum helper_ret {
	ret_int,
	ret_void,
	ret_value,  /* a value of the map that was passed (of a map of maps: a map), or
		       NULL */
	ret_task,   /* the current task, of which there is what image.def says */
	ret_object, /* the address of an object, at which nothing is mapped, or NULL */
	ret_mem,    /* memory that the helper has given with run_give(), or NULL */
};

struct helper {
	const char *name; /* "map_lookup_elem" */
	u8 ret, arg[5];
	bool gpl_only;
	bool may_sleep;	   /* only for programs that are loaded with SKEP_F_SLEEPABLE */
	const char *since; /* the first Linux that has it */
	u64 types; /* kernel functions: a bit for each type of program that has it */
	u64 (*fn)(struct run *run, u64 a, u64 b, u64 c, u64 d, u64 e);
};

/* By id (enum skep_func_id); NULL: not supported. */
const struct helper *helper_of(u32 id);

/* Why the engine does not have a helper that Linux 6.18 has, a sentence; NULL: not said.
 */
const char *helper_refusal(u32 id);

/* Kernel functions are helpers that are called by name: a row of helper_kfunc.def, by its
 * number; NULL: not supported. */
const struct helper *helper_kfunc(u32 number);

/* The number of the row of "bpf_..."; 0: the engine does not have it. */
u32 helper_kfunc_number(const char *name);

/* Why not, a sentence; NULL: not said. */
const char *helper_kfunc_refusal(const char *name);

/* Whether a row's function gets a struct map * for that argument. */
bool helper_takes_map(enum helper_arg kind);

/* Checks the arguments by the row, calls, and gives the program what it returned. After a
 * bad argument run->fault is set. r: r1 to r5 in r[0..4]. */
u64 helper_call(struct run *run, const struct helper *helper, const u64 r[5]);

/* After a run: gives back what a program that was stopped still held. */
void helper_take_back(struct run *run);

/* The objects that a run held on this slot, or one of a process that is gone. */
void helper_drop_objects(struct run *run);

#endif
