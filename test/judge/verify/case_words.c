/* case_words.c - words: whether every refusal of a case can be put into words
 *
 * Of each case that skep refuses, and of N mutants of each case, the explanation must
 * have a headline of its own, nothing left of a template, and no name of a register
 * where the source has variables. Prints how many refusals each class has; those without
 * one of their own are `other`.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "case_files.h"
#include "case_verify.h"
#include "explain.h"
#include "log.h"

enum { SECONDS = 60, CLASSES = 256, NAME = 40 };

/* Shared with the children, one of which asks about one case at a time. */
static struct tally {
	u32 refused, bad;
	struct {
		char name[NAME];
		u32 n;
	} classes[CLASSES];
} * tally;

static u32 mutants, broken;
static bool list;

static void count(const char *class)
{
	u32 i = 0;

	while (i < CLASSES - 1 && *tally->classes[i].name &&
	       strcmp(tally->classes[i].name, class))
		i++;
	snprintf(tally->classes[i].name, NAME, "%s", class);
	tally->classes[i].n++;
}

/* "r3", "R10", as a word. */
static bool names_register(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((*at == 'r' || *at == 'R') && isdigit(at[1]) &&
		    (at == text || !isalnum(at[-1])) && !isalpha(at[2]))
			return true;
	return false;
}

static const char *fault_of(const char *text, bool needed)
{
	if (!text)
		return needed ? "missing" : NULL;
	if (!*text)
		return "empty";
	if (strstr(text, "(null)") || strstr(text, "'?'") || strstr(text, "``"))
		return "has a hole";
	for (const char *at = text; (at = strchr(at, '{')); at++)
		if (islower(at[1]) && strchr(at, '}'))
			return "has a word that is not known";
	return NULL;
}

static void complain(const char *path, u32 mutant, const char *what, const char *why,
		     const struct skep_explanation *e)
{
	printf("%s", path);
	if (mutant)
		printf(" (mutant %u)", mutant);
	printf(": %s %s: [%s %s] %s\n", what, why, e->code, e->class_name,
	       e->headline ? e->headline : "");
	tally->bad++;
}

static void judge(const char *path, u32 mutant, const struct skep_explanation *e)
{
	const struct {
		const char *what, *text;
	} texts[] = {{"headline", e->headline}, {"required", e->required},
		     {"known", e->known},	{"input", e->input},
		     {"fix", e->fix},		{"kernel's words", e->kernel}};
	bool own = strcmp(e->class_name, "other") && strcmp(e->class_name, "later");

	count(e->class_name);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *why = fault_of(texts[i].text, !i);

		if (why && !(i == 5 && !*e->kernel))
			complain(path, mutant, texts[i].what, why, e);
	}
	for (u32 i = 0; i < e->nchain; i++)
		if (fault_of(e->chain[i].note, true))
			complain(path, mutant, "note", fault_of(e->chain[i].note, true),
				 e);
	if (own && e->file && names_register(e->headline))
		complain(path, mutant, "headline", "names a register", e);
	if (list && !own)
		printf("%s: [%s %s] %s\n", path, e->code, e->class_name, e->headline);
}

static void explain(const char *path, const struct case_verify *v, u32 mutant)
{
	struct explained e;

	if (verify_explain(&v->prog, &v->profile, &e))
		return; /* accepted */
	tally->refused++;
	judge(path, mutant, &e.out);
	arena_free(&e.arena);
}

static u64 seed;

static u32 below(u32 n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(seed >> 33) % n;
}

/* One to three instructions, each changed in one way. */
static void mutate(struct skep_insn *code, u32 n)
{
	for (u32 k = 1 + below(3); k--;) {
		struct skep_insn *in = &code[below(n)];
		const struct skep_insn *as = &code[below(n)];

		switch (below(7)) {
		case 0: in->dst_reg = below(11) & 0xf; break;
		case 1: in->src_reg = below(11) & 0xf; break;
		case 2: in->off = (s16)((int)below(64) - 32); break;
		case 3: in->imm = (s32)(below(1u << 31) * 2); break;
		case 4: in->imm = (s32)below(220); break;
		case 5: in->code = as->code; break;
		default: *in = *as;
		}
	}
}

static void mutate_all(const char *path, struct case_verify *v)
{
	const struct skep_insn *old = v->prog.code;
	size_t size = v->prog.n * sizeof(*old);
	struct skep_insn *code = malloc(size + 1);

	seed = v->prog.n;
	for (u32 i = 1; code && v->prog.n < 4000 && i <= mutants; i++) {
		memcpy(code, old, size);
		mutate(code, v->prog.n);
		v->prog.code = code;
		explain(path, v, i);
	}
	v->prog.code = old;
	free(code);
}

static int ask(const char *path)
{
	char why[512] = "";
	struct skep_log log = {.buf = why, .size = sizeof(why)};
	struct case_verify v = {0};
	struct vcase c;
	u32 target;

	if (case_read(&c, path, &log))
		return 2;
	case_resolve(&c, case_vmlinux(), &target);
	if (case_verify_open(&v, &c, target, &log)) {
		printf("%s: %s", path, why);
		return 2;
	}
	explain(path, &v, 0);
	mutate_all(path, &v);
	case_verify_close(&v);
	case_free(&c);
	return 0;
}

static void see(const char *path)
{
	int status = case_in_child(path, ask, SECONDS);

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	broken++;
	printf("%s: broken (%s)\n", path,
	       WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit");
}

int main(int argc, char **argv)
{
	struct case_files files = {0};
	int c;

	while ((c = getopt(argc, argv, "ln:")) != -1) {
		if (c == 'n')
			mutants = (u32)atoi(optarg);
		list |= c == 'l';
		if (c == '?')
			optind = argc;
	}
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (optind >= argc || tally == MAP_FAILED) {
		fprintf(stderr, "usage: words [-l] [-n MUTANTS] DIR|FILE...\n"
				"  -l  name the refusals without a class of their own\n");
		return 2;
	}
	case_vmlinux();
	if (case_files(argv + optind, &files))
		return 2;
	for (size_t i = 0; i < files.paths.n; i++)
		see(files.paths.at[i]);
	for (u32 i = 0; i < CLASSES && *tally->classes[i].name; i++)
		printf("%8u %s\n", tally->classes[i].n, tally->classes[i].name);
	printf("%u refusals in words, %u of them badly, %u cases broken\n",
	       tally->refused, tally->bad, broken);
	return tally->bad || broken;
}
