/* verify_mine.h - asks the running kernel's verifier one small question at a time
 *
 * A question is a program of a few instructions; the answer is whether it loads, with
 * which errno, and what the log says. Some 20 us each, so all of src/engine/verify's rule
 * tables are asked for in seconds. verify_mine prints them; test_verify_rules_kernel
 * compares. Not reentrant: it changes the process's effective capabilities and gives
 * them back.
 */
#ifndef VERIFY_MINE_H
#define VERIFY_MINE_H

#include <skep/abi.h>
#include "bits.h"

/* Who asks. */
struct mine_who {
	u32 type, attach;
	bool sleepable, not_gpl;
	u32 flags;    /* more of prog_flags */
	u32 btf_id;   /* attach_btf_id */
	u32 callback; /* where a second function begins; 0: there is none */
	bool no_bpf, no_perfmon, no_net_admin; /* without that capability */
};

struct mine_answer {
	int err;	/* 0 or -errno */
	char log[8192]; /* log level 2, cut */
};

/* Instructions. */
#define MINE_SET(d, v)	((struct skep_insn){.code = 0xb7, .dst_reg = d, .imm = v})
#define MINE_MOVE(d, s) ((struct skep_insn){.code = 0xbf, .dst_reg = d, .src_reg = s})
#define MINE_ADD(d, v)	((struct skep_insn){.code = 0x07, .dst_reg = d, .imm = v})
#define MINE_CALL(id)	((struct skep_insn){.code = 0x85, .imm = id})
#define MINE_EXIT	((struct skep_insn){.code = 0x95})
#define MINE_LOAD(bytes, d, s, o) \
	((struct skep_insn){ \
		.code = 0x61 | mine_size(bytes), .dst_reg = d, .src_reg = s, .off = o})
#define MINE_STORE(bytes, d, s, o) \
	((struct skep_insn){ \
		.code = 0x63 | mine_size(bytes), .dst_reg = d, .src_reg = s, .off = o})
#define MINE_IF_NOT_0(d, o) ((struct skep_insn){.code = 0x55, .dst_reg = d, .off = o})

static inline u8 mine_size(u32 bytes)
{
	return bytes == 1 ? 0x10 : bytes == 2 ? 0x08 : bytes == 4 ? 0 : 0x18;
}

void mine_ask(const struct mine_who *who, const struct skep_insn *code, u32 n,
	      struct mine_answer *answer);

/* Whether the log has the text. */
bool mine_says(const struct mine_answer *a, const char *text);

/* ---- program types ---- */

enum { MINE_TYPES = 33, MINE_ATTACHES = 64 };

/* Of each type: which attach types its programs load with, a bit each. */
struct mine_types {
	u64 attach[MINE_TYPES];
	bool sleepable_only[MINE_TYPES];
	bool any[MINE_TYPES]; /* does not look at the attach type */
	struct mine_who
		typed[2]; /* TRACING programs of a tracepoint and of an iterator */
	u32 ntyped;
};

/* tracepoint, iterator: BTF ids of btf_trace_sched_switch and bpf_iter_task; 0: unknown.
 */
void mine_types(struct mine_types *types, u32 tracepoint, u32 iterator);

/* Every (type, attach type) once, types that do not look at it while loading with 0 and
 * those few where the verifier does: false at the end. Begin with *who all 0. */
bool mine_next(const struct mine_types *types, struct mine_who *who);

/* ---- contexts, and objects that are read like one ---- */

enum { MINE_CTX = 264, MINE_NAME = 40 };

/* What a load or store of 1 << log2 bytes is answered: "" when it is refused, else the
 * type of what is read ("scalar", "pkt", "sock_or_null"); of a store "scalar". */
struct mine_ctx {
	char read[4][MINE_CTX][MINE_NAME], write[4][MINE_CTX][MINE_NAME];
};

void mine_ctx(const struct mine_who *who, struct mine_ctx *ctx);

/* One access, at any offset. */
bool mine_ctx_at(const struct mine_who *who, s32 off, u32 bytes, bool write);

enum mine_object {
	MINE_SOCK_COMMON,
	MINE_SOCK,
	MINE_TCP_SOCK,
	MINE_XDP_SOCK,
	MINE_OBJECTS
};

void mine_object(enum mine_object object, struct mine_ctx *ctx);

/* ---- helpers ---- */

/* Whether programs of the type have it, licence and arguments aside. */
bool mine_helper(const struct mine_who *who, u32 id);

/* ---- maps ---- */

enum { MINE_MAPS = 34 };

enum mine_verdict {
	mine_no,
	mine_yes,
	mine_unclear,	 /* refused, for a reason that was not asked about */
	mine_cannot_ask, /* such a map cannot be made here, or the call not composed */
};

/* BTF with [1] an int and [3] a static function: what local storage and callbacks need.
 */
int mine_btf(void);

/* A map of the type with one entry; -1: this kernel makes none. */
int mine_map(u32 type);

/* Whether the helper takes maps of the type. prog_type 0: one that has the helper. */
enum mine_verdict mine_map_helper(u32 map_type, u32 helper, u32 prog_type,
				  struct mine_answer *a);

/* What map_lookup_elem gives: "map_value_or_null"; false: it does not take the map. */
bool mine_map_lookup(u32 map_type, char name[MINE_NAME]);

enum mine_verdict mine_map_direct(u32 map_type);
enum mine_verdict mine_map_sleepable(u32 map_type);

/* ---- program types ---- */

struct mine_prog {
	bool sleepable, ld_abs, need_net_admin, need_perfmon;
	bool range; /* of what it may return */
	s32 min, max;
	bool packets;	   /* its context has a packet pointer */
	bool packet_write; /* stores into it */
	bool packet_read;  /* passes it to a helper */
};

void mine_prog(const struct mine_who *who, struct mine_prog *prog);

#endif
