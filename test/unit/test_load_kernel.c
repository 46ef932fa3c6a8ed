/* The loader on the running kernel; libbpf's bpftool is the judge where it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <net/if.h>
#include "load_side.h"
#include "skip.h"

static struct skep_sys *kernel(const char *name)
{
	const char *why = no_bpf();

	if (why)
		test_skip(name, "%s", why);
	return skep_sys_kernel();
}

static bool has_event(void)
{
	return !access("/sys/kernel/tracing/events/syscalls/sys_enter_getppid/id",
		       R_OK) ||
	       !access("/sys/kernel/debug/tracing/events/syscalls/sys_enter_getppid/id",
		       R_OK);
}

#define NO_EVENT "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing"

static void each_compiler(const char *name,
			  void (*fn)(struct skep_sys *sys, const char *cc))
{
	struct skep_sys *sys = kernel(name);
	int n = 0;

	for (int i = 0; i < N_BPF_COMPILERS; i++) {
		if (!has_compiler(bpf_compilers[i]))
			continue;
		fn(sys, bpf_compilers[i]);
		n++;
	}
	if (!n)
		test_skip(name, NO_CLANG);
}

static void programs_run_with_their_globals(void **state)
{
	each_compiler(__func__, run_one);
}

static void trace_one(struct skep_sys *sys, const char *cc)
{
	struct skep_object *obj = loaded(sys, cc, TEST_BPF "/loader.bpf.c");
	const char *rodata = is_gcc(cc) ? ".data" : ".rodata";
	struct seen seen = {.btf = skep_object_btf(obj),
			    .map = skep_object_find_map(obj, "counts")};
	struct skep_ringbuf *rb;
	struct skep_link *link;

	if (is_gcc(cc) &&
	    !no_outer_pid()) /* written by the program's own CPU, so not frozen */
		*(u32 *)global(obj, rodata, "only_tgid") = (u32)getpid();
	assert_int_equal(skep_ringbuf_open(sys, skep_object_find_map(obj, "events")->fd,
					   see_record, &seen, &rb, fresh_log()),
			 0);
	if (skep_object_attach(obj, skep_object_find_prog(obj, "count"), NULL, &link,
			       &said))
		fail_msg("%s", text);
	assert_true(skep_link_fd(link) >= 0);
	for (int i = 0; i < 5; i++)
		syscall(SYS_getppid);
	skep_link_detach(link);
	for (int i = 0; i < 5; i++)
		syscall(SYS_getppid);
	assert_int_equal(skep_map_each(sys, seen.map->fd, see, &seen, &said), 0);
	assert_int_equal(seen.n, 1);
	assert_true(skep_ringbuf_poll(rb, 0) >= 5);
	assert_true(seen.records >= 5);
	if (is_gcc(cc)) {
		assert_int_equal(seen.records, 5);
		assert_string_equal(seen.value,
				    "{ \"count\": 5, \"color\": \"GREEN\", \"name\": "
				    "\"getppid\", \"low\": 5, \"high\": 6 }");
		assert_int_equal(*(long *)global(obj, ".data", "total"), 40 + 5 * 4);
	}
	assert_int_equal(skep_ringbuf_consume(rb), 0);
	skep_ringbuf_close(rb);
	unlink(path);
	skep_object_close(obj);
}

static void tracepoints_count_and_tell(void **state)
{
	if (!has_event())
		test_skip(__func__, NO_EVENT);
	each_compiler(__func__, trace_one);
}

