#!/bin/sh
# seeds.sh STAMP SKEP FILE...: assembles each program into an input of fuzz_interp, in
# corpus-interp beside STAMP; its first line names the program type: "; type N".
set -eu
stamp=$1 skep=$2
shift 2
dir=$(dirname "$stamp")/corpus-interp
rm -rf "$dir"
mkdir "$dir"
for file; do
	type=$(sed -n '1s/^; type \([0-9]*\).*/\1/p' "$file")
	for how in 0 16; do # skep_run(), BPF_PROG_TEST_RUN
		{
			printf "\\$(printf %o $((type + how)))"
			"$skep" asm "$file"
		} >"$dir/$(basename "$file" .s)-$how"
	done
done
touch "$stamp"
