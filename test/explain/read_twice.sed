s/if (\*(volatile __u64 \*)&e->count/__u64 i = *(volatile __u64 *)\&e->count; if (i/
s/data\[.*\]/data[i]/
