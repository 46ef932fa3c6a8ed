# skep verify: verdicts without a kernel

% command -v clang # clang is not installed (Debian: clang)
@ two.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| static unsigned (*random)(void) = (void *)7;
| SEC("xdp") int good(void *ctx) { return 2; }
| SEC("xdp") int bad(void *ctx) { return *(int *)(unsigned long)random(); }
| char _license[] SEC("license") = "Dual BSD/GPL";
$ clang -O2 -g -target bpf -c two.bpf.c -o two.bpf.o
$ skep verify two.bpf.o --prog good | awk '{print $1, $2, $3}'
= program verdict processed
= two.bpf.o/good accepted 2
$ skep verify two.bpf.o --prog good >out; echo $?
= 0
$ skep verify two.bpf.o >out; echo $?; awk '{print $1, $2, $3}' out | head -3; sed 1,4d out
= 1
= program verdict processed
= two.bpf.o/good accepted 2
= two.bpf.o/bad refused 4
= two.bpf.c:4: the pointer is a number here, not a pointer that may be followed [V100]
=   |  SEC("xdp") int bad(void *ctx) { return *(int *)(unsigned long)random(); }
=   needs      a pointer that the verifier knows: to a map's value, the stack, the packet or
=              the context
=   known      any unsigned 32-bit number
=   because    two.bpf.c:4  SEC("xdp") int bad(void *ctx) { return *(int *)(unsigned long)random(); }
=                  -> bpf_get_prandom_u32() gives any 64-bit number; now any unsigned 32-bit number
=   to fix     declare a local variable, __u32 v, and read into it:
=              bpf_probe_read_kernel(&v, sizeof(v), p); of a process's memory with
=              bpf_probe_read_user(). If it was a pointer once: cast to a shorter number or
=              kept in a map it is one no more
=   kernel     R0 invalid mem access 'scalar'
=
= 2 programs: 1 accepted, 1 refused
$ skep verify two.bpf.o --json --prog bad | grep -o '"verdict": "[a-z]*", "errno": [0-9]*'
= "verdict": "refused", "errno": 13
$ skep verify two.bpf.o --json --prog bad | grep -o '"explanation": {.*"chain"'
= "explanation": {"code": "V100", "class": "number_as_pointer", "headline": "the pointer is a number here, not a pointer that may be followed", "file": "two.bpf.c", "line": 4, "column": 33, "instruction": 3, "source": "SEC(\"xdp\") int bad(void *ctx) { return *(int *)(unsigned long)random(); }", "required": "a pointer that the verifier knows: to a map's value, the stack, the packet or the context", "known": "any unsigned 32-bit number", "fix": "declare a local variable, __u32 v, and read into it: bpf_probe_read_kernel(&v, sizeof(v), p); of a process's memory with bpf_probe_read_user(). If it was a pointer once: cast to a shorter number or kept in a map it is one no more", "kernel": "R0 invalid mem access 'scalar'", "chain"
$ skep verify two.bpf.o --prog bad --log 1 | grep -c "R0 invalid mem access 'scalar'"
= 2
$ skep verify nothing.bpf.o
! skep: nothing.bpf.o: cannot be read: No such file or directory [L028]
! skep: nothing.bpf.o: cannot be used: No such file or directory [T040]
? 2
$ skep verify two.bpf.o nothing.bpf.o >out 2>&1; echo $?
= 2

# where the instructions went: lines of two files, one of them inlined twice
@ inl.h
| static inline __attribute__((always_inline)) unsigned long step(unsigned long i)
| {
| 	return random() & i;
| }
@ many.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| static unsigned (*random)(void) = (void *)7;
| #include "inl.h"
| SEC("xdp") int many(void *ctx)
| {
| 	unsigned long sum = 0;
| 	for (volatile int i = 0; i < 1000000; i++)
| 		sum += 1;
| 	return sum;
| }
| SEC("xdp") int twice(void *ctx)
| {
| 	unsigned long sum = step(1);
| 	sum += step(2);
| 	return sum;
| }
| char _license[] SEC("license") = "GPL";
$ clang -O2 -g -target bpf -c many.bpf.c -o many.bpf.o; clang -O2 -target bpf -c many.bpf.c -o bare.bpf.o
$ skep verify many.bpf.o --prog twice --source | grep -o 'inl.h:3  return random() & i;'
= inl.h:3  return random() & i;
$ skep verify many.bpf.o --prog many --source | awk '/% processed/ {getline; print $4; on = 1} on {sum += $2} END {print sum}'
= many.bpf.c:7
= 1000001
$ skep verify many.bpf.o --prog twice --source --json | grep -o '"lines": .{"file": "inl.h", "line": 3, "function": "twice", "source": "return random() & i;"'
= "lines": [{"file": "inl.h", "line": 3, "function": "twice", "source": "return random() & i;"
$ skep verify bare.bpf.o --prog twice --source | sed 1,2d | head -3
=   no line information (compile with -g): by instruction
=        % processed  states
=    14.29         1       0  0: call bpf_get_prandom_u32#7

# bytes: r0 = 2, exit
$ printf '\267\0\0\0\002\0\0\0\225\0\0\0\0\0\0\0' >two.bin
$ skep verify --raw two.bin --type xdp | awk '{print $1, $2, $3}'
= program verdict processed
= two.bin/xdp accepted 2
$ skep verify --raw --type cgroup/connect4 - <two.bin | sed -n 's/  refused.*//p'
= standard input/cgroup/connect4
$ skep asm - | cat >bad.bin; skep verify --raw bad.bin --log 1 | sed 1,2d
< r0 = r2
< exit
= 0: R1=ctx() R10=fp0
= 0: (bf) r0 = r2
= R2 !read_ok
= processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
$ : >empty.bin; skep verify --raw empty.bin
! skep: empty.bin is empty; expected instructions of 8 bytes each [T060]
? 2
$ head -c 11 two.bin >odd.bin; skep verify --raw odd.bin
! skep: odd.bin has 11 bytes; instructions have 8 each; text becomes bytes with 'skep asm' [T061]
? 2
$ printf '\267\020\0\0\0\0\0\002\225\0\0\0\0\0\0\0' >big.bin; skep verify --raw big.bin
! skep: big.bin holds instructions of a big-endian machine; skep reads little-endian ones [T064]
? 2
$ skep verify --raw two.bpf.o
! skep: two.bpf.o is an ELF file; leave --raw away and skep verify finds its programs [T062]
? 2
$ skep verify --raw two.bin --type nothing
! skep: --type nothing: expected what SEC() says of a program that bytes can be: xdp, tc, kprobe, cgroup/connect4, tp_btf/sched_switch [T066]
? 2
$ skep verify two.bpf.o --type xdp
! skep: --type is for --raw [T068]
? 2
$ skep asm - | cat >map.bin; skep verify --raw map.bin
< r1 = map[fd:3]
< exit
! skep: map.bin: instruction 0 names a map, and bytes come without maps; verify the object file [T065]
? 2
