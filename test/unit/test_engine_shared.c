/* Processes that share an engine by its directory, through its public door. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <skep/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "object.h"

static struct skep_engine *open_dir(const char *dir)
{
	struct skep_engine_opts opts = {.size = sizeof(opts), .shared = true, .dir = dir};
	struct skep_engine *engine;

	return skep_engine_open(&opts, &engine) ? NULL : engine;
}

static int setup(void **state)
{
	char *dir = strdup("/tmp/skep-test-XXXXXX");

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static int call(struct skep_engine *engine, int cmd, union skep_attr attr)
{
	struct skep_sys *sys = skep_engine_sys(engine);

	return sys->bpf(sys, cmd, &attr, sizeof(attr));
}

#define CALL(engine, cmd, ...) call(engine, SKEP_##cmd, (union skep_attr){__VA_ARGS__})

static int make_map(struct skep_engine *engine, u32 type)
{
	return CALL(engine, MAP_CREATE, .map_type = type, .key_size = 4, .value_size = 8,
		    .max_entries = 1000);
}

static int put(struct skep_engine *engine, int fd, u32 key, u64 value)
{
	return CALL(engine, MAP_UPDATE_ELEM, .map_fd = (u32)fd, .key = u64_of(&key),
		    .value = u64_of(&value));
}

static s64 get(struct skep_engine *engine, int fd, u32 key)
{
	u64 value = 0;
	int err = CALL(engine, MAP_LOOKUP_ELEM, .map_fd = (u32)fd, .key = u64_of(&key),
		       .value = u64_of(&value));

	return err ? err : (s64)value;
}

static u32 id_of(struct skep_engine *engine, int fd)
{
	struct skep_map_info info = {0};

	assert_int_equal(CALL(engine, OBJ_GET_INFO_BY_FD, .info.bpf_fd = (u32)fd,
			      .info.info = u64_of(&info), .info.info_len = sizeof(info)),
			 0);
	return info.id;
}

/* A process that opens the engine, does `work` with what it finds there and waits for
 * its end. */
