#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <skep/load.h>
#include "bpfcc.h"
#include "btf.h"
#include "fake_sys.h"
#include "mem.h"
#include "os.h"
#include "skip.h"

static char text[1 << 16];
static struct skep_log said = {.buf = text, .size = sizeof(text)};
static struct fake_sys fake;

static struct skep_log *fresh_log(void)
{
	text[0] = '\0';
	said.len = 0;
	return &said;
}

static struct skep_object *open_file(const char *cc, const char *file)
{
	struct skep_object *obj;
	char path[64];
	void *data;
	size_t len;
	int err;

	if (!bpf_compile(cc, file, NULL, path))
		fail_msg("%s does not compile %s", cc, file);
	assert_int_equal(os_read_file(path, 1 << 24, &data, &len), 0);
	unlink(path);
	err = skep_object_open_memory(data, len, "dir/loader.bpf.o", &obj, fresh_log());
	mem_free(data);
	if (err)
		fail_msg("%s: %s", cc, text);
	return obj;
}

static void each_compiler(const char *name, void (*fn)(const char *cc))
{
	int n = 0;

	for (int i = 0; i < N_BPF_COMPILERS; i++) {
		if (!has_compiler(bpf_compilers[i]))
			continue;
		fn(bpf_compilers[i]);
		n++;
	}
	if (!n)
		test_skip(name, NO_CLANG);
}

static void check_map(struct skep_object *obj, const char *name, u32 type, u32 key,
		      u32 value, u32 entries, u32 flags)
{
	const struct skep_object_map *m = skep_object_find_map(obj, name);

	if (!m)
		fail_msg("no map '%s'", name);
	assert_int_equal(m->type, type);
	assert_int_equal(m->key_size, key);
	assert_int_equal(m->value_size, value);
	assert_int_equal(m->max_entries, entries);
	assert_int_equal(m->flags, flags);
}

static void check_prog(struct skep_object *obj, const char *name, u32 type, u32 attach)
{
	const struct skep_object_prog *p = skep_object_find_prog(obj, name);

	if (!p)
		fail_msg("no program '%s'", name);
	assert_int_equal(p->type, type);
	assert_int_equal(p->attach_type, attach);
	assert_int_equal(p->skip, !strcmp(name, "unused"));
}

static void parse_one(const char *cc)
{
	struct skep_object *obj = open_file(cc, TEST_BPF "/loader.bpf.c");
	const struct skep_object_map *m;
	u32 n;

	check_map(obj, "counts", SKEP_MAP_TYPE_HASH, 4, 24, 16, 0);
	check_map(obj, "percpu", SKEP_MAP_TYPE_PERCPU_ARRAY, 4, 12, 2, 0);
	check_map(obj, "events", SKEP_MAP_TYPE_RINGBUF, 0, 0, 5000, 0);
	check_map(obj, ".bss", SKEP_MAP_TYPE_ARRAY, 4, 4, 1, SKEP_F_MMAPABLE);
	check_map(obj, ".data.own", SKEP_MAP_TYPE_ARRAY, 4, 4, 1, SKEP_F_MMAPABLE);
	m = skep_object_find_map(obj, ".bss");
	assert_string_equal(m->kernel_name, "loader.bss");
	m = skep_object_find_map(obj, ".data.own");
	assert_string_equal(m->kernel_name, ".data.own");
	assert_int_equal(*(int *)m->data, 9);
	m = skep_object_find_map(obj, ".data");
	assert_memory_equal(m->data, &(long){40}, 8);
	if (!is_gcc(cc)) { /* gcc has const volatile in .data */
		m = skep_object_find_map(obj, ".rodata");
		assert_string_equal(m->kernel_name, "loader.rodata");
		assert_int_equal(m->flags, SKEP_F_MMAPABLE | SKEP_F_RDONLY_PROG);
	}
	check_prog(obj, "count", SKEP_PROG_TYPE_TRACEPOINT, 0);
	check_prog(obj, "raw", SKEP_PROG_TYPE_RAW_TRACEPOINT, 0);
	check_prog(obj, "loops", SKEP_PROG_TYPE_SOCKET_FILTER, 0);
	check_prog(obj, "pass", SKEP_PROG_TYPE_XDP, SKEP_XDP);
	check_prog(obj, "unused", SKEP_PROG_TYPE_XDP, SKEP_XDP);
	skep_object_progs(obj, &n);
	assert_int_equal(n, 5);
	assert_null(skep_object_find_prog(obj, "twice"));
	assert_string_equal(skep_object_license(obj), "Dual BSD/GPL");
	skep_object_close(obj);
}

