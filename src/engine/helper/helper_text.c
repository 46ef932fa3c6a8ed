#include "helper_fn.h"
#include "print.h"
#include "prog_stream.h"
#include <errno.h>

enum { LINE = 1024, NUMBER_MOST = 63 };

HELPER_FN(strncmp)
{
	int r = strncmp(ptr_of(a), ptr_of(c), MIN(b, helper_room(run, c)));

	return (u64)(s64)((r > 0) - (r < 0));
}

/* ---- numbers ---- */

static bool is_space(u8 c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

static u32 digit(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10u : 99;
}

/* A 0x before a hexadecimal digit says 16, a 0 says 8. For base 16 a 0x is skipped,
 * whatever follows. */
static const u8 *prefix(const u8 *s, const u8 *end, u32 *base)
{
	bool mark = end - s > 1 && s[0] == '0' && (s[1] | 0x20) == 'x';
	bool hex = mark && end - s > 2 && digit(s[2]) < 16;

	if (!*base)
		*base = hex ? 16 : s < end && *s == '0' ? 8 : 10;
	return mark && *base == 16 ? s + 2 : s;
}

/* The digits at s; how many bytes, 0: none, -ERANGE. */
static s64 parse_digits(const u8 *s, const u8 *end, u32 base, u64 *v)
{
	const u8 *from = s;
	bool over = false;

	*v = 0;
	for (; s < end && digit(*s) < base; s++)
		over |= __builtin_mul_overflow(*v, base, v) ||
			__builtin_add_overflow(*v, digit(*s), v);
	return over ? -ERANGE : s - from;
}

/* Bytes read, or -errno: what bpf_strtol and bpf_strtoul share. */
static s64 parse_number(const u8 *s, u64 len, u64 flags, u64 *v, bool *negative)
{
	const u8 *from = s, *end = s + len, *at;
	u32 base = (u32)flags;
	s64 n;

	if (flags != 0 && flags != 8 && flags != 10 && flags != 16)
		return -EINVAL;
	while (s < end && is_space(*s))
		s++;
	*negative = s < end && *s == '-';
	s += *negative;
	if (end - s > NUMBER_MOST)
		end = s + NUMBER_MOST;
	at = prefix(s, end, &base);
	n = parse_digits(at, end, base, v);
	return n < 0 ? n : n == 0 ? -EINVAL : at + n - from;
}

HELPER_FN(strtol)
{
	bool negative;
	u64 v;
	s64 n;

	store64(ptr_of(d), 0); /* before reading: the two may overlap */
	n = parse_number(ptr_of(a), b, c, &v, &negative);
	if (n < 0)
		return (u64)n;
	if (v > (u64)INT64_MAX + negative)
		return (u64)-ERANGE;
	store64(ptr_of(d), negative ? -v : v);
	return (u64)n;
}

HELPER_FN(strtoul)
{
	bool negative;
	u64 v;
	s64 n;

	store64(ptr_of(d), 0);
	n = parse_number(ptr_of(a), b, c, &v, &negative);
	if (n < 0)
		return (u64)n;
	if (negative)
		return (u64)-EINVAL;
	store64(ptr_of(d), v);
	return (u64)n;
}

/* ---- printing ---- */

static u64 print_line(struct run *run, const char *fmt, u64 fmt_size, const u64 *args,
		      u32 nargs)
{
	const struct skep_world *world = run_world(run);
	char line[LINE];
	int n;

	if (!memchr(fmt, 0, fmt_size))
		return (u64)-EINVAL;
	n = print_format(run, line, sizeof(line), fmt, fmt_size, args, nargs);
	if (n >= 0 && world->print)
		world->print(world->arg, line, MIN((size_t)n, sizeof(line) - 1));
	return (u64)(s64)n;
}

HELPER_FN(trace_printk)
{
	const u64 args[3] = {c, d, e};

	return print_line(run, ptr_of(a), b, args, 3);
}

bool helper_take_args(u64 *args, u64 data, u64 len)
{
	if (len % 8 || len > PRINT_ARGS * 8 || (len && !data))
		return false;
	if (len)
		memcpy(args, ptr_of(data), len);
	return true;
}

HELPER_FN(trace_vprintk)
{
	u64 args[PRINT_ARGS];

	if (!helper_take_args(args, c, d))
		return (u64)-EINVAL;
	return print_line(run, ptr_of(a), b, args, (u32)d / 8);
}

/* No text is longer than its line, whatever it says. */
KFUNC_FN(stream_vprintk_impl)
{
	u64 args[PRINT_ARGS];
	char line[LINE];
	int n;

	if ((u32)a != SKEP_STDOUT && (u32)a != SKEP_STDERR)
		return (u32)-ENOENT;
	if (!helper_take_args(args, c, (u32)d))
		return (u32)-EINVAL;
	n = print_format(run, line, sizeof(line), ptr_of(b), helper_room(run, b), args,
			 (u32)d / 8);
	return (u32)(n < 0 ? n : prog_stream_write(run->prog, (u32)a, line, (u32)n));
}

HELPER_FN(snprintf)
{
	u64 args[PRINT_ARGS];
	int n;

	if (!helper_take_args(args, d, e))
		return (u64)-EINVAL;
	n = print_format(run, ptr_of(a), (u32)b, ptr_of(c), helper_room(run, c), args,
			 (u32)e / 8);
	return (u64)(s64)(n < 0 ? n : n + 1);
}
