/* seq_fuzz.c - random sequences of bpf(2) on the running kernel and on the engine
 *
 * A process for each job, in a network and a bpffs of its own, has children do the
 * sequences, so that a crash or a hang costs one. A difference is made as small as it can
 * be and written as a script.
 */
#include "seq.h"
#include "own_bpffs.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <skep/engine.h>
#include <skep/abi_func.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS = 16, CLASSES = 256, KEPT = 3, EACH = 64, SECONDS = 60, STACK = 4 << 20 };

static const char usage[] =
	"usage: seq_fuzz [-n SEQUENCES] [-s SEED] [-i INDEX] [-j JOBS] [-o DIR] [-e]\n"
	"Does random sequences of bpf(2) on the running kernel and on the engine, and exits\n"
	"with 1 if one of them differs.\n"
	"  -n N      sequences (1000)\n"
	"  -s SEED   the same seed makes the same sequences (1)\n"
	"  -i INDEX  only the sequence of that index\n"
	"  -j JOBS   processes (6: mostly they wait for the kernel)\n"
	"  -o DIR    write differences there, as small as they can be, as scripts\n"
	"  -e        a second engine in place of the kernel\n";

struct class
{
	char what[SEQ_TEXT];
	u32 count;
};

/* Shared by all processes. */
struct board {
	u64 next, done, calls, differ, no_memory, odd[3];
	u64 at[JOBS]; /* the index in work */
	u32 lock, nclasses;
	struct class classes[CLASSES];
	struct seq_model model[JOBS];
};

struct fuzz {
	u64 n, seed, types;
	u32 jobs, job;
	const char *out;
	bool engines;
	struct board *board;
	struct seq *seq;
};

static void *memory(size_t size, int how)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		abort();
	return at;
}

/* ---- sides ---- */

/* A pinned link goes some time after its pin, and the next sequence must not meet it. */
static void detach(const char *path)
{
	struct skep_sys *sys = skep_sys_kernel();
	union skep_attr attr = {.pathname = u64_of(path)};
	int fd = sys->bpf(sys, SKEP_OBJ_GET, &attr, sizeof(attr));

	if (fd < 0)
		return;
	attr = (union skep_attr){.link_detach = {(u32)fd}};
	sys->bpf(sys, SKEP_LINK_DETACH, &attr, sizeof(attr));
	close(fd);
}

static void unpin(void)
{
	char path[32];

	for (int i = 0; i < SEQ_PINS; i++) {
		snprintf(path, sizeof(path), "/sys/fs/bpf/f%d", i);
		detach(path);
		unlink(path);
	}
}

static void remove_dir(const char *dir)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		fprintf(stderr, "seq_fuzz: cannot remove %s\n", dir);
}

static struct skep_engine *engine_open(const char *dir)
{
	struct skep_engine_opts opts = {
		.size = sizeof(opts), .shared = dir != NULL, .dir = dir};
	struct skep_engine *engine;

	return skep_engine_open(&opts, &engine) ? NULL : engine;
}

/* Which copy of a per-CPU value a program gets: the one that it has written to. */
static int copy_written(struct skep_sys *sys)
{
	struct skep_insn insns[] = {
		{SKEP_ST | SKEP_MEM | SKEP_W, 10, 0, -4, 0},
		{SKEP_ALU64 | SKEP_MOV | SKEP_X, 2, 10, 0, 0},
		{SKEP_ALU64 | SKEP_ADD | SKEP_K, 2, 0, 0, -4},
		{SKEP_LD | SKEP_IMM | SKEP_DW, 1, 1, 0, 0},
		{0},
		{SKEP_JMP | SKEP_CALL, 0, 0, 0, SKEP_FUNC_map_lookup_elem},
		{SKEP_JMP | SKEP_JEQ | SKEP_K, 0, 0, 1, 0},
		{SKEP_ST | SKEP_MEM | SKEP_W, 0, 0, 0, 1},
		{SKEP_ALU64 | SKEP_MOV | SKEP_K, 0, 0, 0, 0},
		{SKEP_JMP | SKEP_EXIT, 0, 0, 0, 0},
	};
	u64 values[1024] = {0};
	u32 key = 0;
	u8 data[64] = {0};
	int map, prog, copy = 0;
	union skep_attr attr = {.map_type = SKEP_MAP_TYPE_PERCPU_ARRAY,
				.key_size = 4,
				.value_size = 8,
				.max_entries = 1};

	map = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));
	insns[3].imm = map;
	attr = (union skep_attr){.prog_type = SKEP_PROG_TYPE_XDP,
				 .insns = u64_of(insns),
				 .insn_cnt = ARRAY_SIZE(insns),
				 .license = u64_of("GPL")};
	prog = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	attr = (union skep_attr){.test = {(u32)prog, 0, 64, 0, u64_of(data)}};
	sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	attr = (union skep_attr){
		.map_fd = (u32)map, .key = u64_of(&key), .value = u64_of(values)};
	sys->bpf(sys, SKEP_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
	while (copy + 1 < (int)seq_cpus() && !values[copy])
		copy++;
	sys->close(sys, map);
	sys->close(sys, prog);
	return copy;
}

