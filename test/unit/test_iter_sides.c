/* test/bpf/iters.bpf.c on the engine and on the kernel: what is read of its iterators is
 * the same, and so is what its programs saw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <skep/btf.h>
#include "sides.h"

static const char iters[] = TEST_BPF "/iters.bpf.c";

enum { TEXT = 1 << 18, MOST_CPUS = 1024 };

/* The programs' memory. */
struct all {
	u64 out[OUT];
	u32 fails, bytes;
	u64 where;
};

static char got[TEXT];

static struct all *memory(const struct side *s)
{
	return s->bss->data;
}

static int bpf(const struct side *s, enum skep_cmd cmd, union skep_attr *attr)
{
	return s->sys->bpf(s->sys, cmd, attr, sizeof(*attr));
}

static void close_fd(const struct side *s, int fd)
{
	s->sys->close(s->sys, fd);
}

static ssize_t read_fd(const struct side *s, int fd, void *to, size_t len)
{
	return s->sys->read(s->sys, fd, to, len);
}

/* ---- the kernel's types ---- */

static const struct {
	const char *type, *member;
} members[] = {
	{"bpf_map", "map_type"},
	{"bpf_map", "key_size"},
	{"bpf_map", "value_size"},
	{"bpf_map", "max_entries"},
	{"bpf_map", "map_flags"},
	{"bpf_map", "name"},
	{"bpf_map", "inner_map_meta"},
	{"bpf_prog", "type"},
	{"bpf_prog", "expected_attach_type"},
	{"bpf_prog", "aux"},
	{"bpf_prog_aux", "used_map_cnt"},
	{"bpf_prog_aux", "max_rdonly_access"},
	{"bpf_prog_aux", "max_rdwr_access"},
	{"bpf_prog_aux", "name"},
	{"bpf_prog_aux", "attach_func_name"},
	{"bpf_link", "type"},
	{"bpf_link", "prog"},
	{"task_struct", "pid"},
	{"task_struct", "tgid"},
	{"task_struct", "comm"},
	{"task_struct", "group_leader"},
	{"task_struct", "real_parent"},
	{"file", "f_flags"},
	{"file", "f_pos"},
	{"file", "f_inode"},
	{"inode", "i_ino"},
	{"vm_area_struct", "vm_start"},
	{"vm_area_struct", "vm_end"},
	{"vm_area_struct", "vm_flags"},
	{"vm_area_struct", "vm_pgoff"},
	{"vm_area_struct", "vm_file"},
};

/* ~0: there is none. None of them is a bitfield. */
static u32 offset_in(const struct skep_btf *btf, u32 id, const char *member)
{
	const struct skep_btf_type *t = skep_btf_type_by_id(btf, id);
	const struct skep_btf_member *m = (const void *)(t + 1);
	u32 kind = SKEP_BTF_INFO_KIND(t->info), in;

	if (kind != SKEP_BTF_KIND_STRUCT && kind != SKEP_BTF_KIND_UNION)
		return ~0u;
	for (u32 i = 0; i < SKEP_BTF_INFO_VLEN(t->info); i++) {
		const char *its = skep_btf_string(btf, m[i].name_off);
		u32 at = (m[i].offset & 0xffffff) / 8;

		if (!strcmp(its, member))
			return at;
		in = *its ? ~0u : offset_in(btf, m[i].type, member);
		if (in != ~0u)
			return at + in;
	}
	return ~0u;
}

static u32 offset(const struct skep_btf *btf, const char *type, const char *member)
{
	u32 id = skep_btf_find(btf, type, SKEP_BTF_KIND_STRUCT);
	u32 at = id ? offset_in(btf, id, member) : ~0u;

	if (at == ~0u)
		fail_msg("this kernel's struct %s has no %s", type, member);
	return at;
}

static struct skep_btf *read_types(void)
{
	static const char file[] = "/sys/kernel/btf/vmlinux";
	struct skep_btf *btf = NULL;
	const size_t most = 64 << 20;
	FILE *f = fopen(file, "r");
	void *data = f ? malloc(most) : NULL;

	if (data)
		skep_btf_parse(&btf, data, fread(data, 1, most, f), NULL, file, NULL);
	free(data);
	if (f)
		fclose(f);
	return btf;
}

