#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "skip.h"
#include <errno.h>
#include <stdio.h>
#include "blob.h"
#include "btf_ext.h"
#include "mem.h"
#include "os.h"

#define KIND(name) SKEP_BTF_KIND_##name

static void expect_errno(struct blob *b, enum btf_rules rules, int want, const char *says)
{
	char buf[512] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct skep_btf *btf = NULL;
	int err = blob_parse(b, rules, &btf, &log);

	skep_btf_free(btf);
	if (err != want || !strstr(buf, says) || strncmp(buf, "t.btf: ", 7))
		fail_msg("expected '%s', got %d: %s", says, err, buf);
}

static struct skep_btf *parsed(struct blob *b)
{
	char buf[512] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct skep_btf *btf = NULL;

	if (blob_parse(b, BTF_RULES_FILE, &btf, &log))
		fail_msg("%s", buf);
	return btf;
}

enum { MANY = 3000 };

/* More types than are searched one by one: structs "t1", "t2"..., the last without a
 * name, the one before it named as the first. */
static struct skep_btf *many_types(const struct skep_btf *base, u32 first, u32 first_str)
{
	static u8 data[24 + MANY * 12 + MANY * 8];
	struct skep_btf_header h = {.magic = SKEP_BTF_MAGIC, .version = 1, .hdr_len = 24};
	char *strs = (char *)data + 24 + MANY * 12;
	struct skep_btf *btf = NULL;
	u32 at = 1;

	for (u32 i = 0; i < MANY; i++) {
		u8 *t = data + 24 + i * 12;

		store32(t, i == MANY - 1 ? 0 : first_str + (i == MANY - 2 ? 1 : at));
		store32(t + 4, SKEP_BTF_KIND_STRUCT << 24);
		store32(t + 8, 0);
		at += (u32)sprintf(strs + at, "t%u", first + i) + 1;
	}
	h.type_len = h.str_off = MANY * 12;
	h.str_len = at;
	memcpy(data, &h, sizeof(h));
	assert_int_equal(
		skep_btf_parse(&btf, data, 24 + MANY * 12 + at, base, "t.btf", NULL), 0);
	return btf;
}

static void types_are_found_by_name(void **state)
{
	struct skep_btf *btf = many_types(NULL, 1, 0);
	struct skep_btf *top = many_types(btf, MANY + 1, btf->str_len);
	char name[16];

	/* the first are searched for one by one */
	for (u32 round = 0, id = 1; round < 100; round++, id += 29) {
		snprintf(name, sizeof(name), "t%u", id);
		assert_int_equal(skep_btf_find(btf, name, KIND(STRUCT)), id);
		assert_int_equal(skep_btf_find(btf, name, KIND(INT)), 0);
		assert_int_equal(skep_btf_find(top, name, 0), id);
		snprintf(name, sizeof(name), "t%u", MANY + id);
		assert_int_equal(skep_btf_find(btf, name, 0), 0);
		assert_int_equal(skep_btf_find(top, name, 0), MANY + id);
		assert_int_equal(skep_btf_find(top, "t1", 0), 1);
		assert_int_equal(skep_btf_find(top, "", 0), MANY);
		assert_int_equal(skep_btf_find(top, "none", 0), 0);
	}
	skep_btf_free(top);
	skep_btf_free(btf);
}

static void vmlinux_parses(void **state)
{
	struct skep_btf *btf;
	struct skep_log log = {.size = 0};
	u32 task;
	size_t len;
	void *data;
	u64 t;

	if (os_read_file("/sys/kernel/btf/vmlinux", 64 << 20, &data, &len))
		test_skip(__func__, "this kernel has no /sys/kernel/btf/vmlinux");
	t = os_clock_ns();
	assert_int_equal(skep_btf_parse(&btf, data, len, NULL, "vmlinux", &log), 0);
	t = os_clock_ns() - t;
	print_message("%u types in %.1f ms\n", skep_btf_end(btf), (double)t / 1e6);
	task = skep_btf_find(btf, "task_struct", KIND(STRUCT));
	assert_int_not_equal(task, 0);
	assert_true(skep_btf_size(btf, task) > 1000);
	assert_int_equal(skep_btf_find(btf, "no such type", 0), 0);
	for (u32 id = 0; id < skep_btf_end(btf); id++)
		assert_true(skep_btf_print_type(btf, id, "x", id % 16 == 0, NULL, 0) > 0);
	skep_btf_free(btf);
	mem_free(data);
}