static void frozen_data_is_set_before_loading(void **state)
{
	struct skep_sys *sys = kernel(__func__);
	const char *cc = any_clang();
	struct skep_object_map *m;
	struct skep_object *obj;
	struct skep_link *link;
	u8 *tgid;

	if (!cc)
		test_skip(__func__, NO_CLANG);
	if (!has_event())
		test_skip(__func__, NO_EVENT);
	if (no_outer_pid())
		test_skip(__func__, "%s", no_outer_pid());
	assert_true(bpf_compile(cc, TEST_BPF "/loader.bpf.c", NULL, path));
	assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
	unlink(path);
	assert_int_equal(skep_object_plan(obj, &said), 0);
	tgid = global(obj, ".rodata", "only_tgid");
	*(u32 *)tgid = (u32)getpid();
	assert_int_equal(skep_object_load(obj, sys, NULL, &said), 0);
	assert_int_equal(*(u32 *)global(obj, ".rodata", "only_tgid"), getpid());
	assert_int_equal(skep_object_attach(obj, skep_object_find_prog(obj, "count"),
					    NULL, &link, &said),
			 0);
	for (int i = 0; i < 7; i++)
		syscall(SYS_getppid);
	skep_link_detach(link);
	assert_int_equal(*(long *)global(obj, ".data", "total"), 40 + 7 * 4);
	m = skep_object_find_map(obj, ".rodata");
	assert_int_equal(sys->bpf(sys, SKEP_MAP_UPDATE_ELEM,
				  &(union skep_attr){.map_fd = (u32)m->fd,
						     .key = u64_of(&(u32){0}),
						     .value = u64_of(m->data)},
				  sizeof(union skep_attr)),
			 -EPERM);
	skep_object_close(obj);
}

static void raw_tracepoints_and_xdp_attach(void **state)
{
	struct skep_attach_opts opts = {.size = sizeof(opts),
					.flags = 2 /* generic XDP */};
	struct skep_sys *sys = kernel(__func__);
	const char *cc = any_clang();
	struct skep_object *obj;
	struct skep_link *link;

	if (!cc)
		test_skip(__func__, NO_CLANG);
	obj = loaded(sys, cc, TEST_BPF "/loader.bpf.c");
	unlink(path);
	assert_int_equal(skep_object_attach(obj, skep_object_find_prog(obj, "raw"), NULL,
					    &link, fresh_log()),
			 0);
	assert_true(skep_link_fd(link) >= 0);
	skep_link_detach(link);
	opts.ifindex = if_nametoindex("lo");
	if (skep_object_attach(obj, skep_object_find_prog(obj, "pass"), &opts, &link,
			       &said))
		fail_msg("%s", text);
	skep_object_close(obj); /* the link holds the program */
	skep_link_detach(link);
}

static void initial_elements_and_configuration(void **state)
{
	struct skep_sys *sys = kernel(__func__);
	int n = 0;

	for (int i = 0; i < N_BPF_COMPILERS; i++) {
		const char *cc = bpf_compilers[i];
		struct skep_object *obj;
		union skep_attr attr;
		long value = 0;
		u32 key = 0, ret;

		if (is_gcc(cc) || !has_compiler(cc))
			continue;
		n++;
		obj = loaded(sys, cc, TEST_BPF "/loader_clang.bpf.c");
		unlink(path);
		assert_int_equal(
			test_run(sys, skep_object_find_prog(obj, "main_prog")->fd, &ret),
			0);
		assert_int_equal(ret, 1); /* of the tail call's target */
		attr = (union skep_attr){
			.map_fd = (u32)skep_object_find_map(obj, "two")->fd,
			.key = u64_of(&key),
			.value = u64_of(&value)};
		assert_int_equal(sys->bpf(sys, SKEP_MAP_LOOKUP_ELEM, &attr, sizeof(attr)),
				 0);
		assert_int_equal(value,
				 11); /* CONFIG_BPF=y, and map "two" stands at key 3 */
		skep_object_close(obj);
	}
	if (!n)
		test_skip(__func__, NO_CLANG);
}

