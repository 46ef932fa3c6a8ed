/* Pointers to the kernel's types, by a kernel of a few types: contexts, members, what
 * helpers take. The verdicts and messages are Linux 6.18's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <skep/isa.h>
#include "blob.h"
#include "last_words.h"
#include "verify.h"

/* The types' ids in the order in which make_kernel() makes them. */
enum {
	t_u32 = 1,
	t_u64,
	t_task_ptr,
	t_task,
	t_rcu,
	t_rcu_ptr,
	t_pair,
	t_either,
	t_tail,
	t_proto,
	t_proto_ptr,
	t_tracepoint,
	t_func_proto,
	t_iter_func,
	t_common,
	t_sock,
	t_sock_ptr,
	t_var,
	t_percpu,
	t_char_ptr,
	t_other,
};

static void make_task(struct blob *b)
{
	assert_int_equal(
		blob_type(b, "task_struct", SKEP_BTF_KIND_STRUCT | BLOB_KFLAG, 8, 80),
		t_task);
	blob_member(b, "pid", t_u32, 0);
	blob_member(b, "flag", t_u32, 3u << 24 | 32);
	blob_member(b, "parent", t_task_ptr, 64);
	blob_member(b, "real_parent", t_task_ptr, 128);
	blob_member(b, "tagged", t_rcu_ptr, 192);
	blob_member(b, "pair", t_pair, 256);
	blob_member(b, "either", t_either, 384);
	blob_member(b, "tail", t_tail, 640);
}

static void make_objects(struct blob *b)
{
	assert_int_equal(blob_type(b, "rcu", SKEP_BTF_KIND_TYPE_TAG, 0, t_task), t_rcu);
	assert_int_equal(blob_type(b, "", SKEP_BTF_KIND_PTR, 0, t_rcu), t_rcu_ptr);
	assert_int_equal(blob_type(b, "pair", SKEP_BTF_KIND_STRUCT, 2, 16), t_pair);
	blob_member(b, "number", t_u64, 0);
	blob_member(b, "text", t_char_ptr, 64);
	assert_int_equal(blob_type(b, "either", SKEP_BTF_KIND_UNION, 2, 8), t_either);
	blob_member(b, "task", t_task_ptr, 0);
	blob_member(b, "number", t_u64, 0);
	assert_int_equal(blob_array(b, t_pair, 0), t_tail);
}

static void make_contexts(struct blob *b)
{
	assert_int_equal(blob_type(b, "", SKEP_BTF_KIND_FUNC_PROTO, 4, 0), t_proto);
	blob_word(b, 0), blob_word(b, t_char_ptr);
	blob_word(b, 0), blob_word(b, t_task_ptr);
	blob_word(b, 0), blob_word(b, t_u32);
	blob_word(b, 0), blob_word(b, t_sock_ptr);
	assert_int_equal(blob_type(b, "", SKEP_BTF_KIND_PTR, 0, t_proto), t_proto_ptr);
	assert_int_equal(
		blob_type(b, "btf_trace_test", SKEP_BTF_KIND_TYPEDEF, 0, t_proto_ptr),
		t_tracepoint);
	assert_int_equal(blob_type(b, "", SKEP_BTF_KIND_FUNC_PROTO, 2, t_u32),
			 t_func_proto);
	blob_word(b, blob_str(b, "meta")), blob_word(b, t_char_ptr);
	blob_word(b, blob_str(b, "task")), blob_word(b, t_task_ptr);
	assert_int_equal(
		blob_type(b, "bpf_iter_task", SKEP_BTF_KIND_FUNC, 1, t_func_proto),
		t_iter_func);
}

static void make_rest(struct blob *b)
{
	assert_int_equal(blob_type(b, "sock_common", SKEP_BTF_KIND_STRUCT, 1, 8),
			 t_common);
	blob_member(b, "cookie", t_u64, 0);
	assert_int_equal(blob_type(b, "sock", SKEP_BTF_KIND_STRUCT, 2, 16), t_sock);
	blob_member(b, "__sk_common", t_common, 0);
	blob_member(b, "number", t_u64, 64);
	assert_int_equal(blob_type(b, "", SKEP_BTF_KIND_PTR, 0, t_sock), t_sock_ptr);
	assert_int_equal(blob_type(b, "runqueues", SKEP_BTF_KIND_VAR, 0, t_pair), t_var);
	blob_word(b, 1);
	assert_int_equal(blob_type(b, ".data..percpu", SKEP_BTF_KIND_DATASEC, 1, 64),
			 t_percpu);
	blob_word(b, t_var), blob_word(b, 0), blob_word(b, 16);
	assert_int_equal(blob_type(b, "", SKEP_BTF_KIND_PTR, 0, t_u32), t_char_ptr);
	assert_int_equal(blob_type(b, "jiffies", SKEP_BTF_KIND_VAR, 0, t_u64), t_other);
	blob_word(b, 1);
}

