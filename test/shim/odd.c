/* What programs do with descriptors, threads and processes, on raw bpf(2). What it prints
 * must not depend on which bpf(2) it runs on. With an argument it is the
 * program that inherits a map. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PTR(p) ((__u64)(unsigned long)(p))

static long bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static int make_map(unsigned type, unsigned key, unsigned value, unsigned n,
		    unsigned flags)
{
	union bpf_attr attr = {.map_type = type,
			       .key_size = key,
			       .value_size = value,
			       .max_entries = n,
			       .map_flags = flags};

	return (int)bpf(BPF_MAP_CREATE, &attr);
}

static int update(int map, unsigned key, __u64 value)
{
	union bpf_attr attr = {
		.map_fd = (__u32)map, .key = PTR(&key), .value = PTR(&value)};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr) ? -errno : 0;
}

static long long lookup(int map, unsigned key)
{
	__u64 value = 0;
	union bpf_attr attr = {
		.map_fd = (__u32)map, .key = PTR(&key), .value = PTR(&value)};

	return bpf(BPF_MAP_LOOKUP_ELEM, &attr) ? -errno : (long long)value;
}

static int load(const struct bpf_insn *code, size_t n)
{
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
			       .insns = PTR(code),
			       .insn_cnt = (__u32)n,
			       .license = PTR("GPL")};

	return (int)bpf(BPF_PROG_LOAD, &attr);
}

/* A program that writes eight bytes to the ring buffer each time that it runs. */
static int make_writer(int ring)
{
	const struct bpf_insn code[] = {
		{0x7a, 10, 0, -8, 42},			    /* *(u64 *)(r10 - 8) = 42 */
		{0x18, 1, 1, 0, ring}, {0},		    /* r1 = map */
		{0xbf, 2, 10, 0, 0},   {0x07, 2, 0, 0, -8}, /* r2 = r10 - 8 */
		{0xb7, 3, 0, 0, 8},    {0xb7, 4, 0, 0, 0},
		{0x85, 0, 0, 0, 130},  {0xb7, 0, 0, 0, 0},
		{0x95, 0, 0, 0, 0},
	};

	return load(code, sizeof(code) / sizeof(code[0]));
}

static void run(int prog)
{
	union bpf_attr attr = {.test.prog_fd = (__u32)prog};

	if (bpf(BPF_PROG_TEST_RUN, &attr))
		printf("run: %s\n", strerrorname_np(errno));
}

/* ---- descriptors ---- */

static void descriptors(void)
{
	int map = make_map(BPF_MAP_TYPE_HASH, 4, 8, 8, 0), other, copy;
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", map);
	printf("link: %zd", readlink(path, text, sizeof(text) - 1));
	printf(" %s, errno of a short one: %zd\n", text, readlink(path, text, 4));
	printf("cloexec: %d\n", fcntl(map, F_GETFD));
	copy = dup(map);
	other = open("/dev/null", O_RDONLY);
	printf("update: %d\n", update(map, 1, 11));
	dup2(other, map); /* the number is another file's now */
	printf("through the number: %d\n", update(map, 1, 12));
	printf("through the copy: %lld\n", lookup(copy, 1));
	dup3(copy, map, O_CLOEXEC);
	printf("number again: %lld\n", lookup(map, 1));
	printf("not a map: %d\n", update(other, 1, 1));
	close(map), close(copy);
	printf("closed: %d\n", update(map, 1, 1));
	errno = 7;
	map = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
	printf("errno after success: %d\n", errno);
	close(map), close(other);
}

static void mappings(void)
{
	int map = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 512, BPF_F_MMAPABLE);
	__u64 *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	void *none;

	at[3] = 33;
	printf("mapped: %lld\n", lookup(map, 3));
	update(map, 4, 44);
	printf("seen: %llu\n", at[4]);
	none = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, map, 0);
	printf("private: %s\n", none == MAP_FAILED ? strerrorname_np(errno) : "ok");
	none = mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED, map, 0);
	printf("too long: %s\n", none == MAP_FAILED ? strerrorname_np(errno) : "ok");
	close(map);
	at[5] = 55;
	printf("kept by its mapping: %llu\n", at[5]);
	munmap(at, 4096);
}

