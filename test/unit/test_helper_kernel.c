/* The running kernel judges the helpers: which programs may call them, and what they
 * answer. Scripts of random calls run through BPF_PROG_TEST_RUN and through
 * helper_call(); results, memory and packet must be equal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include "skip.h"
#include "helper_bench.h"
#include "rules.h"

static void need_kernel(const char *name)
{
	struct utsname u;

	if (no_bpf())
		test_skip(name, "%s", no_bpf());
	uname(&u);
	if (strverscmp(u.release, "6.18") < 0)
		test_skip(name, "the helpers answer as Linux 6.18, and this is %s",
			  u.release);
}

static int kernel_bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

/* The first attach type that programs of the type are loaded for. */
static u32 usual(u32 type)
{
	u32 attach = 0;

	while (attach < 63 && rules_attach(type, attach))
		attach++;
	return attach;
}

static int load(u32 type, const struct skep_insn *insns, u32 n, const char *license,
		bool sleepable, char *log, u32 size)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.expected_attach_type = usual(type);
	attr.insns = P(insns);
	attr.insn_cnt = n;
	attr.license = P(license);
	attr.prog_flags = sleepable ? SKEP_F_SLEEPABLE : 0;
	attr.log_level = log != NULL;
	attr.log_buf = P(log);
	attr.log_size = size;
	return kernel_bpf(SKEP_PROG_LOAD, &attr);
}

/* ---- who may call ---- */

/* Whether the kernel refuses a call for the reason that the words in its log tell. */
static bool refuses(u32 type, u32 id, const char *license, bool sleepable,
		    const char *words)
{
	const struct skep_insn insns[] = {{0x85, 0, 0, 0, (s32)id}, {0x95, 0, 0, 0, 0}};
	char log[4096] = "";
	int fd = load(type, insns, 2, license, sleepable, log, sizeof(log));

	if (fd >= 0)
		close(fd);
	return fd < 0 && strstr(log, words);
}

/* Programs of perf events have a bpf_get_stackid() of their own, for any license. */
static bool wants_gpl(u32 type, u32 id)
{
	return helper_of(id)->gpl_only &&
	       !(type == SKEP_PROG_TYPE_PERF_EVENT && id == SKEP_FUNC_get_stackid);
}

static u32 check_type(u32 type, u32 id)
{
	const struct helper *h = helper_of(id);
	bool ours = rules_helper_known(type, usual(type), id);
	bool theirs = !refuses(type, id, "GPL", rules_prog(type)->sleepable_only,
			       "cannot use helper") &&
		      !refuses(type, id, "GPL", rules_prog(type)->sleepable_only,
			       "unknown func");

	if (ours != theirs) {
		print_error("%s in %s: the kernel says %s\n", h->name,
			    prog_type(type)->name, theirs ? "yes" : "no");
		return 1;
	}
	if (ours &&
	    wants_gpl(type, id) !=
		    refuses(type, id, "BSD", rules_prog(type)->sleepable_only, "GPL")) {
		print_error("%s: GPL or not\n", h->name);
		return 1;
	}
	if (ours && !rules_prog(type)->sleepable_only &&
	    h->may_sleep != refuses(type, id, "GPL", false, "sleep")) {
		print_error("%s: may sleep or not\n", h->name);
		return 1;
	}
	return 0;
}

static void the_same_programs_may_call(void **state)
{
	u32 wrong = 0, n = 0;

	need_kernel(__func__);
	for (u32 id = 0; id < 300; id++) {
		for (u32 type = 0; helper_of(id) && type < 64; type++) {
			if (!prog_type(type) || rules_prog(type)->btf)
				continue;
			wrong += check_type(type, id);
			n++;
		}
	}
	print_message("%u pairs of helper and program type\n", n);
	assert_int_equal(wrong, 0);
}

/* ---- what they answer ---- */

enum {
	STEPS = 4,
	FIELDS = 9, /* results, and fields of the context behind them */
	MEM = 1024,
	VALUE = MEM + 8 * (STEPS + FIELDS),
	OUT = 70000,
	ROOM = 1 << 16,
};
enum kind { CONST, CTX, MEMORY };