static void objects_are_parsed(void **state)
{
	each_compiler(__func__, parse_one);
}

/* The functions of a program, as its func_info names them. */
static void check_functions(const struct fake_call *call, const struct skep_btf *btf)
{
	const struct skep_func_info *f = (void *)(uintptr_t)call->attr.func_info;
	const struct skep_line_info *l = (void *)(uintptr_t)call->attr.line_info;
	u32 n = call->attr.insn_cnt;

	assert_true(call->attr.func_info_cnt >= 1);
	assert_int_equal(f[0].insn_off, 0);
	assert_string_equal(btf_name(btf, f[0].type_id), call->attr.prog_name);
	for (u32 i = 0; i < call->attr.func_info_cnt; i++) {
		assert_int_equal(btf_kind_of(btf, f[i].type_id), SKEP_BTF_KIND_FUNC);
		assert_true(f[i].insn_off < n &&
			    (!i || f[i].insn_off > f[i - 1].insn_off));
	}
	for (u32 i = 0; i < call->attr.line_info_cnt; i++)
		assert_true(l[i].insn_off < n &&
			    (!i || l[i].insn_off > l[i - 1].insn_off));
}

/* "twice" is appended once although two functions call it, and every call lands on a
 * function's first instruction. */
static void check_calls(const struct skep_object_prog *p)
{
	int calls = 0;

	for (u32 i = 0; i < p->ninsns; i++) {
		const struct skep_insn *in = &p->insns[i];
		s64 to = (s64)i + 1 + in->imm;

		if (in->code == 0x18) {
			i++;
			continue;
		}
		if (in->code != 0x85 || in->src_reg != SKEP_PSEUDO_CALL)
			continue;
		calls++;
		assert_true(to > 0 && to < p->ninsns);
		assert_true(p->insns[to - 1].code == 0x95 ||
			    p->insns[to - 1].code == 0x05);
	}
	assert_int_equal(calls, 2);
}

static void plan_one(const char *cc)
{
	struct skep_object *obj = open_file(cc, TEST_BPF "/loader.bpf.c");
	const struct skep_object_prog *p;
	struct skep_btf *btf;
	size_t len;

	const void *data;

	assert_int_equal(skep_object_plan(obj, fresh_log()), 0);
	check_calls(skep_object_find_prog(obj, "count"));
	assert_int_equal(skep_object_find_prog(obj, "pass")->ninsns, 2);
	p = skep_object_find_prog(obj, "unused");
	assert_null(p->insns);
	data = skep_btf_data(skep_object_btf(obj), &len);
	if (btf_parse(&btf, data, len, NULL, BTF_RULES_LOAD, cc, fresh_log()))
		fail_msg("%s", text);
	skep_btf_free(btf);
	skep_object_close(obj);
}

static void programs_are_put_together(void **state)
{
	each_compiler(__func__, plan_one);
}

static const struct fake_call *next_call(enum skep_cmd cmd, int *from)
{
	while (*from < fake.n_calls) {
		const struct fake_call *c = &fake.calls[(*from)++];

		if (c->cmd == cmd)
			return c;
	}
	fail_msg("call %d was not made", (int)cmd);
	return NULL;
}

static void check_map_refs(const struct skep_object *obj,
			   const struct skep_object_prog *p)
{
	int maps = 0, values = 0;

	for (u32 i = 0; i < p->ninsns; i++) {
		const struct skep_insn *in = &p->insns[i];

		if (in->code != 0x18)
			continue;
		if (in->src_reg == SKEP_PSEUDO_MAP_FD)
			maps += fake.infos[in->imm].type != SKEP_MAP_TYPE_ARRAY;
		if (in->src_reg == SKEP_PSEUDO_MAP_VALUE)
			values += fake.infos[in->imm].type == SKEP_MAP_TYPE_ARRAY &&
				  (u32)in[1].imm < fake.infos[in->imm].value_size;
		i++;
	}
	assert_int_equal(maps, 3); /* lookup, update, output */
	assert_true(values >= 3);  /* only_tgid, total, step, zero */
}

