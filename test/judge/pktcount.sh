#!/bin/sh
# pktcount.sh SKEP PKTCOUNT.BPF.O HAVE_BPF: examples/pktcount over the captures of Debian's
# tcpdump source package, at least 10,000 packets. The engine and the kernel's test run
# must leave the same in every map, and tcpdump must count the same.
#
# The package is fetched through apt with a source line, lists and cache of our own, and
# unpacked in a temporary directory. Exit code 77 and a reason where that cannot be done.
set -eu
skep=$1 object=$2 have_bpf=$3
here=$(cd "$(dirname "$0")" && pwd)
ROUNDS=2 LEAST=14 MOST=73152 # bytes: an Ethernet header; a test run's page and fragments
skip() { echo "SKIP: $*"; exit 77; }
fail() { echo "FAIL: $*"; failed=1; }
failed=0

for tool in apt-get tcpdump python3; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
"$have_bpf" || skip "the kernel's bpf(2) does not serve"
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir" # apt's own user reads here

# ---- the captures ----

apt() {
	apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$dir/parts" \
		-o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" \
		-o APT::Sandbox::User=root -o Acquire::Retries=2 "$@" >"$dir/apt.log" 2>&1 ||
		skip "apt cannot fetch the source package of tcpdump: $(tail -1 "$dir/apt.log")"
}
mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/captures"
cat >"$dir/parts/source.sources" <<'S'
Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
S
apt update
(cd "$dir" && apt source --download-only tcpdump)
tar -xzf "$dir"/tcpdump_*.orig.tar.gz -C "$dir/captures" --wildcards '*/tests/*.pcap*'
python3 "$here/captures.py" "$dir/all" $ROUNDS $LEAST $MOST \
	"$dir"/captures/*/tests/*.pcap*

# ---- both sides ----

for side in kernel engine; do
	"$skep" run "$object" --pcap "$dir/all.pcap" --on $side --json --events \
		>"$dir/$side.out" 2>"$dir/$side.err" ||
		fail "skep run --on $side: $(cat "$dir/$side.err")"
	echo "$side: $(cat "$dir/$side.err")"
done
cmp -s "$dir/kernel.err" "$dir/engine.err" || fail "they leave out different packets"
if cmp -s "$dir/kernel.out" "$dir/engine.out"; then
	echo "kernel and engine: the same $(wc -l <"$dir/kernel.out") lines of maps and events"
else
	fail "kernel (-) and engine (+) differ:"
	diff -u "$dir/kernel.out" "$dir/engine.out" | head -20
fi

# ---- tcpdump's totals ----

# Packets that pass: as such, behind one tag, behind two.
tags='(ether[%d:2]=0x8100 or ether[%d:2]=0x88a8)'
one=$(printf "$tags" 12 12)" and vlan"
two=$(printf "$tags and $tags" 12 12 16 16)" and vlan and vlan"
count() {
	tcpdump -Knn --count -r "$dir/all-fit.pcap" "$1" 2>&1 | sed -n 's/ packets\{0,1\}$//p'
}
total() { echo $(($(count "$1") + $(count "$one and $1") + $(count "$two and $1"))); }
# Reading the last byte of a header asks that it was captured.
v4='ip and ip[0]&0xf0=0x40 and ip[19]>=0'
v6='ip6 and ip6[0]&0xf0=0x60 and ip6[39]>=0'
syn4="$v4 and ip[9]=6 and ip[0]&15>=5 and tcp[13]&0x12=2 and tcp[19]>=0"
syn6="$v6 and ip6[6]=6 and ip6[53]&0x12=2 and ip6[59]>=0"
same() { # what, pktcount, tcpdump
	printf '%-28s %8s %8s\n' "$1" "$2" "$3"
	[ "$2" = "$3" ] || fail "pktcount says $2 and tcpdump $3: $1"
}

python3 -c 'import json, sys
for line in sys.stdin:
    if "\"protocols\"" in line:
        for e in json.JSONDecoder().raw_decode(line.lstrip("["))[0]["elements"]:
            print(e["key"], e["value"]["packets"])' <"$dir/engine.out" >"$dir/protocols"
[ -s "$dir/protocols" ] || fail "no protocol was counted"
printf '%-28s %8s %8s\n' '' pktcount tcpdump
ip=0 not_ip=0 cut=0
while read -r key packets; do
	case $key in
	256) not_ip=$packets ;;
	257) cut=$packets ;;
	*)
		ip=$((ip + packets))
		same "IP protocol $key" "$packets" \
			$(($(total "$v4 and ip[9]=$key") + $(total "$v6 and ip6[6]=$key")))
		;;
	esac
done <"$dir/protocols"
valid=$(($(total "$v4") + $(total "$v6")))
all=$(count '')
any=$(($(total ip) + $(total ip6)))
same "IP of any protocol" $ip $valid
same "IP, header cut or no header" $cut $((any - valid))
same "not IP" $not_ip $((all - any))
same "TCP SYNs told of" "$(grep -c '^syns ' "$dir/engine.out")" \
	$(($(total "$syn4") + $(total "$syn6")))
same "packets" $((ip + not_ip + cut)) "$all"
echo "(tcpdump's filter 'tcp' alone says $(count tcp): it does not look behind VLAN tags)"
[ "$all" -ge 10000 ] || fail "only $all packets"
exit $failed
