/* case_arrays.c - records the tests of an unpacked kernel's test_verifier.c, one case
 * each
 *
 * record.sh compiles it against the tree that it unpacks: TEST_VERIFIER names that file,
 * whose main() gets another name, and TEST_FILES a list of the array files and how many
 * tests each has, in their order there. Of the file's own expectation only that of
 * users without capabilities is kept.
 */
typedef unsigned int u32; /* which that file expects */
typedef unsigned long long u64;
#include <bpf/libbpf.h>
/* which loads a program of its own after each that failed */
#define libbpf_probe_bpf_prog_type(type, opts) 1
#include TEST_VERIFIER
#include "case_record.h"

#undef main

/* The file's own expectation, since no kernel that lets everybody load is at hand. */
static void expect_unprivileged(const struct bpf_test *test)
{
	bool own = test->result_unpriv != UNDEF;
	bool refused = (own ? test->result_unpriv : test->result) == REJECT;
	const char *text = test->errstr_unpriv ? test->errstr_unpriv : test->errstr;

	record_unprivileged(refused ? EACCES : 0, refused ? text : NULL);
}

static void record_test(const char *file, size_t i, struct bpf_test *test)
{
	char name[300];
	int passes = 0, errors = 0;

	snprintf(name, sizeof(name), "%03zu %s", i, test->descr);
	record_case(file, name);
	if (test_as_unpriv(test))
		expect_unprivileged(test);
	do_test_single(test, false, &passes, &errors);
	record_case(NULL, NULL);
}

/* With the argument `caps`: without CAP_PERFMON, and without the programs that are made
 * by the thousand instructions: the kernel guards each store in them by moving all that
 * follows, which takes minutes. */
int main(int argc, char **argv)
{
	/* no constants for the compiler, which therefore wants them here */
	const struct {
		const char *name;
		size_t n;
	} files[] = {
#include TEST_FILES
	};
	struct bpf_test *test = tests;
	bool few = argc > 1 && !strcmp(argv[1], "caps");
	size_t f, i;

	if (!record_case || !is_admin()) {
		fprintf(stderr, "arrays: run it as root, with record.so preloaded\n");
		return 1;
	}
	if (few)
		cap_disable_effective(1ULL << CAP_PERFMON, NULL);
	bpf_semi_rand_init();
	for (f = 0; f < ARRAY_SIZE(files); f++)
		for (i = 0; i < files[f].n; i++, test++)
			if (!few || !test->fill_helper)
				record_test(files[f].name, i, test);
	return test == tests + ARRAY_SIZE(tests) ? 0 : 1;
}
