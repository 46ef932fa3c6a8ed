#!/bin/sh
# roots.sh [CASE...]: ./check and ./demo in fresh roots of Debian 12, by debootstrap
#
# Run by hand, as root, with a network: it takes some minutes. The cases:
#   root       as root; installs what is missing, which must be under 150 MB
#   sudo       as a user who may use sudo without a password
#   user       as a user who may not, in a root that has everything
#   readonly   the same in a tree that the user cannot write
#   noapt      the same without apt-get
#   privileged as root in a pid namespace, as in a privileged container
#   container  the same without the capabilities for bpf(2)
#   bare       as a user without sudo in a bare root: a sentence and exit code 1, no hang
# The bare root is kept in $SKEP_ROOTS (/var/tmp/skep-roots). Every mount is made in a mount
# namespace of its own, so none outlives this script.
set -u
LC_ALL=C; export LC_ALL
tree=$(cd "$(dirname "$0")/.." && pwd -P)
roots=${SKEP_ROOTS:-/var/tmp/skep-roots}
mirror=${MIRROR:-http://deb.debian.org/debian}
all="root sudo user readonly noapt privileged container bare"
namespaces=--mount
failed=0

die() { echo "roots.sh: $*" >&2; exit 2; }
[ "$(id -u)" = 0 ] || die "needs root: it makes roots and mounts in them"
command -v debootstrap >/dev/null || die "debootstrap is not installed (apt-get install debootstrap)"

make_base() {
	[ -f "$roots/base/.made" ] && return
	rm -rf "$roots/base"
	mkdir -p "$roots"
	debootstrap --variant=minbase bookworm "$roots/base" "$mirror" >"$roots/base.log" 2>&1 ||
		die "debootstrap failed: $(tail -1 "$roots/base.log")"
	cat >"$roots/base/etc/apt/sources.list" <<-E
	deb $mirror bookworm main
	deb $mirror bookworm-updates main
	deb ${mirror}-security bookworm-security main
	E
	chroot "$roots/base" apt-get clean
	touch "$roots/base/.made"
}

# inside ROOT USER COMMAND...: in a mount namespace that ends with the command
inside() {
	_root=$1 _user=$2; shift 2
	cp /etc/resolv.conf "$_root/etc/resolv.conf"
	unshare $namespaces --propagation private sh -c '
		root=$1 user=$2; shift 2
		mount --bind "$root" "$root" && # so that / is a mount in there
		mount -t proc proc "$root/proc" &&
		mount --rbind /sys "$root/sys" &&
		mount --rbind /dev "$root/dev" || exit 2
		home=$(chroot "$root" getent passwd "$user" | cut -d: -f6)
		exec chroot --userspec="$user" --groups= "$root" env -i "HOME=$home" TERM=dumb \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' sh "$_root" "$_user" "$@" </dev/null
}

# put_tree ROOT DIR OWNER: the working tree without its history and builds
put_tree() {
	rm -rf "$1$2"
	mkdir -p "$1$2"
	tar -C "$tree" --exclude=./.git --exclude='./build*' -cf - . | tar -C "$1$2" -xf -
	chroot "$1" chown -R "$3" "$2"
}

add_user() { # ROOT
	chroot "$1" id dev >/dev/null 2>&1 || chroot "$1" useradd -m dev
}

copy_root() { # FROM TO
	rm -rf "$2"
	cp -a --reflink=auto "$1" "$2"
}

result() { # CASE STEP why, if it failed
	if [ -z "${3:-}" ]; then echo "PASS $1: $2"; return; fi
	echo "FAIL $1: $2: $3"
	failed=1
}

# both CASE ROOT USER DIR [COMMAND PREFIX...]: ./check, then ./demo
both() {
	_case=$1 _r=$2 _u=$3 _dir=$4; shift 4
	_log=$roots/$_case.log
	_start=$(date +%s)
	inside "$_r" "$_u" "$@" timeout 900 sh -c "cd $_dir && ./check" >"$_log" 2>&1
	_code=$? _took=$(($(date +%s) - _start))
	_last=$(tail -1 "$_log")
	case $_code:$_last in
	"0:"*" passed, 0 failed, "*" skipped")
		result "$_case" "./check ($_took s, with what it installed): $_last" ;;
	*)	result "$_case" ./check "exit code $_code, last line '$_last'; see $_log" ;;
	esac
	_log=$roots/$_case-demo.log
	_start=$(date +%s)
	inside "$_r" "$_u" "$@" timeout 300 sh -c "cd $_dir && ./demo" >"$_log" 2>&1
	_code=$? _took=$(($(date +%s) - _start))
	if [ $_code != 0 ]; then
		result "$_case" ./demo "exit code $_code; see $_log"
	elif ! grep -q '^100\.00 .* total$' "$_log"; then
		result "$_case" ./demo "no table in $_log"
	elif [ $_took -ge 10 ]; then
		result "$_case" ./demo "$_took s; from a built tree it must be under 10"
	else
		result "$_case" "./demo ($_took s)"
	fi
}

