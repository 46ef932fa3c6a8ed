# skep map dump: what an engine's maps hold, from another process

% command -v clang # clang is not installed (Debian: clang)
@ kept.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| #define __uint(name, val) int(*name)[val]
| #define __type(name, val) typeof(val) *name
| static long (*update)(void *, const void *, const void *, unsigned long long) = (void *)2;
| struct {
| 	__uint(type, 1);
| 	__uint(max_entries, 4);
| 	__type(key, unsigned);
| 	__type(value, int);
| } kept SEC(".maps");
| SEC("tracepoint/syscalls/sys_enter_chdir") int on_chdir(void *ctx)
| {
| 	unsigned key = 11;
| 	int value = -1;
| 	update(&kept, &key, &value, 0);
| 	return 0;
| }
| char _license[] SEC("license") = "Dual BSD/GPL";
$ clang -O2 -g -target bpf -c kept.bpf.c -o kept.bpf.o
# leaks cannot be looked for in a traced process
$ export SKEP_DIR=$PWD/engine; skep run kept.bpf.o --on engine -- sh -c 'cd /; ASAN_OPTIONS=detect_leaks=0 skep map dump kept --on engine' | head -3
= kept (hash, 1 of 4 entries)
=   key  value
=   11   -1
$ export SKEP_DIR=$PWD/engine; skep run kept.bpf.o --on engine -- sh -c 'cd /; ASAN_OPTIONS=detect_leaks=0 skep map dump name kept --on engine --json' | head -1
= {"name":"kept","type":"hash","max_entries":4,"elements":[{"key":11,"value":-1}]}
$ export SKEP_DIR=$PWD/engine; skep map dump kept --on engine
! skep: there is no map 'kept' on the engine; name it by id, name or pinned path [T035]
? 1
$ export SKEP_DIR=$PWD/engine; skep map dump id 7 --on engine
! skep: there is no map '7' on the engine; name it by id, name or pinned path [T035]
? 1
$ export SKEP_DIR=$PWD/engine; skep map show 7 --on engine
! skep: unknown verb 'show'; expected 'dump' [T034]
? 2
