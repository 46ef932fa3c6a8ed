#include "vec.h"

bool vec_room(void **at, size_t *room, size_t n, size_t size)
{
	size_t grown = *room ? *room * 2 : 8;
	void *p;

	if (n < *room)
		return true;
	p = mem_resize(*at, grown, size);
	if (!p)
		return false;
	*at = p;
	*room = grown;
	return true;
}
