#include "tool.h"
#include "tool_msg.h"
#include <errno.h>
#include <string.h>

const struct cmd cmds[] = {
#define CMD(name, summary) {#name, summary, help_##name, cmd_##name},
#include "cmd.def"
#undef CMD
};
const size_t n_cmds = ARRAY_SIZE(cmds);

const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; i < n_cmds; i++)
		if (!strcmp(name, cmds[i].name))
			return &cmds[i];
	return NULL;
}

int cmd_unknown(const char *name)
{
	const char *near = nearest(name, &cmds[0].name, sizeof(cmds[0]), n_cmds);

	if (near)
		tool_error(msg_cmd_unknown_near, name, near);
	else
		tool_error(msg_cmd_unknown, name);
	return exit_usage;
}

/* --help and --version are what people try first. */
static const char *command_of(const char *arg)
{
	if (!strcmp(arg, "--help") || !strcmp(arg, "-h"))
		return "help";
	if (!strcmp(arg, "--version") || !strcmp(arg, "-V"))
		return "version";
	return arg;
}

/* `skep -jp map list`, as bpftool's users write it, is `skep map -jp list`. */
static void options_behind(char **argv)
{
	int n = 1;
	char *name;

	while (argv[n] && argv[n][0] == '-' && argv[n][1])
		n++;
	name = argv[n];
	if (!name || !cmd_find(name))
		return;
	memmove(argv + 2, argv + 1, (size_t)(n - 1) * sizeof(*argv));
	argv[1] = name;
}

static int dispatch(int argc, char **argv)
{
	const struct cmd *cmd;

	if (argc < 2) {
		char *help[] = {"help", NULL};

		cmd_help(1, help);
		return exit_usage;
	}
	options_behind(argv);
	argv[1] = (char *)command_of(argv[1]);
	cmd = cmd_find(argv[1]);
	return cmd ? cmd->run(argc - 1, argv + 1) : cmd_unknown(argv[1]);
}

int main(int argc, char **argv)
{
	int code = dispatch(argc, argv);

	/* A full disk or a closed pipe must not look like success. */
	if (fflush(stdout) || ferror(stdout)) {
		tool_error(msg_output_failed, "standard output", strerror(errno));
		return exit_failed;
	}
	return code;
}
