#!/bin/sh
# judges.sh BUILD SANITIZED-BUILD: the runs that are too long for ./check. `make judges`
# calls it; NICE, FUZZ_SECONDS (most for each fuzzer, 3600), FUZZ_RUNS, PROGRAMS,
# SEQUENCES and VERIFY_CASES (BUILD/cases, which `make verify-corpus` makes) may be set.
set -u
build=$(cd "$1" && pwd) san=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
failed=
skipped=
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
FUZZ_SECONDS=${FUZZ_SECONDS:-3600}
export UBSAN_OPTIONS FUZZ_SECONDS

judge() { # name, command...
	name=$1; shift
	echo "== $name"
	(cd "$dir" && nice -n "${NICE:-10}" "$@")
	case $? in
	0) ;;
	77) skipped="$skipped $name" ;;
	*)
		failed="$failed $name"
		[ ! -f "$dir/crash-input" ] || mv "$dir/crash-input" "$san/crash-$name"
		;;
	esac
}
fuzz() { # target, runs, corpus
	judge "fuzz-$1" env FUZZ_RUNS="$2" "$san/test/fuzz/fuzz_$1" "$3"
}

corpus=$here/../fuzz/corpus
fuzz interp "${FUZZ_RUNS:-1000000}" "$san/test/fuzz/corpus-interp"
fuzz verify "${FUZZ_RUNS:-300000}" "$corpus/verify"
fuzz decode "${FUZZ_RUNS:-1000000}" "$corpus/decode"
fuzz region 50000 "$corpus/region"
fuzz load 10000 "$corpus/load"
fuzz elf 10000 "$corpus/elf"
fuzz btf 10000 "$corpus/btf"
fuzz asm 100000 "$corpus/asm"
judge diff-kernel "$build/test/judge/diff_kernel" -n "${PROGRAMS:-200000}"
judge btf-fuzz "$build/test/judge/btf_fuzz" -l -n "${PROGRAMS:-200000}"
judge diff-scalar "$build/test/judge/diff_scalar" -n "${PROGRAMS:-200000}"
judge verify-concrete "$build/test/judge/verify_concrete" -n "${CONCRETE:-100000}"
judge verify-fuzz "$build/test/judge/verify/verify_fuzz" -n "${PROGRAMS:-200000}" \
	-o "$build/fuzz-verify"
judge seq-fuzz "$build/test/judge/seq/seq_fuzz" -n "${SEQUENCES:-100000}" \
	-o "$build/fuzz-sys"
cases=${VERIFY_CASES:-$build/cases}
for side in "$build" "$san"; do
	if [ -d "$cases" ]; then
		judge "verify-cases-${side##*/}" "$side/test/judge/verify/replay" "$cases"
	else
		skipped="$skipped verify-cases-${side##*/}"
	fi
done
judge pktcount sh "$here/pktcount.sh" "$build/src/tool/skep" \
	"$build/examples/pktcount.bpf.o" "$build/test/have-bpf"
echo "failed:${failed:- none}; skipped:${skipped:- none}"
[ -z "$failed" ]
