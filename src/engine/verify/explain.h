/* explain.h - a refusal in words, for people who wrote C and not bytecode
 *
 * verify() says no in the kernel's words. verify_explain() walks the same program twice
 * more: once to learn by which instructions the path came to the refused one, once to
 * keep what was known of the registers before each of them. From that it tells where the
 * value at fault came from, which lines narrowed it, where a check was lost, and what to
 * change. explain.def has the classes of refusals and their sentences.
 *
 * Nothing here takes part in a verdict.
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <skep/verify.h>
#include "verify.h"

/* All texts of `out` lie in its arena; free it with arena_free(). */
struct explained {
	struct arena arena;
	struct skep_explanation out;
};

/* 0; -ENOENT: the program is accepted; -ENOMEM. Then there is nothing to free. */
int verify_explain(const struct verify_prog *prog, const struct profile *profile,
		   struct explained *e);

#endif
