/* diff_scalar - what scalar.h knows of numbers, against the running kernel
 *
 * Generates programs that compute with four registers, narrow them by conditions and
 * load parts of them; loads each with log_level 2 and compares the state that the
 * kernel's verifier prints after each instruction, view by view, with what scalar.h
 * computes. Whether a jump is decided shows in which way the kernel goes on.
 *
 * diff_scalar [-n programs] [-s seed] [-v]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "no_bpf.h"
#include "random_number.h"
#include "scalar.h"

enum { REGS = 4, FIRST = 6, STEPS = 24, ROOM = 512, LOG = 1 << 19 };

/* What the model expects of the kernel's log at one instruction. */
struct expect {
	u32 insn;
	s32 from; /* the state is that at `insn` when it comes from there; -1: after it */
	u8 reg;
	bool absent; /* no such line: the jump is decided */
	struct scalar is;
};

struct prog {
	struct skep_insn code[ROOM];
	struct expect expects[ROOM];
	u32 n, nexpects, to_end[ROOM], nto_end;
	struct scalar regs[REGS];
	u64 seed, forks;
	u64 near; /* many of its numbers are near to this one */
};

struct totals {
	u64 programs, states, decided, undecided, wrong;
};

static char kernel_log[LOG];

static s32 rnd_imm(struct prog *p)
{
	u64 r = rnd(&p->seed);

	return (s32)(r & 1 ? p->near + (r >> 8) % 16 - 8 : rnd_number(&p->seed));
}

static u32 emit(struct prog *p, struct insn insn)
{
	struct skep_insn out[2];
	u32 n = insn_encode(&insn, out), at = p->n;

	memcpy(&p->code[at], out, n * sizeof(*out));
	p->n += n;
	return at;
}

static void expect(struct prog *p, u32 at, s32 from, u32 reg)
{
	p->expects[p->nexpects++] = (struct expect){
		.insn = at,
		.from = from,
		.reg = (u8)(FIRST + reg),
		.is = p->regs[reg],
	};
}

static void expect_none(struct prog *p, u32 at, s32 from)
{
	p->expects[p->nexpects++] =
		(struct expect){.insn = at, .from = from, .absent = true};
}

static void emit_alu(struct prog *p, enum op op, u32 d, u32 s, s32 imm)
{
	struct scalar k = scalar_const((u64)(s64)imm), zero;
	struct scalar *second = op_info[op].is_imm ? &k : &p->regs[s];
	u32 at = emit(p, (struct insn){.op = (u16)op,
				       .dst = (u8)(FIRST + d),
				       .src = op_info[op].is_imm ? 0 : (u8)(FIRST + s),
				       .imm = op_info[op].is_imm ? imm : 0});

	if (scalar_fork(op, &p->regs[d], second, &zero)) {
		p->forks++;
		expect(p, at, (s32)at, d);
		p->expects[p->nexpects - 1].is = zero;
	}
	scalar_alu(op, &p->regs[d], second);
	expect(p, at, -1, d);
}

/* A copy is linked to its source: multiplying by 1 unlinks it and changes nothing. */
static void cut_link(struct prog *p, u32 d)
{
	emit_alu(p, op_mul64k, d, 0, 1);
}

static enum op rnd_op(u64 *seed, u8 class, u8 other)
{
	enum op op;

	do
		op = (enum op)(rnd(seed) % op_count);
	while (!op_info[op].legal ||
	       (op_info[op].class != class && op_info[op].class != other));
	return op;
}

static bool is_shift(enum op op)
{
	return op_info[op].text && strstr("<<= >>= s>>=", op_info[op].text) &&
	       op_info[op].class == class_alu;
}

static void step_alu(struct prog *p)
{
	enum op op = rnd_op(&p->seed, class_alu, class_swap);
	u32 d = rnd(&p->seed) % REGS, s = rnd(&p->seed) % REGS;
	s32 imm = rnd_imm(p);

	if (is_shift(op))
		imm &= op_info[op].size * 8 - 1;
	if (strstr(op_info[op].text, "/=") || strstr(op_info[op].text, "%=")) {
		if (rnd(&p->seed) % 8)
			return; /* nothing is known of the result: seldom */
		imm = imm ? imm : 1;
	}
	emit_alu(p, op, d, s, imm);
	if (op_info[op].class == class_alu && !op_info[op].is_imm && s != d &&
	    !strncmp(op_info[op].mnemonic, "mov", 3))
		cut_link(p, d);
}

