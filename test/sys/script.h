/* script.h - the language of test/sys; script.c describes it */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <skep/sys.h>

/* Runs the script `file` on this side. How many of its lines failed; each is told on
 * standard output. *skip: why not all of them were run, or NULL. */
int script_run(struct skep_sys *sys, const char *file, const char **skip);

#endif
