#include "json.h"
#include <inttypes.h>

static void quote(struct str *s, const char *text)
{
	str_printf(s, "\"");
	for (const u8 *at = (const u8 *)text; *at; at++) {
		if (*at == '"' || *at == '\\')
			str_printf(s, "\\%c", *at);
		else if (*at < 0x20 || *at > 0x7e)
			str_printf(s, "\\u%04x", *at);
		else
			str_append(s, at, 1);
	}
	str_printf(s, "\"");
}

/* What stands before a value. */
static void begin(struct json *j, const char *key)
{
	char last = j->s.len ? j->s.s[j->s.len - 1] : '[';

	if (last != '{' && last != '[')
		str_printf(&j->s, ",");
	if (key) {
		quote(&j->s, key);
		str_printf(&j->s, ":");
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	str_printf(&j->s, "%c", bracket);
}

void json_close(struct json *j, char bracket)
{
	str_printf(&j->s, "%c", bracket);
}

void json_number(struct json *j, const char *key, u64 v)
{
	begin(j, key);
	str_printf(&j->s, "%" PRIu64, v);
}

void json_signed(struct json *j, const char *key, s64 v)
{
	begin(j, key);
	str_printf(&j->s, "%" PRId64, v);
}

void json_bool(struct json *j, const char *key, bool v)
{
	json_raw(j, key, v ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	json_raw(j, key, "null");
}

void json_text(struct json *j, const char *key, const char *text)
{
	begin(j, key);
	quote(&j->s, text);
}

void json_bytes(struct json *j, const char *key, const void *data, size_t len)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < len; i++)
		str_printf(&j->s, "%s\"0x%02x\"", i ? "," : "", ((const u8 *)data)[i]);
	json_close(j, ']');
}

void json_raw(struct json *j, const char *key, const char *text)
{
	begin(j, key);
	str_printf(&j->s, "%s", text);
}

static const char *string_end(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		at += *at == '\\' && at[1];
	return at + (*at == '"');
}

static void line(FILE *out, int depth)
{
	fprintf(out, "\n%*s", depth * 4, "");
}

/* The text without blanks, or with a line for each member. */
static void reflow(FILE *out, const char *at, bool pretty)
{
	int depth = 0;

	for (const char *end; *at; at = end) {
		end = *at == '"' ? string_end(at) : at + 1;
		if (strchr(" \n\t", *at))
			continue;
		if (strchr("]}", *at) && pretty && !strchr("[{", at[-1]))
			line(out, depth - 1);
		depth += strchr("[{", *at) ? 1 : strchr("]}", *at) ? -1 : 0;
		fwrite(at, 1, (size_t)(end - at), out);
		if (pretty && (*at == ',' || (strchr("[{", *at) && !strchr("]}", at[1]))))
			line(out, depth);
		else if (pretty && *at == ':')
			fputc(' ', out);
	}
	fputc('\n', out);
}

bool json_print(struct json *j, FILE *out, bool pretty)
{
	bool good = !j->s.failed;

	if (good)
		reflow(out, j->s.s ? j->s.s : "", pretty);
	str_free(&j->s);
	return good;
}
