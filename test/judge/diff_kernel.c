/* diff_kernel [-n PROGRAMS] [-s SEED]: random valid programs, loaded and run through the
 * same bpf(2) calls on the engine (its interpreter) and on the running kernel; every
 * result must be equal. A program that the kernel's verifier refuses is not counted; if
 * more than a tenth is refused, the judge has failed, since it judges too little.
 *
 * Needs root; exit code 77 without. Prints each difference with the program and its
 * seed, so that `-s SEED -n 1` shows it again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "random_prog.h"

enum { ROOM = 800, DATA = 64 };

struct side {
	struct skep_sys *sys;
	unsigned long long loaded, refused;
};

struct program {
	struct skep_insn code[ROOM];
	uint32_t n;
	uint64_t seed;
};

static int load(struct side *side, const struct program *p, char *log, size_t size)
{
	union skep_attr attr = {
		.prog_type = SKEP_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = p->n,
		.insns = (uintptr_t)p->code,
		.license = (uintptr_t) "Dual BSD/GPL",
		.log_level = log ? 1 : 0,
		.log_size = log ? (uint32_t)size : 0,
		.log_buf = (uintptr_t)log,
	};

	return side->sys->bpf(side->sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

static int run(struct side *side, int fd, const uint8_t *data, uint32_t *ret)
{
	union skep_attr attr = {0};
	int err;

	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = (uintptr_t)data;
	attr.test.data_size_in = DATA;
	err = side->sys->bpf(side->sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	*ret = attr.test.retval;
	return err;
}

static void show(const struct program *p, const char *what)
{
	static char text[64 * ROOM];

	printf("%s; -s %llu -n 1 shows it again\n", what, (unsigned long long)p->seed);
	if (skep_disasm(p->code, p->n, NULL, text, sizeof(text), NULL) > 0)
		puts(text);
}

/* 0: equal or refused by the kernel; 1: a difference. */
static int judge(struct side *engine, struct side *kernel, const struct program *p)
{
	static const uint8_t data[DATA] = {0, 1, 2,  3,	 4, 5, 6,   7,
					   8, 9, 10, 11, 8, 0, 0x45};
	uint32_t want = 0, got = 0;
	int kfd = load(kernel, p, NULL, 0), efd, err;
	char line[256];

	if (kfd < 0) {
		kernel->refused++;
		return 0;
	}
	kernel->loaded++;
	efd = load(engine, p, NULL, 0);
	if (efd < 0) {
		kernel->sys->close(kernel->sys, kfd);
		snprintf(line, sizeof(line), "the engine refuses it: %s", strerror(-efd));
		show(p, line);
		return 1;
	}
	err = run(kernel, kfd, data, &want);
	kernel->sys->close(kernel->sys, kfd);
	if (!err)
		err = run(engine, efd, data, &got);
	engine->sys->close(engine->sys, efd);
	if (!err && want == got)
		return 0;
	snprintf(line, sizeof(line), "kernel 0x%x, engine 0x%x, error %s", want, got,
		 strerror(-err));
	show(p, line);
	return 1;
}

int main(int argc, char **argv)
{
	unsigned long long n = 2000, seed = 1, differ = 0, insns = 0;
	struct side kernel = {.sys = skep_sys_kernel()}, engine = {0};
	struct skep_engine *handle;
	union skep_attr probe = {0};
	int opt;

	while ((opt = getopt(argc, argv, "n:s:")) != -1) {
		if (opt == 'n')
			n = strtoull(optarg, NULL, 0);
		else if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	probe.map_type = SKEP_MAP_TYPE_ARRAY;
	probe.key_size = probe.value_size = 4;
	probe.max_entries = 1;
	opt = kernel.sys->bpf(kernel.sys, SKEP_MAP_CREATE, &probe, sizeof(probe));
	if (opt < 0) {
		printf("SKIP diff_kernel: bpf(2) of the kernel refuses this user (%s)\n",
		       strerror(-opt));
		return 77;
	}
	kernel.sys->close(kernel.sys, opt);
	if (skep_engine_open(NULL, &handle))
		return 1;
	engine.sys = skep_engine_sys(handle);
	for (unsigned long long i = 0; i < n; i++) {
		struct program p = {.seed = seed + i};
		u64 state = p.seed;

		p.n = insn_random(&state, p.code, ROOM);
		insns += p.n;
		differ += (unsigned)judge(&engine, &kernel, &p);
	}
	skep_engine_close(handle);
	printf("%llu programs, %llu instructions, %llu refused by the kernel, %llu differ\n",
	       kernel.loaded, insns, kernel.refused, differ);
	return differ || kernel.refused * 10 > n;
}
