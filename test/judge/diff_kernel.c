/* diff_kernel [-n PROGRAMS] [-s SEED] [-k KIND]: random valid programs, loaded and run
 * through the same bpf(2) calls on the engine (its interpreter) and on the running
 * kernel: results, packets, contexts and the contents of maps must be equal.
 *
 * Kinds, in turn unless -k names one: pure (registers and stack, see random_prog.h),
 * filter (classic filters, translated: legacy packet loads), xdp and tc (packets, helpers
 * and maps, see diff_gen.h). A program that the kernel's verifier refuses is not counted;
 * if more than a tenth of a kind is refused, the judge has failed, since it judges too
 * little.
 *
 * Needs root; exit code 77 without. Prints each difference with the program and its
 * seed, so that `-k KIND -s SEED -n 1` shows it again.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "../unit/no_bpf.h"
#include "diff_prog.h"
#include "last_words.h"

static struct {
	unsigned long long loaded, refused, differ;
} count[KINDS];

/* ---- judging ---- */

/* The first line in which they differ: what was hashed first stands in map_trace. */
static void show_first(const char *want, const char *got)
{
	while (*want && *got) {
		size_t w = strcspn(want, "\n") + 1, g = strcspn(got, "\n") + 1;

		if (w != g || memcmp(want, got, w)) {
			printf("kernel %.*sengine %.*s", (int)w, want, (int)g, got);
			return;
		}
		want += w;
		got += g;
	}
	printf("kernel %sengine %s", *want ? want : "no more\n",
	       *got ? got : "no more\n");
}

static void show(const struct program *p, const char *what)
{
	static char text[64 * DIFF_ROOM];

	printf("%s; -k %s -s %llu -n 1 shows it again\n", what, diff_names[p->kind],
	       (unsigned long long)p->seed);
	if (skep_disasm(p->code, p->n, NULL, text, sizeof(text), NULL) > 0)
		puts(text);
	count[p->kind].differ++;
}

static void compare(const struct program *p, const struct result *want,
		    const struct result *got)
{
	char line[256];

	snprintf(line, sizeof(line),
		 "kernel: error %d, result 0x%x, %u bytes; "
		 "engine: error %d, result 0x%x, %u bytes",
		 -want->err, want->ret, want->len, -got->err, got->ret, got->len);
	if (p->kind >= kind_xdp && strcmp(want->maps, got->maps))
		show_first(want->maps, got->maps);
	if (want->err != got->err || want->ret != got->ret || want->len != got->len)
		show(p, line);
	else if (memcmp(want->data, got->data, sizeof(want->data)))
		show(p, "the packets differ");
	else if (memcmp(&want->ctx, &got->ctx, sizeof(want->ctx)))
		show(p, "the contexts differ");
	else if (p->kind >= kind_xdp && strcmp(want->maps, got->maps))
		show(p, "the maps differ");
}

static void load_refused(const struct program *p, struct side *kernel)
{
	static char log[1 << 16];

	count[p->kind].refused++;
	if (!getenv("DIFF_LOG"))
		return;
	diff_load(kernel, p, log, sizeof(log));
	log[sizeof(log) - 1] = 0;
	show(p, strlen(log) > 200 ? log + strlen(log) - 200 : log);
	count[p->kind].differ--;
}

static void judge(struct side *kernel, struct side *engine, const struct program *p)
{
	static char why[1 << 20];
	char line[400];
	int kfd, efd;

	if (p->kind >= kind_xdp &&
	    (maps_reset(&kernel->maps, p->kind) || maps_reset(&engine->maps, p->kind))) {
		show(p, "the maps cannot be reset");
		return;
	}
	kfd = diff_load(kernel, p, NULL, 0);
	if (kfd < 0) {
		load_refused(p, kernel);
		return;
	}
	count[p->kind].loaded++;
	efd = diff_load(engine, p, NULL, 0);
	if (efd < 0) {
		diff_load(engine, p, why, sizeof(why));
		snprintf(line, sizeof(line), "the engine refuses it (%d): %s", efd,
			 last_words(why));
		show(p, line);
	} else {
		diff_run(kernel, kfd, p);
		diff_run(engine, efd, p);
		compare(p, &kernel->result, &engine->result);
		engine->sys->close(engine->sys, efd);
	}
	kernel->sys->close(kernel->sys, kfd);
}

/* Per-CPU maps: all runs of the kernel on one CPU. */
static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int report(void)
{
	int bad = 0;

	for (u32 k = 0; k < KINDS; k++) {
		if (!(count[k].loaded + count[k].refused))
			continue;
		printf("%-6s %llu programs, %llu more refused by the kernel, %llu differ\n",
		       diff_names[k], count[k].loaded, count[k].refused, count[k].differ);
		bad |= count[k].differ || count[k].refused * 10 > count[k].loaded;
	}
	return bad;
}

static void judge_all(struct side *kernel, struct side *engine, u64 n, u64 first,
		      u32 kind)
{
	static struct program p;

	for (u64 i = 0; i < n; i++) {
		p.seed = first + i;
		p.kind = kind < KINDS ? kind : (enum kind)(i % KINDS);
		diff_make(&p);
		if (p.n)
			judge(kernel, engine, &p);
	}
}

int main(int argc, char **argv)
{
	static struct side kernel, engine;
	struct skep_engine *handle;
	struct diff_options o;
	int err;

	if (!diff_options(argc, argv, &o))
		return 2;
	if (no_bpf()) {
		printf("SKIP diff_kernel: %s\n", no_bpf());
		return 77;
	}
	kernel.sys = skep_sys_kernel();
	stay_on_one_cpu();
	err = maps_open(&kernel.maps, kernel.sys);
	if (err) {
		printf("SKIP diff_kernel: bpf(2) of the kernel refuses this user (%s)\n",
		       strerror(-err));
		return 77;
	}
	if (skep_engine_open(NULL, &handle))
		return 1;
	engine.sys = skep_engine_sys(handle);
	if (maps_open(&engine.maps, engine.sys))
		return 1;
	judge_all(&kernel, &engine, o.n, o.first, o.kind);
	maps_close(&engine.maps);
	maps_close(&kernel.maps);
	skep_engine_close(handle);
	return report();
}
