/* The running kernel judges helper_proto.def: a call whose arguments fit the row passes,
 * one with an argument that does not is refused for that argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "rules_kernel.h"

enum { STACK = 64, PLACE = -STACK - 16, UNWRITTEN = -STACK - 128 };

static const struct profile profile = {.bpf = true, .perfmon = true, .net_admin = true};
static int zeros; /* a frozen read-only array */
static struct mine_answer answer;

struct code {
	struct skep_insn insns[128];
	u32 n;
};

/* What is wrong with one argument. */
enum wrong {
	wrong_none,
	wrong_type,
	wrong_null,
	wrong_unwritten,
	wrong_rdonly,
	wrong_packet,
	wrong_short,
	wrong_odd
};

static void need_zeros(const char *name)
{
	union skep_attr attr;

	need_kernel(name);
	memset(&attr, 0, sizeof(attr));
	attr.map_type = SKEP_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = STACK;
	attr.max_entries = 1;
	attr.map_flags = SKEP_F_RDONLY_PROG;
	zeros = (int)syscall(SYS_bpf, SKEP_MAP_CREATE, &attr, sizeof(attr));
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)zeros;
	assert_return_code(syscall(SYS_bpf, SKEP_MAP_FREEZE, &attr, sizeof(attr)), errno);
}

/* ---- a call that fits ---- */

static void add(struct code *c, struct skep_insn in)
{
	c->insns[c->n++] = in;
}

static void add_stack(struct code *c, u8 reg, s32 off)
{
	add(c, MINE_MOVE(reg, 10));
	add(c, MINE_ADD(reg, off));
}

static void add_lddw(struct code *c, u8 reg, u8 kind, s32 imm)
{
	add(c, (struct skep_insn){
		       .code = 0x18, .dst_reg = reg, .src_reg = kind, .imm = imm});
	add(c, (struct skep_insn){.code = 0});
}

/* The program ends here if `reg` is NULL. */
static void add_null_check(struct code *c, u8 reg)
{
	add(c, MINE_IF_NOT_0(reg, 2));
	add(c, MINE_SET(0, 1));
	add(c, MINE_EXIT);
}

static const struct rule_field *field_of(const struct mine_who *who, enum reg_type a,
					 enum reg_type b)
{
	const struct rule_ctx *rule = rules_ctx(who->type, who->attach);

	for (u32 i = 0; i < rule->nfields; i++) {
		if (rule->fields[i].type == a || rule->fields[i].type == b)
			return &rule->fields[i];
	}
	return NULL;
}

static bool is_socket(u32 take)
{
	take &= take_kind;
	return take == take_sock_common || take == take_socket ||
	       take == take_btf_sock_common;
}

/* r7: what the helper's take_btf_id points to; false: it cannot be had so simply. */
static bool add_typed(struct code *c, const struct mine_who *who,
		      const struct helper_proto *p)
{
	if (!strcmp(p->arg_btf, "task_struct")) {
		add(c, MINE_CALL(SKEP_FUNC_get_current_task_btf));
		add(c, MINE_MOVE(7, 0));
		return true;
	}
	if (strcmp(p->arg_btf, "seq_file") != 0 || who->attach != SKEP_TRACE_ITER)
		return false;
	add(c, MINE_LOAD(8, 7, 6, 0)); /* ctx->meta */
	add(c, MINE_LOAD(8, 7, 7, 0)); /* meta->seq */
	return true;
}

/* NULL, where it is simpler than an object. */
static bool is_null(const struct helper_proto *p, u32 take)
{
	return take & take_or_null &&
	       (is_socket(take) || ((take & take_kind) == take_btf_id &&
				    (!p->arg_btf || strcmp(p->arg_btf, "task_struct"))));
}