/* Leaves the sign alone and masks it, for which the kernel walks twice. */
static void step_sign(struct prog *p)
{
	static const u16 ops[] = {op_and64k, op_and32k, op_or64k, op_or32k,
				  op_and64x, op_and32x, op_or64x, op_xor64k};
	u32 d = rnd(&p->seed) % REGS, s = rnd(&p->seed) % REGS;
	bool wide = rnd(&p->seed) & 1;

	emit_alu(p, wide ? op_arsh64k : op_arsh32k, d, 0, wide ? 63 : 31);
	if (rnd(&p->seed) & 1)
		step_alu(p);
	emit_alu(p, ops[rnd(&p->seed) % ARRAY_SIZE(ops)], d, s, rnd_imm(p));
}

static void leave(struct prog *p)
{
	emit(p, (struct insn){.op = op_mov64k});
	emit(p, (struct insn){.op = op_exit});
}

/* Goes on where the jump is taken; where it is not, the program ends. */
static void go_taken(struct prog *p, enum op op, u32 at, u32 d, u32 s, int decided)
{
	bool imm = op_info[op].is_imm;

	p->code[at].off = 2;
	leave(p);
	if (decided == 1) {
		expect_none(p, at + 1, -1);
		return;
	}
	expect(p, p->n, (s32)at, d);
	if (!imm)
		expect(p, p->n, (s32)at, s);
}

static void go_on(struct prog *p, enum op op, u32 at, u32 d, u32 s, int decided)
{
	p->to_end[p->nto_end++] = at;
	if (decided == 0) {
		expect_none(p, 0, (s32)at);
		return;
	}
	expect(p, at, -1, d);
	if (!op_info[op].is_imm)
		expect(p, at, -1, s);
}

static void step_jump(struct prog *p, struct totals *sum)
{
	enum op op = rnd_op(&p->seed, class_jmp, class_jmp);
	u32 d = rnd(&p->seed) % REGS, s = rnd(&p->seed) % REGS;
	s32 imm = rnd_imm(p);
	struct scalar k = scalar_const((u64)(s64)imm);
	struct scalar *second = op_info[op].is_imm ? &k : &p->regs[s];
	int decided = scalar_branch(op, &p->regs[d], second);
	bool taken = decided < 0 ? rnd(&p->seed) & 1 : decided == 1;
	u32 at;

	at = emit(p, (struct insn){.op = (u16)op,
				   .dst = (u8)(FIRST + d),
				   .src = op_info[op].is_imm ? 0 : (u8)(FIRST + s),
				   .imm = op_info[op].is_imm ? imm : 0});
	if (decided < 0)
		scalar_refine(op, taken, &p->regs[d], second);
	sum->decided += decided >= 0;
	sum->undecided += decided < 0;
	if (taken)
		go_taken(p, op, at, d, s, decided);
	else
		go_on(p, op, at, d, s, decided);
}

/* Spills a register and loads a part of it. */
static void step_load(struct prog *p)
{
	static const u16 ops[] = {op_ldx_b,  op_ldx_h,	op_ldx_w,
				  op_ldxs_b, op_ldxs_h, op_ldxs_w};
	u32 d = rnd(&p->seed) % REGS, s = rnd(&p->seed) % REGS, at;
	u16 op = ops[rnd(&p->seed) % ARRAY_SIZE(ops)];

	emit(p, (struct insn){
			.op = op_stx_dw, .dst = 10, .src = (u8)(FIRST + s), .off = -8});
	at = emit(p,
		  (struct insn){.op = op, .dst = (u8)(FIRST + d), .src = 10, .off = -8});
	p->regs[d] = p->regs[s];
	if (op_info[op].is_signed)
		scalar_sign_extend(&p->regs[d], op_info[op].size);
	else
		scalar_zero_extend(&p->regs[d], op_info[op].size);
	expect(p, at, -1, d);
	cut_link(p, d);
}

static void step_const(struct prog *p)
{
	u32 d = rnd(&p->seed) % REGS;
	u64 v = rnd(&p->seed) & 1 ? p->near : rnd_number(&p->seed);

	emit(p, (struct insn){.op = op_lddw, .dst = (u8)(FIRST + d), .imm = (s64)v});
	p->regs[d] = scalar_const(v);
	expect(p, p->n - 2, -1, d);
}

