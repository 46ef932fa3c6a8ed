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

/* test/sys/user has a script line for each. */
static const struct {
	const char *commands, *what;
} rights[] = {
	{"`MAP_CREATE`",
	 "`EPERM` for all types but hash, array, their per-CPU forms, maps of maps, "
	 "prog_array, perf_event_array, ringbuf and user_ringbuf; for `BPF_F_ZERO_SEED` of "
	 "hash maps and for devices; `E2BIG` for arrays of more than 2^31 entries"},
	{"`PROG_LOAD`",
	 "`E2BIG` for more than 4,096 instructions; `EPERM` for all types but socket_filter "
	 "and cgroup_skb; the verifier refuses what gives an address away or speculates "
	 "with one, local calls (`EPERM`) and the helpers that ask for rights"},
	{"`*_GET_NEXT_ID`, `*_GET_FD_BY_ID`", "`EPERM`"},
	{"`BTF_LOAD`, `ENABLE_STATS`, `TASK_FD_QUERY`", "`EPERM`"},
	{"`PROG_QUERY`", "`EPERM`, before anything else"},
	{"`PROG_DETACH`", "`EPERM` for traffic control without a program"},
	{"`OBJ_GET_INFO_BY_FD`",
	 "of a program without its instructions, functions and lines"},
	{"`TOKEN_CREATE`", "`EPERM` where others get `EOPNOTSUPP`"},
};

static void print_rights(void)
{
	printf("\n## Without capabilities\n\n"
	       "The engine asks for no rights. With the profile of a user without capabilities\n"
	       "(`unprivileged` of `struct skep_engine_opts`, `--unprivileged` of `skep run` and\n"
	       "`skep engine`) it gives what Linux gives such a user where\n"
	       "`kernel.unprivileged_bpf_disabled` is 0. Where it is 1 or 2, Linux adds `EPERM` for\n"
	       "every `MAP_CREATE` and `PROG_LOAD` whose attr is right so far; there is no profile\n"
	       "for that.\n\n"
	       "| command | what such a user gets |\n|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		printf("| %s | %s |\n", rights[i].commands, rights[i].what);
}

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
	print_rights();
	return 0;
}
