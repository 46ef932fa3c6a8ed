#include "tool.h"
#include "tool_msg.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

enum { OPT_MOST = 32, OPT_HELP = 1000, OPT_FIRST = 1001 };

/* getopt_long's own tables, made from ours: the long option i returns OPT_FIRST + i. */
struct table {
	struct option longs[OPT_MOST + 2];
	char shorts[2 * OPT_MOST + 4];
};

static void table_fill(struct table *t, const struct opt *opts)
{
	char *s = t->shorts;
	size_t i;

	*s++ = ':';
	*s++ = 'h';
	for (i = 0; opts[i].name && i < OPT_MOST; i++) {
		bool has = opts[i].kind != opt_flag;

		t->longs[i] =
			(struct option){opts[i].name, has, NULL, OPT_FIRST + (int)i};
		if (!opts[i].letter)
			continue;
		*s++ = opts[i].letter;
		if (has)
			*s++ = ':';
	}
	t->longs[i] = (struct option){"help", 0, NULL, OPT_HELP};
}

static const struct opt *opt_of(const struct opt *opts, int c)
{
	if (c >= OPT_FIRST)
		return &opts[c - OPT_FIRST];
	for (; opts->name; opts++)
		if (opts->letter == c)
			return opts;
	return NULL;
}

static bool opt_store(const struct opt *o, const char *text)
{
	char *end;

	if (o->kind == opt_flag) {
		*(bool *)o->to = true;
	} else if (o->kind == opt_text) {
		*(const char **)o->to = text;
	} else {
		errno = 0;
		*(u64 *)o->to = strtoull(text, &end, 0);
		if (errno || *end || *text < '0' || *text > '9') {
			tool_error(msg_opt_bad_number, text, o->name);
			return false;
		}
	}
	return true;
}

/* getopt_long returned ? or :; the argument that it stopped at says why. */
static int opt_complain(int c, const char *cmd, char *arg, const struct table *t)
{
	char letter[] = {'-', (char)optopt, 0};
	size_t n = 0, len = strcspn(arg, "=");
	const char *near;

	if (optopt && optopt < OPT_HELP)
		arg = letter;
	if (c == ':') {
		tool_error(msg_opt_no_argument, arg, cmd);
		return exit_usage;
	}
	if (optopt >= OPT_HELP) {
		arg[len] = 0;
		tool_error(msg_opt_extra_argument, arg, cmd);
		return exit_usage;
	}
	while (t->longs[n].name)
		n++;
	near = arg == letter ? NULL
			     : nearest(arg + 2, &t->longs->name, sizeof(*t->longs), n);
	if (near && len > 2 && !strncmp(near, arg + 2, len - 2))
		tool_error(msg_opt_ambiguous, arg, cmd);
	else if (near)
		tool_error(msg_opt_unknown_near, arg, near);
	else
		tool_error(msg_opt_unknown, arg, cmd);
	return exit_usage;
}

static void args_split(struct args *out, int argc, char **argv, int dashes)
{
	out->n_rest = dashes < argc ? argc - dashes - 1 : 0;
	out->n = argc - optind - out->n_rest;
	out->at = argv + optind;
	out->rest = argv + argc - out->n_rest;
}

static int dashes_at(int argc, char **argv)
{
	int i = 1;

	while (i < argc && strcmp(argv[i], "--"))
		i++;
	return i;
}

int opt_parse(struct args *out, int argc, char **argv, const struct opt *opts, int least,
	      int most)
{
	int c, dashes = dashes_at(argc, argv);
	struct table t = {0};

	table_fill(&t, opts);
	for (optind = 1; (c = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1;) {
		if (c == '?' || c == ':')
			return opt_complain(c, argv[0], argv[optind - 1], &t);
		if (c == 'h' || c == OPT_HELP) {
			fputs(cmd_find(argv[0])->help, stdout);
			return exit_ok;
		}
		if (!opt_store(opt_of(opts, c), optarg))
			return exit_usage;
	}
	args_split(out, argc, argv, dashes);
	if (out->n < least)
		tool_error(msg_arg_missing, argv[0]);
	else if (out->n > most)
		tool_error(msg_arg_extra, out->at[most], argv[0]);
	return out->n < least || out->n > most ? exit_usage : -1;
}
