#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "verify_mine.h"

#define CAP(n) (1ull << (n))

static u64 address(const void *p)
{
	return (uintptr_t)p;
}

/* Effective only, so that they can be had back. */
static void caps_without(u64 off)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &head, data);
	for (u32 i = 0; i < 2; i++)
		data[i].effective = data[i].permitted & ~(u32)(off >> 32 * i);
	syscall(SYS_capset, &head, data);
}

static u64 caps_lacking(const struct mine_who *who)
{
	u64 off = 0;

	if (who->no_bpf)
		off |= CAP(CAP_SYS_ADMIN) | CAP(CAP_BPF) | CAP(CAP_PERFMON);
	if (who->no_perfmon)
		off |= CAP(CAP_SYS_ADMIN) | CAP(CAP_PERFMON);
	if (who->no_net_admin)
		off |= CAP(CAP_SYS_ADMIN) | CAP(CAP_NET_ADMIN);
	return off;
}

void mine_ask(const struct mine_who *who, const struct skep_insn *code, u32 n,
	      struct mine_answer *a)
{
	u64 off = caps_lacking(who);
	struct skep_func_info funcs[] = {{0, 3}, {who->callback, 3}};
	int btf = who->callback ? mine_btf() : -1;
	union skep_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	if (btf >= 0) {
		attr.prog_btf_fd = (u32)btf;
		attr.func_info = address(funcs);
		attr.func_info_cnt = ARRAY_SIZE(funcs);
		attr.func_info_rec_size = sizeof(*funcs);
	}
	attr.prog_type = who->type;
	attr.expected_attach_type = who->attach;
	attr.attach_btf_id = who->btf_id;
	attr.insns = address(code);
	attr.insn_cnt = n;
	attr.license = address(who->not_gpl ? "X" : "GPL");
	attr.prog_flags = who->flags | (who->sleepable ? SKEP_F_SLEEPABLE : 0);
	attr.log_buf = address(a->log);
	attr.log_size = sizeof(a->log);
	attr.log_level = 2;
	a->log[0] = 0;
	if (off)
		caps_without(off);
	fd = syscall(SYS_bpf, SKEP_PROG_LOAD, &attr, sizeof(attr));
	a->err = fd < 0 ? -errno : 0;
	if (off)
		caps_without(0);
	if (fd >= 0)
		close((int)fd);
	if (btf >= 0)
		close(btf);
}

bool mine_says(const struct mine_answer *a, const char *text)
{
	return strstr(a->log, text);
}

/* ---- program types ---- */

/* 0 or 1 is in every range of return values. */
static bool loads(struct mine_who who)
{
	struct mine_answer a;

	for (s32 r0 = 0; r0 < 2; r0++) {
		struct skep_insn code[] = {MINE_SET(0, r0), MINE_EXIT};

		mine_ask(&who, code, ARRAY_SIZE(code), &a);
		if (!a.err)
			return true;
	}
	return false;
}

static void add_typed(struct mine_types *t, u32 attach, u32 btf_id)
{
	struct mine_who who = {
		.type = SKEP_PROG_TYPE_TRACING, .attach = attach, .btf_id = btf_id};

	if (btf_id && loads(who))
		t->typed[t->ntyped++] = who;
}

void mine_types(struct mine_types *t, u32 tracepoint, u32 iterator)
{
	memset(t, 0, sizeof(*t));
	add_typed(t, SKEP_TRACE_RAW_TP, tracepoint);
	add_typed(t, SKEP_TRACE_ITER, iterator);
	for (u32 type = 1; type < MINE_TYPES; type++) {
		for (u32 attach = 0; attach < MINE_ATTACHES; attach++) {
			struct mine_who who = {.type = type, .attach = attach};
			bool plain = loads(who);

			who.sleepable = true;
			if (plain || loads(who)) {
				t->attach[type] |= 1ull << attach;
				t->sleepable_only[type] = !plain;
			}
		}
		t->any[type] = !~t->attach[type];
	}
}

/* Attach types that loading does not look at, and the verifier does. */
static u64 seen_later(u32 type)
{
	switch (type) {
	case SKEP_PROG_TYPE_XDP: return 1 | 1ull << SKEP_XDP_DEVMAP;
	case SKEP_PROG_TYPE_SOCK_OPS:
	case SKEP_PROG_TYPE_CGROUP_DEVICE:
	case SKEP_PROG_TYPE_CGROUP_SYSCTL:
		return 1 | 1ull << SKEP_CGROUP_SYSCTL |
		       1ull << SKEP_CGROUP_UNIX_GETSOCKNAME | 1ull << 63;
	case SKEP_PROG_TYPE_KPROBE: break;
	default: return 1;
	}
	return 1 | 1ull << SKEP_TRACE_KPROBE_MULTI | 1ull << SKEP_TRACE_UPROBE_MULTI |
	       1ull << SKEP_TRACE_KPROBE_SESSION | 1ull << SKEP_TRACE_UPROBE_SESSION;
}

