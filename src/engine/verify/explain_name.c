/* What the variable is called, as far as the lines of the source tell. */
#include "explain_tale.h"

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* The last '=' in front of a column (from 1, indentation included), or the only one. */
static const char *equals(const char *source, size_t column)
{
	const char *eq = NULL;
	size_t n = 0;

	for (const char *at = source; *at; at++) {
		if (*at != '=')
			continue;
		if (!eq || (size_t)(at - source) < column)
			eq = at;
		n++;
	}
	return n == 1 || column ? eq : NULL;
}

/* "key" of "__u64 key = ctx->args[0];". */
static const char *assigned(struct tale *t, const char *source, size_t column)
{
	const char *eq = equals(source, column), *end, *begin;

	if (eq && eq > source && eq[1] != '=' && strchr("+-*/&|^%", eq[-1]))
		eq--; /* i += 3 */
	else if (eq && eq[1] == '=')
		return NULL;
	if (!eq || eq == source || strchr("!<>=", eq[-1]) || !strncmp(source, "if", 2) ||
	    !strncmp(source, "for", 3) || !strncmp(source, "while", 5))
		return NULL;
	for (end = eq; end > source && end[-1] == ' ';)
		end--;
	for (begin = end; begin > source && is_name(begin[-1]);)
		begin--;
	if (begin == end || (begin > source && !strchr(" *\t", begin[-1])))
		return NULL;
	return tale_text(t, "%.*s", (int)(end - begin), begin);
}

/* "e->count" of "bpf_probe_read_kernel(buf, e->count, p);": what an argument is. */
static const char *argument_text(struct tale *t)
{
	const struct skep_line_info *line = tale_line(t, t->insn);
	const char *call =
		t->helper ? strstr(tale_source(t, line), t->helper->name) : NULL;
	const char *at = call ? strchr(call, '(') : NULL, *begin = at ? at + 1 : NULL;
	int depth = 0, arg = 1;

	for (; at && *at; at++) {
		depth += *at == '(' || *at == '[';
		depth -= *at == ')' || *at == ']';
		if (depth > 1 || (depth == 1 && *at != ','))
			continue;
		if (arg++ == t->regno)
			return tale_text(t, "%.*s", (int)(at - begin), begin);
		if (!depth)
			break;
		for (begin = at + 1; *begin == ' ';)
			begin++;
	}
	return NULL;
}

/* "i" of "return e->data[i];": the last index that is a variable. */
static const char *index_text(struct tale *t)
{
	const struct skep_line_info *line = tale_line(t, t->insn);
	const char *found = NULL;
	size_t len = 0;

	for (const char *at = tale_source(t, line); (at = strchr(at, '[')); at++) {
		size_t n = 0;

		while (is_name(at[1 + n]))
			n++;
		if (n && at[1 + n] == ']' && at[1] > '9') {
			found = at + 1;
			len = n;
		}
	}
	return found ? tale_text(t, "%.*s", (int)len, found) : NULL;
}

/* Where "o.in->pid" of a line begins, its only member through a pointer; NULL. */
static const char *member_text(const struct tale *t, size_t *pointer, size_t *len)
{
	const char *source = tale_source(t, tale_line(t, t->insn));
	const char *arrow = strstr(source, "->"), *begin = arrow, *end;

	if (!arrow || strstr(arrow + 2, "->"))
		return NULL;
	while (begin > source && (is_name(begin[-1]) || begin[-1] == '.'))
		begin--;
	for (end = arrow + 2; is_name(*end);)
		end++;
	*pointer = (size_t)(arrow - begin);
	*len = (size_t)(end - begin);
	return begin == arrow ? NULL : begin;
}

const char *tale_member(struct tale *t)
{
	size_t pointer, len;
	const char *text = member_text(t, &pointer, &len);

	return text ? tale_text(t, "%.*s", (int)len, text) : NULL;
}

static const char *pointer_text(struct tale *t)
{
	size_t pointer, len;
	const char *text = member_text(t, &pointer, &len);

	return text ? tale_text(t, "%.*s", (int)pointer, text) : NULL;
}

void tale_find_name(struct tale *t)
{
	const struct skep_line_info *line;

	if (t->class->follow == follow_size)
		t->name = argument_text(t);
	if (!t->name && t->origin == ~0u && t->class->follow == follow_pointer)
		t->name = pointer_text(t);
	if (t->name || t->origin == ~0u)
		return;
	line = tale_line(t, t->rec->snaps[t->origin].insn);
	if (t->class->follow != follow_pointer)
		t->name = index_text(t);
	if (line && !t->name)
		t->name = assigned(t, tale_source(t, line), tale_column(t, line));
	if (!t->name && t->class->follow == follow_pointer)
		t->name = pointer_text(t);
}
