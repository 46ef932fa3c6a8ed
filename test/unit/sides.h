/* sides.h - a BPF object of test/bpf on the engine and on the kernel: both give the same
 * answers, which the program leaves in its .bss; include after cmocka.h
 */
#ifndef SIDES_H
#define SIDES_H

#include <skep/engine.h>
#include <skep/load.h>
#include "bits.h"
#include "bpfcc.h"
#include "skip.h"

enum { OUT = 64 };

static struct skep_engine *engine;
static char path[64], text[1 << 16];
static const char *compiled; /* what path[] is of */
static struct skep_log said = {.buf = text, .size = sizeof(text)};

struct side {
	struct skep_sys *sys;
	struct skep_object *obj;
	struct skep_object_map *bss;
};

/* How many sides there are: side 0 is the engine, side 1 the kernel where it serves.
 * Compiles `file`, once as long as no other is asked for; skips test `name` where nothing
 * can. */
static u32 sides_by(const char *name, const char *file, const char *cc, const char *why)
{
	if (!cc)
		test_skip(name, "%s", why);
	if (compiled != file) {
		if (path[0])
			unlink(path);
		if (!bpf_compile(cc, file, NULL, path))
			fail_msg("%s does not compile %s", cc, file);
		compiled = file;
	}
	return no_bpf() ? 1 : 2;
}

__attribute__((unused)) static u32 sides(const char *name, const char *file)
{
	return sides_by(name, file, any_clang(), NO_CLANG);
}

static void side_open(struct side *s, u32 i)
{
	said.len = 0;
	s->sys = i ? skep_sys_kernel() : skep_engine_sys(engine);
	if (skep_object_open(path, &s->obj, &said) ||
	    skep_object_load(s->obj, s->sys, NULL, &said))
		fail_msg("%s: %s", s->sys->name, text);
	s->bss = skep_object_find_map(s->obj, ".bss");
}

/* Runs the program that `attr` says all else of; `out`: NULL, or what it left in its
 * memory. What it returned. */
static inline u32 side_run(struct side *s, const char *name, union skep_attr *attr,
			   u64 out[OUT])
{
	int err;

	attr->test.prog_fd = (u32)skep_object_find_prog(s->obj, name)->fd;
	err = s->sys->bpf(s->sys, SKEP_PROG_TEST_RUN, attr, sizeof(*attr));
	if (err)
		fail_msg("%s on the %s: error %d", name, s->sys->name, err);
	if (out)
		memcpy(out, s->bss->data, OUT * sizeof(*out));
	return attr->test.retval;
}

static void same(const struct side *s, const char *name, const u64 *out, const s64 *want,
		 u32 n)
{
	for (u32 k = 0; k < n; k++) {
		if ((s64)out[k] != want[k])
			fail_msg("%s on the %s: out[%u] is %lld, not %lld", name,
				 s->sys->name, k, (long long)out[k], (long long)want[k]);
	}
}

static int open_engine(void **state)
{
	return skep_engine_open(NULL, &engine);
}

static int close_engine(void **state)
{
	skep_engine_close(engine);
	if (path[0])
		unlink(path);
	return 0;
}

#endif