static void refusal_has_the_verifiers_words(void **state)
{
	static const char source[] =
		"__attribute__((section(\"xdp\"), used)) int bad(int *p) { return p[1000]; }";
	struct skep_sys *sys = kernel(__func__);
	const char *cc = any_clang();
	struct skep_object *obj;

	if (!cc)
		test_skip(__func__, NO_CLANG);
	assert_true(bpf_compile(cc, NULL, source, path));
	assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
	unlink(path);
	assert_int_equal(skep_object_load(obj, sys, NULL, &said), -EACCES);
	if (!strstr(text,
		    "program 'bad': the kernel refused it: invalid bpf_context access") ||
	    !strstr(text, "R1=ctx"))
		fail_msg("%s", text);
	assert_int_equal(skep_object_find_prog(obj, "bad")->fd, -1);
	skep_object_close(obj);
}

static void pinned_maps_are_found_again(void **state)
{
	static const char source[] =
		"struct { int (*type)[2]; int (*max_entries)[%d]; int *key; long *value; int "
		"(*pinning)[1]; } skep_test_pin __attribute__((section(\".maps\"), used));"
		"__attribute__((section(\"xdp\"), used)) int p(void *c) { return 2; }";
	struct skep_load_opts opts = {.size = sizeof(opts), .pin_dir = "/sys/fs/bpf"};
	const char *cc = any_clang(), *pin = "/sys/fs/bpf/skep_test_pin";
	struct skep_sys *sys = kernel(__func__);
	struct skep_map_info info[3] = {0};

	if (!cc)
		test_skip(__func__, NO_CLANG);
	if (access("/sys/fs/bpf", W_OK))
		test_skip(__func__, "/sys/fs/bpf cannot be written");
	unlink(pin);
	for (int i = 0; i < 3; i++) {
		struct skep_object *obj;
		char sized[1024];
		int err;

		snprintf(sized, sizeof(sized), source, i == 2 ? 9 : 3);
		assert_true(bpf_compile(cc, NULL, sized, path));
		assert_int_equal(skep_object_open(path, &obj, fresh_log()), 0);
		unlink(path);
		err = skep_object_load(obj, sys, &opts, &said);
		if (i == 2) {
			assert_int_equal(err, -EINVAL);
			assert_non_null(strstr(text, "is another map"));
		} else {
			assert_int_equal(err, 0);
			skep_map_get_info(sys,
					  skep_object_find_map(obj, "skep_test_pin")->fd,
					  &info[i]);
		}
		skep_object_close(obj);
	}
	unlink(pin);
	assert_true(info[0].id && info[0].id == info[1].id);
}

/* The tag is a hash of the instructions: equal tags, equal programs. */
static void libbpf_makes_the_same_programs(void **state)
{
	struct skep_sys *sys = kernel(__func__);
	const char *cc = any_clang();
	const struct skep_object_prog *p;
	struct skep_object *obj;
	u32 n, found = 0;
	FILE *f;
	char line[512], cmd[512];

	if (!cc)
		test_skip(__func__, NO_CLANG);
	if (system("command -v bpftool >/dev/null 2>&1"))
		test_skip(__func__, "bpftool is not installed (Debian: bpftool)");
	snprintf(cmd, sizeof(cmd), "%s -DLOAD_ALL", cc); /* bpftool pins all or nothing */
	obj = loaded(sys, cmd, TEST_BPF "/loader.bpf.c");
	p = skep_object_progs(obj, &n);
	snprintf(
		cmd, sizeof(cmd),
		"d=/sys/fs/bpf/skep_test_$$; bpftool prog loadall %s $d 2>/dev/null && "
		"bpftool prog show pinned $d/count && bpftool prog show pinned $d/loops; "
		"rm -rf $d",
		path);
	f = popen(cmd, "r");
	while (f && fgets(line, sizeof(line), f)) {
		for (u32 i = 0; i < n; i++) {
			struct skep_prog_info info = {0};
			union skep_attr attr = {0};
			char tag[32], name[64];

			snprintf(name, sizeof(name), "name %s  tag ", p[i].name);
			if (p[i].fd < 0 || !strstr(line, name))
				continue;
			attr.info.bpf_fd = (u32)p[i].fd;
			attr.info.info_len = sizeof(info);
			attr.info.info = u64_of(&info);
			assert_int_equal(sys->bpf(sys, SKEP_OBJ_GET_INFO_BY_FD, &attr,
						  sizeof(attr)),
					 0);
			for (int k = 0; k < 8; k++)
				snprintf(tag + 2 * k, 3, "%02x", info.tag[k]);
			if (!strstr(line, tag))
				fail_msg("%s: ours is %s: %s", p[i].name, tag, line);
			found++;
		}
	}
	pclose(f);
	unlink(path);
	skep_object_close(obj);
	if (!found)
		test_skip(__func__, "bpftool could not load the object");
	assert_int_equal(found, 2);
}