struct script {
	u32 type, n, data_len;
	struct {
		u32 id;
		u8 kind[5];
		u64 v[5];
	} step[STEPS];
	u8 mem[MEM];
};

#define FIELD(name) \
	{ \
		offsetof(struct skep_sk_buff, name), \
			sizeof(((struct skep_sk_buff *)0)->name) \
	}

/* What sched_cls programs see of what helpers change. */
static const struct {
	u16 off, size;
} fields[FIELDS] = {
	FIELD(len),	     FIELD(protocol), FIELD(pkt_type),
	FIELD(vlan_present), FIELD(vlan_tci), FIELD(vlan_proto),
	FIELD(hash),	     FIELD(tstamp),   FIELD(tstamp_type),
};

static u64 seed;

static u32 rnd(u32 n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)(seed >> 20) % n;
}

static u64 number(void)
{
	static const s64 numbers[] = {
		1,	2,	 3,	    4,	       6,	  8,	    10,	   12,
		13,	14,	 15,	    16,	       20,	  24,	    26,	   34,
		50,	59,	 60,	    61,	       73,	  74,	    75,	   90,
		-1,	-4,	 -8,	    -12,       -14,	  -60,	    -200,  -216,
		217,	32,	 64,	    80,	       96,	  100,	    216,   255,
		0xffff, 0x10000, 3446,	    3447,      65000,	  65550,    65551, 0x88a8,
		0x81,	0xa888,	 1ll << 32, 1ll << 60, INT32_MAX, INT32_MIN};

	switch (rnd(8)) {
	case 0: return rnd(512) | (rnd(4) ? 0 : (u64)rnd(32) << 56); /* flags */
	case 1: return rnd(2) ? 0xdd86 : 8;
	case 2: return rnd(100000);
	default: return (u64)numbers[rnd(ARRAY_SIZE(numbers))];
	}
}

/* Addresses to be probed: the map's, and strings that end at a page that is not there. */
static u8 *user;

static void add_address(struct script *s, u32 at, u32 i)
{
	static const u64 nowhere[] = {0, 8, 4095, 1ull << 60, (u64)-4, (u64)-216};

	s->step[at].kind[i] = rnd(2) ? MEMORY : CONST;
	if (s->step[at].kind[i] == MEMORY)
		s->step[at].v[i] = MEM / 2 + rnd(MEM / 2 - 128); /* not where it goes */
	else if (rnd(20))
		s->step[at].v[i] = P(user) + 4096 - rnd(120);
	else
		s->step[at].v[i] = nowhere[rnd(ARRAY_SIZE(nowhere))];
}

/* Random arguments that the verifier takes. */
static void add_step(struct script *s, u32 id)
{
	const struct helper *h = helper_of(id);
	u32 at = s->n++;

	s->step[at].id = id;
	for (u32 i = 0; i < 5 && h->arg[i]; i++) {
		u64 *v = &s->step[at].v[i];
		u8 *kind = &s->step[at].kind[i];
		u32 a = h->arg[i];

		if (a == arg_any && i == 2 && !strncmp(h->name, "probe_read", 10)) {
			add_address(s, at, i);
		} else if (a == arg_any) {
			*v = rnd(2) ? 0 : number();
		} else if (a == arg_ctx) {
			*kind = CTX;
		} else if (a == arg_size || a == arg_size0) {
			*v = s->step[at].kind[i - 1] == CONST ? 0
			     : rnd(2)			      ? 4 + 4 * rnd(8)
							      : 1 + rnd(96);
		} else if (a == arg_u64_out) {
			*kind = MEMORY;
			*v = 8 * rnd(64);
		} else if ((a == arg_mem_null || a == arg_out_null) && !rnd(4)) {
			*v = 0;
		} else {
			*kind = MEMORY;
			*v = rnd(a == arg_out ? MEM / 2 - 128 : MEM - 128);
		}
	}
}

static u32 emit(struct skep_insn *code, u32 n, u8 op, u8 dst, u8 src, s16 off, s32 imm)
{
	code[n] = (struct skep_insn){op, dst, src, off, imm};
	return n + 1;
}

