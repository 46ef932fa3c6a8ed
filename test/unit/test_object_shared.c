/* A shared store as other processes leave it: killed holders, leftovers, damaged files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "box.h"
#include "mem.h"

struct env {
	struct store *store;
	char dir[64];
	char text[4096];
	struct skep_log log;
};

static int open_store(struct env *env)
{
	env->log = (struct skep_log){.buf = env->text, .size = sizeof(env->text)};
	env->text[0] = '\0';
	return store_open(env->dir, box_kinds, &env->log, &env->store);
}

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	*state = env;
	strcpy(env->dir, "/tmp/skep-test-XXXXXX");
	assert_non_null(mkdtemp(env->dir));
	assert_int_equal(open_store(env), 0);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct env *env = *state;

	store_close(env->store);
	nftw(env->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(env);
	return 0;
}

static char *path_of(struct env *env, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", env->dir, name);
	return path;
}

static char *object_path(struct env *env, u32 id)
{
	char name[32];

	snprintf(name, sizeof(name), "objects/%u", id);
	return path_of(env, name);
}

#define assert_says(env, part) assert_non_null(strstr((env)->text, part))

/* ---- other processes ---- */

/* A process that opens the store anew, as a stranger does. */
struct stranger {
	pid_t pid;
	int to, from;
};

/* In a stranger: what it was told to do; each answers with a number. */
struct order {
	enum {
		order_make,
		order_pin,
		order_get,
		order_open_id,
		order_close,
		order_next
	} what;
	u32 a;
	char path[64];
};

static long obey(struct store *store, const struct order *o)
{
	u32 id;
	int fd;

	switch (o->what) {
	case order_make:
		fd = box_make(store, o->a, &id);
		return fd < 0 ? fd : (long)fd << 32 | id;
	case order_pin: return object_pin(store, (int)o->a, o->path);
	case order_get: return object_open_pin(store, o->path, O_RDWR);
	case order_open_id: return object_open_id(store, OBJECT_MAP, o->a, O_RDWR);
	case order_close: return object_close(store, (int)o->a);
	case order_next:
		fd = object_next_id(store, OBJECT_MAP, o->a, &id);
		return fd < 0 ? fd : (long)id;
	}
	return -EINVAL;
}

