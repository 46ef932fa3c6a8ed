/* Processes that make, pin, find and close objects of a shared engine, and engines, until
 * they are killed: after the next command nothing of theirs is left, what is pinned is
 * whole, and nobody waits for the dead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include "kill_engine.h"
#include "killed.h"
#include "skip.h"

enum { PINS = 3, KILLS = 80, LONGEST = 20 /* seconds for what must not hang */ };

static char dir[64], fresh_dir[80];

static struct skep_engine *open_dir(const char *where)
{
	struct skep_engine_opts opts = {
		.size = sizeof(opts), .shared = true, .dir = where, .slots = SLOTS};
	struct skep_engine *e;

	return skep_engine_open(&opts, &e) ? NULL : e;
}

/* ---- the work ---- */

static const char *pin_path(u64 n)
{
	static char path[32];

	snprintf(path, sizeof(path), "/sys/fs/bpf/p%u", (u32)(n % PINS));
	return path;
}

static int some_map(void)
{
	return CALL(MAP_CREATE, .map_type = SKEP_MAP_TYPE_HASH, .key_size = 4,
		    .value_size = 8, .max_entries = 4);
}

static int some_prog(u32 type)
{
	static const struct skep_insn insns[] = {{0xb7, 0, 0, 0, 0}, {0x95, 0, 0, 0, 0}};

	return CALL(PROG_LOAD, .prog_type = type, .insns = u64_of(insns), .insn_cnt = 2,
		    .license = u64_of("GPL"));
}

static void end(int fd)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	if (fd >= 0)
		sys->close(sys, fd);
}

static bool make_pinned(u64 n)
{
	int fd = n % 3 ? some_map() : some_prog(SKEP_PROG_TYPE_XDP);

	CALL(OBJ_PIN, .pathname = u64_of(pin_path(n)), .bpf_fd = (u32)fd);
	end(fd);
	return fd >= 0;
}

static bool get_pinned(u64 n)
{
	int fd = CALL(OBJ_GET, .pathname = u64_of(pin_path(n)));

	end(fd);
	return fd >= 0 || fd == -ENOENT;
}

static bool unpin(u64 n)
{
	int err = object_unpin(engine->store, pin_path(n));

	return !err || err == -ENOENT;
}

/* An outer map that alone keeps the inner one. */
static bool make_nested(u64 n)
{
	int inner = some_map(), outer, err;
	u32 key = 0;

	outer = CALL(MAP_CREATE, .map_type = SKEP_MAP_TYPE_ARRAY_OF_MAPS, .key_size = 4,
		     .value_size = 4, .max_entries = 4, .inner_map_fd = (u32)inner);
	err = element(SKEP_MAP_UPDATE_ELEM, outer, &key, &inner, 0);
	end(inner);
	if (n % 2)
		CALL(OBJ_PIN, .pathname = u64_of(pin_path(n)), .bpf_fd = (u32)outer);
	end(outer);
	return !err;
}

static bool make_link(u64 n)
{
	int prog = some_prog(SKEP_PROG_TYPE_RAW_TRACEPOINT);
	int link = CALL(RAW_TRACEPOINT_OPEN, .raw_tracepoint.name = u64_of("sys_enter"),
			.raw_tracepoint.prog_fd = (u32)prog);

	end(prog);
	if (n % 2)
		CALL(OBJ_PIN, .pathname = u64_of(pin_path(n)), .bpf_fd = (u32)link);
	end(link);
	return link >= 0;
}

static bool find_all(u64 n)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	union skep_attr attr = {0};
	int err;

	while (!(err = sys->bpf(sys, SKEP_MAP_GET_NEXT_ID, &attr, sizeof(attr)))) {
		end(CALL(MAP_GET_FD_BY_ID, .map_id = attr.next_id));
		attr = (union skep_attr){.start_id = attr.next_id};
	}
	return err == -ENOENT;
}

static bool count_runs(u64 n)
{
	int fd = CALL(ENABLE_STATS), prog = some_prog(SKEP_PROG_TYPE_XDP);
	int ret = run_prog(prog, &(struct packet){0});

	end(prog);
	end(fd);
	return fd >= 0 && !ret;
}

