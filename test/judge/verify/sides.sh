#!/bin/sh
# sides.sh BUILD HAVE-BPF: a process that loads objects into the kernel is recorded; the
# kernel says the same of the cases as it did then, and so does the verifier.
build=$1
why=$("$2") || { echo "SKIP: $why"; exit 77; }
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
SKEP_RECORD=$dir/cases LD_PRELOAD=$build/test/judge/verify/record.so \
	"$build/test/test_load_kernel" >"$dir/out" 2>&1 || { cat "$dir/out"; exit 1; }
for side in --kernel --list; do
	"$build/test/judge/verify/replay" $side --list "$dir/cases" >"$dir/out" 2>&1 ||
		{ cat "$dir/out"; exit 1; }
	set -- $(grep '^all ' "$dir/out") # cases, judged, agree
	[ "$2" -ge 10 ] && [ "$2" = "$4" ] || { cat "$dir/out"; exit 1; }
done
