# skep run --unprivileged: the engine as a user without capabilities has it

% command -v clang # clang is not installed (Debian: clang)
@ two.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| SEC("socket") int seven(void *ctx) { return 7; }
| SEC("xdp") int pass(void *ctx) { return 2; }
| char _license[] SEC("license") = "GPL";
$ clang -O2 -g -target bpf -c two.bpf.c -o two.bpf.o
$ export SKEP_DIR=$PWD/engine; skep run two.bpf.o --unprivileged --prog seven -- true
! skep: two.bpf.o: program 'seven': skep cannot attach programs of section 'socket' yet [L039]
? 1
$ export SKEP_DIR=$PWD/engine; skep run two.bpf.o --unprivileged --prog pass -- true
! skep: two.bpf.o: section 'xdp': program 'pass': the engine refused it: programs of type 6 are for users with capabilities; without, there are socket filters [P035]: not permitted; it takes root, or CAP_BPF and its like [L036]
! skep: programs of type 6 are for users with capabilities; without, there are socket filters [P035]
? 1
$ export SKEP_DIR=$PWD/engine; skep run two.bpf.o --on engine --prog pass -- true
! skep: two.bpf.o: program 'pass': attaching to section 'xdp' needs the index of a network interface [L043]
? 1
$ skep run two.bpf.o --unprivileged --on kernel
! skep: --unprivileged is for the engine; on the kernel, run as a user without capabilities [T107]
? 2
