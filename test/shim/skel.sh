#!/bin/sh
# skel.sh: a libbpf program with a skeleton prints the same on engine and kernel.
. "$(dirname "$0")/common.sh"
need bpftool bpftool
has_libbpf "$@"
compile_bpf skel
bpftool gen skeleton "$tmp/skel.bpf.o" name skel_bpf >"$tmp/skel.skel.h" || exit 1
"$@" -I"$tmp" -o "$tmp/skel" "$src/skel.c" -lbpf || exit 1
on "$tmp/skel" >"$tmp/out" || { cat "$tmp/out"; echo "exit code $?"; exit 1; }
compare "$src/skel.txt" "$tmp/out"
