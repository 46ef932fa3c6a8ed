#!/bin/sh
# odd.sh: descriptors, mappings, waits, threads and processes, the same on engine and
# kernel.
. "$(dirname "$0")/common.sh"
"$@" -D_GNU_SOURCE -pthread -o "$tmp/odd" "$src/odd.c" || exit 1
on "$tmp/odd" >"$tmp/out" || { cat "$tmp/out"; echo "exit code $?"; exit 1; }
compare "$src/odd.txt" "$tmp/out"
