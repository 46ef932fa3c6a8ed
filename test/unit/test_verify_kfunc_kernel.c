/* Programs that call kernel functions: the verifier and the running kernel say the same,
 * in as many instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <skep/isa.h>
#include "os.h"
#include "skip.h"
#include "verify.h"

enum { ROOM = 256, LOG = 1 << 20 };

struct ask {
	struct skep_btf *btf;
	int ringbuf;
	struct skep_insn code[ROOM];
	u32 n, processed, kernels_processed;
	char log[LOG], kernels_log[LOG];
};

#define END   "r0 = 0\n exit\n"
#define AT(r) r " = r10\n " r " += -8\n "
#define NEW   AT("r1") "r2 = 0\n r3 = 10\n call @bpf_iter_num_new\n "
#define NEXT  AT("r1") "call @bpf_iter_num_next\n "
#define DONE  AT("r1") "call @bpf_iter_num_destroy\n "
#define RESERVE \
	"r1 = map[idx:0]\n r2 = 8\n r3 = 0\n r4 = r10\n r4 += -24\n call " \
	"bpf_ringbuf_reserve_dynptr\n "
#define DISCARD "r1 = r10\n r1 += -24\n r2 = 0\n call bpf_ringbuf_discard_dynptr\n "

static const char *const programs[] = {
	/* loops over numbers */
	NEW DONE END,
	NEW "next:\n " NEXT "if r0 == 0 goto out\n goto next\nout:\n " DONE END,
	"r6 = 0\n " NEW "next:\n " NEXT
	"if r0 == 0 goto out\n r1 = *(u32 *)(r0 +0)\n r6 += "
	"r1\n goto next\nout:\n " DONE END,
	"r6 = 0\n " NEW "next:\n " NEXT "if r0 == 0 goto out\n r6 += 1\n if r6 > 5 goto "
	"out\n goto next\nout:\n " DONE "r0 = r6\n exit\n",
	"r6 = 0\n " NEW "next:\n " NEXT
	"if r0 == 0 goto out\n r6 += 8\n r1 = r10\n r1 -= r6\n "
	"*(u8 *)(r1 -8) = 0\n goto next\nout:\n " DONE END,
	NEW NEXT "*(u32 *)(r0 +0) = 1\n " DONE END,
	NEW NEXT "if r0 == 0 goto out\n *(u32 *)(r0 +0) = 1\nout:\n " DONE END,
	NEW NEXT "if r0 == 0 goto out\n r1 = *(u32 *)(r0 +1)\nout:\n " DONE END,
	NEW NEXT "r6 = r0\n " DONE
		 "if r6 == 0 goto out\n r1 = *(u32 *)(r6 +0)\nout:\n " END,
	/* their state */
	NEW END,
	NEW NEW END,
	NEXT END,
	DONE END,
	NEW DONE DONE END,
	NEW DONE NEXT END,
	NEW DONE NEW DONE END,
	NEW "*(u64 *)(r10 -8) = 0\n " DONE END,
	NEW "*(u8 *)(r10 -4) = 0\n " DONE END,
	NEW "r1 = *(u64 *)(r10 -8)\n " DONE END,
	"r2 = 0\n r3 = 10\n call @bpf_iter_num_new\n " END,
	"r1 = r10\n r1 += -12\n r2 = 0\n r3 = 10\n call @bpf_iter_num_new\n " END,
	"r1 = r10\n r2 = 0\n r3 = 10\n call @bpf_iter_num_new\n " END,
	"r1 = r10\n r1 += -520\n r2 = 0\n r3 = 10\n call @bpf_iter_num_new\n " END,
	AT("r1") "r2 = r10\n r3 = 10\n call @bpf_iter_num_new\n " END,
	AT("r1") "r2 = 0\n call @bpf_iter_num_new\n " END,
	/* two loops, one in the other */
	NEW
	"outer:\n " NEXT
	"if r0 == 0 goto out\n r1 = r10\n r1 += -16\n r2 = 0\n r3 = 5\n call "
	"@bpf_iter_num_new\ninner:\n r1 = r10\n r1 += -16\n call @bpf_iter_num_next\n if r0 "
	"!= 0 goto inner\n r1 = r10\n r1 += -16\n call @bpf_iter_num_destroy\n goto "
	"outer\nout:\n " DONE END,
	/* sections */
	"call @bpf_rcu_read_lock\n call @bpf_rcu_read_unlock\n " END,
	"call @bpf_rcu_read_lock\n call @bpf_rcu_read_lock\n call @bpf_rcu_read_unlock\n call "
	"@bpf_rcu_read_unlock\n " END,
	"call @bpf_rcu_read_lock\n " END,
	"call @bpf_rcu_read_unlock\n " END,
	"call @bpf_preempt_disable\n call @bpf_preempt_enable\n " END,
	"call @bpf_preempt_disable\n " END,
	"call @bpf_preempt_enable\n " END,
	"call @bpf_preempt_disable\n r0 = r1\n exit\n",
	/* dynptrs */
	RESERVE "r1 = r10\n r1 += -24\n call @bpf_dynptr_size\n " DISCARD END,
	RESERVE "r1 = r10\n r1 += -24\n call @bpf_dynptr_is_null\n r6 = r0\n " DISCARD
		"r0 = r6\n exit\n",
	RESERVE "r1 = r10\n r1 += -24\n call @bpf_dynptr_is_rdonly\n " DISCARD END,
	RESERVE
	"r1 = r10\n r1 += -24\n r2 = 1\n r3 = 2\n call @bpf_dynptr_adjust\n " DISCARD END,
	RESERVE "r1 = r10\n r1 += -16\n call @bpf_dynptr_size\n " DISCARD END,
	"r1 = r10\n r1 += -24\n call @bpf_dynptr_size\n " END,
	"r1 = 0\n call @bpf_dynptr_size\n " END,
	/* who may */
	"r1 = 0\n r2 = 0\n call @tcp_slow_start\n " END,
};

