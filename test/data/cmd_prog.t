# skep prog: programs from outside, on the engine

% command -v clang # clang is not installed (Debian: clang)
@ two.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| int seen;
| struct context { int a, b; };
| SEC("xdp") int count(void *ctx)
| {
| 	seen++;
| 	return seen + 1;
| }
| SEC("syscall") int add(struct context *c)
| {
| 	c->b += c->a;
| 	return 7;
| }
| char _license[] SEC("license") = "Dual BSD/GPL";
@ in.sh
| export SKEP_DIR=$PWD/engine
| "$@"
$ clang -O2 -g -target bpf -c two.bpf.c -o two.bpf.o; head -c 20 /dev/zero >packet; printf '\003\000\000\000\004\000\000\000' >ctx
$ sh in.sh skep prog list --on engine
$ sh in.sh skep prog loadall two.bpf.o /sys/fs/bpf pinmaps /sys/fs/bpf --on engine
$ sh in.sh skep prog load two.bpf.o /sys/fs/bpf/one --on engine
$ sh in.sh skep prog list --on engine | sed 's/loaded_at [^ ]*/loaded_at T/; s/uid .*/uid U/; s/  not jited\|  jited [0-9]*B//'
= 3: xdp  name count  tag b8c675b26e66f657  gpl
= 	loaded_at T  uid U
= 	xlated 64B  map_ids 2
= 	btf_id 1
= 4: syscall  name add  tag 77cc5b6d0651515b  gpl
= 	loaded_at T  uid U
= 	xlated 48B
= 	btf_id 1
= 7: xdp  name count  tag b8c675b26e66f657  gpl
= 	loaded_at T  uid U
= 	xlated 64B  map_ids 6
= 	btf_id 5
$ sh in.sh skep prog show pinned /sys/fs/bpf/add --on engine -j | sed 's/"loaded_at":[0-9]*,"uid":[0-9]*/TIME/; s/"jited":.*,"btf/"btf/'
= {"id":4,"type":"syscall","name":"add","tag":"77cc5b6d0651515b","gpl_compatible":true,TIME,"bytes_xlated":48,"btf_id":1}
$ sh in.sh skep prog dump xlated pinned /sys/fs/bpf/count --on engine
= int count(void *ctx):
= ; seen++;
=    0: (18) r1 = map[id:2][0]+0
=    2: (61) r0 = *(u32 *)(r1 +0)
=    3: (bf) r2 = r0
=    4: (07) r2 += 1
=    5: (63) *(u32 *)(r1 +0) = r2
= ; return seen + 1;
=    6: (07) r0 += 2
= ; return seen + 1;
=    7: (95) exit
$ sh in.sh skep prog dump xlated pinned /sys/fs/bpf/add opcodes linum --on engine | sed 's/file:.*two/file:two/'
= int add(struct context *c):
= ; c->b += c->a; [file:two.bpf.c line_num:11 line_col:13]
=    0: (61) r2 = *(u32 *)(r1 +0)
=        61 12 00 00 00 00 00 00
= ; c->b += c->a; [file:two.bpf.c line_num:11 line_col:7]
=    1: (61) r3 = *(u32 *)(r1 +4)
=        61 13 04 00 00 00 00 00
=    2: (0f) r3 += r2
=        0f 23 00 00 00 00 00 00
=    3: (63) *(u32 *)(r1 +4) = r3
=        63 31 04 00 00 00 00 00
= ; return 7; [file:two.bpf.c line_num:12 line_col:2]
=    4: (b7) r0 = 7
=        b7 00 00 00 07 00 00 00
=    5: (95) exit
=        95 00 00 00 00 00 00 00
$ sh in.sh skep prog dump xlated pinned /sys/fs/bpf/add opcodes --on engine -p | head -20
= [
=     {
=         "proto": "int add(struct context *c)",
=         "src": "c->b += c->a;",
=         "disasm": "(61) r2 = *(u32 *)(r1 +0)",
=         "opcodes": {
=             "code": "0x61",
=             "src_reg": "0x1",
=             "dst_reg": "0x2",
=             "off": [
=                 "0x00",
=                 "0x00"
=             ],
=             "imm": [
=                 "0x00",
=                 "0x00",
=                 "0x00",
=                 "0x00"
=             ]
=         }
$ sh in.sh skep prog dump xlated pinned /sys/fs/bpf/add file code --on engine; skep disasm code
= r2 = *(u32 *)(r1 +0)
= r3 = *(u32 *)(r1 +4)
= r3 += r2
= *(u32 *)(r1 +4) = r3
= r0 = 7
= exit
$ sh in.sh skep prog run pinned /sys/fs/bpf/count data_in packet data_out - --on engine | sed 's/[0-9]*ns/Nns/'
= 0000000	0000 0000 0000 0000 0000 0000 0000 0000
= 0000010	0000 0000
= Return value: 2, duration: Nns
$ sh in.sh skep prog run pinned /sys/fs/bpf/count data_in packet repeat 5 --on engine -j | sed 's/:[0-9]*}/:N}/'
= {"retval":7,"duration":N}
$ sh in.sh skep prog run pinned /sys/fs/bpf/add ctx_in ctx --on engine | sed 's/[0-9]*ns/Nns/'
= Return value: 7, duration: Nns
$ sh in.sh skep map dump pinned /sys/fs/bpf/two_bss --on engine
= two.bss (global variables)
=   seen = 6
$ sh in.sh skep prog pin pinned /sys/fs/bpf/one /sys/fs/bpf/uno --on engine; sh in.sh skep prog show pinned /sys/fs/bpf/uno --on engine | head -1
= 7: xdp  name count  tag b8c675b26e66f657  gpl

# what is wrong is said
$ sh in.sh skep prog show name count --on engine | grep -c xdp
= 2
$ sh in.sh skep prog dump xlated name count --on engine
! skep: 2 programs are called 'count'; name one by its id, which 'skep prog list' shows [T085]
? 1
$ sh in.sh skep prog dump jited name count --on engine
! skep: expected xlated, not 'jited'; see 'skep help prog' [T090]
? 2
$ sh in.sh skep prog show tag 0123456789abcdef --on engine
! skep: there is no program '0123456789abcdef' on the engine; name it by id, name or pinned path [T035]
? 1
$ sh in.sh skep prog show pinned /sys/fs/bpf/two_bss --on engine
! skep: /sys/fs/bpf/two_bss is pinned, but it is no program [T084]
? 1
$ sh in.sh skep prog load two.bpf.c /sys/fs/bpf/x --on engine
! skep: two.bpf.c: two.bpf.c: not an ELF file: it begins with 23 64 65 66, not with 7f 45 4c 46 [E002]
! skep: prog load: two.bpf.c: Exec format error [T086]
? 1
$ sh in.sh skep prog load two.bpf.o --on engine
! skep: a path to pin at is missing; see 'skep help prog' [T081]
? 2
$ sh in.sh skep prog load two.bpf.o /sys/fs/bpf/one --on engine
! skep: prog load: /sys/fs/bpf/one: File exists [T086]
? 1
$ sh in.sh skep prog load two.bpf.o /sys/fs/bpf/x type xdp --on engine
! skep: expected pinmaps, not 'type'; see 'skep help prog' [T090]
? 2
$ sh in.sh skep prog run pinned /sys/fs/bpf/one --on engine
! skep: the test run: this program needs a packet (data_in) or a context (ctx_in) [T103]
? 1
$ sh in.sh skep prog run pinned /sys/fs/bpf/one data_in nothing --on engine
! skep: cannot read nothing: No such file or directory [T011]
? 1
$ sh in.sh skep prog run pinned /sys/fs/bpf/one data_in packet data_out - data_size_out 4 --on engine
! skep: what came out has 20 bytes of data and 0 of context: more than the room for it; give data_size_out or ctx_size_out [T102]
? 1
$ sh in.sh skep prog run pinned /sys/fs/bpf/one data_in packet data_size_out 4 --on engine
! skep: data_size_out is for what goes to a file or to '-'; see 'skep help prog' [T100]
? 2
$ sh in.sh skep prog run pinned /sys/fs/bpf/one packet --on engine
! skep: expected data_in, data_out, data_size_out, ctx_in, ctx_out, ctx_size_out or repeat, not 'packet'; see 'skep help prog' [T090]
? 2
$ sh in.sh skep prog run pinned /sys/fs/bpf/one data_in packet repeat often --on engine
! skep: expected a number, not 'often'; write it like 42 or 0x2a, at most 4294967295 [T082]
? 2
