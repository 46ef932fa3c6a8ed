/* verify_fuzz.c - random programs, asked of the running kernel's verifier and of ours
 *
 * Programs are asked in a child process, so that a crash or a hang costs one program,
 * which is written down; counts and classes of disagreement are shared with it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../unit/no_bpf.h"
#include "log.h"
#include "case_files.h"
#include "verify_fuzz.h"

enum {
	SECONDS = 120,
	LARGE = 50000, /* of these only one in LARGE_EACH is judged */
	LARGE_EACH = 32,
	CLASSES = 512,
	KEPT = 3,
	MUTANTS = 32,
	TYPES = 64,
	BROKEN_MOST = 100,
	ALL_CAPS = CASE_BPF | CASE_PERFMON | CASE_NET_ADMIN | CASE_ADMIN
};

static const char usage[] =
	"usage: verify_fuzz [-n PROGRAMS] [-s SEED] [-i INDEX] [-c CASES] [-o DIR]\n"
	"                   [-t SECONDS] [-p CAPS] [-v]\n"
	"Asks the running kernel and skep's verifier about random programs. Exits with 1 if\n"
	"skep accepts what the kernel refuses, refuses 0.3 % of what it accepts, or breaks.\n"
	"  -n N      programs (10000)\n"
	"  -s SEED   the same seed gives the same programs (1)\n"
	"  -i INDEX  only the program of that index\n"
	"  -c CASES  mutants of the cases in this directory, not generated programs\n"
	"  -o DIR    write disagreements there, minimised; files INDEX are named in them\n"
	"  -t N      stop after so many seconds\n"
	"  -p CAPS   ask with these capabilities: bpf,perfmon,net_admin,admin or none (all)\n"
	"  -v        also name pairs of messages that differ where both refuse\n";

enum kind {
	wrong_accept,
	wrong_reject,
	other_errno,
	other_count,
	other_text,
	kernel_bug, /* it says so itself */
	KINDS
};

static const char *const kind_names[KINDS] = {
	"wrong-accept", "wrong-reject", "errno", "count", "text", "kernel-bug"};

struct class
{
	enum kind kind;
	u32 count, kept;
	u64 first;
	char kernel[FUZZ_MESSAGE], ours[FUZZ_MESSAGE];
};

struct board {
	u64 at; /* the program in work */
	u64 programs, accepted, refused, skipped, unjudged, large, broken, kinds[KINDS];
	u64 same_processed, near_processed, same_states;
	u64 same_errno, same_text;
	u64 features[FUZZ_FEATURES_N], types[TYPES];
	u64 kernel_ns, ours_ns;
	u32 nclasses;
	struct class classes[CLASSES];
};

struct fuzz {
	u64 n, seed, only, at;
	bool have_only, verbose;
	char *cases;
	const char *out;
	time_t end; /* 0: none */
	int caps;   /* mask of enum case_cap */
	struct case_files files;
	struct board *board;
	struct fuzz_base base;
	bool base_open;
	u64 base_block;
};

/* ---- classes ---- */

/* A message with '#' for each number. */
static void without_numbers(const char *from, char *to)
{
	bool in_number = false;

	for (; *from; from++) {
		bool digit = (*from >= '0' && *from <= '9') ||
			     (in_number && strchr("xabcdef", *from));

		if (digit && !in_number)
			*to++ = '#';
		else if (!digit && !(*from == '-' && from[1] >= '0' && from[1] <= '9'))
			*to++ = *from;
		in_number = digit;
	}
	*to = 0;
}

static bool is_near(u32 a, u32 b)
{
	u64 away = a > b ? a - b : b - a;

	return away * 20 <= b;
}

/* false: they agree */
static bool kind_of(const struct fuzz_answer *a, bool verbose, enum kind *kind)
{
	const struct fuzz_side *k = &a->kernel, *o = &a->ours;

	if (!k->err != !o->err && strstr(k->message, "verifier bug"))
		*kind = kernel_bug;
	else if (!k->err != !o->err)
		*kind = o->err ? wrong_reject : wrong_accept;
	else if (!k->err && !is_near(o->processed, k->processed))
		*kind = other_count;
	else if (k->err != o->err)
		*kind = other_errno;
	else if (verbose && strcmp(k->message, o->message))
		*kind = other_text;
	else
		return false;
	return true;
}

