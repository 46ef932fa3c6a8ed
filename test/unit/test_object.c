#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "box.h"
#include "mem.h"

/* ---- each test runs on a private store and on a shared one ---- */

struct env {
	struct store *store;
	char dir[64]; /* "" : private */
};

static const char *env_dir(struct env *env)
{
	return env->dir[0] ? env->dir : NULL;
}

static void reopen(struct env *env)
{
	assert_int_equal(store_open(env_dir(env), box_kinds, NULL, &env->store), 0);
}

static int setup_private(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	*state = env;
	reopen(env);
	return 0;
}

static int setup_shared(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	*state = env;
	strcpy(env->dir, "/dev/shm/skep-test-XXXXXX");
	assert_non_null(mkdtemp(env->dir));
	reopen(env);
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
	if (env->dir[0])
		nftw(env->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(env);
	return 0;
}

static int fd_count(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- lifetime ---- */

static void an_object_ends_with_its_last_fd(void **state)
{
	struct env *env = *state;
	u32 id, id2;
	int fd = box_make(env->store, 0, &id), fd2, before;

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	fd2 = box_make(env->store, 0, &id2);
	assert_true(id2 > id);
	assert_true(there(env->store, id));
	before = fd_count();
	close(fd);
	assert_false(there(env->store, id));
	assert_true(there(env->store, id2));
	close(fd2);
	store_sweep(env->store);
	assert_false(there(env->store, id2));
	assert_int_equal(fd_count(), before - 4); /* two of ours, two views */
}

static void every_kind_of_dup_holds(void **state)
{
	struct env *env = *state;
	u32 id;
	int fd = box_make(env->store, 0, &id), a = dup(fd), b, c;

	close(fd);
	assert_true(there(env->store, id));
	b = dup2(a, 200);
	close(a);
	assert_true(there(env->store, id));
	c = dup3(b, 201, O_CLOEXEC);
	close(b);
	assert_true(there(env->store, id));
	a = fcntl(c, F_DUPFD_CLOEXEC, 0);
	close(c);
	assert_true(there(env->store, id));
	close(a);
	assert_false(there(env->store, id));
}

static void a_mapping_holds(void **state)
{
	struct env *env = *state;
	u32 id;
	int fd = box_make(env->store, 0, &id);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	close(fd);
	assert_true(there(env->store, id));
	munmap(map, 4096);
	assert_false(there(env->store, id));
}

static void a_message_in_flight_holds(void **state)
{
	struct env *env = *state;
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int pair[2], fd;
	u32 id;

	fd = box_make(env->store, 0, &id);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	*c = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	assert_int_equal(sendmsg(pair[0], &msg, 0), 1);
	close(fd);
	assert_true(there(env->store, id));
	assert_int_equal(recvmsg(pair[1], &msg, 0), 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	assert_true(there(env->store, id));
	close(fd);
	assert_false(there(env->store, id));
	close(pair[0]);
	close(pair[1]);
}

static void references_hold_and_chains_fall_together(void **state)
{
	struct env *env = *state;
	u32 a, b, c;
	int fa = box_make(env->store, 0, &a), fb = box_make(env->store, a, &b);
	int fc = box_make(env->store, b, &c);
	struct object *obj;

	close(fa);
	close(fb);
	assert_true(there(env->store, a));
	assert_true(there(env->store, b));
	/* a ring holds itself no longer than somebody holds it */
	assert_int_equal(object_get_id(env->store, OBJECT_MAP, a, &obj), 0);
	((struct box *)obj->head->data)->n = 1;
	((struct box *)obj->head->data)->ids[0] = c;
	object_put(obj);
	store_sweep(env->store);
	assert_true(there(env->store, c));
	close(fc);
	store_sweep(env->store);
	assert_false(there(env->store, a));
	assert_false(there(env->store, b));
	assert_false(there(env->store, c));
}

static void a_view_outlives_its_object_while_used(void **state)
{
	struct env *env = *state;
	struct object *obj;
	u32 id;
	int fd = box_make(env->store, 0, &id);

	assert_int_equal(object_get(env->store, fd, OBJECT_MAP, &obj, NULL), 0);
	assert_int_equal(object_close(env->store, fd), 0);
	assert_false(there(env->store, id));
	obj->head->data[200] = 7; /* still mapped */
	object_put(obj);
}

/* Nobody sees it any more; its memory comes back with the next sweep, after eight closes
 * at the latest. */
static void close_removes(void **state)
{
	struct env *env = *state;
	u32 id, next;
	int fd = box_make(env->store, 0, &id), copy = dup(fd), before = fd_count();

	assert_int_equal(object_close(env->store, fd), 0);
	assert_int_equal(object_next_id(env->store, OBJECT_MAP, 0, &next), 0);
	assert_int_equal(object_close(env->store, copy), 0);
	assert_int_equal(object_close(env->store, copy), -EBADF);
	assert_int_equal(object_next_id(env->store, OBJECT_MAP, 0, &next), -ENOENT);
	assert_int_equal(fd_count(), before - 3); /* both, and the view's */
	before = fd_count();
	for (int i = 0; i < 100; i++)
		object_close(env->store, box_make(env->store, 0, NULL));
	assert_true(fd_count() - before < 8);
}

static void wrong_fds_are_refused(void **state)
{
	struct env *env = *state;
	int fd = box_make(env->store, 0, NULL), null = open("/dev/null", O_RDWR),
	    pipes[2], flags;
	struct object *obj;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(object_get(env->store, -1, 0, &obj, NULL), -EBADF);
	assert_int_equal(object_get(env->store, 1000, 0, &obj, NULL), -EBADF);
	assert_int_equal(object_get(env->store, null, 0, &obj, NULL), -EINVAL);
	assert_int_equal(object_get(env->store, pipes[0], 0, &obj, NULL), -EINVAL);
	assert_int_equal(object_get(env->store, fd, OBJECT_BTF, &obj, NULL), -EINVAL);
	assert_int_equal(object_get(env->store, fd, 0, &obj, &flags), 0);
	assert_int_equal(flags, O_RDWR);
	assert_int_equal(object_get_id(env->store, OBJECT_BTF, obj->id, &obj), -ENOENT);
	object_put(obj);
	close(fd);
	close(null);
	close(pipes[0]);
	close(pipes[1]);
}

static void access_modes_come_back(void **state)
{
	struct env *env = *state;
	static const int modes[] = {O_RDWR, O_RDONLY, O_WRONLY};
	u32 id;
	int fd = box_make(env->store, 0, &id);

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		int again = object_open_id(env->store, OBJECT_MAP, id, modes[i]), flags;
		struct object *obj;

		assert_true(again >= 0);
		assert_int_equal(object_get(env->store, again, OBJECT_MAP, &obj, &flags),
				 0);
		assert_int_equal(flags, modes[i]);
		object_put(obj);
		close(again);
	}
	close(fd);
}

static void ids_go_up_and_are_listed(void **state)
{
	struct env *env = *state;
	u32 ids[20], at = 0;
	int fds[20];

	for (int i = 0; i < 20; i++)
		fds[i] = box_make(env->store, 0, &ids[i]);
	for (int i = 0; i < 20; i += 2)
		close(fds[i]);
	for (int i = 1; i < 20; i += 2) {
		assert_int_equal(object_next_id(env->store, OBJECT_MAP, at, &at), 0);
		assert_int_equal(at, ids[i]);
	}
	assert_int_equal(object_next_id(env->store, OBJECT_MAP, at, &at), -ENOENT);
	assert_int_equal(object_next_id(env->store, OBJECT_BTF, 0, &at), -ENOENT);
	assert_int_equal(object_next_id(env->store, OBJECT_MAP, UINT32_MAX, &at),
			 -ENOENT);
	for (int i = 1; i < 20; i += 2)
		close(fds[i]);
}

static void pins_hold(void **state)
{
	struct env *env = *state;
	u32 id;
	int fd = box_make(env->store, 0, &id);

	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/one"), 0);
	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/one"), -EEXIST);
	assert_int_equal(object_pin(env->store, fd, "/sys//fs/./bpf/./two"), 0);
	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/no/../two"), -ENOENT);
	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/one/../two"), -ENOTDIR);
	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/one/"), -EEXIST);
	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/new/"), -ENOENT);
	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/no/such"), -ENOENT);
	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/a.b"), -EPERM);
	assert_int_equal(object_pin(env->store, fd, "/tmp/skep-nothing"), -EPERM);
	assert_int_equal(object_pin(env->store, fd, "/tmp"), -EEXIST);
	close(fd);
	assert_true(there(env->store, id));
	fd = object_open_pin(env->store, "/sys/fs/bpf/two", O_RDONLY);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(object_open_pin(env->store, "/sys/fs/bpf/three", O_RDWR),
			 -ENOENT);
	assert_int_equal(object_open_pin(env->store, "/sys/fs/bpf", O_RDWR), -EACCES);
	assert_int_equal(object_open_pin(env->store, "/etc/passwd", O_RDWR), -EACCES);
	assert_int_equal(object_unpin(env->store, "/sys/fs/bpf/one"), 0);
	assert_int_equal(object_unpin(env->store, "/sys/fs/bpf/one"), -ENOENT);
	assert_true(there(env->store, id));
	assert_int_equal(object_unpin(env->store, "/sys/fs/bpf/two"), 0);
	assert_false(there(env->store, id));
}

static void only_what_can_be_pinned_is(void **state)
{
	struct env *env = *state;
	struct object *obj;
	int fd;

	assert_int_equal(object_create(env->store, OBJECT_BTF, OBJECT_HEAD_SIZE, &obj),
			 0);
	fd = object_ready(obj, O_RDONLY);
	assert_int_equal(object_pin(env->store, fd, "/sys/fs/bpf/btf"), -EINVAL);
	assert_int_equal(object_pin(env->store, -1, "/sys/fs/bpf/btf"), -EINVAL);
	close(fd);
}

/* ---- making ---- */

static void what_is_not_ready_is_not_there(void **state)
{
	struct env *env = *state;
	struct object *obj;
	u32 id, next;
	int before;

	store_sweep(env->store);
	before = fd_count();
	assert_int_equal(object_create(env->store, OBJECT_MAP, OBJECT_HEAD_SIZE, &obj),
			 0);
	id = obj->id;
	store_sweep(env->store);
	assert_int_equal(object_next_id(env->store, OBJECT_MAP, 0, &next), -ENOENT);
	assert_false(there(env->store, id));
	object_abandon(obj);
	assert_int_equal(object_create(env->store, OBJECT_MAP, OBJECT_HEAD_SIZE, &obj),
			 0);
	((struct box *)obj->head->data)->n = 9;
	assert_int_equal(object_ready(obj, O_RDWR), -EBADMSG);
	assert_int_equal(fd_count(), before);
}

static void impossible_sizes_are_no_memory(void **state)
{
	struct env *env = *state;
	struct object *obj;

	assert_int_equal(object_create(env->store, OBJECT_MAP, 1ull << 46, &obj),
			 -ENOMEM);
	assert_int_equal(object_create(env->store, OBJECT_MAP, UINT64_MAX, &obj),
			 -ENOMEM);
	assert_int_equal(object_create(env->store, OBJECT_MAP, 100, &obj), -EINVAL);
}

static void failed_allocations_leave_nothing(void **state)
{
	struct env *env = *state;
	u32 next;
	int before, fd = box_make(env->store, 0, NULL), failed = 0;

	object_close(env->store, fd);
	store_sweep(env->store);
	before = fd_count();
	for (long n = 0; n < 60; n++) {
		mem_fail_after(n);
		fd = box_make(env->store, 0, NULL);
		mem_fail_after(-1);
		if (fd >= 0)
			assert_int_equal(object_close(env->store, fd), 0);
		else
			assert_int_equal(fd, -ENOMEM);
		failed += fd < 0;
		store_sweep(env->store);
		assert_int_equal(fd_count(), before);
		assert_int_equal(object_next_id(env->store, OBJECT_MAP, 0, &next),
				 -ENOENT);
	}
	/* a sweep that had no memory removes nothing and fails nothing */
	fd = box_make(env->store, 0, NULL);
	for (long n = 0; n < 10; n++) {
		mem_fail_after(n);
		store_sweep(env->store);
		mem_fail_after(-1);
		assert_int_equal(object_next_id(env->store, OBJECT_MAP, 0, &next), 0);
	}
	close(fd);
	assert_true(failed < 60);
}

/* ---- processes ---- */

static void wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* In a child a failed check must end the child, not run the rest of the tests. */
#define CHILD(x) \
	do { \
		if (!(x)) { \
			dprintf(2, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			_exit(1); \
		} \
	} while (0)

static void a_fork_has_what_existed(void **state)
{
	struct env *env = *state;
	u32 id, self = store_self(env->store), later;
	int fd = box_make(env->store, 0, &id), go[2];
	struct object *obj;
	pid_t pid;
	char c;

	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (!pid) {
		close(go[1]);
		CHILD(store_self(env->store) != self);
		CHILD(store_alive(env->store, self));
		CHILD(read(go[0], &c, 1) == 0); /* the parent has closed its fd */
		CHILD(there(env->store, id));
		CHILD(!object_get(env->store, fd, OBJECT_MAP, &obj, NULL));
		obj->head->data[100] = 42;
		object_put(obj);
		CHILD(box_make(env->store, 0, &later) >= 0 && later > id);
		CHILD(!object_close(env->store, fd));
		CHILD(!there(env->store, id));
		_exit(0);
	}
	assert_int_equal(object_get(env->store, fd, OBJECT_MAP, &obj, NULL), 0);
	close(fd);
	close(go[0]);
	store_sweep(env->store);
	assert_true(there(env->store, id)); /* the child holds it */
	close(go[1]);
	wait_for(pid);
	assert_int_equal(obj->head->data[100], 42);
	object_put(obj);
	assert_false(there(env->store, id));
}

static void a_dead_process_is_known(void **state)
{
	struct env *env = *state;
	u32 *name = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	u32 *lock = name + 1, *slot = name + 2, seen = 0;
	bool from_dead;
	pid_t pid = fork();

	if (!pid) {
		*name = store_self(env->store);
		lock_take(env->store, lock);
		*slot = store_slot_take(env->store);
		pause();
	}
	while (!__atomic_load_n(slot, __ATOMIC_ACQUIRE) && seen++ < 200)
		usleep(1000);
	assert_true(store_alive(env->store, *name));
	assert_false(lock_try(env->store, lock, &from_dead));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_false(store_alive(env->store, *name));
	assert_true(lock_take(env->store, lock));
	lock_give(lock);
	assert_int_equal(*lock, 0);
	/* every slot can be had again */
	for (u32 i = 0; i < store_slots(env->store); i++)
		store_slot_take(env->store);
	for (u32 i = 0; i < store_slots(env->store); i++)
		store_slot_give(env->store, i);
	munmap(name, 4096);
}

/* A child that never runs a command of the engine must not keep its parent's name. */
static void an_idle_child_keeps_no_name(void **state)
{
	struct env *env = *state;
	u32 *name = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	int end[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(end), 0);
	pid = fork();
	if (!pid) {
		close(end[1]);
		*name = store_self(env->store);
		if (!fork()) {
			CHILD(read(end[0], &c, 1) == 0);
			_exit(0);
		}
		_exit(0);
	}
	wait_for(pid);
	assert_int_not_equal(*name, 0);
	assert_false(store_alive(env->store, *name));
	close(end[0]);
	close(end[1]);
	munmap(name, 4096);
}

/* exec(2) makes another program of the process: what it held is held no more. */
static void an_exec_ends_the_name(void **state)
{
	struct env *env = *state;
	u32 *name = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	int end[2];
	pid_t pid;

	assert_int_equal(pipe(end), 0);
	pid = fork();
	if (!pid) {
		*name = store_self(env->store);
		dup2(end[0], 0);
		close(end[1]);
		execl("/bin/cat", "cat", NULL);
		_exit(1);
	}
	for (int i = 0; i < 1000 && (!*name || store_alive(env->store, *name)); i++)
		usleep(1000);
	assert_int_not_equal(*name, 0);
	assert_int_equal(kill(pid, 0), 0);
	assert_false(store_alive(env->store, *name));
	close(end[0]);
	close(end[1]);
	wait_for(pid);
	munmap(name, 4096);
}

/* Two stores of one process on one directory are two owners; one's end is not the
 * other's (as it is with the locks of fcntl(2) that belong to a process). */
static void two_stores_in_a_process_are_two(void **state)
{
	struct env *env = *state;
	struct store *other;
	u32 mine, theirs, id, lock = 0;
	bool from_dead;
	int fd;

	assert_int_equal(store_open(env_dir(env), box_kinds, NULL, &other), 0);
	mine = store_self(env->store);
	theirs = store_self(other);
	assert_int_not_equal(mine, theirs);
	assert_true(store_alive(other, mine));
	assert_true(store_alive(env->store, theirs));
	fd = box_make(other, 0, &id);
	assert_true(there(env->store, id));
	assert_false(lock_take(other, &lock));
	assert_false(lock_try(env->store, &lock, &from_dead));
	store_close(other);
	assert_true(there(env->store, id));
	assert_false(store_alive(env->store, theirs));
	assert_true(store_alive(env->store, mine));
	assert_true(lock_take(env->store, &lock));
	lock_give(&lock);
	close(fd);
	assert_false(there(env->store, id));
}

static void names_are_not_used_again(void **state)
{
	struct env *env = *state;
	u32 *names = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);

	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (!pid) {
			names[i] = store_self(env->store);
			_exit(0);
		}
		wait_for(pid);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(names[i], names[k]);
	}
	munmap(names, 4096);
}

/* ---- threads ---- */

struct worker {
	struct store *store;
	u32 *lock;
	u64 *count;
	u32 *inside;
	int rounds;
};

static void *add_locked(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < w->rounds; i++) {
		lock_take(w->store, w->lock);
		++*w->count;
		lock_give(w->lock);
	}
	return NULL;
}

