/* kernels.h - what bench_jit measures, the same source natively and as BPF
 *
 * KERNEL(name): computes something of SIZE bytes at p, which it may change, always in the
 * same way for the same bytes. What takes some ns is done TIMES times.
 */
#ifndef KERNELS_H
#define KERNELS_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum { SIZE = 2048, TIMES = 32, LONG = 1500 };

#define KERNEL(name) static inline __attribute__((always_inline)) u32 name(u8 *p)
#define BARRIER()    __asm__ volatile("" ::: "memory")

KERNEL(empty)
{
	return 0;
}

struct line {
	u64 words[8];
};

KERNEL(memcpy64)
{
	for (u32 i = 0; i < TIMES; i++) {
		*(struct line *)(p + 1024 + i % 16 * 64) =
			*(struct line *)(p + i % 8 * 64);
		BARRIER();
	}
	return p[1024] + p[2047];
}

/* Ethernet, IPv4, TCP or UDP. */
KERNEL(parse5)
{
	u32 sum = 0;

	for (u32 i = 0; i < TIMES; i++) {
		const u8 *at = p + i * 60;
		u32 src, dst;
		u16 sport, dport;

		BARRIER();
		if (*(u16 *)(at + 12) != 0x0008 || (at[14] & 15) != 5)
			continue;
		if (at[23] != 6 && at[23] != 17)
			continue;
		src = *(u32 *)(at + 26);
		dst = *(u32 *)(at + 30);
		sport = __builtin_bswap16(*(u16 *)(at + 34));
		dport = __builtin_bswap16(*(u16 *)(at + 36));
		sum += src ^ dst * 31 ^ (u32)sport << 16 ^ dport ^ at[23];
	}
	return sum;
}

KERNEL(strcmp64)
{
	u32 sum = 0;

	for (u32 n = 0; n < 2; n++) {
		const u8 *a = p + 512, *b = p + 576 + n * 64;
		u32 i = 0;

		while (i < 64 && a[i] && a[i] == b[i])
			i++;
		sum += i < 64 ? (u32)(a[i] - b[i]) : 64;
	}
	return sum;
}

KERNEL(ilog2)
{
	u32 sum = 0;

	for (u32 i = 0; i < 32; i++) {
		u32 v = *(u32 *)(p + i * 4) >> (i & 31), r, s;

		r = (v > 0xffff) << 4;
		v >>= r;
		s = (v > 0xff) << 3;
		v >>= s;
		r |= s;
		s = (v > 0xf) << 2;
		v >>= s;
		r |= s;
		s = (v > 0x3) << 1;
		v >>= s;
		r |= s;
		sum = sum * 3 + (r | v >> 1);
	}
	return sum;
}

KERNEL(prime)
{
	u32 n = 9973 + (p[0] & 0), found = 1;

	BARRIER();
	for (u32 i = 3; i < 100; i += 2) {
		__asm__ volatile("" : "+r"(n));
		if (n % i == 0)
			found = 0;
	}
	return n * 2 + found;
}

KERNEL(sieve)
{
	u8 *flags = p + 1024;
	u32 count = 0;

	for (u32 i = 0; i < 128; i++)
		flags[i] = 1;
	for (u32 i = 2; i < 12; i++) {
		if (!flags[i])
			continue;
		for (u32 k = i * i; k < 128; k += i)
			flags[k] = 0;
	}
	for (u32 i = 2; i < 128; i++)
		count += flags[i];
	return count;
}

KERNEL(dispatch)
{
	u32 acc = 1;

	for (u32 i = 0; i < 64; i++) {
		u8 op = p[i];

		switch (op & 7) {
		case 0: acc += op; break;
		case 1: acc ^= op << 3; break;
		case 2: acc *= 5; break;
		case 3: acc -= op; break;
		case 4: acc = acc << 7 | acc >> 25; break;
		case 5: acc |= op; break;
		case 6: acc = ~acc; break;
		default: acc &= 0xfffffff0u | op;
		}
	}
	return acc;
}

KERNEL(dot)
{
	u32 sum = 0;

	for (u32 i = 0; i < 64; i++)
		sum += *(u32 *)(p + i * 4) * *(u32 *)(p + 256 + i * 4);
	return sum;
}

KERNEL(copyb)
{
	for (u32 i = 0; i < 512; i++) {
		p[1024 + i] = p[i];
		BARRIER();
	}
	return p[1535];
}

KERNEL(csum)
{
	u64 sum = 0;

	for (u32 i = 0; i < LONG; i += 2)
		sum += *(u16 *)(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (u16)~sum;
}

KERNEL(fnv)
{
	u32 h = 2166136261u;

	for (u32 i = 0; i < LONG; i++) {
		h ^= p[i];
		h *= 16777619u;
	}
	return h;
}

#define ROL(x, k) ((x) << (k) | (x) >> (32 - (k)))

/* Bob Jenkins' lookup3, hashword's mixing. */
KERNEL(jhash)
{
	u32 a = 0xdeadbeef + LONG, b = a, c = a;

	for (u32 i = 0; i + 12 <= LONG; i += 12) {
		a += *(u32 *)(p + i);
		b += *(u32 *)(p + i + 4);
		c += *(u32 *)(p + i + 8);
		a -= c, a ^= ROL(c, 4), c += b;
		b -= a, b ^= ROL(a, 6), a += c;
		c -= b, c ^= ROL(b, 8), b += a;
		a -= c, a ^= ROL(c, 16), c += b;
		b -= a, b ^= ROL(a, 19), a += c;
		c -= b, c ^= ROL(b, 4), b += a;
	}
	c ^= b, c -= ROL(b, 14);
	a ^= c, a -= ROL(c, 11);
	b ^= a, b -= ROL(a, 25);
	c ^= b, c -= ROL(b, 16);
	return c;
}

/* 128 sorted words at p + 1024, that the first 32 words are looked for in. */
KERNEL(search)
{
	u32 sum = 0;

	for (u32 i = 0; i < 32; i++)
		*(u32 *)(p + 1024 + i * 16) = i * 0x8000000u;
	for (u32 k = 0; k < 32; k++) {
		u32 key = *(u32 *)(p + k * 4), lo = 0, hi = 32;

		for (u32 step = 0; step < 5; step++) {
			u32 mid = (lo + hi) / 2 & 31;

			if (*(u32 *)(p + 1024 + mid * 16) <= key)
				lo = mid;
			else
				hi = mid;
		}
		sum = sum * 7 + lo;
	}
	return sum;
}

#define EACH_KERNEL(X) \
	X(empty) \
	X(memcpy64) \
	X(parse5) X(strcmp64) X(ilog2) X(prime) X(sieve) X(dispatch) X(dot) X(copyb) \
		X(csum) X(fnv) X(jhash) X(search)

#endif