static void describe(struct class *c, enum kind kind, const struct fuzz_answer *a)
{
	memset(c, 0, sizeof(*c));
	c->kind = kind;
	if (kind == other_count)
		return;
	without_numbers(a->kernel.err ? a->kernel.message : "accepted", c->kernel);
	without_numbers(a->ours.err ? a->ours.message : "accepted", c->ours);
}

static bool is_same(const struct class *a, const struct class *b)
{
	return a->kind == b->kind && !strcmp(a->kernel, b->kernel) &&
	       !strcmp(a->ours, b->ours);
}

static struct class *class_of(struct board *b, const struct class *c)
{
	u32 i;

	for (i = 0; i < b->nclasses; i++)
		if (is_same(&b->classes[i], c))
			return &b->classes[i];
	if (b->nclasses == CLASSES)
		return NULL;
	b->classes[b->nclasses] = *c;
	b->classes[b->nclasses].first = b->at;
	return &b->classes[b->nclasses++];
}

/* ---- one program ---- */

static void ask(struct fuzz_base *b, struct fuzz_prog *p, u32 large,
		struct fuzz_answer *a)
{
	alarm(SECONDS);
	fuzz_ask(b, p, large, a);
}

struct search {
	struct fuzz *f;
	const struct class *class;
};

static bool shows_the_same(void *ctx, struct fuzz_prog *p)
{
	struct search *s = ctx;
	struct fuzz_answer a;
	struct class now;
	enum kind kind;

	ask(&s->f->base, p, UINT32_MAX, &a);
	if (!kind_of(&a, true, &kind))
		return false;
	describe(&now, kind, &a);
	return is_same(&now, s->class);
}

static void keep(struct fuzz *f, struct fuzz_prog *p, const struct class *class)
{
	struct search s = {f, class};
	struct fuzz_answer a;
	char name[80];
	int err;

	fuzz_minimise(p, f->base.c.func_info_size, shows_the_same, &s);
	ask(&f->base, p, UINT32_MAX, &a);
	snprintf(name, sizeof(name), "%zu-%llu", (size_t)(class - f->board->classes),
		 (unsigned long long)f->board->at);
	err = fuzz_write(&f->base, p, &a, f->out, kind_names[class->kind], name);
	if (err)
		fprintf(stderr, "verify_fuzz: %s/%s: %s\n", f->out, name, strerror(-err));
}

static void count(struct board *b, const struct fuzz_prog *p, const struct fuzz_answer *a)
{
	const struct fuzz_side *k = &a->kernel, *o = &a->ours;
	u32 i;

	b->programs++;
	b->kernel_ns += k->ns;
	b->ours_ns += o->ns;
	if (k->err) {
		b->refused++;
		b->same_errno += k->err == o->err;
		b->same_text += !strcmp(k->message, o->message);
		return;
	}
	b->accepted++;
	b->types[p->type % TYPES]++;
	for (i = 0; i < FUZZ_FEATURES_N; i++)
		b->features[i] += p->features >> i & 1;
	b->same_processed += !o->err && k->processed == o->processed;
	b->near_processed += !o->err && is_near(o->processed, k->processed);
	b->same_states += !o->err && k->states == o->states && k->peak == o->peak;
}

/* Refused before it was verified, by what the kernel lacks or forbids. */
static bool is_unjudged(const struct fuzz_side *kernel)
{
	return kernel->err && !kernel->processed && !*kernel->message;
}

static void judge(struct fuzz *f, struct fuzz_prog *p)
{
	struct fuzz_answer a;
	struct class c, *class;
	enum kind kind;

	ask(&f->base, p, f->board->at % LARGE_EACH ? LARGE : UINT32_MAX, &a);
	if (!a.is_judged) {
		f->board->large++;
		return;
	}
	if (is_unjudged(&a.kernel)) {
		f->board->unjudged++;
		return;
	}
	count(f->board, p, &a);
	if (!kind_of(&a, f->verbose, &kind))
		return;
	f->board->kinds[kind]++;
	describe(&c, kind, &a);
	class = class_of(f->board, &c);
	if (!class)
		return;
	class->count++;
	if (f->out && class->kept < KEPT) {
		class->kept++;
		keep(f, p, class);
	}
}

/* ---- which program ---- */

