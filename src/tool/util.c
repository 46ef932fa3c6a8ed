#include "tool.h"
#include "mem.h"
#include "os.h"
#include "tool_msg.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { INPUT_MOST = 64 << 20, NAME_MOST = 64, LOG_SIZE = 64 << 10 };

void tool_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%sskep:%s ", color_on(stderr, color_bad),
		color_on(stderr, color_none));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

struct skep_log *tool_log(void)
{
	static char buf[LOG_SIZE];
	static struct skep_log log = {.buf = buf, .size = sizeof(buf)};

	return &log;
}

void tool_log_show(const char *where)
{
	struct skep_log *log = tool_log();
	char *line = log->buf, *end;

	for (; log->len && *line; line = end) {
		end = line + strcspn(line, "\n");
		tool_error("%s%s%.*s\n", where ? where : "", where ? ": " : "",
			   (int)(end - line), line);
		end += *end == '\n';
	}
	log->len = 0;
}

const char *input_name(const char *path)
{
	return strcmp(path, "-") ? path : "standard input";
}

int input_read(const char *path, void **data, size_t *len)
{
	int err = strcmp(path, "-") ? os_read_file(path, INPUT_MOST, data, len)
				    : os_read_fd(STDIN_FILENO, INPUT_MOST, data, len);

	if (err == -EFBIG)
		tool_error(msg_input_large, input_name(path), INPUT_MOST >> 20);
	else if (err)
		tool_error(msg_input_failed, input_name(path), strerror(-err));
	return err ? exit_failed : exit_ok;
}

FILE *output_open(const char *path)
{
	FILE *f = path ? fopen(path, "we") : stdout;

	if (!f)
		tool_error(msg_output_failed, path, strerror(errno));
	return f;
}

int output_close(FILE *f, const char *path)
{
	/* main() flushes standard output. */
	if (!path)
		return exit_ok;
	if (!ferror(f) && !fclose(f))
		return exit_ok;
	tool_error(msg_output_failed, path, strerror(errno));
	return exit_failed;
}

/* Edits (insert, delete, replace a letter) from a to b: Levenshtein 1965. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(b), row[NAME_MOST + 1], diagonal, above;

	if (n > NAME_MOST)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			above = row[j + 1];
			row[j + 1] =
				MIN(MIN(above, row[j]) + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *nearest(const char *name, const char *const *names, size_t stride, size_t n)
{
	const char *best = NULL;
	size_t least = strlen(name) / 3 + 2;

	for (size_t i = 0; i < n; i++) {
		const char *at = *(const char *const *)((const char *)names + i * stride);
		size_t d = distance(name, at);

		if (d < least) {
			least = d;
			best = at;
		}
	}
	return best;
}

const char *color_on(FILE *f, enum color c)
{
	static const char *const codes[] = {
		[color_none] = "\033[0m",   [color_good] = "\033[32m",
		[color_warn] = "\033[33m",  [color_bad] = "\033[31m",
		[color_strong] = "\033[1m",
	};
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");

	/* https://no-color.org: set and not empty */
	if ((off && *off) || !term || !strcmp(term, "dumb") || !isatty(fileno(f)))
		return "";
	return codes[c];
}

void json_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			fprintf(f, "\\u%04x", (unsigned char)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}
