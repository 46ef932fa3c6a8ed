#include "match.h"

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What joins into one operator: "=" is not the beginning of "==". */
static bool is_operator(char c)
{
	return c == '=' || c == '<' || c == '>' || c == '&' || c == '|' || c == '^';
}

size_t match_word(const char *s, const char *end)
{
	size_t len = 0;

	while (s + len < end && is_word(s[len]))
		len++;
	return len;
}

size_t match_name(const char *s, const char *end)
{
	size_t len = 0;

	while (s + len < end && (is_word(s[len]) || s[len] == '.'))
		len++;
	return len;
}

void match_skip_space(struct matcher *m)
{
	while (m->at < m->end && (*m->at == ' ' || *m->at == '\t' || *m->at == '\r'))
		m->at++;
}

static char peek(const struct matcher *m)
{
	return m->at < m->end ? *m->at : '\0';
}

static bool is_expected(const struct matcher *m, const char *what, size_t len)
{
	for (u32 i = 0; i < m->n_expect; i++)
		if (m->expect[i].len == len && !memcmp(m->expect[i].s, what, len))
			return true;
	return false;
}

static bool fail(struct matcher *m, const char *at, const char *what, size_t len)
{
	if (!m->far || at > m->far) {
		m->far = at;
		m->n_expect = 0;
		m->is_range = m->is_cut = false;
	}
	if (at < m->far || m->is_range || is_expected(m, what, len))
		return false;
	if (m->n_expect < MATCH_EXPECTS)
		m->expect[m->n_expect++] = (struct text){what, len};
	else
		m->is_cut = true;
	return false;
}

static bool fail_for(struct matcher *m, const char *at, const char *what)
{
	return fail(m, at, what, strlen(what));
}

/* A number was found but is too large for its field: nothing else is worth saying. */
static bool fail_range(struct matcher *m, const char *at, const char *what)
{
	fail_for(m, at, what);
	if (at == m->far && !m->is_range) {
		m->is_range = true;
		m->expect[0] = (struct text){what, strlen(what)};
		m->n_expect = 1;
		m->is_cut = false;
	}
	return false;
}

/* A word, an operator or a single character of the form. */
static bool literal(struct matcher *m, const char **form)
{
	const char *s = *form, *at;
	size_t len = 1;

	match_skip_space(m);
	at = m->at;
	if (is_word(*s))
		while (is_word(s[len]))
			len++;
	else
		while (is_operator(s[len]))
			len++;
	*form += len;
	if ((size_t)(m->end - at) < len || memcmp(at, s, len))
		return fail(m, at, s, len);
	m->at += len;
	if (is_word(*s) ? is_word(peek(m))
			: is_operator(s[len - 1]) && is_operator(peek(m)))
		return fail(m, at, s, len);
	return true;
}

static u32 digit_of(char c)
{
	if (is_digit(c))
		return (u32)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (u32)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (u32)(c - 'A') + 10 : 99;
}

/* Digits of base 10 or, behind 0x, 16. */
static bool magnitude(struct matcher *m, u64 *v)
{
	const char *at = m->at, *digits;
	u32 base = 10;

	if (m->end - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		m->at += 2;
	}
	digits = m->at;
	for (*v = 0; m->at < m->end && digit_of(*m->at) < base; m->at++)
		if (__builtin_mul_overflow(*v, base, v) ||
		    __builtin_add_overflow(*v, digit_of(*m->at), v))
			return fail_range(m, at, "a number of at most 64 bits");
	return (m->at > digits && !is_word(peek(m))) || fail_for(m, at, "a number");
}

/* A number as 64 bits of two's complement, and whether it is below 0. */
static bool number(struct matcher *m, u64 *v, bool *is_negative)
{
	match_skip_space(m);
	*is_negative = peek(m) == '-';
	if (*is_negative || peek(m) == '+') {
		m->at++;
		match_skip_space(m);
	}
	if (!magnitude(m, v))
		return false;
	if (*is_negative)
		*v = -*v;
	return true;
}

static bool number_in(struct matcher *m, s64 min, s64 max, const char *what, s64 *v)
{
	const char *at;
	bool is_negative;
	u64 bits;

	match_skip_space(m);
	at = m->at;
	if (!number(m, &bits, &is_negative))
		return false;
	*v = (s64)bits;
	if (*v < min || *v > max || (*v < 0 && !is_negative) || (*v > 0 && is_negative))
		return fail_range(m, at, what);
	return true;
}