static void make_kernel(struct blob *b)
{
	assert_int_equal(blob_int(b, "u32", 4, 0), t_u32);
	assert_int_equal(blob_int(b, "u64", 8, 0), t_u64);
	assert_int_equal(blob_type(b, "", SKEP_BTF_KIND_PTR, 0, t_task), t_task_ptr);
	make_task(b);
	make_objects(b);
	make_contexts(b);
	make_rest(b);
}

/* ctx: 0, the task; 8, a number; 16, the socket */
#define TASK   "r1 = *(u64 *)(r1 +0)\n"
#define SOCK   "r1 = *(u64 *)(r1 +16)\n"
#define STACKS "*(u64 *)(r10 -400) = 0\ncall pc+2\n" END "*(u64 *)(r10 -400) = 0\n"
#define END    "r0 = 0\nexit\n"

enum {
	at_tp,
	at_iter,
	at_tp_no_variables,
	at_iter_asleep,
	at_tp_asleep,
	at_nothing,
	at_behind,
	at_int,
	at_tp_iter,
	at_trace,
};

/* What the programs are attached to. */
static const struct {
	u32 attach_type, id, flags;
	bool no_variables;
} targets[] = {
	[at_tp] = {SKEP_TRACE_RAW_TP, t_tracepoint, 0, false},
	[at_iter] = {SKEP_TRACE_ITER, t_iter_func, 0, false},
	[at_tp_no_variables] = {SKEP_TRACE_RAW_TP, t_tracepoint, 0, true},
	[at_iter_asleep] = {SKEP_TRACE_ITER, t_iter_func, SKEP_F_SLEEPABLE, false},
	[at_tp_asleep] = {SKEP_TRACE_RAW_TP, t_tracepoint, SKEP_F_SLEEPABLE, false},
	[at_nothing] = {SKEP_TRACE_RAW_TP, 0, 0, false},
	[at_behind] = {SKEP_TRACE_RAW_TP, 99, 0, false},
	[at_int] = {SKEP_TRACE_RAW_TP, t_u32, 0, false},
	[at_tp_iter] = {SKEP_TRACE_ITER, t_tracepoint, 0, false},
	[at_trace] = {SKEP_TRACE_FEXIT, t_iter_func, 0, false},
};

