/* map_doc.c - writes docs/maps.md from map.def and what the types say of themselves; each
 * type that Linux 6.18 has stands in it, or this fails */
#include <errno.h>
#include <stdio.h>
#include "local_storage.h"
#include "stack_trace.h"

struct row {
	const char *since, *err, *why; /* err NULL: done */
};

static const struct row rows[SKEP_MAP_TYPE_ARENA + 1] = {
#define MAP(file, symbol, abi, since) [SKEP_MAP_TYPE_##abi] = {since, NULL, NULL},
#define REFUSED(abi, since, err, why) [SKEP_MAP_TYPE_##abi] = {since, #err, why},
#include "map.def"
#undef MAP
#undef REFUSED
};

static const char *const names[] = {
#define MAP(file, symbol, abi, since)
#define REFUSED(abi, since, err, why) [SKEP_MAP_TYPE_##abi] = #abi,
#include "map.def"
#undef MAP
#undef REFUSED
};

struct list {
	u32 n;
};

static void item(struct list *list, bool has, const char *what)
{
	if (has)
		printf("%s%s", list->n++ ? ", " : " ", what);
}

static void print_commands(const struct map_ops *ops)
{
	struct list list = {0};

	item(&list, ops->read, ops->asks ? "ask" : "lookup");
	item(&list, ops->write, "update");
	item(&list, ops->remove, "delete");
	item(&list, ops->take, "take");
	item(&list, ops->next_key, "next key");
	item(&list, ops->mmap, "mmap");
	item(&list, ops->poll, "poll");
	printf(" |");
}

static void print_batches(const struct map_ops *ops)
{
	struct list list = {0};

	item(&list, ops->batch & map_batch_lookup, "lookup");
	item(&list, ops->batch & map_batch_update, "update");
	item(&list, ops->batch & map_batch_delete, "delete");
	item(&list, ops->batch & map_batch_take, "take");
	printf(" |");
}

static void print_helpers(const struct map_ops *ops)
{
	struct list list = {0};

	item(&list, ops->of_maps || (ops->lookup && !ops->no_value_ptr), "lookup");
	item(&list, ops->update, "update");
	item(&list, ops->update && ops->remove, "delete");
	item(&list, ops->pushes, "push");
	item(&list, ops->pushes && ops->take, "pop");
	item(&list, ops->pushes, "peek");
	item(&list, !list.n, "its own");
	printf(" |\n");
}

int main(void)
{
	u32 done = 0;

	printf("# Map types\n\n"
	       "Generated from `src/engine/map/map.def`. Sizes, flags, results and errors are those\n"
	       "of Linux 6.18: `test/sys/map_*.sys` runs the same calls on both sides.\n\n"
	       "*take* is lookup and delete in one. A command that a type has may still be an\n"
	       "error for all of its elements, as the deletion of an array's is. Programs use\n"
	       "types with helpers of *its own* only, see [helpers.md](helpers.md).\n\n"
	       "| number | type | since Linux | commands | batches | helpers |\n"
	       "|---|---|---|---|---|---|\n");
	for (u32 type = 1; type <= SKEP_MAP_TYPE_ARENA; type++) {
		const struct map_ops *ops = map_type(type);

		if (!rows[type].since)
			return 1;
		if (!ops)
			continue;
		done++;
		printf("| %u | %s | %s |", type, ops->name, rows[type].since);
		print_commands(ops);
		print_batches(ops);
		print_helpers(ops);
	}
	printf("\n%u of the %u that Linux has.\n\n## Not there, and why\n\n", done,
	       SKEP_MAP_TYPE_ARENA);
	for (u32 type = 1; type <= SKEP_MAP_TYPE_ARENA; type++)
		if (rows[type].err)
			printf("- `BPF_MAP_TYPE_%s` (%u, Linux %s) %s: `%s`.\n",
			       names[type], type, rows[type].since, rows[type].why,
			       rows[type].err);
	printf("\n## Where the engine's differ\n\n"
	       "- **stack_trace**: a stack is the user's, walked by frame pointers: of the thread\n"
	       "  that is traced, or, in a test run, of who called `bpf(2)`. There are no stacks of\n"
	       "  a kernel: `EFAULT`, as where a kernel has none. The deepest has %u addresses, as\n"
	       "  where nobody changed `kernel.perf_event_max_stack`.\n"
	       "- **arena**: the SIGSEGV of `BPF_F_SEGV_ON_FAULT` has the address, and `SI_QUEUE` as\n"
	       "  `si_code`; a mapping that is read-only, or of a store that is not in memory, gets\n"
	       "  none.\n"
	       "- **task_storage, cgrp_storage**: a map has room for as many owners as the machine\n"
	       "  may have threads (`kernel.pid_max`, `kernel.threads-max`), at least 4,096 and at\n"
	       "  most %u; it takes memory as they come. A new owner takes back the room of threads\n"
	       "  that are gone; that of cgroups comes back when they are deleted from the map. A\n"
	       "  full map gives `ENOMEM`. Programs have the storage of the current task, and of its\n"
	       "  cgroup of version 2 (`bpf_get_current_task_btf()->cgroups->dfl_cgrp`), where that is\n"
	       "  mounted.\n",
	       STACK_TRACE_DEPTH, LOCAL_OWNERS);
	return 0;
}
