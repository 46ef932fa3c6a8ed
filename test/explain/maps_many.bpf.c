#include "explain_bpf.h"

#define FOUR(a, b, c, d) \
	MAP(a, BPF_MAP_TYPE_ARRAY, __u32, __u32, 1); \
	MAP(b, BPF_MAP_TYPE_ARRAY, __u32, __u32, 1); \
	MAP(c, BPF_MAP_TYPE_ARRAY, __u32, __u32, 1); \
	MAP(d, BPF_MAP_TYPE_ARRAY, __u32, __u32, 1)
#define SIXTEEN(x) \
	FOUR(x##0, x##1, x##2, x##3); \
	FOUR(x##4, x##5, x##6, x##7); \
	FOUR(x##8, x##9, x##a, x##b); \
	FOUR(x##c, x##d, x##e, x##f)

SIXTEEN(a);
SIXTEEN(b);
SIXTEEN(c);
SIXTEEN(d);
MAP(last, BPF_MAP_TYPE_ARRAY, __u32, __u32, 1);

#define LOOK(map) n += !!bpf_map_lookup_elem(&map, &key)
#define LOOK16(x) \
	LOOK(x##0), LOOK(x##1), LOOK(x##2), LOOK(x##3), LOOK(x##4), LOOK(x##5), \
		LOOK(x##6), LOOK(x##7), LOOK(x##8), LOOK(x##9), LOOK(x##a), LOOK(x##b), \
		LOOK(x##c), LOOK(x##d), LOOK(x##e), LOOK(x##f)

SEC("xdp") int prog(struct xdp_md *ctx)
{
	__u32 key = 0, n = 0;

	LOOK16(a);
	LOOK16(b);
	LOOK16(c);
	LOOK16(d);
	LOOK(last);
	return n == 65 ? XDP_DROP : XDP_PASS;
}