/* How many sides there are: with the programs compiled for the kernel's types. */
static u32 iter_sides(const char *name)
{
	struct skep_btf *btf = compiled ? NULL : read_types();
	const char *cc = any_clang();
	char with[2048];
	size_t len;

	if (!cc)
		test_skip(name, NO_CLANG);
	if (!compiled && !btf)
		test_skip(name, "the kernel tells no types (/sys/kernel/btf/vmlinux)");
	if (!compiled) {
		len = (size_t)sprintf(with, "%s", cc);
		for (size_t i = 0; i < ARRAY_SIZE(members); i++)
			len += (size_t)sprintf(
				with + len, " -D%s__%s=%u", members[i].type,
				members[i].member,
				offset(btf, members[i].type, members[i].member));
		if (!bpf_compile(with, iters, NULL, path))
			fail_msg("%s does not compile %s", with, iters);
		skep_btf_free(btf);
		compiled = iters;
	}
	return sides(name, iters);
}

/* ---- maps ---- */

static int make_map(const struct side *s, u32 type, const char *name, u32 n)
{
	union skep_attr attr = {.map_type = type, .key_size = 4, .value_size = 8};
	int fd;

	attr.max_entries = n;
	snprintf(attr.map_name, sizeof(attr.map_name), "%s", name);
	fd = bpf(s, SKEP_MAP_CREATE, &attr);
	assert_true(fd >= 0);
	return fd;
}

/* Key k has 10 * k; of a per-CPU map, on CPU c, that and c. */
static void fill_map(const struct side *s, int fd, u32 n)
{
	union skep_attr attr = {.map_fd = (u32)fd};
	u64 values[MOST_CPUS];

	for (u32 k = 0; k < n; k++) {
		for (u32 c = 0; c < MOST_CPUS; c++)
			values[c] = 10 * k + c;
		attr.key = u64_of(&k);
		attr.value = u64_of(values);
		assert_int_equal(bpf(s, SKEP_MAP_UPDATE_ELEM, &attr), 0);
	}
}

/* The sum of all first values. */
static u64 sum_map(const struct side *s, int fd, u32 n)
{
	union skep_attr attr = {.map_fd = (u32)fd};
	u64 values[MOST_CPUS], sum = 0;

	for (u32 k = 0; k < n; k++) {
		attr.key = u64_of(&k);
		attr.value = u64_of(values);
		assert_int_equal(bpf(s, SKEP_MAP_LOOKUP_ELEM, &attr), 0);
		sum += values[0];
	}
	return sum;
}

/* ---- iterators ---- */

static int open_over(struct side *s, const char *name,
		     const union skep_iter_link_info *over, struct skep_link **link)
{
	struct skep_attach_opts opts = {.size = sizeof(opts), .iter = over};
	union skep_attr attr = {0};
	int fd;

	said.len = 0;
	memset(memory(s)->out, 0, sizeof(memory(s)->out));
	if (skep_object_attach(s->obj, skep_object_find_prog(s->obj, name), &opts, link,
			       &said))
		fail_msg("%s on the %s: %s", name, s->sys->name, text);
	attr.iter_create.link_fd = (u32)skep_link_fd(*link);
	fd = bpf(s, SKEP_ITER_CREATE, &attr);
	assert_true(fd >= 0);
	return fd;
}

/* Over one map, or everything where map_fd is 0. */
static int open_iter(struct side *s, const char *name, int map_fd,
		     struct skep_link **link)
{
	union skep_iter_link_info over = {.map.map_fd = (u32)map_fd};

	return open_over(s, name, &over, link);
}