static void load_one(const char *cc)
{
	struct skep_object *obj = open_file(cc, TEST_BPF "/loader.bpf.c");
	const struct fake_call *c;
	int at = 0;

	fake_init(&fake);
	if (skep_object_load(obj, &fake.sys, NULL, fresh_log()))
		fail_msg("%s: %s", cc, text);
	assert_string_equal(text, "");
	assert_int_equal(fake.calls[0].cmd, SKEP_BTF_LOAD);
	c = next_call(SKEP_MAP_CREATE, &at);
	assert_int_equal(skep_object_find_map(obj, "events")->max_entries, 8192);
	assert_true(c->attr.btf_fd > 0 || !c->attr.btf_value_type_id);
	next_call(SKEP_MAP_UPDATE_ELEM, &at);
	for (int i = 0; i < 4; i++)
		check_functions(next_call(SKEP_PROG_LOAD, &at), skep_object_btf(obj));
	assert_int_equal(at, fake.n_calls);
	check_map_refs(obj, skep_object_find_prog(obj, "count"));
	assert_int_equal(fake.mapped, is_gcc(cc) ? 3 : 4);
	assert_int_equal(skep_object_load(obj, &fake.sys, NULL, fresh_log()), -EBUSY);
	skep_object_close(obj);
	assert_int_equal(fake_open_fds(&fake), 0);
	assert_int_equal(fake.mapped, 0);
}

static void loading_makes_the_right_calls(void **state)
{
	each_compiler(__func__, load_one);
}

static void every_failure_is_cleaned_up(void **state)
{
	const char *cc = any_clang();
	int err = -1;

	if (!cc)
		test_skip(__func__, NO_CLANG);
	for (int i = 0; err; i++) {
		struct skep_object *obj = open_file(cc, TEST_BPF "/loader_clang.bpf.c");

		fake_init(&fake);
		fake.fail_at = i;
		fake.fail_with = -E2BIG;
		err = skep_object_load(obj, &fake.sys, NULL, fresh_log());
		if (err) {
			assert_int_equal(err, -E2BIG);
			assert_non_null(strstr(text, "dir/loader.bpf.o: "));
		}
		assert_true(err || i > 10);
		assert_int_equal(fake_open_fds(&fake) && err, 0);
		skep_object_close(obj);
		assert_int_equal(fake_open_fds(&fake), 0);
		assert_int_equal(fake.mapped, 0);
	}
}

static int open_and_load(const void *data, size_t len)
{
	struct skep_object *obj;
	int err = skep_object_open_memory(data, len, "m.o", &obj, NULL);

	fake_init(&fake);
	if (!err)
		err = skep_object_load(obj, &fake.sys, NULL, NULL);
	skep_object_close(obj);
	return err;
}

static void no_memory_is_an_error(void **state)
{
	const char *cc = any_clang();
	char path[64];
	size_t len;
	void *data;
	int err = -1;

	if (!cc)
		test_skip(__func__, NO_CLANG);
	assert_true(bpf_compile(cc, TEST_BPF "/loader.bpf.c", NULL, path));
	assert_int_equal(os_read_file(path, 1 << 24, &data, &len), 0);
	unlink(path);
	for (long n = 0; err; n++) {
		mem_fail_after(n);
		err = open_and_load(data, len);
		mem_fail_after(-1);
		assert_true(!err || err == -ENOMEM);
		assert_int_equal(fake_open_fds(&fake), 0);
	}
	mem_free(data);
}

#define HEAD \
	"#define SEC(n) __attribute__((section(n), used))\n" \
	"#define __uint(n, v) int (*n)[v]\n" \
	"char _license[] SEC(\"license\") = \"GPL\";\n"

