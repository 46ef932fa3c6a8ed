# skep link: what programs are attached to, on the engine

% command -v clang # clang is not installed (Debian: clang)
@ two.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| SEC("tracepoint/syscalls/sys_enter_chdir") int on_chdir(void *ctx) { return 0; }
| SEC("raw_tp/sys_enter") int on_enter(void *ctx) { return 0; }
| char _license[] SEC("license") = "Dual BSD/GPL";
@ in.sh
| export SKEP_DIR=$PWD/engine ASAN_OPTIONS=detect_leaks=0
| "$@"
@ look.sh
| skep link list --on engine | sed 's/ *$//'
| skep link list --on engine -j
| id=$(skep link list --on engine | sed -n 's/: raw_tracepoint.*//p')
| skep link show id $id --on engine -j
| skep link pin id $id /sys/fs/bpf/kept --on engine
| skep link detach id $id --on engine
$ clang -target bpf -g -O2 -c two.bpf.c -o two.bpf.o; sh in.sh skep run two.bpf.o --on engine -- sh look.sh
= 5: perf_event  prog 2
= 	tracepoint sys_enter_chdir
= 6: raw_tracepoint  prog 3
= 	tp_name sys_enter
= [{"id":5,"type":"perf_event","prog_id":2,"tracepoint":"sys_enter_chdir"},{"id":6,"type":"raw_tracepoint","prog_id":3,"tp_name":"sys_enter"}]
= {"id":6,"type":"raw_tracepoint","prog_id":3,"tp_name":"sys_enter"}
! skep: link detach: the link: Operation not supported [T086]
? 1
$ sh in.sh skep link list --on engine | sed 's/ *$//'
= 6: raw_tracepoint  prog 3
= 	tp_name sys_enter
$ sh in.sh skep link show pinned /sys/fs/bpf/kept --on engine -p
= {
=     "id": 6,
=     "type": "raw_tracepoint",
=     "prog_id": 3,
=     "tp_name": "sys_enter"
= }
$ sh in.sh skep prog list --on engine | grep -c raw_tracepoint
= 1
$ rm engine/pins/kept; sh in.sh skep link list --on engine

# what is wrong is said
$ sh in.sh skep link show id 99 --on engine
! skep: there is no link '99' on the engine; name it by id, name or pinned path [T035]
? 1
$ sh in.sh skep link show --on engine tag 1
! skep: there is no link '1' on the engine; name it by id, name or pinned path [T035]
? 1
$ sh in.sh skep link detach --on engine
! skep: link is missing; see 'skep help link' [T081]
? 1
$ sh in.sh skep link detach pinned /sys/fs/bpf/none --on engine
! skep: there is no link '/sys/fs/bpf/none' on the engine; name it by id, name or pinned path [T035]
? 1
$ sh in.sh skep link pin id 99 /sys/fs/bpf/x --on engine
! skep: there is no link '99' on the engine; name it by id, name or pinned path [T035]
? 1
$ sh in.sh skep link attach --on engine
! skep: link: unknown verb 'attach'; did you mean 'detach'? [T080]
? 2