/* r8: a socket of the context; false: it has none. */
static bool add_socket(struct code *c, const struct mine_who *who, u32 take)
{
	const struct rule_field *f = field_of(who, reg_socket, reg_sock_common);

	if (!f)
		return false;
	add(c, MINE_LOAD(8, 8, 6, (s16)f->off));
	if (f->flags & flag_null)
		add_null_check(c, 8);
	if ((take & take_kind) != take_socket || f->type == reg_socket)
		return true;
	if (!rules_helper_allowed(who->type, who->attach, NULL, SKEP_FUNC_sk_fullsock,
				  &profile))
		return false;
	add(c, MINE_MOVE(1, 8));
	add(c, MINE_CALL(SKEP_FUNC_sk_fullsock));
	add_null_check(c, 0);
	add(c, MINE_MOVE(8, 0));
	return true;
}

/* r9: 64 bytes of the packet; false: the context has none. */
static bool add_packet(struct code *c, const struct mine_who *who)
{
	const struct rule_field *data = field_of(who, reg_packet, reg_packet);
	const struct rule_field *end = field_of(who, reg_packet_end, reg_packet_end);

	if (!data || !end)
		return false;
	add(c, MINE_LOAD(data->len, 9, 6, (s16)data->off));
	add(c, MINE_LOAD(end->len, 0, 6, (s16)end->off));
	add(c, MINE_MOVE(4, 9));
	add(c, MINE_ADD(4, STACK));
	add(c, (struct skep_insn){.code = 0xbd, .dst_reg = 4, .off = 2}); /* r4 <= r0 */
	add(c, MINE_SET(0, 1));
	add(c, MINE_EXIT);
	return true;
}

/* r6: the context, r7: a task, r8: a socket, 64 bytes of zeros on the stack. false: what
 * the helper takes cannot be had so simply. */
static bool add_prologue(struct code *c, const struct mine_who *who,
			 const struct helper_proto *p)
{
	add(c, MINE_MOVE(6, 1));
	for (s32 off = -STACK; off < 0; off += 8)
		add(c, (struct skep_insn){.code = 0x7a, .dst_reg = 10, .off = (s16)off});
	for (u32 i = 0; i < 5; i++) {
		u32 take = p->arg[i];

		if (is_null(p, take))
			continue;
		if ((take & take_kind) == take_btf_id && !add_typed(c, who, p))
			return false;
		if (is_socket(take) && (take & take_release || !add_socket(c, who, take)))
			return false;
	}
	return true;
}

/* A map type that the helper takes; SKEP_MAP_TYPE_UNSPEC: there is none for this program.
 */
static u32 map_type_for(const struct mine_who *who, u32 id)
{
	for (u32 type = 1; type < MINE_MAPS; type++) {
		if (rules_map_helper(type, id, who->type, who->attach) &&
		    (!who->sleepable || rules_map_sleepable(type)))
			return type;
	}
	return SKEP_MAP_TYPE_UNSPEC;
}

/* The map's fd goes to *map, to be closed; false: no simple argument fits. */
static bool add_arg(struct code *c, const struct mine_who *who,
		    const struct helper_proto *p, u32 i, int *map)
{
	u32 take = p->arg[i];
	u8 reg = (u8)(i + 1);

	if (is_null(p, take)) {
		add(c, MINE_SET(reg, 0));
		return true;
	}
	switch (take & take_kind) {
	case take_any:
	case take_stack: add(c, MINE_SET(reg, 0)); return true;
	case take_ctx: add(c, MINE_MOVE(reg, 6)); return true;
	case take_key:
	case take_value:
	case take_mem: add_stack(c, reg, -STACK); return true;
	case take_size:
	case take_size0:
	case take_alloc_size: add(c, MINE_SET(reg, 8)); return true;
	case take_sock_common:
	case take_socket:
	case take_btf_sock_common: add(c, MINE_MOVE(reg, 8)); return true;
	case take_func: add_lddw(c, reg, SKEP_PSEUDO_FUNC, 0); return true;
	case take_const_str: add_lddw(c, reg, SKEP_PSEUDO_MAP_VALUE, zeros); return true;
	case take_btf_id: add(c, MINE_MOVE(reg, 7)); return true;
	case take_dynptr: add_stack(c, reg, PLACE); return take & take_uninit;
	case take_map:
		*map = mine_map(map_type_for(who, p->id));
		add_lddw(c, reg, SKEP_PSEUDO_MAP_FD, *map);
		return *map >= 0;
	default: return false;
	}
}

