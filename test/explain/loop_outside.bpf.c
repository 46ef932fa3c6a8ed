#include "explain_bpf.h"

MAP(names, BPF_MAP_TYPE_HASH, __u32, char[16], 64);

SEC("raw_tp/sys_enter") int prog(void *ctx)
{
	__u32 key = 0;
	char comm[16];
	char *name = bpf_map_lookup_elem(&names, &key);
	int i = 0;

	if (!name)
		return 0;
	bpf_get_current_comm(comm, sizeof(comm));
	while (name[i] && name[i] == comm[i])
		i++;
	return name[i] == comm[i];
}