static u32 emit_arg(struct skep_insn *code, u32 n, u8 reg, u8 kind, u64 v)
{
	if (kind == CTX)
		return emit(code, n, 0xbf, reg, 6, 0, 0);
	if (kind == MEMORY) {
		n = emit(code, n, 0xbf, reg, 7, 0, 0);
		return emit(code, n, 0x07, reg, 0, 0, (s32)v);
	}
	n = emit(code, n, 0x18, reg, 0, 0, (s32)v);
	return emit(code, n, 0, 0, 0, 0, (s32)(v >> 32));
}

static u32 emit_fields(struct skep_insn *code, u32 n)
{
	for (u32 i = 0; i < FIELDS; i++) {
		u8 op = fields[i].size == 1 ? 0x71 : fields[i].size == 8 ? 0x79 : 0x61;

		n = emit(code, n, op, 0, 6, (s16)fields[i].off, 0);
		n = emit(code, n, 0x7b, 7, 0, (s16)(MEM + 8 * (STEPS + i)), 0);
	}
	return n;
}

/* r6 is the context, r7 the map's value: memory, then the results. */
static u32 assemble(const struct script *s, int map, struct skep_insn *code)
{
	u32 n = emit(code, 0, 0xbf, 6, 1, 0, 0);

	n = emit(code, n, 0x18, 7, 2, 0, map);
	n = emit(code, n, 0, 0, 0, 0, 0);
	for (u32 i = 0; i < s->n; i++) {
		const struct helper *h = helper_of(s->step[i].id);

		for (u8 k = 0; k < 5 && h->arg[k]; k++)
			n = emit_arg(code, n, k + 1, s->step[i].kind[k], s->step[i].v[k]);
		n = emit(code, n, 0x85, 0, 0, 0, (s32)s->step[i].id);
		n = emit(code, n, 0x7b, 7, 0, (s16)(MEM + 8 * i), 0);
	}
	if (s->type == SKEP_PROG_TYPE_SCHED_CLS)
		n = emit_fields(code, n);
	n = emit(code, n, 0xb7, 0, 0, 0, 0);
	return emit(code, n, 0x95, 0, 0, 0, 0);
}

struct outcome {
	u8 value[VALUE];
	u32 len;
	u8 data[OUT];
};

static int test_run(int prog, const u8 *data, u32 len, struct outcome *out)
{
	union skep_attr attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (u32)prog;
	if (data) {
		attr.test.data_in = P(data);
		attr.test.data_size_in = len;
		attr.test.data_out = P(out->data);
		attr.test.data_size_out = OUT;
	}
	err = kernel_bpf(SKEP_PROG_TEST_RUN, &attr);
	out->len = attr.test.data_size_out;
	return err;
}

static int access_map(enum skep_cmd cmd, int map, u8 *value)
{
	u32 key = 0;
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)map;
	attr.key = P(&key);
	attr.value = P(value);
	return kernel_bpf(cmd, &attr);
}

/* False: the verifier did not take it. */
static bool run_in_kernel(const struct script *s, int map, const u8 *data,
			  struct outcome *out)
{
	struct skep_insn code[200];
	u32 n = assemble(s, map, code);
	int prog = load(s->type, code, n, "GPL", false, NULL, 0);

	if (prog < 0)
		return false;
	memset(out->value, 0, VALUE);
	memcpy(out->value, s->mem, MEM);
	assert_int_equal(access_map(SKEP_MAP_UPDATE_ELEM, map, out->value), 0);
	assert_int_equal(test_run(prog, data, s->data_len, out), 0);
	assert_int_equal(access_map(SKEP_MAP_LOOKUP_ELEM, map, out->value), 0);
	close(prog);
	return true;
}

static void set_packet(struct bench *b, const struct script *s, u8 *room, const u8 *data)
{
	const struct prog_test *t = prog_type(s->type)->test;

	b->event.packet = NULL;
	if (!data)
		return;
	memcpy(room + t->head, data, s->data_len);
	b->packet = (struct skep_packet){.head = room,
					 .mac = room + t->head,
					 .data = room + t->head + t->pull,
					 .tail = room + t->head + s->data_len,
					 .end = room + t->room};
	b->event.packet = &b->packet;
}

