/* bench_jit: the same C source natively, as native code of the engine, interpreted, and,
 * as root, by the kernel's compiler, in one run.
 *
 * Each is net of its own empty program; a sample is as many runs as take about 200
 * microseconds (on the kernel a repeated BPF_PROG_TEST_RUN). Medians of samples taken in
 * turn. Fails when results differ. Needs clang; says so where there is none.
 */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/load.h>
#include "kernels.h"
#include "sample.h"
#include "../test/unit/bpfcc.h"
#include "../test/unit/no_bpf.h"

enum { SAMPLES = 31, SAMPLE_NS = 200000, KERNELS = 14 };

enum side { native, compiled, interpreted, kernel, SIDES };

static const char *const side_names[] = {"native", "skep", "interpreter", "kernel"};

static const char *const names[KERNELS] = {
#define NAME(name) #name,
	EACH_KERNEL(NAME)
#undef NAME
};

struct subject {
	enum side side;
	u32 (*call)(u8 *p);	/* native */
	struct skep_prog *prog; /* engine */
	struct skep_cpu *cpu;
	struct skep_sys *sys; /* kernel */
	int fd;
	u8 packet[SIZE + 512];
	double ns[SAMPLES];
	u32 result;
};

static struct subject subjects[KERNELS][SIDES];
static bool on_kernel;

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench_jit: %s: %s\n", what, why);
	exit(1);
}

/* The kernel tells the time of one run itself. */
static double run_kernel(struct subject *s, u32 times)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (u32)s->fd;
	attr.test.data_in = (u64)(unsigned long)s->packet;
	attr.test.data_size_in = SIZE;
	attr.test.repeat = times;
	if (s->sys->bpf(s->sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)))
		fail("kernel", "a test run failed");
	s->result = attr.test.retval;
	return attr.test.duration * (double)times;
}

static double run_engine(struct subject *s, u32 times)
{
	struct skep_packet packet = {.head = s->packet, .data = s->packet};
	struct skep_event event = {.packet = &packet};
	uint64_t ret = 0;
	double begin = now_ns();

	packet.tail = packet.end = s->packet + SIZE;
	for (u32 i = 0; i < times; i++)
		if (skep_run(s->cpu, s->prog, &event, &ret, NULL))
			fail("engine", "a run failed");
	s->result = (u32)ret;
	return now_ns() - begin;
}

static double run_native(struct subject *s, u32 times)
{
	double begin = now_ns();

	for (u32 i = 0; i < times; i++)
		s->result = s->call(s->packet);
	return now_ns() - begin;
}

static double run(struct subject *s, u32 times)
{
	switch (s->side) {
	case native: return run_native(s, times);
	case kernel: return run_kernel(s, times);
	default: return run_engine(s, times);
	}
}

static void fill(u8 *packet)
{
	u32 seed = 12345;

	for (u32 i = 0; i < SIZE; i++) {
		seed = seed * 1664525 + 1013904223;
		packet[i] = (u8)(seed >> 24);
	}
	for (u32 i = 0; i < 32;
	     i++) { /* parse5's headers, one in eight of another kind */
		packet[i * 60 + 12] = 8;
		packet[i * 60 + 13] = 0;
		packet[i * 60 + 14] = 0x45;
		packet[i * 60 + 23] = i % 8 == 5 ? 1 : i % 2 ? 6 : 17;
	}
	for (u32 i = 0; i < 64; i++) /* strcmp64's strings */
		packet[512 + i] = packet[576 + i] = packet[640 + i] = (u8)('a' + i % 26);
	packet[640 + 60] = '?';
}

/* ---- loading ---- */

static struct skep_object *open_object(const char *path, struct skep_sys *sys)
{
	static char text[1 << 16];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct skep_object *obj;

	if (skep_object_open(path, &obj, &log) || skep_object_load(obj, sys, NULL, &log))
		fail(path, text);
	return obj;
}

static int prog_fd(struct skep_object *obj, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "prog_%s", name);
	return skep_object_find_prog(obj, full)->fd;
}

static void load_engine(const char *path, enum side side)
{
	const struct skep_engine_opts opts = {.size = sizeof(opts),
					      .native = side == compiled};
	struct skep_engine *engine;
	struct skep_object *obj;
	struct skep_cpu *cpu;

	if (skep_engine_open(&opts, &engine))
		fail("engine", "it does not open");
	obj = open_object(path, skep_engine_sys(engine));
	for (u32 i = 0; i < KERNELS; i++)
		if (skep_prog_get(engine, prog_fd(obj, names[i]),
				  &subjects[i][side].prog))
			fail(names[i], "no program");
	cpu = skep_enter(engine);
	for (u32 i = 0; i < KERNELS; i++)
		subjects[i][side].cpu = cpu;
}

