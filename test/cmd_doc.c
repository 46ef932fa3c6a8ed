/* cmd_doc.c - writes docs/commands.md from cmd.def */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cmd.h"

#define REFUSED(name, err, why)
#define CMD(name, function, last, since) {SKEP_##name, #name, #last, since},
static const struct {
	int cmd;
	const char *name, *last, *since;
} cmds[] = {
#include "cmd.def"
};
#undef CMD
#undef REFUSED

#define CMD(name, function, last, since)
#define REFUSED(name, err, why) {#name, #err, why},
static const struct {
	const char *name, *err, *why;
} refusals[] = {
#include "cmd.def"
};
#undef CMD
#undef REFUSED

static bool is_refused(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (!strcmp(refusals[i].name, name))
			return true;
	return false;
}

int main(void)
{
	printf("# Commands of bpf(2)\n\n"
	       "Generated from `src/engine/object/cmd.def`. Results and errors are those of Linux\n"
	       "6.18, in the order of its checks: `test/sys` runs the same calls on both sides.\n\n"
	       "For each command: `E2BIG` when `size` is more than 4,096 or a byte behind the attr\n"
	       "that Linux 6.18 knows is not 0, `EFAULT` when `attr` is not readable, `EINVAL` when\n"
	       "a byte behind the command's last member is not 0. What is behind `size` counts as\n"
	       "0. Commands that there are not are `EINVAL`.\n\n"
	       "| number | command | since Linux | last member | done |\n"
	       "|---|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(cmds); i++)
		printf("| %d | `BPF_%s` | %s | `%s` | %s |\n", cmds[i].cmd, cmds[i].name,
		       cmds[i].since, cmds[i].last,
		       is_refused(cmds[i].name) ? "in part, see below" : "yes");
	printf("\n## What is refused, and why\n\n"
	       "| command | errno | what, and why |\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		printf("| `BPF_%s` | `%s` | %s |\n", refusals[i].name, refusals[i].err,
		       refusals[i].why);
	return 0;
}
