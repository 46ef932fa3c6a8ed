#!/bin/sh
# pages.sh SOURCE_ROOT SKEP: each row of cmd.def has a help text and a manual page; the
# page names each option of the help text, skep.1 names the page, mandoc finds no fault.
set -u
root=$1 skep=$2 status=0
fail() { echo "$*"; status=1; }

names=$(sed -n 's/^CMD(\([a-z_0-9]*\),.*/\1/p' "$root/src/tool/cmd.def")
[ -n "$names" ] || fail "$root/src/tool/cmd.def: no row was found"
for name in $names; do
	page=$root/man/skep-$name.1
	"$skep" help | grep -q "^  $name " || fail "skep help: does not list $name"
	help=$("$skep" help "$name") || fail "skep help $name: failed"
	case $help in
	"usage: skep $name"*) ;;
	*) fail "src/tool/$name.c: help_$name does not begin with 'usage: skep $name'" ;;
	esac
	[ -f "$page" ] || { fail "$page: the manual page is missing"; continue; }
	grep -q "Xr skep-$name 1" "$root/man/skep.1" ||
		fail "$root/man/skep.1: no skep-$name"
	for option in $(echo "$help" | grep -o -e '--[a-z][a-z-]*' | sort -u); do
		grep -q -e "Fl ${option#-}" "$page" || fail "$page: nothing about $option"
	done
done
if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$root"/man/*.1 || status=1
elif [ $status = 0 ]; then
	echo "SKIP: mandoc is not installed, only names and options were checked"
	status=77
fi
exit $status
