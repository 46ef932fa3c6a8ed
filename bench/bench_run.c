/* bench_run: what it costs to run a program in the checked interpreter.
 *
 *   parse5   straight-line parsing of an IPv4 five-tuple (parse5.h), eight times in a
 *            row so that entering the program counts little: ns an instruction, next to
 *            the same C source compiled natively and, as root, to the kernel's JIT
 *            (BPF_PROG_TEST_RUN with a repeat count, net of an empty program)
 *   empty    `r0 = 0; exit`: in a batch (skep_run_batch), call by call (skep_run, with
 * the slot taken once) and alone, beyond a call of an empty C function. What its two
 * instructions cost, taken from a program that has eight more of the kind, is shown
 * apart: the rest is the entry.
 *
 * Medians of 101 short samples, taken in turn. Fails when the results differ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/engine.h>
#include <skep/isa.h>
#include "parse5.h"
#include "sample.h"

enum {
	SAMPLES = 101,
	RUNS = 2000,
	PARSE_SLOTS = 50,
	COPIES = 8,
	EMPTY_SLOTS = 2,
	MORE_SLOTS = 8,
	KERNEL_RUNS = 100000
};

struct subject {
	const char *name;
	double ns[SAMPLES];
	uint64_t result;
};

static uint8_t packet[64];

/* ---- subjects ---- */

static __attribute__((noinline)) uint64_t native_empty(void *ctx)
{
	__asm__ volatile("" : : "r"(ctx) : "memory");
	return 0;
}

static __attribute__((noinline)) uint64_t native_parse(void *ctx)
{
	const uint8_t *data = ctx;
	unsigned sum = 0;

	for (int i = 0; i < COPIES; i++) {
		__asm__ volatile("" : "+r"(data) : : "memory");
		sum += parse5(data, data + sizeof(packet));
	}
	return sum;
}

static double time_native(uint64_t (*fn)(void *), uint64_t *result)
{
	double begin = now_ns();

	for (int i = 0; i < RUNS; i++)
		*result = fn(packet);
	return (now_ns() - begin) / RUNS;
}

static double time_calls(struct skep_engine *engine, struct skep_prog *prog,
			 struct skep_event *event, uint64_t *result)
{
	struct skep_cpu *cpu = skep_enter(engine);
	double begin = now_ns();

	for (int i = 0; i < RUNS; i++)
		if (skep_run(cpu, prog, event, result, NULL))
			abort();
	begin = (now_ns() - begin) / RUNS;
	skep_leave(cpu);
	return begin;
}

/* All runs in one call. */
static double time_batch(struct skep_engine *engine, struct skep_prog *prog,
			 const struct skep_event *event, uint64_t *result)
{
	static struct skep_event events[RUNS];
	static uint64_t rets[RUNS];
	struct skep_cpu *cpu = skep_enter(engine);
	double begin;

	for (int i = 0; i < RUNS; i++) {
		events[i] = *event;
		rets[i] = ~0ull;
	}
	begin = now_ns();
	if (skep_run_batch(cpu, prog, events, RUNS, rets, NULL))
		abort();
	begin = (now_ns() - begin) / RUNS;
	skep_leave(cpu);
	for (int i = *result = 0; i < RUNS; i++)
		*result |= rets[i];
	return begin;
}

static double time_alone(struct skep_engine *engine, struct skep_prog *prog,
			 struct skep_event *event, uint64_t *result)
{
	double begin = now_ns();

	for (int i = 0; i < RUNS; i++) {
		struct skep_cpu *cpu = skep_enter(engine);

		if (skep_run(cpu, prog, event, result, NULL))
			abort();
		skep_leave(cpu);
	}
	return (now_ns() - begin) / RUNS;
}

static int load(struct skep_sys *sys, uint32_t type, const char *text)
{
	struct skep_insn code[1024];
	char log[512] = "";
	struct skep_log l = {.buf = log, .size = sizeof(log)};
	union skep_attr attr = {0};
	int n = skep_asm(text, strlen(text), NULL, code, 1024, &l);

	if (n < 0) {
		fputs(log, stderr);
		exit(1);
	}
	attr.prog_type = type;
	attr.insn_cnt = (uint32_t)n;
	attr.insns = (uintptr_t)code;
	attr.license = (uintptr_t) "GPL";
	return sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

/* ns a run as the kernel itself measures it, or below 0. */
static double time_kernel(struct skep_sys *sys, int fd, uint64_t *result)
{
	union skep_attr attr = {0};

	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = (uintptr_t)packet;
	attr.test.data_size_in = sizeof(packet);
	attr.test.repeat = KERNEL_RUNS;
	if (sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr)))
		return -1;
	*result = attr.test.retval;
	return attr.test.duration;
}