static u64 seed_of(const struct fuzz *f, u64 i)
{
	u64 seed = f->seed * 0x2545f4914f6cdd1d + i;

	fuzz_pick(&seed, 1);
	return seed * 0xd1342543de82ef95;
}

static bool open_base(struct fuzz *f, u64 i)
{
	u64 block = f->cases ? i / MUTANTS : 0, seed = seed_of(f, ~block);
	char text[256] = "";
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	const char *path;
	int err;

	if (f->base_open && block == f->base_block)
		return true;
	if (f->base_open)
		fuzz_base_close(&f->base);
	f->base_block = block;
	if (f->cases) {
		path = f->files.paths.at[fuzz_pick(&seed, (u32)f->files.paths.n)];
		err = fuzz_base_case(&f->base, path, &seed, &log);
	} else {
		err = fuzz_base_generated(&f->base, &log);
	}
	f->base_open = !err;
	if (!err)
		return true;
	fuzz_base_close(&f->base);
	if (!f->cases)
		fprintf(stderr, "verify_fuzz: %s%s\n", text, strerror(-err));
	return false;
}

/* false: there is no such program. */
static bool make(struct fuzz *f, u64 i, struct fuzz_prog *p)
{
	u64 seed = seed_of(f, i);

	if (!open_base(f, i))
		return false;
	if (f->cases)
		return fuzz_base_program(&f->base, p) &&
		       fuzz_mutate(&seed, p, f->base.c.func_info_size);
	fuzz_generate(&seed, &f->base, p);
	return true;
}

static void work(struct fuzz *f)
{
	static struct fuzz_prog p;

	for (; f->board->at < f->n; f->board->at++) {
		if (f->end && time(NULL) >= f->end)
			return;
		if (make(f, f->board->at, &p))
			judge(f, &p);
		else
			f->board->skipped++;
	}
}

/* ---- crashes and hangs ---- */

static void note_death(struct fuzz *f, int status)
{
	static struct fuzz_prog p;
	static const struct fuzz_answer none;
	const char *how = WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit";
	char name[80];

	f->board->broken++;
	printf("BROKEN: program %llu: %s\n", (unsigned long long)f->board->at, how);
	if (!f->out || !make(f, f->board->at, &p))
		return;
	snprintf(name, sizeof(name), "%llu", (unsigned long long)f->board->at);
	fuzz_write(&f->base, &p, &none, f->out, "broken", name);
}

