/* test_case.c - case files: what is written is read again, and damage is refused or read,
 * never followed */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "case.h"
#include "mem.h"
#include "os.h"

enum { DAMAGES = 2000 };

static char dir[] = "/tmp/skep-case-XXXXXX";

static const struct skep_insn code[] = {
	{.code = SKEP_LD | SKEP_IMM | SKEP_DW,
	 .dst_reg = 1,
	 .src_reg = SKEP_PSEUDO_MAP_IDX,
	 .imm = 1},
	{.imm = -1},
	{.code = SKEP_JMP | SKEP_CALL, .src_reg = SKEP_PSEUDO_KFUNC_CALL, .imm = 7},
	{.code = SKEP_JMP | SKEP_EXIT},
};

static void make(struct vcase *c)
{
	struct case_map *m;
	static u8 blob[2048], small[3] = {1, 2, 3}, value[8] = "content";

	memset(c, 0, sizeof(*c));
	memset(blob, 0xa5, sizeof(blob));
	c->name = (char *)"000 a case: with blanks/slashes";
	c->group = (char *)"some/object";
	c->prog_name = (char *)"prog";
	c->license = (char *)"Dual BSD/GPL";
	c->type = 6;
	c->caps = CASE_BPF | CASE_NET_ADMIN;
	c->target = (char *)"security_file_open";
	c->target_kind = SKEP_BTF_KIND_FUNC;
	*vec_push(&c->btfs) = (struct case_bytes){blob, sizeof(blob)};
	*vec_push(&c->btfs) = (struct case_bytes){small, sizeof(small)};
	m = vec_push(&c->maps);
	*m = (struct case_map){2,
			       4,
			       8,
			       1,
			       0x80,
			       1ull << 40,
			       -1,
			       1,
			       1,
			       3,
			       (char *)"inner",
			       NULL,
			       {value, sizeof(value)}};
	m = vec_push(&c->maps);
	*m = (struct case_map){12,   4,	 4, 1, 0, 0, 0, -1, 0, 0, (char *)"outer",
			       NULL, {0}};
	*vec_push(&c->ksyms) = (struct case_ksym){2, 12, (char *)"bpf_rcu_read_lock"};
	c->prog_btf = 0;
	c->func_info = (struct case_bytes){blob, 16};
	c->func_info_size = 8;
	c->code = (struct skep_insn *)code;
	c->n = ARRAY_SIZE(code);
	c->answer = (struct case_answer){13,
					 4,
					 3,
					 2,
					 1,
					 99,
					 (char *)"8+0",
					 (char *)"R1 is bad\nand that is all\n"};
	c->has_unpriv = true;
	c->unpriv = (struct case_answer){.err = 13, .message = (char *)"R1 leaks addr"};
}

static void path_of(char *path, size_t size)
{
	snprintf(path, size, "%s/some/object/000-a-case-with-blanks-slashes.case", dir);
}

static void same(const struct case_bytes *a, const struct case_bytes *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->at, b->at, a->len);
}

static void test_case_comes_back(void **unused)
{
	char text[300] = "", path[200];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct vcase in, out;
	size_t i;

	make(&in);
	assert_int_equal(case_write(&in, dir), 0);
	path_of(path, sizeof(path));
	assert_int_equal(case_read(&out, path, &log), 0);
	assert_string_equal(text, "");
	assert_string_equal(out.name, in.name);
	assert_string_equal(out.license, in.license);
	assert_string_equal(out.target, in.target);
	assert_int_equal(out.maps.n, 2);
	assert_int_equal(out.maps.at[0].extra, 1ull << 40);
	assert_int_equal(out.maps.at[1].inner, 0);
	assert_string_equal(out.maps.at[1].name, "outer");
	same(&out.maps.at[0].frozen, &in.maps.at[0].frozen);
	assert_int_equal(out.btfs.n, 2);
	for (i = 0; i < 2; i++)
		same(&out.btfs.at[i], &in.btfs.at[i]);
	same(&out.func_info, &in.func_info);
	assert_int_equal(out.n, in.n);
	assert_memory_equal(out.code, code, sizeof(code));
	assert_string_equal(out.ksyms.at[0].name, "bpf_rcu_read_lock");
	assert_int_equal(out.answer.err, 13);
	assert_int_equal(out.answer.usec, 99);
	assert_string_equal(out.answer.stack, "8+0");
	assert_string_equal(out.answer.message, in.answer.message);
	assert_true(out.has_unpriv);
	assert_int_equal(out.unpriv.err, 13);
	assert_string_equal(out.unpriv.message, "R1 leaks addr");
	case_free(&out);
	case_free(&in);
}

