#!/bin/sh
# record.sh BUILD CASES [arrays|caps|objects]...: makes the corpora of the verifier's judges
# in the folder CASES, which replay reads then. `make verify-corpus` calls it for the first
# and the last. As root, with Debian's archive in reach; takes ten minutes. Needs clang-14,
# clang-19, llvm-14, bpftool, libbpf-dev, libelf-dev.
#
#   CASES/a       the tests of linux-source-6.1's test_verifier, with the capabilities that
#                 it takes for privileged
#   CASES/a-caps  the same with CAP_BPF, but without CAP_PERFMON: pointers may not leak,
#                 speculation is guarded against
#   CASES/b       objects of Debian's packages, linux-source-6.1's programs that clang
#                 compiles, and our own, each program on its own
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

for tool in apt-get dpkg-deb cc clang-14 clang-19 llvm-objcopy-14 opt-14 llc-14 bpftool python3; do
	command -v $tool >/dev/null || { echo "record.sh: needs $tool" >&2; exit 1; }
done

# ---- packages ----

# A Debian package in $work, unless it is there.
fetch() {
	set -- "$1" "$work/$1"_*.deb
	[ ! -f "$2" ] || return 0
	(cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$1" >/dev/null)
}

# Its files, in $work/unpacked/PACKAGE.
unpack() {
	[ ! -d "$work/unpacked/$1" ] || return 0
	fetch "$1" && mkdir -p "$work/unpacked" && dpkg-deb -x "$work/$1"_*.deb "$work/unpacked/$1"
}

# record FOLDER COMMAND...: the command with each program that it loads as a case.
record() {
	_to=$1; shift
	SKEP_RECORD=$_to LD_PRELOAD=$tools/record.so "$@"
}

# ---- the kernel's tests ----

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

build_arrays() {
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
}

record_arrays() { # folder, arguments
	build_arrays
	_folder=$1; shift
	rm -rf "$_folder"
	record "$_folder" "$work/arrays" "$@" >/dev/null
}

# ---- objects ----

# Of packages, as files or inside programs.
packaged() {
	for package in xdp-tools libxdp1 xdp-tests libbpf-tools libknot13 pcp \
		ir-keytable qemu-system-x86 golang-github-cilium-ebpf-dev; do
		unpack $package
		find "$work/unpacked/$package" -type f -size +300c -print0 |
			xargs -0 python3 "$here/embedded.py" "$work/objects/$package"
	done
	# sections that their own loaders know
	for object in "$work"/objects/ir-keytable/*.o "$work"/objects/qemu*/*.o; do
		llvm-objcopy-14 --rename-section lirc_mode2/maps=maps \
			--rename-section tun_rss_steering=socket "$object"
	done
}

# compile GROUP "CLANG FLAGS" FILE...: those that compile, to $work/objects/GROUP.
compile() {
	out=$work/objects/$1 how=$2
	shift 2
	mkdir -p "$out"
	for file; do
		name=${file##*/}
		name=${name%.c}
		echo "${name%.bpf}" "$file"
	done | xargs -P "$(nproc)" -L 1 sh -c '
		timeout 60 $3 -g -w -O2 -target bpf -D__TARGET_ARCH_x86 -mlittle-endian \
			-c "$5" -o "$2/$4.o" 2>/dev/null || :' - _ "$out" "$how"
}

# The kernel's samples include its own headers, which are for its machine: to LLVM's code
# first, as its Makefile does.
samples() {
	arch=$(apt-cache depends linux-headers-amd64 | awk '/Depends:/ {print $2; exit}')
	common=${arch%-amd64}-common
	unpack "$arch"
	unpack "$common"
	source=$work/unpacked/$common/usr/src/$common
	made=$work/unpacked/$arch/usr/src/$arch
	include=
	for dir in arch/x86/include include; do
		include="$include -I$source/$dir -I$made/$dir -I$made/$dir/generated"
		include="$include -I$source/$dir/uapi -I$made/$dir/generated/uapi"
	done
	mkdir -p "$work/objects/samples"
	for file in "$tree"/samples/bpf/*_kern.c; do
		name=${file##*/}
		clang-14 -nostdinc -isystem "$(clang-14 -print-resource-dir)/include" $include \
			-include "$source/include/linux/kconfig.h" -I"$tests" -I"$work/include" \
			-include "$tree/samples/bpf/asm_goto_workaround.h" -D__KERNEL__ \
			-D__BPF_TRACING__ -D__TARGET_ARCH_x86 -w -fno-stack-protector -g -O2 \
			-fno-asynchronous-unwind-tables -emit-llvm -Xclang -disable-llvm-passes \
			-c "$file" -o "$work/sample.bc" 2>/dev/null &&
			opt-14 -O2 -mtriple=bpf-pc-linux "$work/sample.bc" -o "$work/opt.bc" &&
			llc-14 -march=bpf -filetype=obj "$work/opt.bc" \
				-o "$work/objects/samples/${name%.c}.o" || :
	done
}

# What the self-tests include besides their own: the running kernel's types, and libbpf's
# headers as they were then, with the type tags of today (see new_kptr_names).
headers() {
	mkdir -p "$work/include/bpf"
	bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$work/include/vmlinux.h"
	cp "$tree"/tools/lib/bpf/*.h "$work/include/bpf"
	cp /usr/include/bpf/bpf_helper_defs.h "$work/include/bpf"
	sed -e 's/btf_type_tag("kptr")/btf_type_tag("kptr_untrusted")/' \
		-e 's/btf_type_tag("kptr_ref")/btf_type_tag("kptr")/' \
		"$tree/tools/lib/bpf/bpf_helpers.h" >"$work/include/bpf/bpf_helpers.h"
}

compiled() {
	unpack_tree
	headers
	system="-idirafter /usr/include/$(cc -dumpmachine) -idirafter /usr/include"
	flags="-DENABLE_ATOMICS_TESTS -I$work/include -I$tests -I$tree/tools/include/uapi"
	compile selftests "clang-14 -mcpu=v3 $flags $system" "$tests"/progs/*.c
	compile selftests-v4 "clang-19 -mcpu=v4 $flags $system" "$tests"/progs/*.c
	compile samples "clang-14 -mcpu=v3 $flags -I$tree/samples/bpf $system" \
		"$tree"/samples/bpf/*.bpf.c
	samples
	compile tools "clang-14 -mcpu=v3 $flags $system" "$tree"/tools/bpf/*/*.bpf.c \
		"$tree"/tools/bpf/*/*/*.bpf.c "$tree"/tools/perf/util/bpf_skel/*.bpf.c
	compile own "clang-19 -mcpu=v4 -I$root/bpf -I/usr/include $system" "$root"/test/bpf/*.bpf.c \
		"$root"/examples/*.bpf.c "$root"/bpf/*.bpf.c "$root"/bench/*.bpf.c
}

record_objects() {
	rm -rf "$work/objects" "$cases/b"
	packaged
	compiled
	cc -O1 -I"$root/include" "$here/case_objects.c" "$build/libskep.a" -lbpf -pthread \
		-o "$work/prepare"
	for group in "$work"/objects/*; do
		record "$cases/b" "$work/prepare" "${group##*/}" "$group"/*.o
	done >"$work/objects.log" 2>&1
	echo "$(wc -l <"$work/objects.log") programs are not prepared: $work/objects.log"
}

[ $# -gt 0 ] || set -- arrays objects
for corpus; do
	case $corpus in
	arrays) record_arrays "$cases/a" ;;
	caps) record_arrays "$cases/a-caps" caps ;;
	objects) record_objects ;;
	*) echo "record.sh: unknown corpus '$corpus'" >&2; exit 2 ;;
	esac
done
