/* test/bpf/task_image.bpf.c on the engine and on the kernel: both give the same answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <skep/btf.h>
#include "os.h"
#include "mem.h"
#include "sides.h"

enum { VMLINUX_MOST = 64 << 20 };

#define SAME(s, name, out, ...) \
	same(s, name, out, (const s64[]){__VA_ARGS__}, \
	     sizeof((const s64[]){__VA_ARGS__}) / sizeof(s64))

/* Where the running kernel has them, for the program's compiler. */
static const char *const members[][3] = {
	{"PID", "task_struct", "pid"},	     {"TGID", "task_struct", "tgid"},
	{"COMM", "task_struct", "comm"},     {"CGROUPS", "task_struct", "cgroups"},
	{"DFL_CGRP", "css_set", "dfl_cgrp"}, {"KN", "cgroup", "kn"},
	{"ID", "kernfs_node", "id"},
};

static char file[512]; /* offsets, and the name of the file */

static u32 offset_of(const struct skep_btf *btf, const char *type, const char *name)
{
	u32 id = skep_btf_find(btf, type, SKEP_BTF_KIND_STRUCT);
	const struct skep_btf_type *t = skep_btf_type_by_id(btf, id);
	const struct skep_btf_member *m = (const struct skep_btf_member *)(t + 1);

	assert_true(id);
	while (strcmp(skep_btf_string(btf, m->name_off), name))
		m++;
	return (m->offset & 0xffffff) / 8;
}

static int find_offsets(void **state)
{
	struct skep_btf *btf;
	size_t len, n = 0;
	void *data;

	if (!os_read_file("/sys/kernel/btf/vmlinux", VMLINUX_MOST, &data, &len)) {
		assert_int_equal(skep_btf_parse(&btf, data, len, NULL, "vmlinux", NULL),
				 0);
		for (size_t i = 0; i < ARRAY_SIZE(members); i++)
			n += (size_t)snprintf(
				file + n, sizeof(file) - n, "-D%s=%u ", members[i][0],
				offset_of(btf, members[i][1], members[i][2]));
		snprintf(file + n, sizeof(file) - n, "%s", TEST_BPF "/task_image.bpf.c");
		skep_btf_free(btf);
		mem_free(data);
	}
	return open_engine(state);
}

static u32 sides_of(const char *name)
{
	if (!*file)
		test_skip(name, "this kernel does not give its types: no "
				"/sys/kernel/btf/vmlinux");
	return sides(name, file);
}

static u32 run(struct side *s, const char *name, u64 out[OUT])
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	return side_run(s, name, &attr, out);
}

/* Its directory, where it is mounted at one of the usual places; or -1. */
static int open_cgroup(u64 id)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		int fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && !fstat(fd, &st) && st.st_ino == id &&
		    !faccessat(fd, "cgroup.procs", F_OK, 0))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

/* User space finds what the program left for its cgroup. */
static void look_up(const struct side *s, u64 cgroup)
{
	int fd = open_cgroup(cgroup);
	union skep_attr attr;
	u64 value = 0;

	if (fd < 0)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)skep_object_find_map(s->obj, "cgroups")->fd;
	attr.key = u64_of(&fd);
	attr.value = u64_of(&value);
	assert_int_equal(s->sys->bpf(s->sys, SKEP_MAP_LOOKUP_ELEM, &attr, sizeof(attr)),
			 0);
	assert_int_equal(value, 42);
	close(fd);
}

static void cgroup_local(void **state)
{
	for (u32 i = 0, n = sides_of(__func__); i < n; i++) {
		u64 out[OUT];
		struct side s;
		u32 ret;

		side_open(&s, i);
		ret = run(&s, "cgroup_local", out);
		if (!i && ret == 1) {
			skep_object_close(s.obj);
			test_skip(__func__,
				  "this process's cgroup is not known: cgroup2 is "
				  "not mounted where it can be seen");
		}
		assert_int_equal(ret, 0);
		SAME(&s, "cgroup_local", out, 1, -ENOENT, 7, 8, 1, 1, -EINVAL, 0, 1);
		look_up(&s, out[9]);
		skep_object_close(s.obj);
	}
}

static void task_members(void **state)
{
	char comm[16] = "members", old[16];
	u64 word;

	prctl(PR_GET_NAME, old);
	prctl(PR_SET_NAME, comm);
	memcpy(&word, comm, 8);
	for (u32 i = 0, n = sides_of(__func__); i < n; i++) {
		u64 out[OUT];
		struct side s;

		side_open(&s, i);
		assert_int_equal(run(&s, "task_members", out), 0);
		SAME(&s, "task_members", out, 1, 1, 0, 1, 0, (s64)word, 'm', -ERANGE, 1);
		skep_object_close(s.obj);
	}
	prctl(PR_SET_NAME, old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cgroup_local),
		cmocka_unit_test(task_members),
	};

	return cmocka_run_group_tests(tests, find_offsets, close_engine);
}