static void add_callback(struct code *c, struct mine_who *who)
{
	for (u32 i = 0; i < c->n; i++) {
		if (c->insns[i].code == 0x18 && c->insns[i].src_reg == SKEP_PSEUDO_FUNC) {
			c->insns[i].imm = (s32)(c->n - i - 1);
			who->callback = c->n;
		}
	}
	if (who->callback) {
		add(c, MINE_SET(0, 0));
		add(c, MINE_EXIT);
	}
}

static void add_wrong(struct code *c, const struct helper_proto *p, u32 i,
		      enum wrong wrong)
{
	u8 reg = (u8)(i + 1);

	switch (wrong) {
	case wrong_none: break;
	case wrong_type: add(c, MINE_SET(reg, 0x1234)); break;
	case wrong_null:
		add(c, MINE_SET(reg, 0));
		if (i < 4 && (p->arg[i + 1] & take_kind) == take_size0)
			add(c, MINE_SET((u8)(reg + 1), 0));
		break;
	case wrong_unwritten: add_stack(c, reg, UNWRITTEN); break;
	case wrong_rdonly: add_lddw(c, reg, SKEP_PSEUDO_MAP_VALUE, zeros); break;
	case wrong_packet: add(c, MINE_MOVE(reg, 9)); break;
	case wrong_short: add(c, MINE_MOVE(reg, 10)); break;
	case wrong_odd: add_stack(c, reg, -STACK + 1); break;
	}
}

/* The answer to a call with one wrong argument; false: it cannot be composed. */
static bool ask(const struct mine_who *who, const struct helper_proto *p, u32 i,
		enum wrong wrong, const struct skep_insn *after)
{
	struct mine_who asks = *who;
	struct code c = {.n = 0};
	int map = -1;
	bool fits = add_prologue(&c, who, p);

	if (fits && (wrong == wrong_packet || after))
		fits = add_packet(&c, who);
	for (u32 k = 0; k < 5 && fits && p->arg[k]; k++)
		fits = add_arg(&c, who, p, k, &map);
	add_wrong(&c, p, i, wrong);
	add(&c, MINE_CALL(p->id));
	if (after)
		add(&c, *after);
	add(&c, MINE_SET(0, 1));
	add(&c, MINE_EXIT);
	add_callback(&c, &asks);
	asks.no_perfmon = wrong == wrong_unwritten;
	if (fits)
		mine_ask(&asks, c.insns, c.n, &answer);
	if (map >= 0)
		close(map);
	return fits;
}

/* What is acquired is not released: that comes after the call. */
static bool leaks(void)
{
	return mine_says(&answer, "reference leak");
}

static bool passes(void)
{
	return !answer.err || leaks();
}

/* ---- each helper of each program type ---- */

/* Helpers with a rule of their own beside the row, which the plain call does not meet. */
static bool has_more_rules(const struct mine_who *who, const struct helper_proto *p)
{
	switch (p->id) {
	case SKEP_FUNC_dynptr_from_mem: return true; /* not over the stack */
	case SKEP_FUNC_get_func_ip: return who->type != SKEP_PROG_TYPE_KPROBE;
	default:
		return p->flags & helper_guarded ||
		       (p->flags & helper_sleeps && !who->sleepable) ||
		       ((p->arg[0] == take_map || p->arg[1] == take_map) &&
			!map_type_for(who, p->id));
	}
}

typedef void check_fn(const struct mine_who *who, const struct helper_proto *p);

