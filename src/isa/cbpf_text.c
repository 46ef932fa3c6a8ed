#include "cbpf.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "msg.h"

enum { LINE_MOST = 128 };

static void print_operand(char *out, size_t size, const struct skep_filter *f, u32 at)
{
	const char *text = cbpf_of(f)->operand, *item = strchr(text, '%');
	const struct cbpf_anc *anc = cbpf_anc(f);
	int before = item ? (int)(item - text) : (int)strlen(text);
	char value[16] = "";

	if (item && item[1] == 't')
		snprintf(value, sizeof(value), "%d", (s32)(at + 1 + f->k));
	else if (item && item[1] == 'a' && anc)
		snprintf(value, sizeof(value), "%s", anc->name);
	else if (item)
		snprintf(value, sizeof(value), item[1] == 'x' ? "0x%x" : "%d", f->k);
	snprintf(out, size, "%.*s%s%s", before, text, value, item ? item + 2 : "");
}

int skep_cbpf_print(const struct skep_filter *code, uint32_t n, char *buf, size_t size,
		    struct skep_log *log)
{
	struct skep_log out = {.buf = buf, .size = size};
	char operand[40];

	if (size)
		buf[0] = '\0';
	for (u32 at = 0; at < n; at++) {
		const struct skep_filter *f = &code[at];
		const struct cbpf_info *i = cbpf_of(f);

		if (i->kind == CBPF_BAD) {
			log_printf(log, msg_cbpf_opcode, at, f->code, f->jt, f->jf, f->k);
			return -EINVAL;
		}
		print_operand(operand, sizeof(operand), f, at);
		log_printf(&out,
			   i->kind == CBPF_JMP_OP ? "(%03u) %-8s %-16s"
						  : "(%03u) %-8s %s",
			   at, i->mnemonic, operand);
		if (i->kind == CBPF_JMP_OP)
			log_printf(&out, " jt %u\tjf %u", at + 1 + f->jt, at + 1 + f->jf);
		log_printf(&out, "\n");
	}
	return (int)out.len;
}

struct reader {
	struct skep_log *log;
	struct skep_filter *out;
	u32 room, n, line;
	s64 count; /* that the first line of -ddd gives, or -1 */
};

static const char *skip_space(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static bool number(const char **s, u32 *v)
{
	char *end;
	long long wide = strtoll(*s, &end, 0);

	if (end == *s || wide < INT32_MIN || wide > UINT32_MAX)
		return false;
	*s = end;
	*v = (u32)wide;
	return true;
}

static bool item(const char **s, char kind, u32 at, u32 *k)
{
	const struct cbpf_anc *anc;
	size_t len = strcspn(*s, "]");

	anc = kind == 'a' ? cbpf_anc_named(*s, len) : NULL;
	if (anc) {
		*s += len;
		*k = CBPF_AD_OFF + anc->off;
		return true;
	}
	if (!number(s, k))
		return false;
	if (kind == 't')
		*k -= at + 1;
	return true;
}

/* Does the text at *s read as this operand? White space does not count. */
static bool match_operand(const char **s, const char *operand, u32 at, u32 *k)
{
	for (; *operand; operand++) {
		*s = skip_space(*s);
		if (*operand == '%') {
			if (!item(s, *++operand, at, k))
				return false;
		} else if (*operand != ' ' && *(*s)++ != *operand) {
			return false;
		}
	}
	*s = skip_space(*s);
	return true;
}

/* "jt 10	jf 11", numbers of instructions; false: they are missing or too far */
static bool targets(struct reader *r, const char *s, struct skep_filter *f)
{
	s32 jt, jf;

	if (sscanf(s, "jt %d jf %d", &jt, &jf) != 2)
		return false;
	jt -= (s32)r->n + 1;
	jf -= (s32)r->n + 1;
	f->jt = (u8)jt;
	f->jf = (u8)jf;
	return f->jt == jt && f->jf == jf;
}

/* "(001) jeq      #0x800           jt 2	jf 4" */
static bool read_text(struct reader *r, const char *line, struct skep_filter *f)
{
	char word[8];
	int len = 0;

	sscanf(line, " (%*u)%n", &len);
	line += len;
	len = 0;
	if (sscanf(line, " %7[a-z]%n", word, &len) != 1)
		return false;
	for (u16 code = 0; code < 256; code++) {
		const struct cbpf_info *i = &cbpf_info[code];
		const char *s = line + len;

		*f = (struct skep_filter){.code = code};
		if (i->kind == CBPF_BAD || strcmp(i->mnemonic, word) ||
		    !match_operand(&s, i->operand, r->n, &f->k))
			continue;
		if (i->kind == CBPF_JMP_OP ? targets(r, s, f) : !*s)
			return true;
	}
	return false;
}

/* "{ 0x15, 0, 2, 0x00000800 }," or "21 0 2 2048" */
static bool read_numbers(const char *line, struct skep_filter *f)
{
	u32 v[4];

	for (int i = 0; i < 4; i++) {
		line += strspn(line, " \t{,");
		if (!number(&line, &v[i]))
			return false;
	}
	*f = (struct skep_filter){(u16)v[0], (u8)v[1], (u8)v[2], v[3]};
	return f->code == v[0] && f->jt == v[1] && f->jf == v[2] &&
	       !line[strspn(line, " \t\r},")];
}

static bool read_line(struct reader *r, const char *line)
{
	struct skep_filter f;
	u32 count;

	line = skip_space(line);
	if (!*line || *line == '#')
		return true;
	if (!r->n && r->count < 0) {
		const char *s = line;

		if (number(&s, &count) && !*skip_space(s)) {
			r->count = count;
			return true;
		}
	}
	if (!read_numbers(line, &f) && !read_text(r, line, &f))
		return false;
	if (r->n < r->room)
		r->out[r->n] = f;
	r->n++;
	return true;
}

/* What is cut off or cannot be printed becomes a '?', which nothing reads. */
static size_t copy_line(char line[LINE_MOST], const char *s, const char *end)
{
	size_t len = 0;

	for (; s < end && len < LINE_MOST - 1; s++)
		line[len++] = isprint((unsigned char)*s) || isspace((unsigned char)*s)
				      ? *s
				      : '?';
	if (s < end)
		line[len - 1] = '?';
	line[len] = '\0';
	return len;
}

int skep_cbpf_parse(const char *text, size_t len, struct skep_filter *out, uint32_t room,
		    struct skep_log *log)
{
	struct reader r = {.log = log, .out = out, .room = room, .count = -1};
	const char *end = text + len, *stop;
	char line[LINE_MOST];

	for (; text < end; text = stop + 1) {
		size_t n;

		stop = memchr(text, '\n', (size_t)(end - text));
		stop = stop ? stop : end;
		n = copy_line(line, text, stop);
		r.line++;
		if (r.n > CBPF_MAX_INSNS || !read_line(&r, line)) {
			log_printf(log, msg_cbpf_line, r.line, (int)MIN(n, 40u), line);
			return -EINVAL;
		}
	}
	if (r.count >= 0 && r.count != r.n) {
		log_printf(log, msg_cbpf_count, (u32)r.count, r.n);
		return -EINVAL;
	}
	return (int)r.n;
}