static void assert_type(const struct skep_btf *btf, u32 id, bool expand, const char *text)
{
	char buf[1024];

	skep_btf_print_type(btf, id, "x", expand, buf, sizeof(buf));
	assert_string_equal(buf, text);
}

static void types_print_as_c(void **state)
{
	struct blob b = {0};
	u32 i = blob_int(&b, "int", 4, SKEP_BTF_INT_SIGNED);
	u32 pi = blob_type(&b, "", KIND(PTR), 0, i);
	u32 ci = blob_type(&b, "", KIND(CONST), 0, i);
	u32 pci = blob_type(&b, "", KIND(PTR), 0, ci);
	u32 cpi = blob_type(&b, "", KIND(CONST), 0, pi);
	u32 arr = blob_array(&b, pi, 4), arr2 = blob_array(&b, arr, 3), parr, fn, pfn, s,
	    e, td;
	u32 tag, ptag, afn, loop;
	struct skep_btf *btf;

	parr = blob_type(&b, "", KIND(PTR), 0, arr);
	fn = blob_type(&b, "", KIND(FUNC_PROTO), 2, pi);
	blob_word(&b, blob_str(&b, "a"));
	blob_word(&b, i);
	blob_word(&b, 0);
	blob_word(&b, 0);
	pfn = blob_type(&b, "", KIND(PTR), 0, fn);
	afn = blob_array(&b, pfn, 2);
	s = blob_type(&b, "foo", KIND(STRUCT) | BLOB_KFLAG, 3, 16);
	blob_member(&b, "a", i, 0);
	blob_member(&b, "b", i, 3 << 24 | 33);
	blob_member(&b, "", s + 1, 64);
	blob_type(&b, "", KIND(UNION), 2, 8);
	blob_member(&b, "p", pi, 0);
	blob_member(&b, "q", s + 2, 0);
	e = blob_type(&b, "color", KIND(ENUM) | BLOB_KFLAG, 2, 4);
	blob_word(&b, blob_str(&b, "RED"));
	blob_word(&b, (u32)-1);
	blob_word(&b, blob_str(&b, "BLUE"));
	blob_word(&b, 7);
	td = blob_type(&b, "mine", KIND(TYPEDEF), 0, parr);
	tag = blob_type(&b, "user", KIND(TYPE_TAG), 0, i);
	ptag = blob_type(&b, "", KIND(PTR), 0, tag);
	loop = blob_type(&b, "", KIND(PTR), 0, ptag + 2);
	blob_type(&b, "", KIND(CONST), 0, loop);
	btf = parsed(&b);
	assert_int_equal(e, s + 2);
	assert_type(btf, 0, false, "void x");
	assert_type(btf, pi, false, "int *x");
	assert_type(btf, pci, false, "const int *x");
	assert_type(btf, cpi, false, "int *const x");
	assert_type(btf, arr2, false, "int *x[3][4]");
	assert_type(btf, parr, false, "int *(*x)[4]");
	assert_type(btf, pfn, false, "int *(*x)(int a, ...)");
	assert_type(btf, afn, false, "int *(*x[2])(int a, ...)");
	assert_type(btf, td, false, "mine x");
	assert_type(btf, td, true, "typedef int *(*mine)[4]");
	assert_type(btf, ptag, false, "int __attribute__((btf_type_tag(\"user\"))) *x");
	assert_type(btf, e, true, "enum color {\n    RED = -1,\n    BLUE = 7,\n} x");
	assert_type(btf, s, true,
		    "struct foo {\n"
		    "    int a; /* 0 */\n"
		    "    int b: 3; /* 4, bit 1 */\n"
		    "    union {\n"
		    "        int *p; /* 0 */\n"
		    "        enum color q; /* 0 */\n"
		    "    }; /* 8 */\n"
		    "} x");
	assert_true(skep_btf_print_type(btf, loop, "x", false, NULL, 0) > 64);
	skep_btf_free(btf);
}

