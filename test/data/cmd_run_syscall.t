# skep run: programs that nothing calls are run once

% command -v clang # clang is not installed (Debian: clang)
@ twice.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| unsigned ran, twice;
| SEC("syscall") int first(void *ctx) { ran++; return 5; }
| SEC("syscall") int second(void *ctx) { twice = 2 * ran; return -1; }
| char _license[] SEC("license") = "GPL";
$ clang -O2 -g -target bpf -c twice.bpf.c -o twice.bpf.o
$ skep run twice.bpf.o --on engine -v 2>&1 | grep -v '^loaded\|^checked\|^events\|^object'
= ran      first: returned 5
= ran      second: returned -1
= maps     1
= .bss (global variables)
=   ran = 1
=   twice = 2
$ skep run twice.bpf.o --on engine --prog first
= .bss (global variables)
=   ran = 1
=   twice = 0
# with a command they run before it
$ skep run twice.bpf.o --on engine -- echo here
= here
= .bss (global variables)
=   ran = 1
=   twice = 2
