#!/bin/sh
# kept.sh REPLAY HAVE-BPF: programs of which the verifier once said something else than the
# kernel, found by `make fuzz-verify`: both say the same of them, as was recorded.
why=$("$2") || { echo "SKIP: $why"; exit 77; }
replay=$1
for side in --kernel --list; do
	out=$("$replay" $side --list "$(dirname "$0")/kept") || { echo "$out"; exit 1; }
	set -- $(echo "$out" | grep '^all ') # cases, judged, agree
	[ "$2" -gt 0 ] && [ "$2" = "$4" ] || { echo "$out"; exit 1; }
done
