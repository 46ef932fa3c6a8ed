#include "tool.h"
#include <stdio.h>

const char help_version[] = "usage: skep version\n\nPrints the version of skep.\n";

int cmd_version(int argc, char **argv)
{
	puts("skep " SKEP_VERSION);
	return 0;
}