static u32 asked, wrongs;
static bool composed[LAST_HELPER + 1]; /* helpers that some question was about */

static void each_helper(check_fn *check)
{
	struct mine_who who = {0};

	asked = wrongs = 0;
	while (mine_next(&types, &who)) {
		for (u32 id = 1; id <= LAST_HELPER; id++) {
			if (rules_helper_allowed(who.type, who.attach, NULL, id,
						 &profile))
				check(&who, rules_helper_for(who.type, who.attach, id));
		}
	}
	close(zeros);
	print_message("%u questions\n", asked);
	assert_int_equal(wrongs, 0);
}

static void expect(bool ours, bool theirs, const struct mine_who *who,
		   const struct helper_proto *p, u32 i, const char *what)
{
	asked++;
	if (ours == theirs)
		return;
	wrongs++;
	print_error("%s, type %u, attach %u: argument %u, %s: we say %d, the kernel %d: "
		    "%.300s\n",
		    p->name, who->type, who->attach, i + 1, what, ours, theirs,
		    strlen(answer.log) > 300 ? answer.log + strlen(answer.log) - 300
					     : answer.log);
}

static const char *log_behind_call(const struct helper_proto *p)
{
	const char *at = strstr(answer.log, "\n0: R1=ctx");
	char text[64];

	snprintf(text, sizeof(text), "call bpf_%s#%u", p->name, p->id);
	at = at ? strstr(at, text) : NULL;
	return at ? at : "";
}

static void check_result(const struct mine_who *who, const struct helper_proto *p)
{
	static const char *const names[give_kind + 1] = {
		[give_void] = "",
		[give_int] = "scalar",
		[give_value] = "map_value",
		[give_socket] = "sock",
		[give_tcp_sock] = "tcp_sock",
		[give_sock_common] = "sock_common",
		[give_mem] = "mem",
		[give_btf_id] = "ptr_",
	};
	/* its reference is the dynptr's, not the result's */
	bool new_record = p->id == SKEP_FUNC_ringbuf_reserve_dynptr;
	char want[80];

	snprintf(want, sizeof(want), " R0=%s%s%s%s%s(",
		 p->ret & give_trusted	 ? "trusted_"
		 : p->ret & give_ringbuf ? "ringbuf_"
					 : "",
		 names[p->ret & give_kind],
		 p->ret_btf && p->ret & give_or_null ? "or_null_" : "",
		 p->ret_btf ? p->ret_btf : "",
		 !p->ret_btf && p->ret & give_or_null ? "_or_null" : "");
	expect(true, !(p->ret & give_kind) || strstr(log_behind_call(p), want), who, p, 5,
	       want);
	expect(p->flags & helper_acquires || new_record, leaks(), who, p, 5, "acquires");
}

static void check_fit(const struct mine_who *who, const struct helper_proto *p)
{
	if (has_more_rules(who, p) || !ask(who, p, 0, wrong_none, NULL))
		return;
	composed[p->id] = true;
	expect(true, passes(), who, p, 0, "all fit");
	check_result(who, p);
}

static void test_what_fits(void **state)
{
	u32 not_composed = 0;

	need_zeros(__func__);
	each_helper(check_fit);
	for (u32 id = 1; id <= LAST_HELPER; id++) {
		if (!composed[id]) {
			print_message("%s ", rules_helper(id)->name);
			not_composed++;
		}
	}
	print_message("are not asked about: no simple call, or no such program here\n");
	assert_int_equal(not_composed, 36);
}

static void check_wrong_type(const struct mine_who *who, const struct helper_proto *p,
			     u32 i)
{
	u32 kind = p->arg[i] & take_kind;
	char text[40];

	if (kind == take_size || kind == take_size0 || kind == take_alloc_size)
		return;
	snprintf(text, sizeof(text), "R%u type=scalar expected=", i + 1);
	ask(who, p, i, wrong_type, NULL);
	if (kind != take_any)
		expect(true, mine_says(&answer, text), who, p, i, "a number is refused");
	else if (p->id != SKEP_FUNC_get_local_storage) /* wants 0 */
		expect(true, passes(), who, p, i, "a number");
}

