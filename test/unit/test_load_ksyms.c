/* What programs name of the kernel becomes ids of its BTF, which an object of our own
 * stands in for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <skep/load.h>
#include "bits.h"
#include "bpfcc.h"
#include "fake_sys.h"
#include "skip.h"

#define HEAD \
	"#define SEC(n) __attribute__((section(n), used))\n" \
	"char _license[] SEC(\"license\") = \"GPL\";\n" \
	"struct task { int pid; };\n"

/* A variable of a type keeps it in the BTF. */
static const char kernel_source[] = HEAD
	"typedef void (*btf_trace_switch)(void *, int); btf_trace_switch keep;"
	"int a_kfunc(int x) { return x; }"
	"int bpf_lsm_open(struct task *t) { return 0; }"
	"int bpf_iter_task(struct task *t) { return 0; }"
	"struct task a_task; struct ops { int (*first)(void), (*second)(void); } kernel_ops;"
	"SEC(\"xdp\") int p(void *c) { return 0; }";

static struct fake_sys fake;
static char text[1 << 12];
static struct skep_log said = {.buf = text, .size = sizeof(text)};

static struct skep_object *compiled(const char *source)
{
	struct skep_object *obj;
	const char *cc = any_clang();
	char path[64];

	if (!cc)
		return NULL;
	text[said.len = 0] = '\0';
	assert_true(bpf_compile(cc, "-", source, path));
	assert_int_equal(skep_object_open(path, &obj, &said), 0);
	unlink(path);
	return obj;
}

static int load(const char *source, const struct skep_btf *kernel)
{
	const struct skep_load_opts opts = {.size = sizeof(opts), .vmlinux = kernel};
	struct skep_object *obj = compiled(source);
	int err;

	assert_non_null(obj);
	fake_init(&fake);
	err = skep_object_load(obj, &fake.sys, &opts, &said);
	skep_object_close(obj);
	assert_int_equal(fake_open_fds(&fake), 0);
	return err;
}

static const union skep_attr *loaded_attr(void)
{
	for (int i = fake.n_calls; i--;)
		if (fake.calls[i].cmd == SKEP_PROG_LOAD)
			return &fake.calls[i].attr;
	return NULL;
}

static void programs_attach_to_what_their_section_names(void **state)
{
	static const struct {
		const char *section, *name;
		enum skep_btf_kind kind;
		enum skep_prog_type type;
		enum skep_attach_type attach;
	} rows[] = {
		{"tp_btf/switch", "btf_trace_switch", SKEP_BTF_KIND_TYPEDEF,
		 SKEP_PROG_TYPE_TRACING, SKEP_TRACE_RAW_TP},
		{"fentry/a_kfunc", "a_kfunc", SKEP_BTF_KIND_FUNC, SKEP_PROG_TYPE_TRACING,
		 SKEP_TRACE_FENTRY},
		{"fexit.s/a_kfunc", "a_kfunc", SKEP_BTF_KIND_FUNC, SKEP_PROG_TYPE_TRACING,
		 SKEP_TRACE_FEXIT},
		{"lsm/open", "bpf_lsm_open", SKEP_BTF_KIND_FUNC, SKEP_PROG_TYPE_LSM,
		 SKEP_LSM_MAC},
		{"iter/task", "bpf_iter_task", SKEP_BTF_KIND_FUNC, SKEP_PROG_TYPE_TRACING,
		 SKEP_TRACE_ITER},
	};
	struct skep_object *kernel = compiled(kernel_source);

	if (!kernel)
		test_skip(__func__, NO_CLANG);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct skep_btf *btf = skep_object_btf(kernel);
		u32 id = skep_btf_find(btf, rows[i].name, rows[i].kind);
		char source[512];

		snprintf(source, sizeof(source),
			 HEAD "SEC(\"%s\") int p(void *c) { return 0; }",
			 rows[i].section);
		assert_true(id);
		assert_int_equal(load(source, btf), 0);
		assert_int_equal(loaded_attr()->attach_btf_id, id);
		assert_int_equal(loaded_attr()->prog_type, rows[i].type);
		assert_int_equal(loaded_attr()->expected_attach_type, rows[i].attach);
	}
	skep_object_close(kernel);
}

#define KSYM "__attribute__((section(\".ksyms\")))"
#define WEAK "__attribute__((section(\".ksyms\"), weak))"

/* The instruction of the last program that has this opcode, from the n-th on. */
static const struct skep_insn *insn_of(u8 code, u32 n)
{
	for (u32 i = 0; i < loaded_attr()->insn_cnt; i++)
		if (fake.insns[i].code == code && !n--)
			return &fake.insns[i];
	return NULL;
}

