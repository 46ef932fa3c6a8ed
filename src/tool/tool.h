/* tool.h - what the subcommands of skep share */
#ifndef TOOL_H
#define TOOL_H

#define SKEP_VERSION "0.1.0"

#define CMD(name, summary) \
	extern const char help_##name[]; \
	int cmd_##name(int argc, char **argv);
#include "cmd.def"
#undef CMD

#endif
