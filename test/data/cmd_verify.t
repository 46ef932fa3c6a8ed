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
=   to fix     memory of the kernel or of a process is read with bpf_probe_read_kernel() or
=              bpf_probe_read_user() into a local variable; an address that was stored as a
=              number is a pointer no more
=   kernel     R0 invalid mem access 'scalar'
=
$ skep verify two.bpf.o --json --prog bad | grep -o '"verdict": "[a-z]*", "errno": [0-9]*'
= "verdict": "refused", "errno": 13
$ skep verify two.bpf.o --json --prog bad | grep -o '"explanation": {.*"chain"'
= "explanation": {"code": "V100", "class": "number_as_pointer", "headline": "the pointer is a number here, not a pointer that may be followed", "file": "two.bpf.c", "line": 4, "column": 33, "instruction": 3, "source": "SEC(\"xdp\") int bad(void *ctx) { return *(int *)(unsigned long)random(); }", "required": "a pointer that the verifier knows: to a map's value, the stack, the packet or the context", "known": "any unsigned 32-bit number", "fix": "memory of the kernel or of a process is read with bpf_probe_read_kernel() or bpf_probe_read_user() into a local variable; an address that was stored as a number is a pointer no more", "kernel": "R0 invalid mem access 'scalar'", "chain"
$ skep verify two.bpf.o --prog bad --log 1 | grep -c "R0 invalid mem access 'scalar'"
= 2
$ skep verify nothing.bpf.o
! skep: nothing.bpf.o: cannot be read: No such file or directory [L028]
! skep: nothing.bpf.o: cannot be used: No such file or directory [T040]
? 1
