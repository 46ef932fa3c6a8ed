#!/bin/sh
# plugin.sh PLUGIN DIR: the plugin's protocol: every way to hand in program and memory.
# DIR has two objects, of text.bpf.c and xdp.bpf.c; both return the memory's fourth byte and one more.
plugin=$1 dir=$2 code=0
hex() { od -An -v -tx1 "$1" | tr -d '\n'; }

expect() { # NAME WANTED GOT
	if [ "$2" = "$3" ]; then echo "PASS $1"; else echo "FAIL $1: '$3', expected '$2'"; code=1; fi
}

packet="01 02 03 29  00 00 00 00  00 00 00 00  00 00 00 00"
expect standard-input 2a "$(echo 'b7 00 00 00 2a 00 00 00  95 00 00 00 00 00 00 00' | $plugin)"
expect program-argument 2a "$($plugin --program b70000002a0000009500000000000000 </dev/null)"
expect memory 18 "$(echo '71 10 02 00 00 00 00 00 95 00 00 00 00 00 00 00' | $plugin '01 02 18 ')"
expect upper-half ffffffff00000000 \
	"$(echo '18000000 00000000 00000000 ffffffff 95 00 00 00 00 00 00 00' | $plugin '')"
expect refused I001 "$(echo 'ff 00 00 00 00 00 00 00' | $plugin 2>/dev/null)"
expect elf-text 2a "$(hex "$dir/text.elf" | $plugin "$packet" --elf)"
expect elf-xdp 2a "$(hex "$dir/xdp.elf" | $plugin "$packet" --debug --elf)"
$plugin zz </dev/null 2>/dev/null
expect no-hex 2 $?
echo '95' | $plugin 2>/dev/null
expect half-an-instruction 2 $?
exit $code
