#!/bin/sh
# names.sh CC...: the numbers and names of this machine's system calls, as the C library's
# headers have them, as rows `[NUMBER] = "NAME",` below 512.
echo '#include <sys/syscall.h>' | "$@" -E -dM - |
	sed -n 's/^#define __NR_\([a-z_0-9]*\) \([0-9]*\)$/\2 \1/p' | sort -n |
	awk '$1 < 512 { printf "[%d] = \"%s\",\n", $1, $2 }'
