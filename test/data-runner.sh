#!/bin/sh
# data-runner.sh [--bless] SKEP FILE.t...: tests that are text
#
# A .t file holds cases: commands, their input and what must come out. The runner runs
# the commands and writes the file anew with what did come out; a difference is a
# failure, and with --bless the new text replaces the file (read the diff before you
# commit it). Each line says by its first character what it is:
#
#   # text         about the file or the next case; blank lines are kept as well
#   % command # why
#                  what the file needs: if the command fails, the file is skipped, and
#                  the reason is said
#   @ name         an input file of this name; its lines follow:
#   | text         one line of it
#   $ command      a case: a line for sh, in an empty directory of this file's own,
#                  with this build's `skep` first in PATH
#   < text         a line of its standard input
#   = text         a line that it must write to standard output
#   ! text         a line that it must write to standard error
#   ? number       its exit code, if that is not 0
#
# A lone marker is an empty line. =\ and !\ stand behind a last line that does not end
# in a newline. What differs between machines belongs through sed in the command itself.
#
# Prints a line PASS, FAIL or SKIP for each file, as HACKING.md has it. Exit code: 0 all
# passed or were skipped, 1 a failure.
set -u
LC_ALL=C TZ=UTC TERM=dumb; export LC_ALL TZ TERM
unset NO_COLOR

bless=
[ "${1-}" != --bless ] || { bless=1; shift; }
skep=$1; shift
PATH=$(cd "$(dirname "$skep")" && pwd):$PATH
RUNNER="$(cd "$(dirname "$0")" && pwd)/$(basename "$0")"
export PATH RUNNER
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
SKEP_DIR=$tmp/engine; export SKEP_DIR # not the one of who runs the tests

# a clang that is only there under a versioned name
for clang in clang-19 clang-20 clang-21 clang-14; do
	command -v clang >/dev/null && break
	command -v $clang >/dev/null || continue
	mkdir -p "$tmp/bin"
	ln -sf "$(command -v $clang)" "$tmp/bin/clang"
	PATH=$PATH:$tmp/bin
done

# marked MARK FILE: the file as lines of a .t file
marked() {
	[ -s "$2" ] || return 0
	sed -e "s/^/$1 /" -e "s/^$1 \$/$1/" "$2"
	[ -z "$(tail -c1 "$2" | tr -d '\n')" ] || printf '\n%s\\\n' "$1"
}

# run: the case in $command, with its results as text
run() {
	[ -n "$command" ] || return 0
	(cd "$tmp/dir" && exec sh -c "$command") <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	code=$?
	printf '$ %s\n' "$command"
	marked '<' "$tmp/in"
	marked = "$tmp/out"
	marked ! "$tmp/err"
	[ $code = 0 ] || echo "? $code"
	command=; : >"$tmp/in"
}

# replay <FILE.t: the file with what its commands really do
replay() {
	command=; : >"$tmp/in"
	while IFS= read -r line || [ -n "$line" ]; do
		text=${line#?}; text=${text# }
		case $line in
		'<'*) printf '%s\n' "$text" >>"$tmp/in"; continue ;;
		[=!?]*) continue ;;
		esac
		run
		case $line in
		'$'*) command=$text; continue ;;
		@*) file=$text; : >"$tmp/dir/$file" ;;
		'|'*) printf '%s\n' "$text" >>"$tmp/dir/$file" ;;
		esac
		printf '%s\n' "$line"
	done
	run
}

# needs <FILE.t: why the first need that is not met is not, or nothing
needs() {
	sed -n 's/^% *//p' | while IFS= read -r need; do
		(cd "$tmp/dir" && sh -c "$need") >/dev/null 2>&1 && continue
		echo "${need##* # }"
		break
	done
}

# one FILE.t: prints its result
one() {
	name=$(basename "$1" .t)
	rm -rf "$tmp/dir"; mkdir "$tmp/dir"
	need=$(needs <"$1")
	if [ -n "$need" ]; then
		echo "SKIP $name: $need"
		return 0
	fi
	replay <"$1" >"$tmp/new"
	if diff -u "$1" "$tmp/new" >"$tmp/diff"; then
		echo "PASS $name"
	elif [ -n "$bless" ]; then
		cat "$tmp/new" >"$1"
		echo "PASS $name: blessed"
	else
		echo "FAIL $name: $1, - expected, + came out"
		sed '1,2d; s/^/    /' "$tmp/diff"
		return 1
	fi
}

status=0
for t; do
	one "$t" || status=1
done
exit $status