static void *enter_and_leave(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < w->rounds; i++) {
		u32 slot = store_slot_take(w->store);

		assert_int_equal(
			__atomic_add_fetch(&w->inside[slot], 1, __ATOMIC_RELAXED), 1);
		if (i % 64 == 0)
			usleep(10);
		__atomic_sub_fetch(&w->inside[slot], 1, __ATOMIC_RELAXED);
		store_slot_give(w->store, slot);
	}
	return NULL;
}

static void *make_and_close(void *arg)
{
	struct worker *w = arg;
	u32 id;

	for (int i = 0; i < w->rounds; i++) {
		int fd = box_make(w->store, 0, &id);
		struct object *obj;

		assert_true(fd >= 0);
		assert_int_equal(object_get(w->store, fd, OBJECT_MAP, &obj, NULL), 0);
		assert_int_equal(obj->id, id);
		object_put(obj);
		assert_true(there(w->store, id));
		if (i % 2)
			object_close(w->store, fd);
		else
			close(fd);
	}
	return NULL;
}

static void run_workers(struct worker *w, void *(*fn)(void *))
{
	pthread_t threads[6];

	for (int i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fn, w), 0);
	for (int i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
}

static void locks_and_slots_exclude(void **state)
{
	struct env *env = *state;
	u32 lock = 0, inside[1024] = {0};
	u64 count = 0;
	struct worker w = {env->store, &lock, &count, inside, 20000};

	run_workers(&w, add_locked);
	assert_int_equal(count, 120000);
	w.rounds = 1000;
	run_workers(&w, enter_and_leave);
}

