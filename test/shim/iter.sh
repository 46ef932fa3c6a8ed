#!/bin/sh
# iter.sh: a program of libbpf reads an iterator, the same on engine and kernel.
. "$(dirname "$0")/common.sh"
has_libbpf "$@"
compile_bpf iter
"$@" -D_GNU_SOURCE -o "$tmp/iter" "$src/iter.c" -lbpf || exit 1
cd "$tmp" || exit 1
on ./iter >out || { cat out; echo "exit code $?"; exit 1; }
compare "$src/iter.txt" out