static int read_text(const char *text, size_t len, char *message, size_t size)
{
	struct skep_log log = {.buf = message, .size = size};
	char path[200];
	struct vcase c;
	FILE *f;
	int err;

	snprintf(path, sizeof(path), "%s/some/object/damaged", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	err = case_read(&c, path, &log);
	case_free(&c);
	return err;
}

static void test_case_refuses(void **unused)
{
	static const struct {
		const char *text, *why;
	} wrong[] = {
		{"skep-case 2\n", ":1: the first line must be"},
		{"skep-case 1\nnonsense 1\n", ":2: unknown word 'nonsense'"},
		{"skep-case 1\nprog 1\n", ":2: '' is not a number"},
		{"skep-case 1\nprog 4294967296 0 0\n",
		 "is not a number from 0 to 4294967295"},
		{"skep-case 1\nmap 2 4 8 1 0 0 0 -1 0 0 m\n", "what has not come yet"},
		{"skep-case 1\nmap 2 4 8 1 0 0 -1 0 0 0 m\n", "what has not come yet"},
		{"skep-case 1\nfrozen 1\n\t00\n", "before any map"},
		{"skep-case 1\nbtf 9 ../x\n", "must stand beside the case"},
		{"skep-case 1\nbtf 2\n\t00\n", "2 bytes expected, 1 are there"},
		{"skep-case 1\nbtf 1\n\t0\n", "bytes in hex"},
		{"skep-case 1\nbtf 1\n\t0000\n", "bytes in hex"},
		{"skep-case 1\ncode 7\n", "no whole instructions"},
		{"skep-case 1\nfunc_info 0 12\n", "not a number from 1"},
		{"skep-case 1\nfunc_info 8 12\n", "no whole records"},
		{"skep-case 1\nksym 0 12 f\n", "no instruction 0"},
		{"skep-case 1\nname nothing\n", "no code"},
	};
	char message[300];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		const char *text = wrong[i].text;

		message[0] = 0;
		assert_int_equal(read_text(text, strlen(text), message, sizeof(message)),
				 -EINVAL);
		if (!strstr(message, wrong[i].why))
			fail_msg("%s: '%s' expected", message, wrong[i].why);
	}
}

static void test_case_damage(void **unused)
{
	char path[200], message[300];
	u32 i, fine = 0;
	size_t len;
	void *text;
	char *copy;

	path_of(path, sizeof(path));
	assert_int_equal(os_read_file(path, 1 << 20, &text, &len), 0);
	copy = mem_alloc(len, 1);
	assert_non_null(copy);
	srandom(1);
	for (i = 0; i < DAMAGES; i++) {
		u32 n = 1 + (u32)random() % 3;

		memcpy(copy, text, len);
		while (n--)
			copy[(size_t)random() % len] = "\n\t 0f9-\0z"[random() % 9];
		fine += !read_text(copy,
				   len - (size_t)random() % 2 * ((size_t)random() % len),
				   message, sizeof(message));
	}
	assert_true(fine && fine < DAMAGES);
	mem_free(copy);
	mem_free(text);
}

static int make_dir(void **unused)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **unused)
{
	char command[60];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_case_comes_back),
		cmocka_unit_test(test_case_refuses),
		cmocka_unit_test(test_case_damage),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
