# common.sh - what the scripts of this folder share: they are run as
# SCRIPT.sh engine|kernel SKEP SOURCE_DIR HAVE_BPF CC...
set -u
side=$1 skep=$(realpath "$2") src=$3 have_bpf=$4
shift 4
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

skip() { echo "SKIP: $*"; exit 77; }
need() { command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed (Debian: $2)"; }

if [ "$side" = kernel ]; then
	why=$("$have_bpf") || skip "$why"
	on() { "$@"; }
else
	SKEP_DIR=$tmp/engine; export SKEP_DIR
	on() { "$skep" engine --log "$tmp/refused" -- "$@"; }
fi

# What the C compiler of the arguments makes with libbpf.
has_libbpf() {
	echo '#include <bpf/libbpf.h>
	int main(void) { return libbpf_num_possible_cpus() < 1; }' >"$tmp/try.c"
	"$@" -o "$tmp/try" "$tmp/try.c" -lbpf >/dev/null 2>&1 ||
		skip "libbpf's headers are missing (Debian: libbpf-dev)"
}

# NAME.bpf.o of each NAME, as the user of libbpf compiles it.
compile_bpf() {
	for clang in clang-19 clang-20 clang-21 clang none; do
		command -v $clang >/dev/null 2>&1 && break
	done
	[ $clang != none ] || skip "clang is not installed (Debian: clang-19)"
	for name; do
		$clang -g -O2 -target bpf -idirafter /usr/include/x86_64-linux-gnu \
			-c "$src/$name.bpf.c" -o "$tmp/$name.bpf.o" || exit 1
	done
}

# Compares with what both sides have to print.
compare() { # expected, found
	diff -u "$1" "$2" && return
	[ ! -s "$tmp/refused" ] || cat "$tmp/refused"
	exit 1
}
