/* Maps: which helper takes which, what lookup gives. */
#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "verify_mine.h"

int mine_btf(void)
{
	static const struct {
		u16 magic;
		u8 version, flags;
		u32 hdr_len, type_off, type_len, str_off, str_len;
		u32 int_name, int_info, int_size, int_bits;
		u32 proto_name, proto_info, proto_ret;
		u32 func_name, func_info, func_proto;
		char names[7];
	} blob = {0xeb9f, 1,  0, 24,	    0, 40, 40,	      7, 1,	    1u << 24,
		  4,	  32, 0, 13u << 24, 1, 5,  12u << 24, 2, "\0int\0f"};
	union skep_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = (uintptr_t)&blob;
	attr.btf_size = blob.hdr_len + blob.type_len + blob.str_len;
	return (int)syscall(SYS_bpf, SKEP_BTF_LOAD, &attr, sizeof(attr));
}

/* How maps of a type must be made. */
static void shape(u32 type, union skep_attr *attr, int inner, int btf)
{
	attr->map_type = type;
	attr->key_size = attr->value_size = 4;
	attr->max_entries = 1;
	switch (type) {
	case SKEP_MAP_TYPE_STACK_TRACE: attr->value_size = 8; break;
	case SKEP_MAP_TYPE_LPM_TRIE:
		attr->key_size = 8;
		attr->map_flags = SKEP_F_NO_PREALLOC;
		break;
	case SKEP_MAP_TYPE_ARRAY_OF_MAPS:
	case SKEP_MAP_TYPE_HASH_OF_MAPS: attr->inner_map_fd = (u32)inner; break;
	case SKEP_MAP_TYPE_CGROUP_STORAGE:
	case SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		attr->key_size = sizeof(struct skep_cgroup_storage_key);
		attr->max_entries = 0;
		break;
	case SKEP_MAP_TYPE_QUEUE:
	case SKEP_MAP_TYPE_STACK:
	case SKEP_MAP_TYPE_BLOOM_FILTER: attr->key_size = 0; break;
	case SKEP_MAP_TYPE_RINGBUF:
	case SKEP_MAP_TYPE_USER_RINGBUF:
		attr->key_size = attr->value_size = 0;
		attr->max_entries = 4096;
		break;
	case SKEP_MAP_TYPE_SK_STORAGE:
	case SKEP_MAP_TYPE_INODE_STORAGE:
	case SKEP_MAP_TYPE_TASK_STORAGE:
	case SKEP_MAP_TYPE_CGRP_STORAGE:
		attr->max_entries = 0;
		attr->map_flags = SKEP_F_NO_PREALLOC;
		attr->btf_fd = (u32)btf;
		attr->btf_key_type_id = attr->btf_value_type_id = 1;
		break;
	case SKEP_MAP_TYPE_ARENA:
		attr->key_size = attr->value_size = 0;
		attr->map_flags = SKEP_F_MMAPABLE;
		attr->map_extra = 1ull << 44; /* where it will be mapped */
		break;
	}
}

int mine_map(u32 type)
{
	union skep_attr attr;
	int inner = -1, btf = -1, fd;

	if (type == SKEP_MAP_TYPE_ARRAY_OF_MAPS || type == SKEP_MAP_TYPE_HASH_OF_MAPS)
		inner = mine_map(SKEP_MAP_TYPE_ARRAY);
	else
		btf = mine_btf();
	memset(&attr, 0, sizeof(attr));
	shape(type, &attr, inner, btf);
	fd = (int)syscall(SYS_bpf, SKEP_MAP_CREATE, &attr, sizeof(attr));
	if (inner >= 0)
		close(inner);
	if (btf >= 0)
		close(btf);
	return fd;
}

/* ---- calls with arguments that fit ---- */

/* c: the context, m: the map, k: 64 bytes of stack that are written, 8: that number,
 * 0: that number, s: a socket, f: a callback, d: a new dynptr's place. */
