# setup.sh - what ./demo and ./check share: find what is missing, install it, build.
#
# Sourced by a POSIX sh that has made the tree its working directory. Nothing here reads
# standard input or waits for a password. Set SKEP_NO_INSTALL=1 to install nothing.

tree=$(pwd -P)
LC_ALL=C DEBIAN_FRONTEND=noninteractive PYTHONDONTWRITEBYTECODE=1
export LC_ALL DEBIAN_FRONTEND PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# probe, kind, names for apt dnf pacman apk (- for none), what goes without it.
#   must: nothing works without it; want: installed where that can be done; ask: only
#   named, because it is large and its tests are few.
# On a bare Debian 12 the rows `must` and `want` download 135 MB, of which clang-19 is
# half (clang-14 would save 7 MB and cannot compile may_goto and arenas).
packages() {
	cat <<-'E'
	cc      must gcc              gcc             gcc      gcc          | a C compiler
	libc    must libc6-dev        glibc-devel     glibc    musl-dev     | the C library's headers
	meson   must meson            meson           meson    meson        | Meson
	ninja   must ninja-build      ninja-build     ninja    ninja        | Ninja
	cmocka  want libcmocka-dev    libcmocka-devel cmocka   cmocka-dev   | the unit tests
	clang   want clang-19         clang           clang    clang        | compiling BPF programs (prebuilt ones are used)
	pcap    want libpcap0.8       libpcap         libpcap  libpcap      | capture files
	tcpdump want tcpdump          tcpdump         tcpdump  tcpdump      | comparing with tcpdump
	strace  want strace           strace          strace   strace       | comparing with strace -c
	libbpf  want libbpf-dev       libbpf-devel    libbpf   libbpf-dev   | comparing with libbpf, and its programs on the engine
	mandoc  want mandoc           mandoc          mandoc   mandoc       | checking the manual pages
	bpftool want bpftool          bpftool         bpf      bpftool      | comparing with bpftool
	bpfgcc  ask  gcc-bpf          -               -        -            | compiling BPF programs with gcc
	E
}

compiles() { # includes on stdin, linker flags as arguments
	# /dev/null as output would be replaced by a root that links
	_out=$(mktemp) || return 1
	{ cat; echo 'int main(void) { return 0; }'; } |
		$cc -x c - -o "$_out" "$@" >/dev/null 2>&1
	_rc=$?
	rm -f "$_out"
	return $_rc
}

probe() {
	case $1 in
	cc)     for cc in ${CC:-} cc gcc clang clang-19; do have "$cc" && return; done; cc=cc; false ;;
	libc)   echo '#include <stdio.h>' | compiles ;;
	meson)  have meson ;;
	ninja)  have ninja || have ninja-build || have samu ;;
	cmocka) printf '#include <%s>\n' stdarg.h stddef.h setjmp.h stdint.h cmocka.h |
			compiles -lcmocka ;;
	clang)  bpf_clang >/dev/null ;;
	pcap)   compiles -l:libpcap.so.0.8 </dev/null || compiles -lpcap </dev/null ;;
	libbpf) echo '#include <bpf/libbpf.h>' | compiles -lbpf ;;
	bpfgcc) have bpf-gcc || have bpf-unknown-none-gcc ;;
	*)      have "$1" || [ -x "/usr/sbin/$1" ] ;;
	esac
}

# The clang that compiles BPF: the newest by name, as long as it has the target.
bpf_clang() {
	for _c in clang-19 clang-20 clang-21 clang clang-14; do
		have "$_c" && "$_c" --print-targets 2>/dev/null | grep -q bpfel &&
			echo "$_c" && return
	done
	return 1
}

# Sets `absent`: the probes of the rows that are not there.
look() {
	probe cc || : # sets cc, which other probes use
	absent=$(packages | while read -r _p _rest; do probe "$_p" || printf ' %s ' "$_p"; done)
}

is_absent() {
	case $absent in *" $1 "*) return 0 ;; esac
	return 1
}

# missing KIND COLUMN (apt, dnf, pac or apk): the package names of absent rows
missing() {
	packages | while read -r _p _kind _apt _dnf _pac _apk _why; do
		[ "$_kind" = "$1" ] && is_absent "$_p" || continue
		eval "_name=\$_$2"
		[ "$_name" = - ] || printf '%s ' "$_name"
	done
}

# without KIND...: what goes without the absent rows, a line each
without() {
	packages | while read -r _p _kind _apt _dnf _pac _apk _bar _why; do
		case " $* " in *" $_kind "*) ;; *) continue ;; esac
		! is_absent "$_p" || echo "$_p: $_why"
	done
}

