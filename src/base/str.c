#include "str.h"
#include "mem.h"
#include <stdio.h>

static bool str_room(struct str *s, size_t len)
{
	size_t need = s->len + len + 1, room = MAX(need, s->room * 2);
	char *p;

	if (s->failed || need <= s->room)
		return !s->failed;
	p = need > len ? mem_resize(s->s, room, 1) : NULL;
	if (!p) {
		s->failed = true;
		return false;
	}
	s->s = p;
	s->room = room;
	return true;
}

void str_append(struct str *s, const void *data, size_t len)
{
	if (!str_room(s, len))
		return;
	memcpy(s->s + s->len, data, len);
	s->len += len;
	s->s[s->len] = '\0';
}

void str_vprintf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !str_room(s, (size_t)n))
		return;
	vsnprintf(s->s + s->len, (size_t)n + 1, fmt, ap);
	s->len += (size_t)n;
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(s, fmt, ap);
	va_end(ap);
}

void str_free(struct str *s)
{
	mem_free(s->s);
	*s = (struct str){0};
}

size_t str_give(struct str *s, char *buf, size_t size)
{
	size_t len = s->len, n = size ? MIN(len, size - 1) : 0;

	if (n)
		memcpy(buf, s->s, n);
	if (size)
		buf[n] = '\0';
	str_free(s);
	return len;
}