/* When Linux makes more headroom than the 64 bytes it began with, it takes the unset
 * transport header (offset 0xffff) along, to an offset that then limits change_tail. */
static bool lost_transport_header(const struct bench *b, const struct script *s,
				  const u8 *room)
{
	bool tail = false;

	for (u32 i = 0; i < s->n; i++)
		tail |= s->step[i].id == SKEP_FUNC_skb_change_tail;
	return tail && b->lowest < room + prog_type(s->type)->test->head - 64;
}

static void run_here(struct bench *b, const struct script *s, u8 *room, const u8 *data,
		     struct outcome *out)
{
	u32 pull = prog_type(s->type)->test->pull;

	memset(out->value, 0, VALUE);
	memcpy(b->mem, s->mem, MEM);
	set_packet(b, s, room, data);
	bench_begin(b, s->type);
	b->lowest = b->run.packet.data;
	for (u32 i = 0; i < s->n; i++) {
		u64 args[5] = {0};

		for (u32 k = 0; k < 5; k++)
			args[k] = s->step[i].kind[k] == CTX ? P(b->run.ctx)
				  : s->step[i].kind[k] == MEMORY
					  ? P(b->mem) + s->step[i].v[k]
					  : s->step[i].v[k];
		store64(out->value + MEM + 8 * i,
			(u64)bench_call(b, s->step[i].id, args));
		if (b->run.fault)
			fail_msg("%s", b->text);
		b->lowest = MIN(b->lowest, b->run.packet.data);
	}
	memcpy(out->value, b->mem, MEM);
	for (u32 i = 0; s->type == SKEP_PROG_TYPE_SCHED_CLS && i < FIELDS; i++) {
		u64 v;

		assert_true(ctx_load(&b->run, P(b->run.ctx) + fields[i].off,
				     fields[i].size, false, &v));
		store64(out->value + MEM + 8 * (STEPS + i), v);
	}
	if (!data)
		return;
	memset(out->data, 0, pull);
	out->len = (u32)(b->run.packet.tail - b->run.packet.meta);
	memcpy(out->data + pull, b->run.packet.meta, out->len);
	out->len += pull;
}

static void show(const struct script *s, const struct outcome *ours,
		 const struct outcome *theirs)
{
	for (u32 i = 0; i < s->n; i++) {
		print_error("%s(", helper_of(s->step[i].id)->name);
		for (u32 k = 0; k < 5 && helper_of(s->step[i].id)->arg[k]; k++)
			print_error("%s%lld ",
				    s->step[i].kind[k] == CTX	   ? "ctx+"
				    : s->step[i].kind[k] == MEMORY ? "mem+"
								   : "",
				    (long long)s->step[i].v[k]);
		print_error(") = ours %lld, kernel's %lld\n",
			    (long long)load64(ours->value + MEM + 8 * i),
			    (long long)load64(theirs->value + MEM + 8 * i));
	}
	for (u32 i = 0; i < FIELDS; i++)
		print_error("byte %u: ours 0x%llx, kernel's 0x%llx\n", fields[i].off,
			    (long long)load64(ours->value + MEM + 8 * (STEPS + i)),
			    (long long)load64(theirs->value + MEM + 8 * (STEPS + i)));
	print_error("packet: ours %u, kernel's %u bytes; memory %s\n", ours->len,
		    theirs->len,
		    memcmp(ours->value, theirs->value, MEM) ? "differs" : "is equal");
}

/* What XDP programs uncover before the packet is whatever lay there: ours ran with two
 * kinds of it, and only where they agree is there an answer. */
static bool agree(const u8 *a, const u8 *b, const u8 *theirs, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		if (a[i] == b[i] && a[i] != theirs[i])
			return false;
	}
	return true;
}

static bool equal(const struct outcome *ours, const struct outcome *theirs)
{
	return ours[0].len == theirs->len &&
	       agree(ours[0].data, ours[1].data, theirs->data, theirs->len) &&
	       agree(ours[0].value, ours[1].value, theirs->value, VALUE);
}

static int make_map(void)
{
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = SKEP_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = VALUE;
	attr.max_entries = 1;
	return kernel_bpf(SKEP_MAP_CREATE, &attr);
}

