/* helper_doc.c - writes docs/helpers.md from helper.def and type.def */
#include <stdio.h>
#include "helper.h"
#include "rules.h"

enum { LAST = SKEP_FUNC_cgrp_storage_delete };

static const char *const args[] = {
	[arg_any] = "number",
	[arg_ctx] = "context",
	[arg_ctx_null] = "context or NULL",
	[arg_map] = "map",
	[arg_map_of_any] = "map",
	[arg_any_map] = "map",
	[arg_ringbuf] = "ring buffer",
	[arg_prog_array] = "program array",
	[arg_task_storage] = "task storage map",
	[arg_cgrp_storage] = "cgroup storage map",
	[arg_cgroup_null] = "cgroup or NULL",
	[arg_task] = "task",
	[arg_task_null] = "task or NULL",
	[arg_value_null] = "value or NULL",
	[arg_stack_trace] = "stack trace map",
	[arg_queue] = "queue",
	[arg_perf_array] = "perf event array",
	[arg_user_ringbuf] = "user ring buffer",
	[arg_key] = "key",
	[arg_value] = "value",
	[arg_value_out] = "room for a value",
	[arg_mem] = "memory",
	[arg_mem20] = "20 bytes",
	[arg_mem40] = "40 bytes",
	[arg_mem_null] = "memory or NULL",
	[arg_out] = "room",
	[arg_out_null] = "room or NULL",
	[arg_size] = "its size",
	[arg_size0] = "its size or 0",
	[arg_record] = "record",
	[arg_func] = "function",
	[arg_str] = "text",
	[arg_u64_out] = "room for 8 bytes",
	[arg_dynptr] = "dynptr",
	[arg_dynptr_new] = "room for a dynptr",
	[arg_spin_lock] = "lock of a value",
	[arg_timer] = "timer of a value",
	[arg_seq] = "what the iterator writes to",
	[arg_wq] = "work queue of a value",
	[arg_kptr] = "kept pointer of a value or object",
	[arg_object] = "object",
	[arg_object_null] = "object or NULL",
};

static const char *const rets[] = {
	[ret_int] = "number",	       [ret_void] = "nothing",
	[ret_value] = "value or NULL", [ret_task] = "task",
	[ret_mem] = "memory or NULL",  [ret_object] = "object or NULL",
};

/* Whether programs of the type may call it, wherever they are attached. */
static bool may_call(u32 type, u32 id)
{
	for (u32 attach = 0; attach < 64; attach++)
		if (!rules_attach(type, attach) && rules_helper_known(type, attach, id))
			return true;
	return false;
}

static void print_types(u32 id)
{
	u32 some = 0, all = 0, n = 0;

	for (u32 type = 0; type < 64; type++) {
		some += prog_type(type) && may_call(type, id);
		all += prog_type(type) != NULL;
	}
	for (u32 type = 0; some < all && type < 64; type++)
		if (prog_type(type) && may_call(type, id))
			printf("%s%s", n++ ? ", " : "", prog_type(type)->name);
	printf("%s |\n", some == all ? "all" : "");
}

static void print_helper(u32 id)
{
	const struct helper *h = helper_of(id);

	printf("| %u | `bpf_%s` |", id, h->name);
	for (u32 i = 0; i < 5 && h->arg[i]; i++)
		printf("%s%s", i ? ", " : " ", args[h->arg[i]]);
	printf(" | %s | %s | %s%s%s | ", rets[h->ret], h->since, h->gpl_only ? "GPL" : "",
	       h->gpl_only && h->may_sleep ? ", " : "", h->may_sleep ? "sleepable" : "");
	print_types(id);
}

int main(void)
{
	u32 n = 0;

	printf("# Helpers\n\n"
	       "Generated from `src/engine/helper/helper.def`; what each does is described in\n"
	       "`bpf-helpers(7)`. Results and errors are those of Linux 6.18.\n\n"
	       "*memory* is read and *room* written; both must lie where the program may touch\n"
	       "memory. GPL: only for programs with a license that says so; sleepable: only for\n"
	       "programs loaded with `BPF_F_SLEEPABLE`.\n\n"
	       "| id | helper | arguments | returns | since Linux | only if | program types |\n"
	       "|---|---|---|---|---|---|---|\n");
	for (u32 id = 1; id <= LAST; id++) {
		if (helper_of(id)) {
			print_helper(id);
			n++;
		}
	}
	printf("\n%u of the %u that Linux has.\n\n## Not there, and why\n\n", n, LAST);
	for (u32 id = 1; id <= LAST; id++) {
		if (helper_refusal(id))
			printf("- %s.\n", helper_refusal(id));
		if (!helper_of(id) == !helper_refusal(id)) {
			fprintf(stderr, "helper.def: id %u has to have one row\n", id);
			return 1;
		}
	}
	return 0;
}