/* ---- ring buffers ---- */

static int waits(int ep, int ms)
{
	struct epoll_event events[4];
	int n = epoll_wait(ep, events, 4, ms);

	return n == 1 ? (int)events[0].data.u32 : n;
}

static void *write_later(void *arg)
{
	usleep(30000);
	run(*(int *)arg);
	return NULL;
}

static void consume(int ring)
{
	long page = sysconf(_SC_PAGESIZE);
	unsigned long *consumer =
		mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	unsigned long *producer =
		mmap(NULL, (size_t)page * 3, PROT_READ, MAP_SHARED, ring, page);

	printf("produced %lu, consumed %lu\n", *producer, *consumer);
	*consumer = *producer;
	munmap(consumer, (size_t)page), munmap(producer, (size_t)page * 3);
}

static void rings(void)
{
	int ring = make_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0),
	    prog = make_writer(ring);
	int ep = epoll_create1(0), outer = epoll_create1(0), err;
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = 7};
	struct pollfd fds = {.fd = ring, .events = POLLIN};
	pthread_t thread;

	printf("add: %d", epoll_ctl(ep, EPOLL_CTL_ADD, ring, &event));
	err = epoll_ctl(ep, EPOLL_CTL_ADD, ring, &event);
	printf(", again: %d %s\n", err, strerrorname_np(errno));
	event.data.u32 = 8;
	epoll_ctl(outer, EPOLL_CTL_ADD, ep, &event);
	printf("nothing yet: %d %d %d\n", waits(ep, 0), waits(outer, 20),
	       poll(&fds, 1, 0));
	run(prog);
	printf("something: %d %d %d\n", waits(ep, -1), waits(outer, -1),
	       poll(&fds, 1, -1));
	printf("still: %d %d\n", waits(ep, 0), poll(&fds, 1, 0));
	consume(ring);
	printf("all read: %d %d %d\n", waits(ep, 10), waits(outer, 0), poll(&fds, 1, 0));
	pthread_create(&thread, NULL, write_later, &prog);
	printf("waited for: %d\n", waits(ep, 5000));
	pthread_join(thread, NULL);
	consume(ring);
	event.data.u32 = 9;
	printf("change: %d\n", epoll_ctl(ep, EPOLL_CTL_MOD, ring, &event));
	run(prog);
	printf("changed: %d\n", waits(ep, 1000));
	printf("remove: %d", epoll_ctl(ep, EPOLL_CTL_DEL, ring, NULL));
	printf(", again: %s\n",
	       epoll_ctl(ep, EPOLL_CTL_DEL, ring, NULL) ? strerrorname_np(errno) : "ok");
	printf("removed: %d\n", waits(ep, 10));
	close(ring), close(prog), close(ep), close(outer);
}

/* A program that writes its context's first number so many times as the second says: 0
 * to 7. */
static int make_counter(int ring)
{
	const struct bpf_insn code[] = {
		{0x79, 6, 1, 0, 0},    {0x79, 7, 1, 8, 0}, /* r6, r7 = numbers */
		{0x57, 7, 0, 0, 7},    {0x67, 7, 0, 0, 3}, /* r7 = (r7 & 7) * 8 */
		{0x7b, 10, 6, -8, 0},  {0x7b, 10, 6, -16, 0}, {0x7b, 10, 6, -24, 0},
		{0x7b, 10, 6, -32, 0}, {0x7b, 10, 6, -40, 0}, {0x7b, 10, 6, -48, 0},
		{0x7b, 10, 6, -56, 0}, {0x18, 1, 1, 0, ring}, {0},
		{0xbf, 2, 10, 0, 0},   {0x07, 2, 0, 0, -56},  {0xbf, 3, 7, 0, 0},
		{0xb7, 4, 0, 0, 0},    {0x85, 0, 0, 0, 130}, /* bpf_ringbuf_output */
		{0x95, 0, 0, 0, 0},
	};

	return load(code, sizeof(code) / sizeof(code[0]));
}

