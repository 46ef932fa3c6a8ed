/* plugin.c - conformance-plugin: runs one BPF program and prints r0
 *
 *     conformance-plugin [MEMORY] [--program HEX] [--elf] [--on engine|kernel] [--debug]
 *
 * follows the plugin protocol of the public bpf_conformance suite: the bytecode as hex on
 * standard input (or after --program), the memory that r1 points to, r2 bytes of it, as
 * hex in the argument, r0 as hex on standard output. With --elf the input is an object
 * file: a function in .text runs as bytecode does, one in "xdp" on the memory as its
 * packet. When the program is refused or stopped, the exit code is 1, standard output has
 * the code of the message and standard error the message.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/load.h>

enum { MAX_BYTES = 1 << 20, MAX_MEMORY = 32000, PROLOGUE = 6, TAIL = 16 };

struct job {
	const char *program, *memory;
	bool kernel, elf;
	bool xdp; /* the memory is a packet, else what r1 points to */
	struct skep_insn
		insns[PROLOGUE + MAX_BYTES / 8]; /* the program behind the prologue */
	size_t ninsns;
	uint8_t mem[MAX_MEMORY + TAIL];
	size_t nmem;
	char log_buf[65536];
	struct skep_log log;
};

static int usage(const char *what)
{
	fprintf(stderr,
		"conformance-plugin: %s\n"
		"usage: conformance-plugin [MEMORY] [--program HEX] [--elf] "
		"[--on engine|kernel] [--debug]\n",
		what);
	return 2;
}

/* Bytes as two hex digits each, with or without blanks between them. */
static bool read_hex(const char *s, uint8_t *out, size_t room, size_t *n)
{
	char pair[3] = "";
	char *end;

	for (*n = 0;; s += 2) {
		s += strspn(s, " \t\r\n");
		if (!*s)
			return true;
		if (*n == room || !s[1])
			return false;
		memcpy(pair, s, 2);
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

/* A message where nobody has said one. */
static int said(struct job *job, const char *what, int err)
{
	if (err < 0 && !job->log_buf[0])
		snprintf(job->log_buf, sizeof(job->log_buf), "%s: %s", what,
			 strerror(-err));
	return err;
}

static int load(struct job *job, struct skep_sys *sys, const struct skep_insn *insns,
		size_t n)
{
	union skep_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = job->xdp ? SKEP_PROG_TYPE_XDP : SKEP_PROG_TYPE_SYSCALL;
	attr.prog_flags = job->xdp ? 0 : SKEP_F_SLEEPABLE; /* the type's only way */
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
	return said(job, "loading", sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr)));
}

static struct skep_insn mov_imm(uint8_t dst, size_t imm)
{
	return (struct skep_insn){.code = 0xb7, .dst_reg = dst & 15, .imm = (int32_t)imm};
}

static int run_loaded(struct job *job, struct skep_engine *engine, int fd, uint64_t *r0)
{
	struct skep_packet packet = {
		.head = job->mem,
		.data = job->mem,
		.tail = job->mem + job->nmem,
		.end = job->mem + job->nmem,
	};
	struct skep_event on_packet = {.packet = &packet};
	struct skep_event on_memory = {.ctx = job->mem, .ctx_len = (uint32_t)job->nmem};
	struct skep_prog *prog;
	struct skep_cpu *cpu;
	int err = skep_prog_get(engine, fd, &prog);

	if (err)
		return err;
	cpu = skep_enter(engine);
	err = skep_run(cpu, prog, job->xdp ? &on_packet : &on_memory, r0, &job->log);
	skep_leave(cpu);
	skep_prog_put(prog);
	return err;
}

/* The program itself, with r2 set before it where r1 is memory. */
static int run_engine(struct job *job, uint64_t *r0)
{
	struct skep_engine_opts opts = {
		.size = sizeof(opts), .log = &job->log, .unverified = true};
	struct skep_insn *start = job->insns + PROLOGUE - !job->xdp;
	struct skep_engine *engine;
	int fd, err = skep_engine_open(&opts, &engine);

	if (err)
		return said(job, "the engine", err);
	if (!job->xdp)
		*start = mov_imm(2, job->nmem);
	fd = load(job, skep_engine_sys(engine), start, job->ninsns + !job->xdp);
	err = fd < 0 ? fd : said(job, "running", run_loaded(job, engine, fd, r0));
	skep_engine_close(engine);
	return err;
}

