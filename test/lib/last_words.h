/* last_words.h - why a verifier refused a program, from the end of its log */
#ifndef LAST_WORDS_H
#define LAST_WORDS_H

#include <stdlib.h>
#include <string.h>

/* The last line before the statistics, "" if there is none; the log is cut behind it. */
static inline const char *last_words(char *log)
{
	char *end = strstr(log, "verification time "), *line; /* may stand in a line */

	if (!end)
		end = log + strlen(log);
	do {
		while (end > log && end[-1] == '\n')
			end--;
		*end = 0;
		line = strrchr(log, '\n');
		line = line ? line + 1 : log;
		end = line;
	} while (!strncmp(line, "processed ", 10));
	return line;
}

/* How many instructions the log says were processed, 0 if it does not. */
static inline unsigned processed_of(const char *log)
{
	const char *at = strstr(log, "processed ");

	return at ? (unsigned)strtoul(at + 10, NULL, 10) : 0;
}

#endif