static void check_null(const struct mine_who *who, const struct helper_proto *p, u32 i)
{
	u32 take = p->arg[i], kind = take & take_kind;

	if (kind == take_any || kind == take_alloc_size)
		return;
	ask(who, p, i, wrong_null, NULL);
	expect(take & take_or_null || kind == take_size0, passes(), who, p, i, "0");
}

static void check_memory(const struct mine_who *who, const struct helper_proto *p, u32 i)
{
	static const struct profile less = {.bpf = true, .net_admin = true};
	const struct rule_prog *prog = rules_prog(who->type);
	u32 take = p->arg[i];

	if (!prog->perfmon &&
	    rules_helper_allowed(who->type, who->attach, NULL, p->id, &less)) {
		ask(who, p, i, wrong_unwritten, NULL);
		expect(take & take_uninit, passes(), who, p, i, "unwritten stack");
	}
	ask(who, p, i, wrong_rdonly, NULL);
	expect(!(take & take_write), passes(), who, p, i, "read-only memory");
	if (!(take & take_aligned) && ask(who, p, i, wrong_packet, NULL))
		expect(who->type == SKEP_PROG_TYPE_CGROUP_SOCKOPT ||
			       (prog->packet_read && p->flags & helper_pkt),
		       passes(), who, p, i, "packet memory");
	if (!(take & take_fixed))
		return;
	ask(who, p, i, wrong_short, NULL);
	expect(false, passes(), who, p, i, "too short");
	ask(who, p, i, wrong_odd, NULL);
	expect(!(take & take_aligned), passes(), who, p, i, "not aligned");
}

static void check_args(const struct mine_who *who, const struct helper_proto *p)
{
	if (has_more_rules(who, p) || !ask(who, p, 0, wrong_none, NULL))
		return;
	for (u32 i = 0; i < 5 && p->arg[i]; i++) {
		u32 kind = p->arg[i] & take_kind;

		check_wrong_type(who, p, i);
		check_null(who, p, i);
		if (kind == take_key || kind == take_value || kind == take_mem)
			check_memory(who, p, i);
	}
}

static void test_what_does_not_fit(void **state)
{
	need_zeros(__func__);
	each_helper(check_args);
	assert_true(asked > 15000);
}

/* ---- flags ---- */

static void check_flags(const struct mine_who *who, const struct helper_proto *p)
{
	struct skep_insn load = MINE_LOAD(1, 1, 9, 0);
	struct skep_insn call[] = {MINE_CALL(p->id), MINE_SET(0, 1), MINE_EXIT};
	struct mine_who asks = *who;

	mine_ask(who, call, ARRAY_SIZE(call), &answer);
	if (!who->sleepable)
		expect(p->flags & helper_sleeps, mine_says(&answer, "might sleep"), who,
		       p, 0, "sleeps");
	expect(p->flags & helper_guarded,
	       mine_says(&answer, "helper call is not allowed in probe"), who, p, 0,
	       "guarded");
	asks.not_gpl = true;
	mine_ask(&asks, call, ARRAY_SIZE(call), &answer);
	expect(p->flags & helper_gpl, mine_says(&answer, "GPL-restricted"), who, p, 0,
	       "for GPL programs");
	/* tail_call moves what its own function sees only by another program's end */
	if (p->id != SKEP_FUNC_tail_call && !has_more_rules(who, p) &&
	    ask(who, p, 0, wrong_none, &load))
		expect(p->flags & helper_moves,
		       mine_says(&answer, "R9 invalid mem access"), who, p, 0,
		       "moves the packet");
}

static void test_flags(void **state)
{
	need_zeros(__func__);
	each_helper(check_flags);
	assert_true(asked > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_fits),
		cmocka_unit_test(test_what_does_not_fit),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
