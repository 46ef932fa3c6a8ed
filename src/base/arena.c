#include "arena.h"
#include "mem.h"

enum { BLOCK_SIZE = 16384 };

struct arena_block {
	struct arena_block *next;
	size_t size; /* of data */
	_Alignas(16) char data[];
};

static bool arena_grow(struct arena *a, size_t need)
{
	size_t size = MAX(need, (size_t)BLOCK_SIZE);
	struct arena_block *b;

	if (a->most && (a->held > a->most || size > a->most - a->held))
		return false;
	b = mem_alloc(1, sizeof(*b) + size);
	if (!b)
		return false;
	a->held += size;
	b->next = a->head;
	b->size = size;
	a->head = b;
	a->used = 0;
	return true;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
	size_t need;
	void *p;

	if (__builtin_mul_overflow(n, size, &need) || need > SIZE_MAX / 2)
		return NULL;
	need = round_up(need, 16);
	if ((!a->head || a->head->size - a->used < need) && !arena_grow(a, need))
		return NULL;
	p = a->head->data + a->used;
	a->used += need;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = len < SIZE_MAX ? arena_alloc(a, len + 1, 1) : NULL;

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

void arena_free(struct arena *a)
{
	struct arena_block *b = a->head;

	while (b) {
		struct arena_block *next = b->next;

		mem_free(b);
		b = next;
	}
	*a = (struct arena){.most = a->most};
}
