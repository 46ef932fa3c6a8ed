# tables.sh - comparing tables of strace -c; sourced by ./demo and by a test
# Needs $tmp, a directory for files.

# counts FILE: "syscall calls errors" of a table, by name
counts() {
	sed -n '/^------/,/^------/p' "$1" | awk '
		/^-/ { next }
		NF == 6 { print $6, $4, $5 }
		NF == 5 { print $5, $4, 0 }' | sort
}

# differences A B: the system calls whose calls or errors differ, a line each
differences() {
	counts "$1" >"$tmp/a"
	counts "$2" >"$tmp/b"
	join -a1 -a2 -e0 -o 0,1.2,1.3,2.2,2.3 "$tmp/a" "$tmp/b" |
		awk '$2 != $4 || $3 != $5 {
			printf "%s: %d calls, %d errors; there %d, %d\n", $1, $2, $3, $4, $5 }'
}
