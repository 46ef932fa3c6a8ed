#!/bin/sh
# light.sh: a light skeleton, loaded by a program, does the same on engine and kernel.
. "$(dirname "$0")/common.sh"
need bpftool bpftool
has_libbpf "$@"
compile_bpf skel
bpftool gen skeleton -L "$tmp/skel.bpf.o" name light >"$tmp/light.skel.h" || exit 1
"$@" -I"$tmp" -o "$tmp/light" "$src/light.c" || exit 1
on "$tmp/light" >"$tmp/out" || { cat "$tmp/out"; echo "exit code $?"; exit 1; }
compare "$src/light.txt" "$tmp/out"