/* The first engine in a folder makes its state. */
static bool open_fresh(u64 n)
{
	struct skep_engine *e = open_dir(fresh_dir);

	skep_engine_close(e);
	return e;
}

static bool (*const works[])(u64 n) = {make_pinned, get_pinned, unpin,	    make_nested,
				       make_link,   find_all,	count_runs, open_fresh};

static bool work(void *thing, u64 *rng)
{
	u64 what = rnd(rng) % ARRAY_SIZE(works);

	return works[what](rnd(rng));
}

/* In an engine that it opens itself, as a stranger does. */
static bool work_alone(void *thing, u64 *rng)
{
	static pid_t opened;

	if (opened != getpid()) {
		engine = open_dir(dir);
		opened = getpid();
	}
	return engine && work(thing, rng);
}

/* ---- what is left ---- */

static u32 count_files(const char *part)
{
	char path[128];
	struct dirent *e;
	DIR *list;
	u32 n = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, part);
	list = opendir(path);
	assert_non_null(list);
	while ((e = readdir(list)))
		n += e->d_name[0] != '.';
	closedir(list);
	return n;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void too_long(int sig)
{
	static const char text[] = "somebody waits for the dead\n";

	if (write(2, text, sizeof(text) - 1) > 0)
		_exit(1);
}

static void slots_are_free(void)
{
	u32 slot[SLOTS];

	for (u32 i = 0; i < SLOTS; i++)
		slot[i] = store_slot_take(engine->store);
	for (u32 i = 0; i < SLOTS; i++)
		store_slot_give(engine->store, slot[i]);
}

/* The state and the two folders, and nothing else. */
static void fresh_is_whole(void)
{
	struct stat st;

	if (stat(fresh_dir, &st))
		return;
	assert_true(open_fresh(0));
	assert_int_equal(count_files("fresh"), 3);
	assert_int_equal(nftw(fresh_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void nothing_is_left(void *thing)
{
	union skep_attr attr = {0};
	struct skep_sys *sys = skep_engine_sys(engine);

	alarm(LONGEST);
	fresh_is_whole();
	for (u32 n = 0; n < PINS; n++) {
		assert_true(get_pinned(n));
		unpin(n);
	}
	assert_int_equal(sys->bpf(sys, SKEP_MAP_GET_NEXT_ID, &attr, sizeof(attr)),
			 -ENOENT);
	assert_int_equal(count_files("objects"), 0);
	assert_int_equal(count_files("pins"), 0);
	assert_int_equal(count_files("."), 3);
	slots_are_free();
	assert_true(make_pinned(0) && make_nested(1) && make_link(2) && count_runs(0));
	for (u32 n = 0; n < PINS; n++)
		unpin(n);
	alarm(0);
}

/* ---- all ---- */

static void beside_others(void **state)
{
	static const struct killed k = {.work = work, .complete = nothing_is_left};

	killed_beside_others(&k, NULL, killed_times(KILLS), 1);
}

static void strangers_beside_others(void **state)
{
	static const struct killed k = {.work = work_alone, .complete = nothing_is_left};

	killed_beside_others(&k, NULL, killed_times(KILLS), 2);
}

static void at_calls(void **state)
{
	static const struct killed k = {
		.work = work, .complete = nothing_is_left, .calls = true};

	if (!killed_at_steps(&k, NULL, killed_times(KILLS), 3))
		test_skip(__func__, NO_PTRACE);
}

static void strangers_at_calls(void **state)
{
	static const struct killed k = {
		.work = work_alone, .complete = nothing_is_left, .calls = true};

	if (!killed_at_steps(&k, NULL, killed_times(KILLS), 4))
		test_skip(__func__, NO_PTRACE);
}

static int setup(void **state)
{
	strcpy(dir, access("/dev/shm", W_OK) ? "/tmp/skep-test-XXXXXX"
					     : "/dev/shm/skep-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(fresh_dir, sizeof(fresh_dir), "%s/fresh", dir);
	signal(SIGALRM, too_long);
	engine = open_dir(dir);
	return engine ? 0 : -1;
}

static int teardown(void **state)
{
	skep_engine_close(engine);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(beside_others),
		cmocka_unit_test(strangers_beside_others),
		cmocka_unit_test(at_calls),
		cmocka_unit_test(strangers_at_calls),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