static void step_unknown(struct prog *p, u32 d)
{
	emit(p, (struct insn){.op = op_call_helper, .imm = 5}); /* ktime_get_ns */
	emit(p, (struct insn){.op = op_mov64x, .dst = (u8)(FIRST + d)});
	emit(p, (struct insn){.op = op_mov64k});
	p->regs[d] = scalar_unknown;
}

static void generate(struct prog *p, struct totals *sum)
{
	p->n = p->nexpects = p->nto_end = 0;
	p->near = rnd_number(&p->seed);
	for (u32 reg = 0; reg < REGS; reg++)
		step_unknown(p, reg);
	for (int i = 0; i < STEPS; i++) {
		u64 kind = rnd(&p->seed) % 32;

		if (kind < 13)
			step_alu(p);
		else if (kind < 14)
			step_sign(p);
		else if (kind < 28)
			step_jump(p, sum);
		else if (kind < 30)
			step_load(p);
		else if (kind == 30)
			step_const(p);
		else
			step_unknown(p, rnd(&p->seed) % REGS);
	}
	for (u32 i = 0; i < p->nto_end; i++)
		p->code[p->to_end[i]].off = (s16)(p->n - p->to_end[i] - 1);
	leave(p);
}

/* ---- the kernel's log ---- */

static int load(const struct prog *p)
{
	union skep_attr attr = {
		.prog_type = SKEP_PROG_TYPE_SOCKET_FILTER,
		.insns = u64_of(p->code),
		.insn_cnt = p->n,
		.license = u64_of("GPL"),
		.log_level = 2,
		.log_buf = u64_of(kernel_log),
		.log_size = sizeof(kernel_log),
	};

	kernel_log[0] = 0;
	return (int)syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

/* Where the second walk from a fork begins: main_end[0] is a newline or the end. */
static const char *main_end;

static void find_main_end(void)
{
	u32 from, to;
	int got;

	main_end = kernel_log;
	while ((main_end = strstr(main_end, "\nfrom "))) {
		got = sscanf(main_end, "\nfrom %u to %u", &from, &to);
		if (got == 2 && from == to)
			return;
		main_end++;
	}
	main_end = kernel_log + strlen(kernel_log);
}

/* The line of the first visit of `insn`, or of the arrival from `from`; NULL: none. */
static const char *find_line(u32 insn, s32 from)
{
	char start[64];
	const char *at;

	if (from < 0)
		snprintf(start, sizeof(start), "\n%u: (", insn);
	else if (insn)
		snprintf(start, sizeof(start), "\nfrom %d to %u: R", from, insn);
	else
		snprintf(start, sizeof(start), "\nfrom %d to ", from);
	at = strstr(kernel_log, start);
	return at && (from >= 0 || at < main_end) ? at + 1 : NULL;
}

/* Where the kernel complained of its own ranges the state stands on a line of its own, of
 * this instruction or, after an operation, of the next. */
static const char *find_rest(const char *line, u32 insn)
{
	char start[32];
	const char *at = NULL;

	for (u32 i = insn; i <= insn + 1 && !at; i++) {
		snprintf(start, sizeof(start), "\n%u: R", i);
		at = strstr(line, start);
	}
	return at ? at + 1 : line;
}

static const char *find_reg(const char *line, u32 reg)
{
	const char *end = strchr(line, '\n'), *at;
	char name[8];

	snprintf(name, sizeof(name), " R%u=", reg);
	at = strstr(line, name);
	return at && end && at < end ? at + strlen(name) : NULL;
}

static u64 number(const char **text)
{
	char *end;
	u64 v = **text == '-' ? (u64)strtoll(*text, &end, 0) : strtoull(*text, &end, 0);

	*text = end;
	return v;
}

static void set_view(struct scalar *s, const char *name, size_t len, u64 v)
{
#define VIEW(view, type) \
	if (len == strlen(#view) && !strncmp(name, #view, len)) \
	s->view = (type)v
	VIEW(umin, u64);
	VIEW(umax, u64);
	VIEW(smin, s64);
	VIEW(smax, s64);
	VIEW(umin32, u32);
	VIEW(umax32, u32);
	VIEW(smin32, s32);
	VIEW(smax32, s32);
#undef VIEW
}

/* "smin=umin=5,var_off=(0x0; 0xff))" */
static void parse_views(const char *text, struct scalar *s)
{
	while (*text && *text != ')' && *text != '\n') {
		const char *names = text;

		text += strcspn(text, ",)\n");
		while (text > names && text[-1] != '=')
			text--;
		if (!strncmp(names, "var_off=(", 9)) {
			text = names + 9;
			s->bits.value = number(&text);
			text += 2;
			s->bits.mask = number(&text);
			text++;
		} else {
			const char *value = text;
			u64 v = number(&text);

			for (; names < value; names += strcspn(names, "=") + 1)
				set_view(s, names, strcspn(names, "="), v);
			text += strcspn(text, ",)\n"); /* id=1+5 */
		}
		text += *text == ',';
	}
}

/* False if a constant: then nothing but its value is printed. */
static bool parse(const char *text, struct scalar *s)
{
	text += *text == 'P';
	*s = scalar_unknown;
	if (strncmp(text, "scalar(", 7)) {
		*s = scalar_const(number(&text));
		return false;
	}
	parse_views(text + 7, s);
	return true;
}

static void show(const char *who, const struct scalar *s)
{
	printf("  %-7s u %#" PRIx64 "..%#" PRIx64 " s %" PRId64 "..%" PRId64
	       " u32 %#x..%#x s32 %d..%d (%#" PRIx64 "; %#" PRIx64 ")\n",
	       who, s->umin, s->umax, s->smin, s->smax, s->umin32, s->umax32, s->smin32,
	       s->smax32, s->bits.value, s->bits.mask);
}

static bool agrees(const struct expect *e)
{
	const char *line = find_line(e->insn, e->from), *text;
	struct scalar kernel;

	if (e->absent && (!line || line > main_end))
		return true;
	text = line ? find_reg(line, e->reg) : NULL;
	if (line && !text)
		text = find_reg(find_rest(line, e->insn), e->reg);
	if (!e->absent && text) {
		bool all = parse(text, &kernel);

		if (all ? scalar_equal(&kernel, &e->is)
			: kernel.bits.value == e->is.bits.value && !e->is.bits.mask)
			return true;
	}
	if (e->from >= 0)
		printf("from %d ", e->from);
	printf("%u: r%u\n%.*s\n", e->insn, e->reg, line ? (int)strcspn(line, "\n") : 9,
	       line ? line : "no line");
	if (!e->absent && text)
		show("kernel", &kernel);
	if (!e->absent)
		show("skep", &e->is);
	return false;
}

static void judge(struct prog *p, struct totals *sum, bool verbose)
{
	u64 seed = p->seed;
	int fd;

	generate(p, sum);
	fd = load(p);
	if (fd >= 0)
		close(fd);
	sum->programs++;
	sum->states += p->nexpects;
	if (fd < 0)
		printf("%s",
		       kernel_log + strlen(kernel_log) - MIN(strlen(kernel_log), 300u));
	find_main_end();
	for (u32 i = 0; i < p->nexpects; i++) {
		if (fd >= 0 && agrees(&p->expects[i]))
			continue;
		sum->wrong++;
		printf("seed %" PRIu64 "\n", seed);
		if (verbose)
			printf("%s", kernel_log);
		return;
	}
}

int main(int argc, char **argv)
{
	static struct prog p = {.seed = 1};
	struct totals sum = {0};
	u64 programs = 1000;
	bool verbose = false;

	for (int opt; (opt = getopt(argc, argv, "n:s:v")) != -1;) {
		if (opt == 'n')
			programs = strtoull(optarg, NULL, 0);
		else if (opt == 's')
			p.seed = strtoull(optarg, NULL, 0);
		else if (opt == 'v')
			verbose = true;
		else
			return 2;
	}
	if (no_bpf()) {
		printf("SKIP diff_scalar: %s\n", no_bpf());
		return 77;
	}
	while (sum.programs < programs && sum.wrong < 10)
		judge(&p, &sum, verbose);
	printf("%" PRIu64 " programs, %" PRIu64 " states compared, %" PRIu64
	       " jumps decided, %" PRIu64 " not, %" PRIu64 " forks, %" PRIu64
	       " programs differ\n",
	       sum.programs, sum.states, sum.decided, sum.undecided, p.forks, sum.wrong);
	return sum.wrong != 0;
}