/* A source that clang takes and the loader must not. */
static const struct refused {
	const char *source, *says;
	int err;
} refusals[] = {
	{"SEC(\"xpd\") int p(void *c) { return 0; }", "no kind of program is named 'xpd'",
	 -EINVAL},
	{"SEC(\"fentry/foo\") int p(void *c) { return 0; }",
	 "attaches by the kernel's BTF, which cannot be read here", -EOPNOTSUPP},
	{"SEC(\"freplace/foo\") int p(void *c) { return 0; }",
	 "attaches by the kernel's BTF, and to programs, which skep does not do yet",
	 -EOPNOTSUPP},
	{"int f(void) __attribute__((section(\".ksyms\"))); SEC(\"xdp\") int p(void *c) { return "
	 "f(); }",
	 "'f' is a function (kfunc) or variable of the kernel, and the kernel's BTF cannot be "
	 "read",
	 -EOPNOTSUPP},
	{"struct task { int pid; } __attribute__((preserve_access_index));"
	 "SEC(\"xdp\") int p(struct task *t) { return t->pid; }",
	 "needs CO-RE, which skep does not do yet: struct task, access 0:0", -EOPNOTSUPP},
	{"int x; int static_free(void) { return 1; }", "there is no program in it",
	 -ENOENT},
	{"struct { __uint(type, 1); __uint(colour, 3); } m SEC(\".maps\");"
	 "SEC(\"xdp\") int p(void *c) { return 0; }",
	 "map 'm': attribute 'colour': expected", -EINVAL},
	{"struct { __uint(max_entries, 1); } m SEC(\".maps\");"
	 "SEC(\"xdp\") int p(void *c) { return 0; }",
	 "map 'm' has no type", -EINVAL},
	{"struct { __uint(type, 1); __uint(key_size, 8); int *key; } m SEC(\".maps\");"
	 "SEC(\"xdp\") int p(void *c) { return 0; }",
	 "attribute 'key': expected the size that was given before", -EINVAL},
	{"struct { int type; } m SEC(\".maps\"); SEC(\"xdp\") int p(void *c) { return 0; }",
	 "attribute 'type': expected __uint", -EINVAL},
	{"struct { __uint(type, 1); __uint(pinning, 7); } m SEC(\".maps\");"
	 "SEC(\"xdp\") int p(void *c) { return 0; }",
	 "LIBBPF_PIN_BY_NAME", -EINVAL},
	{"struct { int a, b, c; } m SEC(\"maps\"); SEC(\"xdp\") int p(void *c) { return 0; }",
	 "map 'm' of 0xc bytes; struct bpf_map_def has 20", -EINVAL},
	{"struct { int a[6]; } m SEC(\"maps\") = { { 2, 4, 4, 1, 0, 5 } };"
	 "SEC(\"xdp\") int p(void *c) { return 0; }",
	 "has attributes behind the 20 bytes", -EOPNOTSUPP},
	{"int x SEC(\".addr_space.1\") = 1; SEC(\"xdp\") int p(void *c) { return x; }",
	 "variables in an arena, and no map of SEC(\".maps\") is one", -ENOENT},
	{"struct { __uint(type, 33); __uint(max_entries, 1); } m SEC(\".maps\");"
	 "int x[9999] SEC(\".addr_space.1\") = {1}; SEC(\"xdp\") int p(void *c) { return 0; }",
	 "39996 bytes of variables do not fit into arena 'm'", -E2BIG},
	{"struct { __uint(type, 33); __uint(max_entries, 1); } m SEC(\".maps\"), n "
	 "SEC(\".maps\"); SEC(\"xdp\") int p(void *c) { return 0; }",
	 "map 'n' is an arena, and so is 'm'; an object has one", -EINVAL},
	{"extern int CONFIG_NO_SUCH_THING __attribute__((section(\".kconfig\")));"
	 "SEC(\"xdp\") int p(void *c) { return CONFIG_NO_SUCH_THING; }",
	 "'CONFIG_NO_SUCH_THING' has no value here", -ENODATA},
};

static void what_cannot_be_done_is_said(void **state)
{
	const char *cc = any_clang();

	if (!cc)
		test_skip(__func__, NO_CLANG);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refused *r = &refusals[i];
		struct skep_object *obj = NULL;
		char source[2048], path[64];
		int err;

		snprintf(source, sizeof(source), "%s%s\n", HEAD, r->source);
		if (!bpf_compile(cc, NULL, source, path))
			fail_msg("does not compile: %s", source);
		fake_init(&fake);
		err = skep_object_open(path, &obj, fresh_log());
		if (!err)
			err = skep_object_load(obj, &fake.sys, NULL, &said);
		unlink(path);
		skep_object_close(obj);
		if (err != r->err || !strstr(text, r->says))
			fail_msg("%s\nexpected %d '%s', got %d: %s", r->source, r->err,
				 r->says, err, text);
		assert_int_equal(fake_open_fds(&fake), 0);
	}
}

