/* Programs of test/bpf/objects_*verify.bpf.c, which make objects and keep them, or do so
 * wrongly: the verifier and the running kernel say the same, in as many instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <skep/load.h>
#include <skep/verify.h>
#include "bits.h"
#include "bpfcc.h"
#include "last_words.h"
#include "os.h"
#include "skip.h"

enum { LOG = 1 << 20 };

struct answer {
	int err;
	u32 processed;
	const char *words;
	char log[LOG];
};

static struct skep_btf *vmlinux;
static struct skep_verifier *verifier;

/* What `sys` says of the object's i-th program. */
static void ask(struct skep_sys *sys, const char *path, u32 i, struct answer *a)
{
	const struct skep_load_opts opts = {
		.size = sizeof(opts), .log_level = 5, .vmlinux = vmlinux};
	struct skep_log log = {.buf = a->log, .size = LOG};
	struct skep_object_prog *progs;
	struct skep_object *obj;
	u32 n;

	a->log[0] = 0;
	assert_int_equal(skep_object_open(path, &obj, &log), 0);
	progs = skep_object_progs(obj, &n);
	for (u32 k = 0; k < n; k++)
		progs[k].skip = k != i;
	a->err = skep_object_load(obj, sys, &opts, &log);
	a->processed = processed_of(a->log);
	a->words = a->err ? last_words(a->log) : "";
	skep_object_close(obj);
}

static bool same(const char *path, u32 i, const char *name)
{
	static struct answer kernels, ours;

	ask(skep_sys_kernel(), path, i, &kernels);
	ask(skep_verifier_sys(verifier), path, i, &ours);
	if (getenv("SHOW"))
		print_message("%-28s %4d %4u %s\n", name, kernels.err, kernels.processed,
			      kernels.words);
	if (kernels.err == ours.err && kernels.processed == ours.processed &&
	    !strcmp(kernels.words, ours.words))
		return true;
	print_message("%s: %d, %u, \"%s\", but Linux: %d, %u, \"%s\"\n", name, ours.err,
		      ours.processed, ours.words, kernels.err, kernels.processed,
		      kernels.words);
	return false;
}

static void begin(const char *who)
{
	struct skep_verifier_opts opts = {.size = sizeof(opts)};
	size_t len;
	void *data;

	if (no_bpf())
		test_skip(who, "%s", no_bpf());
	if (!tag_clang())
		test_skip(who, NO_TAG_CLANG);
	if (os_read_file("/sys/kernel/btf/vmlinux", 64 << 20, &data, &len))
		test_skip(who, "this kernel has no /sys/kernel/btf/vmlinux");
	assert_int_equal(skep_btf_parse(&vmlinux, data, len, NULL, "vmlinux", NULL), 0);
	free(data);
	opts.vmlinux = vmlinux;
	assert_int_equal(skep_verifier_open(&opts, &verifier), 0);
}

static u32 judge(const char *source)
{
	struct skep_object_prog *progs;
	struct skep_object *obj;
	u32 n, wrong = 0;
	char path[64];

	if (!bpf_compile(tag_clang(), source, NULL, path))
		fail_msg("%s does not compile", source);
	assert_int_equal(skep_object_open(path, &obj, NULL), 0);
	progs = skep_object_progs(obj, &n);
	for (u32 i = 0; i < n; i++)
		wrong += !same(path, i, progs[i].name);
	skep_object_close(obj);
	unlink(path);
	return wrong;
}

static void end(void)
{
	skep_verifier_close(verifier);
	skep_btf_free(vmlinux);
}

static void objects_are_judged_as_the_kernel_does(void **state)
{
	begin(__func__);
	assert_int_equal(judge(TEST_BPF "/objects_verify.bpf.c"), 0);
	end();
}

static void lists_and_trees_too(void **state)
{
	begin(__func__);
	assert_int_equal(judge(TEST_BPF "/objects_graph_verify.bpf.c"), 0);
	end();
}

static void work_queues_too(void **state)
{
	begin(__func__);
	assert_int_equal(judge(TEST_BPF "/objects_work_verify.bpf.c"), 0);
	end();
}

static void what_each_cpu_has_too(void **state)
{
	begin(__func__);
	assert_int_equal(judge(TEST_BPF "/objects_percpu_verify.bpf.c"), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_judged_as_the_kernel_does),
		cmocka_unit_test(lists_and_trees_too),
		cmocka_unit_test(work_queues_too),
		cmocka_unit_test(what_each_cpu_has_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