static const struct row {
	const char *name, *text;
	int err;
	const char *message;
	int at;
} rows[] = {
	/* clang-format off */
	{"number", "r0 = *(u64 *)(r1 +8)\n" END, 0, "", at_tp},
	{"behind", "r0 = *(u64 *)(r1 +24)\n" END, EACCES, "invalid bpf_context access off=24 size=8", at_tp},
	{"half_pointer", "r0 = *(u32 *)(r1 +0)\n" END, EACCES, "invalid bpf_context access off=0 size=4", at_tp},
	{"between", "r0 = *(u32 *)(r1 +4)\n" END, EACCES, "invalid bpf_context access off=4 size=4", at_tp},
	{"member", TASK "r0 = *(u32 *)(r1 +0)\n" END, 0, "", at_tp},
	{"bits", TASK "r0 = *(u8 *)(r1 +4)\n" END, 0, "", at_tp},
	{"bits_beside", TASK "r0 = *(u8 *)(r1 +5)\n" END, EINVAL, "struct task_struct doesn't have field at offset 5", at_tp},
	{"two_members", TASK "r0 = *(u64 *)(r1 +0)\n" END, EACCES,
	 "access beyond the end of member pid (mend:4) in struct task_struct with off 0 size 8", at_tp},
	{"part", TASK "r0 = *(u32 *)(r1 +8)\n" END, EACCES,
	 "cannot access ptr member parent with moff 8 in struct task_struct with off 8 size 4", at_tp},
	{"next", TASK "r1 = *(u64 *)(r1 +8)\nr0 = *(u32 *)(r1 +0)\n" END, 0, "", at_tp},
	{"text", TASK "r1 = *(u64 *)(r1 +40)\nr0 = *(u32 *)(r1 +0)\n" END, 0, "", at_tp},
	{"tail", TASK "r0 = *(u64 *)(r1 +320)\n" END, 0, "", at_tp},
	{"store", TASK "*(u32 *)(r1 +0) = 0\n" END, EACCES, "only read is supported", at_tp},
	{"negative", TASK "r0 = *(u32 *)(r1 -4)\n" END, EACCES, "R1 is ptr_task_struct invalid negative access: off=-4", at_tp},
	{"variable", "r2 = *(u64 *)(r1 +8)\n" TASK "r2 &= 3\nr1 += r2\nr0 = *(u32 *)(r1 +0)\n" END, EACCES,
	 "R1 is ptr_task_struct invalid variable offset: off=0, var_off=(0x0; 0x3)", at_tp},
	{"sock_beyond", SOCK "r0 = *(u64 *)(r1 +16)\n" END, EACCES, "access beyond struct sock at off 16 size 8", at_tp},

	{"take", TASK "r2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\nr5 = r1\nr1 = r2\nr2 = r3\nr3 = r5\ncall get_task_stack\n" END, EACCES,
	 "R1 type=fp expected=ptr_, trusted_ptr_, rcu_ptr_", at_tp},
	{"take_task", TASK "r2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END, 0, "", at_tp},
	{"take_parent", TASK "r1 = *(u64 *)(r1 +8)\nr2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END, 0, "", at_tp},
	{"take_union", TASK "r1 = *(u64 *)(r1 +48)\nr2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END, EACCES,
	 "R1 type=untrusted_ptr_ expected=ptr_, trusted_ptr_, rcu_ptr_", at_tp},
	{"take_tagged", TASK "r1 = *(u64 *)(r1 +24)\nr2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END, EACCES,
	 "R1 type=rcu_ptr_or_null_ expected=ptr_, trusted_ptr_, rcu_ptr_", at_tp},
	{"take_sock", SOCK "r2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END, EACCES,
	 "R1 is of type sock but task_struct is expected", at_tp},
	{"take_member", SOCK "r1 += 8\nr2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END, EACCES,
	 "R1 is of type sock but task_struct is expected", at_tp},
	{"current", "call get_current_task_btf\nr0 = *(u32 *)(r0 +0)\n" END, 0, "", at_tp},
	{"percpu", "r1 = btf[id:18][fd:0]\nr2 = 0\ncall per_cpu_ptr\nif r0 == 0 goto +1\nr0 = *(u64 *)(r0 +0)\n" END, 0, "", at_tp},
	{"percpu_null", "r1 = btf[id:18][fd:0]\nr2 = 0\ncall per_cpu_ptr\nr0 = *(u64 *)(r0 +0)\n" END, EACCES,
	 "R0 invalid mem access 'ptr_or_null_'", at_tp},
	{"this_cpu", "r1 = btf[id:18][fd:0]\ncall this_cpu_ptr\nr0 = *(u64 *)(r0 +0)\n" END, 0, "", at_tp},
	{"percpu_direct", "r1 = btf[id:18][fd:0]\nr0 = *(u64 *)(r1 +0)\n" END, EACCES, "R1 is ptr_pair access percpu memory: off=0", at_tp},
	{"not_percpu", "r1 = btf[id:21][fd:0]\ncall this_cpu_ptr\n" END, EACCES,
	 "R1 type=rdonly_mem expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_", at_tp},
	{"symbol", "r1 = btf[id:21][fd:0]\nr0 = *(u64 *)(r1 +0)\n" END, 0, "", at_tp},
	{"symbol_store", "r1 = btf[id:21][fd:0]\n*(u64 *)(r1 +0) = 0\n" END, EACCES, "R1 cannot write into rdonly_mem", at_tp},
	{"symbol_kind", "r1 = btf[id:1][fd:0]\n" END, EINVAL, "pseudo btf_id 1 in ldimm64 isn't KIND_VAR or KIND_FUNC", at_tp},
	{"symbol_none", "r1 = btf[id:99][fd:0]\n" END, ENOENT, "ldimm64 insn specifies invalid btf_id 99.", at_tp},
	{"function", "r1 = btf[id:14][fd:0]\nr0 = *(u8 *)(r1 +0)\n" END, EACCES,
	 "R1 min value is outside of the allowed memory range", at_tp},
	{"unknown", "r1 = btf[id:21][fd:0]\n" END, ENOENT, "ldimm64 failed to find the address for kernel symbol 'jiffies'.", at_tp_no_variables},
	{"iter_null", "r1 = *(u64 *)(r1 +8)\nr0 = *(u32 *)(r1 +0)\n" END, EACCES,
	 "R1 invalid mem access 'trusted_ptr_or_null_'", at_iter},
	{"iter", "r1 = *(u64 *)(r1 +8)\nif r1 == 0 goto +1\nr0 = *(u32 *)(r1 +0)\n" END, 0, "", at_iter},

	{"union_beyond", TASK "r1 = *(u64 *)(r1 +48)\nr0 = *(u64 *)(r1 +0)\n" END, EACCES,
	 "access beyond the end of member pid (mend:4) in struct task_struct with off 0 size 8", at_tp},
	{"awake", "r1 = *(u64 *)(r1 +8)\nif r1 == 0 goto +6\nr1 = *(u64 *)(r1 +16)\nr2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END,
	 0, "", at_iter},
	{"asleep", "r1 = *(u64 *)(r1 +8)\nif r1 == 0 goto +6\nr1 = *(u64 *)(r1 +16)\nr2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END,
	 EACCES, "R1 type=untrusted_ptr_ expected=ptr_, trusted_ptr_, rcu_ptr_", at_iter_asleep},
	{"tp_asleep", END, EINVAL,
	 "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable", at_tp_asleep},
	{"nothing", END, EINVAL, "Tracing programs must provide btf_id", at_nothing},
	{"no_type", END, EINVAL, "attach_btf_id 99 is invalid", at_behind},
	{"no_typedef", END, EINVAL, "attach_btf_id 1 is not a typedef", at_int},
	{"no_function", END, EINVAL, "attach_btf_id 12 is not a function", at_tp_iter},
	{"own_stacks", STACKS END, 0, "", at_tp},
	{"no_own_stacks", STACKS END, EACCES, "combined stack size of 2 calls is 800. Too large", at_iter},
	{"returned", "r0 = *(u64 *)(r1 +16)\n" END, 0, "", at_trace},
	{"traced", "r1 = *(u64 *)(r1 +8)\nr2 = r10\nr2 += -8\nr3 = 8\nr4 = 0\ncall get_task_stack\n" END, 0, "", at_trace},
	{"return_range", "r0 = 1\nexit\n", EINVAL,
	 "At program exit the register R0 has smin=1 smax=1 should have been in [0, 0]", at_trace},
	/* clang-format on */
};

static struct skep_btf *kernel;

static bool row_holds(const struct row *row)
{
	struct skep_insn code[64];
	char text[16384] = "";
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	int n = skep_asm(row->text, strlen(row->text), NULL, code, 64, &log);
	const struct verify_prog prog = {.type = SKEP_PROG_TYPE_TRACING,
					 .attach_type = targets[row->at].attach_type,
					 .attach_btf_id = targets[row->at].id,
					 .flags = targets[row->at].flags,
					 .gpl = true,
					 .code = code,
					 .n = (u32)n};
	const struct profile root = {.bpf = true,
				     .perfmon = true,
				     .admin = true,
				     .vmlinux = kernel,
				     .variables = !targets[row->at].no_variables};
	struct verify_result result;
	const char *message;
	int err;

	if (n < 0)
		fail_msg("%s: %s", row->name, text);
	log.len = 0;
	err = -verify(&prog, &root, 1, &log, &result);
	message = err ? last_words(text) : "";
	if (err == row->err && !strcmp(message, row->message))
		return true;
	print_error("%s: errno %d \"%s\", expected %d \"%s\"\n", row->name, err, message,
		    row->err, row->message);
	return false;
}

static void kernel_types(void **state)
{
	struct blob b = {.n = 0};
	char buf[512] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	int wrong = 0;

	make_kernel(&b);
	if (blob_parse(&b, BTF_RULES_FILE, &kernel, &log))
		fail_msg("%s", buf);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		wrong += !row_holds(&rows[i]);
	skep_btf_free(kernel);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(kernel_types)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