/* What one program needs does not stop the others. */
static void a_skipped_program_stops_nobody(void **state)
{
	static const char source[] =
		HEAD "struct task { int pid; } __attribute__((preserve_access_index));"
		     "SEC(\"xdp\") int core(struct task *t) { return t->pid; }"
		     "SEC(\"xdp\") int plain(void *c) { return 1; }";
	const char *cc = any_clang();
	struct skep_object *obj;
	char path[64];

	if (!cc)
		test_skip(__func__, NO_CLANG);
	assert_true(bpf_compile(cc, NULL, source, path));
	assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
	unlink(path);
	skep_object_find_prog(obj, "core")->skip = true;
	fake_init(&fake);
	assert_int_equal(skep_object_load(obj, &fake.sys, NULL, &said), 0);
	assert_true(skep_object_find_prog(obj, "plain")->fd >= 0);
	assert_int_equal(skep_object_find_prog(obj, "core")->fd, -1);
	skep_object_close(obj);
}

/* Also when it is said after the programs were put together. */
static void a_planned_program_may_be_skipped(void **state)
{
	static const char source[] = HEAD "SEC(\"xdp\") int one(void *c) { return 1; }"
					  "SEC(\"xdp\") int two(void *c) { return 2; }";
	const char *cc = any_clang();
	struct skep_object *obj;
	char path[64];

	if (!cc)
		test_skip(__func__, NO_CLANG);
	assert_true(bpf_compile(cc, NULL, source, path));
	assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
	unlink(path);
	assert_int_equal(skep_object_plan(obj, &said), 0);
	skep_object_find_prog(obj, "one")->skip = true;
	fake_init(&fake);
	assert_int_equal(skep_object_load(obj, &fake.sys, NULL, &said), 0);
	assert_int_equal(skep_object_find_prog(obj, "one")->fd, -1);
	assert_true(skep_object_find_prog(obj, "two")->fd >= 0);
	skep_object_close(obj);
}

static void legacy_maps_are_read(void **state)
{
	static const char source[] = HEAD
		"struct bpf_map_def { unsigned type, key, value, max, flags; };"
		"struct bpf_map_def a SEC(\"maps\") = { 1, 4, 8, 16, 1 };"
		"struct bpf_map_def b SEC(\"maps\") = { 2, 4, 4, 2, 0 };"
		"static void *(*lookup)(void *, void *) = (void *)1;"
		"SEC(\"xdp\") int p(void *c) { int k = 0; return lookup(&b, &k) ? 1 : 2; }";
	const char *cc = any_clang();
	const struct skep_object_prog *p;
	struct skep_object *obj;
	char path[64];

	if (!cc)
		test_skip(__func__, NO_CLANG);
	assert_true(bpf_compile(cc, NULL, source, path));
	assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
	unlink(path);
	check_map(obj, "a", SKEP_MAP_TYPE_HASH, 4, 8, 16, 1);
	check_map(obj, "b", SKEP_MAP_TYPE_ARRAY, 4, 4, 2, 0);
	fake_init(&fake);
	assert_int_equal(skep_object_load(obj, &fake.sys, NULL, &said), 0);
	p = skep_object_find_prog(obj, "p");
	for (u32 i = 0; i < p->ninsns; i++)
		if (p->insns[i].code == 0x18)
			assert_int_equal(p->insns[i].imm,
					 skep_object_find_map(obj, "b")->fd);
	skep_object_close(obj);
}

#define KCONFIG "extern %s __attribute__((section(\".kconfig\")));"