manager() {
	for _m in apt-get:apt dnf:dnf pacman:pac apk:apk; do
		have "${_m%:*}" && echo "$_m" && return
	done
}

# The one command for an administrator.
admin_command() {
	case $1 in
	apt-get) echo "apt-get install --no-install-recommends $2" ;;
	dnf)     echo "dnf install $2" ;;
	pacman)  echo "pacman -S --needed $2" ;;
	apk)     echo "apk add $2" ;;
	esac
}

apt() {
	timeout 900 $as_root apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=60 \
		-o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
		-o Acquire::https::Timeout=20 "$@" </dev/null >>"$apt_log" 2>&1
}

# Lists are fetched only when they do not hold what is wanted, or hold what is gone.
apt_install() {
	apt install --no-install-recommends "$@" && return
	[ "${apt_updated:-}" ] && return 1
	apt_updated=yes
	apt update && apt install --no-install-recommends "$@"
}

# Sets as_root to what makes apt-get work: nothing for root, sudo for who may.
may_install() {
	as_root=
	[ -z "${SKEP_NO_INSTALL:-}" ] && have apt-get || return 1
	[ "$(id -u)" = 0 ] && return
	have sudo && sudo -n true </dev/null >/dev/null 2>&1 || return 1
	# sudo drops the environment
	as_root="sudo -n env LC_ALL=C DEBIAN_FRONTEND=noninteractive"
}

install_all() { # package names
	apt_log=$(mktemp)
	say "installing: $*"
	if ! apt_install "$@"; then
		for _p in "$@"; do # one that this Debian lacks must not stop the others
			apt_install "$_p" || say "cannot install $_p: $(grep '^[EW]:' "$apt_log" |
				tail -1 || true)"
		done
	fi
	rm -f "$apt_log"
}

# Installs what is missing, or says who could and what goes without it. Fails only where a
# C compiler, Meson or Ninja is still missing.
setup() {
	look
	_need=$(missing must apt)$(missing want apt)
	if [ "$_need" ] && may_install; then
		install_all $_need
		look
	fi
	_m=$(manager)
	_need=$(missing must "${_m#*:}")$(missing want "${_m#*:}")
	if [ "$_need" ]; then
		say "To have everything, an administrator runs:" \
			"$(admin_command "${_m%:*}" "$_need")"
	fi
	if [ "$(without must)" ]; then
		say "skep cannot be built here without $(without must | sed 's/^[a-z]*: //' |
			paste -sd, | sed 's/,/, /g')."
		return 1
	fi
	without want ask | sed 's/^/Going on without /' >&2
	CC=${CC:-$cc}
	export CC
}

# Each user has a build directory of their own: $SKEP_BUILD, else in the tree where they may
# write there, else in their cache, else in /tmp. Sets `build`.
find_build() {
	_uid=$(id -u)
	build=${SKEP_BUILD:-}
	[ -z "$build" ] || return 0
	build=$tree/build-$_uid
	_mine() { mkdir -p -m 0700 "$1" 2>/dev/null && [ -O "$1" ] && [ -w "$1" ]; }
	mkdir "$build" 2>/dev/null || :
	[ -d "$build" ] && [ -O "$build" ] && [ -w "$build" ] && return
	_key=$(printf %s "$tree" | cksum | cut -d' ' -f1)
	for _base in "${XDG_CACHE_HOME:-}/skep" "${HOME:-}/.cache/skep" "/tmp/skep-$_uid"; do
		case $_base in /skep|/.cache/skep) continue ;; esac
		_mine "$_base" || continue
		build=$_base/build-$_key
		_mine "$build" && return
	done
	say "no directory to build in: neither $tree nor \$XDG_CACHE_HOME nor /tmp can be written."
	return 1
}

# Configures where that is needed, and builds. What went wrong is shown.
build_all() {
	find_build || return 1
	[ -f "$build/libskep.so" ] || say "Building skep in $build; this takes a minute."
	if [ ! -f "$build/build.ninja" ]; then
		run_quiet meson setup "$build" "$tree" || return 1
	elif [ "$absent" != "$(cat "$build/absent" 2>/dev/null)" ]; then
		# what Meson did not find may have come since
		run_quiet meson setup --wipe "$build" "$tree" || return 1
	fi
	echo "$absent" >"$build/absent"
	run_quiet meson compile -C "$build"
}

run_quiet() {
	_log=$(mktemp)
	if "$@" </dev/null >"$_log" 2>&1; then rm -f "$_log"; return; fi
	say "failed: $*"
	tail -40 "$_log" >&2
	rm -f "$_log"
	return 1
}
