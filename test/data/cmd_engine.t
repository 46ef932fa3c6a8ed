# skep engine: commands that know nothing of it

% ! ldd "$(command -v skep)" | grep -q "lib[a-z]*san" # a sanitized library cannot be preloaded
% command -v cc # no C compiler is installed (Debian: gcc)
@ try.c
| #include <errno.h>
| #include <fcntl.h>
| #include <linux/bpf.h>
| #include <stdio.h>
| #include <string.h>
| #include <sys/stat.h>
| #include <sys/syscall.h>
| #include <unistd.h>
| int main(int argc, char **argv)
| {
| 	union bpf_attr attr;
| 	int fd;
| 	memset(&attr, 0, sizeof(attr));
| 	if (argc > 1 && !strcmp(argv[1], "attach")) {
| 		struct bpf_insn code[] = {{.code = 0xb7}, {.code = 0x95}};
| 		attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
| 		attr.insns = (__u64)(unsigned long)code;
| 		attr.insn_cnt = 2;
| 		attr.license = (__u64)(unsigned long)"GPL";
| 		fd = syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
| 		memset(&attr, 0, sizeof(attr));
| 		attr.target_fd = 1; /* lo */
| 		attr.attach_bpf_fd = fd;
| 		attr.attach_type = 46; /* BPF_TCX_INGRESS */
| 		return syscall(__NR_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0 ? 4 : 0;
| 	}
| 	attr.map_type = argc < 2 ? BPF_MAP_TYPE_ARRAY
| 		: !strcmp(argv[1], "lru") ? BPF_MAP_TYPE_LRU_HASH : BPF_MAP_TYPE_SOCKMAP;
| 	attr.key_size = attr.value_size = 4;
| 	attr.max_entries = 1;
| 	fd = syscall(__NR_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
| 	printf("map: %s\n", fd < 0 ? strerrorname_np(errno) : "ok");
| 	fflush(stdout);
| 	memset(&attr, 0, sizeof(attr));
| 	attr.bpf_fd = fd;
| 	attr.pathname = (__u64)(unsigned long)"/sys/fs/bpf/try";
| 	return syscall(__NR_bpf, BPF_OBJ_PIN, &attr, sizeof(attr)) < 0 ? 3 : 0;
| }
$ cc -D_GNU_SOURCE -o try try.c && cc -D_GNU_SOURCE -static -o try-static try.c
# the directory of the engine must not be open to others
$ export SKEP_DIR=$PWD/engine; skep engine -- ./try
= map: ok
$ export SKEP_DIR=$PWD/engine; skep engine -- ls /sys/fs/bpf
= try
$ export SKEP_DIR=$PWD/engine; skep engine -- rm /sys/fs/bpf/try; skep engine -- ls /sys/fs/bpf
$ export SKEP_DIR=$PWD/engine; skep engine -- ./try sockmap 2>&1
= skep: refused: MAP_CREATE of type 15: it holds sockets, which come with the packet hooks [X003]
= map: EINVAL
? 3
$ export SKEP_DIR=$PWD/engine; skep engine -- ./try attach 2>&1
= skep: refused: PROG_ATTACH: a program without a link would stay when nobody holds it any more; use LINK_CREATE [X002]
? 4
$ export SKEP_DIR=$PWD/engine; skep engine --log log -- ./try sockmap; cat log
= map: EINVAL
= skep: refused: MAP_CREATE of type 15: it holds sockets, which come with the packet hooks [X003]
$ export SKEP_DIR=$PWD/engine; skep engine --strict -- ./try sockmap
! skep: refused: MAP_CREATE of type 15: it holds sockets, which come with the packet hooks [X003]
! skep: stopped here, as --strict asks [X011]
? 125
$ export SKEP_DIR=$PWD/engine; skep engine --unprivileged -- ./try lru
= map: EPERM
? 3
$ export SKEP_DIR=$PWD/engine; skep engine --unprivileged -- ./try; skep engine -- rm /sys/fs/bpf/try
= map: ok
$ export SKEP_DIR=$PWD/engine; skep engine -- ./try-static
! skep: './try-static' is linked statically: the engine cannot be put under it [T073]
? 1
$ skep engine
! skep: no command to run; write it behind --: skep engine -- bpftool map list [T070]
? 2
$ export SKEP_DIR=$PWD/engine; skep engine -- ./nothing
! skep: cannot run './nothing': No such file or directory [T072]
? 127
$ mkdir open; chmod 755 open; export SKEP_DIR=open; skep engine -- ./try
! skep: engine: the engine's directory open has mode 0755 where only 0700 is safe; run: chmod 0700 open [O005]
! skep: the engine does not start: Permission denied; 'skep doctor' says why [T030]
? 1
