/* parse5.h - the parser that the benchmark compiles twice, natively and to BPF: a hash of
 * an IPv4 packet's five-tuple, or 1 to 4 for what is none. */
#ifndef PARSE5_H
#define PARSE5_H

static inline __attribute__((always_inline)) unsigned parse5(const unsigned char *data,
							     const unsigned char *end)
{
	const unsigned char *ip = data + 14, *l4 = data + 34;
	unsigned src, dst, ports, h;

	if (data + 54 > end)
		return 1;
	if (*(const unsigned short *)(data + 12) != 0x0008)
		return 2;
	if (ip[0] >> 4 != 4)
		return 3;
	if (ip[9] != 6 && ip[9] != 17)
		return 4;
	src = *(const unsigned *)(ip + 12);
	dst = *(const unsigned *)(ip + 16);
	ports = (unsigned)l4[0] << 24 | (unsigned)l4[1] << 16 | (unsigned)l4[2] << 8 | l4[3];
	h = src * 2654435761u;
	h = (h << 13 | h >> 19) ^ dst;
	h = (h * 5 + 0xe6546b64u) ^ ports;
	h = (h << 15 | h >> 17) + ip[9];
	h ^= h >> 16;
	h *= 0x85ebca6bu;
	h ^= h >> 13;
	return h;
}

#endif
