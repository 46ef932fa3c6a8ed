/* tool.h - what the subcommands of skep share
 *
 * A subcommand is a row of cmd.def and a file NAME.c with cmd_NAME() and help_NAME. It
 * returns an exit code, writes results to standard output and sentences to standard
 * error, and parses its arguments with opt_parse(), which also answers --help.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdio.h>
#include <skep/log.h>
#include "bits.h"

#define SKEP_VERSION "0.1.0"

/* What skep returns to its caller; documented in skep(1). */
enum exit_code { exit_ok = 0, exit_failed = 1, exit_usage = 2 };

#define CMD(name, summary) \
	extern const char help_##name[]; \
	int cmd_##name(int argc, char **argv);
#include "cmd.def"
#undef CMD

struct cmd {
	const char *name, *summary, *help;
	int (*run)(int argc, char **argv);
};

extern const struct cmd cmds[];
extern const size_t n_cmds;

/* NULL if there is none. */
const struct cmd *cmd_find(const char *name);

/* "unknown command 'x'; did you mean 'y'?" Returns exit_usage. */
int cmd_unknown(const char *name);

/* ---- arguments ---- */

enum opt_kind {
	opt_flag,   /* to: bool, set to true */
	opt_text,   /* to: const char *, into argv */
	opt_number, /* to: u64, decimal or 0x... */
};

struct opt {
	const char *name; /* without the dashes; NULL ends the table */
	char letter;	  /* 0: none */
	enum opt_kind kind;
	void *to;
};

struct args {
	int n; /* arguments that are no options, before "--" */
	char **at;
	int n_rest; /* what follows "--" */
	char **rest;
};

/* Parses the arguments of a subcommand (argv[0] is its name); options may stand anywhere
 * before "--". `least` to `most` plain arguments are allowed. -1: go on; otherwise the
 * exit code to return, after --help was answered or a sentence was written. */
int opt_parse(struct args *out, int argc, char **argv, const struct opt *opts, int least,
	      int most);

/* ---- files ---- */

/* A whole file, "-" is standard input, in one block with a 0 byte behind it that the
 * caller frees with mem_free. exit_ok, or exit_failed after a sentence. */
int input_read(const char *path, void **data, size_t *len);

/* The file's name for messages: "standard input" for "-". */
const char *input_name(const char *path);

struct skep_filter;

/* Classic BPF from a file's contents: text as tcpdump -d, -dd or -ddd writes it, or the
 * bytes of struct sock_filter. Returns the number of instructions, in memory that the
 * caller frees with mem_free; -1 after a sentence. */
int filter_read(const char *path, const void *data, size_t len, struct skep_filter **out);

/* Opens for writing, NULL is standard output; NULL after a sentence. output_close()
 * returns an exit code; what could not be written is a sentence. */
FILE *output_open(const char *path);
int output_close(FILE *f, const char *path);

/* ---- messages ---- */

/* Writes "skep: " and the message, a row of tool_msg.def, to standard error. */
void tool_error(const char *fmt, ...) PRINTF(1, 2);

/* A log whose lines go to standard error when it is shown; `where` stands before each,
 * if it is not NULL. */
struct skep_log *tool_log(void);
void tool_log_show(const char *where);

/* The name that is nearest to `name`, NULL if none is near enough to be meant. `names`
 * is the name in the first of `n` elements of `stride` bytes. */
const char *nearest(const char *name, const char *const *names, size_t stride, size_t n);

/* ---- output ---- */

enum color { color_none, color_good, color_warn, color_bad, color_strong };

/* The escape sequence, or "" when `f` is no terminal, NO_COLOR is set or TERM is dumb. */
const char *color_on(FILE *f, enum color c);

/* `s` as a JSON string, quotes included. */
void json_string(FILE *f, const char *s);

#endif
