#!/bin/sh
# trial.sh kit SKEP DIR [NAME...]: 32 programs that are refused, for people to repair
# trial.sh check SKEP NAME SOURCE: whether SOURCE is a repair of test/explain/NAME.bpf.c
# trial.sh score SKEP DIR: check for each DIR/NN/repaired.bpf.c of a kit
#
# A kit is DIR/ours/NN with prog.bpf.c, from which comments are taken, and message.txt, what
# `skep verify` says of it; and DIR/kernel/NN with the same source and the kernel's log, the
# control. DIR/names.txt says what NN is, DIR/include has the headers. A repair compiles, is
# taken by the running kernel (so: as root), and still is the program that it was, as far as
# trial.txt can tell.
set -u
command=${1-} skep=$(realpath "${2-/}")
here=$(dirname "$(realpath "$0")") root=$(realpath "$(dirname "$0")/../..")
for clang in clang-14 clang clang-19; do
	command -v $clang >/dev/null && break
done
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
chosen="argument_missing argument_number call_in_lock callback_return compare_32 context_access
	context_moved dynptr_as_memory endless_loop fixed_outside global_arguments lock_leak
	map_in_tracing map_type misaligned moved_packet negative_offset null_arithmetic
	null_map_value number_as_pointer offset_outside packet_bounds packet_offset
	read_only_map reference_leak released return_value size_not_constant size_unbounded
	special_field stack_combined too_many_insns"

compile() { # SOURCE OBJECT
	$clang -O2 -g -target bpf -I"$root/bpf" -I"$here" \
		-I"/usr/include/$(uname -m)-linux-gnu" -c "$1" -o "$2"
}

# Lines stay where they are.
without_comments() {
	sed -e 's,//.*,,' -e 's,/\*[^*]*\*/,,g' "$1"
}

kit() { # DIR NAME...
	dir=$1 number=0
	shift
	mkdir -p "$dir/include" && cp "$root/bpf/skep_bpf.h" "$here/explain_bpf.h" "$dir/include"
	: >"$dir/names.txt"
	for name; do
		number=$((number + 1))
		nn=$(printf %02d $number)
		mkdir -p "$dir/ours/$nn" "$dir/kernel/$nn"
		without_comments "$here/$name.bpf.c" >"$dir/ours/$nn/prog.bpf.c"
		cp "$dir/ours/$nn/prog.bpf.c" "$dir/kernel/$nn"
		(cd "$dir/ours/$nn" && compile prog.bpf.c "$tmp/prog.bpf.o") || return 1
		"$skep" verify "$tmp/prog.bpf.o" | sed "s,$tmp/,,g" >"$dir/ours/$nn/message.txt"
		"$skep" run --on kernel "$tmp/prog.bpf.o" -- true 2>&1 |
			sed "s,$tmp/,,g; s/^skep: //" >"$dir/kernel/$nn/message.txt"
		echo "$nn $name" >>"$dir/names.txt"
	done
}

helpers() { # OBJECT: numbers of the helpers that it calls
	llvm-objdump -d "$1" 2>/dev/null | sed -n 's/.*85 00 00 00.*call \(0x\)\{0,1\}\([0-9a-f]*\)$/\1\2/p' |
		sort -u
}

sections() { # OBJECT: "SECTION FUNCTION" of its programs
	llvm-objdump -t "$1" | awk '$2 == "g" && $3 == "F" && $4 != ".text" {print $4, $NF}' | sort
}

maps() { # OBJECT
	llvm-objdump -t "$1" | awk '$4 == ".maps" && $3 == "O" {print $NF}' | sort
}

no() { echo "FAIL $name: $*"; return 1; }

# NAME SOURCE
check() {
	name=$1
	row=$(grep "^$name " "$here/trial.txt") || { no "trial.txt does not have it"; return 1; }
	set -f; set -- $row "$2"; set +f
	may=,$2,
	shift 2
	while [ $# -gt 1 ]; do
		tr -d ' \t\n' <"$(eval echo \"\${$#}\")" | grep -qE -e "$1" ||
			{ no "'$1' is not in it any more"; return 1; }
		shift
	done
	compile "$here/$name.bpf.c" "$tmp/old.o" 2>/dev/null
	compile "$1" "$tmp/new.o" 2>"$tmp/cc" ||
		{ no "does not compile: $(head -1 "$tmp/cc")"; return 1; }
	maps "$tmp/old.o" >"$tmp/old"; maps "$tmp/new.o" >"$tmp/new"
	[ -z "$(comm -23 "$tmp/old" "$tmp/new")" ] || { no "a map is gone"; return 1; }
	sections "$tmp/old.o" >"$tmp/old"; sections "$tmp/new.o" >"$tmp/new"
	case $may in *,section,*) ;; *)
		[ -z "$(comm -23 "$tmp/old" "$tmp/new")" ] ||
			{ no "a program or its section is gone"; return 1; } ;;
	esac
	[ -s "$tmp/new" ] || { no "no program is left"; return 1; }
	helpers "$tmp/old.o" >"$tmp/old"; helpers "$tmp/new.o" >"$tmp/new"
	for id in $(comm -23 "$tmp/old" "$tmp/new"); do
		case $may in *,$((id)),*) ;; *) no "helper $id is not called any more"; return 1 ;; esac
	done
	"$skep" run -v --on kernel "$tmp/new.o" -- true >"$tmp/log" 2>&1 </dev/null
	grep -q "^checked .*the kernel's verifier took" "$tmp/log" ||
		{ no "the kernel refuses it: $(grep -v '^skep: [0-9;]' "$tmp/log" | head -2 | tail -1)"; return 1; }
	echo "PASS $name"
}

score() { # DIR
	good=0 all=0
	while read -r nn name; do
		all=$((all + 1))
		[ -f "$1/$nn/repaired.bpf.c" ] || { echo "FAIL $name: not tried"; continue; }
		check "$name" "$1/$nn/repaired.bpf.c" && good=$((good + 1))
	done <"$(dirname "$(realpath "$1")")/names.txt"
	echo "$good of $all"
}

case $command in
kit) dir=$3; shift 3; mkdir -p "$dir"; kit "$(realpath "$dir")" ${*:-$chosen} ;;
check) check "$3" "$(realpath "$4")" ;;
score) score "$3" ;;
*) sed -n '2,4s/^# //p' "$0"; exit 2 ;;
esac
