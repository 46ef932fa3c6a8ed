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
	{ offsetof(struct skep_sk_buff, field), \
	  sizeof(((struct skep_sk_buff *)0)->field), kind, write, #field }

enum {
	SKB_HEADER = 14, /* Ethernet */
	/* A test run's device is the loopback: no packet grows beyond its MTU and header. */
	SKB_MOST = 65536 + SKB_HEADER,
};

void skb_setup(struct run *run);
int skb_test_in(const void *ctx, struct skep_packet *packet);
void skb_test_out(const struct run *run, void *ctx);

#endif
