#include "explain_bpf.h"

HELPER(39, long, bpf_skb_pull_data, struct __sk_buff *skb, __u32 len);

SEC("lwt_in") int prog(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;

	if (data + 1 > (__u8 *)(long)skb->data_end)
		return 0;
	*data = 0;
	return 0;
}
