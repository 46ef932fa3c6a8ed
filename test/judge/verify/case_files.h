/* case_files.h - the case files of folders, and asking about one at a time in a child
 *
 * For the judges: what goes wrong is said on stderr.
 */
#ifndef CASE_FILES_H
#define CASE_FILES_H

#include "vec.h"

struct case_files {
	vec(char *) paths; /* by name */
};

/* All *.case below each name, up to a NULL; a name that is a file itself is taken
 * whatever it is called. 0, or -1: there are none, or one cannot be read. */
int case_files(char *const *names, struct case_files *out);

/* ask(path) in a process of its own that ends after so many seconds: its status as of
 * waitpid(2), -1 if there is none. */
int case_in_child(const char *path, int (*ask)(const char *path), unsigned int seconds);

#endif