/* 0xfffffffffffffffe is -2: what a 64-bit operation makes of the 32 bits. */
static bool number_32(struct matcher *m, s64 *v)
{
	const char *at;
	bool is_negative;
	u64 bits;

	match_skip_space(m);
	at = m->at;
	if (!number(m, &bits, &is_negative))
		return false;
	*v = (s64)bits;
	if (*v < INT32_MIN || *v > UINT32_MAX || (*v > 0 && is_negative))
		return fail_range(m, at,
				  "a number of 32 bits, -2147483648 to 4294967295");
	return true;
}

static bool imm(struct matcher *m, s64 *v)
{
	if (!number_32(m, v))
		return false;
	*v = (s32)*v;
	return true;
}

static bool imm_64(struct matcher *m, s64 *v)
{
	bool is_negative;
	u64 bits;

	if (!number(m, &bits, &is_negative))
		return false;
	*v = (s64)bits;
	return true;
}

/* Replaces one half of an lddw's number. */
static bool half(struct matcher *m, s64 *imm, u32 shift)
{
	s64 v;

	if (!number_32(m, &v))
		return false;
	*imm = (s64)(((u64)*imm & ~(0xffffffffull << shift)) | (u64)(u32)v << shift);
	return true;
}

static bool offset(struct matcher *m, s32 *off)
{
	s64 v = 0;

	match_skip_space(m);
	if (peek(m) != '+' && peek(m) != '-') {
		fail_for(m, m->at, "an offset such as '+8'");
		return true; /* none is 0 */
	}
	if (!number_in(m, INT16_MIN, INT16_MAX, "an offset from -32768 to 32767", &v))
		return false;
	*off = (s32)v;
	return true;
}

enum name_width { NAME_R = 1, NAME_W = 2 };

/* A register by one of the names that are allowed. A field that is already set must be
 * named again. */
static bool reg(struct matcher *m, u32 names, u8 *field, bool *is_set)
{
	const char *at, *what = names == NAME_W ? "a 32-bit register, w0 to w10"
						: "a register, r0 to r10";
	size_t len;
	u32 n;

	match_skip_space(m);
	at = m->at;
	if (peek(m) == '%')
		m->at++;
	len = match_word(m->at, m->end);
	n = len == 2			  ? digit_of(m->at[1])
	    : len == 3 && m->at[1] == '1' ? 10 + digit_of(m->at[2])
					  : 99;
	if (n > 10 ||
	    !((*m->at == 'r' && names & NAME_R) || (*m->at == 'w' && names & NAME_W)))
		return fail_for(m, at, what);
	if (*is_set && *field != n)
		return fail_for(m, at, "the same register again");
	m->at += len;
	*field = (u8)n;
	*is_set = true;
	return true;
}

/* +3, pc+3 or, if `label` is given, a name; behind it perhaps <what a dump adds>. */
static bool target(struct matcher *m, s64 min, s64 max, struct text *label, s64 *off)
{
	const char *what =
		min == INT16_MIN
			? "a distance from -32768 to 32767; gotol reaches further"
			: "a distance of 32 bits";
	size_t len;

	match_skip_space(m);
	len = match_word(m->at, m->end);
	if (len == 2 && !memcmp(m->at, "pc", 2) && m->at + 2 < m->end &&
	    (m->at[2] == '+' || m->at[2] == '-')) {
		m->at += 2;
		len = 0;
	}
	if (!len && (peek(m) == '+' || peek(m) == '-')) {
		if (!number_in(m, min, max, what, off))
			return false;
		match_skip_space(m);
		if (peek(m) == '<')
			m->at = m->end;
		return true;
	}
	if (!label)
		return fail_for(m, m->at, "a distance such as '+3'");
	len = match_name(m->at, m->end);
	if (!len || is_digit(*m->at))
		return fail_for(m, m->at, "a label or a distance such as '+3'");
	*label = (struct text){m->at, len};
	m->at += len;
	return true;
}

static bool near_or_far(struct matcher *m, struct match *out, bool may_be_label)
{
	bool is_far = op_info[out->in.op].fields & field_far;
	s64 off = 0;

	if (!target(m, is_far ? INT32_MIN : INT16_MIN, is_far ? INT32_MAX : INT16_MAX,
		    may_be_label ? &out->label : NULL, &off))
		return false;
	out->in.off = (s32)off;
	return true;
}