static char *read_text(const char *path)
{
	static char text[8192];
	FILE *f = fopen(path, "r");

	if (!f) {
		perror(path);
		exit(1);
	}
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* The parser's text, several times in a row: each `exit` becomes a sum. */
static char *repeat(const char *body)
{
	static char text[COPIES * 4096];
	size_t len = strlen(body) - strlen("exit\n");
	char *at = text;

	at += sprintf(at, "r6 = r1\nr7 = 0\n");
	for (int i = 0; i < COPIES; i++)
		at += sprintf(at, "r1 = r6\n%.*sr7 += r0\n", (int)len, body);
	sprintf(at, "r0 = r7\nexit\n");
	return text;
}

static struct skep_prog *get(struct skep_engine *engine, uint32_t type, const char *text)
{
	struct skep_prog *prog;
	int fd = load(skep_engine_sys(engine), type, text);

	if (fd < 0 || skep_prog_get(engine, fd, &prog)) {
		fprintf(stderr, "bench_run: the engine refuses the program: %s\n",
			strerror(-fd));
		exit(1);
	}
	return prog;
}

static void kernel_part(const char *parse_text, uint64_t want)
{
	struct skep_sys *sys = skep_sys_kernel();
	int empty = load(sys, SKEP_PROG_TYPE_XDP, "r0 = 0\nexit\n"), parse;
	uint64_t got = 0, zero;
	double base, ns;

	if (empty < 0) {
		printf("SKIP kernel: bpf(2) refuses this user\n");
		return;
	}
	parse = load(sys, SKEP_PROG_TYPE_XDP, parse_text);
	base = time_kernel(sys, empty, &zero);
	ns = time_kernel(sys, parse, &got);
	printf("parse5  kernel JIT        %7.1f ns a run (%.0f with the loop of the test run)\n",
	       ns - base, ns);
	if (got != (uint32_t)want) {
		printf("FAIL: the kernel gives %llx\n", (unsigned long long)got);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	enum {
		PARSE_NATIVE,
		PARSE,
		EMPTY_NATIVE,
		EMPTY_CALLS,
		EMPTY_BATCH,
		MORE_CALLS,
		EMPTY_ALONE,
		SUBJECTS
	};
	static struct subject s[SUBJECTS];
	const char *parse_text = repeat(read_text(argc > 1 ? argv[1] : "bench/parse5.s"));
	struct skep_packet pkt = {.head = packet,
				  .data = packet,
				  .tail = packet + sizeof(packet),
				  .end = packet + sizeof(packet),
				  .ifindex = 1};
	struct skep_event on_packet = {.packet = &pkt},
			  plain = {.ctx = packet, .ctx_len = 64};
	struct skep_engine *engine;
	struct skep_prog *parse, *empty, *more;
	double ns[SUBJECTS], beyond, insns;

	for (size_t i = 0; i < sizeof(packet); i++)
		packet[i] = (uint8_t)(i * 7);
	/* TCP in IPv4 of 60 bytes, no fragment: every instruction but one jump is run */
	memcpy(packet + 12, "\x08\x00\x45\x00\x00\x3c\x12\x34\x00\x00\x40\x06", 12);
	if (skep_engine_open(NULL, &engine))
		return 1;
	parse = get(engine, SKEP_PROG_TYPE_XDP, parse_text);
	empty = get(engine, SKEP_PROG_TYPE_TRACEPOINT, "r0 = 0\nexit\n");
	more = get(engine, SKEP_PROG_TYPE_TRACEPOINT,
		   "r0 = 0\nr0 = 0\nr0 = 0\nr0 = 0\nr0 = 0\n"
		   "r0 = 0\nr0 = 0\nr0 = 0\nr0 = 0\nexit\n");
	for (int i = 0; i < SAMPLES; i++) {
		s[PARSE_NATIVE].ns[i] =
			time_native(native_parse, &s[PARSE_NATIVE].result);
		s[PARSE].ns[i] = time_calls(engine, parse, &on_packet, &s[PARSE].result);
		s[EMPTY_NATIVE].ns[i] =
			time_native(native_empty, &s[EMPTY_NATIVE].result);
		s[EMPTY_CALLS].ns[i] =
			time_calls(engine, empty, &plain, &s[EMPTY_CALLS].result);
		s[EMPTY_BATCH].ns[i] =
			time_batch(engine, empty, &plain, &s[EMPTY_BATCH].result);
		s[MORE_CALLS].ns[i] =
			time_calls(engine, more, &plain, &s[MORE_CALLS].result);
		s[EMPTY_ALONE].ns[i] =
			time_alone(engine, empty, &plain, &s[EMPTY_ALONE].result);
	}
	for (int i = 0; i < SUBJECTS; i++)
		ns[i] = median_of(s[i].ns, SAMPLES);
	printf("parse5  native            %7.1f ns a run\n", ns[PARSE_NATIVE]);
	printf("parse5  interpreter       %7.1f ns a run, %.2f ns an instruction, %.1f x native\n",
	       ns[PARSE], ns[PARSE] / (COPIES * (PARSE_SLOTS + 1)),
	       ns[PARSE] / ns[PARSE_NATIVE]);
	kernel_part(parse_text, s[PARSE_NATIVE].result);
	printf("empty   native call       %7.1f ns\n", ns[EMPTY_NATIVE]);
	beyond = ns[EMPTY_CALLS] - ns[EMPTY_NATIVE];
	insns = (ns[MORE_CALLS] - ns[EMPTY_CALLS]) / MORE_SLOTS * EMPTY_SLOTS;
	printf("empty   call by call      %7.1f ns, %.1f beyond the native call: %.1f to enter, "
	       "%.1f for two instructions\n",
	       ns[EMPTY_CALLS], beyond, beyond - insns, insns);
	beyond = ns[EMPTY_BATCH] - ns[EMPTY_NATIVE];
	printf("empty   in a batch        %7.1f ns, %.1f beyond the native call: %.1f to enter\n",
	       ns[EMPTY_BATCH], beyond, beyond - insns);
	printf("empty   alone             %7.1f ns, %.1f beyond the native call\n",
	       ns[EMPTY_ALONE], ns[EMPTY_ALONE] - ns[EMPTY_NATIVE]);
	if ((uint32_t)s[PARSE].result != (uint32_t)s[PARSE_NATIVE].result ||
	    s[EMPTY_CALLS].result || s[EMPTY_BATCH].result) {
		printf("FAIL: native %llx, interpreter %llx\n",
		       (unsigned long long)s[PARSE_NATIVE].result,
		       (unsigned long long)s[PARSE].result);
		return 1;
	}
	return 0;
}
