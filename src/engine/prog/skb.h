/* skb.h - packets as struct __sk_buff
 *
 * What the program types that see it share. Values are those of a packet that has just
 * come in; what a test run hands in as context is taken over.
 */
#ifndef SKB_H
#define SKB_H

#include "run.h"

/* A row of a field table. */
#define SKB(field, kind, write) \
	{ \
		offsetof(struct skep_sk_buff, field), \
			sizeof(((struct skep_sk_buff *)0)->field), kind, write, #field \
	}

enum {
	SKB_HEADER = RUN_ETHERNET,
	SKB_MOST = 4 * 4096 - 320, /* Linux lets no helper make a packet longer */
	/* A test run's packet fits into a page with its headroom and struct
	   skb_shared_info. */
	SKB_TEST_MOST = 4096 - 64 - 320,
};

/* The ethertype, in network order; what is below 0x600 is 802.3 or 802.2. */
u16 skb_protocol(const struct skep_packet *p);

void skb_setup(struct run *run);
int skb_test_in(const void *ctx, struct skep_packet *packet);
void skb_test_out(const struct run *run, void *ctx);

#endif
