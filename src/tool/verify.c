/* skep verify: what the verifier says of programs, without a kernel. */
#include "trial.h"
#include "mem.h"
#include "os.h"
#include "tool_msg.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

const char help_verify[] =
	"usage: skep verify OBJ... [options]\n"
	"       skep verify --raw FILE [--type TYPE] [options]\n"
	"\n"
	"Says of each program whether Linux 6.18's verifier would take it, and why not: a line\n"
	"a program, with the instructions that were processed on all paths, states that were\n"
	"kept, CPU time and stack. Needs no root and no kernel, and runs nothing. Below a\n"
	"refused one stands why: where, what had to hold and what was known, the lines that\n"
	"led there, and what to change.\n"
	"\n"
	"  --prog NAME     this program only\n"
	"  --source        instructions and states that each line of the source took, most\n"
	"                  expensive first: where the million went\n"
	"  --raw           FILE ('-': standard input) is bytecode, 8 bytes an instruction\n"
	"  --type TYPE     what kind of program it is, as SEC() says it: xdp, kprobe,\n"
	"                  cgroup/connect4, tp_btf/sched_switch (socket)\n"
	"  --log LEVEL     the verifier's log in the kernel's form instead of words: 1, 2\n"
	"                  (every step), 4\n"
	"  --unprivileged  judge as for a user without capabilities\n"
	"  --json          for programs\n"
	"\n"
	"Exit code: 0 all accepted, 1 some refused, 2 usage, or something could not be judged:\n"
	"a file that cannot be read, a program that skep cannot put together ('failed'), one of\n"
	"which skep does not know what Linux says ('unknown').\n";

enum { LOG_SIZE = 16 << 20, WORKERS = 16 };

/* ---- one trial, in a thread of its own ---- */

static int judge(const struct trials *all, struct trial *t, struct skep_verifier *v,
		 const struct skep_btf *vmlinux)
{
	const struct skep_load_opts opts = {
		.size = sizeof(opts), .log_level = (u32)all->level, .vmlinux = vmlinux};
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
	t->cut = err == -ENOSPC;
	return t->cut ? t->stats.err : err;
}

static int judge_with(const struct trials *all, struct trial *t,
		      struct skep_verifier_opts opts)
{
	int err;

	opts.size = sizeof(opts);
	opts.unprivileged = all->unprivileged;
	opts.count = all->source;
	skep_verifier_close(t->verifier);
	t->verifier = NULL;
	t->log.len = 0;
	err = skep_verifier_open(&opts, &t->verifier);
	if (err)
		return err;
	return (all->raw ? raw_judge : judge)(all, t, t->verifier, opts.vmlinux);
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

/* Asked once, and for programs alone that may name one: it takes longer than a verdict.
 */
static bool kernel_variables(struct trials *all, const struct trial *t)
{
	if (t->need != need_symbols)
		return false;
	pthread_mutex_lock(&all->lock);
	if (!all->asked)
		all->variables = os_names_variables();
	all->asked = true;
	pthread_mutex_unlock(&all->lock);
	return all->variables;
}

static int judge_with_types(struct trials *all, struct trial *t)
{
	struct skep_verifier_opts opts = {.vmlinux = kernel_types(all),
					  .variables = kernel_variables(all, t),
					  .explain = !all->level};

	return judge_with(all, t, opts);
}

/* Few programs need the kernel's types, and none is accepted for the lack of them: what
 * fails without them is judged again, and explained. */
static void run_trial(struct trials *all, struct trial *t)
{
	size_t room = all->level ? LOG_SIZE : 1 << 16;

	t->log.buf = mem_alloc(1, room);
	t->log.size = t->log.buf ? room : 0;
	t->err = t->need ? -ENOENT : judge_with(all, t, (struct skep_verifier_opts){0});
	if (t->err)
		t->err = judge_with_types(all, t);
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

bool trial_add(struct trials *all, const char *path, const char *name, u32 index,
	       enum need need)
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
	t->need = need;
	return true;
}

static enum need need_of(const struct skep_object *obj,
			 const struct skep_object_prog *prog)
{
	const struct section_row *row = section_find(prog->section);
	const struct skep_btf *btf = skep_object_btf(obj);

	if (btf && skep_btf_find(btf, ".ksyms", SKEP_BTF_KIND_DATASEC))
		return need_symbols;
	return row && row->flags & NEEDS_BTF ? need_types : need_nothing;
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
		good = trial_add(all, path, progs[i].name, i, need_of(obj, &progs[i]));
	}
	if (!found)
		tool_error(msg_run_no_prog, path, all->prog ? all->prog : "at all");
	skep_object_close(obj);
	return good && found;
}

enum verdict trial_verdict(const struct trial *t)
{
	if (!t->err)
		return accepted;
	return !t->stats.code ? failed : t->stats.unknown ? unknown : refused;
}

/* What could not be judged outweighs what was refused, as with grep and diff. */
static int finish(struct trials *all)
{
	int code = exit_ok;
	struct trial *t;

	vec_each(t, &all->list) {
		all->bad |= trial_verdict(t) > refused;
		code = t->err ? exit_failed : code;
		mem_free((char *)t->name);
		mem_free(t->log.buf);
		skep_verifier_close(t->verifier);
	}
	vec_free(&all->list);
	raw_free(all->raw);
	skep_btf_free(all->vmlinux);
	return all->bad ? exit_usage : code;
}

/* False after a sentence. */
static bool is_usage_good(const struct trials *all, const struct args *args, bool raw)
{
	if (all->type && !raw)
		tool_error(msg_raw_only);
	else if (raw && args->n > 1)
		tool_error(msg_raw_one, args->at[1]);
	else
		return true;
	return false;
}

int cmd_verify(int argc, char **argv)
{
	struct trials all = {.lock = PTHREAD_MUTEX_INITIALIZER};
	bool raw = false;
	const struct opt opts[] = {{"prog", 0, opt_text, &all.prog},
				   {"source", 0, opt_flag, &all.source},
				   {"raw", 0, opt_flag, &raw},
				   {"type", 0, opt_text, &all.type},
				   {"log", 0, opt_number, &all.level},
				   {"unprivileged", 0, opt_flag, &all.unprivileged},
				   {"json", 'j', opt_flag, &all.json},
				   {0}};
	struct args args;
	int code = opt_parse(&args, argc, argv, opts, 1, 1 << 20);

	if (code >= 0)
		return code;
	if (!is_usage_good(&all, &args, raw))
		return exit_usage;
	for (int i = 0; i < args.n; i++)
		all.bad |= !(raw ? raw_add : add_object)(&all, args.at[i]);
	run_all(&all);
	if (all.json)
		trials_json(&all);
	else if (all.list.n)
		trials_table(&all);
	return finish(&all);
}
