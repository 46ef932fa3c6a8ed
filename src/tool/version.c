#include "tool.h"
#include <stdio.h>

const char help_version[] = "usage: skep version\n\nPrints the version of skep.\n";

int cmd_version(int argc, char **argv)
{
	const struct opt opts[] = {{0}};
	struct args args;
	int code = opt_parse(&args, argc, argv, opts, 0, 0);

	if (code >= 0)
		return code;
	puts("skep " SKEP_VERSION);
	return exit_ok;
}
