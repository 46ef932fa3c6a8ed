/* skep verify: what the verifier says of the programs of object files, without a kernel.
 */
#include "explain_print.h"
#include "mem.h"
#include "os.h"
#include "tool.h"
#include "tool_msg.h"
#include "vec.h"
#include <pthread.h>
#include <skep/load.h>
#include <skep/verify.h>
#include <string.h>
#include <unistd.h>

const char help_verify[] =
	"usage: skep verify OBJ... [options]\n"
	"\n"
	"Says of each program whether Linux 6.18's verifier would take it, and why not: a line\n"
	"a program, with the instructions that were processed on all paths, states that were\n"
	"kept, CPU time and stack. Needs no root and no kernel, and runs nothing. Below a\n"
	"refused one stands why: where, what had to hold and what was known, the lines that\n"
	"led there, and what to change.\n"
	"\n"
	"  --prog NAME     this program only\n"
	"  --log LEVEL     the verifier's log in the kernel's form instead of words: 1, 2\n"
	"                  (every step), 4\n"
	"  --unprivileged  judge as for a user without capabilities\n"
	"  --json          for programs\n"
	"\n"
	"Exit code: 0 all accepted, 1 some are not, or a file cannot be read, 2 usage.\n";

enum { LOG_SIZE = 16 << 20, WORKERS = 16 };

/* A program of an object file, and what became of it. */
struct trial {
	const char *path, *name; /* name: of prog, NULL: the file cannot be read */
	u32 index;		 /* among the object's programs */
	int err;
	struct skep_verifier_stats stats;
	struct skep_log log;
	struct skep_verifier *verifier; /* whose explanation it is; NULL */
};

struct trials {
	vec(struct trial) list;
	const char *prog;
	u64 level;
	bool json, unprivileged;
	size_t next; /* that no worker has taken */
	pthread_mutex_t lock;
	struct skep_btf *vmlinux; /* the running kernel's types; NULL: none, or not yet */
	bool looked;		  /* for vmlinux, with the lock held */
};

/* ---- one trial, in a thread of its own ---- */

static int judge(const struct trials *all, struct trial *t, struct skep_verifier *v)
{
	const struct skep_load_opts opts = {.size = sizeof(opts),
					    .log_level = (u32)all->level};
	struct skep_object *obj;
	struct skep_object_prog *progs;
	u32 n;
	int err = skep_object_open(t->path, &obj, &t->log);

	if (err)
		return err;
	progs = skep_object_progs(obj, &n);
	for (u32 i = 0; i < n; i++)
		progs[i].skip = i != t->index;
	err = skep_object_load(obj, skep_verifier_sys(v), &opts, &t->log);
	t->stats = *skep_verifier_stats(v);
	skep_object_close(obj);
	return err;
}

static int judge_with(const struct trials *all, struct trial *t,
		      const struct skep_btf *vmlinux, bool explain)
{
	const struct skep_verifier_opts opts = {.size = sizeof(opts),
						.unprivileged = all->unprivileged,
						.vmlinux = vmlinux,
						.explain = explain};
	int err;

	skep_verifier_close(t->verifier);
	t->verifier = NULL;
	t->log.len = 0;
	err = skep_verifier_open(&opts, &t->verifier);
	return err ? err : judge(all, t, t->verifier);
}

/* Read once; all threads share it. */
static const struct skep_btf *kernel_types(struct trials *all)
{
	void *data;
	size_t len;

	pthread_mutex_lock(&all->lock);
	if (!all->looked &&
	    !os_read_file("/sys/kernel/btf/vmlinux", 64 << 20, &data, &len)) {
		if (skep_btf_parse(&all->vmlinux, data, len, NULL, "vmlinux", NULL))
			all->vmlinux = NULL;
		mem_free(data);
	}
	all->looked = true;
	pthread_mutex_unlock(&all->lock);
	return all->vmlinux;
}

/* Few programs need the kernel's types, and none is accepted for the lack of them: what
 * is refused without them is judged again, and explained. */
static void run_trial(struct trials *all, struct trial *t)
{
	size_t room = all->level ? LOG_SIZE : 1 << 16;

	t->log.buf = mem_alloc(1, room);
	t->log.size = t->log.buf ? room : 0;
	t->err = judge_with(all, t, NULL, false);
	if (t->err && t->stats.code)
		t->err = judge_with(all, t, kernel_types(all), !all->level);
}

static void *work(void *arg)
{
	struct trials *all = arg;
	size_t i;

	while ((i = __atomic_fetch_add(&all->next, 1, __ATOMIC_RELAXED)) < all->list.n)
		run_trial(all, &all->list.at[i]);
	return NULL;
}

/* As many threads as CPUs; this one is among them. */
static void run_all(struct trials *all)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[WORKERS];
	int n = 0;

	while (n < MIN(cpus - 1, WORKERS) && (size_t)n + 1 < all->list.n &&
	       !pthread_create(&threads[n], NULL, work, all))
		n++;
	work(all);
	while (n)
		pthread_join(threads[--n], NULL);
}