static void qualifiers_and_forwards_print_as_c(void **state)
{
	struct blob b = {0};
	u32 fwd = blob_type(&b, "later", KIND(FWD), 0, 0);
	u32 ptr = blob_type(&b, "", KIND(PTR), 0, fwd);
	u32 once = blob_type(&b, "", KIND(RESTRICT), 0, ptr);
	u32 moving = blob_type(&b, "", KIND(VOLATILE), 0, ptr);
	struct skep_btf *btf = parsed(&b);

	assert_type(btf, fwd, false, "struct later x");
	assert_type(btf, once, false, "struct later *restrict x");
	assert_type(btf, moving, false, "struct later *volatile x");
	skep_btf_free(btf);
}

static void assert_value(const struct skep_btf *btf, u32 id, const void *data, size_t len,
			 enum skep_btf_style style, const char *text)
{
	struct skep_btf_print opts = {.size = sizeof(opts), .style = style, .compact = 1};
	char buf[1024], small[8];
	size_t n = skep_btf_print_value(btf, id, data, len, &opts, buf, sizeof(buf));

	assert_string_equal(buf, text);
	assert_int_equal(n, strlen(text));
	assert_int_equal(skep_btf_print_value(btf, id, data, len, &opts, small, 8), n);
	assert_int_equal(strncmp(small, text, 7), 0);
}

/* One struct with every kind of member, and the memory of one. */
static u32 rich_struct(struct blob *b)
{
	u32 i = blob_int(b, "int", 4, SKEP_BTF_INT_SIGNED),
	    u = blob_int(b, "__u128", 16, 0);
	u32 c = blob_int(b, "char", 1, SKEP_BTF_INT_SIGNED),
	    y = blob_int(b, "bool", 1, SKEP_BTF_INT_BOOL);
	u32 text = blob_array(b, c, 8), nums = blob_array(b, i, 2), e, d, s;
	u32 p = blob_type(b, "", KIND(PTR), 0, i), none = blob_array(b, i, 0);

	e = blob_type(b, "e", KIND(ENUM64), 1, 8);
	blob_word(b, blob_str(b, "BIG"));
	blob_word(b, 1);
	blob_word(b, 1);
	d = blob_type(b, "double", KIND(FLOAT), 0, 8);
	s = blob_type(b, "rich", KIND(STRUCT) | BLOB_KFLAG, 12, 88);
	blob_member(b, "i", i, 0);
	blob_member(b, "f1", i, 3 << 24 | 32);
	blob_member(b, "f2", i, 5 << 24 | 35);
	blob_member(b, "yes", y, 40);
	blob_member(b, "text", text, 64);
	blob_member(b, "nums", nums, 128);
	blob_member(b, "e", e, 192);
	blob_member(b, "p", p, 256);
	blob_member(b, "d", d, 320);
	blob_member(b, "u", u, 384);
	blob_member(b, "", s + 1, 512);
	blob_member(b, "none", none, 704);
	blob_type(b, "", KIND(STRUCT), 2, 24);
	blob_member(b, "x", i, 0);
	blob_member(b, "pair", s + 2, 64);
	blob_array(b, s + 3, 2);
	blob_type(b, "in", KIND(UNION), 2, 8);
	blob_member(b, "lo", i, 0);
	blob_member(b, "p", p, 0);
	return s;
}

