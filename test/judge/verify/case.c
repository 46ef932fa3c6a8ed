/* case.c - reading case files; case.h has the format */
#include "case.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "os.h"
#include "pass.h"

enum {
	MOST_FILE = 128 << 20,
	MOST_BYTES = 32 << 20,
	MOST_OBJECTS = 4096, /* maps, blobs */
};

struct reader {
	struct pass p;
	struct vcase *c;
	const char *path;
	char *at;   /* of the next line */
	char *word; /* of the rest of this line */
	u32 line;
};

_Noreturn static void PRINTF(2, 3) fail(struct reader *r, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pass_throw(&r->p, EINVAL, "%s:%u: %s\n", r->path, r->line, text);
}

/* ---- lines and words ---- */

/* The next line without its end, or NULL. */
static char *next_line(struct reader *r)
{
	char *line = r->at, *end;

	if (!*line)
		return NULL;
	end = line + strcspn(line, "\n");
	r->at = *end ? end + 1 : end;
	*end = 0;
	r->line++;
	return line;
}

static char *next_word(struct reader *r)
{
	char *word = r->word + strspn(r->word, " ");
	char *end = word + strcspn(word, " ");

	r->word = *end ? end + 1 : end;
	*end = 0;
	return word;
}

static s64 number(struct reader *r, s64 least, u64 most)
{
	char *word = next_word(r), *end;
	bool fits;
	s64 v;

	errno = 0;
	v = *word == '-' ? strtoll(word, &end, 0) : (s64)strtoull(word, &end, 0);
	fits = *word == '-' ? v >= least
			    : (u64)v <= most && (least < 0 || (u64)v >= (u64)least);
	if (errno || !*word || *end || !fits)
		fail(r, "'%.20s' is not a number from %lld to %llu", word,
		     (long long)least, (unsigned long long)most);
	return v;
}

static u32 number32(struct reader *r)
{
	return (u32)number(r, 0, UINT32_MAX);
}

static char *keep(struct reader *r, const char *text)
{
	char *s = arena_strndup(&r->c->arena, text, strlen(text));

	if (!s)
		fail(r, "no memory");
	return s;
}

static char *rest(struct reader *r)
{
	return keep(r, r->word);
}

static void *room(struct reader *r, size_t n)
{
	void *p = arena_alloc(&r->c->arena, n + 1, 1);

	if (!p)
		fail(r, "no memory");
	return p;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static void hex(struct reader *r, struct case_bytes *b, u32 len)
{
	u32 n = 0;

	b->at = room(r, len);
	b->len = len;
	while (n < len) {
		char *s = *r->at == '\t' ? next_line(r) : NULL;

		if (!s)
			fail(r, "%u bytes expected, %u are there", len, n);
		for (s++; *s; s += 2) {
			if (n == len || digit(s[0]) < 0 || digit(s[1]) < 0)
				fail(r, "bytes in hex expected, %u in all", len);
			b->at[n++] = (u8)(digit(s[0]) << 4 | digit(s[1]));
		}
	}
}

/* ---- a function a word ---- */

static void read_name(struct reader *r)
{
	r->c->name = rest(r);
}

static void read_group(struct reader *r)
{
	r->c->group = rest(r);
}

static void read_prog(struct reader *r)
{
	r->c->type = number32(r);
	r->c->attach_type = number32(r);
	r->c->flags = number32(r);
	r->c->prog_name = rest(r);
	if (strlen(r->c->prog_name) >= SKEP_OBJ_NAME_LEN)
		fail(r, "program names have at most 15 characters");
}

static void read_license(struct reader *r)
{
	r->c->license = rest(r);
}

static void read_caps(struct reader *r)
{
	r->c->caps = number32(r);
}

static void read_target(struct reader *r)
{
	r->c->target_kind = number32(r);
	r->c->target = rest(r);
}

static void read_beside(struct reader *r, struct case_bytes *b, const char *file, u32 len)
{
	const char *slash = strrchr(r->path, '/');
	char path[4096];
	void *data;
	size_t n;
	int err;

	if (strchr(file, '/'))
		fail(r, "%.60s: the blob must stand beside the case", file);
	snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash + 1 - r->path) : 0,
		 r->path, file);
	err = os_read_file(path, MOST_BYTES, &data, &n);
	if (err)
		fail(r, "%.60s: %s", file, strerror(-err));
	b->len = len;
	b->at = arena_alloc(&r->c->arena, len + 1, 1);
	if (b->at && n == len)
		memcpy(b->at, data, len);
	mem_free(data);
	if (!b->at || n != len)
		fail(r, "%.60s has %zu bytes, not %u", file, n, len);
}

