/* The running kernel judges the rule tables: each row that it can be asked about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rules_kernel.h"

static const char *words(bool ours)
{
	return ours ? "we allow it, the kernel does not"
		    : "we refuse it, the kernel does not";
}

/* What our verifier says of it: -errno, and the log. */
static int verify_as(const struct mine_who *who, const struct skep_btf *btf,
		     const struct skep_insn *code, u32 n, char *text, size_t size)
{
	const struct profile root = {.bpf = true,
				     .perfmon = true,
				     .net_admin = true,
				     .admin = true,
				     .vmlinux = btf};
	const struct verify_prog prog = {.type = who->type,
					 .attach_type = who->attach,
					 .flags = who->flags |
						  (who->sleepable ? SKEP_F_SLEEPABLE : 0),
					 .gpl = !who->not_gpl,
					 .code = code,
					 .n = n,
					 .attach_btf_id = who->btf_id};
	struct skep_log log = {.buf = text, .size = size};
	struct verify_result result;

	text[0] = 0;
	return verify(&prog, &root, 2, &log, &result);
}

/* ---- helpers ---- */

static void test_helpers_allowed(void **state)
{
	struct mine_who who = {0};
	u32 wrong = 0, yes = 0;

	need_kernel(__func__);
	while (mine_next(&types, &who)) {
		for (u32 i = 1; i <= 2 * LAST_HELPER; i++) {
			struct profile profile = {.bpf = true,
						  .perfmon = i <= LAST_HELPER,
						  .net_admin = true};
			u32 id = (i - 1) % LAST_HELPER + 1;
			bool theirs, ours;

			if (!profile.perfmon && rules_prog(who.type)->perfmon)
				continue;
			who.no_perfmon = !profile.perfmon;
			theirs = mine_helper(&who, id);
			ours = rules_helper_allowed(who.type, who.attach, NULL, id,
						    &profile);
			yes += theirs;
			if (ours == theirs)
				continue;
			print_error("%s, type %u, attach %u, perfmon %d: %s\n",
				    rules_helper(id)->name, who.type, who.attach,
				    profile.perfmon, words(ours));
			wrong++;
		}
	}
	print_message("%u may be called\n", yes);
	assert_true(yes > 3000);
	assert_int_equal(wrong, 0);
}

/* Helpers that hang on what the program is attached to by BTF id. */
static void test_helpers_of_hooks(void **state)
{
	static const struct {
		struct rule_hook hook;
		u32 member, many;
	} hooks[] = {
		{{"bpf_iter_task", ""}, 0, 98},
		{{"bpf_iter_tcp", ""}, 0, 100},
		{{"bpf_iter_unix", ""}, 0, 100},
		{{"tcp_congestion_ops", "ssthresh"}, 0, 80},
		{{"tcp_congestion_ops", "init"}, 16, 80},
		{{"tcp_congestion_ops", "release"}, 17, 78},
		{{"bpf_dummy_ops", "test_1"}, 0, 0},
	};
	static const struct profile root = {
		.bpf = true, .perfmon = true, .net_admin = true};

	need_kernel(__func__);
	for (u32 i = 0; i < ARRAY_SIZE(hooks); i++) {
		bool iter = !*hooks[i].hook.member;
		struct mine_who who = {
			.type = iter ? SKEP_PROG_TYPE_TRACING : SKEP_PROG_TYPE_STRUCT_OPS,
			.attach = iter ? SKEP_TRACE_ITER : hooks[i].member,
			.btf_id = kernel_type(hooks[i].hook.name,
					      iter ? SKEP_BTF_KIND_FUNC
						   : SKEP_BTF_KIND_STRUCT),
		};
		u32 many = 0;

		for (u32 id = 1; id <= LAST_HELPER; id++) {
			bool ours = rules_helper_allowed(who.type, who.attach,
							 &hooks[i].hook, id, &root);

			if (ours != mine_helper(&who, id))
				fail_msg("%s %s: %s: %s", hooks[i].hook.name,
					 hooks[i].hook.member, rules_helper(id)->name,
					 words(ours));
			many += ours;
		}
		assert_int_equal(many, hooks[i].many);
	}
}

