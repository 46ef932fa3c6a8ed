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
#include "last_words.h"
#include "os.h"
#include "skip.h"
#include "verify.h"

enum { ROOM = 256, LOG = 1 << 20 };

struct ask {
	struct skep_btf *btf;
	int ringbuf;
	u32 type, attach, flags;
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

/* Objects, slices and iterators: what is taken, given and lost. */
#define CHECKED(r) "if " r " == 0 goto out\n "
#define TASK	   "r1 = 1\n call @bpf_task_from_pid\n " CHECKED("r0") "r6 = r0\n "
#define TASK_PUT   "r1 = r6\n call @bpf_task_release\n "
#define FROM_SKB   "r6 = r1\n r2 = 0\n r3 = r10\n r3 += -16\n call @bpf_dynptr_from_skb\n "
#define SLICE(what) \
	"r1 = r10\n r1 += -16\n r2 = 0\n r3 = r10\n r3 += -32\n r4 = 8\n call " \
	"@bpf_dynptr_" what "\n "
#define CT_LOOKUP \
	"*(u64 *)(r10 -8) = 0\n *(u32 *)(r10 -16) = -1\n *(u32 *)(r10 -12) = 0\n " \
	"*(u64 *)(r10 -24) = 0\n *(u64 *)(r10 -32) = 0\n r2 = r10\n r2 += -32\n r3 = 12\n " \
	"r4 = r10\n r4 += -16\n r5 = 12\n "
#define TASKS \
	"r1 = r10\n r1 += -24\n r2 = 0\n r3 = 0\n call @bpf_iter_task_new\n next:\n " \
	"r1 = r10\n r1 += -24\n call @bpf_iter_task_next\n if r0 == 0 goto done\n "
#define TASKS_END "done:\n r1 = r10\n r1 += -24\n call @bpf_iter_task_destroy\n "
#define LOCK	  "call @bpf_rcu_read_lock\n "
#define UNLOCK	  "call @bpf_rcu_read_unlock\n "

#define IRQ_SAVE    "call @bpf_local_irq_save\n "
#define IRQ_RESTORE "call @bpf_local_irq_restore\n "
#define AT16(r)	    r " = r10\n " r " += -16\n "

enum {
	tc = SKEP_PROG_TYPE_SCHED_CLS,
	xdp = SKEP_PROG_TYPE_XDP,
	trace = SKEP_PROG_TYPE_TRACEPOINT,
	call = SKEP_PROG_TYPE_SYSCALL,
	filter = SKEP_PROG_TYPE_CGROUP_SKB,
};

static const struct {
	u32 type;
	const char *text;
} typed[] =
	{
		/* clang-format off */
	/* tasks */
	{tc, TASK TASK_PUT "out:\n " END},
	{tc, TASK "out:\n " END},
	{tc, TASK TASK_PUT TASK_PUT "out:\n " END},
	{tc, TASK "r1 = r6\n r1 += 8\n call @bpf_task_release\nout:\n " END},
	{tc, "r1 = 1\n call @bpf_task_from_pid\n r1 = r0\n call @bpf_task_release\n " END},
	{tc, TASK "r1 = r6\n call @bpf_task_acquire\n if r0 == 0 goto put\n r1 = r0\n call @bpf_task_release\nput:\n " TASK_PUT "out:\n " END},
	{tc, TASK "r7 = *(u32 *)(r6 +1272)\n " TASK_PUT "out:\n " END},
	{tc, TASK TASK_PUT "r7 = *(u64 *)(r6 +0)\nout:\n " END},
	{tc, TASK "*(u64 *)(r6 +0) = 0\n" TASK_PUT "out:\n " END},
	{tc, TASK "r1 = r6\n call @bpf_cgroup_release\nout:\n " END},
	{tc, TASK "r1 = r6\n r2 = 0\n call @bpf_task_get_cgroup1\n if r0 == 0 goto put\n r1 = r0\n call @bpf_cgroup_release\nput:\n " TASK_PUT "out:\n " END},
	{tc, TASK "r1 = r6\n r2 = 0\n call @bpf_task_under_cgroup\nput:\n " TASK_PUT "out:\n " END},
	{trace, "call bpf_get_current_task_btf\n r1 = r0\n call @bpf_task_acquire\n if r0 == 0 goto out\n r1 = r0\n call @bpf_task_release\nout:\n " END},
	{trace, "call bpf_get_current_task_btf\n r1 = r0\n call @bpf_task_release\n " END},
	{trace, "call bpf_get_current_task\n r1 = r0\n call @bpf_task_acquire\n " END},
	{trace, "call bpf_get_current_task\n r1 = r0\n r2 = 8\n call @bpf_rdonly_cast\n " END},
	{call, "call bpf_get_current_task_btf\n r1 = r0\n r2 = 0\n r3 = 0\n r4 = 0\n call @bpf_send_signal_task\n " END},
	/* CPU masks */
	{trace, "call @bpf_cpumask_create\n " CHECKED("r0") "r6 = r0\n r1 = 3\n r2 = r6\n call @bpf_cpumask_set_cpu\n r1 = r6\n call @bpf_cpumask_first\n r1 = r6\n call @bpf_cpumask_release\nout:\n " END},
	{trace, "call @bpf_cpumask_create\n r6 = r0\n r1 = 3\n r2 = r6\n call @bpf_cpumask_set_cpu\n " END},
	{trace, "call @bpf_cpumask_create\n " CHECKED("r0") "r6 = r0\n r1 = r6\n call @bpf_cpumask_acquire\n r1 = r0\n call @bpf_cpumask_release\n r1 = r6\n call @bpf_cpumask_release\nout:\n " END},
	{trace, "call bpf_get_current_task_btf\n r1 = r0\n call @bpf_cpumask_first\n " END},
	{trace, "call bpf_get_current_task_btf\n r1 = 0\n r2 = r0\n call @bpf_cpumask_set_cpu\n " END},
	/* connections */
	{tc, CT_LOOKUP "call @bpf_skb_ct_lookup\n " CHECKED("r0") "r1 = r0\n call @bpf_ct_release\nout:\n " END},
	{xdp, CT_LOOKUP "call @bpf_xdp_ct_lookup\n " CHECKED("r0") "r1 = r0\n call @bpf_ct_release\nout:\n " END},
	{tc, CT_LOOKUP "call @bpf_skb_ct_lookup\n " END},
	{tc, CT_LOOKUP "call @bpf_skb_ct_alloc\n " CHECKED("r0") "r6 = r0\n r1 = r6\n r2 = 5\n call @bpf_ct_set_timeout\n r1 = r6\n call @bpf_ct_insert_entry\n " CHECKED("r0") "r1 = r0\n call @bpf_ct_release\nout:\n " END},
	{tc, CT_LOOKUP "call @bpf_skb_ct_alloc\n " CHECKED("r0") "r6 = r0\n r1 = r6\n r2 = 5\n call @bpf_ct_change_timeout\nout:\n " END},
	{tc, CT_LOOKUP "call @bpf_skb_ct_lookup\n " CHECKED("r0") "r6 = r0\n r1 = r6\n r2 = 5\n call @bpf_ct_set_timeout\nout:\n " END},
	{tc, CT_LOOKUP "r5 = 11\n call @bpf_skb_ct_lookup\n " CHECKED("r0") "r1 = r0\n call @bpf_ct_release\nout:\n " END},
	{tc, CT_LOOKUP "r5 = 1000\n call @bpf_skb_ct_lookup\n " END},
	{tc, CT_LOOKUP "r5 = -1\n call @bpf_skb_ct_lookup\n " END},
	{tc, CT_LOOKUP "r3 = r2\n call @bpf_skb_ct_lookup\n " END},
	{tc, CT_LOOKUP "r1 = r2\n call @bpf_skb_ct_lookup\n " END},
	{tc, CT_LOOKUP "call @bpf_skb_ct_lookup\n " CHECKED("r0") "r6 = r0\n *(u32 *)(r6 +0) = 1\nout:\n " END},
	/* slices */
	{tc, FROM_SKB SLICE("slice") CHECKED("r0") "r1 = *(u64 *)(r0 +0)\nout:\n " END},
	{tc, FROM_SKB SLICE("slice") "r1 = *(u64 *)(r0 +0)\n " END},
	{tc, FROM_SKB SLICE("slice") CHECKED("r0") "r1 = *(u64 *)(r0 +1)\nout:\n " END},
	{tc, FROM_SKB SLICE("slice") CHECKED("r0") "*(u64 *)(r0 +0) = 0\nout:\n " END},
	{tc, FROM_SKB SLICE("slice_rdwr") CHECKED("r0") "*(u64 *)(r0 +0) = 0\nout:\n " END},
	{filter, FROM_SKB SLICE("slice_rdwr") CHECKED("r0") "*(u64 *)(r0 +0) = 0\nout:\n " END},
	{filter, FROM_SKB SLICE("slice") CHECKED("r0") "r1 = *(u64 *)(r0 +0)\nout:\n " END},
	{tc, FROM_SKB SLICE("slice") CHECKED("r0") "r7 = r0\n r1 = r6\n r2 = 1\n call bpf_skb_pull_data\n r1 = *(u64 *)(r7 +0)\nout:\n " END},
	{tc, FROM_SKB SLICE("slice") CHECKED("r0") "*(u64 *)(r10 -8) = 0\n r1 = *(u64 *)(r0 +0)\nout:\n " END},
	{tc, FROM_SKB "r1 = r10\n r1 += -16\n r2 = 0\n r3 = 0\n r4 = 8\n call @bpf_dynptr_slice\n " CHECKED("r0") "r1 = *(u64 *)(r0 +0)\nout:\n " END},
	{tc, FROM_SKB "r1 = r10\n r1 += -16\n r2 = 0\n r3 = 0\n r4 = *(u32 *)(r6 +0)\n call @bpf_dynptr_slice\n " END},
	{tc, FROM_SKB "r1 = r10\n r1 += -16\n r2 = r10\n r2 += -48\n call @bpf_dynptr_clone\n r1 = r10\n r1 += -48\n call @bpf_dynptr_size\n " END},
	{tc, "r1 = r10\n r1 += -16\n r2 = r10\n r2 += -48\n call @bpf_dynptr_clone\n " END},
	{tc, FROM_SKB SLICE("slice") CHECKED("r0") "r1 = r10\n r1 += -48\n r2 = 8\n r3 = r0\n call bpf_probe_read_kernel\nout:\n " END},
	{tc, FROM_SKB SLICE("slice") CHECKED("r0") "r0 += 1\n r1 = r10\n r1 += -48\n r2 = 8\n r3 = 0\n r4 = 8\n r5 = r0\n r1 = r0\n r2 = 4\n r3 = r0\n r4 = 4\n r5 = 0\n call bpf_csum_diff\nout:\n " END},
	{xdp, "r6 = r1\n r2 = 0\n r3 = r10\n r3 += -16\n call @bpf_dynptr_from_xdp\n " SLICE("slice") CHECKED("r0") "r7 = r0\n r1 = r6\n r2 = 1\n call @bpf_xdp_pull_data\n r1 = *(u64 *)(r7 +0)\nout:\n " END},
	{xdp, "r6 = r1\n r2 = 0\n r3 = r10\n r3 += -16\n call @bpf_dynptr_from_xdp\n " SLICE("slice_rdwr") CHECKED("r0") "*(u64 *)(r0 +0) = 0\nout:\n " END},
	{tc, RESERVE "r1 = r10\n r1 += -24\n r2 = r10\n r2 += -48\n call @bpf_dynptr_clone\n " DISCARD "r1 = r10\n r1 += -48\n call @bpf_dynptr_size\n " END},
	{tc, RESERVE "r1 = r10\n r1 += -24\n r2 = r10\n r2 += -48\n call @bpf_dynptr_clone\n r1 = r10\n r1 += -48\n r2 = 0\n call bpf_ringbuf_discard_dynptr\n r1 = r10\n r1 += -24\n call @bpf_dynptr_size\n " END},
	{tc, "r1 = 0\n r2 = $nf_conn\n call @bpf_rdonly_cast\n *(u32 *)(r0 +168) = 1\n " END},
	/* contexts */
	{tc, "call @bpf_cast_to_kern_ctx\n r1 = *(u32 *)(r0 +112)\n " END},
	{xdp, "call @bpf_cast_to_kern_ctx\n r1 = *(u64 *)(r0 +0)\n " END},
	{tc, "r1 += 4\n call @bpf_cast_to_kern_ctx\n " END},
	{tc, "call @bpf_cast_to_kern_ctx\n r1 = r0\n r2 = 0\n r3 = r10\n r3 += -16\n call @bpf_dynptr_from_skb\n " END},
	/* iterators */
	{trace, LOCK TASKS "goto next\n " TASKS_END UNLOCK END},
	{trace, TASKS "goto next\n " TASKS_END END},
	{call, TASKS "goto next\n " TASKS_END END},
	{call, LOCK TASKS "r1 = r0\n call @bpf_task_acquire\n if r0 == 0 goto next\n r1 = r0\n call @bpf_task_release\n goto next\n " TASKS_END UNLOCK END},
	{call, LOCK TASKS "r6 = r0\n call @bpf_rcu_read_unlock\n r1 = r6\n call @bpf_task_acquire\ndone:\n " END},
	{call, LOCK "r1 = r10\n r1 += -24\n r2 = 0\n r3 = 0\n call @bpf_iter_task_new\n " UNLOCK "r1 = r10\n r1 += -24\n call @bpf_iter_task_next\n " END},
	{trace, "call bpf_get_current_task_btf\n r2 = r0\n r1 = r10\n r1 += -8\n r3 = 0\n call @bpf_iter_task_vma_new\n next:\n r1 = r10\n r1 += -8\n call @bpf_iter_task_vma_next\n if r0 == 0 goto done\n r1 = *(u64 *)(r0 +0)\n goto next\n done:\n r1 = r10\n r1 += -8\n call @bpf_iter_task_vma_destroy\n " END},
	{trace, "r1 = r10\n r1 += -8\n r2 = 0\n r3 = 1\n call @bpf_iter_bits_new\n next:\n r1 = r10\n r1 += -8\n call @bpf_iter_bits_next\n if r0 != 0 goto next\n r1 = r10\n r1 += -8\n call @bpf_iter_bits_destroy\n " END},
	{tc, NEW "r1 = r10\n r1 += -8\n call @bpf_iter_bits_next\n " END},
	{trace, "call @bpf_cgroup_from_id\n " END},
	{trace, "r1 = 1\n call @bpf_cgroup_from_id\n " CHECKED("r0") "r6 = r0\n r2 = r6\n r1 = r10\n r1 += -24\n r3 = 0\n call @bpf_iter_css_new\n next:\n r1 = r10\n r1 += -24\n call @bpf_iter_css_next\n if r0 != 0 goto next\n r1 = r10\n r1 += -24\n call @bpf_iter_css_destroy\n r1 = r6\n call @bpf_cgroup_release\nout:\n " END},
	{trace, "r1 = 1\n call @bpf_cgroup_from_id\n " CHECKED("r0") "r6 = r0\n r2 = r6\n r1 = r10\n r1 += -24\n r3 = 0\n call @bpf_iter_css_task_new\nout:\n " END},
	/* interrupts */
	{tc, AT("r1") IRQ_SAVE AT("r1") IRQ_RESTORE END},
	{tc, AT("r1") IRQ_SAVE END},
	{tc, AT("r1") IRQ_RESTORE END},
	{tc, AT("r1") IRQ_SAVE AT("r1") IRQ_SAVE END},
	{tc, AT("r1") IRQ_SAVE AT("r1") IRQ_RESTORE AT("r1") IRQ_RESTORE END},
	{tc, AT("r1") IRQ_SAVE AT16("r1") IRQ_SAVE AT16("r1") IRQ_RESTORE AT("r1") IRQ_RESTORE END},
	{tc, AT("r1") IRQ_SAVE AT16("r1") IRQ_SAVE AT("r1") IRQ_RESTORE END},
	{tc, AT("r1") IRQ_SAVE AT16("r1") IRQ_SAVE AT16("r1") IRQ_RESTORE END},
	{tc, AT("r1") IRQ_SAVE "*(u64 *)(r10 -8) = 0\n " AT("r1") IRQ_RESTORE END},
	{tc, AT("r1") IRQ_SAVE "r1 = *(u64 *)(r10 -8)\n " AT("r1") IRQ_RESTORE END},
	{tc, AT("r1") IRQ_SAVE "r6 = *(u8 *)(r10 -8)\n " AT("r1") IRQ_RESTORE "r0 = r6\n exit\n"},
	{tc, AT("r1") IRQ_SAVE "call bpf_get_prandom_u32\n if r0 == 0 goto +1\n r6 = 1\n " AT("r1") IRQ_RESTORE END},
	{tc, "r1 = r10\n r1 += -12\n " IRQ_SAVE END},
	{tc, "r1 = r10\n " IRQ_SAVE END},
	{tc, "r1 = r10\n r1 += -520\n " IRQ_SAVE END},
	{tc, "r1 = 0\n " IRQ_SAVE END},
	{tc, "*(u64 *)(r10 -8) = 0\n " AT("r1") IRQ_SAVE AT("r1") IRQ_RESTORE "r0 = *(u64 *)(r10 -8)\n exit\n"},
	{call, AT("r1") IRQ_SAVE "r1 = r10\n r1 += -32\n r2 = 8\n r3 = 0\n r4 = 0\n call @bpf_copy_from_user_str\n " END},
	{call, AT("r1") IRQ_SAVE "r1 = r10\n r1 += -32\n r2 = 8\n r3 = 0\n call bpf_copy_from_user\n " END},
	/* sleeping */
	{call, "r1 = map[idx:0]\n r2 = 0\n r3 = 1\n r4 = 0\n r5 = 0\n call @bpf_arena_alloc_pages\n " END},
	{call, "r1 = map[idx:0]\n r2 = 0\n r3 = 1\n call @bpf_arena_free_pages\n " END},
	{call, "r1 = map[idx:0]\n r2 = 0\n r3 = 1\n r4 = 0\n r5 = 0\n call @bpf_arena_alloc_pages\n r1 = *(u64 *)(r0 +0)\n " END},
	{call, LOCK "r1 = r10\n r1 += -16\n r2 = 8\n r3 = 0\n r4 = 0\n call @bpf_copy_from_user_str\n " UNLOCK END},
	{call, "call @bpf_preempt_disable\n r1 = r10\n r1 += -16\n r2 = 8\n r3 = 0\n r4 = 0\n call @bpf_copy_from_user_str\n " END},
	{call, "r1 = r10\n r1 += -16\n r2 = 8\n r3 = 0\n r4 = 0\n call @bpf_copy_from_user_str\n " END},
	{call, "r1 = 0\n r2 = 0\n call @bpf_lookup_user_key\n " CHECKED("r0") "r1 = r0\n call @bpf_key_put\nout:\n " END},
	/* looked at whether a path comes there or not */
	{xdp, "r0 = 0\n if r0 == 0 goto out\n call @bpf_xdp_metadata_rx_hash\nout:\n " END},
	{tc, "r0 = 0\n if r0 == 0 goto out\n call @do_exit\nout:\n " END},
	{tc, "r0 = 0\n if r0 == 0 goto out\n call @_printk\nout:\n " END},
	{tc, "r0 = 0\n if r0 == 0 goto out\n call @bpf_throw\nout:\n " END},
	/* maps */
	{tc, "r1 = map[idx:0]\n call @bpf_map_sum_elem_count\n " END},
	{tc, "r1 = 0\n call @bpf_map_sum_elem_count\n " END},
		/* clang-format on */
};

/* "@name" is a kernel's function, "$name" the number of its struct. */
static void make(struct ask *a, const char *text)
{
	char out[2048], name[64], msg[256] = "";
	struct skep_log log = {.buf = msg, .size = sizeof(msg)};
	size_t n = 0;
	int used, len;

	for (; *text; text++) {
		const bool func = *text == '@';

		if (!func && *text != '$') {
			out[n++] = *text;
			continue;
		}
		assert_int_equal(sscanf(text + 1, "%63[a-z0-9_]%n", name, &used), 1);
		n += (size_t)sprintf(
			out + n, "%s%u", func ? "kfunc#" : "",
			skep_btf_find(a->btf, name,
				      func ? SKEP_BTF_KIND_FUNC : SKEP_BTF_KIND_STRUCT));
		text += used;
	}
	out[n] = 0;
	len = skep_asm(out, n, NULL, a->code, ROOM, &log);
	if (len <= 0)
		fail_msg("no program: %s%s", msg, out);
	a->n = (u32)len;
}

static int ask_kernel(struct ask *a)
{
	union skep_attr attr = {0};
	int fd;

	attr.prog_type = a->type;
	attr.expected_attach_type = a->attach;
	attr.prog_flags = a->flags;
	attr.insns = (u64)(uintptr_t)a->code;
	attr.insn_cnt = a->n;
	attr.license = (u64)(uintptr_t) "GPL";
	attr.log_level = 5;
	attr.log_buf = (u64)(uintptr_t)a->kernels_log;
	attr.log_size = LOG;
	attr.fd_array = (u64)(uintptr_t)&a->ringbuf;
	a->kernels_log[0] = 0;
	fd = (int)syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
	a->kernels_processed = processed_of(a->kernels_log);
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
	const struct verify_prog prog = {.type = a->type,
					 .attach_type = a->attach,
					 .flags = a->flags,
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

static bool is_later(const char *line)
{
	return !strncmp(line, "not supported yet", 17);
}

/* What is not supported is refused, whatever the kernel says. later: counts that; NULL:
 * the program has nothing of the kind. */
static bool same_code(struct ask *a, const char *text, u32 *later)
{
	int kernels, ours;
	const char *kernels_line, *line;

	kernels = ask_kernel(a);
	ours = ask_verify(a);
	kernels_line = kernels ? last_words(a->kernels_log) : "";
	line = ours ? last_words(a->log) : "";
	if (later && ours && is_later(line)) {
		++*later;
		return true;
	}
	if (kernels == ours && a->processed == a->kernels_processed &&
	    !strcmp(line, kernels_line))
		return true;
	print_message("%d, %u, \"%s\", but Linux: %d, %u, \"%s\" for type %u\n%s\n", ours,
		      a->processed, line, kernels, a->kernels_processed, kernels_line,
		      a->type, text);
	return false;
}

static bool same(struct ask *a, const char *text)
{
	make(a, text);
	return same_code(a, text, NULL);
}

static void begin(struct ask *a, const char *who)
{
	union skep_attr attr = {0};
	void *data;
	size_t len;

	if (no_bpf())
		test_skip(who, "%s", no_bpf());
	if (os_read_file("/sys/kernel/btf/vmlinux", 64 << 20, &data, &len))
		test_skip(who, "this kernel has no /sys/kernel/btf/vmlinux");
	assert_int_equal(skep_btf_parse(&a->btf, data, len, NULL, "vmlinux", NULL), 0);
	free(data);
	attr.map_type = SKEP_MAP_TYPE_RINGBUF;
	attr.max_entries = 4096;
	a->ringbuf = (int)syscall(SYS_bpf, SKEP_MAP_CREATE, &attr, sizeof(attr));
	assert_true(a->ringbuf >= 0);
	a->type = SKEP_PROG_TYPE_SCHED_CLS;
}

static void end(struct ask *a)
{
	close(a->ringbuf);
	skep_btf_free(a->btf);
}

static struct ask ask;

static void kernel_functions_are_judged_as_the_kernel_does(void **state)
{
	u32 wrong = 0;

	begin(&ask, __func__);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		wrong += !same(&ask, programs[i]);
	for (size_t i = 0; i < sizeof(typed) / sizeof(typed[0]); i++) {
		ask.type = typed[i].type;
		ask.flags =
			typed[i].type == SKEP_PROG_TYPE_SYSCALL ? SKEP_F_SLEEPABLE : 0;
		wrong += !same(&ask, typed[i].text);
	}
	end(&ask);
	assert_int_equal(wrong, 0);
}

/* Each function, of each kind of program, with arguments of several kinds: what rows the
 * tables have, and their flags. */
static const struct {
	u32 type, attach, flags;
} callers[] = {
	{SKEP_PROG_TYPE_SOCKET_FILTER, 0, 0},
	{SKEP_PROG_TYPE_KPROBE, 0, 0},
	{SKEP_PROG_TYPE_SCHED_CLS, 0, 0},
	{SKEP_PROG_TYPE_SCHED_ACT, 0, 0},
	{SKEP_PROG_TYPE_TRACEPOINT, 0, 0},
	{SKEP_PROG_TYPE_XDP, 0, 0},
	{SKEP_PROG_TYPE_PERF_EVENT, 0, 0},
	{SKEP_PROG_TYPE_CGROUP_SKB, 0, 0},
	{SKEP_PROG_TYPE_CGROUP_SOCK, SKEP_CGROUP_INET_SOCK_CREATE, 0},
	{SKEP_PROG_TYPE_LWT_IN, 0, 0},
	{SKEP_PROG_TYPE_LWT_XMIT, 0, 0},
	{SKEP_PROG_TYPE_SOCK_OPS, SKEP_CGROUP_SOCK_OPS, 0},
	{SKEP_PROG_TYPE_SK_SKB, 0, 0},
	{SKEP_PROG_TYPE_CGROUP_DEVICE, SKEP_CGROUP_DEVICE, 0},
	{SKEP_PROG_TYPE_SK_MSG, 0, 0},
	{SKEP_PROG_TYPE_RAW_TRACEPOINT, 0, 0},
	{SKEP_PROG_TYPE_CGROUP_SOCK_ADDR, SKEP_CGROUP_INET4_CONNECT, 0},
	{SKEP_PROG_TYPE_LWT_SEG6LOCAL, 0, 0},
	{SKEP_PROG_TYPE_FLOW_DISSECTOR, 0, 0},
	{SKEP_PROG_TYPE_CGROUP_SYSCTL, SKEP_CGROUP_SYSCTL, 0},
	{SKEP_PROG_TYPE_CGROUP_SOCKOPT, SKEP_CGROUP_GETSOCKOPT, 0},
	{SKEP_PROG_TYPE_SK_LOOKUP, SKEP_SK_LOOKUP, 0},
	{SKEP_PROG_TYPE_SYSCALL, 0, SKEP_F_SLEEPABLE},
	{SKEP_PROG_TYPE_NETFILTER, SKEP_NETFILTER, 0},
};

#define ZEROED \
	"*(u64 *)(r10 -8) = 0\n *(u64 *)(r10 -16) = 0\n *(u64 *)(r10 -24) = 0\n " \
	"*(u64 *)(r10 -32) = 0\n "

static const char *const fillings[] = {
	"r1 = 0\n r2 = 0\n r3 = 0\n r4 = 0\n r5 = 0\n ",
	"r2 = 0\n r3 = 0\n r4 = 0\n r5 = 0\n ",
	ZEROED "r1 = r10\n r1 += -32\n r2 = r1\n r3 = r1\n r4 = r1\n r5 = r1\n ",
	ZEROED "r2 = r10\n r2 += -32\n r3 = 8\n r4 = r2\n r5 = 12\n ",
	"r1 = r10\n r1 += -32\n r2 = 0\n r3 = r10\n r3 += -16\n r4 = 8\n r5 = 8\n ",
	"r2 = 0\n r3 = r10\n r3 += -16\n r4 = 0\n r5 = 0\n ",
	"r1 = 8\n r2 = r10\n r2 += -8\n r3 = r10\n r3 += -16\n r4 = 0\n r5 = 0\n ",
	"",
};

static bool is_kfunc_tag(const struct skep_btf *btf, const struct skep_btf_type *t)
{
	return SKEP_BTF_INFO_KIND(t->info) == SKEP_BTF_KIND_DECL_TAG &&
	       !strcmp(skep_btf_string(btf, t->name_off), "bpf_kfunc");
}

static u32 ask_all(struct ask *a, const char *name, u32 *asked, u32 *later)
{
	u32 wrong = 0;
	char text[512];

	for (size_t c = 0; c < sizeof(callers) / sizeof(callers[0]); c++) {
		a->type = callers[c].type;
		a->attach = callers[c].attach;
		a->flags = callers[c].flags;
		for (size_t f = 0; f < sizeof(fillings) / sizeof(fillings[0]); f++) {
			snprintf(text, sizeof(text), "%scall @%s\n " END, fillings[f],
				 name);
			make(a, text);
			wrong += !same_code(a, text, later);
			++*asked;
		}
	}
	return wrong;
}

static void each_kernel_function_is_known_as_it_is(void **state)
{
	u32 wrong = 0, asked = 0, later = 0;

	begin(&ask, __func__);
	for (u32 id = 1; id < skep_btf_end(ask.btf); id++) {
		const struct skep_btf_type *t = skep_btf_type_by_id(ask.btf, id);

		if (is_kfunc_tag(ask.btf, t)) {
			t = skep_btf_type_by_id(ask.btf, t->type);
			wrong += ask_all(&ask, skep_btf_string(ask.btf, t->name_off),
					 &asked, &later);
		}
	}
	end(&ask);
	print_message("%u programs, %u of them not supported yet\n", asked, later);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_functions_are_judged_as_the_kernel_does),
		cmocka_unit_test(each_kernel_function_is_known_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