/* An IPv4 or IPv6 packet, or something else; numbers as text in memory. */
static void fill(struct script *s, u8 *data)
{
	static const u8 text[] = "0123456789abcdefx  -";

	s->data_len = rnd(3) ? 74 : 54 + rnd(200);
	for (u32 i = 0; i < s->data_len; i++)
		data[i] = (u8)rnd(256);
	for (u32 i = 0; i < MEM; i++)
		s->mem[i] = (u8)(i < MEM / 2 ? rnd(256) : text[rnd(sizeof(text))]);
	store16(data + 12, (u16[]){0x0008, 0xdd86, 0x0081, 0xa888}[rnd(4)]);
	data[14] = load16(data + 12) == 8 ? 0x45 : 0x60;
}

static void compare(struct bench *b, u32 type, const u32 *ids, u32 nids, u32 rounds)
{
	struct outcome *ours = calloc(3, sizeof(*ours)), *theirs = ours + 2;
	u8 *room = calloc(1, ROOM), data[300];
	bool packet = prog_type(type)->packet;
	u32 ran = 0, wrong = 0;
	int map = make_map();

	assert_true(map >= 0);
	seed = 88172645463325252ull;
	for (u32 i = 0; i < rounds && wrong < 5; i++) {
		struct script s = {.type = type};

		fill(&s, data);
		for (u32 n = 1 + rnd(STEPS); n; n--)
			add_step(&s, ids[rnd(nids)]);
		if (!run_in_kernel(&s, map, packet ? data : NULL, theirs))
			continue;
		for (u32 k = 0; k < 2; k++) {
			memset(room, k ? 0xff : 0, ROOM);
			run_here(b, &s, room, packet ? data : NULL, &ours[k]);
		}
		ran++;
		if (equal(ours, theirs) || lost_transport_header(b, &s, room))
			continue;
		wrong++;
		show(&s, ours, theirs);
	}
	close(map);
	free(ours);
	free(room);
	print_message("%u of %u scripts ran\n", ran, rounds);
	assert_int_equal(wrong, 0);
	assert_true(ran > rounds / 2);
}

#define F(name) SKEP_FUNC_##name

static void sched_cls_gets_the_same_answers(void **state)
{
	static const u32 ids[] = {
		F(skb_store_bytes), F(l3_csum_replace), F(l4_csum_replace),
		F(redirect),	    F(get_route_realm), F(skb_load_bytes),
		F(csum_diff),	    F(skb_change_type), F(skb_change_tail),
		F(skb_pull_data),   F(csum_update),	F(set_hash_invalid),
		F(skb_change_head), F(set_hash),	F(skb_load_bytes_relative),
		F(csum_level),	    F(strtol),		F(strtoul),
		F(skb_vlan_push),   F(skb_vlan_pop),	F(skb_change_proto),
		F(skb_adjust_room), F(skb_ecn_set_ce),	F(skb_set_tstamp),
	};

	need_kernel(__func__);
	compare(*state, SKEP_PROG_TYPE_SCHED_CLS, ids, ARRAY_SIZE(ids), 4000);
}

static void xdp_gets_the_same_answers(void **state)
{
	static const u32 ids[] = {
		F(redirect),	    F(csum_diff),	F(xdp_adjust_head),
		F(xdp_adjust_meta), F(xdp_adjust_tail), F(xdp_get_buff_len),
		F(xdp_load_bytes),  F(xdp_store_bytes),
	};

	need_kernel(__func__);
	compare(*state, SKEP_PROG_TYPE_XDP, ids, ARRAY_SIZE(ids), 4000);
}

static void socket_filter_gets_the_same_answers(void **state)
{
	static const u32 ids[] = {F(skb_load_bytes), F(skb_load_bytes_relative),
				  F(strtol)};

	need_kernel(__func__);
	compare(*state, SKEP_PROG_TYPE_SOCKET_FILTER, ids, ARRAY_SIZE(ids), 1000);
}