static void run(struct fuzz *f)
{
	struct board *b = f->board;
	int status;
	pid_t pid;

	while (b->at < f->n && b->broken < BROKEN_MOST) {
		fflush(NULL);
		pid = fork();
		if (!pid) {
			work(f);
			fflush(NULL);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return;
		if (!status)
			return;
		note_death(f, status);
		b->at++;
	}
}

/* ---- the report ---- */

static double percent(u64 part, u64 of)
{
	return of ? 100.0 * (double)part / (double)of : 0;
}

static int by_kind(const void *a, const void *b)
{
	const struct class *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->count < y->count ? 1 : x->count > y->count ? -1 : 0;
}

static void print_classes(struct board *b)
{
	u32 i;

	for (i = 0; i < b->nclasses; i++)
		b->classes[i].kept = i;
	qsort(b->classes, b->nclasses, sizeof(*b->classes), by_kind);
	for (i = 0; i < b->nclasses; i++) {
		const struct class *c = &b->classes[i];

		printf("%6u x %s (class %u, first: -i %llu)\n", c->count,
		       kind_names[c->kind], c->kept, (unsigned long long)c->first);
		if (*c->kernel || *c->ours)
			printf("         kernel: %s\n         skep:   %s\n", c->kernel,
			       c->ours);
	}
}

static void print_features(const struct board *b)
{
#define FEATURE(name, what) what,
	static const char *const names[] = {FUZZ_FEATURES(FEATURE)};
#undef FEATURE
	u32 i;

	printf("in the accepted:\n");
	for (i = 0; i < FUZZ_FEATURES_N; i++)
		printf("  %5.1f %%  %s\n", percent(b->features[i], b->accepted),
		       names[i]);
	printf("  by program type:");
	for (i = 0; i < TYPES; i++)
		if (b->types[i])
			printf(" %u: %.1f %%", i, percent(b->types[i], b->accepted));
	printf("\n");
}

static bool report(const struct fuzz *f)
{
	struct board *b = f->board;
	double refused = percent(b->kinds[wrong_reject], b->accepted);

	print_classes(b);
	printf("%llu programs, seed %llu: the kernel accepts %llu (%.1f %%)\n",
	       (unsigned long long)b->programs, (unsigned long long)f->seed,
	       (unsigned long long)b->accepted, percent(b->accepted, b->programs));
	if (!f->cases)
		print_features(b);
	if (b->unjudged || b->skipped || b->large)
		printf("not verified by the kernel: %llu; could not be made: %llu; so large "
		       "that it was not asked: %llu\n",
		       (unsigned long long)b->unjudged, (unsigned long long)b->skipped,
		       (unsigned long long)b->large);
	printf("of those both accept: processed equal %.2f %%, within 5 %% %.2f %%, states "
	       "equal %.2f %%\n",
	       percent(b->same_processed, b->accepted),
	       percent(b->near_processed, b->accepted),
	       percent(b->same_states, b->accepted));
	printf("of those the kernel refuses: errno equal %.2f %%, last line %.2f %%\n",
	       percent(b->same_errno, b->refused), percent(b->same_text, b->refused));
	printf("verification time: kernel %.1f us, skep %.1f us a program\n",
	       (double)b->kernel_ns / 1e3 / (double)MAX(b->programs, 1),
	       (double)b->ours_ns / 1e3 / (double)MAX(b->programs, 1));
	printf("wrong accepts %llu, wrong rejects %llu (%.3f %% of the accepted), broken "
	       "%llu\n",
	       (unsigned long long)b->kinds[wrong_accept],
	       (unsigned long long)b->kinds[wrong_reject], refused,
	       (unsigned long long)b->broken);
	return b->programs && !b->kinds[wrong_accept] && !b->broken && refused < 0.3;
}

/* ---- options ---- */

static bool options(struct fuzz *f, int argc, char **argv)
{
	int c;

	f->n = 10000;
	f->seed = 1;
	f->caps = ALL_CAPS;
	while ((c = getopt(argc, argv, "n:s:i:c:o:t:p:vh")) != -1) {
		switch (c) {
		case 'n': f->n = strtoull(optarg, NULL, 0); break;
		case 's': f->seed = strtoull(optarg, NULL, 0); break;
		case 'i':
			f->only = strtoull(optarg, NULL, 0);
			f->have_only = true;
			break;
		case 'c': f->cases = optarg; break;
		case 'o': f->out = optarg; break;
		case 't': f->end = time(NULL) + atoi(optarg); break;
		case 'p': f->caps = case_parse_caps(optarg); break;
		case 'v': f->verbose = true; break;
		default: fputs(usage, c == 'h' ? stdout : stderr); return false;
		}
	}
	if (f->have_only)
		f->n = f->only + 1;
	return optind == argc && f->caps >= 0 &&
	       (!f->cases || !case_files((char *[]){f->cases, NULL}, &f->files));
}

/* NULL, or why the kernel cannot be asked. */
static const char *no_kernel(u32 caps)
{
	struct skep_insn code[2] = {{.code = 0xb7}, {.code = 0x95}};
	struct vcase c = {.name = "",
			  .prog_name = "",
			  .license = "GPL",
			  .code = code,
			  .n = ARRAY_SIZE(code),
			  .type = SKEP_PROG_TYPE_SOCKET_FILTER,
			  .prog_btf = -1};
	struct case_fds fds = {0};
	struct case_answer a;
	char text[1024];
	struct skep_log log = {.buf = text, .size = sizeof(text)};

	if (case_set_caps(caps))
		return "not these capabilities";
	case_load(&c, &fds, 0, 1, &log, &a);
	return a.err ? strerror(a.err) : NULL;
}

int main(int argc, char **argv)
{
	static struct fuzz f;
	const char *why;
	void *at;

	if (!options(&f, argc, argv))
		return 2;
	case_vmlinux(); /* once, and while it may be read */
	why = no_bpf();
	why = why ? why : no_kernel((u32)f.caps);
	if (why) {
		printf("SKIP: the kernel's bpf(2): %s\n", why);
		return 77;
	}
	at = mmap(NULL, sizeof(*f.board), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		perror("verify_fuzz");
		return 2;
	}
	f.board = at;
	f.board->at = f.have_only ? f.only : 0;
	run(&f);
	return report(&f) ? 0 : 1;
}
