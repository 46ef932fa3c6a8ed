#!/bin/sh
# record.sh BUILD CASES [arrays|objects]...: makes the corpora of the verifier's judges in
# the folder CASES, which replay reads then. `make verify-corpus` calls it. As root, with
# Debian's archive in reach; needs cc, clang, bpftool, libbpf-dev, libelf-dev.
#
#   CASES/a  the tests of linux-source-6.1's test_verifier
#   CASES/b  objects of Debian's packages, linux-source-6.1's programs that clang compiles,
#            and our own, each program on its own
#
# What others wrote is unpacked below BUILD and stays there: no line of it belongs to us.
set -eu
build=$(cd "$1" && pwd)
mkdir -p "$2" "$build/corpus"
cases=$(cd "$2" && pwd)
shift 2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$build/corpus
tree=$work/linux-source-6.1
tests=$tree/tools/testing/selftests/bpf
tools=$build/test/judge/verify
. "$here/record_lib.sh"

unpack_tree() {
	[ ! -f "$tree/unpacked" ] || return 0
	fetch linux-source-6.1
	dpkg-deb --fsys-tarfile "$work"/linux-source-6.1_*.deb |
		tar -xO ./usr/src/linux-source-6.1.tar.xz |
		tar -xJC "$work" linux-source-6.1/tools linux-source-6.1/samples/bpf
	touch "$tree/unpacked"
}

# Since 6.2 the type tag of an owned kptr is "kptr", of an unowned one "kptr_untrusted";
# with the names before that, the BTF of 42 tests is refused.
new_kptr_names() {
	sed -e 's/TYPE_TAG_ENC(75,/TYPE_TAG_ENC(8x,/; s/TYPE_TAG_ENC(80,/TYPE_TAG_ENC(75,/' \
		-e 's/TYPE_TAG_ENC(8x,/TYPE_TAG_ENC(80,/; s/STRUCT_ENC(89,/STRUCT_ENC(95,/' \
		-e 's/\\0kptr\\0kptr_ref"/\\0kptr\\0kptr_untrusted"/' "$1"
}

record_arrays() {
	unpack_tree
	list=$work/arrays.h
	: >"$tests/verifier/tests.h"
	: >"$list"
	for file in "$tests"/verifier/*.c; do
		name=${file##*/}
		echo "#include \"$name\"" >>"$tests/verifier/tests.h"
		printf '{"%s", sizeof((struct bpf_test[]) {\n#include "verifier/%s"\n}) / %s},\n' \
			"${name%.c}" "$name" 'sizeof(struct bpf_test)' >>"$list"
	done
	new_kptr_names "$tests/test_verifier.c" >"$tests/test_verifier_new.c"
	# -O1: else all tests stand on the stack of main
	cc -O1 -w -D_GNU_SOURCE -Dmain=test_verifier_main \
		-DTEST_VERIFIER='"test_verifier_new.c"' -DTEST_FILES="\"$list\"" \
		-DFILL_ARRAY -I"$tests" -I"$tree/tools/include/uapi" \
		-I"$tree/tools/include" -I"$tree/tools/arch/x86/include" \
		"$here/case_arrays.c" "$tests/cap_helpers.c" -o "$work/arrays" -lbpf -lelf
	rm -rf "$cases/a"
	record "$cases/a" "$work/arrays" >/dev/null
}

for corpus in "${@:-arrays}"; do
	case $corpus in
	arrays) record_arrays ;;
	*) echo "record.sh: unknown corpus '$corpus'" >&2; exit 2 ;;
	esac
done