/* Structs of functions that a program may not be one of. */
static void test_members(void **state)
{
	u32 congestion = kernel_type("tcp_congestion_ops", SKEP_BTF_KIND_STRUCT);
	u32 dummy = kernel_type("bpf_dummy_ops", SKEP_BTF_KIND_STRUCT);
	u32 other = kernel_type("task_struct", SKEP_BTF_KIND_STRUCT);
	const struct {
		u32 id, member;
		bool sleepable, not_gpl;
	} asked[] = {
		{congestion, 0, false, false},	{congestion, 0, true, false},
		{congestion, 0, false, true},	{congestion, 10, false, false},
		{congestion, 11, false, false}, {congestion, 12, true, false},
		{congestion, 77, false, false}, {congestion, 77, false, true},
		{dummy, 0, false, false},	{dummy, 0, true, false},
		{dummy, 2, true, false},	{other, 0, false, false},
		{1, 0, false, false},		{0, 0, false, false},
		{0xfffff, 0, false, false},	{0x100000, 0, false, false},
	};
	static const struct skep_insn code[] = {MINE_SET(0, 0), MINE_EXIT};
	struct skep_btf *btf;

	need_kernel(__func__);
	btf = kernel_btf();
	for (u32 i = 0; i < ARRAY_SIZE(asked); i++) {
		const struct mine_who who = {.type = SKEP_PROG_TYPE_STRUCT_OPS,
					     .attach = asked[i].member,
					     .btf_id = asked[i].id,
					     .sleepable = asked[i].sleepable,
					     .not_gpl = asked[i].not_gpl};
		static struct mine_answer theirs;
		static char text[sizeof(theirs.log)];

		mine_ask(&who, code, ARRAY_SIZE(code), &theirs);
		if (verify_as(&who, btf, code, ARRAY_SIZE(code), text, sizeof(text)) !=
			    theirs.err ||
		    strcmp(text, theirs.log))
			fail_msg("%u, id %u, member %u: %s, the kernel: %s", i,
				 asked[i].id, asked[i].member, text, theirs.log);
	}
	skep_btf_free(btf);
}

/* Where the kernel knows which function it is in; it loads no program of fentry here. */
static void test_func_ip(void **state)
{
	static const struct skep_insn code[] = {MINE_CALL(SKEP_FUNC_get_func_ip),
						MINE_SET(0, 0), MINE_EXIT};
	struct mine_who who = {
		.type = SKEP_PROG_TYPE_TRACING,
		.attach = SKEP_TRACE_FENTRY,
		.btf_id = kernel_type("bpf_fentry_test1", SKEP_BTF_KIND_FUNC)};
	static struct mine_answer theirs;
	static char text[sizeof(theirs.log)];
	struct skep_btf *btf;

	need_kernel(__func__);
	btf = kernel_btf();
	assert_int_equal(verify_as(&who, btf, code, ARRAY_SIZE(code), text, sizeof(text)),
			 0);
	for (u32 i = 0; i < types.ntyped; i++) {
		mine_ask(&types.typed[i], code, ARRAY_SIZE(code), &theirs);
		assert_int_equal(verify_as(&types.typed[i], btf, code, ARRAY_SIZE(code),
					   text, sizeof(text)),
				 theirs.err);
		assert_string_equal(text, theirs.log);
	}
	skep_btf_free(btf);
}

/* What flags a program may be loaded with. */
static void test_flags(void **state)
{
	static const struct skep_insn code[] = {MINE_SET(0, 0), MINE_EXIT};
	static const u32 progs[] = {SKEP_PROG_TYPE_SOCKET_FILTER, SKEP_PROG_TYPE_XDP,
				    SKEP_PROG_TYPE_KPROBE, SKEP_PROG_TYPE_SYSCALL};

	need_kernel(__func__);
	for (u32 i = 0; i < ARRAY_SIZE(progs) * 33; i++) {
		u32 bit = i % 33, flags = bit < 32 ? 1u << bit : 0;
		struct mine_who who = {.type = progs[i / 33], .flags = flags};
		static struct mine_answer theirs;
		static char text[sizeof(theirs.log)];

		who.sleepable = who.type == SKEP_PROG_TYPE_SYSCALL;
		mine_ask(&who, code, ARRAY_SIZE(code), &theirs);
		if (verify_as(&who, NULL, code, ARRAY_SIZE(code), text, sizeof(text)) !=
			    theirs.err ||
		    (theirs.err && strcmp(text, theirs.log)))
			fail_msg("type %u, flags %#x: %s, the kernel: %s", who.type,
				 flags, text, theirs.log);
	}
}

/* ---- contexts, and objects that are read like one ---- */

static void name_of(const struct rule_field *f, char out[MINE_NAME])
{
	static const char *const names[reg_types] = {
		[reg_scalar] = "scalar",
		[reg_packet] = "pkt",
		[reg_packet_end] = "pkt_end",
		[reg_packet_meta] = "pkt_meta",
		[reg_flow_keys] = "flow_keys",
		[reg_socket] = "sock",
		[reg_sock_common] = "sock_common",
		[reg_tp_buffer] = "tp_buffer",
		[reg_btf] = "ptr_",
	};

	memset(out, 0, MINE_NAME);
	if (f)
		snprintf(out, MINE_NAME, "%s%s%s%s",
			 f->flags & flag_trusted ? "trusted_" : "", names[f->type],
			 f->btf ? f->btf : "", f->flags & flag_null ? "_or_null" : "");
}

