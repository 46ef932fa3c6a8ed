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
$ skep verify two.bpf.o >out; echo $?; awk '{print $1, $2, $3}' out | head -3; grep -c "R0 invalid mem access 'scalar'" out
= 1
= program verdict processed
= two.bpf.o/good accepted 2
= two.bpf.o/bad refused 4
= 2
$ skep verify two.bpf.o --json --prog bad | grep -o '"verdict": "[a-z]*", "errno": [0-9]*'
= "verdict": "refused", "errno": 13
$ skep verify nothing.bpf.o
! skep: nothing.bpf.o: cannot be read: No such file or directory [L028]
! skep: nothing.bpf.o: cannot be used: No such file or directory [T040]
? 1
