/* The table of verify_calls.h is what the running kernel says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include "last_words.h"
#include "skip.h"
#include "verify_calls.h"

enum { ROOM = 256, LOG = 1 << 20 };

struct fixture {
	int btf, map[CALL_MAPS];
	char log[LOG];
};

static int bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return fd < 0 ? -errno : fd;
}

static int load_btf(void)
{
	u8 blob[1024];
	union skep_attr attr = {0};

	attr.btf_size = (u32)call_btf(blob);
	attr.btf = u64_of(blob);
	return bpf(SKEP_BTF_LOAD, &attr);
}

static int make_map(const struct fixture *f, u32 i)
{
	union skep_attr attr = {
		.map_type = call_maps[i].type,
		.key_size = call_maps[i].key_size,
		.value_size = call_maps[i].value_size,
		.max_entries = call_maps[i].max_entries,
		.map_flags = call_maps[i].flags,
		.map_extra = call_maps[i].extra,
	};

	if (call_maps[i].type == SKEP_MAP_TYPE_ARRAY_OF_MAPS)
		attr.inner_map_fd = (u32)f->map[M_ARRAY];
	if (call_maps[i].value_type) {
		attr.btf_fd = (u32)f->btf;
		attr.btf_key_type_id = T_INT;
		attr.btf_value_type_id = call_maps[i].value_type;
	}
	return bpf(SKEP_MAP_CREATE, &attr);
}

static void fill_text(int fd)
{
	u32 key = 0;
	union skep_attr attr = {0};

	attr.map_fd = (u32)fd;
	attr.key = u64_of(&key);
	attr.value = u64_of(call_text);
	assert_int_equal(bpf(SKEP_MAP_UPDATE_ELEM, &attr), 0);
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)fd;
	assert_int_equal(bpf(SKEP_MAP_FREEZE, &attr), 0);
}

static int ask(struct fixture *f, const struct call_case *c)
{
	static struct skep_insn code[ROOM];
	union skep_attr attr = {0};
	int n = skep_asm(c->text, strlen(c->text), NULL, code, ROOM, NULL);
	int fd;

	if (n < 0)
		fail_msg("no program: %s", c->text);
	attr.prog_type = c->type;
	attr.insns = u64_of(code);
	attr.insn_cnt = (u32)n;
	attr.license = u64_of("GPL");
	attr.log_level = 4 | 1;
	attr.log_buf = u64_of(f->log);
	attr.log_size = LOG;
	attr.prog_flags = c->flags;
	attr.fd_array = u64_of(f->map);
	if (c->funcs[0].type) {
		attr.prog_btf_fd = (u32)f->btf;
		attr.func_info = u64_of(c->funcs);
		attr.func_info_rec_size = 8;
		while (attr.func_info_cnt < 4 && c->funcs[attr.func_info_cnt].type)
			attr.func_info_cnt++;
	}
	f->log[0] = 0;
	fd = bpf(SKEP_PROG_LOAD, &attr);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -fd : 0;
}

static void test_the_table_is_the_kernels(void **state)
{
	static struct fixture f;
	u32 wrong = 0;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	f.btf = load_btf();
	assert_true(f.btf >= 0);
	for (u32 i = 0; i < CALL_MAPS; i++) {
		f.map[i] = make_map(&f, i);
		assert_true(f.map[i] >= 0);
	}
	fill_text(f.map[M_TEXT]);
	for (u32 i = 0; i < ARRAY_SIZE(call_cases); i++) {
		const struct call_case *c = &call_cases[i];
		int err = ask(&f, c);
		u32 processed = processed_of(f.log);
		const char *line = last_words(f.log);
		bool same = err == c->err && processed == c->processed;

		if (same && err && c->message && strcmp(line, c->message))
			same = false;
		if (same)
			continue;
		wrong++;
		print_message("CASE %u %d %u %s\n", i, err, processed, err ? line : "");
	}
	for (u32 i = 0; i < CALL_MAPS; i++)
		close(f.map[i]);
	close(f.btf);
	assert_int_equal(wrong, 0);
}

/* Once it does not refuse this, what is said in verify_calls.h is over. */
static void test_where_the_kernel_is_wrong(void **state)
{
	static struct fixture f;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	f.btf = load_btf();
	assert_int_equal(ask(&f, &call_moved), call_moved.err);
	assert_int_equal(processed_of(f.log), call_moved.processed);
	assert_string_equal(last_words(f.log), call_moved.message);
	close(f.btf);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_is_the_kernels),
		cmocka_unit_test(test_where_the_kernel_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