static u32 compare(const struct rule_ctx *rule, struct mine_ctx *theirs, const char *what,
		   u32 *allowed)
{
	static const struct profile all = {.bpf = true, .perfmon = true};
	u32 wrong = 0;

	for (u32 i = 0; i < MINE_CTX * 8; i++) {
		u32 off = i / 8, log2 = i & 3;
		bool write = i & 4;
		const char *gives = (write ? theirs->write : theirs->read)[log2][off];
		const struct rule_field *f =
			rules_ctx_field(rule, (s32)off, 1u << log2, write, &all);
		char ours[MINE_NAME];

		name_of(f, ours);
		*allowed += !!f;
		if (!strcmp(ours, write && gives[0] ? ours : gives) && !f == !gives[0])
			continue;
		print_error("%s, %s of %u at %u: \"%s\", the kernel \"%s\"\n", what,
			    write ? "store" : "load", 1u << log2, off, ours, gives);
		wrong++;
	}
	return wrong;
}

/* Beyond what mine_ctx() looks at, and before the start: Linux lets tracepoint programs
 * read there, since it compares a negative offset with a size_t; we do not. */
static u32 compare_far(const struct mine_who *who, const struct rule_ctx *rule)
{
	static const s32 offs[] = {-64,	 -8,   -4,   -1,   272,	 512,	1000,  8183,
				   8184, 8188, 8191, 8192, 8200, 16384, 32760, 32767};
	static const struct profile all = {.bpf = true, .perfmon = true};
	u32 wrong = 0;

	for (u32 i = 0; i < ARRAY_SIZE(offs) * 8; i++) {
		s32 off = offs[i / 8];
		u32 size = 1u << (i & 3);
		bool ours = rules_ctx_field(rule, off, size, i & 4, &all);

		if (ours == mine_ctx_at(who, off, size, i & 4) ||
		    (off < 0 && who->type == SKEP_PROG_TYPE_TRACEPOINT && !ours))
			continue;
		print_error("type %u, %s of %u at %d: %s\n", who->type,
			    i & 4 ? "store" : "load", size, off, words(ours));
		wrong++;
	}
	return wrong;
}

static void test_contexts(void **state)
{
	static struct mine_ctx theirs;
	struct mine_who who = {0};
	u32 wrong = 0, allowed = 0;
	char what[64];

	need_kernel(__func__);
	while (mine_next(&types, &who)) {
		const struct rule_ctx *rule = rules_ctx(who.type, who.attach);

		assert_non_null(rule);
		if (rule->btf)
			continue;
		mine_ctx(&who, &theirs);
		snprintf(what, sizeof(what), "type %u, attach %u", who.type, who.attach);
		wrong += compare(rule, &theirs, what, &allowed);
		wrong += compare_far(&who, rule);
	}
	print_message("%u accesses are allowed\n", allowed);
	assert_true(allowed > 5000);
	assert_int_equal(wrong, 0);
}

static void test_objects(void **state)
{
	static const enum reg_type of[MINE_OBJECTS] = {
		[MINE_SOCK_COMMON] = reg_sock_common,
		[MINE_SOCK] = reg_socket,
		[MINE_TCP_SOCK] = reg_tcp_sock,
		[MINE_XDP_SOCK] = reg_xdp_sock,
	};
	static struct mine_ctx theirs;
	u32 wrong = 0, allowed = 0;

	need_kernel(__func__);
	for (u32 i = 0; i < MINE_OBJECTS; i++) {
		mine_object((enum mine_object)i, &theirs);
		wrong += compare(rules_object(of[i]), &theirs, "object", &allowed);
	}
	assert_true(allowed > 100);
	assert_int_equal(wrong, 0);
}

/* ---- program types ---- */

static void test_attach_types(void **state)
{
	need_kernel(__func__);
	for (u32 type = 1; type < MINE_TYPES; type++) {
		const struct rule_prog *rule = rules_prog(type);

		/* LIRC_MODE2: not in this kernel; the others need more to be loaded. */
		if (rule->btf || type == SKEP_PROG_TYPE_LIRC_MODE2)
			continue;
		for (u32 attach = 0; attach < MINE_ATTACHES; attach++) {
			if (!rules_attach(type, attach) ==
			    !!(types.attach[type] >> attach & 1))
				continue;
			fail_msg("type %u, attach type %u", type, attach);
		}
		assert_int_equal(rule->sleepable_only, types.sleepable_only[type]);
	}
}

