/* plugin.c - conformance-plugin: runs one BPF program and prints r0
 *
 *     conformance-plugin [MEMORY] [--program HEX] [--on engine|kernel] [--debug]
 *
 * follows the plugin protocol of the public bpf_conformance suite: the bytecode as hex
 * on standard input (or after --program), the memory that r1 points to, r2 bytes of it,
 * as hex in the argument, r0 as hex on standard output. When the program is refused or
 * stopped, the exit code is 1, standard output has the code of the message and standard
 * error the message.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/engine.h>

enum { MAX_BYTES = 1 << 20, PROLOGUE = 6 };

struct job {
	const char *program, *memory;
	bool kernel;
	struct skep_insn *insns; /* PROLOGUE free ones first */
	size_t ninsns;
	uint8_t *mem; /* with room for 16 more bytes */
	size_t nmem;
	char log_buf[65536];
	struct skep_log log;
};

static int usage(const char *what)
{
	fprintf(stderr,
		"conformance-plugin: %s\n"
		"usage: conformance-plugin [MEMORY] [--program HEX] [--on engine|kernel] "
		"[--debug]\n",
		what);
	return 2;
}

/* Bytes as two hex digits each, with or without blanks between them, are appended. */
static bool append_hex(const char *s, uint8_t *out, size_t room, size_t *n)
{
	char pair[3] = "";
	char *end;

	for (;; s += 2) {
		s += strspn(s, " \t\r\n");
		if (!*s)
			return true;
		memcpy(pair, s, s[1] ? 2 : 1);
		if (*n == room || !s[1])
			return false;
		out[(*n)++] = (uint8_t)strtoul(pair, &end, 16);
		if (end != pair + 2)
			return false;
	}
}

/* The message's code stands in brackets at its end. */
static int failed(struct job *job)
{
	char *code = strrchr(job->log_buf, '['), *end = code ? strchr(code, ']') : NULL;

	if (end)
		printf("%.*s\n", (int)(end - code - 1), code + 1);
	else
		printf("refused\n");
	fprintf(stderr, "%s\n", job->log_buf);
	return 1;
}

static int load(struct job *job, struct skep_sys *sys, const struct skep_insn *insns,
		size_t n)
{
	union skep_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = SKEP_PROG_TYPE_SYSCALL;
	attr.prog_flags = SKEP_F_SLEEPABLE; /* the type's only way */
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uintptr_t) "GPL";
	fd = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	if (fd >= 0)
		return fd;
	/* again, to hear why; a log of what was right may not fit */
	attr.log_buf = (uintptr_t)job->log_buf;
	attr.log_size = sizeof(job->log_buf);
	attr.log_level = 1;
	fd = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0 && !job->log_buf[0])
		snprintf(job->log_buf, sizeof(job->log_buf), "loading: %s",
			 strerror(-fd));
	return fd;
}

static struct skep_insn mov_imm(uint8_t dst, size_t imm)
{
	return (struct skep_insn){.code = 0xb7, .dst_reg = dst & 15, .imm = (int32_t)imm};
}

/* The program itself, with r2 set before it. */
static int run_engine(struct job *job, uint64_t *r0)
{
	struct skep_event event = {.ctx = job->mem, .ctx_len = (uint32_t)job->nmem};
	struct skep_engine_opts opts = {.size = sizeof(opts), .log = &job->log};
	struct skep_insn *start = job->insns + PROLOGUE - 1;
	struct skep_engine *engine;
	struct skep_prog *prog;
	struct skep_cpu *cpu;
	int fd, err;

	err = skep_engine_open(&opts, &engine);
	if (err)
		return err;
	*start = mov_imm(2, job->nmem);
	fd = load(job, skep_engine_sys(engine), start, job->ninsns + 1);
	err = fd < 0 ? fd : skep_prog_get(engine, fd, &prog);
	if (!err) {
		cpu = skep_enter(engine);
		err = skep_run(cpu, prog, &event, r0, &job->log);
		skep_leave(cpu);
		skep_prog_put(prog);
	}
	skep_engine_close(engine);
	return err;
}

/* The kernel returns 32 bits of r0, so the program becomes a function whose result its
 * caller writes behind the memory:
 *	r6 = r1; r2 = length; call program; *(u64 *)(r6 + end) = r0; r0 = 0; exit */
static int run_kernel(struct job *job, uint64_t *r0)
{
	struct skep_sys *sys = skep_sys_kernel();
	size_t end = (job->nmem + 7) & ~(size_t)7;
	struct skep_insn start[PROLOGUE] = {
		{.code = 0xbf, .dst_reg = 6, .src_reg = 1},
		mov_imm(2, job->nmem),
		{.code = 0x85, .src_reg = SKEP_PSEUDO_CALL, .imm = PROLOGUE - 3},
		{.code = 0x7b, .dst_reg = 6, .src_reg = 0, .off = (int16_t)end},
		mov_imm(0, 0),
		{.code = 0x95},
	};
	union skep_attr attr;
	int fd, err;

	memcpy(job->insns, start, sizeof(start));
	fd = load(job, sys, job->insns, job->ninsns + PROLOGUE);
	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.ctx_in = (uintptr_t)job->mem;
	attr.test.ctx_size_in = (uint32_t)end + 8;
	err = sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	if (err < 0)
		snprintf(job->log_buf, sizeof(job->log_buf), "running: %s",
			 strerror(-err));
	memcpy(r0, job->mem + end, 8);
	return err;
}

static bool read_input(struct job *job)
{
	static char line[4 * MAX_BYTES];
	size_t bytes = 0;

	if (!job->program) {
		line[fread(line, 1, sizeof(line) - 1, stdin)] = 0;
		job->program = line;
	}
	job->insns = calloc(MAX_BYTES + PROLOGUE * 8, 1);
	job->mem = calloc(MAX_BYTES + 16, 1);
	if (!job->insns || !job->mem ||
	    !append_hex(job->program, (uint8_t *)(job->insns + PROLOGUE), MAX_BYTES,
			&bytes) ||
	    !append_hex(job->memory, job->mem, INT16_MAX - 16, &job->nmem) || bytes % 8)
		return false;
	job->ninsns = bytes / 8;
	return true;
}

int main(int argc, char **argv)
{
	static struct job job = {.memory = ""};
	uint64_t r0 = 0;
	int err;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--program") && i + 1 < argc)
			job.program = argv[++i];
		else if (!strcmp(argv[i], "--on") && i + 1 < argc)
			job.kernel = !strcmp(argv[++i], "kernel");
		else if (argv[i][0] != '-')
			job.memory = argv[i];
		else if (strcmp(argv[i], "--debug"))
			return usage("no such option");
	}
	job.log = (struct skep_log){.buf = job.log_buf, .size = sizeof(job.log_buf)};
	if (!read_input(&job))
		return usage("program and memory are hex bytes, the program's a multiple "
			     "of 8, the memory's fewer than 32 KiB");
	err = job.kernel ? run_kernel(&job, &r0) : run_engine(&job, &r0);
	if (!err)
		printf("%" PRIx64 "\n", r0);
	else
		err = failed(&job);
	free(job.insns);
	free(job.mem);
	return err;
}
