/* Native code does what the interpreter does, on random programs.
 *
 * test_native [PROGRAMS [SEED]] */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <skep/engine.h>
#include "prog.h"
#include "random_prog.h"

static u32 programs = 400;
static u64 seed = 42;

static struct skep_prog *load(struct skep_engine *engine, const struct skep_insn *code,
			      u32 n)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	union skep_attr attr = {
		.prog_type = SKEP_PROG_TYPE_SYSCALL,
		.insns = u64_of(code),
		.insn_cnt = n,
		.license = u64_of("GPL"),
		.prog_flags = SKEP_F_SLEEPABLE,
	};
	int fd = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	struct skep_prog *prog;

	if (fd < 0 || skep_prog_get(engine, fd, &prog))
		return NULL; /* too complex, once in some thousands */
	sys->close(sys, fd);
	return prog;
}

static u64 run(struct skep_engine *engine, struct skep_prog *prog)
{
	struct skep_cpu *cpu = skep_enter(engine);
	struct skep_event event = {0};
	u64 ret = 0;

	assert_int_equal(skep_run(cpu, prog, &event, &ret, NULL), 0);
	skep_leave(cpu);
	return ret;
}

static void random_programs_give_the_same(void **state)
{
	static struct skep_insn code[RANDOM_PROG_CALLS_ROOM];
	const struct skep_engine_opts native = {.size = sizeof(native), .native = true};
	struct skep_engine *engines[2];
	struct skep_prog *progs[2];
	u32 compiled = 0;

	assert_int_equal(skep_engine_open(&native, &engines[0]), 0);
	assert_int_equal(skep_engine_open(NULL, &engines[1]), 0);
	for (u32 i = 0; i < programs; i++) {
		u64 this = seed;
		u32 n = insn_random(&seed, code,
				    i % 2 ? RANDOM_PROG_CALLS_ROOM : RANDOM_PROG_ROOM);
		u64 got, want;

		progs[0] = load(engines[0], code, n);
		progs[1] = load(engines[1], code, n);
		if (progs[0] && progs[1]) {
			compiled += ((struct prog *)progs[0])->native != NULL;
			assert_null(((struct prog *)progs[1])->native);
			got = run(engines[0], progs[0]);
			want = run(engines[1], progs[1]);
			if (got != want)
				fail_msg("seed %llu: %llx is not %llx",
					 (unsigned long long)this,
					 (unsigned long long)got,
					 (unsigned long long)want);
		}
		skep_prog_put(progs[0]);
		skep_prog_put(progs[1]);
	}
	print_message("%u of %u programs compiled\n", compiled, programs);
	assert_true(compiled >= programs * 95 / 100);
	skep_engine_close(engines[0]);
	skep_engine_close(engines[1]);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_give_the_same),
	};

	if (argc > 1)
		programs = (u32)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
