/* parse5.h - the parser that the benchmark compiles twice, natively and to BPF: an IPv4
 * packet's five-tuple in one word, or 1 to 7 for what is none. */
#ifndef PARSE5_H
#define PARSE5_H

static inline __attribute__((always_inline)) unsigned parse5(const unsigned char *data,
							     const unsigned char *end)
{
	const unsigned char *ip = data + 14, *l4 = data + 34;
	unsigned src, dst, ports;

	if (data + 54 > end)
		return 1;
	if (*(const unsigned short *)(data + 12) != 0x0008)
		return 2;
	if (ip[0] >> 4 != 4)
		return 3;
	if (ip[9] != 6 && ip[9] != 17)
		return 4;
	if ((ip[0] & 15) != 5)
		return 5;
	if (ip[6] & 0x1f || ip[7])
		return 6;
	if (ip[2] == 0 && ip[3] < 40)
		return 7;
	src = *(const unsigned *)(ip + 12);
	dst = *(const unsigned *)(ip + 16);
	ports = (unsigned)l4[0] << 24 | (unsigned)l4[1] << 16 | (unsigned)l4[2] << 8 |
		l4[3];
	return src ^ dst ^ ports ^ ip[9] ^ (unsigned)data[12];
}

#endif
