#!/bin/sh
# rows.sh BUILD HAVE-BPF [MOST]: asks the kernel and the verifier about the programs of
# *.rows here, of each row at most MOST (8; all of them take a minute). They must agree
# on the verdict.
build=$1
most=${3:-8}
here=$(cd "$(dirname "$0")" && pwd)
why=$("$2") || { echo "SKIP: $why"; exit 77; }
for clang in clang clang-21 clang-20 clang-19 none; do
	echo 'void f(void) { asm volatile("gotol +0"); }' |
		$clang -target bpf -mcpu=v4 -xc -c - -o /dev/null 2>/dev/null && break
done
[ $clang != none ] || { echo "SKIP: no clang that knows BPF's fourth version"; exit 77; }
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
for file in "$here"/*.rows; do
	name=$(basename "$file" .rows)
	python3 "$here/rows.py" "$file" "$most" >"$dir/$name.c" &&
		$clang -target bpf -mcpu=v4 -g -O2 -w -I"$here" -c "$dir/$name.c" \
			-o "$dir/$name.o" || exit 1
done
SKEP_RECORD=$dir/cases LD_PRELOAD=$build/test/judge/verify/record.so \
	"$build/test/judge/verify/load" "$dir"/*.o || exit 1
"$build/test/judge/verify/replay" --list "$dir/cases" >"$dir/out" || { cat "$dir/out"; exit 1; }
set -- $(grep '^all ' "$dir/out") # cases, judged, agree
[ "$3" -ge 1000 ] && [ "$3" = "$4" ] || { cat "$dir/out"; exit 1; }
tail -2 "$dir/out"
