/* Expected values are what Linux 6.18 answers through BPF_PROG_TEST_RUN. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "helper_bench.h"

static s64 compare(struct bench *b, const char *s1, u32 n, const char *s2)
{
	memset(b->mem, 0, 512);
	put(b, 0, s1, strlen(s1));
	put(b, 256, s2, strlen(s2));
	return call(b, SKEP_FUNC_strncmp, P(b->mem), n, P(b->mem + 256));
}

static void strncmp_gives_a_sign(void **state)
{
	struct bench *b = *state;

	assert_int_equal(compare(b, "abc", 3, "abc"), 0);
	assert_int_equal(compare(b, "abc", 4, "abd"), -1);
	assert_int_equal(compare(b, "abe", 4, "abd"), 1);
	assert_int_equal(compare(b, "ab", 2, "abd"), 0);
	assert_int_equal(compare(b, "ab", 3, "abd"), -1);
	assert_int_equal(compare(b, "\xff", 2, "a"), 1);
	assert_int_equal(compare(b, "a", 2, "\xff"), -1);
}

struct number {
	const char *text;
	u32 len;
	u64 flags;
	s64 signed_result, signed_value;
	s64 unsigned_result;
	u64 unsigned_value;
};

static void numbers_are_read_as_linux_reads_them(void **state)
{
	static const char ones[] =
		"1111111111111111111111111111111111111111111111111111111111111111111111";
	static const char zeros[] =
		"0000000000000000000000000000000000000000000000000000000000000012";
	static const struct number numbers[] = {
		{"12", 2, 0, 2, 12, 2, 12},
		{"12", 3, 0, 2, 12, 2, 12},
		{" 12x", 4, 0, 3, 12, 3, 12},
		{"-12", 3, 0, 3, -12, -EINVAL, 0},
		{"- 12", 4, 0, -EINVAL, 0, -EINVAL, 0},
		{"0x1f", 4, 0, 4, 31, 4, 31},
		{"0x1f", 4, 16, 4, 31, 4, 31},
		{"017", 3, 0, 3, 15, 3, 15},
		{"017", 3, 8, 3, 15, 3, 15},
		{"017", 3, 10, 3, 17, 3, 17},
		{"0x", 2, 0, 1, 0, 1, 0},
		{"0xg", 3, 0, 1, 0, 1, 0},
		{"0x", 2, 16, -EINVAL, 0, -EINVAL, 0},
		{"0xg", 3, 16, -EINVAL, 0, -EINVAL, 0},
		{"08", 2, 0, 1, 0, 1, 0},
		{"", 1, 0, -EINVAL, 0, -EINVAL, 0},
		{"  ", 2, 0, -EINVAL, 0, -EINVAL, 0},
		{"-", 1, 0, -EINVAL, 0, -EINVAL, 0},
		{"9223372036854775807", 19, 0, 19, INT64_MAX, 19, INT64_MAX},
		{"9223372036854775808", 19, 0, -ERANGE, 0, 19, 1ull << 63},
		{"-9223372036854775808", 20, 0, 20, INT64_MIN, -EINVAL, 0},
		{"-9223372036854775809", 20, 0, -ERANGE, 0, -EINVAL, 0},
		{"18446744073709551615", 20, 0, -ERANGE, 0, 20, UINT64_MAX},
		{"18446744073709551616", 20, 0, -ERANGE, 0, -ERANGE, 0},
		{"12", 2, 2, -EINVAL, 0, -EINVAL, 0},
		{"12", 2, 0x20, -EINVAL, 0, -EINVAL, 0},
		{"12", 2, 1ull << 40, -EINVAL, 0, -EINVAL, 0},
		{"+12", 3, 0, -EINVAL, 0, -EINVAL, 0},
		{"\t\n\v\f\r12", 7, 0, 7, 12, 7, 12},
		{"ff", 2, 16, 2, 255, 2, 255},
		{"-0x10", 5, 0, 5, -16, -EINVAL, 0},
		{"0", 1, 0, 1, 0, 1, 0},
		{"00", 2, 0, 2, 0, 2, 0},
		{ones, 70, 0, -ERANGE, 0, -ERANGE, 0},
		{zeros, 64, 10, 63, 1, 63, 1},
		{"\xa0"
		 "12",
		 3, 0, 3, 12, 3, 12},
		{"-0", 2, 0, 2, 0, -EINVAL, 0},
	};
	struct bench *b = *state;

	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct number *n = &numbers[i];

		memset(b->mem, 0, 128);
		put(b, 0, n->text, strlen(n->text));
		memset(b->mem + 128, 0x55, 8);
		assert_int_equal(call(b, SKEP_FUNC_strtol, P(b->mem), n->len, n->flags,
				      P(b->mem + 128)),
				 n->signed_result);
		assert_int_equal(load64(b->mem + 128), n->signed_value);
		assert_int_equal(call(b, SKEP_FUNC_strtoul, P(b->mem), n->len, n->flags,
				      P(b->mem + 128)),
				 n->unsigned_result);
		assert_int_equal(load64(b->mem + 128), n->unsigned_value);
	}
}

/* ---- formats ---- */