static void serve(const char *dir, int in, int out)
{
	struct store *store;
	struct order o;
	long ret = store_open(dir, box_kinds, NULL, &store);

	while (!ret && read(in, &o, sizeof(o)) == sizeof(o)) {
		long answer = obey(store, &o);

		if (write(out, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

static void stranger_start(struct env *env, struct stranger *s)
{
	int in[2], out[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	s->pid = fork();
	if (!s->pid) {
		close(in[1]);
		close(out[0]);
		serve(env->dir, in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	s->to = in[1];
	s->from = out[0];
}

static long tell(struct stranger *s, int what, u32 a, const char *path)
{
	struct order o = {.what = what, .a = a};
	long answer = -EPIPE;

	snprintf(o.path, sizeof(o.path), "%s", path ? path : "");
	assert_int_equal(write(s->to, &o, sizeof(o)), sizeof(o));
	assert_int_equal(read(s->from, &answer, sizeof(answer)), sizeof(answer));
	return answer;
}

static void stranger_end(struct stranger *s, int sig)
{
	close(s->to);
	close(s->from);
	if (sig)
		kill(s->pid, sig);
	waitpid(s->pid, NULL, 0);
}

static void an_object_outlives_a_killed_process_while_held(void **state)
{
	struct env *env = *state;
	struct stranger maker, holder, third;
	long made;
	u32 id;
	int fd;

	stranger_start(env, &maker);
	stranger_start(env, &holder);
	made = tell(&maker, order_make, 0, NULL);
	assert_true(made > 0);
	id = (u32)made;
	fd = (int)tell(&holder, order_open_id, id, NULL);
	assert_true(fd >= 0);
	stranger_end(&maker, SIGKILL);
	assert_true(there(env->store, id));
	stranger_start(env, &third);
	assert_int_equal(tell(&third, order_next, 0, NULL), id);
	stranger_end(&holder, SIGKILL);
	assert_int_equal(tell(&third, order_next, 0, NULL), -ENOENT);
	assert_int_equal(tell(&third, order_open_id, id, NULL), -ENOENT);
	assert_int_equal(access(object_path(env, id), F_OK), -1);
	stranger_end(&third, 0);
}

static void a_pin_outlives_all_processes(void **state)
{
	struct env *env = *state;
	struct stranger maker, third;
	long made;
	u32 id;

	stranger_start(env, &maker);
	made = tell(&maker, order_make, 0, NULL);
	id = (u32)made;
	assert_int_equal(tell(&maker, order_pin, (u32)(made >> 32), "/sys/fs/bpf/it"), 0);
	stranger_end(&maker, SIGKILL);
	store_close(env->store);
	assert_int_equal(open_store(env), 0);
	assert_string_equal(env->text, "");
	stranger_start(env, &third);
	assert_int_equal(tell(&third, order_next, 0, NULL), id);
	assert_true(tell(&third, order_get, 0, "/sys/fs/bpf/it") >= 0);
	assert_int_equal(unlink(path_of(env, "pins/it")), 0); /* rm is enough */
	assert_true(there(env->store, id));
	stranger_end(&third, SIGKILL);
	assert_false(there(env->store, id));
}

static void a_reference_outlives_the_referred_ones_holder(void **state)
{
	struct env *env = *state;
	struct stranger a, b;
	long inner, outer;

	stranger_start(env, &a);
	stranger_start(env, &b);
	inner = tell(&a, order_make, 0, NULL);
	outer = tell(&b, order_make, (u32)inner, NULL);
	stranger_end(&a, SIGKILL);
	assert_true(there(env->store, (u32)inner));
	assert_int_equal(tell(&b, order_close, (u32)(outer >> 32), NULL), 0);
	assert_false(there(env->store, (u32)outer));
	assert_false(there(env->store, (u32)inner));
	stranger_end(&b, 0);
}

/* An object that another process removed must not stay mapped here for ever. */
static void a_view_of_anothers_object_ends(void **state)
{
	struct env *env = *state;
	struct stranger maker;
	struct object *obj;
	long made;
	int fd;

	stranger_start(env, &maker);
	made = tell(&maker, order_make, 0, NULL);
	fd = object_open_id(env->store, OBJECT_MAP, (u32)made, O_RDWR);
	assert_int_equal(object_get(env->store, fd, OBJECT_MAP, &obj, NULL), 0);
	close(fd);
	assert_int_equal(tell(&maker, order_close, (u32)(made >> 32), NULL), 0);
	store_sweep(env->store);
	assert_true(obj->gone);
	assert_int_equal(
		object_get_id(env->store, OBJECT_MAP, (u32)made, &(struct object *){0}),
		-ENOENT);
	object_put(obj);
	stranger_end(&maker, 0);
}

/* ---- the directory ---- */

static void the_directory_is_the_users_own(void **state)
{
	struct env *env = *state;

	store_close(env->store);
	env->store = NULL;
	chmod(env->dir, 0755);
	assert_int_equal(open_store(env), -EACCES);
	assert_says(env, "mode 0755");
	assert_says(env, "[O005]");
	chmod(env->dir, 0700);
	assert_int_equal(symlink(env->dir, path_of(env, "link")), 0);
	assert_int_equal(
		store_open(path_of(env, "link"), box_kinds, &env->log, &env->store),
		-EACCES);
	assert_says(env, "[O003]");
	assert_int_equal(store_open("/proc/no/such", box_kinds, &env->log, &env->store),
			 -ENOENT);
	assert_says(env, "[O001]");
	if (!geteuid()) {
		assert_int_equal(chown(env->dir, 65534, (gid_t)-1), 0);
		assert_int_equal(open_store(env), -EACCES);
		assert_says(env, "belongs to user 65534, not to user 0");
		assert_int_equal(chown(env->dir, 0, (gid_t)-1), 0);
	}
	/* a link in place of a part */
	assert_int_equal(rmdir(path_of(env, "pins")), 0);
	assert_int_equal(symlink("/tmp", path_of(env, "pins")), 0);
	assert_true(open_store(env) < 0);
	assert_says(env, "[O006]");
}

static void damage(struct env *env, const char *path, off_t at, const void *data,
		   size_t len)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, len, at), len);
	close(fd);
}

static void another_layout_is_named_and_not_read(void **state)
{
	struct env *env = *state;
	u32 id, layout = 77, next;
	int fd = box_make(env->store, 0, &id);

	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/old"), 0);
	close(fd);
	store_close(env->store);
	damage(env, object_path(env, id), offsetof(struct object_head, layout), &layout,
	       4);
	assert_int_equal(open_store(env), 0);
	assert_says(env, "its layout has another number");
	assert_says(env, "[O008]");
	assert_int_equal(object_next_id(env->store, OBJECT_MAP, 0, &next), -ENOENT);
	assert_false(there(env->store, id));
	assert_int_equal(object_open_pin(env->store, "/sys/fs/bpf/old", O_RDWR), -EACCES);
	store_sweep(env->store);
	assert_int_equal(access(object_path(env, id), F_OK), 0); /* not ours to remove */
	store_close(env->store);
	env->store = NULL;
	damage(env, path_of(env, "state"), 8, &layout, 4);
	assert_int_equal(open_store(env), -EPROTO);
	assert_says(env, "made by another version");
	assert_says(env, "[O007]");
	assert_int_equal(truncate(path_of(env, "state"), 10), 0);
	assert_int_equal(open_store(env), -EPROTO);
	assert_says(env, "cut short");
}

/* ---- hostile files ---- */

static u32 rnd(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Everything that a command may do with what it finds. */
static void use_all(struct env *env)
{
	u32 at = 0;
	int fd;

	store_sweep(env->store);
	while (!object_next_id(env->store, 0, at, &at)) {
		struct object *obj;

		fd = object_open_id(env->store, OBJECT_MAP, at, O_RDWR);
		if (fd >= 0 && !object_get(env->store, fd, 0, &obj, NULL))
			object_put(obj);
		if (fd >= 0)
			close(fd);
	}
	fd = object_open_pin(env->store, "/sys/fs/bpf/pin", O_RDWR);
	if (fd >= 0)
		object_close(env->store, fd);
	fd = box_make(env->store, at, NULL);
	assert_true(fd >= 0);
	object_close(env->store, fd);
}

static void write_damaged(struct env *env, u32 id, u32 *seed)
{
	static const u32 sizes[] = {0, 1, 47, 48, 4095, 4096, 8192, 12288};
	u8 bytes[8192] = {0};
	struct object_head *head = (struct object_head *)bytes;
	u32 n = sizes[rnd(seed) % ARRAY_SIZE(sizes)];
	int fd = open(object_path(env, id), O_RDWR | O_CREAT | O_TRUNC, 0600);

	*head = (struct object_head){.magic = OBJECT_MAGIC,
				     .layout = OBJECT_LAYOUT,
				     .kind = 1 + rnd(seed) % 3,
				     .size = n,
				     .id = id,
				     .ready = rnd(seed) % 4,
				     .maker = rnd(seed)};
	*(u32 *)head->data = rnd(seed) % 12; /* a box's references */
	for (u32 i = 1; i < 9; i++)
		((u32 *)head->data)[i] = rnd(seed) % 12;
	for (u32 i = rnd(seed) % 3; i; i--)
		bytes[rnd(seed) % 100] = (u8)rnd(seed);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, MIN(n, sizeof(bytes)), 0),
			 MIN(n, sizeof(bytes)));
	assert_int_equal(ftruncate(fd, n), 0);
	close(fd);
}

static void damaged_objects_harm_nothing(void **state)
{
	struct env *env = *state;
	char from[256];
	u32 seed = 42;

	for (int round = 0; round < 150; round++) {
		store_close(env->store);
		for (u32 id = 1; id < 11; id++)
			write_damaged(env, id, &seed);
		unlink(path_of(env, "pins/pin"));
		strcpy(from, object_path(env, 1 + rnd(&seed) % 10));
		assert_int_equal(link(from, path_of(env, "pins/pin")), 0);
		assert_int_equal(open_store(env), 0);
		use_all(env);
	}
}

static void odd_files_are_no_objects(void **state)
{
	struct env *env = *state;
	u32 next;

	assert_int_equal(mkfifo(object_path(env, 1001), 0600), 0);
	assert_int_equal(mkdir(object_path(env, 1002), 0700), 0);
	assert_int_equal(symlink("/etc/passwd", object_path(env, 1003)), 0);
	assert_int_equal(
		close(open(path_of(env, "objects/x y"), O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(
		close(open(path_of(env, "objects/007"), O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(mkfifo(path_of(env, "pins/fifo"), 0600), 0);
	assert_int_equal(symlink("/etc/passwd", path_of(env, "pins/link")), 0);
	assert_int_equal(mkdir(path_of(env, "pins/folder"), 0700), 0);
	use_all(env);
	assert_int_equal(object_next_id(env->store, 0, 0, &next), -ENOENT);
	assert_int_equal(object_open_pin(env->store, "/sys/fs/bpf/fifo", O_RDWR),
			 -EACCES);
	assert_int_equal(object_open_pin(env->store, "/sys/fs/bpf/link", O_RDWR),
			 -EACCES);
	assert_int_equal(object_open_pin(env->store, "/sys/fs/bpf/folder", O_RDWR),
			 -EACCES);
	store_close(env->store);
	assert_int_equal(open_store(env), 0);
	assert_says(env, "objects/x y is not used");
	assert_says(env, "objects/1001 is not used");
}

/* A file of the directory that no command gave out has no lock, and is no object here
 * when it only looks like one. */
static void copies_are_not_the_object(void **state)
{
	struct env *env = *state;
	char page[8192];
	struct object *obj;
	u32 id;
	int fd = box_make(env->store, 0, &id), copy;

	assert_int_equal(pread(fd, page, 8192, 0), 8192);
	copy = open(path_of(env, "objects/copy"), O_RDWR | O_CREAT, 0600);
	assert_int_equal(write(copy, page, 8192), 8192);
	assert_int_equal(object_get(env->store, copy, 0, &obj, NULL), -EINVAL);
	close(copy);
	close(fd);
}

static void opening_survives_a_lack_of_memory(void **state)
{
	struct env *env = *state;

	for (long n = 0; n < 20; n++) {
		struct store *store = NULL;
		int err;

		mem_fail_after(n);
		err = store_open(n % 2 ? env->dir : NULL, box_kinds, NULL, &store);
		mem_fail_after(-1);
		assert_true(err ? err == -ENOMEM && !store : store != NULL);
		store_close(store);
	}
}

static void processes_open_a_new_directory_at_once(void **state)
{
	struct env *env = *state;
	pid_t pids[8];
	char dir[128];
	int status;

	strcpy(dir, path_of(env, "fresh"));
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct store *store;

			_exit(store_open(dir, box_kinds, NULL, &store) ||
			      box_make(store, 0, NULL) < 0);
		}
	}
	for (int i = 0; i < 8; i++) {
		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_object_outlives_a_killed_process_while_held),
		TEST(a_pin_outlives_all_processes),
		TEST(a_reference_outlives_the_referred_ones_holder),
		TEST(a_view_of_anothers_object_ends),
		TEST(the_directory_is_the_users_own),
		TEST(another_layout_is_named_and_not_read),
		TEST(damaged_objects_harm_nothing),
		TEST(odd_files_are_no_objects),
		TEST(copies_are_not_the_object),
		TEST(opening_survives_a_lack_of_memory),
		TEST(processes_open_a_new_directory_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
