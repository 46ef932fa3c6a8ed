/* case_objects.c - records the programs of BPF objects, prepared by libbpf
 *
 *     objects GROUP FILE.o...
 *
 * libbpf opens and relocates. record.so, which must be preloaded, answers a load that
 * fails as if it had not, so that libbpf goes on to the next program. Where libbpf gives
 * up for another reason, each program that is left gets an object of its own. What it
 * does not open at all (maps in the old form) skep's own loader prepares.
 */
#include <bpf/libbpf.h>
#include <skep/load.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "case_record.h"

enum {
	MOST = 1024,
	SECONDS = 120,
	ENTRIES = 64,
	ENTRIES_MOST = 16384,
	RING = 4096,
	FRAMES = 127
};

struct object {
	const char *path;
	char group[1024];
	char *names[MOST]; /* NULL: recorded */
	int n;
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level != LIBBPF_WARN || !getenv("SKEP_RECORD_VERBOSE"))
		return 0;
	return vfprintf(stderr, fmt, ap);
}

/* What is not about verification and would fail here: pins, memory, and sizes that the
 * object's own loader sets. */
static void fit_map(struct bpf_map *map)
{
	unsigned n = bpf_map__max_entries(map), fit = n;

	bpf_map__set_pin_path(map, NULL);
	if (bpf_map__type(map) == BPF_MAP_TYPE_STACK_TRACE && !bpf_map__value_size(map))
		bpf_map__set_value_size(map, FRAMES * sizeof(__u64));
	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_STRUCT_OPS: fit = n ? n : ENTRIES; break;
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF: fit = n ? n : RING; break;
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE: break;
	default: fit = !n ? ENTRIES : n > ENTRIES_MOST ? ENTRIES_MOST : n;
	}
	if (fit != n)
		bpf_map__set_max_entries(map, fit);
}

static struct bpf_object *open_object(const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_map *map = NULL;

	if (!obj)
		return NULL;
	while ((map = bpf_object__next_map(obj, map)))
		fit_map(map);
	return obj;
}

static bool take_names(struct object *o)
{
	struct bpf_object *obj = open_object(o->path);
	struct bpf_program *prog = NULL;

	if (!obj)
		return false;
	while (o->n < MOST && (prog = bpf_object__next_program(obj, prog)))
		o->names[o->n++] = strdup(bpf_program__name(prog));
	bpf_object__close(obj);
	return true;
}

/* Whose section says nothing of the type, its own loader sets it: most are for packets.
 */
static void fit_program(struct bpf_program *prog, bool wanted)
{
	bpf_program__set_autoload(prog, wanted);
	if (bpf_program__type(prog) == BPF_PROG_TYPE_UNSPEC)
		bpf_program__set_type(prog, BPF_PROG_TYPE_SCHED_CLS);
}

/* Loads the object with program `only`, or all of them. */
static void load(struct object *o, int only)
{
	struct bpf_object *obj = open_object(o->path);
	struct bpf_program *prog = NULL;
	int i = 0;

	if (!obj)
		return;
	for (; (prog = bpf_object__next_program(obj, prog)); i++)
		fit_program(prog, only < 0 || i == only);
	if (only < 0)
		record_names(o->group, o->names, o->n);
	else
		record_names(o->group, o->names + only, 1);
	bpf_object__load(obj);
	record_names(NULL, NULL, 0);
	bpf_object__close(obj);
}

static bool load_by_skep(struct object *o)
{
	struct skep_object_prog *progs;
	struct skep_object *obj;
	uint32_t i, n;

	if (skep_object_open(o->path, &obj, NULL))
		return false;
	progs = skep_object_progs(obj, &n);
	for (i = 0; i < n && o->n < MOST; i++)
		o->names[o->n++] = strdup(progs[i].name);
	record_names(o->group, o->names, o->n);
	skep_object_load(obj, skep_sys_kernel(), NULL, NULL);
	record_names(NULL, NULL, 0);
	skep_object_close(obj);
	return true;
}

static void record_object(const char *group, const char *path)
{
	struct object o = {.path = path};
	const char *base = strrchr(path, '/');
	int i;

	snprintf(o.group, sizeof(o.group), "%s/%s", group, base ? base + 1 : path);
	o.group[strlen(o.group) - strlen(".o")] = 0;
	if (take_names(&o)) {
		load(&o, -1);
		for (i = 0; i < o.n; i++)
			if (o.names[i])
				load(&o, i);
	} else if (!load_by_skep(&o)) {
		printf("%s: does not open\n", o.group);
	}
	for (i = 0; i < o.n; i++)
		if (o.names[i])
			printf("%s: %s: never came to BPF_PROG_LOAD\n", o.group,
			       o.names[i]);
}

int main(int argc, char **argv)
{
	int i;

	if (!record_names || argc < 3) {
		fprintf(stderr, "objects GROUP FILE.o...; record.so must be preloaded\n");
		return 2;
	}
	libbpf_set_print(quiet);
	for (i = 2; i < argc; i++) {
		pid_t pid = fork(); /* an object that libbpf dies of costs itself alone */
		int status = 0;

		if (!pid) {
			alarm(SECONDS);
			record_object(argv[1], argv[i]);
			fflush(stdout);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
			printf("%s: died\n", argv[i]);
	}
	return 0;
}
