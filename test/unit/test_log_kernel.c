/* The log that BPF_PROG_LOAD writes, on engine and kernel: what is returned, how long the
 * log says that it is, and every byte of it, for buffers of all sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "bits.h"
#include "skip.h"

enum { ROOM = 1 << 16, LEVELS = 17 };
enum { LEVEL_STATS = 4 }; /* has the time that it took */

#define MANY(x) x x x x x x x x x x x x x x x x

static const char *const programs[] = {
	"r0 = 0\nexit\n",
	"exit\n",
	"r0 = r10\nexit\n",
	/* what level 1 takes back is longer than what it keeps */
	"r0 = *(u32 *)(r1 + 0)\nif r0 == 7 goto out\n" MANY(
		"r0 += 1\n") "exit\nout:\nr0 = 0\nexit\n",
	"r0 = *(u32 *)(r1 + 0)\nif r0 == 7 goto out\n" MANY(
		"r0 += 1\n") "exit\nout:\nr0 = r3\nexit\n",
	/* and shorter */
	"r0 = *(u32 *)(r1 + 0)\nif r0 == 7 goto out\nexit\nout:\n" MANY(
		"r0 = 1\n") "r0 = r3\nexit\n",
};

struct answer {
	int err;
	u32 size;
	char text[ROOM];
};

static void load(struct skep_sys *sys, const char *program, u32 level, u32 size, bool to,
		 struct answer *out)
{
	struct skep_insn code[64];
	int n = skep_asm(program, strlen(program), NULL, code, ARRAY_SIZE(code), NULL);
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_SCHED_CLS,
				.insns = u64_of(code),
				.insn_cnt = (u32)n,
				.license = u64_of("GPL"),
				.log_level = level,
				.log_size = size,
				.log_buf = to ? u64_of(out->text) : 0};

	assert_true(n > 0);
	memset(out, 0, sizeof(*out));
	memset(out->text, '#', ROOM - 1);
	attr.log_true_size = 7777; /* stays where there is no log */
	out->err = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	out->size = attr.log_true_size;
	if (out->err >= 0) {
		sys->close(sys, out->err);
		out->err = 0;
	}
}

struct sides {
	struct skep_sys *kernel, *engine;
};

static u32 ask(const struct sides *on, const char *program, u32 level, u32 size, bool to)
{
	static struct answer kernel, engine;

	load(on->kernel, program, level, size, to, &kernel);
	load(on->engine, program, level, size, to, &engine);
	if (kernel.err != engine.err ||
	    (!(level & LEVEL_STATS) &&
	     (kernel.size != engine.size || strcmp(kernel.text, engine.text))))
		fail_msg("level %u, size %u: %d, %u\n%.*s\nbut Linux %d, %u\n%.*s", level,
			 size, engine.err, engine.size, (int)size, engine.text,
			 kernel.err, kernel.size, (int)size, kernel.text);
	return kernel.size;
}

/* Each size up to one more than the log has. */
static void ask_sizes(const struct sides *on, const char *program, u32 level)
{
	u32 all = ask(on, program, level, ROOM, true);

	ask(on, program, level, 0, true);
	ask(on, program, level, 0, false);
	ask(on, program, level, 1, false);
	ask(on, program, level, UINT32_MAX >> 2, false);
	ask(on, program, level, (UINT32_MAX >> 2) + 1, true);
	if (!level || level & LEVEL_STATS || level == LEVELS - 1)
		return;
	assert_true(all < ROOM);
	for (u32 size = 1; size <= all + 1; size += size < all - 2 ? 1 + size / 8 : 1)
		ask(on, program, level, size, true);
	for (u32 size = all - 2; size <= all + 1; size++)
		ask(on, program, level, size, true);
	ask(on, program, level, 127, true);
	ask(on, program, level, 128, true);
}

static void logs_are_the_kernels(void **state)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .slots = 2};
	struct skep_engine *engine;
	struct sides on;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	assert_int_equal(skep_engine_open(&opts, &engine), 0);
	on = (struct sides){skep_sys_kernel(), skep_engine_sys(engine)};
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		for (u32 level = 0; level < LEVELS; level++)
			ask_sizes(&on, programs[i], level);
	skep_engine_close(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