static pid_t start(const char *dir, int (*work)(struct skep_engine *engine, u32 id),
		   u32 id)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct skep_engine *engine = open_dir(dir);

		close(ready[0]);
		if (!engine || work(engine, id) || write(ready[1], "y", 1) != 1)
			_exit(1);
		pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1); /* 0: the work failed */
	close(ready[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int fill_map(struct skep_engine *engine, u32 id)
{
	int fd = CALL(engine, MAP_GET_FD_BY_ID, .map_id = id);

	for (u32 i = 0; i < 1000 && fd >= 0; i++)
		if (put(engine, fd, i, i * 3))
			return -1;
	return fd < 0 ? fd : 0;
}

static int make_pinned(struct skep_engine *engine, u32 unused)
{
	int fd = make_map(engine, SKEP_MAP_TYPE_ARRAY);
	int err = put(engine, fd, 5, 55);

	return err ? err
		   : CALL(engine, OBJ_PIN, .pathname = u64_of("/sys/fs/bpf/map"),
			  .bpf_fd = (u32)fd);
}

static void a_shared_map_survives_its_processes(void **state)
{
	static const u32 types[] = {SKEP_MAP_TYPE_ARRAY, SKEP_MAP_TYPE_HASH};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct skep_engine *engine = open_dir(*state);
		int fd = make_map(engine, types[i]);
		u32 id = id_of(engine, fd);
		pid_t pid = start(*state, fill_map, id);

		assert_int_equal(get(engine, fd, 999), 999 * 3);
		close(fd);
		fd = CALL(engine, MAP_GET_FD_BY_ID, .map_id = id);
		assert_true(fd >= 0); /* the other holds it */
		close(fd);
		end(pid);
		assert_int_equal(CALL(engine, MAP_GET_FD_BY_ID, .map_id = id), -ENOENT);
		skep_engine_close(engine);
	}
}

static void a_pinned_map_is_found_by_a_stranger(void **state)
{
	struct skep_engine *engine;
	int fd;

	end(start(*state, make_pinned, 0));
	engine = open_dir(*state);
	fd = CALL(engine, OBJ_GET, .pathname = u64_of("/sys/fs/bpf/map"));
	assert_int_equal(get(engine, fd, 5), 55);
	close(fd);
	skep_engine_close(engine);
}

/* An fd that came over a socket is as good as one's own. */
static void a_passed_fd_is_a_map(void **state)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2], fd, status;
	struct skep_engine *engine;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	engine = open_dir(*state);
	if (!pid) {
		fd = make_map(engine, SKEP_MAP_TYPE_HASH);
		put(engine, fd, 1, 11);
		*c = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
		_exit(sendmsg(pair[0], &msg, 0) != 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(recvmsg(pair[1], &msg, 0), 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	assert_int_equal(get(engine, fd, 1), 11);
	close(fd);
	close(pair[0]);
	close(pair[1]);
	skep_engine_close(engine);
}

/* A user's own mapping holds the map, with no fd and no engine left. */
static void a_mapping_keeps_the_map(void **state)
{
	struct skep_engine *engine = open_dir(*state);
	struct skep_sys *sys = skep_engine_sys(engine);
	int fd = CALL(engine, MAP_CREATE, .map_type = SKEP_MAP_TYPE_ARRAY, .key_size = 4,
		      .value_size = 8, .max_entries = 512, .map_flags = SKEP_F_MMAPABLE);
	u32 id = id_of(engine, fd);
	void *at = NULL;

	assert_int_equal(
		sys->mmap(sys, &at, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 0);
	close(fd);
	((u64 *)at)[7] = 77;
	skep_engine_close(engine);
	engine = open_dir(*state);
	fd = CALL(engine, MAP_GET_FD_BY_ID, .map_id = id);
	assert_int_equal(get(engine, fd, 7), 77);
	close(fd);
	munmap(at, 4096);
	assert_int_equal(CALL(engine, MAP_GET_FD_BY_ID, .map_id = id), -ENOENT);
	skep_engine_close(engine);
}

/* ---- many at once ---- */

static bool walk_ids(struct skep_engine *engine)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	union skep_attr attr = {0};
	u32 last = 0;

	while (!sys->bpf(sys, SKEP_MAP_GET_NEXT_ID, &attr, sizeof(attr))) {
		int fd = CALL(engine, MAP_GET_FD_BY_ID, .map_id = attr.next_id);

		if (attr.next_id <= last || (fd < 0 && fd != -ENOENT))
			return false;
		if (fd >= 0)
			close(fd);
		last = attr.start_id = attr.next_id;
		attr.next_id = 0;
	}
	return true;
}

static bool one_life(struct skep_engine *engine, const char *path)
{
	struct skep_sys *sys = skep_engine_sys(engine);
	int fd = make_map(engine, SKEP_MAP_TYPE_HASH), again;
	struct store *store = engine->store;

	if (fd < 0 || put(engine, fd, 3, 33) ||
	    CALL(engine, OBJ_PIN, .pathname = u64_of(path), .bpf_fd = (u32)fd))
		return false;
	if (sys->close(sys, fd))
		return false;
	again = CALL(engine, OBJ_GET, .pathname = u64_of(path));
	if (again < 0 || get(engine, again, 3) != 33 || object_unpin(store, path))
		return false;
	return get(engine, again, 3) == 33 && !sys->close(sys, again) && walk_ids(engine);
}

static void *live(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/fs/bpf/t%d", gettid());
	for (int i = 0; i < 25; i++)
		if (!one_life(arg, path)) {
			dprintf(2, "life %d of %s failed\n", i, path);
			_exit(1);
		}
	return NULL;
}

static int live_in_threads(const char *dir)
{
	struct skep_engine *engine = open_dir(dir);
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, live, engine);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	skep_engine_close(engine);
	return 0;
}

static void threads_of_processes_live_together(void **state)
{
	struct skep_engine *engine;
	union skep_attr attr = {0};
	struct skep_sys *sys;
	pid_t pids[3];
	int status;

	for (int i = 0; i < 3; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(live_in_threads(*state));
	}
	for (int i = 0; i < 3; i++) {
		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	engine = open_dir(*state);
	sys = skep_engine_sys(engine);
	assert_int_equal(sys->bpf(sys, SKEP_MAP_GET_NEXT_ID, &attr, sizeof(attr)),
			 -ENOENT);
	skep_engine_close(engine);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_shared_map_survives_its_processes),
		TEST(a_pinned_map_is_found_by_a_stranger),
		TEST(a_passed_fd_is_a_map),
		TEST(a_mapping_keeps_the_map),
		TEST(threads_of_processes_live_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
