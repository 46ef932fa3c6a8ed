#!/bin/sh
# bpftool.sh: bpftool's commands, unmodified, say the same on engine and kernel but for
# ids, times and sizes.
. "$(dirname "$0")/common.sh"
need bpftool bpftool
has_libbpf "$@"
compile_bpf skel iter
bpf=/sys/fs/bpf/skep-test-$$
if [ "$side" = kernel ]; then
	[ "$(stat -f -c %t /sys/fs/bpf 2>/dev/null)" = cafe4a11 ] ||
		skip "no bpffs is mounted on /sys/fs/bpf (mount -t bpf bpf /sys/fs/bpf)"
	trap 'rm -rf "$tmp" "$bpf"' EXIT
fi

plain() {
	sed -E -e "s,$bpf,PINS,g" -e 's/^[0-9]+: /ID: /' -e 's/"(id|bytes_memlock)":[0-9]+/"\1":N/g' \
		-e 's/(memlock |duration \(average\): )[0-9]+/\1N/' \
		-e 's/(loaded_at ).*/\1T/' -e 's/xlated .*/xlated/' -e 's/tag [0-9a-f]{16}/tag T/' \
		-e 's/((prog|map)_ids|btf_id) [0-9,]+/\1 N/g' -e "s/(prog|map_id) [0-9]+/\\1 N/g"
}
say() { # command, its output, errors and exit code
	echo "\$ $*" | plain
	on "$@" >"$tmp/said" 2>&1
	_rc=$?
	plain <"$tmp/said"
	[ $_rc = 0 ] || echo "exit code $_rc"
}
id_of() { # kind, "id" or "btf_id", pin
	on bpftool -j "$1" show pinned "$3" | sed -E "s/.*\"$2\":([0-9]+).*/\\1/"
}
listed() { # kind, id, what of its line
	on bpftool "$1" list | sed -n "s/^$2: /listed: /p" | plain
}

maps() {
	say bpftool map create "$bpf/h" type hash key 4 value 8 entries 16 name skep_h
	say bpftool map create "$bpf/a" type percpu_array key 4 value 4 entries 1 name skep_a
	say bpftool map create "$bpf/bad" type hash key 0 value 8 entries 16 name skep_bad
	say bpftool map update pinned "$bpf/h" key 1 0 0 0 value 1 2 3 4 5 6 7 8
	say bpftool map update pinned "$bpf/h" key 1 0 0 0 value 0 0 0 0 0 0 0 1 noexist
	say bpftool map lookup pinned "$bpf/h" key 1 0 0 0
	say bpftool map lookup pinned "$bpf/h" key 2 0 0 0
	say bpftool map dump pinned "$bpf/h"
	say bpftool -j map dump pinned "$bpf/h"
	say bpftool map getnext pinned "$bpf/h"
	say bpftool map show pinned "$bpf/h"
	say bpftool map pin pinned "$bpf/h" "$bpf/h2"
	say bpftool map freeze pinned "$bpf/h2"
	say bpftool -j map show pinned "$bpf/h2"
	say bpftool map update pinned "$bpf/h" key 3 0 0 0 value 1 2 3 4 5 6 7 8
	say bpftool map delete pinned "$bpf/h" key 9 0 0 0
	listed map "$(id_of map id "$bpf/h")"
	say rm "$bpf/h"
	say ls "$bpf"
	say bpftool map show pinned "$bpf/h"
}

progs() {
	head -c 100 /dev/zero >"$tmp/packet"
	say bpftool prog load skel.bpf.o "$bpf/p" type xdp pinmaps "$bpf/maps"
	say bpftool prog show pinned "$bpf/p"
	listed prog "$(id_of prog id "$bpf/p")"
	say bpftool prog run pinned "$bpf/p" data_in packet repeat 4
	say bpftool map dump pinned "$bpf/maps/lengths"
	say bpftool map lookup pinned "$bpf/maps/lengths" key 100 0 0 0
	# what the verifier makes of the instructions is each side's own
	on bpftool prog dump xlated pinned "$bpf/p" >"$tmp/xlated"
	echo "xlated: $(head -1 "$tmp/xlated")"
	grep -q 'map\[id:' "$tmp/xlated" && grep -q ') exit$' "$tmp/xlated" ||
		cat "$tmp/xlated"
	id=$(id_of prog btf_id "$bpf/p")
	[ "$(on bpftool btf list | grep -c "^$id: ")" = 1 ] || echo "BTF $id is not listed"
	on bpftool btf dump id "$id" format c | grep '^typedef.*__u'
	on bpftool gen skeleton skel.bpf.o | grep '^struct [a-z_]* {'
	echo "refused object:"
	on bpftool prog load packet "$bpf/q" >/dev/null 2>&1 || echo "exit code $?"
}

# What is read of a pin of an iterator, by programs that know nothing of BPF.
iters() {
	say bpftool map create "$bpf/e" type array key 4 value 8 entries 3 name skep_e
	say bpftool map update pinned "$bpf/e" key 1 0 0 0 value 7 0 0 0 0 0 0 0
	say bpftool iter pin iter.bpf.o "$bpf/i" map pinned "$bpf/e"
	say cat "$bpf/i"
	say bpftool map update pinned "$bpf/e" key 2 0 0 0 value 9 0 0 0 0 0 0 0
	say grep is "$bpf/i"
	say sed -n 1,2p "$bpf/i"
	on cat "$bpf/i" >file && say cat file
	say cat "$bpf/e"
	say bpftool link show pinned "$bpf/i"
	on bpftool iter pin iter.bpf.o "$bpf/i2" >/dev/null 2>&1 || echo "exit code $?"
	say rm "$bpf/i"
	say cat "$bpf/i"
}

cd "$tmp" || exit 1
on mkdir "$bpf" || exit 1
{ maps; progs; iters; on bpftool link list >/dev/null && echo links; } >"$tmp/out" 2>&1
compare "$src/bpftool.txt" "$tmp/out"
