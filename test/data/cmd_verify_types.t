# skep verify: programs that need the running kernel's types

% command -v clang # clang is not installed (Debian: clang)
% test -r /sys/kernel/btf/vmlinux # this kernel has no /sys/kernel/btf/vmlinux
@ task.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| static int *(*task)(void) = (void *)158;
| SEC("raw_tracepoint/sys_enter") int reads(void *ctx) { return *task() & 1; }
| SEC("raw_tracepoint/sys_exit") int writes(void *ctx) { return *task() = 1; }
| char _license[] SEC("license") = "GPL";
$ clang -O2 -g -target bpf -c task.bpf.c -o task.bpf.o
$ skep verify task.bpf.o | grep -e 'bpf.o/' -e '^ *kernel ' | awk '{print $1, $2, $3}'
= task.bpf.o/reads accepted 4
= task.bpf.o/writes refused 3
= kernel only read