/* ---- one sequence ---- */

static bool run_on(struct fuzz *f, const struct seq *seq, FILE *print)
{
	struct seq_world world = {.model = &f->board->model[f->job], .print = print};
	char dir[] = "/dev/shm/skep-seq-XXXXXX", dir2[] = "/dev/shm/skep-seq-XXXXXX";
	struct skep_engine *engine, *other;
	bool same;

	if (seq->shared && (!mkdtemp(dir) || !mkdtemp(dir2)))
		abort();
	engine = engine_open(seq->shared ? dir : NULL);
	other = f->engines ? engine_open(seq->shared ? dir2 : NULL) : NULL;
	if (!engine || !other != !f->engines)
		abort();
	world.sys[0] = other ? skep_engine_sys(other) : skep_sys_kernel();
	world.sys[1] = skep_engine_sys(engine);
	same = seq_run(seq, &world);
	skep_engine_close(engine);
	if (other)
		skep_engine_close(other);
	else
		unpin();
	if (seq->shared) {
		remove_dir(dir);
		remove_dir(dir2);
	}
	return same;
}

/* Says so of a child that ended without telling a difference. */
static void broken(struct fuzz *f, int status)
{
	struct seq_model *model = &f->board->model[f->job];

	if (WIFSIGNALED(status) || (WEXITSTATUS(status) && !model->differs))
		snprintf(model->what, sizeof(model->what), "broken, signal %d: status %d",
			 WIFSIGNALED(status) ? WTERMSIG(status) : 0, status);
}

