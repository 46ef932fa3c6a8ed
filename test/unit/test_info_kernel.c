/* The running kernel judges func_info and line_info: records that are right for a
 * program, changed at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "skip.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "flow_fixture.h"
#include "info.h"
#include "isa_random.h"

enum { FUNCS = 3, LINES = 8, WORDS = 6, LOG = 1 << 16 };

/* Main with an lddw, and two functions; the walk ends at once since r2 is not set. */
static const char *const programs[] = {
	"r0 = r2; r1 = 7 ll; call pc+1; exit; call pc+2; r0 = 0; exit; r0 = 0; exit",
	"r0 = r2; r1 = 7 ll; call pc+1; exit; call pc+2; call bpf_tail_call; exit; r0 = 0; exit",
	"r0 = r2; r1 = 7 ll; call pc+1; exit; call pc+2; r0 = *(u8 *)skb[0]; exit; r0 = 0; exit",
};

/* ---- BTF ---- */

#define TYPE(kind, flags) ((u32)SKEP_BTF_KIND_##kind << 24 | (flags))

static const char names[] = "\0int\0f\0g\0catch\0main\0"  /* 1 5 7 9 15 */
			    "exception_callback:catch\0"  /* 20 */
			    "exception_callback:nobody\0" /* 45 */
			    "exception_callback:f";	  /* 71 */

static const u32 types[] = {
	1,  TYPE(INT, 0),	 4,  1 << 24 | 32, /* 1 */
	0,  TYPE(FUNC_PROTO, 0), 1,		   /* 2: int () */
	0,  TYPE(FUNC_PROTO, 0), 0,		   /* 3: void () */
	5,  TYPE(FUNC, 0),	 2,		   /* 4: f, static */
	7,  TYPE(FUNC, 0),	 3,		   /* 5: g, static, void */
	9,  TYPE(FUNC, 1),	 2,		   /* 6: catch, global */
	15, TYPE(FUNC, 0),	 2,		   /* 7: main, catch catches */
	15, TYPE(FUNC, 0),	 2,		   /* 8: main, with two that do */
	15, TYPE(FUNC, 0),	 2,		   /* 9: main, nobody does */
	15, TYPE(FUNC, 0),	 2,		   /* 10: main, a static one */
	20, TYPE(DECL_TAG, 0),	 7,  -1u,	   /* 11 */
	20, TYPE(DECL_TAG, 0),	 8,  -1u,	   /* 12 */
	20, TYPE(DECL_TAG, 0),	 8,  -1u,	   /* 13 */
	45, TYPE(DECL_TAG, 0),	 9,  -1u,	   /* 14 */
	71, TYPE(DECL_TAG, 0),	 10, -1u,	   /* 15 */
	20, TYPE(DECL_TAG, 0),	 6,  -1u,	   /* 16 */
};

struct blob {
	u16 magic;
	u8 version, flags;
	u32 hdr_len, type_off, type_len, str_off, str_len;
	u8 data[sizeof(types) + sizeof(names)];
};

static u32 make_blob(struct blob *blob)
{
	*blob = (struct blob){
		.magic = 0xeb9f,
		.version = 1,
		.hdr_len = offsetof(struct blob, data),
		.type_len = sizeof(types),
		.str_off = sizeof(types),
		.str_len = sizeof(names),
	};
	memcpy(blob->data, types, sizeof(types));
	memcpy(blob->data + sizeof(types), names, sizeof(names));
	return offsetof(struct blob, data) + sizeof(blob->data);
}

/* ---- a trial ---- */

struct trial {
	struct insn code[64];
	struct skep_insn raw[64];
	struct verify_prog prog;
	u32 funcs[FUNCS][WORDS], lines[LINES][WORDS];
	char text[4096], log[LOG];
	int btf;
};

static int bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return fd < 0 ? -errno : fd;
}

