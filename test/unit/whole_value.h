/* whole_value.h - values that tell of which key they are, and whether a word of them, or
 * all of them, was written at once
 */
#ifndef WHOLE_VALUE_H
#define WHOLE_VALUE_H

#include "bits.h"

enum { WORDS = 8 };

/* `nonce` counts modulo 2^28, `key` is below 256. */
static inline void value_make(u64 *value, u32 key, u64 nonce)
{
	nonce &= (1u << 28) - 1;
	for (u32 i = 0; i < WORDS; i++)
		value[i] = (nonce << 36 | nonce << 8 | key) ^ (i * 0x9e3779b97f4a7c15ull);
}

static inline u32 value_key(const u64 *value)
{
	return value[0] & 0xff;
}

/* Word `i` of a value of that key. */
static inline bool value_word(u64 word, u32 i, u32 key)
{
	u64 base = word ^ (i * 0x9e3779b97f4a7c15ull);

	return (base & 0xff) == key && base >> 36 == (base >> 8 & ((1u << 28) - 1));
}

static inline bool value_whole(const u64 *value, u32 key)
{
	for (u32 i = 1; i < WORDS; i++)
		if (value[i] != (value[0] ^ (i * 0x9e3779b97f4a7c15ull)))
			return false;
	return value_word(value[0], 0, key);
}

#endif
