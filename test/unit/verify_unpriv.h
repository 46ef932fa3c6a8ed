/* verify_unpriv.h - programs of users who lack capabilities, with what Linux 6.18 says
 *
 * MAPS are what `map[idx:N]` refers to. test_verify_unpriv.c asks the verifier,
 * test_verify_unpriv_kernel.c the kernel: one table, so it cannot be stale.
 */
#ifndef VERIFY_UNPRIV_H
#define VERIFY_UNPRIV_H

#include <errno.h>
#include <skep/abi.h>
#include <skep/isa.h>
#include "bits.h"

/* What the asker may: CAP_BPF and CAP_NET_ADMIN, or nothing at all. */
enum unpriv_who { WITH_BPF, NOBODY };

struct unpriv_case {
	enum unpriv_who who;
	u32 type;
	int err; /* positive */
	u32 processed;
	const char *message; /* the last line; NULL: accepted */
	const char *text;
	u32 flags;
};

static const struct {
	u32 type, key_size, value_size, max_entries;
} unpriv_maps[] = {
	{SKEP_MAP_TYPE_HASH, 4, 8, 16},
	{SKEP_MAP_TYPE_ARRAY, 4, 48, 1},
	{SKEP_MAP_TYPE_ARRAY, 4, 16, 1},
};

#define SOCKET SKEP_PROG_TYPE_SOCKET_FILTER
#define CLS    SKEP_PROG_TYPE_SCHED_CLS

/* r0 is a value of map N, not NULL. */
#define VALUE(n) \
	"*(u32 *)(r10 -4) = 0\n r2 = r10\n r2 += -4\n r1 = map[idx:" #n "]\n call " \
	"bpf_map_lookup_elem\n if r0 == 0 goto out\n "
#define RANDOM "call bpf_get_prandom_u32\n "
#define END    "out: r0 = 0\n exit\n"

static const struct unpriv_case unpriv_cases[] = {
#define CASE(asker, prog_type, error, insns, line, source, ...) \
	{.who = asker, \
	 .type = prog_type, \
	 .err = error, \
	 .processed = insns, \
	 .message = line, \
	 .text = source, \
	 ##__VA_ARGS__},
#include "verify_unpriv.def"
#undef CASE
};

#endif