struct taker {
	u32 helper, prog_type;
	const char *args;
};

static const struct taker takers[] = {
	{SKEP_FUNC_map_lookup_elem, SKEP_PROG_TYPE_SCHED_CLS, "mk"},
	{SKEP_FUNC_map_update_elem, SKEP_PROG_TYPE_SCHED_CLS, "mkk0"},
	{SKEP_FUNC_map_delete_elem, SKEP_PROG_TYPE_SCHED_CLS, "mk"},
	{SKEP_FUNC_map_push_elem, SKEP_PROG_TYPE_SCHED_CLS, "mk0"},
	{SKEP_FUNC_map_pop_elem, SKEP_PROG_TYPE_SCHED_CLS, "mk"},
	{SKEP_FUNC_map_peek_elem, SKEP_PROG_TYPE_SCHED_CLS, "mk"},
	{SKEP_FUNC_map_lookup_percpu_elem, SKEP_PROG_TYPE_SCHED_CLS, "mk0"},
	{SKEP_FUNC_for_each_map_elem, SKEP_PROG_TYPE_SCHED_CLS, "mf00"},
	{SKEP_FUNC_tail_call, SKEP_PROG_TYPE_SCHED_CLS, "cm0"},
	{SKEP_FUNC_perf_event_read, SKEP_PROG_TYPE_TRACEPOINT, "m0"},
	{SKEP_FUNC_perf_event_read_value, SKEP_PROG_TYPE_TRACEPOINT, "m0k8"},
	{SKEP_FUNC_perf_event_output, SKEP_PROG_TYPE_TRACEPOINT, "cm0k8"},
	{SKEP_FUNC_get_stackid, SKEP_PROG_TYPE_TRACEPOINT, "cm0"},
	{SKEP_FUNC_skb_under_cgroup, SKEP_PROG_TYPE_SCHED_CLS, "cm0"},
	{SKEP_FUNC_current_task_under_cgroup, SKEP_PROG_TYPE_TRACEPOINT, "m0"},
	{SKEP_FUNC_redirect_map, SKEP_PROG_TYPE_XDP, "m00"},
	{SKEP_FUNC_sk_redirect_map, SKEP_PROG_TYPE_SK_SKB, "cm00"},
	{SKEP_FUNC_sk_redirect_hash, SKEP_PROG_TYPE_SK_SKB, "cmk0"},
	{SKEP_FUNC_msg_redirect_map, SKEP_PROG_TYPE_SK_MSG, "cm00"},
	{SKEP_FUNC_msg_redirect_hash, SKEP_PROG_TYPE_SK_MSG, "cmk0"},
	{SKEP_FUNC_sock_map_update, SKEP_PROG_TYPE_SOCK_OPS, "cmk0"},
	{SKEP_FUNC_sock_hash_update, SKEP_PROG_TYPE_SOCK_OPS, "cmk0"},
	{SKEP_FUNC_sk_select_reuseport, SKEP_PROG_TYPE_SK_REUSEPORT, "cmk0"},
	{SKEP_FUNC_get_local_storage, SKEP_PROG_TYPE_CGROUP_SKB, "m0"},
	{SKEP_FUNC_sk_storage_get, SKEP_PROG_TYPE_SCHED_CLS, "ms00"},
	{SKEP_FUNC_sk_storage_delete, SKEP_PROG_TYPE_SCHED_CLS, "ms"},
	{SKEP_FUNC_task_storage_get, SKEP_PROG_TYPE_SCHED_CLS, "mt00"},
	{SKEP_FUNC_task_storage_delete, SKEP_PROG_TYPE_SCHED_CLS, "mt"},
	{SKEP_FUNC_cgrp_storage_get, SKEP_PROG_TYPE_SCHED_CLS, "m000"},
	{SKEP_FUNC_cgrp_storage_delete, SKEP_PROG_TYPE_SCHED_CLS, "m0"},
	{SKEP_FUNC_ringbuf_output, SKEP_PROG_TYPE_SCHED_CLS, "mk80"},
	{SKEP_FUNC_ringbuf_reserve, SKEP_PROG_TYPE_SCHED_CLS, "m80"},
	{SKEP_FUNC_ringbuf_query, SKEP_PROG_TYPE_SCHED_CLS, "m0"},
	{SKEP_FUNC_ringbuf_reserve_dynptr, SKEP_PROG_TYPE_SCHED_CLS, "m80d"},
	{SKEP_FUNC_user_ringbuf_drain, SKEP_PROG_TYPE_SCHED_CLS, "mf00"},
};