static int load(struct trial *t)
{
	const struct verify_prog *p = &t->prog;
	union skep_attr attr = {
		.prog_type = fixture_type,
		.expected_attach_type = fixture_attach,
		.insns = u64_of(t->raw),
		.insn_cnt = p->n,
		.license = u64_of("GPL"),
		.log_level = 2 | 8,
		.log_buf = u64_of(t->log),
		.log_size = LOG,
		.prog_btf_fd = (u32)t->btf,
		.func_info = u64_of(p->func_info),
		.func_info_cnt = p->nfunc_info,
		.func_info_rec_size = p->func_info_size,
		.line_info = u64_of(p->line_info),
		.line_info_cnt = p->nline_info,
		.line_info_rec_size = p->line_info_size,
	};
	int fd;

	t->log[0] = '\0';
	fd = bpf(SKEP_PROG_LOAD, &attr);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static struct flow_call call_of(void *v, const struct insn *in)
{
	return fixture_call(NULL, in);
}

static int judge(struct trial *t, const struct reject **why)
{
	static struct verifier v;
	struct skep_log log = {.buf = t->text, .size = sizeof(t->text)};
	struct flow_env env = {.pass = &v.pass,
			       .refusal = &v.refusal,
			       .bpf = true,
			       .untyped = !t->prog.nfunc_info,
			       .ctx = &v,
			       .call = call_of,
			       .exception_callback = info_exception_callback};

	memset(&v, 0, sizeof(v));
	v.pass.log = &log;
	v.prog = &t->prog;
	v.insns = t->code;
	v.n = v.flow.n = t->prog.n;
	v.flow.code = t->code;
	t->text[0] = '\0';
	if (pass_try(&v.pass)) {
		info_check_records(&v);
		flow_find_funcs(&v.flow, &env);
		info_check_funcs(&v);
		flow_check_graph(&v.flow, &env);
	}
	*why = v.refusal.why;
	return pass_end(&v.pass);
}

/* ---- records ---- */

static u32 below(u32 n)
{
	return (u32)(rnd() % n);
}

static u32 at_times(u32 usual, u32 other)
{
	return below(12) ? usual : other;
}

/* Records of the functions, and of some instructions, for the most part right. */
static void fill(struct trial *t)
{
	static const u32 starts[FUNCS] = {0, 5, 8}, lines[] = {0, 1, 3, 5, 6, 8, 9};
	static const u32 sizes[] = {0, 4, 12, 16, 10, 24, 256};
	struct verify_prog *p = &t->prog;
	u32 n = 0;

	memset(t->funcs, 0, sizeof(t->funcs));
	memset(t->lines, 0, sizeof(t->lines));
	p->nfunc_info = at_times(FUNCS, below(FUNCS + 1));
	p->func_info_size = at_times(8, sizes[below(ARRAY_SIZE(sizes))]);
	p->line_info_size = at_times(16, sizes[below(ARRAY_SIZE(sizes))]);
	p->func_info = t->funcs;
	p->line_info = t->lines;
	for (u32 i = 0; i < FUNCS; i++) {
		u32 *at = (u32 *)t->funcs + i * (p->func_info_size / 4);

		at[0] = at_times(starts[i], below(p->n + 2));
		at[1] = i ? at_times(4 + below(3), below(18)) : at_times(4, below(18));
		if (p->func_info_size > 8)
			at[2] = at_times(0, 1);
	}
	for (u32 i = 0; i < ARRAY_SIZE(lines); i++) {
		u32 *at = (u32 *)t->lines + n * (p->line_info_size / 4);

		if (!below(20))
			continue;
		at[0] = below(30) ? lines[i] : below(p->n + 2);
		at[1] = below(60) ? 5 : below(200);
		at[2] = below(60) ? 7 : below(200);
		if (p->line_info_size > 16)
			at[4] = at_times(0, 1);
		n++;
	}
	p->nline_info = at_times(n, 0);
}

static u32 number(const struct reject *why)
{
	return (u32)atoi(why->code + 1);
}

static void records_are_judged_as_the_kernel_does(void **state)
{
	static struct trial t;
	static struct blob blob;
	u32 len = make_blob(&blob), seen[500] = {0};
	union skep_attr attr = {.btf = u64_of(&blob), .btf_size = len};
	struct skep_btf *btf;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	t.btf = bpf(SKEP_BTF_LOAD, &attr);
	assert_true(t.btf > 0);
	assert_int_equal(skep_btf_parse(&btf, &blob, len, NULL, "blob", NULL), 0);
	for (u32 i = 0; i < 6000; i++) {
		const struct reject *why;
		int ours, kernels;

		memset(t.raw, 0, sizeof(t.raw));
		t.prog = (struct verify_prog){.btf = btf, .code = t.raw};
		t.prog.n = fixture_assemble(programs[i % 3], t.code);
		for (u32 k = 0; k < t.prog.n; k++)
			if (t.code[k].op == op_lddw)
				t.code[k].src = 0;
		for (u32 k = 0; k < t.prog.n; k++)
			if (t.code[k].op != op_none)
				insn_encode(&t.code[k], &t.raw[k]);
		fill(&t);
		ours = judge(&t, &why);
		kernels = load(&t);
		t.text[strcspn(t.text, "\n")] = '\0'; /* the kernel forgets some */
		if (ours ? ours != kernels || !strstr(t.log, t.text)
			 : !strstr(t.log, "Live regs"))
			fail_msg("ours %d: %s, kernel's %d: %s", ours, t.text, kernels,
				 t.log);
		seen[why ? number(why) : 0]++;
	}
	print_message("%u were right\n", seen[0]);
	assert_true(seen[0] > 1000);
	for (const struct reject *const *r = reject_rows; *r; r++)
		if ((!strncmp((*r)->name, "info_", 5) ||
		     !strncmp((*r)->name, "catcher_", 8)) &&
		    *r != &reject_info_no_btf && !seen[number(*r)])
			fail_msg("%s was not tried", (*r)->name);
	skep_btf_free(btf);
	close(t.btf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_judged_as_the_kernel_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
