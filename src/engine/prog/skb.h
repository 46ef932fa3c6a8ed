/* skb.h - packets as struct __sk_buff
 *
 * What the program types that see it share. Values are those of a packet that has just
 * come in; what a test run hands in as context is taken over.
 */
#ifndef SKB_H
#define SKB_H

#include "run.h"

enum {
	SKB_HEADER = RUN_ETHERNET,
	SKB_MOST = 4 * 4096 - 320, /* Linux lets no helper make a packet longer */
	/* A test run's packet fits into a page with its headroom and struct
	   skb_shared_info. */
	SKB_TEST_MOST = 4096 - 64 - 320,
	SKB_IP = 0x0008, /* ethertypes in network order */
	SKB_IPV6 = 0xdd86,
};

/* The ethertype, in network order; what is below 0x600 is 802.3 or 802.2. */
u16 skb_protocol(const struct skep_packet *p);

/* [off, off + len) of the packet's data joins its csum, or leaves it, if it has one. */
void skb_sum(struct skep_packet *p, u32 off, u32 len, bool join);

#endif
