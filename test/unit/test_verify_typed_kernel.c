/* Every argument of every tracepoint and iterator that the running kernel has: the
 * verifier gives a load of it the kernel's type. So the rows of typed_ctx.def are the
 * kernel's, and none is missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "os.h"
#include "skip.h"
#include "verify.h"

enum { LOG = 1 << 14, MOST_ARGS = 12 };

struct ask {
	struct skep_btf *btf;
	u32 attach, id;
	struct skep_insn code[3];
	char log[LOG], kernels_log[LOG];
	u32 asked, wrong;
};

static int ask_kernel(struct ask *a)
{
	union skep_attr attr = {0};
	int fd;

	attr.prog_type = SKEP_PROG_TYPE_TRACING;
	attr.expected_attach_type = a->attach;
	attr.attach_btf_id = a->id;
	attr.insns = (u64)(uintptr_t)a->code;
	attr.insn_cnt = 3;
	attr.license = (u64)(uintptr_t) "GPL";
	attr.log_level = 2;
	attr.log_buf = (u64)(uintptr_t)a->kernels_log;
	attr.log_size = LOG;
	a->kernels_log[0] = 0;
	fd = (int)syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int ask_verify(struct ask *a)
{
	const struct profile profile = {.bpf = true,
					.perfmon = true,
					.net_admin = true,
					.admin = true,
					.vmlinux = a->btf};
	const struct verify_prog prog = {.type = SKEP_PROG_TYPE_TRACING,
					 .attach_type = a->attach,
					 .attach_btf_id = a->id,
					 .gpl = true,
					 .code = a->code,
					 .n = 3};
	struct skep_log log = {.buf = a->log, .size = LOG};
	struct verify_result result;

	a->log[0] = 0;
	return verify(&prog, &profile, 2, &log, &result);
}

/* What the load gave, or why it was refused: the log from it on, without statistics. */
static char *judgement(char *log)
{
	char *at = strstr(log, "\n0: ("), *end;

	at = at ? at + 1 : log;
	end = strstr(at, "processed ");
	if (end)
		*end = 0;
	return at;
}

static void ask_arg(struct ask *a, const char *name, u32 arg)
{
	int kernels, ours;

	a->code[0] = (struct skep_insn){
		.code = 0x79, .dst_reg = 0, .src_reg = 1, .off = (s16)(8 * arg)};
	a->code[1] = (struct skep_insn){.code = 0xb7};
	a->code[2] = (struct skep_insn){.code = 0x95};
	kernels = ask_kernel(a);
	ours = ask_verify(a);
	a->asked++;
	if (kernels == ours && !strcmp(judgement(a->log), judgement(a->kernels_log)))
		return;
	a->wrong++;
	print_message("%s, argument %u: %d, Linux %d\n%s\nLinux:\n%s\n", name, arg, ours,
		      kernels, judgement(a->log), judgement(a->kernels_log));
}

/* One more than there are, which is refused. */
static void ask_args(struct ask *a, const char *name, u32 n)
{
	for (u32 arg = 0; arg <= n && arg <= MOST_ARGS; arg++)
		ask_arg(a, name, arg);
}

static u32 kind_of(const struct skep_btf_type *t)
{
	return t ? SKEP_BTF_INFO_KIND(t->info) : 0;
}

/* The prototype of a tracepoint or an iterator; NULL: the type is none. */
static const struct skep_btf_type *prototype(struct ask *a, u32 id, const char **name)
{
	const struct skep_btf_type *t = skep_btf_type_by_id(a->btf, id);

	*name = skep_btf_string(a->btf, t->name_off);
	a->id = id;
	if (kind_of(t) == SKEP_BTF_KIND_TYPEDEF && !strncmp(*name, "btf_trace_", 10)) {
		a->attach = SKEP_TRACE_RAW_TP;
		t = skep_btf_type_by_id(a->btf, t->type);
		return kind_of(t) == SKEP_BTF_KIND_PTR
			       ? skep_btf_type_by_id(a->btf, t->type)
			       : NULL;
	}
	if (kind_of(t) == SKEP_BTF_KIND_FUNC && !strncmp(*name, "bpf_iter_", 9)) {
		a->attach = SKEP_TRACE_ITER;
		return skep_btf_type_by_id(a->btf, t->type);
	}
	return NULL;
}

static void need_kernel(struct ask *a, const char *who)
{
	struct utsname u;
	void *data;
	size_t len;

	if (no_bpf())
		test_skip(who, "%s", no_bpf());
	uname(&u);
	if (strncmp(u.release, "6.18.", 5) != 0)
		test_skip(who, "the rows are those of Linux 6.18, this is %s", u.release);
	if (os_read_file("/sys/kernel/btf/vmlinux", 64 << 20, &data, &len))
		test_skip(who, "this kernel has no /sys/kernel/btf/vmlinux");
	assert_int_equal(skep_btf_parse(&a->btf, data, len, NULL, "vmlinux", NULL), 0);
	free(data);
}

static void arguments_have_the_kernels_types(void **state)
{
	static struct ask a;
	const char *name;

	need_kernel(&a, __func__);
	for (u32 id = 1; id < skep_btf_end(a.btf); id++) {
		const struct skep_btf_type *t = prototype(&a, id, &name);

		if (kind_of(t) == SKEP_BTF_KIND_FUNC_PROTO)
			ask_args(&a, name, SKEP_BTF_INFO_VLEN(t->info));
	}
	skep_btf_free(a.btf);
	print_message("%u arguments\n", a.asked);
	assert_int_equal(a.wrong, 0);
	assert_true(a.asked > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_have_the_kernels_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
