#!/bin/sh
# test.sh STRACE_C engine|kernel SCRIPTS: the table has strace's form, and calls and errors
# equal those of strace -c -f
strace_c=$1 side=$2 scripts=$3
unset LD_PRELOAD LD_LIBRARY_PATH
LC_ALL=C; export LC_ALL
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
. "$scripts/tables.sh"
code=0

fail() { printf 'FAIL %s: %s\n' "$1" "$2"; code=1; }

# Two SIGCHLD that come close together are one signal, so how often the shell returns from
# its handler is a matter of timing.
steady() { grep -v '^rt_sigreturn:'; }

# A call that a signal interrupts is made again; a command gets three chances.
compare() { # NAME COMMAND...
	_name=$1; shift
	for _try in 1 2 3; do
		"$strace_c" --on "$side" "$@" >"$tmp/out" 2>"$tmp/err"
		_status=$?
		sed -n '/^% time/,$p' "$tmp/err" >"$tmp/ours"
		grep -q '^100\.00 .* total$' "$tmp/ours" || break
		strace -c -f -o "$tmp/strace" "$@" >"$tmp/out2" 2>/dev/null
		[ $_status = $? ] || { fail "$_name" "another exit code: $_status"; return; }
		cmp -s "$tmp/out" "$tmp/out2" || { fail "$_name" "another output"; return; }
		differences "$tmp/ours" "$tmp/strace" | steady >"$tmp/wrong"
		[ -s "$tmp/wrong" ] || { echo "PASS $_name"; return; }
	done
	if [ -s "$tmp/strace" ]; then
		fail "$_name" "$(paste -sd';' "$tmp/wrong")"
	else
		fail "$_name" "$(paste -sd' ' "$tmp/err")"
	fi
}

if [ "$side" = kernel ]; then
	why=$("$4") || { echo "SKIP: $why"; exit 77; }
fi
"$strace_c" --on "$side" sh -c 'exit 3' 2>"$tmp/err"
[ $? = 3 ] && echo "PASS exit-code" || fail exit-code "$(paste -sd' ' "$tmp/err")"
"$strace_c" --on "$side" sh -c 'kill -9 $$' 2>"$tmp/err"
[ $? = 137 ] && echo "PASS killed" || fail killed "$(paste -sd' ' "$tmp/err")"
if "$strace_c" --on "$side" /no/such/command 2>"$tmp/err"; then
	fail no-command "exit code 0"
else
	grep -q 'No such file' "$tmp/err" && echo "PASS no-command" ||
		fail no-command "$(paste -sd' ' "$tmp/err")"
fi
form='^% time     seconds  usecs/call     calls    errors syscall$'
form2='^------ ----------- ----------- --------- --------- -----------------*$'
"$strace_c" --on "$side" true 2>"$tmp/err"
grep -q "$form" "$tmp/err" && grep -q "$form2" "$tmp/err" && echo "PASS form" ||
	fail form "$(head -n 2 "$tmp/err" | paste -sd';')"

if ! command -v strace >/dev/null; then
	echo "SKIP calls: strace is not installed (Debian: strace)"
	exit $code
fi
# the shell puts its own name into what it prints, so both get the same
compare echo echo hello
compare errors sh -c 'cat /no/such/file; ls /no/such/dir; true'
compare children sh -c 'for i in 1 2 3; do /bin/true; done; (echo a; echo b) | sort | wc -l'
compare long ls -lR /usr/share/doc
exit $code