/* "@name" is the number of a kernel's function. */
static void make(struct ask *a, const char *text)
{
	char out[2048], name[64];
	size_t n = 0;
	int used, len;

	for (; *text; text++) {
		if (*text != '@') {
			out[n++] = *text;
			continue;
		}
		assert_int_equal(sscanf(text, "@%63[a-z_]%n", name, &used), 1);
		n += (size_t)sprintf(out + n, "kfunc#%u",
				     skep_btf_find(a->btf, name, SKEP_BTF_KIND_FUNC));
		text += used - 1;
	}
	out[n] = 0;
	len = skep_asm(out, n, NULL, a->code, ROOM, NULL);
	if (len <= 0)
		fail_msg("no program: %s", out);
	a->n = (u32)len;
}

static int ask_kernel(struct ask *a)
{
	union skep_attr attr = {0};
	const char *stats;
	int fd;

	attr.prog_type = SKEP_PROG_TYPE_SCHED_CLS;
	attr.insns = (u64)(uintptr_t)a->code;
	attr.insn_cnt = a->n;
	attr.license = (u64)(uintptr_t) "GPL";
	attr.log_level = 5;
	attr.log_buf = (u64)(uintptr_t)a->kernels_log;
	attr.log_size = LOG;
	attr.fd_array = (u64)(uintptr_t)&a->ringbuf;
	a->kernels_log[0] = 0;
	fd = (int)syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
	stats = strstr(a->kernels_log, "processed ");
	a->kernels_processed = stats ? (u32)strtoul(stats + 10, NULL, 10) : 0;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int ask_verify(struct ask *a)
{
	const struct verify_map map = {.type = SKEP_MAP_TYPE_RINGBUF,
				       .max_entries = 4096};
	const struct profile profile = {.bpf = true,
					.perfmon = true,
					.net_admin = true,
					.admin = true,
					.vmlinux = a->btf};
	const struct verify_prog prog = {.type = SKEP_PROG_TYPE_SCHED_CLS,
					 .gpl = true,
					 .code = a->code,
					 .n = a->n,
					 .maps = &map,
					 .nmaps = 1};
	struct skep_log log = {.buf = a->log, .size = LOG};
	struct verify_result result;
	int err;

	a->log[0] = 0;
	err = verify(&prog, &profile, 1, &log, &result);
	a->processed = result.processed;
	return err;
}

static const char *last_line(char *log)
{
	char *end = strstr(log, "verification time"),
	     *stats = strstr(log, "\nprocessed ");

	if (!end || (stats && stats < end))
		end = stats ? stats : log + strlen(log);
	while (end > log && end[-1] == '\n')
		end--;
	*end = 0;
	end = strrchr(log, '\n');
	return end ? end + 1 : log;
}

static bool same(struct ask *a, const char *text)
{
	int kernels, ours;
	const char *kernels_line, *line;

	make(a, text);
	kernels = ask_kernel(a);
	ours = ask_verify(a);
	kernels_line = kernels ? last_line(a->kernels_log) : "";
	line = ours ? last_line(a->log) : "";
	if (kernels == ours && a->processed == a->kernels_processed &&
	    !strcmp(line, kernels_line))
		return true;
	print_message("%d, %u, \"%s\", but Linux: %d, %u, \"%s\" for\n%s\n", ours,
		      a->processed, line, kernels, a->kernels_processed, kernels_line,
		      text);
	return false;
}

static void kernel_functions_are_judged_as_the_kernel_does(void **state)
{
	static struct ask a;
	union skep_attr attr = {0};
	u32 wrong = 0;
	void *data;
	size_t len;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	if (os_read_file("/sys/kernel/btf/vmlinux", 64 << 20, &data, &len))
		test_skip(__func__, "this kernel has no /sys/kernel/btf/vmlinux");
	assert_int_equal(skep_btf_parse(&a.btf, data, len, NULL, "vmlinux", NULL), 0);
	free(data);
	attr.map_type = SKEP_MAP_TYPE_RINGBUF;
	attr.max_entries = 4096;
	a.ringbuf = (int)syscall(SYS_bpf, SKEP_MAP_CREATE, &attr, sizeof(attr));
	assert_true(a.ringbuf >= 0);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		wrong += !same(&a, programs[i]);
	close(a.ringbuf);
	skep_btf_free(a.btf);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_functions_are_judged_as_the_kernel_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