enum { STR = 512, WORD = 518, IP4 = 524, IP6 = 528 };

static void strings(struct bench *b)
{
	put(b, STR, "hello\0world", 12);
	for (u8 i = 0; i < 16; i++)
		b->mem[IP6 + i] = (u8)(i + 1);
	put(b, IP4, "\x0a\0\0\1", 4);
}

static s64 print(struct bench *b, u32 size, const char *fmt, u32 n, const u64 *args)
{
	strings(b);
	memset(b->mem, 0xee, 64);
	put(b, 64, fmt, strlen(fmt) + 1);
	if (n)
		put(b, 256, args, n * 8);
	return call(b, SKEP_FUNC_snprintf, size ? P(b->mem) : 0, size, P(b->mem + 64),
		    P(b->mem + 256), n * 8);
}

#define PRINTS(text, fmt, ...) \
	do { \
		const u64 args_[] = {0, ##__VA_ARGS__}; \
		assert_int_equal(print(b, 64, fmt, ARRAY_SIZE(args_) - 1, args_ + 1), \
				 sizeof(text)); \
		assert_memory_equal(b->mem, text, sizeof(text)); \
	} while (0)
#define FAILS(fmt, ...) \
	do { \
		const u64 args_[] = {0, ##__VA_ARGS__}; \
		assert_int_equal(print(b, 64, fmt, ARRAY_SIZE(args_) - 1, args_ + 1), \
				 -EINVAL); \
		assert_int_equal(b->mem[0], 0xee); \
	} while (0)

static void integers_print_as_in_linux(void **state)
{
	struct bench *b = *state;

	PRINTS("5 4294967295", "%d %u", 5, ~0ull);
	PRINTS("-1", "%i", 0xffffffff);
	PRINTS("ff FF 10000000000 10000000000", "%x %X %lx %llX", 255, 255, 1ull << 40,
	       1ull << 40);
	PRINTS("-1 5 18446744073709551615", "%ld %lld %lu", ~0ull, 5, ~0ull);
	PRINTS("00042|+42| 42|42   |", "%05d|%+d|% d|%-5d|", 42, 42, 42, 42);
	PRINTS("+5   |", "%-+ 05d|", 5);
	PRINTS("5|5|", "%+u|%+x|", 5, 5);
	PRINTS("+0005|5    | 0005|+5   |", "%+05d|%-05d|% 05d|%+-5d|", 5, 5, 5, 5);
	PRINTS("+5|00005|5    |    a|", "%+ld|%05ld|%-5ld|%5x|", 5, 5, 5, 10);
	PRINTS("-9223372036854775808", "%lld", 1ull << 63);
	PRINTS("-1|-2147483648", "%d|%d", ~0ull, 1ull << 31);
	PRINTS("00000000000000001234|", "%020llx|", 0x1234);
	PRINTS("%", "%%");
	PRINTS("100%!", "100%%!");
	PRINTS("1x", "%dx", 1);
	PRINTS("1", "%d", 1, 2, 3);
}

static void characters_and_strings_print_as_in_linux(void **state)
{
	struct bench *b = *state;
	u64 s = P(b->mem + STR), w = P(b->mem + WORD);

	PRINTS("AB", "%c%c", 65, 66);
	PRINTS("    A|", "%5c|", 65);
	PRINTS("Ax", "%cx", 65);
	PRINTS("\0|", "%c|", 0);
	PRINTS("hello|world", "%s|%s", s, w);
	PRINTS("     hello|world     |", "%10s|%-10s|", s, w);
	PRINTS("hello|", "%3s|", s);
	PRINTS("hello1", "%s%d", s, 1);
	PRINTS("", "%s", 0x1234);
	PRINTS("hello ", "%pks %pus", s, s);
	PRINTS("x\n\t", "x\n\t");
	PRINTS("\xe4", "\xe4");
}

static void pointers_print_as_in_linux(void **state)
{
	struct bench *b = *state;
	u64 ip4 = P(b->mem + IP4), ip6 = P(b->mem + IP6);

	PRINTS("0000000000000000", "%p", 0);
	PRINTS("0000000000000000,", "%p,", 0);
	PRINTS("0000000000001234|0000000000000000", "%px|%px", 0x1234, 0);
	PRINTS(" 0|", "%2p|", 0);
	PRINTS("                1234|", "%20px|", 0x1234);
	PRINTS("1234                |", "%-20px|", 0x1234);
	PRINTS("0000000000000004", "%pxx", 4);
	PRINTS("0000000000001234", "%pK", 0x1234);
	PRINTS("0x1234 0x0 0x5", "%ps %pS %pB", 0x1234, 0, 5);
	PRINTS("0x8000000000000000", "%ps", 1ull << 63);
	PRINTS("010.000.000.001 10.0.0.1", "%pi4 %pI4", ip4, ip4);
	PRINTS("010.000.000.001", "%pi4x", ip4);
	PRINTS("10.0.0.1|010.000.000.001|", "%20pI4|%-20pi4|", ip4, ip4);
	PRINTS("0102030405060708090a0b0c0d0e0f10", "%pi6", ip6);
	PRINTS("0102:0304:0506:0708:090a:0b0c:0d0e:0f10", "%pI6", ip6);
	PRINTS("0.0.0.0", "%pI4", 0x1234);
}

static void bad_formats_are_refused(void **state)
{
	static const char *const bad[] = {"%#x",  "%.3d", "%*d",  "%f",	  "%n",	 "%hd",
					  "%hhx", "%z",	  "abc%", "%12",  "%sx", "%pd",
					  "%lc",  "%ls",  "%5%|", "x\x01"};
	struct bench *b = *state;

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		FAILS(bad[i], 5, 5);
	FAILS("%d");
	FAILS("%d %d", 1);
}

static void snprintf_says_how_long_it_would_be(void **state)
{
	struct bench *b = *state;
	const u64 n = 12345, ones[13] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

	assert_int_equal(print(b, 4, "%d", 1, &n), 6);
	assert_memory_equal(b->mem, "123\0\xee", 5);
	assert_int_equal(print(b, 0, "%d", 1, &n), 6);
	assert_int_equal(print(b, 6, "%d", 1, &n), 6);
	assert_memory_equal(b->mem, "12345\0\xee", 7);
	assert_int_equal(print(b, 1, "hello", 0, NULL), 6);
	assert_memory_equal(b->mem, "\0\xee", 2);
	assert_int_equal(print(b, 64, "%300d|", 1, &n), 302);
	assert_int_equal(print(b, 64, "%d%d%d%d%d%d%d%d%d%d%d%d", 12, ones), 13);
	assert_int_equal(print(b, 64, "%d%d%d%d%d%d%d%d%d%d%d%d%d", 13, ones), -EINVAL);
	assert_int_equal(call(b, SKEP_FUNC_snprintf, P(b->mem), 8, P(b->mem + 64),
			      P(b->mem + 256), 4),
			 -EINVAL);
}

static void lines_go_to_the_world_s_sink(void **state)
{
	struct bench *b = *state;
	const u64 args[4] = {1, 2, 3, 4};

	strings(b);
	put(b, 0, "%d %s %x\n", 10);
	assert_int_equal(
		call(b, SKEP_FUNC_trace_printk, P(b->mem), 10, 7, P(b->mem + STR), 255),
		11);
	assert_string_equal(b->printed, "7 hello ff\n");
	assert_int_equal(call(b, SKEP_FUNC_trace_printk, P(b->mem), 9, 1, 2, 3), -EINVAL);
	put(b, 0, "%d%d%d%d", 9);
	put(b, 256, args, sizeof(args));
	assert_int_equal(
		call(b, SKEP_FUNC_trace_vprintk, P(b->mem), 9, P(b->mem + 256), 32), 4);
	assert_string_equal(b->printed, "7 hello ff\n1234");
	assert_int_equal(call(b, SKEP_FUNC_trace_printk, P(b->mem), 9, 1, 2, 3), -EINVAL);
	assert_int_equal(call(b, SKEP_FUNC_trace_vprintk, P(b->mem), 9, P(b->mem), 7),
			 -EINVAL);
	b->world.print = NULL;
	assert_int_equal(
		call(b, SKEP_FUNC_trace_vprintk, P(b->mem), 9, P(b->mem + 256), 32), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(strncmp_gives_a_sign),
		TEST(numbers_are_read_as_linux_reads_them),
		TEST(integers_print_as_in_linux),
		TEST(characters_and_strings_print_as_in_linux),
		TEST(pointers_print_as_in_linux),
		TEST(bad_formats_are_refused),
		TEST(snprintf_says_how_long_it_would_be),
		TEST(lines_go_to_the_world_s_sink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
