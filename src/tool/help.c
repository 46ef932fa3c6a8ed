#include "tool.h"

const char help_help[] =
	"usage: skep help [COMMAND]\n"
	"\n"
	"Explains a command; without COMMAND, lists the commands. 'skep COMMAND --help' does\n"
	"the same, and 'man skep-COMMAND' says it at length.\n";

static void list(void)
{
	puts("usage: skep COMMAND [ARGUMENT...]\n"
	     "\n"
	     "eBPF end to end: in the Linux kernel where you may, in skep's own engine where\n"
	     "you may not.\n");
	for (size_t i = 0; i < n_cmds; i++)
		printf("  %s%-10s%s %s\n", color_on(stdout, color_strong), cmds[i].name,
		       color_on(stdout, color_none), cmds[i].summary);
	puts("\n'skep help COMMAND' explains a command.");
}

int cmd_help(int argc, char **argv)
{
	const struct opt opts[] = {{0}};
	const struct cmd *cmd;
	struct args args;
	int code = opt_parse(&args, argc, argv, opts, 0, 1);

	if (code >= 0)
		return code;
	if (!args.n) {
		list();
		return exit_ok;
	}
	cmd = cmd_find(args.at[0]);
	if (!cmd)
		return cmd_unknown(args.at[0]);
	fputs(cmd->help, stdout);
	return exit_ok;
}
