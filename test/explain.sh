#!/bin/sh
# explain.sh [--bless] SKEP SOURCE_ROOT: refusals in words
#
# test/explain/NAME.bpf.c is a program with one fault; NAME.txt what `skep verify` says of
# it. A first line `// skep: ARGUMENTS` in the source is for the command. The last line of
# each text is the kernel's own message: where its bpf(2) serves, the kernel is asked as
# well ($EXPLAIN_KERNEL), and has to say the same; `// kernel: WHY NOT` in the source leaves
# that out.
# NAME.sed is a repair of the source, what the text says under "to fix" taken literally: it has
# to be accepted, by us and by the kernel.
# The texts are of what clang 14 makes of the sources; another compiler's code may be refused
# elsewhere, and some name what the running kernel's BTF has: where either is missing a text
# that differs is skipped. --bless writes the texts anew.
# Prints PASS, FAIL or SKIP lines as HACKING.md has it.
set -u
bless=
[ "${1-}" != --bless ] || { bless=1; shift; }
skep=$(realpath "$1") root=$(realpath "$2") here=$(realpath "$2")/test/explain
cd "$here" || exit 1
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
for clang in clang-14 clang clang-19 clang-20 clang-21; do
	command -v $clang >/dev/null && break
done
command -v $clang >/dev/null || { echo "SKIP explain: clang is not installed (Debian: clang)"; exit 0; }
version=$($clang -dumpversion | cut -d. -f1)
kernel=${EXPLAIN_KERNEL-}
[ "$(id -u)" = 0 ] && [ -n "${HAVE_BPF-}" ] && [ -z "$("$HAVE_BPF")" ] || kernel=

# What follows is done for all programs at once: starting a process for each of them, twice,
# is what takes the time. FOLDER has the sources NAME.bpf.c; NAME.bpf.o is added, and
# NAME.skep and NAME.kernel, what they say of it; the first line is the verdict.

# Runs clang once for all, as clang runs it for one; what that leaves undone one by one.
compile() { # FOLDER
	flags="-O2 -g -target bpf -I$root/bpf -I$here -I/usr/include/$(uname -m)-linux-gnu"
	(cd "$1" && $($clang $flags -'###' -x c -c - 2>&1 | tail -1 | sed -e 's/"-x" "c".*//' \
		-e 's/"-main-file-name" "[^"]*"//; s/"-o" "[^"]*"//; s/"//g') \
		-x c ./*.bpf.c 2>/dev/null
	for name in $names; do
		[ -f "$name.bpf.o" ] || $clang $flags -c "$name.bpf.c" -o "$name.bpf.o"
	done 2>cc)
}

# objects FOLDER NAME...: those of them that compiled
objects() {
	folder=$1; shift
	for name; do
		[ ! -f "$folder/$name.bpf.o" ] || echo "$folder/$name.bpf.o"
	done
}

# apart FOLDER KIND: standard input, of many objects, to FOLDER/NAME.KIND
apart() {
	awk -v "folder=$1" -v "kind=$2" '
		/^[0-9]+ programs: / { next }
		/^[a-z0-9_]+\.bpf\.o[\/ ]/ { out = folder "/" $1; sub(/\.bpf\.o.*/, "." kind, out) }
		out { print >out }'
}

# verify FOLDER
verify() {
	"$skep" verify $(objects "$1" $plain) | apart "$1" skep
	for name in $special; do
		"$skep" verify $(objects "$1" "$name") $(sed -n '1s,^// skep: ,,p' "$name.bpf.c") |
			apart "$1" skep
	done
}

ask_kernel() {
	[ -z "$kernel" ] || "$kernel" $(objects "$1" $known) | apart "$1" kernel
}

fail() { # NAME WHAT FILE
	echo "FAIL $1: $2"; sed 's/^/    /' "$3"
	return 1
}

# is VERDICT FILE
is() {
	read -r verdict <"$2" && case $verdict in *" $1"|*" $1 "*) ;; *) false ;; esac
}

# one NAME: prints its result
one() {
	text=$1.txt ours=$tmp/first/$1.skep out=$tmp/first/$1.txt log=$tmp/first/$1.kernel
	[ -f "$ours" ] || fail "$1" "does not compile" "$tmp/first/cc" || return 1
	is refused "$ours" || fail "$1" accepted "$ours" || return 1
	tail -n +3 "$ours" >"$out"
	[ -z "$bless" ] || cp "$out" "$text"
	result="PASS $1"
	if ! cmp -s "$text" "$out" && [ "$version" = 14 ] && [ -r /sys/kernel/btf/vmlinux ]; then
		diff -u "$text" "$out" >"$tmp/diff"
		fail "$1" "- expected, + came out" "$tmp/diff"
		return 1
	elif ! cmp -s "$text" "$out"; then
		result="SKIP $1: refused, but the text is of clang 14's code and a kernel with BTF"
	fi
	if [ -f "$log" ]; then
		is refused "$log" || fail "$1" "the kernel takes it" "$log" || return 1
		grep -qF -- "$(sed -n 's/^  kernel *//p' "$out")" "$log" ||
			fail "$1" "the kernel says" "$log" || return 1
	fi
	ours=$tmp/repaired/$1.skep log=$tmp/repaired/$1.kernel
	[ -f "$ours" ] || fail "$1" "its repair does not compile" "$tmp/repaired/cc" || return 1
	is accepted "$ours" || fail "$1" "its repair is refused" "$ours" || return 1
	[ ! -f "$log" ] || is accepted "$log" ||
		fail "$1" "the kernel refuses its repair" "$log" || return 1
	echo "$result"
}

names=$(ls ./*.bpf.c | sed 's,^\./,,; s,\.bpf\.c$,,')
special=$(grep -l '^// skep: ' ./*.bpf.c | sed 's,^\./,,; s,\.bpf\.c$,,')
plain=$(grep -L '^// skep: ' ./*.bpf.c | sed 's,^\./,,; s,\.bpf\.c$,,')
known=$(grep -L '^// kernel: ' ./*.bpf.c | sed 's,^\./,,; s,\.bpf\.c$,,')
mkdir "$tmp/first" "$tmp/repaired"
cp ./*.bpf.c "$tmp/first"
for name in $names; do
	sed -f "$name.sed" "$name.bpf.c" >"$tmp/repaired/$name.bpf.c"
done
for folder in first repaired; do
	compile "$tmp/$folder"
	verify "$tmp/$folder"
	ask_kernel "$tmp/$folder"
done
status=0
for name in $names; do
	one "$name" || status=1
done
exit $status