enum { STACK = 64, PLACE = -80 };

struct code {
	struct skep_insn insns[64];
	u32 n;
};

static void add(struct code *c, struct skep_insn in)
{
	c->insns[c->n++] = in;
}

static void add_lddw(struct code *c, u8 reg, u8 kind, s32 imm)
{
	add(c, (struct skep_insn){
		       .code = 0x18, .dst_reg = reg, .src_reg = kind, .imm = imm});
	add(c, (struct skep_insn){.code = 0});
}

/* r6: the context, r7: a task, r8: a socket, where an argument needs it. */
static void add_prologue(struct code *c, const char *args)
{
	add(c, MINE_MOVE(6, 1));
	for (s32 off = -STACK; off < 0; off += 8)
		add(c, (struct skep_insn){.code = 0x7a, .dst_reg = 10, .off = (s16)off});
	if (strchr(args, 't')) {
		add(c, MINE_CALL(SKEP_FUNC_get_current_task_btf));
		add(c, MINE_MOVE(7, 0));
	}
	if (strchr(args, 's')) {
		add(c, MINE_LOAD(8, 8, 6, offsetof(struct skep_sk_buff, sk)));
		add(c, MINE_IF_NOT_0(8, 2));
		add(c, MINE_SET(0, 1));
		add(c, MINE_EXIT);
	}
}

static void add_arg(struct code *c, u8 reg, char arg, int map)
{
	switch (arg) {
	case 'c': add(c, MINE_MOVE(reg, 6)); break;
	case 't': add(c, MINE_MOVE(reg, 7)); break;
	case 's': add(c, MINE_MOVE(reg, 8)); break;
	case 'm': add_lddw(c, reg, SKEP_PSEUDO_MAP_FD, map); break;
	case 'k':
	case 'd':
		add(c, MINE_MOVE(reg, 10));
		add(c, MINE_ADD(reg, arg == 'k' ? -STACK : PLACE));
		break;
	case 'f': add_lddw(c, reg, SKEP_PSEUDO_FUNC, 0); break;
	default: add(c, MINE_SET(reg, arg - '0'));
	}
}

/* The callback stands behind the program; where. */
static u32 add_callback(struct code *c)
{
	u32 at = c->n;

	add(c, MINE_SET(0, 0));
	add(c, MINE_EXIT);
	for (u32 i = 0; i < at; i++) {
		if (c->insns[i].code == 0x18 && c->insns[i].src_reg == SKEP_PSEUDO_FUNC)
			c->insns[i].imm = (s32)(at - i - 1);
	}
	return at;
}

static const struct taker *taker_of(u32 helper)
{
	for (u32 i = 0; i < ARRAY_SIZE(takers); i++) {
		if (takers[i].helper == helper)
			return &takers[i];
	}
	return NULL;
}

/* The type is one that helper's programs may have, and loads with attach type 0 or this.
 */
static struct mine_who who_calls(u32 prog_type)
{
	struct mine_who who = {.type = prog_type};

	if (prog_type == SKEP_PROG_TYPE_SK_LOOKUP)
		who.attach = SKEP_SK_LOOKUP;
	return who;
}

static void add_call(struct code *c, u32 helper, const char *args, int map)
{
	add_prologue(c, args);
	for (u32 i = 0; args[i]; i++)
		add_arg(c, (u8)(i + 1), args[i], map);
	add(c, MINE_CALL(helper));
}