/* All that there is, `chunk` bytes at a time: its length, or the first error. */
static ssize_t read_all(const struct side *s, int fd, size_t chunk, char *out,
			size_t room)
{
	size_t len = 0;
	ssize_t n;

	do {
		assert_true(len + chunk < room);
		n = read_fd(s, fd, out + len, chunk);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	out[len] = '\0';
	return n < 0 ? n : (ssize_t)len;
}

/* What an iterator gives to a fresh reader. */
static ssize_t read_iter(struct side *s, const char *name, int map_fd, size_t chunk)
{
	struct skep_link *link;
	int fd = open_iter(s, name, map_fd, &link);
	ssize_t n = read_all(s, fd, chunk, got, sizeof(got));

	close_fd(s, fd);
	skep_link_detach(link);
	return n;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in the order of texts: hashes have none of their own. */
static void sort_lines(char *lines)
{
	char copy[256], *line[16], *save = NULL;
	u32 n = 0;

	assert_true(strlen(lines) < sizeof(copy));
	strcpy(copy, lines);
	for (char *l = strtok_r(copy, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		line[n++] = l;
	qsort(line, n, sizeof(*line), compare);
	for (u32 i = 0; i < n; i++)
		lines += sprintf(lines, "%s\n", line[i]);
}

/* ---- tests ---- */

static const u32 plain[] = {SKEP_MAP_TYPE_HASH, SKEP_MAP_TYPE_LRU_HASH,
			    SKEP_MAP_TYPE_ARRAY};
static const u32 percpu[] = {SKEP_MAP_TYPE_PERCPU_HASH, SKEP_MAP_TYPE_LRU_PERCPU_HASH,
			     SKEP_MAP_TYPE_PERCPU_ARRAY};

/* Each key once, numbered from 0; the last call has the last number. What is written to a
 * value stays. */
static void values(struct side *s, u32 type, size_t chunk)
{
	static const char want[] = "0: 0\n1: 10\n2: 20\n3: 30\n4: 40\nend 4 of elems\n";
	int fd = make_map(s, type, "elems", 5);

	fill_map(s, fd, 5);
	assert_int_equal(read_iter(s, "elements", fd, chunk), strlen(want));
	sort_lines(got);
	assert_string_equal(got, want);
	assert_int_equal(sum_map(s, fd, 5), 5100);
	same(s, "elements", memory(s)->out, (s64[]){6, 10, 31}, 3);
	close_fd(s, fd);
}

/* What is written to copies does not stay. */
static void copies(struct side *s, u32 type, size_t chunk)
{
	static const char want[] = "0: 0 1\n1: 10 11\n2: 20 21\n3: 30 31\n4: 40 41\n";
	int fd = make_map(s, type, "elems", 5);

	fill_map(s, fd, 5);
	assert_int_equal(read_iter(s, "copies", fd, chunk), strlen(want));
	sort_lines(got);
	assert_string_equal(got, want);
	assert_int_equal(sum_map(s, fd, 5), 100);
	close_fd(s, fd);
}

/* Every type of map, in one go and byte by byte. */
static void all_types(struct side *s)
{
	for (u32 k = 0; k < ARRAY_SIZE(plain); k++) {
		values(s, plain[k], 4096);
		values(s, plain[k], 1);
		copies(s, percpu[k], 4096);
		copies(s, percpu[k], 1);
	}
}

/* Many buckets, a few elements at a time. */
static void many(struct side *s)
{
	enum { N = 4000 };

	for (u32 k = 0; k < ARRAY_SIZE(plain); k++) {
		int fd = make_map(s, plain[k], "elems", N);

		fill_map(s, fd, N);
		read_iter(s, "elements", fd, 1000);
		same(s, "elements", memory(s)->out, (s64[]){N + 1, N * (N - 1) / 2}, 2);
		assert_int_equal(sum_map(s, fd, N), N * 1000 + 5ull * N * (N - 1));
		close_fd(s, fd);
	}
}

/* More than fits into the buffer: the element that does not is shown again. */
static void more(struct side *s)
{
	enum { N = 4000 };
	static char want[TEXT];
	int fd = make_map(s, SKEP_MAP_TYPE_ARRAY, "elems", N);

	size_t len = 0;

	for (u32 k = 0; k < N; k++)
		len += (size_t)sprintf(want + len, "%u at %u\n", k, k);
	assert_int_equal(read_iter(s, "again", fd, 60000), len);
	assert_string_equal(got, want);
	same(s, "again", memory(s)->out, (s64[]){N + 2}, 1);
	close_fd(s, fd);
}

/* No elements: one call, which is told so. */
static void none(struct side *s)
{
	int fd = make_map(s, SKEP_MAP_TYPE_HASH, "empty", 5);

	read_iter(s, "elements", fd, 4096);
	assert_string_equal(got, "end 0 of empty\n");
	same(s, "elements", memory(s)->out, (s64[]){1, 0, 0}, 3);
	close_fd(s, fd);
}

/* A program that wants another try: what came before is read, then EAGAIN until it is
 * content. */
static void retry(struct side *s)
{
	int map = make_map(s, SKEP_MAP_TYPE_ARRAY, "elems", 4), fd;
	struct skep_link *link;

	fd = open_iter(s, "again", map, &link);
	memory(s)->fails = 3;
	assert_int_equal(read_fd(s, fd, got, 100), 14);
	assert_memory_equal(got, "0 at 0\n1 at 1\n", 14);
	assert_int_equal(read_fd(s, fd, got, 100), -EAGAIN);
	assert_int_equal(read_fd(s, fd, got, 100), -EAGAIN);
	assert_int_equal(read_fd(s, fd, got, 100), 14);
	assert_memory_equal(got, "2 at 2\n3 at 3\n", 14);
	assert_int_equal(read_fd(s, fd, got, 100), 0);
	assert_int_equal(read_fd(s, fd, got, 100), 0);
	same(s, "again", memory(s)->out, (s64[]){8}, 1);
	close_fd(s, fd);
	close_fd(s, map);
	skep_link_detach(link);
}

/* Programs run as far as the reader wants to read, and no further. */
static void lazily(struct side *s)
{
	int map = make_map(s, SKEP_MAP_TYPE_ARRAY, "elems", 4), fd;
	u64 *runs = &memory(s)->out[0];
	struct skep_link *link;

	fd = open_iter(s, "again", map, &link);
	assert_int_equal(*runs, 0);
	assert_int_equal(read_fd(s, fd, got, 0), 0);
	assert_int_equal(*runs, 1);
	assert_int_equal(read_fd(s, fd, got, 3), 3);
	assert_int_equal(read_fd(s, fd, got, 100), 4);
	assert_int_equal(*runs, 1);
	assert_int_equal(read_fd(s, fd, got, 8), 8);
	assert_memory_equal(got, "1 at 1\n2", 8);
	assert_int_equal(*runs, 3);
	assert_int_equal(read_fd(s, fd, ptr_of(8), 8), -EFAULT);
	assert_int_equal(read_fd(s, fd, got, 100), 6);
	assert_int_equal(read_fd(s, fd, ptr_of(8), 8), -EFAULT);
	assert_int_equal(*runs, 5);
	assert_int_equal(read_fd(s, fd, got, 100), 7);
	assert_int_equal(read_fd(s, fd, got, 100), 0);
	close_fd(s, fd);
	close_fd(s, map);
	skep_link_detach(link);
}

/* An object may write 32,767 bytes. */
static void overflow(struct side *s)
{
	int fd = make_map(s, SKEP_MAP_TYPE_ARRAY, "elems", 4);
	struct all *m = memory(s);

	m->bytes = 32766;
	assert_int_equal(read_iter(s, "large", fd, 60000), 4 * 32767 + 6);
	same(s, "large", m->out, (s64[]){9, 0, 0}, 3);
	m->bytes = 32767;
	assert_int_equal(read_iter(s, "large", fd, 60000), -E2BIG);
	same(s, "large", m->out, (s64[]){1, 0, -EOVERFLOW}, 3);
	m->bytes = 32768;
	assert_int_equal(read_iter(s, "large", fd, 60000), -E2BIG);
	same(s, "large", m->out, (s64[]){1, -EOVERFLOW, -EOVERFLOW}, 3);
	close_fd(s, fd);
}

/* What the helpers say of good and bad formats. */
static void writing(struct side *s)
{
	int fd = make_map(s, SKEP_MAP_TYPE_HASH, "empty", 4);

	read_iter(s, "writes", fd, 60000);
	assert_string_equal(got, "-7 text|   ff|c  |%|-7 plain\nraw\n");
	same(s, "writes", memory(s)->out,
	     (s64[]){0, 0, -EINVAL, -EINVAL, -EINVAL, 0, 0, 0}, 8);
	close_fd(s, fd);
}

/* What is there is shown by id; ours are those whose names begin with "it_". */
static void objects(struct side *s)
{
	static const char progs[] = "it_progs type 26 28, 1 maps, 0 bytes, for "
				    "bpf_iter_bpf_prog\n"
				    "it_links type 26 28, 1 maps, 0 bytes, for "
				    "bpf_iter_bpf_link\n";
	struct skep_link *link;
	int fd = make_map(s, SKEP_MAP_TYPE_ARRAY, "it_array", 4);

	read_iter(s, "maps", 0, 60000);
	assert_string_equal(got, "it_named type 1, 4 8 4, flags 0, inner 0\n"
				 "it_array type 2, 4 8 4, flags 0, inner 0\n");
	close_fd(s, fd);
	read_iter(s, "it_progs", 0, 60000);
	assert_string_equal(got, progs);
	fd = open_iter(s, "it_progs", 0, &link);
	read_iter(s, "it_links", 0, 60000);
	assert_string_equal(got, "link type 4 of it_progs\n"
				 "link type 4 of it_links\n");
	close_fd(s, fd);
	skep_link_detach(link);
}

/* What an iterator needs stays, though nobody else holds it. */
static void alone(struct side *s)
{
	int map = make_map(s, SKEP_MAP_TYPE_ARRAY, "elems", 4), fd;
	struct skep_link *link;

	fill_map(s, map, 4);
	fd = open_iter(s, "elements", map, &link);
	close_fd(s, map);
	skep_link_detach(link);
	skep_object_close(s->obj);
	s->obj = NULL;
	read_all(s, fd, 7, got, sizeof(got));
	assert_string_equal(got, "0: 0\n1: 10\n2: 20\n3: 30\nend 3 of elems\n");
	close_fd(s, fd);
}

/* ---- tasks ---- */

static void *wait_thread(void *arg)
{
	pthread_barrier_t *barrier = arg;

	prctl(PR_SET_NAME, "second");
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	return NULL;
}

static void read_tasks(struct side *s, const union skep_iter_link_info *over)
{
	struct skep_link *link;
	int fd = open_over(s, "tasks", over, &link);

	read_all(s, fd, 1000, got, sizeof(got));
	close_fd(s, fd);
	skep_link_detach(link);
}

/* Its own process: the whole, a thread, by pidfd, and among all. */
static void own_tasks(struct side *s)
{
	union skep_iter_link_info group = {.task.pid = (u32)getpid()},
				  one = {.task.tid = (u32)getpid()}, fd = {0};
	int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0), second = 0;
	char first[128], want[256];

	fd.task.pid_fd = (u32)pidfd;
	snprintf(first, sizeof(first), "%d of %d, first of first, child of %d\n",
		 getpid(), getpid(), getppid());
	read_tasks(s, &one);
	assert_string_equal(got, first);
	same(s, "tasks", memory(s)->out, (s64[]){2}, 1);
	read_tasks(s, &group);
	assert_int_equal(sscanf(got + strlen(first), "%d of", &second), 1);
	snprintf(want, sizeof(want), "%s%d of %d, second of first, child of %d\n", first,
		 second, getpid(), getppid());
	assert_string_equal(got, want);
	read_tasks(s, &fd);
	assert_string_equal(got, want);
	close(pidfd);
	read_tasks(s, NULL);
	assert_non_null(strstr(got, first));
	assert_non_null(strstr(got, want + strlen(first)));
}

/* What it has open and mapped. */
static void own_parts(struct side *s, const char *name, const char *want)
{
	union skep_iter_link_info group = {.task.pid = (u32)getpid()};
	struct skep_link *link;
	int fd = open_over(s, name, &group, &link);

	read_all(s, fd, 50, got, sizeof(got));
	assert_string_equal(got, want);
	close_fd(s, fd);
	skep_link_detach(link);
	read_iter(s, name, 0, 1000);
	assert_non_null(strstr(got, want));
}

static void parts(struct side *s)
{
	const char *why = no_outer_pid();
	int file = memfd_create("parts", 0);
	char *at = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, file, 4096), want[256];
	struct stat st;

	if (why)
		test_skip(__func__, "%s", why);
	assert_ptr_not_equal(at, MAP_FAILED);
	fstat(file, &st);
	lseek(file, 5, SEEK_SET);

	memory(s)->bytes = (u32)file;
	memory(s)->where = u64_of(at) + 5000;
	snprintf(want, sizeof(want), "%d has %d: flags %x, position 5, inode %llu\n",
		 getpid(), file, fcntl(file, F_GETFL), (unsigned long long)st.st_ino);
	own_parts(s, "files", want);
	snprintf(want, sizeof(want), "%d has %llx to %llx, flags 1, page 1, inode %llu\n",
		 getpid(), (unsigned long long)u64_of(at),
		 (unsigned long long)u64_of(at) + 8192, (unsigned long long)st.st_ino);
	own_parts(s, "vmas", want);
	munmap(at, 8192);
	close(file);
}

static void tasks(struct side *s)
{
	const char *why = no_outer_pid();
	pthread_barrier_t barrier;
	pthread_t thread;

	if (why)
		test_skip(__func__, "%s", why);
	prctl(PR_SET_NAME, "first");
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, wait_thread, &barrier);
	pthread_barrier_wait(&barrier);

	own_tasks(s);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
}

/* ---- each on both sides ---- */

struct test {
	const char *name;
	void (*run)(struct side *s);
};

static void on_sides(void **state)
{
	const struct test *test = *state;

	for (u32 i = 0, n = iter_sides(test->name); i < n; i++) {
		struct side s;

		side_open(&s, i);
		test->run(&s);
		skep_object_close(s.obj);
	}
}

#define TEST(fn) \
	{ \
#fn, on_sides, NULL, NULL, &(struct test) \
		{ \
#fn, fn \
		} \
	}

/* ---- the engine alone: others write to regions ---- */

enum { HEAD = 48, INFO = 256, REGION = 4096 }; /* struct object_head, and what follows */

static u8 *map_region(int fd)
{
	char name[64];
	u8 *at;
	int own;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	own = open(name, O_RDWR | O_CLOEXEC);
	at = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_SHARED, own, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	close(own);
	return at;
}

/* A few bytes, small numbers among them, which may be what ids and counters are. */
static void damage(u8 *info)
{
	for (int n = rand() % 4; n >= 0; n--)
		info[rand() % INFO] = (u8)(rand() % 2 ? rand() : rand() % 16);
}

static void damaged(void **state)
{
	static const char *const names[] = {"elements", "copies", "it_progs", "it_links",
					    "maps"};
	struct side s;

	iter_sides(__func__);
	side_open(&s, 0);
	for (u32 k = 0; k < ARRAY_SIZE(names); k++) {
		u32 type = k ? SKEP_MAP_TYPE_PERCPU_ARRAY : SKEP_MAP_TYPE_HASH;
		int map = make_map(&s, type, "elems", 4), fd, again;
		union skep_attr attr = {0};
		struct skep_link *link;
		u8 *iter, *info, was[2][INFO];

		fill_map(&s, map, 4);
		fd = open_iter(&s, names[k], k < 2 ? map : 0, &link);
		iter = map_region(fd) + HEAD;
		info = map_region(skep_link_fd(link)) + HEAD;
		memcpy(was[0], iter, INFO);
		memcpy(was[1], info, INFO);
		for (int i = 0; i < 300; i++) {
			memcpy(iter, was[0], INFO);
			memcpy(info, was[1], INFO);
			damage(i % 2 ? iter : info);
			memset(iter + 20, 0, 4); /* the lock: who has it is waited for */
			read_fd(&s, fd, got, 100);
			attr.iter_create.link_fd = (u32)skep_link_fd(link);
			again = bpf(&s, SKEP_ITER_CREATE, &attr);
			if (again >= 0) {
				read_fd(&s, again, got, 100);
				close_fd(&s, again);
			}
		}
		memcpy(iter, was[0], INFO);
		memcpy(info, was[1], INFO);
		assert_true(read_fd(&s, fd, got, 100) >= 0);
		munmap(iter - HEAD, REGION);
		munmap(info - HEAD, REGION);
		close_fd(&s, fd);
		close_fd(&s, map);
		skep_link_detach(link);
	}
	skep_object_close(s.obj);
}

/* From the second line on, to the last element: what was read before may end anywhere. */
static void check_lines(const char *lines, u32 last)
{
	u32 key, at, before = last;

	while ((lines = strchr(lines, '\n')) && *++lines) {
		assert_int_equal(sscanf(lines, "%u at %u", &key, &at), 2);
		assert_int_equal(key, at);
		assert_true(before == last || key == before + 1);
		before = key;
	}
	assert_int_equal(before, last);
}

/* A reader who is killed has read nothing, or what a read(2) gives; the others read on.
 */
static void killed(void **state)
{
	enum { N = 5000 };
	struct skep_link *link;
	struct side s;
	int map, fd;

	iter_sides(__func__);
	side_open(&s, 0);
	map = make_map(&s, SKEP_MAP_TYPE_ARRAY, "elems", N);
	for (int i = 0; i < 100; i++) {
		pid_t pid;

		fd = open_iter(&s, "again", map, &link);
		pid = fork();
		while (!pid)
			read_fd(&s, fd, got, 70);
		usleep((useconds_t)(rand() % 3000));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_true(read_all(&s, fd, 100, got, sizeof(got)) >= 0);
		check_lines(got, N - 1);
		close_fd(&s, fd);
		skep_link_detach(link);
	}
	close_fd(&s, map);
	skep_object_close(s.obj);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(killed),
		cmocka_unit_test(damaged),
		TEST(all_types),
		TEST(many),
		TEST(none),
		TEST(more),
		TEST(retry),
		TEST(lazily),
		TEST(overflow),
		TEST(writing),
		TEST(objects),
		TEST(alone),
		TEST(tasks),
		TEST(parts),
	};

	return cmocka_run_group_tests(all, open_engine, close_engine);
}