static void read_btf(struct reader *r)
{
	u32 len = (u32)number(r, 0, MOST_BYTES);
	struct case_bytes *b;
	char *file = next_word(r);

	if (r->c->btfs.n == MOST_OBJECTS || !(b = vec_push(&r->c->btfs)))
		fail(r, "too many blobs");
	if (*file)
		read_beside(r, b, file, len);
	else
		hex(r, b, len);
}

static s32 index_of(struct reader *r, size_t n)
{
	s64 i = number(r, -1, n);

	if (i >= (s64)n)
		fail(r, "%lld refers to what has not come yet", (long long)i);
	return (s32)i;
}

static void read_map(struct reader *r)
{
	struct case_map m = {0}, *to;

	m.type = number32(r);
	m.key_size = number32(r);
	m.value_size = number32(r);
	m.max_entries = number32(r);
	m.flags = number32(r);
	m.extra = (u64)number(r, 0, UINT64_MAX);
	m.inner = index_of(r, r->c->maps.n);
	m.btf = index_of(r, r->c->btfs.n);
	m.key_type = number32(r);
	m.value_type = number32(r);
	m.name = rest(r);
	if (strlen(m.name) >= SKEP_OBJ_NAME_LEN)
		fail(r, "map names have at most 15 characters");
	if (r->c->maps.n == MOST_OBJECTS || !(to = vec_push(&r->c->maps)))
		fail(r, "too many maps");
	*to = m;
}

static struct case_map *last_map(struct reader *r)
{
	if (!r->c->maps.n)
		fail(r, "stands before any map");
	return &r->c->maps.at[r->c->maps.n - 1];
}

static void read_vmlinux_value(struct reader *r)
{
	struct case_map *m = last_map(r);

	m->vmlinux_value = rest(r);
}

static void read_frozen(struct reader *r)
{
	struct case_map *m = last_map(r);
	u32 len = (u32)number(r, 0, MOST_BYTES);

	if (len != m->value_size)
		fail(r, "a value of this map has %u bytes", m->value_size);
	hex(r, &m->frozen, len);
}

static void read_prog_btf(struct reader *r)
{
	r->c->prog_btf = index_of(r, r->c->btfs.n);
}

static void read_info(struct reader *r, struct case_bytes *b, u32 *record)
{
	u32 len;

	*record = (u32)number(r, 1, MOST_BYTES);
	len = (u32)number(r, 0, MOST_BYTES);
	if (len % *record)
		fail(r, "%u bytes are no whole records of %u", len, *record);
	hex(r, b, len);
}

static void read_func_info(struct reader *r)
{
	read_info(r, &r->c->func_info, &r->c->func_info_size);
}

static void read_line_info(struct reader *r)
{
	read_info(r, &r->c->line_info, &r->c->line_info_size);
}

static void read_code(struct reader *r)
{
	u32 len = (u32)number(r, 0, MOST_BYTES);
	struct case_bytes b;

	if (len % sizeof(*r->c->code))
		fail(r, "%u bytes are no whole instructions", len);
	hex(r, &b, len);
	r->c->code = (struct skep_insn *)b.at;
	r->c->n = len / (u32)sizeof(*r->c->code);
}

static void read_ksym(struct reader *r)
{
	struct case_ksym k = {0}, *to;

	k.insn = number32(r);
	if (k.insn >= r->c->n)
		fail(r, "there is no instruction %u", k.insn);
	k.kind = number32(r);
	k.name = rest(r);
	to = vec_push(&r->c->ksyms);
	if (!to)
		fail(r, "no memory");
	*to = k;
}