/* The 8 bytes at a position, each byte's place in the ring masked by itself. */
static __u64 masked(const unsigned char *data, unsigned long pos, unsigned long mask)
{
	__u64 word = 0;

	for (int i = 0; i < 8; i++)
		word |= (__u64)data[(pos + (unsigned long)i) & mask] << 8 * i;
	return word;
}

/* A reader that masks a record's header and what stands behind it alike, so that it never
 * looks at the second copy of the data. Returns how many records were wrong. */
static int read_masked(unsigned long *consumer, const unsigned char *shown, long page,
		       __u64 want, unsigned words)
{
	unsigned long producer = *(volatile const unsigned long *)shown;
	unsigned long mask = (unsigned long)page - 1, pos = *consumer;
	int n = 0, bad = 0;

	while (pos < producer) {
		__u32 len = (__u32)masked(shown + page, pos, mask);

		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			n++;
			bad += len != words * 8;
			for (unsigned i = 0; i < words && !bad; i++)
				bad += masked(shown + page, pos + 8 + i * 8, mask) !=
				       want;
		}
		pos += ((len << 2 >> 2) + 8 + 7) & ~7ul;
	}
	*consumer = pos;
	return bad + (n != 1 || pos != producer);
}

static void masks_twice(void)
{
	long page = sysconf(_SC_PAGESIZE);
	int ring = make_map(BPF_MAP_TYPE_RINGBUF, 0, 0, (unsigned)page, 0),
	    prog = make_counter(ring), bad = 0;
	unsigned long *consumer =
		mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	unsigned char *shown =
		mmap(NULL, (size_t)page * 3, PROT_READ, MAP_SHARED, ring, page);
	__u64 numbers[2];
	union bpf_attr attr = {.test = {.prog_fd = (__u32)prog,
					.ctx_in = PTR(numbers),
					.ctx_size_in = sizeof(numbers)}};

	for (unsigned i = 0; i < 20000 && !bad; i++) {
		numbers[0] = i * 0x123456789abcdef1ull;
		numbers[1] = (i * 2654435761u >> 20) % 8;
		bad = bpf(BPF_PROG_TEST_RUN, &attr) ||
		      read_masked(consumer, shown, page, numbers[0],
				  (unsigned)numbers[1]);
		if (bad)
			printf("record %u of %llu bytes is wrong\n", i, numbers[1] * 8);
	}
	printf("masked twice: %s\n", bad ? "wrong" : "right");
	close(ring), close(prog);
}

/* ---- ways out of a wait, and what is no address ---- */

static sigjmp_buf out;

static void jump(int sig)
{
	siglongjmp(out, 1);
}

static void *wait_for_ever(void *arg)
{
	waits(*(int *)arg, -1);
	return NULL;
}

static void ways_out(void)
{
	int ring = make_map(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0),
	    prog = make_writer(ring);
	int ep = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = 7};
	pthread_t thread;
	void *ended;

	epoll_ctl(ep, EPOLL_CTL_ADD, ring, &event);
	pthread_create(&thread, NULL, wait_for_ever, &ep);
	usleep(20000);
	pthread_cancel(thread);
	pthread_join(thread, &ended);
	printf("cancelled: %d\n", ended == PTHREAD_CANCELED);
	signal(SIGALRM, jump);
	if (!sigsetjmp(out, 1)) {
		ualarm(20000, 0);
		waits(ep, -1);
	}
	run(prog);
	printf("jumped out: %d\n", waits(ep, 1000));
	close(ring), close(prog), close(ep);
}

static void no_addresses(void)
{
	void *volatile bad = (void *)8, *volatile null = NULL;

	printf("attr: %ld", syscall(__NR_bpf, BPF_MAP_CREATE, bad, 72));
	printf(" %s\n", strerrorname_np(errno));
	printf("command: %ld", syscall(__NR_bpf, 9999, null, 0));
	printf(" %s\n", strerrorname_np(errno));
	printf("open: %d", open(bad, O_RDONLY));
	printf(" %s\n", strerrorname_np(errno));
	printf("stat: %d", stat(null, bad));
	printf(" %s\n", strerrorname_np(errno));
	printf("poll: %d", poll(bad, 3, 0));
	printf(" %s\n", strerrorname_np(errno));
	printf("readlink: %zd", readlink(bad, bad, 8));
	printf(" %s\n", strerrorname_np(errno));
}

