# skep verify --unprivileged: what a user without capabilities may load

% command -v clang # clang is not installed (Debian: clang)
@ nobody.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| static unsigned (*random)(void) = (void *)7;
| SEC("socket") int plain(void *ctx) { return *(int *)ctx & 7; }
| SEC("socket") int leak(void *ctx) { return (int)(long)ctx; }
| SEC("socket") int loop(void *ctx) { unsigned n = 0; while (random() & 1) n = random(); return n; }
| static __attribute__((noinline)) int sub(int x) { return x ^ random(); }
| SEC("socket") int calls(void *ctx) { return sub(1); }
| SEC("xdp") int drop(void *ctx) { return 1; }
| char _license[] SEC("license") = "GPL";
$ clang -O2 -g -target bpf -c nobody.bpf.c -o nobody.bpf.o
$ skep verify nobody.bpf.o --unprivileged >out; echo $?; grep -o '^nobody.bpf.o/[a-z]* *[a-z]*' out
= 1
= nobody.bpf.o/plain  accepted
= nobody.bpf.o/leak   refused
= nobody.bpf.o/loop   refused
= nobody.bpf.o/calls  refused
= nobody.bpf.o/drop   refused
$ grep -o '  kernel .*' out
=   kernel     R0 leaks addr as return value
=   kernel     back-edge from insn 8 to 4
=   kernel     loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
$ skep verify nobody.bpf.o --unprivileged --json --prog drop | grep -o '"verdict": "[a-z]*", "errno": [0-9]*'
= "verdict": "refused", "errno": 1
$ for prog in leak calls drop; do skep verify nobody.bpf.o --prog $prog | grep -o '^nobody.bpf.o/[a-z]* *[a-z]*'; done
= nobody.bpf.o/leak  accepted
= nobody.bpf.o/calls  accepted
= nobody.bpf.o/drop  accepted