static void threads_and_processes_share(void **state)
{
	struct env *env = *state;
	struct worker w = {.store = env->store, .rounds = 100};
	pid_t pid = fork();
	u32 next;

	if (!pid) {
		run_workers(&w, make_and_close);
		_exit(0);
	}
	run_workers(&w, make_and_close);
	wait_for(pid);
	store_sweep(env->store);
	assert_int_equal(object_next_id(env->store, OBJECT_MAP, 0, &next), -ENOENT);
}

static void *notify_later(void *arg)
{
	usleep(20000);
	store_notify(arg);
	return NULL;
}

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + (u64)ts.tv_nsec / 1000000;
}

static void a_notice_ends_the_wait(void **state)
{
	struct env *env = *state;
	u64 start = now_ms();
	pthread_t thread;
	u32 seen = store_events(env->store);

	store_wait(env->store, seen, 30);
	assert_in_range(now_ms() - start, 29, 2000);
	start = now_ms();
	seen = store_events(env->store);
	pthread_create(&thread, NULL, notify_later, env->store);
	store_wait(env->store, seen, 10000);
	assert_in_range(now_ms() - start, 10, 5000);
	pthread_join(thread, NULL);
}

/* ---- the user's memory ---- */

static void bad_addresses_are_efault(void **state)
{
	char *map = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char buf[8192];

	memset(map, 'x', 3 * 4096);
	mprotect(map + 4096, 4096, PROT_READ);
	mprotect(map + 8192, 4096, PROT_NONE);
	assert_int_equal(user_copy_in(buf, u64_of(map), 8192), 0);
	assert_int_equal(user_copy_in(buf, u64_of(map) + 4096, 4097), -EFAULT);
	assert_int_equal(user_copy_in(buf, u64_of(map) + 8191, 1), 0);
	assert_int_equal(user_copy_in(buf, 0, 1), -EFAULT);
	assert_int_equal(user_copy_in(buf, 0, 0), 0);
	assert_int_equal(user_copy_in(buf, UINT64_MAX, 1), -EFAULT);
	assert_int_equal(user_copy_in(buf, UINT64_MAX - 10, 100), -EFAULT);
	assert_int_equal(user_copy_in(buf, 1ull << 63, 8), -EFAULT);
	/* our callers' frames are ours, but the stack ends */
	assert_int_equal(user_copy_in(map, u64_of(buf), 4096), 0);
	assert_int_equal(user_copy_out(u64_of(buf), map, 4096), 0);
	assert_int_equal(user_copy_in(map, u64_of(buf), 64 << 20), -EFAULT);
	assert_int_equal(user_copy_out(u64_of(buf), map, 64 << 20), -EFAULT);
	assert_int_equal(user_copy_out(u64_of(map) + 4090, buf, 6), 0);
	assert_int_equal(user_copy_out(u64_of(map) + 4090, buf, 7), -EFAULT);
	assert_int_equal(user_copy_out(u64_of(map) + 4095, "y", 1), 0);
	assert_int_equal(map[4095], 'y');
	assert_int_equal(user_copy_out(8, buf, 1), -EFAULT);
	assert_int_equal(user_copy_string(buf, u64_of("abc"), 4), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(user_copy_string(buf, u64_of("abc"), 3), -E2BIG);
	assert_int_equal(user_copy_string(buf, u64_of(map), sizeof(buf)), -E2BIG);
	assert_int_equal(user_copy_string(buf, u64_of(map) + 8190, 10), -EFAULT);
	assert_int_equal(user_check_tail(u64_of("ab\0\0"), 2, 4), 0);
	assert_int_equal(user_check_tail(u64_of("ab\0\1"), 2, 4), -E2BIG);
	assert_int_equal(user_check_tail(u64_of("ab"), 4, 2), 0);
	assert_int_equal(user_check_tail(u64_of(map), 8180, 8192), -E2BIG);
	assert_int_equal(user_check_tail(u64_of(map), 8190, 8200), -EFAULT);
	memset(map, 0, 4096);
	munmap(map, 3 * 4096);
}

#define BOTH(test) \
	cmocka_unit_test_setup_teardown(test, setup_private, teardown), \
		cmocka_unit_test_setup_teardown(test, setup_shared, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(an_object_ends_with_its_last_fd),
		BOTH(every_kind_of_dup_holds),
		BOTH(a_mapping_holds),
		BOTH(a_message_in_flight_holds),
		BOTH(references_hold_and_chains_fall_together),
		BOTH(a_view_outlives_its_object_while_used),
		BOTH(close_removes),
		BOTH(wrong_fds_are_refused),
		BOTH(access_modes_come_back),
		BOTH(ids_go_up_and_are_listed),
		BOTH(pins_hold),
		BOTH(only_what_can_be_pinned_is),
		BOTH(what_is_not_ready_is_not_there),
		BOTH(impossible_sizes_are_no_memory),
		BOTH(failed_allocations_leave_nothing),
		BOTH(a_fork_has_what_existed),
		BOTH(a_dead_process_is_known),
		BOTH(an_idle_child_keeps_no_name),
		BOTH(an_exec_ends_the_name),
		cmocka_unit_test_setup_teardown(two_stores_in_a_process_are_two,
						setup_shared, teardown),
		BOTH(names_are_not_used_again),
		BOTH(locks_and_slots_exclude),
		BOTH(threads_and_processes_share),
		BOTH(a_notice_ends_the_wait),
		cmocka_unit_test(bad_addresses_are_efault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
