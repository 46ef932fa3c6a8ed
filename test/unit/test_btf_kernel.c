/* The rules of loading against BPF_BTF_LOAD of the running kernel, on damaged blobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <skep/load.h>
#include "bpfcc.h"
#include "btf.h"
#include "mem.h"
#include "skip.h"

enum { ROUNDS = 3000, KERNEL_LOG = 1 << 16 };

static u64 seed = 1;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators" */
static u32 random_below(u32 n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (u32)((seed * 0x2545f4914f6cdd1d >> 33) % n);
}

static void damage(u8 *m, size_t len, u32 types)
{
	u32 at = 24 + random_below(types / 4) * 4;
	u32 other = 24 + random_below(types / 4) * 4;

	switch (random_below(7)) {
	case 0: store32(m + at, load32(m + at) + random_below(5) - 2); break;
	case 1: m[at + random_below(4)] ^= (u8)(1 << random_below(8)); break;
	case 2: store32(m + at, 0); break;
	case 3: store32(m + at, random_below(60)); break;
	case 4: store32(m + at, load32(m + other)); break;
	case 5: m[random_below(24)] ^= (u8)(1 << random_below(8)); break;
	case 6:
		m[24 + types + random_below((u32)len - 24 - types)] =
			(u8)random_below(256);
		break;
	}
}

/* 0 or -errno; the log's last line in text. */
static int kernel_says(const void *data, size_t len, char *text)
{
	union skep_attr attr = {0};
	int fd;

	text[0] = '\0';
	attr.btf = u64_of(data);
	attr.btf_size = (u32)len;
	attr.btf_log_buf = u64_of(text);
	attr.btf_log_size = KERNEL_LOG;
	attr.btf_log_level = 1;
	fd = (int)syscall(SYS_bpf, SKEP_BTF_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* What the kernel answers where depends on the order of types, and not on what they are:
 * a pointer to a function is refused if it stands before the function. And an int of
 * 0xfffffffe bytes or more is one to the kernel. */
static bool may_differ(const char *ours)
{
	return strstr(ours, "(func); expected a type") ||
	       strstr(ours, "(int) is of 4 GiB or more");
}

static void compare(const u8 *good, size_t len, u8 *m, char *text)
{
	int differ = 0, refused = 0, same_errno = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char ours[512] = "";
		struct skep_log log = {.buf = ours, .size = sizeof(ours)};
		struct skep_btf *btf;
		int theirs, err;

		memcpy(m, good, len);
		for (u32 n = i ? 1 + random_below(2) : 0; n; n--)
			damage(m, len, load32(good + 12));
		theirs = kernel_says(m, len, text);
		if (theirs == -ENOSPC)
			continue;
		err = btf_parse(&btf, m, len, NULL, BTF_RULES_LOAD, "blob", &log);
		skep_btf_free(btf);
		refused += err != 0;
		same_errno += err && err == theirs;
		if (!err == !theirs || may_differ(ours))
			continue;
		differ++;
		print_message("round %d: kernel %d, ours %d: %s%.200s\n", i, theirs, err,
			      ours,
			      strlen(text) > 200 ? text + strlen(text) - 200 : text);
	}
	print_message("%d rounds, %d refused, %d with the kernel's errno\n", ROUNDS,
		      refused, same_errno);
	assert_int_equal(differ, 0);
	assert_true(refused > ROUNDS / 4 && refused < ROUNDS);
	assert_true(same_errno > refused * 98 / 100);
}

static void verdicts_are_the_kernels(const char *test, const char *source)
{
	const char *why = no_bpf(), *cc = any_clang();
	struct skep_object *obj;
	const void *data;
	char path[64], *text;
	size_t len;
	u8 *m;

	if (why)
		test_skip(test, "%s", why);
	if (!cc)
		test_skip(test, NO_CLANG);
	assert_true(bpf_compile(cc, source, NULL, path));
	assert_int_equal(skep_object_open(path, &obj, NULL), 0);
	unlink(path);
	assert_int_equal(skep_object_plan(obj, NULL), 0);
	data = skep_btf_data(skep_object_btf(obj), &len);
	m = mem_alloc(len, 1);
	text = mem_alloc(KERNEL_LOG, 1);
	assert_int_equal(kernel_says(data, len, text), 0);
	compare(data, len, m, text);
	mem_free(m);
	mem_free(text);
	skep_object_close(obj);
}

static void verdicts_on_types(void **state)
{
	verdicts_are_the_kernels(__func__, TEST_BPF "/types.bpf.c");
}

static void verdicts_on_maps_and_globals(void **state)
{
	verdicts_are_the_kernels(__func__, TEST_BPF "/loader.bpf.c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_on_types),
		cmocka_unit_test(verdicts_on_maps_and_globals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