static void load_kernel(const char *path)
{
	struct skep_object *obj = open_object(path, skep_sys_kernel());

	for (u32 i = 0; i < KERNELS; i++) {
		subjects[i][kernel].sys = skep_sys_kernel();
		subjects[i][kernel].fd = prog_fd(obj, names[i]);
	}
}

static void load_native(const char *clang)
{
	char path[64] = "/tmp/skep-bench-XXXXXX", cmd[512], full[64];
	int fd = mkstemp(path);
	void *lib;

	snprintf(cmd, sizeof(cmd),
		 "%.*s -O2 -fno-vectorize -fno-slp-vectorize -fPIC -shared %s -o %s",
		 (int)strcspn(clang, " "), clang, BENCH "/kernels.c", path);
	if (fd < 0 || system(cmd))
		fail("clang", "it does not compile kernels.c");
	lib = dlopen(path, RTLD_NOW);
	unlink(path);
	for (u32 i = 0; lib && i < KERNELS; i++) {
		snprintf(full, sizeof(full), "native_%s", names[i]);
		subjects[i][native].call = (u32(*)(u8 *))dlsym(lib, full);
	}
	if (!lib || !subjects[KERNELS - 1][native].call)
		fail("clang", dlerror());
}

/* ---- measuring ---- */

static void measure(struct subject s[SIDES])
{
	u32 times[SIDES];

	for (enum side side = 0; side < SIDES; side++) {
		if (side == kernel && !on_kernel)
			continue;
		s[side].side = side;
		fill(s[side].packet);
		run(&s[side], 1);
		times[side] = (u32)(SAMPLE_NS / (run(&s[side], 100) / 100 + 1)) + 1;
	}
	for (u32 i = 0; i < SAMPLES; i++)
		for (enum side side = 0; side < SIDES; side++)
			if (side != kernel || on_kernel)
				s[side].ns[i] = run(&s[side], times[side]) / times[side];
}

static void check(u32 i)
{
	for (enum side side = 1; side < SIDES; side++)
		if ((side != kernel || on_kernel) &&
		    subjects[i][side].result != subjects[i][native].result) {
			fprintf(stderr, "%s: %s gives %u, native %u\n", names[i],
				side_names[side], subjects[i][side].result,
				subjects[i][native].result);
			exit(1);
		}
}

int main(void)
{
	const char *clang = any_clang(), *why = no_bpf();
	double empty[SIDES] = {0}, logs[SIDES] = {0};
	char path[64];

	if (!clang) {
		printf("skipped: %s\n", NO_CLANG);
		return 77;
	}
	on_kernel = !why;
	if (why)
		printf("without the kernel: %s\n", why);
	if (!bpf_compile("clang-19 --target=bpf -g -O2 -mcpu=v3", BENCH "/kernels.bpf.c",
			 NULL, path) &&
	    !bpf_compile(clang, BENCH "/kernels.bpf.c", NULL, path))
		fail("clang", "it does not compile kernels.bpf.c");
	load_native(clang);
	load_engine(path, compiled);
	load_engine(path, interpreted);
	if (on_kernel)
		load_kernel(path);
	unlink(path);
	printf("%-10s %10s %10s %12s %10s %8s %8s\n", "ns, net", "native", "skep",
	       "interpreter", "kernel", "/native", "/kernel");
	for (u32 i = 0; i < KERNELS; i++) {
		double net[SIDES];

		measure(subjects[i]);
		check(i);
		for (enum side side = 0; side < SIDES; side++) {
			net[side] =
				median_of(subjects[i][side].ns, SAMPLES) - empty[side];
			if (i)
				logs[side] += log(net[side] > 0.1 ? net[side] : 0.1);
			else
				empty[side] = net[side];
		}
		printf("%-10s %10.1f %10.1f %12.1f %10.1f %8.2f %8.2f\n", names[i],
		       net[native], net[compiled], net[interpreted], net[kernel],
		       net[compiled] / net[native],
		       on_kernel ? net[compiled] / net[kernel] : 0);
	}
	printf("geometric means over the %d: skep %.3f of native", KERNELS - 1,
	       exp((logs[compiled] - logs[native]) / (KERNELS - 1)));
	if (on_kernel)
		printf(", %.3f of the kernel; the kernel %.3f of native",
		       exp((logs[compiled] - logs[kernel]) / (KERNELS - 1)),
		       exp((logs[kernel] - logs[native]) / (KERNELS - 1)));
	printf("\n");
	return 0;
}