case_root() {
	copy_root "$roots/base" "$roots/full"
	put_tree "$roots/full" /opt/skep root
	both root "$roots/full" root /opt/skep
	_mb=$(du -cm "$roots/full"/var/cache/apt/archives/*.deb | tail -1 | cut -f1)
	if [ "$_mb" -lt 150 ]; then
		result root "downloaded $_mb MB of packages"
	else
		result root "downloads" "$_mb MB of packages; it must be under 150"
	fi
	touch "$roots/full/.made"
}

case_sudo() {
	copy_root "$roots/base" "$roots/sudo"
	inside "$roots/sudo" root sh -c 'apt-get -qq update; apt-get -qq install -y \
		--no-install-recommends sudo' >"$roots/sudo-setup.log" 2>&1
	add_user "$roots/sudo"
	echo 'dev ALL=(ALL) NOPASSWD: ALL' >"$roots/sudo/etc/sudoers.d/dev"
	put_tree "$roots/sudo" /home/dev/skep dev
	both sudo "$roots/sudo" dev /home/dev/skep
	rm -rf "$roots/sudo"
}

# The cases that need everything present share the root that the first one filled.
full() {
	[ -f "$roots/full/.made" ] || case_root
	add_user "$roots/full"
}

case_user() {
	full
	put_tree "$roots/full" /home/dev/skep dev
	both user "$roots/full" dev /home/dev/skep
}

case_readonly() {
	full
	put_tree "$roots/full" /opt/skep root
	both readonly "$roots/full" dev /opt/skep
}

case_noapt() {
	full
	copy_root "$roots/full" "$roots/noapt"
	rm -f "$roots/noapt"/usr/bin/apt* "$roots/noapt"/usr/bin/dpkg*
	put_tree "$roots/noapt" /home/dev/skep dev
	both noapt "$roots/noapt" dev /home/dev/skep
	rm -rf "$roots/noapt"
}

case_privileged() {
	full
	put_tree "$roots/full" /opt/skep root
	namespaces="--mount --pid --fork --kill-child"
	both privileged "$roots/full" root /opt/skep
	namespaces=--mount
}

case_container() {
	full
	namespaces="--mount --pid --fork --kill-child"
	put_tree "$roots/full" /opt/skep root
	both container "$roots/full" root /opt/skep \
		setpriv --bounding-set -sys_admin,-bpf,-perfmon,-sys_ptrace
	namespaces=--mount
}

case_bare() {
	copy_root "$roots/base" "$roots/bare"
	add_user "$roots/bare"
	put_tree "$roots/bare" /home/dev/skep dev
	inside "$roots/bare" dev timeout 60 sh -c 'cd /home/dev/skep && ./check' \
		>"$roots/bare.log" 2>&1
	_code=$?
	if [ $_code = 1 ] && grep -q 'apt-get install.*meson' "$roots/bare.log"; then
		result bare "./check names what an administrator must install"
	else
		result bare ./check "exit code $_code; see $roots/bare.log"
	fi
	rm -rf "$roots/bare"
}

for c in ${*:-$all}; do
	case " $all " in *" $c "*) ;; *) die "no case '$c'; there are: $all" ;; esac
done
make_base
[ $# -gt 0 ] || rm -rf "$roots/full"
for c in ${*:-$all}; do
	"case_$c"
done
exit $failed
