#include "print.h"
#include "helper_fn.h"
#include <errno.h>

enum {
	ARG_BYTES = 512, /* what Linux has for the arguments of one call */
	NUMBER = 24,	 /* the longest number, octal is not among them */
	WIDTH_MOST = 1 << 20,
};

struct spec {
	bool left, zero, plus, space;
	u32 width;
	bool has_width;
	char type;    /* d u x X c s; p: plain pointer, S: symbol, 4 and 6: address */
	u8 size;      /* of a number */
	char variant; /* of s: k or u, or 0; of an address: i or I */
};

struct print {
	struct run *run;
	char *out; /* NULL: only check and count */
	u32 size;
	u64 len;
	const u64 *args;
	u32 nargs, arg;
	u32 bytes; /* of the arguments so far */
};

/* ASCII and Latin-1, as the kernel's own tables have it. */
static bool is_print(u8 c)
{
	return (c >= 0x20 && c < 0x7f) || c >= 0xa0;
}

static bool is_space(u8 c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

static bool is_alnum(u8 c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_punct(u8 c)
{
	return c > 0x20 && c < 0x7f && !is_alnum(c);
}

static bool is_end(u8 c)
{
	return !c || is_space(c) || is_punct(c);
}

/* ---- output ---- */

static void put(struct print *p, char c)
{
	if (p->out && p->len + 1 < p->size)
		p->out[p->len] = c;
	p->len++;
}

static void put_pad(struct print *p, char c, u32 n)
{
	while (n--)
		put(p, c);
}

static void put_text(struct print *p, const struct spec *s, const char *text, u32 len)
{
	u32 pad = s->width > len ? s->width - len : 0;

	if (!s->left)
		put_pad(p, ' ', pad);
	for (u32 i = 0; i < len; i++)
		put(p, text[i]);
	if (s->left)
		put_pad(p, ' ', pad);
}

/* Digits to the end of buf; how many. */
static u32 digits(char *buf, u64 v, u32 base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	u32 n = 0;

	do {
		buf[NUMBER - ++n] = set[v % base];
		v /= base;
	} while (v);
	return n;
}

static void put_number(struct print *p, const struct spec *s, u64 v, u32 base, char sign)
{
	char buf[NUMBER];
	u32 n = digits(buf, v, base, s->type == 'X'), len = n + (sign != 0);
	u32 pad = s->width > len ? s->width - len : 0;

	if (!s->left && !s->zero)
		put_pad(p, ' ', pad);
	if (sign)
		put(p, sign);
	if (!s->left && s->zero)
		put_pad(p, '0', pad);
	for (u32 i = 0; i < n; i++)
		put(p, buf[NUMBER - n + i]);
	if (s->left)
		put_pad(p, ' ', pad);
}

static void put_integer(struct print *p, const struct spec *s, u64 v)
{
	s64 n = s->size == 8 ? (s64)v : (s32)v;

	if (s->type == 'd')
		put_number(p, s, n < 0 ? -(u64)n : (u64)n, 10,
			   n < 0      ? '-'
			   : s->plus  ? '+'
			   : s->space ? ' '
				      : 0);
	else
		put_number(p, s, s->size == 8 ? v : (u32)v, s->type == 'u' ? 10 : 16, 0);
}

static void put_pointer(struct print *p, struct spec s, u64 v)
{
	char buf[2 + NUMBER];
	u32 n;

	if (s.type == 'S') { /* the engine knows no kernel symbols */
		n = digits(buf + 2, v, 16, false);
		memcpy(buf + 2 + NUMBER - n - 2, "0x", 2);
		put_text(p, &s, buf + 2 + NUMBER - n - 2, n + 2);
		return;
	}
	if (!s.has_width) {
		s.width = 16;
		s.zero = true;
	}
	put_number(p, &s, v, 16, 0);
}

/* An IPv4 or IPv6 address in memory; what cannot be read is 0. */
static void put_address(struct print *p, const struct spec *s, u64 addr)
{
	u32 n = s->type == '4' ? 4 : 16;
	struct spec part = {
		.zero = true, .width = s->variant == 'I' ? 0 : 3, .type = 'x'};
	struct region region;
	u8 at[16] = {0};

	if (run_find(p->run, addr, n, access_probe, &region))
		memcpy(at, ptr_of(addr), n);
	if (n == 16)
		part.width = 2;
	for (u32 i = 0; i < n; i++) {
		if (i && (n == 4 || (s->variant == 'I' && i % 2 == 0)))
			put(p, n == 4 ? '.' : ':');
		put_number(p, &part, at[i], n == 4 ? 10 : 16, 0);
	}
}

static int put_string(struct print *p, const struct spec *s, u64 addr)
{
	char text[ARG_BYTES];
	u32 room = ARG_BYTES - p->bytes;
	bool user = s->variant ? s->variant == 'u' : helper_is_user(p->run, addr);
	s64 n;

	if (!room)
		return -ENOSPC;
	n = helper_read_str(p->run, text, room, addr, user);
	if (n < 1)
		n = 1;
	p->bytes += (u32)n;
	put_text(p, s, text, (u32)n - 1);
	return 0;
}

/* ---- parsing ---- */

/* What is left of the format. It may lie in memory that another process changes while it
 * is read, so that its 0 is not to be relied on. */
struct text {
	const char *at, *end;
};

static u8 peek(const struct text *f, u32 i)
{
	return i < f->end - f->at ? (u8)f->at[i] : 0;
}

/* Behind "%p". */
static bool parse_pointer(struct text *f, struct spec *s)
{
	u8 c = peek(f, 0), next = c ? peek(f, 1) : 0;

	s->type = 'p';
	if (is_end(c))
		return true;
	if ((c == 'k' || c == 'u') && next == 's' && is_end(peek(f, 2))) {
		s->type = 's';
		s->variant = (char)c;
		f->at += 2;
		return true;
	}
	if ((c == 'i' || c == 'I') && (next == '4' || next == '6')) {
		s->type = (char)next;
		s->variant = (char)c;
	} else if (c == 's' || c == 'S' || c == 'B') {
		s->type = 'S';
	} else if (c != 'K' && c != 'x') {
		return false;
	}
	while (is_alnum(peek(f, 0))) /* the kernel skips all that could be an extension */
		f->at++;
	return true;
}

static bool parse_type(struct text *f, struct spec *s)
{
	u8 c = peek(f, 0);

	if (c == 'p') {
		f->at++;
		return parse_pointer(f, s);
	}
	if (c == 's' || c == 'c') {
		f->at++;
		s->type = (char)c;
		return c == 'c' || is_end(peek(f, 0));
	}
	s->size = 4;
	for (u32 i = 0; i < 2 && c == 'l'; i++) {
		f->at++;
		c = peek(f, 0);
		s->size = 8;
	}
	if (!c || !strchr("diuxX", c))
		return false;
	s->type = c == 'i' ? 'd' : (char)c;
	f->at++;
	return true;
}

/* Behind "%"; false: the kernel has no such conversion. */
static bool parse(struct text *f, struct spec *s)
{
	u8 c;

	*s = (struct spec){0};
	for (;; f->at++) {
		c = peek(f, 0);
		if (c == '-')
			s->left = true;
		else if (c == '0')
			s->zero = true;
		else if (c == '+')
			s->plus = true;
		else if (c == ' ')
			s->space = true;
		else
			break;
	}
	for (; c >= '0' && c <= '9'; f->at++, c = peek(f, 0)) {
		s->has_width = true;
		s->width = MIN(s->width * 10 + (c - '0'), (u32)WIDTH_MOST);
	}
	return parse_type(f, s);
}

/* What an argument of that type takes of ARG_BYTES; strings count themselves. */
static u32 bytes_of(const struct spec *s)
{
	switch (s->type) {
	case 's': return 0;
	case 'c': return 1;
	case 'p': return 8;
	case 'S': return 8;
	case '4': return sizeof("255.255.255.255");
	case '6': return sizeof("0000:0000:0000:0000:0000:0000:0000:0000");
	default: return s->size;
	}
}

static int convert(struct print *p, const struct spec *s)
{
	u64 v;
	char c;

	if (p->arg == p->nargs)
		return -EINVAL;
	v = p->args[p->arg++];
	if (s->type != 's' && s->type != 'c')
		p->bytes = (u32)round_up(p->bytes, 4);
	if (p->bytes + bytes_of(s) > ARG_BYTES)
		return -ENOSPC;
	p->bytes += bytes_of(s);
	switch (s->type) {
	case 's': return put_string(p, s, v);
	case 'c':
		c = (char)v;
		put_text(p, s, &c, 1);
		break;
	case 'p':
	case 'S': put_pointer(p, *s, v); break;
	case '4':
	case '6': put_address(p, s, v); break;
	default: put_integer(p, s, v);
	}
	return 0;
}

static int format(struct print *p, struct text f)
{
	struct spec s;
	int err;
	u8 c;

	while ((c = peek(&f, 0))) {
		bool percent = c == '%' && peek(&f, 1) == '%';

		if (!is_print(c) && !is_space(c))
			return -EINVAL;
		f.at += 1 + percent;
		if (c != '%' || percent) {
			put(p, (char)c);
			continue;
		}
		if (!parse(&f, &s))
			return -EINVAL;
		err = convert(p, &s);
		if (err)
			return err;
	}
	return 0;
}

int print_format(struct run *run, char *out, u32 size, const char *fmt, u64 fmt_size,
		 const u64 *args, u32 nargs)
{
	struct print p = {.run = run, .size = size, .args = args, .nargs = nargs};
	struct text text = {fmt, fmt + fmt_size};
	int err = format(&p, text);

	run_pay(run, p.len);
	if (err || !size)
		return err ? err : (int)p.len;
	p.out = out;
	p.len = p.arg = p.bytes = 0;
	format(&p, text);
	out[MIN(p.len, (u64)size - 1)] = 0;
	return (int)p.len;
}
