#!/bin/sh
# abi_kernel.sh TEST_DIR INCLUDE_DIR CC...: include/skep/abi.h against the BTF of the
# running kernel, for what is newer than the installed <linux/bpf.h>. Exit code 77: skipped.
set -eu
dir=$1 include=$2; shift 2
btf=/sys/kernel/btf/vmlinux
skip() { echo "SKIP: $*"; exit 77; }

PATH=$PATH:/usr/sbin:/sbin
[ -r $btf ] || skip "$btf is absent: this kernel has no BTF"
command -v bpftool >/dev/null || skip "bpftool is not installed (Debian: bpftool)"
version=$(uname -r | awk -F'[.-]' '{ print $1 * 1000 + $2 }')
[ "$version" -ge 6018 ] || skip "abi.h is that of Linux 6.18, this is $(uname -r)"

tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
bpftool btf dump file $btf format c >"$tmp/vmlinux.h"
python3 "$dir/abi_pairs.py" --btf "$tmp/vmlinux.h" "$tmp/pairs.h" "$include" "$@"
# A later kernel may have more than we state.
[ "$version" -eq 6018 ] || sed -i /^ABSENT/d "$tmp/pairs.h"
"$@" -std=gnu11 -I"$include" -DKERNEL_BTF -DPAIRS="\"$tmp/pairs.h\"" \
	"$dir/unit/test_abi.c" -o "$tmp/test" -lcmocka
"$tmp/test"
