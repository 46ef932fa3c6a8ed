/* Kernel functions on the engine and on the kernel, by programs of
 * test/bpf/kfunc_*.bpf.c: both give the same answers, and they are the ones that stand
 * here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "sides.h"

static const char text_programs[] = TEST_BPF "/kfunc_text.bpf.c";

/* Runs one program once, on 64 bytes of packet. */
static void both(const char *test, const char *file, const char *name, const s64 *want,
		 u32 n)
{
	u8 packet[64] = {0};
	union skep_attr attr;
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, end = sides(test, file); i < end; i++) {
		side_open(&s, i);
		memset(&attr, 0, sizeof(attr));
		attr.test.data_in = u64_of(packet);
		attr.test.data_size_in = sizeof(packet);
		assert_int_equal(side_run(&s, name, &attr, out), 0);
		skep_object_close(s.obj);
		same(&s, name, out, want, n);
	}
}

#define BOTH(file, name, ...) \
	both(__func__, file, name, (const s64[]){__VA_ARGS__}, \
	     sizeof((const s64[]){__VA_ARGS__}) / sizeof(s64))

static void strings_are_compared(void **state)
{
	BOTH(text_programs, "compare", 0, -1, 1, -1, 0, 1, -1, 0, 1, -1, 0, -1, -1,
	     -E2BIG, 1, 0, -E2BIG, -ERANGE, -ERANGE, -ERANGE, -ERANGE, -EFAULT, -ERANGE,
	     -EFAULT);
}

static void characters_are_found(void **state)
{
	BOTH(text_programs, "look", 2, -ENOENT, 6, -ENOENT, 0, -E2BIG, -ENOENT, 65535,
	     -ERANGE, -EFAULT, -ENOENT, 2, 3, -ENOENT, -ENOENT, -ERANGE, -ENOENT, -E2BIG,
	     -ENOENT, -E2BIG, 1, 3, -E2BIG, 65535, -ERANGE, -EFAULT, 4, -ENOENT, 6,
	     -ENOENT, 0, -ENOENT, -E2BIG, 65534, -ERANGE, -EFAULT);
}

static void strings_are_measured(void **state)
{
	BOTH(text_programs, "measure", 3, 0, 5, 65535, -E2BIG, -ERANGE, -ERANGE, -EFAULT,
	     -ERANGE, 2, 3, 3, 0, 3, 65535, 65535, -E2BIG, -E2BIG, -ERANGE, 0, -EFAULT, 3,
	     3, 0, 0, 0, -ERANGE, -EFAULT, 65535, -E2BIG, -E2BIG, -EFAULT, 3, 3, 0, 3, 0,
	     0, -ERANGE, -EFAULT, 65535, -E2BIG, -E2BIG);
}

static void strings_are_found(void **state)
{
	BOTH(text_programs, "within", 4, -ENOENT, 0, -ENOENT, 0, 0, -ENOENT, 1, -ENOENT,
	     -E2BIG, 0, -ENOENT, -E2BIG, -ERANGE, -ERANGE, -EFAULT, 0, -EFAULT, 4,
	     -ENOENT, 4, -ENOENT, 4, 0, -ENOENT, 0, -ENOENT, -EFAULT, 0, -ENOENT, -ERANGE,
	     -ENOENT, -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_compared),
		cmocka_unit_test(characters_are_found),
		cmocka_unit_test(strings_are_measured),
		cmocka_unit_test(strings_are_found),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
