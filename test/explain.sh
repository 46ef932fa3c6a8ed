#!/bin/sh
# explain.sh [--bless] SKEP SOURCE_ROOT: refusals in words
#
# test/explain/NAME.bpf.c is a program with one fault; NAME.txt what `skep verify` says of
# it. A first line `// skep: ARGUMENTS` in the source is for the command. The last line of
# each text is the kernel's own message: where its bpf(2) serves, the kernel is asked as
# well, and has to say the same; `// kernel: WHY NOT` in the source leaves that out.
# NAME.sed is a repair of the source, what the text says under "to fix" taken literally: it has
# to be accepted, by us and by the kernel.
# The texts are of what clang 14 makes of the sources; another compiler's code may be refused
# elsewhere, so then a text that differs is skipped. --bless writes the texts anew.
# Prints PASS, FAIL or SKIP lines as HACKING.md has it.
set -u
bless=
[ "${1-}" != --bless ] || { bless=1; shift; }
skep=$(realpath "$1") root=$(realpath "$2")
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
for clang in clang-14 clang clang-19 clang-20 clang-21; do
	command -v $clang >/dev/null && break
done
command -v $clang >/dev/null || { echo "SKIP explain: clang is not installed (Debian: clang)"; exit 0; }
version=$($clang -dumpversion | cut -d. -f1)
kernel=
[ "$(id -u)" != 0 ] || [ -z "${HAVE_BPF-}" ] || [ -n "$("$HAVE_BPF")" ] || kernel=1

# compile NAME SOURCE OBJECT
compile() {
	$clang -O2 -g -target bpf -I../../bpf -I. -I"/usr/include/$(uname -m)-linux-gnu" \
		-c "$2" -o "$3" 2>"$tmp/cc" && return
	echo "FAIL $1: does not compile"; sed 's/^/    /' "$tmp/cc"
	return 1
}

# repaired NAME: what the text says is to be changed, changed
repaired() {
	sed -f "$1.sed" "$1.bpf.c" >"$tmp/repaired.bpf.c"
	compile "$1" "$tmp/repaired.bpf.c" "$tmp/repaired.o" || return 1
	"$skep" verify "$tmp/repaired.o" $(sed -n '1s,^// skep: ,,p' "$1.bpf.c") >"$tmp/out" ||
		{ echo "FAIL $1: its repair is refused"; sed 's/^/    /' "$tmp/out"; return 1; }
	[ -n "$kernel" ] && ! grep -q '^// kernel: ' "$1.bpf.c" || return 0
	"$skep" run -v --on kernel "$tmp/repaired.o" -- true >"$tmp/log" 2>&1 </dev/null
	grep -q "^checked .*the kernel's verifier took" "$tmp/log" ||
		{ echo "FAIL $1: the kernel refuses its repair"; sed 's/^/    /' "$tmp/log"; return 1; }
}

# one NAME: prints its result
one() {
	source=$root/test/explain/$1.bpf.c text=$root/test/explain/$1.txt object=$tmp/$1.bpf.o
	compile "$1" "$1.bpf.c" "$object" || return 1
	"$skep" verify "$object" $(sed -n '1s,^// skep: ,,p' "$source") | tail -n +4 >"$tmp/out"
	[ -z "$bless" ] || cp "$tmp/out" "$text"
	[ -s "$tmp/out" ] || { echo "FAIL $1: accepted"; return 1; }
	result="PASS $1"
	if diff -u "$text" "$tmp/out" >"$tmp/diff"; then
		:
	elif [ "$version" != 14 ]; then
		result="SKIP $1: refused, but the text is of clang 14's code, this is clang $version"
	else
		echo "FAIL $1: - expected, + came out"; sed '1,2d; s/^/    /' "$tmp/diff"
		return 1
	fi
	if [ -n "$kernel" ] && ! grep -q '^// kernel: ' "$source"; then
		"$skep" run --on kernel "$object" >"$tmp/log" 2>&1 </dev/null &&
			{ echo "FAIL $1: the kernel takes it"; return 1; }
		message=$(sed -n 's/^  kernel *//p' "$tmp/out")
		grep -qF -- "$message" "$tmp/log" ||
			{ echo "FAIL $1: the kernel says"; tail -5 "$tmp/log" | sed 's/^/    /'; return 1; }
	fi
	repaired "$1" || return 1
	echo "$result"
}

cd "$root/test/explain" || exit 1
status=0
for source in "$root"/test/explain/*.bpf.c; do
	one "$(basename "$source" .bpf.c)" || status=1
done
exit $status
