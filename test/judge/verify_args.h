/* verify_args.h - calls of helpers, with arguments that fit and one that does not
 *
 * A question is a program that calls one helper. Its arguments are what the row of
 * helper_proto.def takes, as far as that can be had in a few instructions; one of them
 * may be another thing, a row of verify_args.def. Whatever comes out is a question: both
 * verifiers are asked, and the row is not the judge.
 */
#ifndef VERIFY_ARGS_H
#define VERIFY_ARGS_H

#include "case.h"
#include "rules.h"

enum args_what {
	what_fits,
#define WHAT(name, ...) what_##name,
#include "verify_args.def"
	args_whats
};

/* Maps beside one of each type, by index. */
enum args_map { map_fields, map_frozen, map_wronly, ARGS_MAPS };

struct args_env {
	u32 type, attach_type;
	bool sleepable;
	int map_of[64]; /* by type: index; -1: this kernel makes none */
	int map[ARGS_MAPS];
};

struct args_prog {
	struct skep_insn code[192];
	u32 n;
	u32 callback; /* where it begins; 0: there is none */
};

const char *args_name(enum args_what what);

/* What is passed: argument `arg` (0 is r1) is `what`, the one behind it `next`. */
struct args_question {
	const struct helper_proto *proto;
	u32 arg;
	enum args_what what, next;
};

/* The program that calls the helper. false: `what` cannot be had in programs of this
 * type. */
bool args_compose(const struct args_env *env, const struct args_question *q,
		  struct args_prog *prog);

#endif