static bool code_address(struct matcher *m, struct match *out)
{
	s64 off = 0;

	if (!target(m, INT32_MIN, INT32_MAX, &out->label, &off))
		return false;
	out->in.imm = (u32)off;
	out->is_imm_label = true;
	return true;
}

static s32 named_helper(const struct matcher *m, const char *name, size_t len)
{
	char copy[64];
	s32 id = helper_id(name, len);

	if (id >= 0 || !m->opts.helper_id || len >= sizeof(copy))
		return id;
	memcpy(copy, name, len);
	copy[len] = '\0';
	return m->opts.helper_id(m->opts.ctx, copy);
}

/* A number, a name, or name#number as a dump has it, of which the number counts. */
static bool helper(struct matcher *m, s64 *id)
{
	const char *at;
	size_t len;

	match_skip_space(m);
	at = m->at;
	if (is_digit(peek(m)) || peek(m) == '-' || peek(m) == '+')
		return imm(m, id);
	len = match_word(at, m->end);
	m->at += len;
	*id = len ? named_helper(m, at, len) : -1;
	if (*id < 0 && !(len == 7 && !memcmp(at, "unknown", len) && peek(m) == '#'))
		return fail_for(m, at, "the number or name of a helper");
	if (peek(m) != '#')
		return true;
	m->at++;
	return imm(m, id);
}

static bool spaces(struct matcher *m, s64 *imm)
{
	s64 to, from;

	if (!number_in(m, 0, 1, "address space 0 or 1", &to))
		return false;
	match_skip_space(m);
	if (peek(m) != ',')
		return fail(m, m->at, ",", 1);
	m->at++;
	if (!number_in(m, !to, !to, "the other address space", &from))
		return false;
	*imm = to << 16 | from;
	return true;
}

static bool kfunc_off(struct matcher *m, s32 *off)
{
	const char *form = "off";
	s64 v;

	match_skip_space(m);
	if (peek(m) != 'o')
		return true;
	if (!literal(m, &form) ||
	    !number_in(m, INT16_MIN, INT16_MAX, "a number from -32768 to 32767", &v))
		return false;
	*off = (s32)v;
	return true;
}

/* A memory access narrower than 64 bits may name its register by the 32-bit name, as
 * llvm does, if the two mean the same. */
static u32 data_names(const struct op_info *i)
{
	return i->size < 8 && !i->is_signed ? NAME_R | NAME_W : NAME_R;
}

static bool operand(struct matcher *m, char item, u8 syntax, struct match *out)
{
	const struct op_info *info = &op_info[out->in.op];
	struct insn *in = &out->in;
	u32 width = syntax == SKEP_SYNTAX_KERNEL && info->size == 4 ? NAME_W : NAME_R;

	switch (item) {
	case 'D': return reg(m, width, &in->dst, &out->has_dst);
	case 'd': return reg(m, NAME_R, &in->dst, &out->has_dst);
	case 'v': return reg(m, data_names(info), &in->dst, &out->has_dst);
	case 's': return reg(m, NAME_R, &in->src, &out->has_src);
	case 'u': return reg(m, data_names(info), &in->src, &out->has_src);
	case 'S':
		return info->is_imm ? imm(m, &in->imm)
				    : reg(m, width, &in->src, &out->has_src);
	case 'O': return offset(m, &in->off);
	case 'i': return imm(m, &in->imm);
	case 'J': return near_or_far(m, out, true);
	case 'N': return near_or_far(m, out, false);
	case 'C': return code_address(m, out);
	case 'H': return helper(m, &in->imm);
	case 'L': return imm_64(m, &in->imm);
	case 'l': return half(m, &in->imm, 0);
	case 'h': return half(m, &in->imm, 32);
	case 'A': return spaces(m, &in->imm);
	case 'F': return kfunc_off(m, &in->off);
	default: in->src = (u8)(item - '0'); return true;
	}
}

bool match_form(struct matcher *m, const char *form, u8 syntax, u16 op, struct match *out)
{
	*out = (struct match){.in.op = op};
	while (*form) {
		if (*form == ' ') {
			form++;
		} else if (*form != '$') {
			if (!literal(m, &form))
				return false;
		} else if (!operand(m, form[1], syntax, out)) {
			return false;
		} else {
			form += 2;
		}
	}
	match_skip_space(m);
	return m->at == m->end || fail_for(m, m->at, "the end of the line");
}
