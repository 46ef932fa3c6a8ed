# skep run: what iterators say is printed before the maps

% command -v clang # clang is not installed (Debian: clang)
% test -r /sys/kernel/btf/vmlinux # the kernel tells no types (/sys/kernel/btf/vmlinux)
@ iter.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| #define __uint(name, val) int(*name)[val]
| #define __type(name, val) typeof(val) *name
| typedef unsigned long long u64;
| static long (*update)(void *, const void *, const void *, u64) = (void *)2;
| static long (*print)(void *, const char *, unsigned, const void *, unsigned) = (void *)126;
| #define COUNTS struct { __uint(type, 2); __uint(max_entries, 3); __type(key, int); __type(value, u64); }
| COUNTS counts SEC(".maps");
| #ifdef TWO
| COUNTS other SEC(".maps");
| #endif
| SEC("syscall") int count(void *ctx)
| {
| 	int key = 1;
| 	u64 value = 77;
|
| 	return update(&counts, &key, &value, 0);
| }
| struct elem { void **meta, *map; int *key; u64 *value; };
| SEC("iter/bpf_map_elem") int elems(struct elem *ctx)
| {
| 	static const char line[] = "%d has %llu\n", end[] = "that is all\n";
| 	int *key = ctx->key;
| 	u64 *value = ctx->value, args[2];
|
| 	if (!key || !value) {
| 		print(*ctx->meta, end, sizeof(end), 0, 0);
| 		return 0;
| 	}
| 	args[0] = *key;
| 	args[1] = *value;
| 	print(*ctx->meta, line, sizeof(line), args, sizeof(args));
| 	return 0;
| }
| char _license[] SEC("license") = "GPL";
$ clang -O2 -g -target bpf -c iter.bpf.c -o iter.bpf.o
$ skep run iter.bpf.o --on engine -v 2>&1 | grep -v '^loaded\|^checked\|^events\|^object'
= ran      count: returned 0
= iterator elems, iter/bpf_map_elem
= 0 has 0
= 1 has 77
= 2 has 0
= that is all
= maps     2
= counts (array, 1 of 3 entries, the rest is zero)
=   key  value
=   1    77
# where there is more than one map
$ clang -O2 -g -target bpf -DTWO -c iter.bpf.c -o two.bpf.o
$ skep run two.bpf.o --on engine
! skep: two.bpf.o: iterator 'elems' shows the elements of a map; say which one with --map NAME [T122]
? 1
$ skep run two.bpf.o --on engine --map other | head -1
= 0 has 0
$ skep run two.bpf.o --on engine --map none
! skep: two.bpf.o: iterator 'elems' shows the elements of a map; say which one with --map NAME [T122]
? 1
