# record_lib.sh - what record.sh does with packages; sourced by it

# A Debian package in $work, unless it is there.
fetch() {
	set -- "$1" "$work/$1"_*.deb
	[ ! -f "$2" ] || return 0
	(cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$1" >/dev/null)
}

# Its files, in $work/root/PACKAGE.
unpack() {
	[ ! -d "$work/root/$1" ] || return 0
	fetch "$1" && mkdir -p "$work/root" && dpkg-deb -x "$work/$1"_*.deb "$work/root/$1"
}

# record FOLDER COMMAND...: the command with each program that it loads as a case.
record() {
	_to=$1; shift
	SKEP_RECORD=$_to LD_PRELOAD=$tools/record.so "$@"
}