static void lwt_xmit_gets_the_same_answers(void **state)
{
	static const u32 ids[] = {
		F(skb_store_bytes), F(l3_csum_replace),	 F(l4_csum_replace),
		F(redirect),	    F(get_route_realm),	 F(skb_load_bytes),
		F(csum_diff),	    F(skb_change_tail),	 F(skb_pull_data),
		F(csum_update),	    F(set_hash_invalid), F(skb_change_head),
		F(csum_level),
	};

	need_kernel(__func__);
	compare(*state, SKEP_PROG_TYPE_LWT_XMIT, ids, ARRAY_SIZE(ids), 2000);
}

static void cgroup_skb_gets_the_same_answers(void **state)
{
	static const u32 ids[] = {F(skb_load_bytes), F(skb_load_bytes_relative),
				  F(skb_ecn_set_ce), F(strtol)};

	need_kernel(__func__);
	compare(*state, SKEP_PROG_TYPE_CGROUP_SKB, ids, ARRAY_SIZE(ids), 1000);
}

/* The task is this process on both sides. */
static void probes_read_the_same(void **state)
{
	static const u32 ids[] = {
		F(probe_read),		 F(probe_read_str),	 F(probe_read_user),
		F(probe_read_kernel),	 F(probe_read_user_str), F(probe_read_kernel_str),
		F(get_current_pid_tgid), F(get_current_uid_gid), F(get_current_comm),
	};
	struct bench *b = *state;

	need_kernel(__func__);
	if (no_outer_pid())
		test_skip(__func__, "%s", no_outer_pid());
	user = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	assert_int_equal(munmap(user + 4096, 4096), 0);
	for (u32 i = 0; i < 4096; i++)
		user[i] = i % 23 ? (u8)('a' + i % 26) : 0;
	b->world.task = NULL;
	compare(b, SKEP_PROG_TYPE_RAW_TRACEPOINT, ids, ARRAY_SIZE(ids), 4000);
	munmap(user, 4096);
}

/* Calls with any numbers at all: a sentence or an answer, never anything else. Under the
 * sanitizers this is the test that arguments are checked. */
static void any_arguments_are_safe(void **state)
{
	static const u32 types[] = {
		SKEP_PROG_TYPE_SCHED_CLS,     SKEP_PROG_TYPE_XDP,
		SKEP_PROG_TYPE_SOCKET_FILTER, SKEP_PROG_TYPE_LWT_XMIT,
		SKEP_PROG_TYPE_SK_SKB,	      SKEP_PROG_TYPE_CGROUP_SKB};
	struct bench *b = *state;
	u8 *room = malloc(600), *mem = malloc(1024); /* with nothing beside them */
	u32 faults = 0, type = SKEP_PROG_TYPE_SCHED_CLS;

	memset(mem, 1, 1024);
	memset(room, 2, 600);
	b->region.at = mem;
	b->packet = (struct skep_packet){
		.head = room, .data = room + 256, .tail = room + 330, .end = room + 600};
	seed = 1;
	for (u32 i = 0; i < 300000; i++) {
		u64 args[5], places[] = {P(mem), P(b->run.ctx), P(room),
					 P(b->run.stack) + RUN_STACK - 64, 0};
		u32 id = rnd(212);

		if (i % 50 == 0)
			bench_begin(b, type = types[rnd(ARRAY_SIZE(types))]);
		if (!helper_of(id) || !rules_helper_known(type, usual(type), id) ||
		    helper_of(id)->arg[1] == arg_func)
			continue;
		for (u32 k = 0; k < 5; k++)
			args[k] = rnd(3) ? number() : places[rnd(5)] + rnd(4) * rnd(400);
		if (rnd(2))
			args[0] = P(b->run.ctx);
		bench_call(b, id, args);
		faults += b->run.fault != 0;
		assert_true(b->run.fault == 0 || b->log.len > 20);
	}
	free(mem);
	free(room);
	assert_in_range(faults, 20000, 280000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_arguments_are_safe),
		TEST(the_same_programs_may_call),
		TEST(sched_cls_gets_the_same_answers),
		TEST(xdp_gets_the_same_answers),
		TEST(probes_read_the_same),
		TEST(socket_filter_gets_the_same_answers),
		TEST(lwt_xmit_gets_the_same_answers),
		TEST(cgroup_skb_gets_the_same_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
