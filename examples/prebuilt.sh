#!/bin/sh
# prebuilt.sh DIR OBJECT...: DIR has the same objects as those that were just compiled.
# `prebuilt.sh --update DIR OBJECT...` makes it so.
update=
[ "$1" != --update ] || { update=1; shift; }
dir=$1; shift

# The compiler's name stands in the object.
producer() { grep -ao 'clang version [0-9.]*[^[:cntrl:]]*' "$1" | head -1; }

code=0
for object; do
	old=$dir/$(basename "$object")
	[ -z "$update" ] || cp "$object" "$old"
	if [ "$(producer "$object")" != "$(producer "$old")" ]; then
		echo "SKIP $(basename "$old"): made by $(producer "$old"); here is $(producer "$object")"
	elif cmp -s "$object" "$old"; then
		echo "PASS $(basename "$old")"
	else
		echo "FAIL $(basename "$old"): is not what its source gives; run" \
			"examples/prebuilt.sh --update examples/prebuilt BUILD/examples/*.bpf.o"
		code=1
	fi
done
exit $code