static bool next_typed(const struct mine_types *t, struct mine_who *who)
{
	u32 i = 0;

	while (i < t->ntyped && who->btf_id && t->typed[i].btf_id != who->btf_id)
		i++;
	i += !!who->btf_id;
	if (i >= t->ntyped)
		return false;
	*who = t->typed[i];
	return true;
}

bool mine_next(const struct mine_types *t, struct mine_who *who)
{
	u32 attach = who->attach + 1;

	if (who->btf_id)
		return next_typed(t, who);
	for (u32 type = who->type; type < MINE_TYPES; type++, attach = 0) {
		u64 mask = t->any[type] ? seen_later(type) : t->attach[type];

		for (; attach < MINE_ATTACHES; attach++) {
			if (!(mask >> attach & 1))
				continue;
			*who = (struct mine_who){.type = type,
						 .attach = attach,
						 .sleepable = t->sleepable_only[type]};
			return true;
		}
	}
	return next_typed(t, who);
}

/* "At program exit the register R0 has smin=.. smax=.. should have been in [0, 1]" */
static void read_range(const char *log, struct mine_prog *p)
{
	static const char *text = "should have been in [";
	const char *at = strstr(log, text);

	p->range = at && sscanf(at + strlen(text), "%d, %d", &p->min, &p->max) == 2;
}

/* Whether a program may do `last` with packet memory in r2, of which 8 bytes are known to
 * be there. data, end: where the context has its bounds. */
static bool packet_does(const struct mine_who *who, u32 data, u32 end, u32 size,
			const struct skep_insn *last, u32 n)
{
	struct skep_insn code[16] = {
		MINE_LOAD(size, 2, 1, (s16)data),
		MINE_LOAD(size, 3, 1, (s16)end),
		MINE_MOVE(4, 2),
		MINE_ADD(4, 8),
		{.code = 0xbd, .dst_reg = 4, .src_reg = 3, .off = 2}, /* if r4 <= r3 */
		MINE_SET(0, 1),
		MINE_EXIT,
	};
	struct mine_answer a;

	memcpy(code + 7, last, n * sizeof(*last));
	code[7 + n] = MINE_SET(0, 1);
	code[8 + n] = MINE_EXIT;
	mine_ask(who, code, 9 + n, &a);
	return !a.err && mine_says(&a, "R2=pkt(");
}

static void mine_packets(const struct mine_who *who, struct mine_prog *p)
{
	static const struct skep_insn store[] = {
		{.code = 0x72, .dst_reg = 2}, /* *(u8 *)r2 = 0 */
	};
	static const struct skep_insn load[] = {
		{.code = 0x71, .dst_reg = 5, .src_reg = 2},
	};
	/* csum_diff is pkt_access, as is every map helper; this one all programs have. */
	struct skep_insn pass[] = {
		{.code = 0x18, .dst_reg = 1, .src_reg = SKEP_PSEUDO_MAP_FD},
		{.code = 0},
		MINE_CALL(SKEP_FUNC_map_lookup_elem),
	};
	struct {
		u32 data, end, size;
	} at[] = {{0, 4, 4}, {0, 8, 8}, {8, 16, 8}, {76, 80, 4}, {192, 200, 8}};
	int map = mine_map(SKEP_MAP_TYPE_HASH);

	pass[0].imm = map;
	for (u32 i = 0; i < ARRAY_SIZE(at) && !p->packets; i++) {
		u32 data = at[i].data, end = at[i].end, size = at[i].size;

		p->packets = packet_does(who, data, end, size, load, 1);
		p->packet_write = packet_does(who, data, end, size, store, 1);
		p->packet_read = packet_does(who, data, end, size, pass, 3);
	}
	close(map);
}

void mine_prog(const struct mine_who *who, struct mine_prog *p)
{
	struct skep_insn large[] = {MINE_SET(0, 0x7fffffff), MINE_EXIT};
	struct skep_insn abs[] = {
		MINE_MOVE(6, 1), {.code = 0x30}, MINE_SET(0, 1), MINE_EXIT};
	struct mine_who asks = *who;
	struct mine_answer a;

	memset(p, 0, sizeof(*p));
	mine_ask(who, large, ARRAY_SIZE(large), &a);
	read_range(a.log, p);
	mine_ask(who, abs, ARRAY_SIZE(abs), &a);
	p->ld_abs = !a.err;
	asks.sleepable = true;
	p->sleepable = loads(asks);
	asks.sleepable = who->sleepable;
	asks.no_net_admin = true;
	p->need_net_admin = !loads(asks);
	asks.no_net_admin = false;
	asks.no_perfmon = true;
	p->need_perfmon = !loads(asks);
	mine_packets(who, p);
}

/* ---- helpers ---- */

bool mine_helper(const struct mine_who *who, u32 id)
{
	struct skep_insn code[] = {MINE_CALL(id), MINE_SET(0, 1), MINE_EXIT};
	struct mine_answer a;

	mine_ask(who, code, ARRAY_SIZE(code), &a);
	return mine_says(&a, "\n0: (85)") && !mine_says(&a, "cannot use helper") &&
	       !mine_says(&a, "invalid func");
}

/* ---- contexts, and objects that are read like one ---- */