static const struct configured {
	const char *type, *value, *json; /* json NULL: refused */
} configured[] = {
	{"_Bool CONFIG_X", "y", "true"},
	{"_Bool CONFIG_X", "n", "false"},
	{"_Bool CONFIG_X", "m", NULL},
	{"char CONFIG_X", "m", "109"},
	{"int CONFIG_X", "-42", "-42"},
	{"unsigned CONFIG_X", "0xffffffff", "4294967295"},
	{"unsigned char CONFIG_X", "256", NULL},
	{"signed char CONFIG_X", "-129", NULL},
	{"signed char CONFIG_X", "-128", "-128"},
	{"unsigned long CONFIG_X", "0xffffffffffffffff", "18446744073709551615"},
	{"unsigned long CONFIG_X", "0x1ffffffffffffffff", NULL},
	{"int CONFIG_X", "12x", NULL},
	{"int CONFIG_X", "y", NULL},
	{"char CONFIG_X[6]", "\"value\"", "\"value\""},
	{"char CONFIG_X[5]", "\"value\"", NULL},
	{"char CONFIG_X[6]", "\"open", NULL},
	{"int CONFIG_X", "\"text\"", NULL},
	{"enum libbpf_tristate CONFIG_X", "m", "\"TRI_MODULE\""},
};

static void configuration_is_read(void **state)
{
	struct skep_btf_print opts = {.size = sizeof(opts), .compact = 1};
	const char *cc = any_clang();

	if (!cc)
		test_skip(__func__, NO_CLANG);
	for (size_t i = 0; i < sizeof(configured) / sizeof(configured[0]); i++) {
		const struct configured *c = &configured[i];
		char source[1024], config[256], path[64], want[64], got[64] = "";
		struct skep_object *obj;
		const struct skep_object_map *m;
		int err;

		snprintf(
			source, sizeof(source),
			HEAD
			"enum libbpf_tristate { TRI_NO, TRI_YES, TRI_MODULE };" KCONFIG
			"SEC(\"xdp\") int p(void *c) { return *(volatile char *)&CONFIG_X; }",
			c->type);
		snprintf(config, sizeof(config),
			 "# CONFIG_X is a comment\nCONFIG_XY=9\n"
			 "CONFIG_X=%s\nCONFIG_Z=1\n",
			 c->value);
		assert_true(bpf_compile(cc, NULL, source, path));
		fake_init(&fake);
		fake.config = config;
		assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
		unlink(path);
		m = skep_object_find_map(obj, ".kconfig");
		err = skep_object_plan(obj, &said);
		if (!err)
			err = skep_object_load(obj, &fake.sys, NULL, &said);
		if (!err)
			skep_btf_print_value(skep_object_btf(obj), m->value_btf,
					     fake.value, m->value_size, &opts, got,
					     sizeof(got));
		snprintf(want, sizeof(want), "{ \"CONFIG_X\": %s }",
			 c->json ? c->json : "");
		if (c->json ? strcmp(got, want) != 0
			    : !strstr(text, "which does not fit its type"))
			fail_msg("%s=%s: %s %s", c->type, c->value, got, text);
		skep_object_close(obj);
	}
}

static void pointers_in_data_are_noted(void **state)
{
	static const char source[] =
		HEAD "int x; int *pointer = &x; const char *texts[] = {\"a\", \"b\"};"
		     "SEC(\"xdp\") int p(void *c) { return 2; }";
	static const char null[24]; /* "b" has an addend in the file */
	const char *cc = any_clang();
	struct skep_object *obj;
	char path[64];

	if (!cc)
		test_skip(__func__, NO_CLANG);
	assert_true(bpf_compile(cc, NULL, source, path));
	assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
	unlink(path);
	assert_non_null(strstr(
		text, "section '.data' offset 0x0: note: an initial pointer to 'x'"));
	assert_memory_equal(skep_object_find_map(obj, ".data")->data, null, sizeof(null));
	skep_object_close(obj);
}

