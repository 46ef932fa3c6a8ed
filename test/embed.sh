#!/bin/sh
# embed.sh BUILD CC: an application as the README's third reader writes it, against what
# `meson install` installs: with libskep.so through skep.pc, with libskep.a, and beside
# <linux/bpf.h>. No name of ours that is not skep_* may meet the application's own.
set -eu
build=$1; shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
DESTDIR=$dir meson install -C "$build" --no-rebuild --quiet >/dev/null
pc=$(find "$dir" -name skep.pc)
lib=$(dirname "$(find "$dir" -name libskep.a)")
cat >"$dir/app.c" <<'C'
#include <linux/bpf.h>
#include <stdio.h>
#include <skep/abi.h>
#include <skep/btf.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include <skep/load.h>
#include <skep/map.h>

int map_get(void) { return 7; } /* a name that libskep has inside */
int fuse(void) { return 1; }

int main(void)
{
	static const char text[] = "r0 = *(u8 *)(r1 + 8)\nr0 += 2\nexit\n";
	struct skep_insn code[8];
	union skep_attr attr = { .prog_type = SKEP_PROG_TYPE_TRACEPOINT };
	unsigned char ctx[16] = { [8] = 40 };
	struct skep_event event = { .ctx = ctx, .ctx_len = sizeof(ctx) };
	struct skep_engine *engine;
	struct skep_prog *prog;
	struct skep_cpu *cpu;
	uint64_t ret;
	int fd;

	attr.insn_cnt = (uint32_t)skep_asm(text, sizeof(text) - 1, NULL, code, 8, NULL);
	attr.insns = (uintptr_t)code;
	attr.license = (uintptr_t)"GPL";
	if (skep_engine_open(NULL, &engine))
		return 1;
	fd = skep_engine_sys(engine)->bpf(skep_engine_sys(engine), SKEP_PROG_LOAD, &attr,
					  sizeof(attr));
	if (fd < 0 || skep_prog_get(engine, fd, &prog))
		return 2;
	cpu = skep_enter(engine);
	if (skep_run(cpu, prog, &event, &ret, NULL))
		return 3;
	skep_leave(cpu);
	skep_prog_put(prog);
	skep_engine_close(engine);
	printf("%d %d\n", (int)ret, map_get() * fuse());
	return 0;
}
C
check() {
	got=$("$@") || { echo "exit code $? of $1"; exit 1; }
	[ "$got" = "42 7" ] || { echo "$1 printed '$got', expected '42 7'"; exit 1; }
}
include=$dir$(sed -n 's/^prefix=//p' "$pc")/include
"$@" -Wall -Wextra -Werror -I"$include" "$dir/app.c" -L"$lib" -lskep -o "$dir/shared"
check env LD_LIBRARY_PATH="$lib" "$dir/shared"
"$@" -I"$include" "$dir/app.c" "$lib/libskep.a" -pthread -o "$dir/static"
check "$dir/static"
if nm -D --defined-only "$lib/libskep.so" | grep -v ' skep_[a-z_0-9]*@@SKEP_0.1$' |
		grep -v ' A SKEP_0.1'; then
	echo "libskep.so exports names that are not skep_*@@SKEP_0.1"
	exit 1
fi
for flags in "--libs" "--cflags"; do
	command -v pkg-config >/dev/null || break
	PKG_CONFIG_PATH=$(dirname "$pc") pkg-config $flags skep >/dev/null
done