static void functions_and_variables_are_found_by_name(void **state)
{
	static const char source[] = HEAD
		"extern int a_kfunc(int) " KSYM "; extern int a_kfunc___v2(int) " KSYM ";"
		"extern int gone(int) " WEAK "; extern const struct task a_task " KSYM ";"
		"extern const struct task no_task " WEAK ";"
		"SEC(\"xdp\") int p(void *c) {"
		" if (gone) gone(1);"
		" if (&no_task) return 1;"
		" return a_kfunc(2) + a_kfunc___v2(3) + a_task.pid; }";
	enum { CALL = 0x85, LDDW = 0x18 };
	struct skep_object *kernel = compiled(kernel_source);
	const struct skep_btf *btf;
	u32 kfunc, var;

	if (!kernel)
		test_skip(__func__, NO_CLANG);
	btf = skep_object_btf(kernel);
	kfunc = skep_btf_find(btf, "a_kfunc", SKEP_BTF_KIND_FUNC);
	var = skep_btf_find(btf, "a_task", SKEP_BTF_KIND_VAR);
	assert_int_equal(load(source, btf), 0);
	/* what is not there is NULL, and its call a helper that no kernel has */
	assert_int_equal(insn_of(LDDW, 0)->src_reg, 0);
	assert_int_equal(insn_of(LDDW, 0)->imm, 0);
	assert_int_equal(insn_of(CALL, 0)->src_reg, 0);
	assert_true(insn_of(CALL, 0)->imm > 1 << 30);
	assert_int_equal(insn_of(LDDW, 1)->imm, 0);
	for (u32 i = 1; i <= 2; i++) {
		assert_int_equal(insn_of(CALL, i)->src_reg, SKEP_PSEUDO_KFUNC_CALL);
		assert_int_equal(insn_of(CALL, i)->imm, kfunc);
	}
	assert_int_equal(insn_of(LDDW, 2)->src_reg, SKEP_PSEUDO_BTF_ID);
	assert_int_equal(insn_of(LDDW, 2)->imm, var);
	skep_object_close(kernel);
}

/* The object's own struct has other members, and in another order. */
static void struct_ops_programs_are_for_a_member(void **state)
{
	static const char source[] = HEAD
		"struct ops___mine { char pad; int (*second)(void), (*third)(void); };"
		"SEC(\"struct_ops/second\") int p(void *c) { return 0; }"
		"SEC(\".struct_ops.link\") struct ops___mine mine[1];"
		"SEC(\".struct_ops.link\") struct ops___mine ours = {.second = (void *)p};";
	struct skep_object *kernel = compiled(kernel_source);
	const struct skep_btf *btf;

	if (!kernel)
		test_skip(__func__, NO_CLANG);
	btf = skep_object_btf(kernel);
	assert_int_equal(load(source, btf), 0);
	assert_int_equal(loaded_attr()->prog_type, SKEP_PROG_TYPE_STRUCT_OPS);
	assert_int_equal(loaded_attr()->attach_btf_id,
			 skep_btf_find(btf, "ops", SKEP_BTF_KIND_STRUCT));
	assert_int_equal(loaded_attr()->expected_attach_type, 1);
	skep_object_close(kernel);
}

static void what_is_not_there_is_said(void **state)
{
	static const struct {
		const char *source, *says;
	} rows[] = {
		{HEAD "SEC(\"fentry/gone\") int p(void *c) { return 0; }",
		 "'fentry/gone' attaches by the kernel's BTF, which has nothing of that"},
		{HEAD "SEC(\"struct_ops\") int p(void *c) { return 0; }",
		 "no variable of a section .struct_ops has it"},
		{HEAD "struct ops { int (*none)(void); };"
		      "SEC(\"struct_ops\") int p(void *c) { return 0; }"
		      "SEC(\".struct_ops\") struct ops o = {.none = (void *)p};",
		 "has no struct and member of those names"},
		{HEAD "SEC(\"fentry\") int p(void *c) { return 0; }",
		 "the section does not say to what"},
		{HEAD "extern int gone(void) " KSYM
		      "; SEC(\"xdp\") int p(void *c) { return gone(); }",
		 "'gone' is a function (kfunc) or variable of the kernel, and the kernel's "
		 "BTF has none of that name"},
		{HEAD "extern const void a_task " KSYM
		      "; SEC(\"xdp\") int p(void *c) { return &a_task == c; }",
		 "it is declared without a type (void)"},
	};
	struct skep_object *kernel = compiled(kernel_source);

	if (!kernel)
		test_skip(__func__, NO_CLANG);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(load(rows[i].source, skep_object_btf(kernel)) < 0);
		if (!strstr(text, rows[i].says))
			fail_msg("%s\nexpected '%s', got %s", rows[i].source,
				 rows[i].says, text);
	}
	skep_object_close(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_attach_to_what_their_section_names),
		cmocka_unit_test(struct_ops_programs_are_for_a_member),
		cmocka_unit_test(functions_and_variables_are_found_by_name),
		cmocka_unit_test(what_is_not_there_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
