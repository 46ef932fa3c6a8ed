/* What the verifier says of the programs of verify_calls.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "last_words.h"
#include "verify.h"
#include "verify_calls.h"

enum { ROOM = 256, LOG = 1 << 18 };

struct fixture {
	struct skep_btf *btf;
	struct verify_map map[CALL_MAPS];
	struct btf_field field[CALL_MAPS][BTF_FIELDS];
	char text[LOG];
};

static void make_maps(struct fixture *f)
{
	for (u32 i = 0; i < CALL_MAPS; i++) {
		struct verify_map *m = &f->map[i];

		m->type = call_maps[i].type;
		m->key_size = call_maps[i].key_size;
		m->value_size = call_maps[i].value_size;
		m->max_entries = call_maps[i].max_entries;
		m->flags = call_maps[i].flags;
		if (!call_maps[i].value_type)
			continue;
		m->btf = f->btf;
		m->key_type = T_INT;
		m->value_type = call_maps[i].value_type;
		verify_find_fields(m, f->field[i]);
		assert_true(m->nfields > 0);
	}
	f->map[M_TEXT].frozen = (const u8 *)call_text;
	f->map[M_MAPS].inner = &f->map[M_ARRAY];
}

static int ask(struct fixture *f, const struct call_case *c, struct verify_result *result)
{
	static struct skep_insn code[ROOM];
	struct profile profile = {.bpf = true,
				  .perfmon = true,
				  .net_admin = true,
				  .admin = true,
				  .cpus = 2};
	struct skep_log log = {.buf = f->text, .size = LOG};
	int n = skep_asm(c->text, strlen(c->text), NULL, code, ROOM, NULL);
	struct verify_prog prog = {
		.type = c->type,
		.flags = c->flags,
		.gpl = true,
		.code = code,
		.n = (u32)n,
		.maps = f->map,
		.nmaps = CALL_MAPS,
	};

	assert_true(n > 0);
	if (c->funcs[0].type) {
		prog.btf = f->btf;
		prog.func_info = c->funcs;
		prog.func_info_size = 8;
		while (prog.nfunc_info < 4 && c->funcs[prog.nfunc_info].type)
			prog.nfunc_info++;
	}
	f->text[0] = 0;
	return verify(&prog, &profile, 1, &log, result);
}

static bool check(struct fixture *f, u32 i)
{
	const struct call_case *c = &call_cases[i];
	struct verify_result result;
	int err = -ask(f, c, &result);
	const char *line = last_words(f->text);
	bool same = err == c->err && result.processed == c->processed;

	if (same && err && c->message && strcmp(line, c->message))
		same = false;
	if (!same)
		print_message(
			"%u: %d, %u instructions, \"%s\", but Linux: %d, %u, \"%s\" "
			"for\n%s\n",
			i, err, result.processed, err ? line : "", c->err, c->processed,
			c->message ? c->message : "", c->text);
	return same;
}

static void test_calls_as_the_kernel_has_them(void **state)
{
	static struct fixture f;
	u8 blob[1024];
	u32 wrong = 0;

	assert_int_equal(skep_btf_parse(&f.btf, blob, call_btf(blob), NULL, "test", NULL),
			 0);
	make_maps(&f);
	for (u32 i = 0; i < ARRAY_SIZE(call_cases); i++)
		wrong += !check(&f, i);
	skep_btf_free(f.btf);
	assert_int_equal(wrong, 0);
}

static void test_a_moved_pointer_keeps_its_stack(void **state)
{
	static struct fixture f;
	struct verify_result result;
	u8 blob[1024];

	assert_int_equal(skep_btf_parse(&f.btf, blob, call_btf(blob), NULL, "test", NULL),
			 0);
	make_maps(&f);
	assert_int_equal(ask(&f, &call_moved, &result), 0);
	skep_btf_free(f.btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_as_the_kernel_has_them),
		cmocka_unit_test(test_a_moved_pointer_keeps_its_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
