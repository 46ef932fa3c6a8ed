/* bits.h - integer types, alignment, and loads and stores of unaligned memory
 *
 * Guarantees: nothing here allocates, fails or has state.
 */
#ifndef BITS_H
#define BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

/* For what reads memory that others may write meanwhile and knows it: it finds out
 * afterwards whether they did (a sequence number that stood still), or sees the old words
 * or the new by contract. ThreadSanitizer, which knows of neither, does not look at it.
 */
#ifdef __SANITIZE_THREAD__
#define reads_racing __attribute__((no_sanitize("thread")))
#else
#define reads_racing
#endif
#define PRINTF(f, a)		      __attribute__((format(printf, f, a)))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* `to` is a power of two. */
static inline u64 round_up(u64 n, u64 to)
{
	return (n + to - 1) & ~(to - 1);
}

static inline bool is_pow2(u64 n)
{
	return n && !(n & (n - 1));
}

/* The least power of two that is not below n; n is 1 to 2^63. */
static inline u64 pow2_ceil(u64 n)
{
	return n <= 1 ? 1 : (u64)1 << (64 - __builtin_clzll(n - 1));
}

static inline u16 load16(const void *p)
{
	u16 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline u32 load32(const void *p)
{
	u32 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline u64 load64(const void *p)
{
	u64 v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void store16(void *p, u16 v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void store32(void *p, u32 v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void store64(void *p, u64 v)
{
	memcpy(p, &v, sizeof(v));
}

/* A pointer that stands in a field of 64 bits, as bpf(2) passes them. */
static inline void *ptr_of(u64 v)
{
	return (void *)(uintptr_t)v;
}

static inline u64 u64_of(const void *p)
{
	return (u64)(uintptr_t)p;
}

#endif