static void read_answer(struct reader *r)
{
	struct case_answer *a = &r->c->answer;

	a->err = (int)number(r, 0, 4095);
	a->processed = number32(r);
	a->states = number32(r);
	a->peak = number32(r);
	a->max_per_insn = number32(r);
	a->usec = (u64)number(r, 0, INT64_MAX);
}

static void read_unpriv(struct reader *r)
{
	r->c->unpriv.err = (int)number32(r);
	r->c->unpriv.message = rest(r);
	r->c->has_unpriv = true;
}

static void read_stack(struct reader *r)
{
	r->c->answer.stack = rest(r);
}

static void read_message(struct reader *r)
{
	char *from = r->at, *to;

	while (*r->at == '\t')
		next_line(r);
	to = r->c->answer.message = room(r, (size_t)(r->at - from));
	while (from < r->at) {
		size_t len = strlen(from);

		memcpy(to, from + 1, len - 1);
		to[len - 1] = '\n';
		to += len;
		from += len + 1;
	}
}

static const struct {
	const char *word;
	void (*read)(struct reader *r);
} words[] = {
	{"name", read_name},
	{"group", read_group},
	{"prog", read_prog},
	{"license", read_license},
	{"caps", read_caps},
	{"target", read_target},
	{"btf", read_btf},
	{"map", read_map},
	{"vmlinux_value", read_vmlinux_value},
	{"frozen", read_frozen},
	{"prog_btf", read_prog_btf},
	{"func_info", read_func_info},
	{"line_info", read_line_info},
	{"code", read_code},
	{"ksym", read_ksym},
	{"answer", read_answer},
	{"stack", read_stack},
	{"message", read_message},
	{"unpriv", read_unpriv},
};

/* ---- the whole ---- */

static void read_line(struct reader *r, char *line)
{
	char *word;
	size_t i;

	r->word = line;
	word = next_word(r);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(word, words[i].word)) {
			words[i].read(r);
			return;
		}
	}
	fail(r, "unknown word '%.20s'", word);
}

static void read_all(struct reader *r)
{
	char *line = next_line(r);

	if (!line || strcmp(line, "skep-case 1") != 0)
		fail(r, "the first line must be 'skep-case 1'");
	r->c->name = r->c->group = r->c->prog_name = r->c->license = keep(r, "");
	r->c->prog_btf = -1;
	while ((line = next_line(r)))
		if (*line)
			read_line(r, line);
	if (!r->c->n)
		fail(r, "no code");
}

int case_read(struct vcase *c, const char *path, struct skep_log *log)
{
	struct reader r = {.p = {.log = log}, .c = c, .path = path};
	void *data;
	size_t len;
	int err;

	memset(c, 0, sizeof(*c));
	err = os_read_file(path, MOST_FILE, &data, &len);
	if (err) {
		log_printf(log, "%s: %s\n", path, strerror(-err));
		return err;
	}
	r.at = data;
	if (pass_try(&r.p))
		read_all(&r);
	mem_free(data);
	return pass_end(&r.p);
}

void case_free(struct vcase *c)
{
	vec_free(&c->btfs);
	vec_free(&c->maps);
	vec_free(&c->ksyms);
	arena_free(&c->arena);
}

/* ---- names of the kernel's types ---- */

void case_resolve(struct vcase *c, const struct skep_btf *vmlinux, u32 *target_id)
{
	const struct case_ksym *k;

	*target_id = vmlinux && c->target
			     ? skep_btf_find(vmlinux, c->target, c->target_kind)
			     : 0;
	vec_each(k, &c->ksyms)
		c->code[k->insn].imm =
			vmlinux ? (s32)skep_btf_find(vmlinux, k->name, k->kind) : 0;
}

const struct skep_btf *case_vmlinux(void)
{
	static struct skep_btf *vmlinux;
	static bool tried;
	void *data;
	size_t len;

	if (tried)
		return vmlinux;
	tried = true;
	if (os_read_file("/sys/kernel/btf/vmlinux", MOST_BYTES, &data, &len))
		return NULL;
	skep_btf_parse(&vmlinux, data, len, NULL, "vmlinux", NULL);
	mem_free(data);
	return vmlinux;
}
