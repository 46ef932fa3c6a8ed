# skep run on the engine: an object through every stage

% command -v clang # clang is not installed (Debian: clang)
@ calls.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| #define __uint(name, val) int(*name)[val]
| #define __type(name, val) typeof(val) *name
| typedef unsigned long long u64;
| static void *(*lookup)(void *, const void *) = (void *)1;
| static long (*printk)(const char *, int, ...) = (void *)6;
| struct pair { unsigned first; int second; };
| struct {
| 	__uint(type, 1);
| 	__uint(max_entries, 4);
| 	__type(key, unsigned);
| 	__type(value, struct pair);
| } pairs SEC(".maps");
| struct {
| 	__uint(type, 2);
| 	__uint(max_entries, 4);
| 	__type(key, unsigned);
| 	__type(value, u64);
| } counts SEC(".maps");
| static long (*update)(void *, const void *, const void *, u64) = (void *)2;
| struct exit { u64 header, nr, code; };
| u64 last;
| SEC("tracepoint/syscalls/sys_enter_exit_group") int on_exit(struct exit *ctx)
| {
| 	unsigned key = 2, other = 7;
| 	struct pair pair = { ctx->code, -5 };
| 	u64 *count = lookup(&counts, &key);
| 	if (count)
| 		++*count;
| 	update(&pairs, &other, &pair, 0);
| 	last = ctx->code;
| 	return 0;
| }
| SEC("tracepoint/syscalls/sys_enter_getppid") int never(void *ctx) { return 0; }
| char _license[] SEC("license") = "Dual BSD/GPL";
$ clang -O2 -g -target bpf -c calls.bpf.c -o calls.bpf.o
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine -- sh -c 'exit 3'
= counts (array, 1 of 4 entries, the rest is zero)
=   key  value
=   2    1
= pairs (hash, 1 of 4 entries)
=   key  first  second
=   7    3      -5
= .bss (global variables)
=   last = 3
? 3
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine --json --prog on_exit -- sh -c 'exit 4' | tr -d '\n'
= [{"name":"counts","type":"array","max_entries":4,"elements":[{"key":2,"value":1}]},{"name":"pairs","type":"hash","max_entries":4,"elements":[{"key":7,"value":{ "first": 4, "second": -5 }}]},{"name":".bss","type":"array","max_entries":1,"elements":[{"key":"00000000","value":{ "last": 4 }}]}]
=\
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine -v -- true 2>&1 >/dev/null | sed 's/program [0-9]*/program N/; s/in [0-9.]* s/in T s/'
= object   calls.bpf.o: programs 2, maps 3, instructions 35, license "Dual BSD/GPL"
= loaded   on_exit: tracepoint/syscalls/sys_enter_exit_group, program N, 33 instructions
= checked  on_exit: form and flow; the interpreter bounds every access
= loaded   never: tracepoint/syscalls/sys_enter_getppid, program N, 2 instructions
= checked  never: form and flow; the interpreter bounds every access
= attached on_exit to tracepoint/syscalls/sys_enter_exit_group
= attached never to tracepoint/syscalls/sys_enter_getppid
= events   1 in T s
= maps     3
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine
! skep: the engine observes a command (-- COMMAND), a process (--pid) or a capture (--pcap) [T053]
? 2
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine -v --prog never -- true 2>&1 >/dev/null | sed 's/program [0-9]*/program N/; s/in [0-9.]* s/in T s/'
= object   calls.bpf.o: programs 2, maps 3, instructions 2, license "Dual BSD/GPL"
= loaded   never: tracepoint/syscalls/sys_enter_getppid, program N, 2 instructions
= checked  never: form and flow; the interpreter bounds every access
= attached never to tracepoint/syscalls/sys_enter_getppid
= events   0 in T s
= maps     3
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine --prog other -- true
! skep: calls.bpf.o: there is no program 'other' in it [T041]
? 1
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on moon -- true
! skep: --on moon: expected kernel or engine [T031]
? 2
$ SKEP_DIR=$PWD/engine skep run calls.bpf.c --on engine -- true
! skep: calls.bpf.c: not an ELF file: it begins with 23 64 65 66, not with 7f 45 4c 46 [E002]
? 1
$ SKEP_DIR=$PWD/engine skep run nothing.bpf.o --on engine -- true
! skep: nothing.bpf.o: cannot be read: No such file or directory [L028]
? 1
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine -- ./no-such-command
! skep: cannot run './no-such-command': No such file or directory [K003]
? 1
$ head -c 700 calls.bpf.o > cut.bpf.o; SKEP_DIR=$PWD/engine skep run cut.bpf.o --on engine -- true 2>err; code=$?; sed 's/the [0-9]* section headers at 0x[0-9a-f]*/the N section headers at OFFSET/' err >&2; exit $code
! skep: cut.bpf.o: offset 0x28: the N section headers at OFFSET reach beyond the end of the file, 0x2bc; is it cut off? [E006]
? 1
# Processes that cannot be, and not another one by chance.
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine -p 0
! skep: cannot watch process 0: is it there, and yours? [T051]
? 1
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine -p 4294967297
! skep: cannot watch process 4294967297: is it there, and yours? [T051]
? 1
$ SKEP_DIR=$PWD/engine skep map dump 4294967297 --on engine
! skep: there is no map '4294967297' on the engine; name it by id, name or pinned path [T035]
? 1
# A reader that takes its time still gets all of it.
@ wide.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| #define __uint(name, val) int(*name)[val]
| #define __type(name, val) typeof(val) *name
| struct {
| 	__uint(type, 2);
| 	__uint(max_entries, 20000);
| 	__type(key, unsigned);
| 	__type(value, unsigned long long);
| } wide SEC(".maps");
| SEC("raw_tp/sys_enter") int any(void *ctx) { return 0; }
| char _license[] SEC("license") = "Dual BSD/GPL";
$ clang -O2 -g -target bpf -c wide.bpf.c -o wide.bpf.o
$ SKEP_DIR=$PWD/engine skep run wide.bpf.o --on engine --all -- true | (sleep 0.5; tail -n 1)
=   19999  0
# kill(1) does not reach the command by itself, as Ctrl-C does; the maps are printed.
$ SKEP_DIR=$PWD/engine skep run calls.bpf.o --on engine -- sleep 100 & sleep 0.5; kill $!; wait $!
= counts (array, 0 of 4 entries, the rest is zero)
= pairs (hash, 0 of 4 entries)
= .bss (global variables, all zero)
? 143
$ ls engine/objects
