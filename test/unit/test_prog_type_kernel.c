/* The running kernel judges the context tables: each offset, size and direction that its
 * verifier takes, ours must take, and no other. With a program type's number as argument
 * it prints what the kernel takes, for the author of a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "skip.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include "rules.h"
#include "run.h"

static const u8 size_bits[] = {0x10, 0x08, 0x00, 0x18}; /* of 1, 2, 4, 8 bytes */

/* The first attach type that programs of the type are loaded for. */
static u32 usual(u32 type)
{
	u32 attach = 0;

	while (attach < 63 && rules_attach(type, attach))
		attach++;
	return attach;
}

static bool kernel_takes(u32 type, s16 off, u32 log2, bool write)
{
	u8 code = (u8)((write ? 0x63 : 0x61) | size_bits[log2]);
	struct skep_insn insns[] = {
		{0xb7, 2, 0, 0, 0},
		{code, write ? 1 : 0, write ? 2 : 1, off, 0},
		{0xb7, 0, 0, 0, 0},
		{0x95, 0, 0, 0, 0},
	};
	union skep_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.expected_attach_type = usual(type);
	attr.insns = u64_of(insns);
	attr.insn_cnt = ARRAY_SIZE(insns);
	attr.license = u64_of("GPL");
	if (rules_prog(type)->sleepable_only)
		attr.prog_flags = SKEP_F_SLEEPABLE;
	fd = syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return false;
	close((int)fd);
	return true;
}

struct bench {
	struct run run;
	struct prog prog;
	struct skep_event event;
	struct skep_world world;
	struct skep_packet packet;
	struct run_value values[RUN_VALUES];
	u8 ctx[70000], data[256];
};

static struct bench *bench_new(u32 type)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_int_equal(prog_set_type(&b->prog, type, usual(type)), 0);
	b->packet = (struct skep_packet){.head = b->data,
					 .data = b->data,
					 .tail = b->data + 64,
					 .end = b->data + sizeof(b->data)};
	b->run.prog = &b->prog;
	b->run.event = &b->event;
	b->event.world = &b->world;
	b->run.values = b->values;
	b->run.number = 1;
	if (b->prog.type->packet)
		b->event.packet = &b->packet;
	b->event.ctx = b->prog.type->setup ? NULL : b->ctx;
	b->event.ctx_len = b->prog.type->setup ? 0 : sizeof(b->ctx);
	run_begin(&b->run);
	return b;
}

static bool we_take(struct bench *b, s16 off, u32 size, bool write)
{
	u64 addr = u64_of(b->run.ctx) + (u64)(s64)off, v;
	struct region r;

	b->run.fault = 0;
	if (b->prog.fields)
		return run_in_ctx(&b->run, addr) &&
		       (write ? ctx_store(&b->run, addr, size, 0)
			      : ctx_load(&b->run, addr, size, false, &v));
	/* The checked interpreter does not ask for alignment in plain memory. */
	return off % (s16)size == 0 &&
	       run_find(&b->run, addr, size, write ? access_write : access_read, &r);
}

/* Memory whose parts are accessed whole: the verifier asks for that alone. */
static bool is_lax(const struct bench *b, u32 type)
{
	return !b->prog.fields && rules_ctx(type, usual(type))->nfields > 1;
}

static u32 compare(u32 type, s32 from, s32 to)
{
	struct bench *b = bench_new(type);
	u32 wrong = 0;

	for (s32 off = from; off < to; off++) {
		for (u32 k = 0; k < 8; k++) {
			u32 log2 = k & 3, size = 1u << log2;
			bool write = k & 4, ours = we_take(b, (s16)off, size, write);

			if (ours == kernel_takes(type, (s16)off, log2, write) ||
			    (ours && is_lax(b, type)))
				continue;
			print_error(
				"%s: %s of %u bytes at %d: we %s it, the kernel does%s\n",
				b->prog.type->name, write ? "store" : "load", size, off,
				ours ? "take" : "refuse", ours ? " not" : "");
			wrong++;
		}
	}
	free(b);
	return wrong;
}

static void need_kernel(const char *name)
{
	struct utsname u;

	if (no_bpf())
		test_skip(name, "%s", no_bpf());
	uname(&u);
	if (strverscmp(u.release, "6.18") < 0)
		test_skip(name, "the tables are those of Linux 6.18, and this is %s",
			  u.release);
}

static void tables_are_the_kernel_s(void **state)
{
	u32 n = 0;

	need_kernel(__func__);
	for (u32 type = 1; type < 64; type++) {
		const struct prog_type *t = prog_type(type);

		if (!t || rules_prog(type)->btf || t->ctx_size > 1000)
			continue;
		assert_int_equal(compare(type, -9, (s32)t->ctx_size + 9), 0);
		n++;
	}
	assert_true(n > 20);
}

/* A tracepoint program may read 8 bytes before its context, which is an oversight. */
static void long_contexts_end_where_the_kernel_s_do(void **state)
{
	need_kernel(__func__);
	assert_int_equal(compare(SKEP_PROG_TYPE_TRACEPOINT, 0, 40), 0);
	assert_int_equal(compare(SKEP_PROG_TYPE_TRACEPOINT, 8176, 8208), 0);
	assert_int_equal(compare(SKEP_PROG_TYPE_SYSCALL, -9, 40), 0);
	assert_int_equal(compare(SKEP_PROG_TYPE_SYSCALL, 32752, 32768), 0);
}

static int mine(u32 type)
{
	if (!prog_type(type))
		return 1;
	for (s32 off = 0; off < (s32)prog_type(type)->ctx_size; off++) {
		char row[] = "--------";

		for (u32 k = 0; k < 8; k++) {
			if (kernel_takes(type, (s16)off, k & 3, k & 4))
				row[k] = k & 4 ? 'W' : 'R';
		}
		if (strcmp(row, "--------"))
			print_message("%4d %s\n", off, row);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_the_kernel_s),
		cmocka_unit_test(long_contexts_end_where_the_kernel_s_do),
	};

	if (argc > 1)
		return mine((u32)atoi(argv[1]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