static void attaching(void **state)
{
	static const char source[] = HEAD
		"SEC(\"tp/syscalls/sys_enter_getppid\") int tp(void *c) { return 0; }"
		"SEC(\"tp/syscalls/sys_enter_nonsense\") int bad(void *c) { return 0; }"
		"SEC(\"tp/../../x\") int evil(void *c) { return 0; }"
		"SEC(\"raw_tp\") int raw(void *c) { return 0; }"
		"SEC(\"xdp\") int x(void *c) { return 0; }"
		"SEC(\"kprobe/foo\") int k(void *c) { return 0; }"
		"SEC(\"syscall\") int s(void *c) { return 0; }";
	struct skep_attach_opts opts = {
		.size = sizeof(opts), .ifindex = 3, .target = "sys_enter"};
	const char *cc = any_clang();
	struct skep_object *obj;
	struct skep_link *link;
	char path[64];
	int before;

	if (!cc)
		test_skip(__func__, NO_CLANG);
	assert_true(bpf_compile(cc, NULL, source, path));
	assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
	unlink(path);
	fake_init(&fake);
	assert_int_equal(skep_object_attach(obj, skep_object_find_prog(obj, "tp"), NULL,
					    &link, &said),
			 -EBADF);
	assert_int_equal(skep_object_load(obj, &fake.sys, NULL, &said), 0);
	before = fake_open_fds(&fake);
#define ATTACH(prog, o) \
	skep_object_attach(obj, skep_object_find_prog(obj, prog), o, &link, fresh_log())
	assert_int_equal(ATTACH("tp", NULL), 0);
	assert_int_equal(fake.calls[fake.n_calls - 1].cmd, SKEP_LINK_CREATE);
	assert_int_equal(fake.ioctls, 1);
	assert_true(skep_link_fd(link) >= 0);
	skep_link_detach(link);
	assert_int_equal(ATTACH("bad", NULL), -ENOENT);
	assert_non_null(strstr(text, "no event 'syscalls/sys_enter_nonsense'"));
	assert_int_equal(ATTACH("evil", NULL), -EINVAL);
	assert_int_equal(ATTACH("raw", NULL), -EINVAL);
	assert_non_null(strstr(text, "expected raw_tp/NAME"));
	assert_int_equal(ATTACH("raw", &opts), 0);
	skep_link_detach(link);
	assert_int_equal(ATTACH("x", NULL), -EINVAL);
	assert_non_null(strstr(text, "index of a network interface"));
	assert_int_equal(ATTACH("x", &opts), 0);
	assert_int_equal(fake.calls[fake.n_calls - 1].attr.link_create.target_ifindex, 3);
	assert_int_equal(fake.calls[fake.n_calls - 1].attr.link_create.attach_type,
			 SKEP_XDP);
	skep_link_detach(link);
	assert_int_equal(ATTACH("k", NULL), -EOPNOTSUPP);
	assert_non_null(
		strstr(text, "skep cannot attach programs of section 'kprobe/foo' yet"));
	assert_int_equal(ATTACH("s", NULL), -EOPNOTSUPP);
	assert_non_null(strstr(text, "BPF_PROG_RUN"));
	/* a kernel before 5.15: the older call, and a note */
	fake.fail_at = fake.n_calls;
	fake.fail_with = -EINVAL;
	assert_int_equal(ATTACH("tp", NULL), 0);
	assert_non_null(strstr(text, "note: "));
	assert_int_equal(skep_link_fd(link), -1);
	skep_link_detach(link);
	assert_int_equal(fake_open_fds(&fake), before);
	skep_object_close(obj);
}

static void what_is_no_object_is_said(void **state)
{
	struct skep_object *obj;

	assert_int_equal(skep_object_open("/no/such.o", &obj, fresh_log()), -ENOENT);
	assert_non_null(strstr(text, "/no/such.o: cannot be read"));
	assert_int_equal(skep_object_open("/proc/self/exe", &obj, fresh_log()), -ENOEXEC);
	assert_non_null(strstr(text, "no BPF object"));
	assert_int_equal(skep_object_open_memory("hello", 5, "h.o", &obj, fresh_log()),
			 -ENOEXEC);
	assert_null(obj);
	assert_int_equal(skep_object_open_memory(NULL, 0, "h.o", &obj, NULL), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_parsed),
		cmocka_unit_test(programs_are_put_together),
		cmocka_unit_test(loading_makes_the_right_calls),
		cmocka_unit_test(every_failure_is_cleaned_up),
		cmocka_unit_test(no_memory_is_an_error),
		cmocka_unit_test(what_cannot_be_done_is_said),
		cmocka_unit_test(a_skipped_program_stops_nobody),
		cmocka_unit_test(a_planned_program_may_be_skipped),
		cmocka_unit_test(legacy_maps_are_read),
		cmocka_unit_test(configuration_is_read),
		cmocka_unit_test(pointers_in_data_are_noted),
		cmocka_unit_test(attaching),
		cmocka_unit_test(what_is_no_object_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
