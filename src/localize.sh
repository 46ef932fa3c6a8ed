#!/bin/sh
# localize.sh OUT.a LIB.a...: all members of the archives in one object whose hidden
# symbols are local, in an archive of its own.
set -eu
out=$1; shift
obj=${out%.a}.o
${LD:-ld} -r -o "$obj" --whole-archive "$@"
${OBJCOPY:-objcopy} --localize-hidden "$obj"
rm -f "$out"
${AR:-ar} rcs "$out" "$obj"
rm -f "$obj"
