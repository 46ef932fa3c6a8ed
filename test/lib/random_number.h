/* random_number.h - numbers at which ranges end, for tests */
#ifndef RANDOM_NUMBER_H
#define RANDOM_NUMBER_H

#include "bits.h"

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" */
static inline u64 rnd(u64 *seed)
{
	u64 x = *seed += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static inline u64 rnd_number(u64 *seed)
{
	u64 r = rnd(seed), v = (u64)1 << (r >> 8) % 64;

	switch (r % 8) {
	case 0: return rnd(seed) % 32;
	case 1: return 0 - rnd(seed) % 32;
	case 2: return v;
	case 3: return v - 1;
	case 4: return 0 - v;
	case 5: return ~v;
	case 6: return rnd(seed) >> (r >> 8) % 64;
	default: return rnd(seed);
	}
}

#endif
