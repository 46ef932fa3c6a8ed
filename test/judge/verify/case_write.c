/* case_write.c - writing case files; case.h has the format */
#include "case.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "os.h"
#include "sha256.h"
#include "str.h"

enum { INLINE_BTF = 1024, SLUG = 100, SHA256_SIZE = 32 };

static void put_hex(struct str *s, const void *data, u32 len, u32 a_line)
{
	static const char digits[] = "0123456789abcdef";
	const u8 *p = data;
	char line[130];
	u32 i, n;

	for (i = 0; i < len; i += n) {
		u32 k;

		n = MIN(a_line, len - i);
		line[0] = '\t';
		for (k = 0; k < n; k++) {
			line[1 + 2 * k] = digits[p[i + k] >> 4];
			line[2 + 2 * k] = digits[p[i + k] & 15];
		}
		line[1 + 2 * n] = '\n';
		str_append(s, line, 2 + 2 * n);
	}
}

static void put_text(struct str *s, const char *word, const char *text)
{
	const char *end;

	str_printf(s, "%s\n", word);
	for (; text && *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		str_printf(s, "\t%.*s\n", (int)(end - text), text);
	}
}

static int write_file(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), err;

	if (fd < 0)
		return -errno;
	err = os_write_full(fd, data, len);
	close(fd);
	return err;
}

static int put_blob(struct str *s, const struct case_bytes *b, const char *folder)
{
	u8 sum[SHA256_SIZE];
	char path[4096];
	int at;

	str_printf(s, "btf %u", b->len);
	if (b->len <= INLINE_BTF) {
		str_printf(s, "\n");
		put_hex(s, b->at, b->len, 64);
		return 0;
	}
	sha256(b->at, b->len, sum);
	at = snprintf(path, sizeof(path), "%s/", folder);
	snprintf(path + at, sizeof(path) - (size_t)at, "%016llx.btf",
		 (unsigned long long)load64(sum));
	str_printf(s, " %s\n", path + at);
	return access(path, F_OK) ? write_file(path, b->at, b->len) : 0;
}

static void put_map(struct str *s, const struct case_map *m)
{
	str_printf(s, "map %u %u %u %u %#x %#llx %d %d %u %u %s\n", m->type, m->key_size,
		   m->value_size, m->max_entries, m->flags, (unsigned long long)m->extra,
		   m->inner, m->btf, m->key_type, m->value_type, m->name ? m->name : "");
	if (m->vmlinux_value)
		str_printf(s, "vmlinux_value %s\n", m->vmlinux_value);
	if (!m->frozen.at)
		return;
	str_printf(s, "frozen %u\n", m->frozen.len);
	put_hex(s, m->frozen.at, m->frozen.len, 64);
}

static void put_info(struct str *s, const char *word, const struct case_bytes *b,
		     u32 record)
{
	if (!b->len)
		return;
	str_printf(s, "%s %u %u\n", word, record, b->len);
	put_hex(s, b->at, b->len, 64);
}

static void put_code(struct str *s, const struct vcase *c)
{
	const struct case_ksym *k;

	str_printf(s, "code %zu\n", c->n * sizeof(*c->code));
	put_hex(s, c->code, c->n * (u32)sizeof(*c->code), sizeof(*c->code));
	vec_each(k, &c->ksyms)
		str_printf(s, "ksym %u %u %s\n", k->insn, k->kind, k->name);
}

static void put_answer(struct str *s, const struct case_answer *a)
{
	str_printf(s, "answer %d %u %u %u %u %llu\n", a->err, a->processed, a->states,
		   a->peak, a->max_per_insn, (unsigned long long)a->usec);
	if (a->stack)
		str_printf(s, "stack %s\n", a->stack);
	if (a->message && *a->message)
		put_text(s, "message", a->message);
}

/* A word and its values: of many lines the first. */
static void put_unpriv(struct str *s, const struct case_answer *a)
{
	const char *text = a->message ? a->message : "";

	str_printf(s, "unpriv %d %.*s\n", a->err, (int)strcspn(text, "\n"), text);
}

static int put_case(struct str *s, const struct vcase *c, const char *folder)
{
	const struct case_bytes *b;
	const struct case_map *m;
	int err;

	str_printf(s, "skep-case 1\nname %s\ngroup %s\nprog %u %u %#x %s\nlicense %s\n",
		   c->name, c->group, c->type, c->attach_type, c->flags, c->prog_name,
		   c->license);
	str_printf(s, "caps %#x\n", c->caps);
	if (c->target)
		str_printf(s, "target %u %s\n", c->target_kind, c->target);
	vec_each(b, &c->btfs) {
		err = put_blob(s, b, folder);
		if (err)
			return err;
	}
	vec_each(m, &c->maps)
		put_map(s, m);
	if (c->prog_btf >= 0)
		str_printf(s, "prog_btf %d\n", c->prog_btf);
	put_info(s, "func_info", &c->func_info, c->func_info_size);
	put_info(s, "line_info", &c->line_info, c->line_info_size);
	put_code(s, c);
	put_answer(s, &c->answer);
	if (c->has_unpriv)
		put_unpriv(s, &c->unpriv);
	return 0;
}

static int make_folders(char *path)
{
	char *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = 0;
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

/* A file name: what is no letter, digit, dot, dash or underscore becomes a dash. */
static void slug(char *to, const char *from)
{
	u32 n = 0;

	for (; *from && n < SLUG; from++) {
		bool plain = strchr("._-", *from) || (*from >= '0' && *from <= '9') ||
			     ((*from | 32) >= 'a' && (*from | 32) <= 'z');

		if (plain || (n && to[n - 1] != '-'))
			to[n++] = plain ? *from : '-';
	}
	to[n] = 0;
}

int case_write(const struct vcase *c, const char *dir)
{
	char folder[2048], name[SLUG + 1], path[4096];
	struct str s = {0};
	int err;

	slug(name, c->name);
	snprintf(folder, sizeof(folder), "%s/%s", dir, c->group);
	snprintf(path, sizeof(path), "%s/%s.case", folder, name);
	err = make_folders(folder);
	if (!err)
		err = put_case(&s, c, folder);
	if (!err)
		err = s.failed ? -ENOMEM : write_file(path, s.s, s.len);
	str_free(&s);
	return err;
}
