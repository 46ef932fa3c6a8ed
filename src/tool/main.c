#include "tool.h"
#include <stdio.h>
#include <string.h>

static const struct cmd {
	const char *name, *summary, *help;
	int (*run)(int argc, char **argv);
} cmds[] = {
#define CMD(name, summary) { #name, summary, help_##name, cmd_##name },
#include "cmd.def"
#undef CMD
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(cmds) / sizeof(cmds[0]); i++)
		if (!strcmp(argv[1], cmds[i].name))
			return cmds[i].run(argc - 1, argv + 1);
	fprintf(stderr, "skep: no such command\n");
	return 2;
}