/* The type that the log has for `reg` behind instruction `insn`: "2: (61) r2 = ...
 * ; R2=pkt(r=0)". */
static void log_type(const char *log, u32 insn, u32 reg, char out[MINE_NAME])
{
	char at[16];
	const char *p;

	snprintf(at, sizeof(at), "\n%u: (", insn);
	p = strstr(log, at);
	p = p ? strstr(p, "; ") : NULL;
	snprintf(at, sizeof(at), " R%u=", reg);
	p = p ? strstr(p, at) : NULL;
	if (!p)
		return;
	p += strlen(at);
	snprintf(out, MINE_NAME, "%.*s", (int)strcspn(p, "( \n"), p);
	if (out[0] && strspn(out, "-0123456789abcdefx") == strlen(out))
		strcpy(out, "scalar");
}

/* Ends with the access of r[base]; what is loaded goes to r2. */
struct prefix {
	struct skep_insn code[24];
	u32 n, base;
};

static void mine_access(const struct mine_who *who, const struct prefix *pre, s32 off,
			u32 bytes, bool write, char out[MINE_NAME])
{
	struct skep_insn code[32];
	struct mine_answer a;
	char passed[16];
	u32 n = pre->n;

	memset(out, 0, MINE_NAME); /* whole structs are compared */
	memcpy(code, pre->code, n * sizeof(*code));
	code[n++] = MINE_SET(2, 0);
	code[n++] = write ? MINE_STORE(bytes, pre->base, 2, off)
			  : MINE_LOAD(bytes, 2, pre->base, off);
	code[n++] = MINE_SET(0, 1);
	code[n++] = MINE_EXIT;
	mine_ask(who, code, n, &a);
	snprintf(passed, sizeof(passed), "\n%u: (b7)", n - 2);
	if (!mine_says(&a, passed))
		return;
	if (write)
		strcpy(out, "scalar");
	else
		log_type(a.log, n - 3, 2, out);
}

static void mine_all(const struct mine_who *who, const struct prefix *pre,
		     struct mine_ctx *ctx)
{
	for (s32 off = 0; off < MINE_CTX; off++) {
		for (u32 log2 = 0; log2 < 4; log2++) {
			mine_access(who, pre, off, 1u << log2, false,
				    ctx->read[log2][off]);
			mine_access(who, pre, off, 1u << log2, true,
				    ctx->write[log2][off]);
		}
	}
}

void mine_ctx(const struct mine_who *who, struct mine_ctx *ctx)
{
	static const struct prefix none = {.base = 1};

	mine_all(who, &none, ctx);
}

bool mine_ctx_at(const struct mine_who *who, s32 off, u32 bytes, bool write)
{
	struct prefix pre = {.base = 1};
	char name[MINE_NAME];

	/* Only where a context may be moved through: 16 bits of offset reach less. */
	if (off > 0x7fff) {
		pre.code[pre.n++] = MINE_ADD(1, off);
		off = 0;
	}
	mine_access(who, &pre, off, bytes, write, name);
	return name[0];
}

static void add(struct prefix *pre, struct skep_insn in)
{
	pre->code[pre->n++] = in;
}

/* If r0 is NULL, the program ends. */
static void add_null_check(struct prefix *pre)
{
	add(pre, MINE_IF_NOT_0(0, 2));
	add(pre, MINE_SET(0, 1));
	add(pre, MINE_EXIT);
}

static void socket_prefix(enum mine_object object, struct prefix *pre)
{
	add(pre, MINE_LOAD(8, 0, 1, offsetof(struct skep_sk_buff, sk)));
	add_null_check(pre);
	if (object == MINE_SOCK_COMMON)
		return;
	add(pre, MINE_MOVE(1, 0));
	add(pre,
	    MINE_CALL(object == MINE_SOCK ? SKEP_FUNC_sk_fullsock : SKEP_FUNC_tcp_sock));
	add_null_check(pre);
}

static void xdp_sock_prefix(int map, struct prefix *pre)
{
	add(pre,
	    (struct skep_insn){.code = 0x18, .dst_reg = 1, .src_reg = 1, .imm = map});
	add(pre, (struct skep_insn){.code = 0});
	add(pre, MINE_SET(2, 0));
	add(pre, MINE_STORE(4, 10, 2, -4));
	add(pre, MINE_MOVE(2, 10));
	add(pre, MINE_ADD(2, -4));
	add(pre, MINE_CALL(SKEP_FUNC_map_lookup_elem));
	add_null_check(pre);
}

void mine_object(enum mine_object object, struct mine_ctx *ctx)
{
	struct mine_who who = {.type = SKEP_PROG_TYPE_SCHED_CLS};
	struct prefix pre = {.base = 0};
	int map = -1;

	if (object == MINE_XDP_SOCK) {
		who.type = SKEP_PROG_TYPE_XDP;
		map = mine_map(SKEP_MAP_TYPE_XSKMAP);
		xdp_sock_prefix(map, &pre);
	} else {
		socket_prefix(object, &pre);
	}
	mine_all(&who, &pre, ctx);
	if (map >= 0)
		close(map);
}