/* In a child: false if it differs, breaks or hangs; model->what says how. */
static bool run_in_child(struct fuzz *f, const struct seq *seq, FILE *print)
{
	struct seq_model *model = &f->board->model[f->job];
	int status;
	pid_t pid;

	model->what[0] = 0;
	if (print)
		fflush(print);
	pid = fork();
	if (!pid) {
		bool same;

		alarm(SECONDS);
		same = run_on(f, seq, print);
		if (print)
			fflush(print);
		_exit(same ? 0 : 1);
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	broken(f, status);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- differences ---- */

/* What a difference is called: which call, and how it differs, without the numbers. */
static void class_of(const struct fuzz *f, const struct seq *seq, char out[SEQ_TEXT])
{
	const struct seq_model *model = &f->board->model[f->job];
	const struct seq_op *op = &seq->ops[model->op];
	char what[SEQ_TEXT];

	snprintf(what, sizeof(what), "%s", model->what);
	if (!strncmp(what, "result", 6))
		;
	else
		what[strcspn(what, ":")] = 0;
	snprintf(out, SEQ_TEXT, "verb %u command %u: %.400s", op->verb, op->cmd, what);
}

static bool still(struct fuzz *f, struct seq *seq, const char *class)
{
	char now[SEQ_TEXT];

	if (run_in_child(f, seq, NULL))
		return false;
	class_of(f, seq, now);
	return !strcmp(now, class);
}

static bool drop_ops(struct fuzz *f, struct seq *seq, const char *class)
{
	bool smaller = false;

	for (u32 n = seq->nops / 2; n; n /= 2)
		for (u32 i = 0; i < seq->nops; i += n) {
			bool was[SEQ_OPS];
			u32 dropped = 0;

			for (u32 x = i; x < MIN(i + n, seq->nops); x++) {
				was[x] = seq->ops[x].dropped;
				dropped += !was[x];
				seq->ops[x].dropped = true;
			}
			if (dropped && still(f, seq, class)) {
				smaller = true;
				continue;
			}
			for (u32 x = i; x < MIN(i + n, seq->nops); x++)
				seq->ops[x].dropped = was[x];
		}
	return smaller;
}

static void drop_args(struct fuzz *f, struct seq *seq, const char *class)
{
	for (u32 i = 0; i < seq->nops; i++) {
		struct seq_op *op = &seq->ops[i], was = *op;

		if (op->verb != v_bpf || op->dropped)
			continue;
		for (u32 a = op->nargs; a--;) {
			was = *op;
			memmove(&op->args[a], &op->args[a + 1],
				sizeof(op->args[0]) * (op->nargs - a - 1));
			op->nargs--;
			if (!still(f, seq, class))
				*op = was;
		}
	}
}

static void lock(struct board *b)
{
	while (__atomic_exchange_n(&b->lock, 1, __ATOMIC_ACQUIRE))
		usleep(1000);
}

static void unlock(struct board *b)
{
	__atomic_store_n(&b->lock, 0, __ATOMIC_RELEASE);
}

/* How many there were of that class. */
static u32 count_class(struct board *b, const char *class)
{
	u32 i = 0, n;

	lock(b);
	while (i < b->nclasses && strcmp(b->classes[i].what, class))
		i++;
	if (i == b->nclasses && i + 1 < CLASSES)
		snprintf(b->classes[b->nclasses++].what, SEQ_TEXT, "%s", class);
	n = b->classes[i].count++;
	unlock(b);
	return n;
}

static void write_script(struct fuzz *f, struct seq *seq, u64 index)
{
	char path[512];
	FILE *out = stdout;

	if (f->out) {
		snprintf(path, sizeof(path), "%s/%llu.sys", f->out,
			 (unsigned long long)index);
		out = fopen(path, "w");
		if (!out)
			abort();
	}
	run_in_child(f, seq, out);
	fprintf(out, "# ^ %s\n", f->board->model[f->job].what);
	if (f->out)
		fclose(out);
	else
		fflush(out);
}

static void found(struct fuzz *f, u64 index)
{
	struct seq *seq = f->seq;
	char class[SEQ_TEXT];

	seq_gen(seq, f->seed + index, f->types);
	class_of(f, seq, class);
	if (run_in_child(f, seq, NULL)) {
		printf("# %llu differed once, and not again: %s\n",
		       (unsigned long long)index, class);
		__atomic_fetch_add(&f->board->odd[0], 1, __ATOMIC_RELAXED);
		return;
	}
	class_of(f, seq, class);
	__atomic_fetch_add(&f->board->differ, 1, __ATOMIC_RELAXED);
	if (count_class(f->board, class) >= KEPT)
		return;
	printf("# %llu: %s\n", (unsigned long long)index, class);
	while (drop_ops(f, seq, class))
		;
	drop_args(f, seq, class);
	write_script(f, seq, index);
}

/* ---- jobs ---- */

/* A child's: some sequences, until one differs. */
static int run_some(struct fuzz *f, u64 from, u64 to)
{
	struct board *b = f->board;

	for (u64 i = from; i < to; i++) {
		b->at[f->job] = i;
		alarm(SECONDS);
		seq_gen(f->seq, f->seed + i, f->types);
		if (!run_on(f, f->seq, NULL))
			return 1;
		if (b->model[f->job].no_memory)
			__atomic_fetch_add(&b->no_memory, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&b->done, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&b->calls, f->seq->nops, __ATOMIC_RELAXED);
	}
	return 0;
}

static void run_range(struct fuzz *f, u64 from, u64 to)
{
	while (from < to) {
		int status;
		pid_t pid = fork();

		if (!pid)
			_exit(run_some(f, from, to));
		if (waitpid(pid, &status, 0) != pid)
			abort();
		if (!status)
			return;
		unpin();
		broken(f, status);
		found(f, f->board->at[f->job]);
		fflush(stdout);
		__atomic_fetch_add(&f->board->done, 1, __ATOMIC_RELAXED);
		from = f->board->at[f->job] + 1;
	}
}

static void *run_ranges(void *arg)
{
	struct fuzz *f = arg;
	struct skep_engine *engine = engine_open(NULL);
	u32 slot = engine ? (u32)copy_written(skep_engine_sys(engine)) : 0;

	skep_engine_close(engine);
	if (slot != f->job % seq_cpus())
		return NULL;
	for (;;) {
		u64 from = __atomic_fetch_add(&f->board->next, EACH, __ATOMIC_RELAXED);

		if (from >= f->n)
			_exit(0);
		run_range(f, from, MIN(from + EACH, f->n));
	}
}

/* The kernel takes the copy of a per-CPU value that belongs to the CPU, the engine one
 * that hangs on the thread's address: a thread that gets the same from both does the
 * work. */
static _Noreturn void run_job(struct fuzz *f, u32 job)
{
	cpu_set_t cpus;

	f->job = job;
	f->seq = malloc(sizeof(*f->seq));
	CPU_ZERO(&cpus);
	CPU_SET(job % seq_cpus(), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	if (!f->engines && own_bpffs())
		_exit(1);
	for (u32 i = 0; i < 1000; i++) {
		pthread_attr_t attr;
		pthread_t thread;

		/* the stack stays mapped, so that the next thread has another address */
		pthread_attr_init(&attr);
		pthread_attr_setstack(&attr, memory(STACK, MAP_PRIVATE), STACK);
		if (pthread_create(&thread, &attr, run_ranges, f))
			abort();
		pthread_join(thread, NULL);
	}
	_exit(1);
}

/* The types that the engine has. */
static u64 known_types(void)
{
	struct skep_engine *engine = engine_open(NULL);
	struct skep_sys *sys = skep_engine_sys(engine);
	u64 types = 0;

	for (u32 i = 0; i < seq_ntypes; i++) {
		const struct seq_type *t = &seq_types[i];
		union skep_attr attr = {.map_type = t->type,
					.key_size = t->keys == keys_none  ? 0
						    : t->keys == keys_lpm ? 8
									  : 4,
					.value_size = t->values == values_none	? 0
						      : t->values == values_any ? 8
										: 4,
					.max_entries = 4096,
					.map_flags = t->must};
		int fd;

		if (t->values == values_map || t->traits & t_storage) {
			types |= 1ull << i;
			continue;
		}
		fd = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));
		if (fd < 0) {
			printf("# the engine has no %s\n", t->name);
			continue;
		}
		types |= 1ull << i;
		sys->close(sys, fd);
	}
	skep_engine_close(engine);
	return types;
}

static int report(const struct fuzz *f, u64 ns)
{
	const struct board *b = f->board;

	for (u32 i = 0; i < b->nclasses; i++)
		printf("%6u %s\n", b->classes[i].count, b->classes[i].what);
	printf("%llu sequences with %llu calls in %.1f s: %llu differ, %llu differed once, "
	       "%llu ended where the kernel had no memory\n",
	       (unsigned long long)b->done, (unsigned long long)b->calls,
	       (double)ns / 1e9, (unsigned long long)b->differ,
	       (unsigned long long)b->odd[0], (unsigned long long)b->no_memory);
	return b->differ || b->odd[0] || b->done < f->n;
}

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static int run_all(struct fuzz *f)
{
	u64 begin = now();

	for (u32 i = 0; i < f->jobs; i++)
		if (!fork())
			run_job(f, i);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return report(f, now() - begin);
}

int main(int argc, char **argv)
{
	struct fuzz f = {.n = 1000, .seed = 1, .jobs = 6};
	const char *why;
	int opt;
	u64 only = 0;
	bool have_only = false;

	while ((opt = getopt(argc, argv, "n:s:i:j:o:e")) != -1)
		switch (opt) {
		case 'n': f.n = strtoull(optarg, NULL, 0); break;
		case 's': f.seed = strtoull(optarg, NULL, 0); break;
		case 'i': only = strtoull(optarg, NULL, 0), have_only = true; break;
		case 'j': f.jobs = (u32)atoi(optarg); break;
		case 'o': f.out = optarg; break;
		case 'e': f.engines = true; break;
		default: fputs(usage, stderr); return 2;
		}
	if (f.out)
		mkdir(f.out, 0777);
	setvbuf(stdout, NULL, _IOLBF, 0);
	why = f.engines ? NULL : own_bpffs();
	if (why) {
		printf("SKIP: %s\n", why);
		return 77;
	}
	f.jobs = MIN(MAX(f.jobs, 1u), (u32)JOBS);
	f.board = memory(sizeof(*f.board), MAP_SHARED);
	f.types = known_types();
	f.seed *= 1000003;
	if (have_only) {
		f.seed += only;
		f.n = 1;
	}
	return run_all(&f);
}
