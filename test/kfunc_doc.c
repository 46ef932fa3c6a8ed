/* kfunc_doc.c - writes docs/kfuncs.md from helper_kfunc.def; each function that the
 * verifier knows stands in it, or this fails */
#include <stdio.h>
#include "helper.h"

struct row {
	const char *name;
	u32 number; /* 0: refused */
};

static const struct row rows[] = {
#define KFUNC(name, number, ...) {"bpf_" #name, number},
#define REFUSED(name, why)	 {#name, 0},
#include "helper_kfunc.def"
#undef KFUNC
#undef REFUSED
};

static const char *const known[] = {
#define KFUNC(name, flags, does, types) #name,
#include "kfunc.def"
#undef KFUNC
};

/* In the same order, so that a row is found at a glance. */
static bool all_are_there(void)
{
	size_t n = ARRAY_SIZE(known), i = 0;

	while (i < n && i < ARRAY_SIZE(rows) && !strcmp(known[i], rows[i].name))
		i++;
	if (i == n && n == ARRAY_SIZE(rows))
		return true;
	fprintf(stderr, "helper_kfunc.def has no row for %s, or not here\n",
		i < n ? known[i] : "more than the verifier has");
	return false;
}

int main(void)
{
	u32 n = 0;

	if (!all_are_there())
		return 1;
	printf("# Kernel functions (kfuncs)\n\n"
	       "Generated from `src/engine/helper/helper_kfunc.def`. Programs declare them\n"
	       "`extern ... __ksym` and call them by their id in the running kernel's BTF\n"
	       "(`/sys/kernel/btf/vmlinux`), on the engine, too: its verifier takes their\n"
	       "prototypes from there. On a machine without it a program that calls one is\n"
	       "refused. They are for programs with a GPL-compatible license. Results and\n"
	       "errors are those of Linux 6.18.\n\n"
	       "| function | since Linux |\n"
	       "|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].number)
			continue;
		printf("| `%s` | %s |\n", rows[i].name,
		       helper_kfunc(rows[i].number)->since);
		n++;
	}
	printf("\n%u of the %zu that `skep verify` knows.\n\n## Not there, and why\n\n",
	       n, ARRAY_SIZE(known));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].number)
			printf("- %s.\n", helper_kfunc_refusal(rows[i].name));
	return 0;
}