static int count_values(void *arg, const void *key, const void *value)
{
	const u32 *v = value;
	int cpus = skep_possible_cpus(skep_sys_kernel());

	for (int i = 0; i < cpus; i++)
		assert_int_equal(v[i * 4], 0); /* 12 bytes, rounded up to 16 */
	return ++*(int *)arg == 2 ? 77 : 0;
}

static void values_of_each_cpu(void **state)
{
	struct skep_sys *sys = kernel(__func__);
	const char *cc = any_clang();
	struct skep_map_info info;
	struct skep_object *obj;
	int n = 0, fd;

	if (!cc)
		test_skip(__func__, NO_CLANG);
	obj = loaded(sys, cc, TEST_BPF "/loader.bpf.c");
	unlink(path);
	fd = skep_object_find_map(obj, "percpu")->fd;
	assert_int_equal(skep_map_get_info(sys, fd, &info), 0);
	assert_int_equal(skep_map_lookup_size(sys, &info), 16 * skep_possible_cpus(sys));
	assert_int_equal(skep_map_each(sys, fd, count_values, &n, fresh_log()), 77);
	assert_int_equal(skep_map_each(sys, skep_object_find_map(obj, "events")->fd,
				       count_values, &n, &said),
			 -524); /* the kernel's ENOTSUPP */
	assert_non_null(strstr(text, "(type 27)"));
	assert_int_equal(skep_map_each(sys, -1, count_values, &n, &said), -EBADFD);
	skep_object_close(obj);
}

static void types_come_back_by_id(void **state)
{
	struct skep_sys *sys = kernel(__func__);
	const char *cc = any_clang();
	struct skep_map_info info;
	struct skep_object *obj;
	struct skep_btf *btf;
	char buf[64];

	if (!cc)
		test_skip(__func__, NO_CLANG);
	obj = loaded(sys, cc, TEST_BPF "/loader.bpf.c");
	unlink(path);
	assert_int_equal(
		skep_map_get_info(sys, skep_object_find_map(obj, "counts")->fd, &info),
		0);
	assert_int_equal(skep_btf_by_id(sys, info.btf_id, &btf, fresh_log()), 0);
	skep_btf_print_type(btf, info.btf_value_type_id, "v", false, buf, sizeof(buf));
	assert_string_equal(buf, "struct value v");
	skep_btf_free(btf);
	assert_int_equal(skep_btf_by_id(sys, 0x7fffffff, &btf, &said), -ENOENT);
	skep_object_close(obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_run_with_their_globals),
		cmocka_unit_test(tracepoints_count_and_tell),
		cmocka_unit_test(frozen_data_is_set_before_loading),
		cmocka_unit_test(raw_tracepoints_and_xdp_attach),
		cmocka_unit_test(initial_elements_and_configuration),
		cmocka_unit_test(refusal_has_the_verifiers_words),
		cmocka_unit_test(pinned_maps_are_found_again),
		cmocka_unit_test(libbpf_makes_the_same_programs),
		cmocka_unit_test(values_of_each_cpu),
		cmocka_unit_test(types_come_back_by_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
