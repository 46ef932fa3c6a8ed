s/return bpf_map.*/__u32 x = skb->ifindex; return bpf_map_lookup_elem(\&counts, \&x) ? 2 : 0;/