static bool refused(const struct mine_answer *a)
{
	return mine_says(a, "cannot pass map_type") ||
	       mine_says(a, "callback function not allowed for map") ||
	       mine_says(a, "expected prog array map for tail call");
}

enum mine_verdict mine_map_helper(u32 map_type, u32 helper, u32 prog_type,
				  struct mine_answer *a)
{
	const struct taker *t = taker_of(helper);
	int map = t ? mine_map(map_type) : -1;
	struct code c = {.n = 0};
	struct mine_who who;
	const char *args;

	a->log[0] = 0;
	if (map < 0)
		return mine_cannot_ask;
	who = who_calls(prog_type ? prog_type : t->prog_type);
	args = t->args;
	if (helper == SKEP_FUNC_map_update_elem &&
	    (map_type == SKEP_MAP_TYPE_SOCKMAP || map_type == SKEP_MAP_TYPE_SOCKHASH))
		args = "mks0"; /* the value is a socket */
	add_call(&c, helper, args, map);
	add(&c, MINE_SET(0, 1));
	add(&c, MINE_EXIT);
	if (strchr(args, 'f'))
		who.callback = add_callback(&c);
	mine_ask(&who, c.insns, c.n, a);
	close(map);
	if (refused(a))
		return mine_no;
	if (!a->err || mine_says(a, "Unreleased reference"))
		return mine_yes;
	return mine_unclear;
}

bool mine_map_lookup(u32 map_type, char name[MINE_NAME])
{
	struct mine_who who = {.type = SKEP_PROG_TYPE_SCHED_CLS};
	int map = mine_map(map_type);
	struct code c = {.n = 0};
	struct mine_answer a;
	const char *p;

	name[0] = 0;
	if (map < 0)
		return false;
	add_call(&c, SKEP_FUNC_map_lookup_elem, "mk", map);
	add(&c, MINE_IF_NOT_0(0, 2));
	add(&c, MINE_SET(0, 1));
	add(&c, MINE_EXIT);
	add(&c, MINE_MOVE(1, 0));
	add(&c, MINE_SET(0, 1));
	add(&c, MINE_EXIT);
	mine_ask(&who, c.insns, c.n, &a);
	close(map);
	p = strstr(a.log, "r1 = r0  ");
	p = p ? strstr(p, " R1=") : NULL;
	if (p)
		snprintf(name, MINE_NAME, "%.*s", (int)strcspn(p + 4, "( \n"), p + 4);
	return p;
}

enum mine_verdict mine_map_direct(u32 map_type)
{
	struct mine_who who = {.type = SKEP_PROG_TYPE_SCHED_CLS};
	int map = mine_map(map_type);
	struct code c = {.n = 0};
	struct mine_answer a;

	if (map < 0)
		return mine_cannot_ask;
	add_lddw(&c, 1, SKEP_PSEUDO_MAP_VALUE, map);
	add(&c, MINE_SET(0, 0));
	add(&c, MINE_EXIT);
	mine_ask(&who, c.insns, c.n, &a);
	close(map);
	return !a.err						 ? mine_yes
	       : mine_says(&a, "no direct value access support") ? mine_no
								 : mine_unclear;
}

enum mine_verdict mine_map_sleepable(u32 map_type)
{
	struct mine_who who = {.type = SKEP_PROG_TYPE_SYSCALL, .sleepable = true};
	int map = mine_map(map_type);
	struct code c = {.n = 0};
	struct mine_answer a;

	if (map < 0)
		return mine_cannot_ask;
	add_lddw(&c, 1, SKEP_PSEUDO_MAP_FD, map);
	add(&c, MINE_SET(0, 0));
	add(&c, MINE_EXIT);
	mine_ask(&who, c.insns, c.n, &a);
	close(map);
	return !a.err						  ? mine_yes
	       : mine_says(&a, "Sleepable programs can only use") ? mine_no
								  : mine_unclear;
}
