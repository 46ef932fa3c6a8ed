/* The engine: its objects, its bpf(2), its opening and closing. */
#include "engine.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "btf_object.h"
#include "cmd.h"
#include "hook.h"
#include "exec.h"
#include "map_timer.h"
#include "mem.h"
#include "native.h"

static const struct object_ops *const kinds[OBJECT_KINDS] = {
#define KIND(number, ops) [number] = &(ops),
#include "kinds.def"
#undef KIND
};

/* ---- bpf(2) ---- */

struct command {
	int (*run)(struct store *store, union skep_attr *attr);
	size_t end; /* of the last member that it knows */
};

static const struct command commands[] = {
#define REFUSED(name, err, why)
#define CMD(name, function, last, since) \
	[SKEP_##name] = {cmd_##function, offsetof(union skep_attr, last) + \
						 sizeof(((union skep_attr *)0)->last)},
#include "cmd.def"
#undef CMD
#undef REFUSED
};

static bool tail_is_zero(const union skep_attr *attr, size_t end)
{
	const u8 *bytes = (const u8 *)attr;

	for (; end < sizeof(*attr); end++)
		if (bytes[end])
			return false;
	return true;
}

/* How much of attr a command may write: all, whatever the user's size, but that Linux
 * tells the size of a log only those who know the field. */
static size_t writes(enum skep_cmd cmd, size_t size)
{
	return cmd == SKEP_PROG_LOAD || cmd == SKEP_BTF_LOAD ? size
							     : sizeof(union skep_attr);
}

/* What the command changed goes back, word by word: the rest is the user's, who may
 * change it meanwhile. */
static int copy_back(u64 user, const union skep_attr *before,
		     const union skep_attr *after, size_t size)
{
	const u8 *old = (const u8 *)before, *new = (const u8 *)after;

	for (size_t at = 0; at + 4 <= size; at += 4)
		if (memcmp(old + at, new + at, 4) &&
		    user_copy_out(user + at, new + at, 4))
			return -EFAULT;
	return 0;
}

static int do_bpf(struct store *store, enum skep_cmd cmd, union skep_attr *user, u32 size)
{
	union skep_attr attr, before;
	const struct command *command;
	int ret;

	if (size > 4096) /* the kernel's page: a guard against nonsense */
		return -E2BIG;
	ret = user_check_tail(u64_of(user), sizeof(attr), size);
	if (ret)
		return ret;
	memset(&attr, 0, sizeof(attr));
	size = MIN(size, (u32)sizeof(attr));
	ret = user_copy_in(&attr, u64_of(user), size);
	if (ret)
		return ret;
	/* Before all else that is the command's own. */
	if (cmd == SKEP_PROG_QUERY && !store_privileged(store))
		return -EPERM;
	command = (u32)cmd < ARRAY_SIZE(commands) ? &commands[cmd] : NULL;
	if (!command || !command->run || !tail_is_zero(&attr, command->end))
		return -EINVAL;
	before = attr;
	ret = command->run(store, &attr);
	if (!copy_back(u64_of(user), &before, &attr, writes(cmd, size)))
		return ret;
	return ret < 0 ? ret : -EFAULT;
}

int engine_bpf(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *user,
	       uint32_t size)
{
	if (cmd == SKEP_PROG_TEST_RUN)
		test_run_called_from(__builtin_frame_address(0));
	return do_bpf(container_of(sys, struct skep_engine, sys)->store, cmd, user, size);
}

/* ---- opening and closing ---- */

int skep_engine_dir(char *buf, size_t size)
{
	const char *dir = getenv("SKEP_DIR"), *run = getenv("XDG_RUNTIME_DIR");

	if (dir && *dir)
		return snprintf(buf, size, "%s", dir);
	if (run && *run)
		return snprintf(buf, size, "%s/skep", run);
	return snprintf(buf, size, "/dev/shm/skep-%u", (unsigned)geteuid());
}

static int open_store(struct skep_engine *engine, const struct skep_engine_opts *opts)
{
	char dir[4096];

	if (!opts->shared)
		return store_open_slots(NULL, opts->slots, kinds, opts->log,
					&engine->store);
	if (opts->dir)
		return store_open_slots(opts->dir, opts->slots, kinds, opts->log,
					&engine->store);
	if (skep_engine_dir(dir, sizeof(dir)) >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	return store_open_slots(dir, opts->slots, kinds, opts->log, &engine->store);
}

static int open_runs(struct skep_engine *engine, const struct skep_engine_opts *opts)
{
	const struct runs_opts with = {
		.bpf = do_bpf,
		.budget = opts->budget,
		.unverified = opts->unverified,
		.native = opts->native || getenv("SKEP_NATIVE"),
	};
	struct runs *runs;
	int err = runs_open(engine->store, &with, &runs);

	if (err) {
		store_close(engine->store);
		return err;
	}
	store_set_runs(engine->store, runs);
	err = timers_open(engine->store, &runs_timer_ops, runs);
	if (err) {
		runs_close(runs);
		store_close(engine->store);
	}
	return err;
}

int skep_engine_open(const struct skep_engine_opts *user, struct skep_engine **out)
{
	struct skep_engine_opts opts = {0};
	struct skep_engine *engine;
	int err;

	*out = NULL;
	if (user)
		memcpy(&opts, user, MIN(user->size, sizeof(opts)));
	engine = mem_alloc(1, sizeof(*engine));
	if (!engine)
		return -ENOMEM;
	engine->sys = engine_sys;
	err = open_store(engine, &opts);
	if (!err)
		store_set_privileged(engine->store, !opts.unprivileged);
	if (!err)
		err = open_runs(engine, &opts);
	if (err) {
		mem_free(engine);
		return err;
	}
	*out = engine;
	return 0;
}

void skep_engine_close(struct skep_engine *engine)
{
	if (!engine)
		return;
	timers_close(engine->store);
	runs_close(store_runs(engine->store));
	store_close(engine->store);
	mem_free(engine);
}

struct skep_sys *skep_engine_sys(struct skep_engine *engine)
{
	return &engine->sys;
}

/* ---- running ---- */

int skep_prog_get(struct skep_engine *engine, int fd, struct skep_prog **out)
{
	struct object *obj;
	int err = object_get(engine->store, fd, OBJECT_PROG, &obj, NULL);

	if (err)
		return err;
	native_prepare(store_runs(engine->store), container_of(obj, struct prog, obj));
	*out = (struct skep_prog *)container_of(obj, struct prog, obj);
	return 0;
}

void skep_prog_put(struct skep_prog *prog)
{
	if (prog)
		object_put(&((struct prog *)prog)->obj);
}

struct skep_cpu *skep_enter(struct skep_engine *engine)
{
	return runs_enter(store_runs(engine->store));
}
