#include "coverage.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { ERRNOS = 640, COMMANDS = SKEP_PROG_STREAM_READ_BY_FD + 1 };

static bool reached[COMMANDS][ERRNOS];

static const char *const names[COMMANDS] = {
#define REFUSED(name, err, why)
#define CMD(name, function, last, since) [SKEP_##name] = #name,
#include "cmd.def"
#undef CMD
#undef REFUSED
};

static const struct {
	int suite; /* -1: the engine and the kernel */
	int cmd;
	const char *errnos; /* NULL: see why */
	const char *why;
} rows[] = {
#define BOTH(name, errnos)   {-1, SKEP_##name, " " errnos " ", NULL},
#define ENGINE(name, errnos) {suite_engine, SKEP_##name, " " errnos " ", NULL},
#define KERNEL(name, errnos) {suite_kernel, SKEP_##name, " " errnos " ", NULL},
#define USER(name, errnos)   {suite_user, SKEP_##name, " " errnos " ", NULL},
#define UNREACHED(name, errnos, why)
#define FLAG(name, member, flag)
#include "coverage.def"
#undef BOTH
#undef ENGINE
#undef KERNEL
#undef USER
#undef FLAG
};

static struct flag {
	int cmd;
	size_t off, size;
	unsigned long bits;
	const char *text;
	bool reached;
} flags[] = {
#define BOTH(name, errnos)
#define ENGINE(name, errnos)
#define KERNEL(name, errnos)
#define USER(name, errnos)
#define FLAG(name, member, flag) \
	{SKEP_##name, \
	 offsetof(union skep_attr, member), \
	 sizeof(((union skep_attr *)0)->member), \
	 SKEP_##flag, \
	 #member " " #flag, \
	 false},
#include "coverage.def"
};

void coverage_note(int cmd, const union skep_attr *attr, long ret)
{
	if (cmd < 0 || cmd >= COMMANDS)
		return;
	reached[cmd][ret < 0 && ret > -ERRNOS ? -ret : 0] = true;
	for (struct flag *f = flags; f < flags + COUNT(flags); f++) {
		unsigned long value = 0;

		memcpy(&value, (const char *)attr + f->off, f->size);
		f->reached |= f->cmd == cmd && (value & f->bits) == f->bits;
	}
}

static const char *errno_name(int err)
{
	const char *name = err == 524 ? "ENOTSUPP" : strerrorname_np(err);

	return name ? name : "?";
}

static bool is_listed(enum coverage_suite suite, int cmd, const char *name)
{
	char word[32];

	snprintf(word, sizeof(word), " %s ", name);
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].cmd == cmd && strstr(rows[i].errnos, word) &&
		    (rows[i].suite == (int)suite ||
		     (rows[i].suite < 0 && suite != suite_user)))
			return true;
	return false;
}

int coverage_check(enum coverage_suite suite)
{
	int wrong = 0;

	for (int cmd = 0; cmd < COMMANDS; cmd++)
		for (int err = 1; err < ERRNOS; err++) {
			const char *name = errno_name(err);

			if (reached[cmd][err] == is_listed(suite, cmd, name))
				continue;
			printf(reached[cmd][err]
				       ? "# %s: %s, which coverage.def does not list\n"
				       : "# %s: no script gets %s\n",
			       names[cmd], name);
			wrong++;
		}
	for (size_t i = 0; i < COUNT(flags) && suite != suite_user; i++)
		if (!flags[i].reached) {
			printf("# %s: no script has %s\n", names[flags[i].cmd],
			       flags[i].text);
			wrong++;
		}
	return wrong;
}