/* 32 bits are what an XDP program returns. */
static int run_kernel_packet(struct job *job, uint64_t *r0)
{
	struct skep_sys *sys = skep_sys_kernel();
	int err, fd = load(job, sys, job->insns + PROLOGUE, job->ninsns);
	union skep_attr attr;

	if (fd < 0)
		return fd;
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = (uintptr_t)job->mem;
	attr.test.data_size_in = (uint32_t)job->nmem;
	err = said(job, "running",
		   sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)));
	*r0 = attr.test.retval;
	return err;
}

/* The kernel returns 32 bits of r0, so the program becomes a function whose result its
 * caller writes behind the memory:
 *	r6 = r1; r2 = length; call program; *(u64 *)(r6 + end) = r0; r0 = 0; exit */
static int run_kernel_memory(struct job *job, uint64_t *r0)
{
	struct skep_sys *sys = skep_sys_kernel();
	size_t end = (job->nmem + 7) & ~(size_t)7;
	const struct skep_insn start[PROLOGUE] = {
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
	err = said(job, "running",
		   sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)));
	memcpy(r0, job->mem + end, 8);
	return err;
}

/* Functions in .text are subprograms to the loader, so an object that has no others gets
 * that section renamed to "xdp"; how it is run is ours to say. */
static int open_elf(struct job *job, uint8_t *elf, size_t len, struct skep_object **obj)
{
	uint8_t *text = memmem(elf, len, ".text", 6);
	uint32_t n;
	int err = skep_object_open_memory(elf, len, "input", obj, &job->log);

	job->xdp = true;
	if (err || !text)
		return err;
	skep_object_progs(*obj, &n);
	if (n)
		return 0;
	skep_object_close(*obj);
	job->xdp = false;
	memcpy(text, "xdp\0\0", 6);
	return skep_object_open_memory(elf, len, "input", obj, &job->log);
}

/* Puts the object's function where bytecode stands. */
static int from_elf(struct job *job)
{
	static uint8_t elf[MAX_BYTES];
	size_t len = 8 * job->ninsns;
	struct skep_object_prog *progs;
	struct skep_object *obj;
	uint32_t n, nmaps;
	int err;

	memcpy(elf, job->insns + PROLOGUE, len);
	err = open_elf(job, elf, len, &obj);
	if (err)
		return said(job, "the object", err);
	err = skep_object_plan(obj, &job->log);
	progs = skep_object_progs(obj, &n);
	skep_object_maps(obj, &nmaps);
	if (!err && (n != 1 || nmaps || progs[0].ninsns > MAX_BYTES / 8))
		err = -EINVAL;
	if (!err) {
		job->ninsns = progs[0].ninsns;
		memcpy(job->insns + PROLOGUE, progs[0].insns, 8 * job->ninsns);
	}
	skep_object_close(obj);
	return said(job, "the object must have one program and no maps", err);
}

static bool read_input(struct job *job)
{
	static char line[4 * MAX_BYTES];
	size_t bytes;

	if (!job->program) {
		line[fread(line, 1, sizeof(line) - 1, stdin)] = 0;
		job->program = line;
	}
	if (!read_hex(job->program, (uint8_t *)(job->insns + PROLOGUE), MAX_BYTES - 8,
		      &bytes))
		return false;
	job->ninsns = (bytes + 7) / 8; /* an object's last bytes may be fewer */
	return read_hex(job->memory, job->mem, MAX_MEMORY, &job->nmem) &&
	       (job->elf || bytes % 8 == 0);
}

static int run(struct job *job, uint64_t *r0)
{
	int err = job->elf ? from_elf(job) : 0;

	if (err)
		return err;
	if (!job->kernel)
		return run_engine(job, r0);
	return job->xdp ? run_kernel_packet(job, r0) : run_kernel_memory(job, r0);
}

int main(int argc, char **argv)
{
	static struct job job = {.memory = ""};
	uint64_t r0 = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--program") && i + 1 < argc)
			job.program = argv[++i];
		else if (!strcmp(argv[i], "--on") && i + 1 < argc)
			job.kernel = !strcmp(argv[++i], "kernel");
		else if (!strcmp(argv[i], "--elf"))
			job.elf = true;
		else if (argv[i][0] != '-')
			job.memory = argv[i];
		else if (strcmp(argv[i], "--debug"))
			return usage("no such option");
	}
	job.log = (struct skep_log){.buf = job.log_buf, .size = sizeof(job.log_buf)};
	if (!read_input(&job))
		return usage(
			"program and memory are hex bytes, bytecode a multiple of 8, the "
			"memory at most 32000");
	if (run(&job, &r0))
		return failed(&job);
	printf("%" PRIx64 "\n", r0);
	return 0;
}
