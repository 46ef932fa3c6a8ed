#include "fuse.h"

u16 fuse(u16 first, u16 second)
{
	static const struct {
		u16 a, b, fused;
	} pairs[] = {
#define PAIR(a, b) {op_##a, op_##b, fused_##a##_##b},
#define TEST(a, b) PAIR(a, b)
#define LAST(a)	   PAIR(a, exit)
#include "fuse.def"
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (pairs[i].a == first && pairs[i].b == second)
			return pairs[i].fused;
	return first;
}
