/* The running kernel judges the passes that stand before the walk: its log of level 2
 * names the functions, the loops and the live registers, its statistics the number of
 * states that were kept, and its refusals have our words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "skip.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <skep/btf.h>
#include "flow_fixture.h"
#include "isa_random.h"
#include "random_prog.h"

enum { ROOM = 96, LOG = 1 << 23, FUNC = 3 };

static int bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return fd < 0 ? -errno : fd;
}

/* 0 or -errno. log_level with 8: the log's begin, else its end. btf: a BTF of which type
 * FUNC is what all functions are; 0: none. */
static int load(const struct skep_insn *code, u32 n, u32 flags, u32 log_level, char *log,
		const struct flow *flow, int btf)
{
	struct skep_func_info info[64];
	union skep_attr attr = {
		.prog_type = fixture_type,
		.expected_attach_type = fixture_attach,
		.insns = u64_of(code),
		.insn_cnt = n,
		.license = u64_of("GPL"),
		.prog_flags = flags,
		.log_level = log_level,
		.log_buf = u64_of(log),
		.log_size = LOG,
	};
	int fd;

	if (btf) {
		for (u32 i = 0; i < flow->nfuncs; i++)
			info[i] = (struct skep_func_info){flow->funcs[i].start, FUNC};
		attr.prog_btf_fd = (u32)btf;
		attr.func_info = u64_of(info);
		attr.func_info_cnt = flow->nfuncs;
		attr.func_info_rec_size = sizeof(*info);
	}
	log[0] = '\0';
	fd = bpf(SKEP_PROG_LOAD, &attr);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static u32 encode(const struct insn *in, u32 n, struct skep_insn *out)
{
	for (u32 i = 0; i < n; i++)
		if (in[i].op != op_none)
			insn_encode(&in[i], &out[i]);
	return n;
}

/* ---- random programs of which every instruction can be reached ---- */

struct gen {
	struct insn code[ROOM];
	u32 n;
	u32 jumps[ROOM], njumps; /* conditional ones without a target, of this function */
	u32 starts[6], nfuncs;
};

static u32 below(u32 n)
{
	return (u32)(rnd() % n);
}

static bool is_plain(u32 op)
{
	u8 class = op_info[op].class;

	return op_info[op].legal && class != class_jmp && class != class_special &&
	       class != class_packet && class != class_none;
}

static struct insn plain(void)
{
	u32 op;

	do
		op = below(op_count);
	while (!is_plain(op));
	return random_insn(op);
}

static struct insn conditional(void)
{
	u32 op;

	if (!below(6))
		return (struct insn){.op = op_may_goto};
	do
		op = below(op_count);
	while (!op_info[op].legal || op_info[op].class != class_jmp);
	return random_insn(op);
}

static struct insn helper_call(bool main)
{
	static const u16 ids[] = {
		SKEP_FUNC_map_lookup_elem,
		SKEP_FUNC_ktime_get_ns,
		SKEP_FUNC_loop,
		SKEP_FUNC_for_each_map_elem,
		SKEP_FUNC_timer_set_callback,
		SKEP_FUNC_skb_store_bytes,
		SKEP_FUNC_l3_csum_replace,
		SKEP_FUNC_skb_change_tail,
		SKEP_FUNC_find_vma,
		SKEP_FUNC_trace_printk,
		SKEP_FUNC_probe_read_user,
		SKEP_FUNC_sock_map_update,
		9999,
	};

	if (!below(main ? 10 : 60))
		return (struct insn){.op = op_call_helper, .imm = SKEP_FUNC_tail_call};
	if (!below(3))
		return (struct insn){.op = op_call_helper, .imm = 1 + below(211)};
	return (struct insn){.op = op_call_helper, .imm = ids[below(ARRAY_SIZE(ids))]};
}

/* The instruction that `at` jumps to. */
static void aim(struct gen *g, u32 at, u32 to)
{
	g->code[at].off = (s32)(to - at - 1);
}

/* Something may stand below an end of a path if an earlier jump leads to it. */
static bool end_path(struct gen *g, u32 at, u32 start, u32 end)
{
	static const u16 ops[] = {op_exit, op_ja, op_gotol};
	u32 op = ops[below(3)];

	if (at + 1 < end) {
		u32 pick;

		if (!g->njumps)
			return false;
		pick = below(g->njumps);
		aim(g, g->jumps[pick], at + 1);
		g->jumps[pick] = g->jumps[--g->njumps];
	}
	g->code[at] = (struct insn){.op = (u16)op};
	if (op != op_exit)
		aim(g, at, start);
	return true;
}

static void call_func(struct gen *g, u32 at, u32 func, bool by_ref)
{
	s32 off = (s32)(g->starts[func] - at - 1);

	if (by_ref)
		g->code[at] = (struct insn){.op = op_lddw,
					    .src = SKEP_PSEUDO_FUNC,
					    .dst = 3,
					    .imm = (u32)off};
	else
		g->code[at] = (struct insn){.op = op_call_local, .off = off};
}

static u32 fill_one(struct gen *g, u32 at, u32 start, u32 end)
{
	u32 kind = below(20);

	if (kind < 5) {
		g->code[at] = conditional();
		g->jumps[g->njumps++] = at;
	} else if (kind < 7 && end_path(g, at, start, end)) {
	} else if (kind < 10) {
		g->code[at] = helper_call(!start);
	} else if (kind < 11) {
		call_func(g, at, below(g->nfuncs), false);
	} else if (kind < 13 && at + 3 < end) {
		call_func(g, at, below(g->nfuncs), true);
		if (kind == 12)
			g->code[at] = (struct insn){.op = op_lddw, .dst = (u8)below(10)};
		return 2;
	} else if (kind < 14 && !below(start ? 40 : 4)) {
		g->code[at] = random_insn(below(2) ? op_ldabs_w : op_ldind_b);
	} else if (kind < 15) {
		g->code[at] = random_insn(op_addr_space_cast);
	} else {
		g->code[at] = plain();
	}
	return 1;
}

static void fill_func(struct gen *g, u32 func, u32 end)
{
	u32 start = g->starts[func], at = start;

	g->njumps = 0;
	if (!func) { /* the walk ends here: r2 was never written */
		g->code[at++] = (struct insn){.op = op_mov64x, .dst = 0, .src = 2};
		for (u32 i = 1; i < g->nfuncs; i++)
			call_func(g, at++, i, false);
	}
	while (at < end - 1)
		at += fill_one(g, at, start, end);
	end_path(g, end - 1, start, end);
	while (g->njumps) {
		u32 to = start + below(end - start);

		if (g->code[to].op == op_none && below(120))
			to--;
		aim(g, g->jumps[--g->njumps], to);
	}
}

static void generate(struct gen *g)
{
	memset(g, 0, sizeof(*g));
	g->nfuncs = 1 + below(5);
	for (u32 i = 0; i < g->nfuncs; i++) {
		g->starts[i] = g->n;
		g->n += i ? 2 + below(14) : 8 + below(20);
	}
	for (u32 i = 0; i < g->nfuncs; i++)
		fill_func(g, i, i + 1 < g->nfuncs ? g->starts[i + 1] : g->n);
}

/* One thing changes, often for the worse. */
static void spoil(struct gen *g)
{
	u32 at = below(g->n);
	struct insn *in = &g->code[at];

	if (in->op == op_none || in->op == op_lddw)
		return;
	if (flow_is_jump(in) || in->op == op_call_local)
		in->off += (s32)below(21) - 10;
	else
		*in = below(2) ? plain() : (struct insn){.op = op_exit};
}

/* ---- functions, loops, live registers, refusals ---- */

struct tally {
	u32 accepted, loops, wrong;
	u32 refused[500]; /* by the number of the code */
};

static u32 number(const struct reject *why)
{
	return (u32)atoi(why->code + 1);
}

/* Our lines begin the kernel's: NULL, or our line that does not. */
static const char *differs(const char *ours, const char *kernels)
{
	for (size_t n; *ours; ours += n + 1) {
		n = strcspn(ours, "\n");
		if (!kernels || strncmp(ours, kernels, n))
			return ours;
		kernels = strchr(kernels, '\n');
		kernels = kernels ? kernels + 1 : NULL;
	}
	return NULL;
}

/* The line of the kernel's log that has the number of our line. */
static const char *kernels_line(const char *ours, const char *line, const char *kernels)
{
	for (; ours < line && kernels; ours = strchr(ours, '\n') + 1) {
		kernels = strchr(kernels, '\n');
		kernels = kernels ? kernels + 1 : NULL;
	}
	return kernels ? kernels : "(no line)";
}

static u32 type_flags(void)
{
	return rules_prog(fixture_type)->sleepable_only ? SKEP_F_SLEEPABLE : 0;
}

static void compare(const struct insn *code, u32 n, struct tally *tally)
{
	static char log[LOG];
	static struct fixture x;
	struct skep_insn raw[ROOM];
	struct insn again[ROOM];
	int ours, kernels;
	const char *line;
	bool walked;

	encode(code, n, raw);
	assert_int_equal(insn_decode(raw, n, again, NULL), 0);
	ours = fixture_run(&x, again, n, true);
	kernels = load(raw, n, type_flags(), 2 | 8, log, NULL, 0);
	walked = strstr(log, "Live regs before insn:");
	for (u32 i = 0; !ours && i < n; i++)
		tally->loops += x.flow.insns[i].loop != 0;
	if (ours)
		tally->refused[number(x.refusal.why)]++;
	else
		tally->accepted++;
	line = differs(x.text, log);
	if ((ours ? ours != kernels || walked : !walked) || line) {
		if (tally->wrong++ < 20)
			print_error("ours %d: %.40s, kernel's %d: %.200s\n", ours,
				    line ? line : "", kernels,
				    line ? kernels_line(x.text, line, log) : "");
	}
	fixture_end(&x);
}

/* verify() says no more, no less: the walk ends at the first instruction. */
static void compare_verify(const struct insn *code, u32 n)
{
	static char log[LOG], text[LOG];
	struct skep_insn raw[ROOM];
	const struct profile root = {
		.bpf = true, .perfmon = true, .net_admin = true, .admin = true};
	struct verify_prog prog = {
		.type = fixture_type, .code = raw, .n = n, .gpl = true};
	struct skep_log ours = {.buf = text, .size = sizeof(text)};
	struct verify_result result = {0};

	encode(code, n, raw);
	assert_int_equal(verify(&prog, &root, 2, &ours, &result),
			 load(raw, n, 0, 2 | 8, log, NULL, 0));
	assert_string_equal(text, log);
}

static void logs_are_the_kernels(void **state)
{
	struct gen g;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (int i = 0; i < 1000; i++) {
		generate(&g);
		if (i % 3 == 2)
			spoil(&g);
		compare_verify(g.code, g.n);
	}
}

static void random_programs_are_as_the_kernel_says(void **state)
{
	static const struct reject *const seen[] = {
		&reject_call_nowhere,	  &reject_jump_leaves,	  &reject_func_no_end,
		&reject_insn_unreachable, &reject_jump_into_lddw, &reject_ld_abs_no_btf,
		&reject_tail_call_no_btf,
	};
	struct tally tally = {0};
	struct gen g;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (int i = 0; i < 6000; i++) {
		generate(&g);
		if (i % 3 == 2)
			spoil(&g);
		compare(g.code, g.n, &tally);
	}
	print_message("%u accepted with %u instructions in loops\n", tally.accepted,
		      tally.loops);
	assert_int_equal(tally.wrong, 0);
	assert_true(tally.accepted > 3000 && tally.loops > 30000);
	for (u32 i = 0; i < ARRAY_SIZE(seen); i++) {
		print_message("%s: %u\n", seen[i]->name, tally.refused[number(seen[i])]);
		assert_true(tally.refused[number(seen[i])] > 5);
	}
}

/* A load that begins at all: the kernel may lack the program type. */
static bool has_type(void)
{
	static char log[LOG];
	struct skep_insn code[] = {{.code = 0xbf, .src_reg = 2}, {.code = 0x95}};

	load(code, 2, type_flags(), 2 | 8, log, NULL, 0);
	return strstr(log, "func#0");
}

static void compare_helpers(struct tally *tally)
{
	struct insn code[] = {
		{.op = op_mov64x, .src = 2}, {.op = op_call_helper}, {.op = op_exit}};

	for (u32 id = 1; rules_helper(id); id++) {
		code[1].imm = id;
		compare(code, ARRAY_SIZE(code), tally);
	}
}

/* Each helper in programs of each type: what it takes, if they may call it. */
static void helpers_are_as_the_kernel_says(void **state)
{
	struct tally tally = {0};

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (fixture_type = 1; rules_prog(fixture_type); fixture_type++) {
		for (fixture_attach = 0; fixture_attach < 64; fixture_attach++)
			if (!rules_attach(fixture_type, fixture_attach))
				break;
		if (!rules_prog(fixture_type)->btf && has_type())
			compare_helpers(&tally);
	}
	fixture_type = SKEP_PROG_TYPE_SCHED_CLS;
	fixture_attach = 0;
	print_message("%u programs\n", tally.accepted);
	assert_int_equal(tally.wrong, 0);
	assert_true(tally.accepted > 3000);
}

/* ---- where states are compared ---- */

/* "12: (b7) r0 = 1" begins with what this gives; -1: the line is no instruction. */
static int walked_insn(const char *line)
{
	char *end;
	long insn = strtol(line, &end, 10);

	return end > line && *line >= '0' && *line <= '9' && !strncmp(end, ": (", 3)
		       ? (int)insn
		       : -1;
}

/* Each walked instruction that is a point makes a state, unless it is found to be equal.
 * flags SKEP_F_TEST_STATE_FREQ: flow_prune; else flow_force, and the program is too short
 * for the kernel to keep other states. Returns how many states. */
static u32 compare_points(const struct insn *code, u32 n, u32 flags, int btf)
{
	static char log[LOG];
	static struct fixture x;
	static struct skep_insn raw[RANDOM_PROG_ROOM];
	u8 point = flags ? flow_prune : flow_force;
	u32 expected = 0, total;
	const char *stats;
	int err;

	encode(code, n, raw);
	assert_int_equal(fixture_run(&x, code, n, true), 0);
	err = load(raw, n, flags, 2 | 8, log, &x.flow, btf);
	stats = strstr(log, "total_states ");
	if (err || !stats)
		fail_msg("%d: %.6000s", err, log);
	for (const char *at = log; at && *at;
	     at = strchr(at, '\n'), at = at ? at + 1 : at) {
		int insn = walked_insn(at);

		assert_true(insn < (int)n);
		expected += insn >= 0 && x.flow.insns[insn].flags & point;
	}
	total = (u32)atoi(stats + 13);
	if (total != expected)
		fail_msg("flags %u: %u states, not %u\n%.2000s", flags, total, expected,
			 log);
	fixture_end(&x);
	return total;
}

static void points_are_where_the_kernel_compares(void **state)
{
	static struct skep_insn raw[RANDOM_PROG_ROOM];
	static struct insn code[RANDOM_PROG_ROOM];
	u32 states = 0;
	u64 next = 7;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	for (int i = 0; i < 300; i++) {
		u32 n = insn_random(&next, raw, RANDOM_PROG_ROOM);

		assert_int_equal(insn_decode(raw, n, code, NULL), 0);
		states += compare_points(code, n, SKEP_F_TEST_STATE_FREQ, 0);
	}
	print_message("%u states\n", states);
	assert_true(states > 3000);
}

/* Types: 1 int, 2 int (void), FUNC a static function of that type. */
static int load_btf(void)
{
	static const char names[] = "\0int\0func";
	struct blob {
		u16 magic;
		u8 version, flags;
		u32 hdr_len, type_off, type_len, str_off, str_len;
		u32 types[4 + 3 + 3];
		char names[sizeof(names)];
	} blob = {
		.magic = 0xeb9f,
		.version = 1,
		.hdr_len = 24,
		.type_len = sizeof(blob.types),
		.str_off = sizeof(blob.types),
		.str_len = sizeof(names),
		.types = {1, SKEP_BTF_KIND_INT << 24, 4, 1 << 24 | 32, /* int, signed */
			  0, SKEP_BTF_KIND_FUNC_PROTO << 24, 1, 5,
			  SKEP_BTF_KIND_FUNC << 24, 2},
	};
	union skep_attr attr = {.btf = u64_of(&blob),
				.btf_size = offsetof(struct blob, names) + sizeof(names)};

	memcpy(blob.names, names, sizeof(names));
	return bpf(SKEP_BTF_LOAD, &attr);
}

/* The kernel's BTF id of a function. */
static u32 kfunc_id(const char *name)
{
	static char data[1 << 23];
	struct skep_btf *btf;
	u32 id;
	size_t len;
	FILE *f = fopen("/sys/kernel/btf/vmlinux", "r");

	assert_non_null(f);
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	assert_int_equal(skep_btf_parse(&btf, data, len, NULL, "vmlinux", NULL), 0);
	id = skep_btf_find(btf, name, SKEP_BTF_KIND_FUNC);
	skep_btf_free(btf);
	return id;
}

static void both_ways(const char *text, int btf)
{
	struct insn code[64];
	u32 n = fixture_assemble(text, code);
	u32 all = compare_points(code, n, SKEP_F_TEST_STATE_FREQ, btf);

	print_message("%u and %u states: %s\n", all, compare_points(code, n, 0, btf),
		      text);
}

/* Each special instruction in a program of its own. */
static void special_points_are_the_kernels(void **state)
{
	static const char *const programs[] = {
		"r0 = 0; exit",
		"r0 = 0; goto pc+0; exit",
		"r0 = 0; gotol pc+0; exit",
		"r0 = 0; if r0 == 1 goto pc+1; r0 = 2; exit",
		"r0 = 0; may_goto pc+1; r0 = 1; exit",
		"r0 = 0; r0 += 1; may_goto pc+1; goto pc-3; exit",
		"call bpf_ktime_get_ns; r0 = 0; exit",
		"call pc+2; r0 = 0; exit; r0 = 0; exit",
		"r2 = func ll; r0 = 0; exit; r0 = 0; exit",
		"r1 = 3; r2 = func ll; r3 = 0; r4 = 0; call bpf_loop; r0 = 0; exit;"
		"r0 = 0; exit",
		"r6 = 0; r1 = 3; r2 = func ll; r3 = 0; r4 = 0; call bpf_loop; r0 = r6; exit;"
		"r6 = 1; r0 = 0; exit",
	};
	int btf;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	btf = load_btf();
	assert_true(btf > 0);
	for (u32 i = 0; i < ARRAY_SIZE(programs); i++)
		both_ways(programs[i], btf);
	close(btf);
}

/* An open-coded iterator's loop. It is too long to say anything of flow_force. */
static void iterators_points_are_the_kernels(void **state)
{
	struct insn code[64];
	char text[512];
	u32 n;

	if (no_bpf())
		test_skip(__func__, "%s", no_bpf());
	fixture_iter_next = kfunc_id("bpf_iter_num_next");
	snprintf(text, sizeof(text),
		 "r1 = r10; r1 += -8; r2 = 0; r3 = 3; call kfunc#%u; r1 = r10; r1 += -8;"
		 "call kfunc#%u; if r0 == 0 goto pc+1; goto pc-5; r1 = r10; r1 += -8;"
		 "call kfunc#%u; r0 = 0; exit",
		 kfunc_id("bpf_iter_num_new"), (u32)fixture_iter_next,
		 kfunc_id("bpf_iter_num_destroy"));
	n = fixture_assemble(text, code);
	assert_true(compare_points(code, n, SKEP_F_TEST_STATE_FREQ, 0) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_are_as_the_kernel_says),
		cmocka_unit_test(logs_are_the_kernels),
		cmocka_unit_test(helpers_are_as_the_kernel_says),
		cmocka_unit_test(points_are_where_the_kernel_compares),
		cmocka_unit_test(special_points_are_the_kernels),
		cmocka_unit_test(iterators_points_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