static void check_prog(const struct mine_who *who, const struct mine_prog *p)
{
	const struct rule_prog *rule = rules_prog(who->type);
	s32 min = 0, max = 0;
	bool range = rules_return_range(who->type, who->attach, &min, &max);

	if (rule->ld_abs != p->ld_abs ||
	    (!rule->btf && rule->sleepable != p->sleepable) ||
	    rule->net_admin != p->need_net_admin || rule->perfmon != p->need_perfmon)
		fail_msg("type %u: rights", who->type);
	if (range != p->range || min != p->min || max != p->max)
		fail_msg("type %u, attach %u: returns %d..%d, the kernel has %d..%d",
			 who->type, who->attach, min, max, p->min, p->max);
	if (p->packets && (rule->packet_write != p->packet_write ||
			   rule->packet_read != p->packet_read))
		fail_msg("type %u: packets: store %d, pass %d", who->type,
			 p->packet_write, p->packet_read);
}

static void test_programs(void **state)
{
	struct mine_who who = {0};
	struct mine_prog p;
	u32 packets = 0;

	need_kernel(__func__);
	while (mine_next(&types, &who)) {
		mine_prog(&who, &p);
		check_prog(&who, &p);
		packets += p.packets;
	}
	assert_true(packets > 10);
}

/* ---- maps ---- */

static void test_map_helpers(void **state)
{
	static struct mine_answer a;
	u32 wrong = 0, yes = 0;

	need_kernel(__func__);
	for (u32 i = 0; i < MINE_MAPS * (LAST_HELPER + 1); i++) {
		u32 map = i / (LAST_HELPER + 1), id = i % (LAST_HELPER + 1);
		bool ours = rules_map_helper(map, id, SKEP_PROG_TYPE_SCHED_CLS, 0);
		enum mine_verdict v = mine_map_helper(map, id, 0, &a);

		yes += v == mine_yes;
		if (v == mine_cannot_ask || ours == (v == mine_yes) ||
		    (!ours && v == mine_unclear))
			continue;
		print_error("map type %u, helper %u: %s: %s\n", map, id, words(ours),
			    a.log);
		wrong++;
	}
	print_message("%u pairs fit\n", yes);
	assert_true(yes > 70);
	assert_int_equal(wrong, 0);
}

/* Who may change a socket map. */
static void test_map_sockets(void **state)
{
	static const u32 ids[] = {SKEP_FUNC_map_update_elem, SKEP_FUNC_map_delete_elem};
	static const u32 progs[] = {
		SKEP_PROG_TYPE_SOCKET_FILTER, SKEP_PROG_TYPE_SCHED_CLS,
		SKEP_PROG_TYPE_SCHED_ACT,     SKEP_PROG_TYPE_XDP,
		SKEP_PROG_TYPE_SK_REUSEPORT,  SKEP_PROG_TYPE_FLOW_DISSECTOR,
		SKEP_PROG_TYPE_SK_LOOKUP,     SKEP_PROG_TYPE_SOCK_OPS,
		SKEP_PROG_TYPE_SK_SKB,	      SKEP_PROG_TYPE_SK_MSG,
		SKEP_PROG_TYPE_CGROUP_SKB,    SKEP_PROG_TYPE_KPROBE,
		SKEP_PROG_TYPE_LWT_IN,	      SKEP_PROG_TYPE_TRACEPOINT,
	};
	static struct mine_answer a;

	need_kernel(__func__);
	for (u32 i = 0; i < ARRAY_SIZE(progs) * 2; i++) {
		u32 prog = progs[i / 2], id = ids[i & 1];
		bool ours = rules_map_helper(SKEP_MAP_TYPE_SOCKMAP, id, prog, 0);
		enum mine_verdict v =
			mine_map_helper(SKEP_MAP_TYPE_SOCKMAP, id, prog, &a);

		/* Without a socket in the context there is no value to be put in. */
		if (ours ? v == mine_no : v == mine_yes)
			fail_msg("program type %u, helper %u: %s", prog, id, a.log);
	}
}

static void test_maps(void **state)
{
	u32 asked = 0;

	need_kernel(__func__);
	for (u32 map = 1; map < MINE_MAPS; map++) {
		static const char *const names[reg_types] = {[reg_value] = "map_value",
							     [reg_map] = "map_ptr",
							     [reg_socket] = "sock",
							     [reg_xdp_sock] = "xdp_sock"};
		enum mine_verdict direct = mine_map_direct(map);
		enum mine_verdict sleepable = mine_map_sleepable(map);
		char gives[MINE_NAME];

		if (direct == mine_cannot_ask)
			continue;
		assert_int_equal(rules_map_direct(map), direct);
		assert_int_equal(rules_map_sleepable(map), sleepable);
		if (mine_map_lookup(map, gives))
			assert_string_equal(names[rules_map_lookup(map)], gives);
		asked++;
	}
	assert_true(asked >= 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_helpers_allowed),
		cmocka_unit_test(test_helpers_of_hooks),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_func_ip),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_contexts),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_attach_types),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_map_helpers),
		cmocka_unit_test(test_map_sockets),
		cmocka_unit_test(test_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