/* ---- processes ---- */

static void processes(const char *self)
{
	int map = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0), status, kept = dup(map);
	char number[16];
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int own = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0);

		update(map, 0, 1);
		update(own, 0, 2);
		printf("child: %lld %lld\n", lookup(map, 0), lookup(own, 0));
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("parent: %lld, child %d\n", lookup(map, 0), status);
	fflush(stdout);
	snprintf(number, sizeof(number), "%d", kept); /* not closed by exec */
	pid = fork();
	if (!pid)
		execl(self, self, number, NULL);
	waitpid(pid, &status, 0);
	printf("after the other program: %lld, status %d\n", lookup(map, 1), status);
	close(map), close(kept);
}

static void *hammer(void *arg)
{
	int map = *(int *)arg, own, bad = 0;

	for (int i = 0; i < 300; i++) {
		own = make_map(BPF_MAP_TYPE_HASH, 4, 8, 8, 0);
		bad += update(own, 1, (__u64)i) || lookup(own, 1) != i;
		bad += update(map, (unsigned)i % 4, 5) != 0;
		close(own);
	}
	return (void *)(long)bad;
}

/* Threads that make and close maps, while this one forks: a child works at once. */
static void threads(void)
{
	int map = make_map(BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0), status, failed = 0;
	pthread_t thread[3];
	void *bad;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, hammer, &map);
	for (int i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (!pid) {
			int own = make_map(BPF_MAP_TYPE_HASH, 4, 8, 8, 0);

			alarm(20);
			_exit(update(own, 2, 3) || lookup(own, 2) != 3 ||
			      update(map, 3, 5));
		}
		waitpid(pid, &status, 0);
		failed += status != 0;
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(thread[i], &bad);
		failed += (int)(long)bad;
	}
	printf("threads and forks: %d failed\n", failed);
	close(map);
}

/* Adds 1 to the second word of the arena, and puts the sum into the third. */
static int make_adder(int arena)
{
	const struct bpf_insn code[] = {
		{0x18, 1, 2, 0, arena}, {0}, /* r1 = the arena's first byte, */
		{0xbf, 1, 1, 1, 1},	     /* as programs see it */
		{0x79, 2, 1, 8, 0},	{0x07, 2, 0, 0, 1},
		{0x7b, 1, 2, 16, 0},	{0xb7, 0, 0, 0, 0},
		{0x95, 0, 0, 0, 0},
	};

	return load(code, sizeof(code) / sizeof(code[0]));
}

enum { MAP_TYPE_ARENA = 33 };

/* Programs and two processes see one memory at one place. */
static void arenas(void)
{
	int arena = make_map(MAP_TYPE_ARENA, 0, 0, 4, BPF_F_MMAPABLE), prog, status;
	size_t len = 4 * (size_t)sysconf(_SC_PAGESIZE);
	__u64 *at;
	void *other;
	pid_t pid;

	printf("nowhere yet: %d", make_adder(arena) < 0 ? errno : 0);
	at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, arena, 0);
	prog = make_adder(arena);
	at[1] = 41;
	run(prog);
	printf(", added: %llu", at[2]);
	pid = fork();
	if (!pid) {
		munmap(at, len);
		other = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, arena, 0);
		if (other != MAP_FAILED)
			_exit(1);
		other = mmap(at, len, PROT_READ | PROT_WRITE, MAP_SHARED, arena, 0);
		if (other != at || at[2] != 42)
			_exit(2);
		at[1] = 99;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	run(prog);
	printf(", child %d, added: %llu\n", status, at[2]);
	munmap(at, len);
	close(prog);
	close(arena);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		printf("inherited: %lld\n", lookup(atoi(argv[1]), 0));
		return update(atoi(argv[1]), 1, 77) != 0;
	}
	descriptors();
	mappings();
	arenas();
	rings();
	masks_twice();
	ways_out();
	no_addresses();
	processes(argv[0]);
	threads();
	return 0;
}