/* ---- what there is to try ---- */

static bool add_trial(struct trials *all, const char *path, const char *name, u32 index)
{
	struct trial *t = vec_push(&all->list);
	char *copy = t ? mem_strndup(name, strlen(name)) : NULL;

	if (!copy) {
		tool_error(msg_no_memory);
		return false;
	}
	t->path = path;
	t->name = copy;
	t->index = index;
	return true;
}

static bool add_object(struct trials *all, const char *path)
{
	struct skep_object *obj;
	const struct skep_object_prog *progs;
	bool found = false, good = true;
	u32 n;
	int err = skep_object_open(path, &obj, tool_log());

	if (err) {
		tool_log_show(NULL);
		tool_error(msg_run_object, path, strerror(-err));
		return false;
	}
	progs = skep_object_progs(obj, &n);
	for (u32 i = 0; i < n && good; i++) {
		if (all->prog && strcmp(progs[i].name, all->prog))
			continue;
		found = true;
		good = add_trial(all, path, progs[i].name, i);
	}
	if (!found)
		tool_error(msg_run_no_prog, path, all->prog ? all->prog : "at all");
	skep_object_close(obj);
	return good && found;
}

/* ---- what is said ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *verdict(const struct trial *t)
{
	return !t->err ? "accepted" : t->stats.code ? "refused" : "failed";
}

static const struct skep_explanation *explanation_of(const struct trial *t)
{
	return t->err && t->verifier ? skep_verifier_explanation(t->verifier) : NULL;
}

static void say_line(const struct trial *t, int width)
{
	int used = printf("%s/%s", base_name(t->path), t->name);

	printf("%*s  %-8s", MAX(width - used, 0), "", verdict(t));
	if (t->stats.processed)
		printf(" %9u %7u %9.3f %6u", t->stats.processed, t->stats.states,
		       (double)t->stats.ns / 1e6, t->stats.stack);
	putchar('\n');
	if (explanation_of(t))
		explain_print(stdout, explanation_of(t));
	else if (t->log.len && t->log.buf)
		fputs(t->log.buf, stdout);
}

static void say_table(const struct trials *all)
{
	const struct trial *t;
	int width = 0;

	vec_each(t, &all->list)
		width = MAX(width,
			    (int)(strlen(base_name(t->path)) + strlen(t->name) + 1));
	printf("%-*s  %-8s %9s %7s %9s %6s\n", width, "program", "verdict", "processed",
	       "states", "ms", "stack");
	vec_each(t, &all->list)
		say_line(t, width);
}

static void say_json(const struct trials *all)
{
	const struct trial *t;

	puts("[");
	vec_each(t, &all->list) {
		printf("{\"object\": ");
		json_string(stdout, t->path);
		printf(", \"program\": ");
		json_string(stdout, t->name);
		printf(", \"verdict\": \"%s\", \"errno\": %d", verdict(t), -t->err);
		if (t->stats.code)
			printf(", \"code\": \"%s\", \"instruction\": %u", t->stats.code,
			       t->stats.insn);
		printf(", \"processed\": %u, \"states\": %u, \"peak_states\": %u, "
		       "\"ns\": %llu, \"bytes\": %llu, \"stack\": %u",
		       t->stats.processed, t->stats.states, t->stats.peak_states,
		       (unsigned long long)t->stats.ns,
		       (unsigned long long)t->stats.bytes, t->stats.stack);
		if (explanation_of(t))
			explain_json(stdout, explanation_of(t));
		printf(", \"log\": ");
		json_string(stdout, t->log.len && t->log.buf ? t->log.buf : "");
		printf("}%s\n", t + 1 < all->list.at + all->list.n ? "," : "");
	}
	puts("]");
}

static int finish(struct trials *all, bool good)
{
	struct trial *t;

	vec_each(t, &all->list) {
		good = good && !t->err;
		mem_free((char *)t->name);
		mem_free(t->log.buf);
		skep_verifier_close(t->verifier);
	}
	vec_free(&all->list);
	skep_btf_free(all->vmlinux);
	return good ? exit_ok : exit_failed;
}

int cmd_verify(int argc, char **argv)
{
	struct trials all = {.lock = PTHREAD_MUTEX_INITIALIZER};
	const struct opt opts[] = {{"prog", 0, opt_text, &all.prog},
				   {"log", 0, opt_number, &all.level},
				   {"unprivileged", 0, opt_flag, &all.unprivileged},
				   {"json", 'j', opt_flag, &all.json},
				   {0}};
	struct args args;
	int code = opt_parse(&args, argc, argv, opts, 1, 1 << 20);
	bool good = true;

	if (code >= 0)
		return code;
	for (int i = 0; i < args.n; i++)
		good = add_object(&all, args.at[i]) && good;
	run_all(&all);
	if (all.json)
		say_json(&all);
	else if (all.list.n)
		say_table(&all);
	return finish(&all, good);
}
