#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "pass.h"
#include "sha256.h"
#include "str.h"
#include "vec.h"

static void arena_memory_is_zero_and_aligned(void **state)
{
	struct arena a = {0};

	for (size_t n = 1; n < 50000; n = n * 3 + 1) {
		unsigned char *p = arena_alloc(&a, n, 1);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	arena_free(&a);
}

static void arena_has_a_limit(void **state)
{
	struct arena a = {.most = 1 << 20};
	u32 n = 0;

	assert_null(arena_alloc(&a, 1 << 20, 2));
	while (arena_alloc(&a, 1, 1000))
		n++;
	assert_true(n >= 1000 && n <= 1048 && a.held <= a.most);
	arena_free(&a);
	assert_non_null(arena_alloc(&a, 1, 1 << 20));
	arena_free(&a);
}

static void arena_refuses_what_overflows(void **state)
{
	struct arena a = {0};

	assert_null(arena_alloc(&a, SIZE_MAX / 2, 3));
	assert_null(arena_strndup(&a, "", SIZE_MAX));
	mem_fail_after(0);
	assert_null(arena_alloc(&a, 1, 1));
	mem_fail_after(-1);
	arena_free(&a);
}

static void log_keeps_counting_what_it_cuts(void **state)
{
	char buf[8];
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};

	log_printf(&log, "%s", "12345");
	log_printf(&log, "%s", "67890");
	assert_string_equal(buf, "1234567");
	assert_int_equal(log.len, 10);
	log_printf(&log, "more");
	assert_int_equal(log.len, 14);
	log_printf(NULL, "nothing");
}

static int throws(int err, struct skep_log *log)
{
	struct pass p = {.log = log};

	if (!pass_try(&p))
		return pass_end(&p);
	pass_alloc(&p, 100, 100);
	if (err)
		pass_throw(&p, err, "no %d\n", err);
	return pass_end(&p);
}

static void pass_throws_to_its_entry(void **state)
{
	char buf[64] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};

	assert_int_equal(throws(0, &log), 0);
	assert_string_equal(buf, "");
	assert_int_equal(throws(EINVAL, &log), -EINVAL);
	assert_string_equal(buf, "no 22\n");
	mem_fail_after(0);
	assert_int_equal(throws(0, NULL), -ENOMEM);
}

static void vec_grows_and_survives_no_memory(void **state)
{
	vec(int) v = {0};
	int *p, sum = 0;

	for (int i = 0; i < 8; i++)
		*vec_push(&v) = i;
	mem_fail_after(0);
	assert_null(vec_push(&v));
	assert_int_equal(v.n, 8);
	*vec_push(&v) = 8;
	vec_each(p, &v)
		sum += *p;
	assert_int_equal(sum, 36);
	vec_free(&v);
}

static void str_builds_text(void **state)
{
	struct str s = {0};

	for (int i = 0; i < 1000; i++)
		str_printf(&s, "%d,", i);
	assert_int_equal(s.len, 3890);
	assert_memory_equal(s.s + s.len - 4, "999,", 5);
	mem_fail_after(0);
	str_append(&s, s.s, s.len);
	str_append(&s, s.s, s.len);
	str_append(&s, s.s, s.len);
	assert_true(s.failed);
	str_free(&s);
}

/* The two examples of FIPS 180-4's companion document, and a length that needs two
 * blocks of padding. */
static void sha256_gives_the_published_digests(void **state)
{
	static const struct {
		const char *text;
		u8 first[4];
	} cases[] = {
		{"abc", {0xba, 0x78, 0x16, 0xbf}},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 {0x24, 0x8d, 0x6a, 0x61}},
		{"", {0xe3, 0xb0, 0xc4, 0x42}},
	};
	u8 out[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		sha256(cases[i].text, strlen(cases[i].text), out);
		assert_memory_equal(out, cases[i].first, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_memory_is_zero_and_aligned),
		cmocka_unit_test(arena_has_a_limit),
		cmocka_unit_test(arena_refuses_what_overflows),
		cmocka_unit_test(log_keeps_counting_what_it_cuts),
		cmocka_unit_test(pass_throws_to_its_entry),
		cmocka_unit_test(vec_grows_and_survives_no_memory),
		cmocka_unit_test(str_builds_text),
		cmocka_unit_test(sha256_gives_the_published_digests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
