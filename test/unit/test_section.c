/* section.def: every row is found, and means what libbpf says that it means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <stdio.h>
#include "section.h"
#include "skip.h"

static const struct {
	const char *name;
	bool exact;
	u32 type, attach;
} rows[] = {
#define SECTION(name, match, type, attach, how, flags) \
	{name, #match[0] == 'e', SKEP_PROG_TYPE_##type, attach},
#include "section.def"
#undef SECTION
};

static void every_row_is_found(void **state)
{
	char text[128];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct section_row *row = section_find(rows[i].name);

		assert_non_null(row);
		assert_string_equal(row->name, rows[i].name);
		assert_string_equal(section_target(row, rows[i].name), "");
		snprintf(text, sizeof(text), "?%s/a/b", rows[i].name);
		row = section_find(text);
		if (rows[i].exact)
			assert_true(!row || strcmp(row->name, rows[i].name));
		else
			assert_string_equal(section_target(row, text), "a/b");
	}
}

static void what_is_none_is_none(void **state)
{
	assert_null(section_find(""));
	assert_null(section_find("?"));
	assert_null(section_find("xd"));
	assert_null(section_find("xdpx"));
	assert_null(section_find(".text"));
	assert_null(section_find("cgroup/nonsense"));
}

static void libbpf_says_the_same(void **state)
{
	void *lib = dlopen("libbpf.so.1", RTLD_NOW);
	int (*by_name)(const char *, int *, int *) =
		lib ? dlsym(lib, "libbpf_prog_type_by_name") : NULL;
	void (*set_print)(void *) = lib ? dlsym(lib, "libbpf_set_print") : NULL;
	int known = 0;

	if (!by_name || !set_print)
		test_skip(__func__, "libbpf.so.1 is not installed (Debian: libbpf1)");
	set_print(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct section_row *row = section_find(rows[i].name);
		int type, attach;

		if (by_name(rows[i].name, &type, &attach))
			continue; /* newer than this libbpf */
		known++;
		if ((int)row->type != type || (int)row->attach_type != attach)
			fail_msg("%s: ours %d, %d; libbpf's %d, %d", rows[i].name,
				 row->type, row->attach_type, type, attach);
	}
	print_message("%d of %zu rows compared\n", known, ARRAY_SIZE(rows));
	assert_true(known > 60);
	dlclose(lib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(what_is_none_is_none),
		cmocka_unit_test(libbpf_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
