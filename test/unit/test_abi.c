/* test_abi.c - include/skep/abi.h against the kernel's own declarations
 *
 * PAIRS is a file of rows that test/abi_pairs.py made from both sides: by default
 * <linux/bpf.h>; with KERNEL_BTF the running kernel's types, which stand in the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "skip.h"
#include <skep/abi.h>
#include "skip.h"
#ifdef KERNEL_BTF
#include <linux/types.h>
#define THEIR_TYPES
#include PAIRS
#undef THEIR_TYPES
#define HEADER_IS_LATER 0
#else
#include <asm/ptrace.h>
#include <linux/version.h>
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/btf.h>
#define HEADER_IS_LATER (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0))
#endif

#define SIZE_OF(type, field) sizeof(((type *)0)->field)

#define SAME_VALUE(ours, theirs) \
	_Static_assert((long long)(ours) == (long long)(theirs), #ours);
#define SAME_SIZE(ours, theirs) _Static_assert(sizeof(ours) == sizeof(theirs), #ours);
#define SAME_OFFSET(ours, theirs, field) \
	_Static_assert(offsetof(ours, field) == offsetof(theirs, field), \
		       #ours "." #field);
#define SAME_FIELD(ours, theirs, field) \
	SAME_OFFSET(ours, theirs, field) \
	_Static_assert(SIZE_OF(ours, field) == SIZE_OF(theirs, field), #ours "." #field);
#define ABSENT(name)
#include PAIRS
#undef SAME_VALUE
#undef SAME_SIZE
#undef SAME_OFFSET
#undef SAME_FIELD
#undef ABSENT

/* One row: what is compared, and the two numbers. */
static const struct pair {
	const char *what;
	long long ours, theirs;
} pairs[] = {
#define SAME_VALUE(ours, theirs) {#ours, (long long)(ours), (long long)(theirs)},
#define SAME_SIZE(ours, theirs)	 {"sizeof " #ours, sizeof(ours), sizeof(theirs)},
#define SAME_OFFSET(ours, theirs, field) \
	{#ours "." #field, offsetof(ours, field), offsetof(theirs, field)},
#define SAME_FIELD(ours, theirs, field) \
	SAME_OFFSET(ours, theirs, field){"sizeof " #ours "." #field, \
					 SIZE_OF(ours, field), SIZE_OF(theirs, field)},
#define ABSENT(name)
#include PAIRS
#undef ABSENT
};

static const char *const absent[] = {
#undef SAME_VALUE
#undef SAME_SIZE
#undef SAME_OFFSET
#undef SAME_FIELD
#define SAME_VALUE(ours, theirs)
#define SAME_SIZE(ours, theirs)
#define SAME_OFFSET(ours, theirs, field)
#define SAME_FIELD(ours, theirs, field)
#define ABSENT(name) name,
#include PAIRS
	NULL,
};

static void every_number_and_layout_is_the_kernels(void **state)
{
	size_t n = sizeof(pairs) / sizeof(pairs[0]);

	for (size_t i = 0; i < n; i++)
		if (pairs[i].ours != pairs[i].theirs)
			fail_msg("%s is %lld, the kernel's %lld", pairs[i].what,
				 pairs[i].ours, pairs[i].theirs);
	assert_true(n > 1500); /* the rows were really made */
}

static void nothing_of_the_kernels_is_absent(void **state)
{
	if (HEADER_IS_LATER)
		test_skip(__func__, "abi.h states Linux 6.18, this header is later");
	if (absent[0])
		fail_msg("include/skep/abi.h lacks %s", absent[0]);
}

/* offsetof() does not see bit-fields. */
static void bit_fields_are_the_kernels(void **state)
{
	struct skep_insn ours = {
		.code = 1, .dst_reg = 2, .src_reg = 3, .off = 4, .imm = 5};
	struct bpf_insn theirs;
	struct skep_prog_info info = {.gpl_compatible = 1};
	struct bpf_prog_info kernels;

	memcpy(&theirs, &ours, sizeof(theirs));
	assert_int_equal(theirs.dst_reg, 2);
	assert_int_equal(theirs.src_reg, 3);
	memcpy(&kernels, &info, sizeof(kernels));
	assert_int_equal(kernels.gpl_compatible, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_and_layout_is_the_kernels),
		cmocka_unit_test(nothing_of_the_kernels_is_absent),
		cmocka_unit_test(bit_fields_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