static void values_print(void **state)
{
	struct blob b = {0};
	u32 s = rich_struct(&b);
	struct skep_btf *btf = parsed(&b);
	double d = 1.5;
	u8 v[88] = {0};

	store32(v, (u32)-5);
	v[4] = 7 | 17 << 3; /* f1 = -1, f2 = -15 */
	v[5] = 1;
	memcpy(v + 8, "a\"\n\0junk", 8);
	store32(v + 16, 1);
	store32(v + 20, 2);
	store64(v + 24, 1ull << 32 | 1);
	store64(v + 32, 0xffff888012345678);
	memcpy(v + 40, &d, 8);
	store64(v + 48, 2);
	store64(v + 56, 1);
	store32(v + 64, 9);
	store32(v + 72, 10);
	store32(v + 80, 11);
	assert_value(
		btf, s, v, sizeof(v), SKEP_BTF_JSON,
		"{ \"i\": -5, \"f1\": -1, \"f2\": -15, \"yes\": true, \"text\": "
		"\"a\\\"\\u000a\", \"nums\": [1, 2], \"e\": \"BIG\", \"p\": "
		"\"0xffff888012345678\", \"d\": 1.5, \"u\": "
		"\"0x10000000000000002\", \"x\": 9, \"pair\": [ { \"lo\": 10, \"p\": "
		"\"0xa\" }, { \"lo\": 11, \"p\": \"0xb\" } ], \"none\": [] }");
	assert_value(
		btf, s, v, sizeof(v), SKEP_BTF_C,
		"{ .i = -5, .f1 = -1, .f2 = -15, .yes = true, .text = \"a\\\"\\012\", "
		".nums = {1, 2}, .e = BIG, .p = 0xffff888012345678, .d = 1.5, .u = "
		"0x10000000000000002, .x = 9, .pair = { { .lo = 10, .p = 0xa }, { .lo = "
		"11, .p = 0xb } }, .none = {} }");
	for (size_t len = 0; len < sizeof(v); len++) {
		u8 *exact = mem_alloc(len, 1);

		memcpy(exact, v, len);
		skep_btf_print_value(btf, s, exact, len, NULL, NULL, 0);
		mem_free(exact);
	}
	skep_btf_free(btf);
}

static void pretty_values_are_indented(void **state)
{
	struct blob b = {0};
	u32 i = blob_int(&b, "int", 4, 0), s = blob_type(&b, "s", KIND(STRUCT), 1, 4);
	struct skep_btf *btf;
	u32 v = 3000000000u;
	char buf[64];

	blob_member(&b, "a", i, 0);
	btf = parsed(&b);
	skep_btf_print_value(btf, s, &v, 4, NULL, buf, sizeof(buf));
	assert_string_equal(buf, "{\n    \"a\": 3000000000\n}");
	skep_btf_free(btf);
}

/* 32 levels of 200 members at the same place would be 200^32 values. */
static void overlap_does_not_explode(void **state)
{
	struct blob b = {0};
	u32 below = blob_int(&b, "int", 4, 0);
	struct skep_btf *btf;
	struct str out = {0};

	for (int level = 0; level < 32; level++) {
		u32 s = blob_type(&b, level % 2 ? "s" : "", KIND(STRUCT), 8, 4);

		for (int i = 0; i < 8; i++)
			blob_member(&b, "", below, 0);
		below = s;
	}
	btf = parsed(&b);
	btf_print_value(&out, btf, below, "abcd", 4, NULL);
	assert_true(out.len < 256 << 20);
	str_free(&out);
	btf_print_type(&out, btf, below, "", true);
	assert_true(out.len < 8 << 20);
	str_free(&out);
	skep_btf_free(btf);
}

static void header_faults(void **state)
{
	static const struct {
		u32 at, width;
		u64 value;
		const char *says;
	} faults[] = {
		{0, 2, 0x9feb, "no BTF: it begins with 0x9feb"},
		{2, 1, 2, "version 2"},
		{3, 1, 1, "flags 0x1"},
		{4, 4, 16, "header of 16 bytes"},
		{4, 4, 1000, "header of 1000 bytes"},
		{8, 4, 1000, "at 0x3e8"},
		{12, 4, UINT32_MAX, "types of 0xffffffff bytes"},
		{20, 4, 1000, "names of 0x3e8 bytes"},
		{20, 4, 0, "begin and end with a 0 byte"},
		{20, 4, 3, "begin and end with a 0 byte"},
		{12, 4, 15, "BTF type 1 (int) at 0x0: 0 entries do not fit before 0xf"},
		{12, 4, 8, "BTF type 1 (?) at 0x0"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		char buf[512] = "";
		struct skep_log log = {.buf = buf, .size = sizeof(buf)};
		struct skep_btf *btf;
		struct blob b = {0};
		u8 data[256];
		size_t len;

		blob_int(&b, "int", 4, 0);
		len = blob_done(&b, data);
		memcpy(data + faults[i].at, &faults[i].value, faults[i].width);
		assert_int_equal(skep_btf_parse(&btf, data, len, NULL, "h", &log),
				 -EINVAL);
		if (!strstr(buf, faults[i].says))
			fail_msg("expected '%s' in: %s", faults[i].says, buf);
	}
}

/* blob, expected sentence: built one after the other from type 1, an int */
#define FAULT(says, ...) \
	do { \
		struct blob b = {0}; \
		u32 i = blob_int(&b, "int", 4, 0); \
		(void)i; \
		__VA_ARGS__; \
		expect_errno(&b, rules, want, says); \
	} while (0)
#define T(name, kind, vlen, size) blob_type(&b, name, kind, vlen, size)
#define W(v)			  blob_word(&b, v)

static void type_faults(void **state)
{
	enum btf_rules rules = BTF_RULES_FILE;
	int want = -EINVAL;

	FAULT("there is no kind 0", T("x", 0, 0, 0));
	FAULT("there is no kind 20", T("x", 20, 0, 0));
	FAULT("info 0x02000001", T("", KIND(PTR), 1, 1));
	FAULT("info 0x82000000", T("", KIND(PTR) | BLOB_KFLAG, 0, 1));
	FAULT("info 0x02010000", T("", KIND(PTR), 1 << 16, 1));
	FAULT("where the kind has none", T("p", KIND(PTR), 0, 1));
	FAULT("a name is missing", T("", KIND(TYPEDEF), 0, 1));
	FAULT("refers to type 9; the last one is 2", T("", KIND(PTR), 0, 9));
	FAULT("BTF type 2 (ptr) refers to type 3 (func)", T("", KIND(PTR), 0, 3);
	      T("f", KIND(FUNC), 0, 4); T("", KIND(FUNC_PROTO), 0, 0));
	FAULT("expected a func_proto", T("f", KIND(FUNC), 0, 1));
	FAULT("encoding 0x00000021", T("x", KIND(INT), 0, 4); W(33));
	FAULT("encoding 0x08000020", T("x", KIND(INT), 0, 4); W(0x08000020));
	FAULT("a size of 3 bytes", T("x", KIND(FLOAT), 0, 3));
	FAULT("a size of 3 bytes", T("x", KIND(ENUM), 0, 3));
	FAULT("a type with a size", blob_array(&b, 0, 1));
	FAULT("of 4 GiB or more", blob_array(&b, 1, 1u << 30));
	FAULT("contains itself", blob_array(&b, 2, 1));
	FAULT("contains itself", T("t", KIND(TYPEDEF), 0, 3); T("", KIND(CONST), 0, 2));
	FAULT("contains itself", T("s", KIND(STRUCT), 1, 4); blob_member(&b, "m", 2, 0));
	FAULT("member 0 'm' ends at bit 33", T("s", KIND(STRUCT), 1, 4);
	      blob_member(&b, "m", 1, 1));
	FAULT("member 1 'n' is at bit 0", T("s", KIND(STRUCT), 2, 8);
	      blob_member(&b, "m", 1, 32); blob_member(&b, "n", 1, 0));
	FAULT("members of a union are at 0", T("u", KIND(UNION), 1, 8);
	      blob_member(&b, "m", 1, 8));
	FAULT("has 33 bits", T("s", KIND(STRUCT) | BLOB_KFLAG, 1, 8);
	      blob_member(&b, "m", 1, 33 << 24));
	FAULT("member with a size", T("s", KIND(STRUCT), 1, 8);
	      blob_member(&b, "m", 0, 0));
	FAULT("a name at 0x270f", T("s", KIND(STRUCT), 1, 8); W(9999); W(1); W(0));
	FAULT("argument 0 is of no type", T("", KIND(FUNC_PROTO), 2, 0); W(0); W(0); W(0);
	      W(1));
	FAULT("linkage 3", T("v", KIND(VAR), 0, 1); W(3));
	FAULT("expected a var", T(".data", KIND(DATASEC), 1, 4); W(1); W(0); W(4));
	FAULT("expected a struct, union", T("tag", KIND(DECL_TAG), 0, 1); W(0));
	FAULT("component 1 of type 2, which has 1", T("s", KIND(STRUCT), 1, 4);
	      blob_member(&b, "m", 1, 0); T("tag", KIND(DECL_TAG), 0, 2); W(1));
	FAULT("do not fit before", T("s", KIND(STRUCT), 500, 4));
}

/* Each as the running kernel answers; test_btf_kernel compares at random. */
static void loading_is_stricter(void **state)
{
	enum btf_rules rules = BTF_RULES_LOAD;
	int want = -EINVAL;

	FAULT("no identifier", T("a-b", KIND(TYPEDEF), 0, 1));
	FAULT("linkage 2", T("v", KIND(VAR), 0, 1); W(2));
	FAULT("the section's", T("v", KIND(VAR), 0, 1); W(1);
	      T(".data", KIND(DATASEC), 1, 0); W(2); W(0); W(4));
	FAULT("overlaps", T("v", KIND(VAR), 0, 1); W(1); T(".data", KIND(DATASEC), 2, 4);
	      W(2); W(0); W(4); W(2); W(2); W(4));
	FAULT("smaller than its type", T("v", KIND(VAR), 0, 1); W(1);
	      T(".data", KIND(DATASEC), 1, 4); W(2); W(0); W(2));
	FAULT("type with a size", T("v", KIND(VAR), 0, 0); W(1));
	FAULT("of an argument is missing", T("f", KIND(FUNC), 0, 3);
	      T("", KIND(FUNC_PROTO), 1, 0); W(0); W(1));
	FAULT("expected a type with a size", T("", KIND(FUNC_PROTO), 0, 3);
	      T("s", KIND(FWD), 0, 0));
	FAULT("as index", T("", KIND(ARRAY), 0, 0); W(1); W(3); W(1);
	      T("", KIND(PTR), 0, 0));
	FAULT("an int of whole bytes", T("x", KIND(INT), 0, 4); W(7);
	      T("", KIND(ARRAY), 0, 0); W(2); W(1); W(1));
	FAULT("has 0 bits at bit 3", T("s", KIND(STRUCT) | BLOB_KFLAG, 1, 8);
	      blob_member(&b, "m", 1, 3));
	want = -BTF_ENOTSUPP;
	FAULT("encoding 0x03000020", T("x", KIND(INT), 0, 4); W(0x03000020));
	want = -EEXIST;
	FAULT("contains itself", T("", KIND(PTR), 0, 3); T("", KIND(CONST), 0, 2));
	FAULT("contains itself", T("s", KIND(STRUCT), 1, 4); blob_member(&b, "m", 2, 0));
}

static void depth_is_limited(void **state)
{
	struct blob b = {0};

	for (u32 i = 0; i < 200; i++)
		blob_type(&b, "t", KIND(TYPEDEF), 0, i + 2);
	blob_int(&b, "int", 4, 0);
	expect_errno(&b, BTF_RULES_FILE, -EINVAL, "nested more than 64");
	expect_errno(&b, BTF_RULES_LOAD, -E2BIG, "nested more than 32");
}

static void every_cut_and_lack_of_memory_is_refused(void **state)
{
	struct blob b = {0};
	struct skep_btf *btf;
	u8 data[4096];
	size_t len;

	rich_struct(&b);
	len = blob_done(&b, data);
	for (size_t n = 0; n < len; n++) {
		u8 *exact = mem_alloc(n, 1);

		memcpy(exact, data, n);
		assert_int_equal(skep_btf_parse(&btf, exact, n, NULL, "c", NULL),
				 -EINVAL);
		mem_free(exact);
	}
	for (long n = 0;; n++) {
		int err;

		mem_fail_after(n);
		err = skep_btf_parse(&btf, data, len, NULL, "c", NULL);
		mem_fail_after(-1);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
	}
	skep_btf_free(btf);
}

static void split_btf_goes_on_where_the_base_ends(void **state)
{
	struct blob base = {0}, top = {0};
	u32 i = blob_int(&base, "int", 4, SKEP_BTF_INT_SIGNED), str, p;
	struct skep_btf *b, *t;
	u8 data[256];
	size_t len;

	b = parsed(&base);
	str = base.str_len;
	p = blob_type(&top, "", KIND(PTR), 0, i);
	blob_word(&top, str);
	blob_word(&top, KIND(TYPEDEF) << 24);
	blob_word(&top, p + 1);
	memcpy(top.strs, "my", 3);
	top.str_len = 3;
	len = blob_done(&top, data);
	assert_int_equal(skep_btf_parse(&t, data, len, b, "split", NULL), 0);
	assert_int_equal(skep_btf_end(t), 4);
	assert_int_equal(skep_btf_find(t, "my", 0), 3);
	assert_int_equal(skep_btf_find(t, "int", 0), 1);
	assert_type(t, 3, true, "typedef int *my");
	assert_int_equal(skep_btf_size(t, 3), 8);
	skep_btf_free(t);
	skep_btf_free(b);
}

/* Each of many members has a type at the end of a long chain of modifiers: to go down the
 * chain for each of them would take minutes. */
static void a_chain_of_modifiers_is_followed_once(void **state)
{
	enum { CHAIN = 200000, MEMBERS = 60000, STRINGS = 5 };
	const u32 types = 16 + CHAIN * 12 + 12 + MEMBERS * 12;
	const struct skep_btf_header head = {.magic = SKEP_BTF_MAGIC,
					     .version = 1,
					     .hdr_len = sizeof(head),
					     .type_len = types,
					     .str_off = types,
					     .str_len = STRINGS};
	u8 *data = calloc(1, sizeof(head) + types + STRINGS);
	u32 *at = (u32 *)(data + sizeof(head));
	struct skep_btf *btf;

	assert_non_null(data);
	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head) + types, "\0int", STRINGS);
	*at++ = 1, *at++ = (u32)SKEP_BTF_KIND_INT << 24, *at++ = 4, *at++ = 32;
	for (u32 i = 1; i <= CHAIN; i++)
		*at++ = 0, *at++ = (u32)SKEP_BTF_KIND_CONST << 24, *at++ = i;
	*at++ = 0, *at++ = (u32)SKEP_BTF_KIND_STRUCT << 24 | MEMBERS, *at++ = 4 * MEMBERS;
	for (u32 i = 0; i < MEMBERS; i++)
		*at++ = 0, *at++ = CHAIN + 1, *at++ = 32 * i;
	assert_int_equal(skep_btf_parse(&btf, data, sizeof(head) + types + STRINGS, NULL,
					"chain", NULL),
			 0);
	assert_int_equal(skep_btf_skip_modifiers(btf, CHAIN + 1), 1);
	assert_int_equal(skep_btf_size(btf, CHAIN + 2), 4 * MEMBERS);
	skep_btf_free(btf);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vmlinux_parses),
		cmocka_unit_test(types_are_found_by_name),
		cmocka_unit_test(types_print_as_c),
		cmocka_unit_test(qualifiers_and_forwards_print_as_c),
		cmocka_unit_test(values_print),
		cmocka_unit_test(pretty_values_are_indented),
		cmocka_unit_test(overlap_does_not_explode),
		cmocka_unit_test(header_faults),
		cmocka_unit_test(type_faults),
		cmocka_unit_test(loading_is_stricter),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(every_cut_and_lack_of_memory_is_refused),
		cmocka_unit_test(split_btf_goes_on_where_the_base_ends),
		cmocka_unit_test(a_chain_of_modifiers_is_followed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
