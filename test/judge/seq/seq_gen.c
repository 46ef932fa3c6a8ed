/* seq_gen.c - makes sequences: what is done next, and calls on objects of any kind */
#include "seq_gen.h"
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SPARE = 16384, PAGE = 4096 };

u32 seq_cpus(void)
{
	static u32 cpus;

	if (!cpus)
		cpus = (u32)sysconf(_SC_NPROCESSORS_CONF);
	return cpus;
}

/* ---- numbers ---- */

u32 gen_below(struct gen *g, u32 n)
{
	return (u32)(rnd(&g->rng) % n);
}

bool gen_one_in(struct gen *g, u32 n)
{
	return !gen_below(g, n);
}

u64 gen_choose(struct gen *g, const u64 *from, u32 n)
{
	return from[gen_below(g, n)];
}

u64 gen_bad(struct gen *g)
{
	return gen_one_of(g, 0, 8, 0xffff800000000000, UINT64_MAX - 3);
}

/* ---- calls ---- */

bool gen_begin(struct gen *g, enum seq_verb verb, enum skep_cmd cmd)
{
	struct seq *seq = g->seq;

	if (seq->nops == SEQ_OPS || seq->npool > SEQ_POOL - SPARE ||
	    seq->nfixes > SEQ_FIXES - 32)
		return false;
	g->op = &seq->ops[seq->nops++];
	*g->op = (struct seq_op){.verb = (u8)verb, .cmd = (u16)cmd, .pin = -1};
	return true;
}

u16 gen_slot(const struct gen *g)
{
	return (u16)(g->op - g->seq->ops);
}

static struct seq_arg *arg(struct gen *g, u8 field, enum seq_what what)
{
	struct seq_arg *a = &g->op->args[g->op->nargs];

	if (g->op->nargs + 1 < SEQ_ARGS)
		g->op->nargs++;
	*a = (struct seq_arg){.field = field, .what = (u8)what};
	return a;
}

void gen_number(struct gen *g, u8 field, u64 n)
{
	arg(g, field, w_number)->number = (s64)n;
}

void gen_fd(struct gen *g, u8 field, u16 slot)
{
	arg(g, field, w_fd)->slot = slot;
}

void gen_id(struct gen *g, u8 field, u16 slot, int more)
{
	struct seq_arg *a = arg(g, field, w_id);

	a->slot = slot;
	a->number = more;
}

struct seq_arg *gen_bytes(struct gen *g, u8 field, const void *bytes, u32 len)
{
	struct seq_arg *a = arg(g, field, w_bytes);
	struct seq *seq = g->seq;

	a->at = seq->npool;
	a->len = len = MIN(len, SEQ_POOL - seq->npool);
	a->fix = (u16)seq->nfixes;
	memcpy(seq->pool + seq->npool, bytes, len);
	seq->npool += len;
	return a;
}

void gen_fix(struct gen *g, struct seq_arg *a, u32 off, u16 slot)
{
	if (g->seq->nfixes == SEQ_FIXES || off + 4 > a->len)
		return;
	g->seq->fixes[g->seq->nfixes++] =
		(struct seq_fix){.at = a->at + off, .slot = slot};
	a->fixes++;
}

void gen_name(struct gen *g, u8 field, const void *bytes)
{
	struct seq_arg *a = gen_bytes(g, field, bytes, 16);

	a->what = w_name;
}

void gen_room(struct gen *g, u8 field, u32 len, enum seq_room room)
{
	struct seq_arg *a = arg(g, field, w_room);

	a->len = len;
	a->room = (u8)room;
}

void gen_pid(struct gen *g, u8 field)
{
	arg(g, field, w_pid);
}

void gen_token(struct gen *g, u8 field, u16 slot)
{
	arg(g, field, w_token)->slot = slot;
}

void gen_makes(struct gen *g, const struct seq_made *made)
{
	u16 slot = gen_slot(g);

	g->op->made = *made;
	g->slots[made->kind][g->nslots[made->kind]++] = slot;
}

int gen_any(struct gen *g, enum seq_kind kind)
{
	u32 n;

	if (gen_one_in(g, 60))
		kind = (enum seq_kind)(1 + gen_below(g, 4));
	n = g->nslots[kind];
	/* the latest more often, so that a map meets several calls */
	return n ? g->slots[kind][n - 1 - gen_below(g, gen_one_in(g, 2) ? MIN(n, 2u) : n)]
		 : -1;
}

const struct seq_made *gen_made(struct gen *g, int slot)
{
	return &g->seq->ops[slot].made;
}

/* ---- any object ---- */

static enum seq_kind any_kind(struct gen *g)
{
	return gen_one_in(g, 12) ? k_other : (enum seq_kind)(1 + gen_below(g, 4));
}

static void gen_close(struct gen *g)
{
	int slot = gen_any(g, any_kind(g));

	if (slot >= 0 && gen_begin(g, v_close, 0))
		gen_fd(g, 0, (u16)slot);
}

static void same_object(struct gen *g, int slot)
{
	struct seq_made made = *gen_made(g, slot);

	gen_makes(g, &made);
}

static void gen_dup(struct gen *g)
{
	int slot = gen_any(g, any_kind(g));

	if (slot < 0 || !gen_begin(g, v_dup, 0))
		return;
	gen_fd(g, 0, (u16)slot);
	same_object(g, slot);
}

static const struct {
	u16 by_id, next;
	u8 field;
} id_cmds[] = {
	[k_map] = {SKEP_MAP_GET_FD_BY_ID, SKEP_MAP_GET_NEXT_ID, f_map_id},
	[k_prog] = {SKEP_PROG_GET_FD_BY_ID, SKEP_PROG_GET_NEXT_ID, f_prog_id},
	[k_btf] = {SKEP_BTF_GET_FD_BY_ID, SKEP_BTF_GET_NEXT_ID, f_btf_id},
	[k_link] = {SKEP_LINK_GET_FD_BY_ID, SKEP_LINK_GET_NEXT_ID, f_link_id},
};

/* Bytes behind what a command knows, or fewer than it knows; no address is cut in two. */
static void gen_odd_attr(struct gen *g)
{
	if (gen_one_in(g, 60))
		gen_number(g, f_size,
			   gen_one_of(g, 0, 8, 16, 24, 32, 56, 64, 120, 160, 168, 8192));
	if (gen_one_in(g, 60)) {
		gen_number(g, f_byte, 1);
		/* behind the addresses */
		g->op->args[g->op->nargs - 1].slot = (u16)(64 + gen_below(g, 104));
	}
}

static void gen_by_id(struct gen *g)
{
	int slot = gen_any(g, (enum seq_kind)(1 + gen_below(g, 4)));
	u8 kind;

	if (slot < 0)
		return;
	kind = gen_made(g, slot)->kind;
	if (!gen_begin(g, v_bpf, (enum skep_cmd)id_cmds[kind].by_id))
		return;
	if (gen_one_in(g, 20))
		gen_number(g, id_cmds[kind].field,
			   gen_one_of(g, 0, UINT32_MAX, 1u << 31));
	else
		gen_id(g, id_cmds[kind].field, (u16)slot, 0);
	if (kind == k_map && gen_one_in(g, 5))
		gen_number(g, f_open_flags,
			   gen_one_of(g, SKEP_F_RDONLY, SKEP_F_WRONLY,
				      SKEP_F_RDONLY | SKEP_F_WRONLY, 1, 0x10000));
	gen_odd_attr(g);
	same_object(g, slot);
}

static void gen_next_id(struct gen *g)
{
	int slot = gen_any(g, (enum seq_kind)(1 + gen_below(g, 4)));

	if (slot < 0 ||
	    !gen_begin(g, v_bpf, (enum skep_cmd)id_cmds[gen_made(g, slot)->kind].next))
		return;
	if (gen_one_in(g, 10))
		gen_number(g, f_start_id, gen_one_of(g, 0, UINT32_MAX, INT32_MAX));
	else
		gen_id(g, f_start_id, (u16)slot, gen_one_in(g, 8) ? 0 : -1);
	if (gen_one_in(g, 20))
		gen_number(g, f_open_flags, 1);
	gen_odd_attr(g);
}

static void gen_info(struct gen *g)
{
	int slot = gen_any(g, any_kind(g));

	if (slot < 0 || !gen_begin(g, v_bpf, SKEP_OBJ_GET_INFO_BY_FD))
		return;
	gen_fd(g, f_info_fd, (u16)slot);
	gen_number(g, f_info_len,
		   gen_one_of(g, 0, 4, 7, 8, 24, 40, 64, 80, 88, 96, 104, 120, 200, 224,
			      232, 256, 4096, 5000));
	if (gen_one_in(g, 30))
		gen_number(g, f_info, gen_bad(g));
	else
		gen_room(g, f_info, SEQ_INFO_ROOM, r_info);
	if (gen_one_in(g, 2))
		g->op->args[g->op->nargs - 1].number = 1 + gen_below(g, 8);
	gen_odd_attr(g);
}

static void gen_path(struct gen *g, u32 pin)
{
	char path[32];
	int len = snprintf(path, sizeof(path), "/sys/fs/bpf/f%u", pin);

	g->op->pin = (s8)pin;
	if (gen_one_in(g, 40))
		gen_number(g, f_pathname, gen_bad(g));
	else
		gen_bytes(g, f_pathname, path, (u32)len + 1);
}

static void gen_pin(struct gen *g)
{
	int slot = gen_any(g, any_kind(g));
	u32 pin = gen_below(g, SEQ_PINS);

	if (slot < 0 || !gen_begin(g, v_bpf, SKEP_OBJ_PIN))
		return;
	gen_path(g, pin);
	gen_fd(g, f_bpf_fd, (u16)slot);
	if (gen_one_in(g, 20))
		gen_number(g, f_file_flags, gen_one_of(g, 8, 16, 1, SKEP_F_PATH_FD));
	gen_odd_attr(g);
	if (g->pinned[pin] < 0)
		g->pinned[pin] = (s16)slot;
}

static void gen_get(struct gen *g)
{
	u32 pin = gen_below(g, SEQ_PINS);

	if ((g->pinned[pin] < 0 && !gen_one_in(g, 6)) ||
	    !gen_begin(g, v_bpf, SKEP_OBJ_GET))
		return;
	gen_path(g, pin);
	if (gen_one_in(g, 4))
		gen_number(g, f_file_flags, gen_one_of(g, 8, 16, 24, 1));
	gen_odd_attr(g);
	if (g->pinned[pin] >= 0)
		same_object(g, g->pinned[pin]);
}

static void gen_fork(struct gen *g)
{
	if (!g->seq->shared || !gen_begin(g, v_fork, 0))
		return;
	g->op->count = 1 + gen_below(g, 6);
	g->child_end = MAX(g->child_end, g->seq->nops + g->op->count);
}

/* ---- memory ---- */

void gen_task(struct gen *g, bool cgroup)
{
	struct seq_made made = {.kind = cgroup ? k_cgroup : k_task};

	if (!gen_begin(g, v_task, 0))
		return;
	g->op->count = cgroup;
	made.of = gen_slot(g);
	gen_makes(g, &made);
}

static void gen_perf(struct gen *g)
{
	struct seq_made made = {.kind = k_other};

	if (!gen_begin(g, v_perf, 0))
		return;
	gen_number(g, 0, gen_one_in(g, 20) ? 99999 : gen_below(g, seq_cpus()));
	gen_number(g, 0, gen_one_in(g, 20) ? 0 : PERF_SAMPLE_RAW);
	made.of = gen_slot(g);
	gen_makes(g, &made);
}

static void gen_stats(struct gen *g)
{
	struct seq_made made = {.kind = k_other};

	if (!gen_begin(g, v_bpf, SKEP_ENABLE_STATS))
		return;
	if (gen_one_in(g, 8))
		gen_number(g, f_stats_type, gen_one_of(g, 1, UINT32_MAX));
	gen_odd_attr(g);
	made.of = gen_slot(g);
	gen_makes(g, &made);
}

static void gen_mmap(struct gen *g)
{
	int slot = gen_any(g, k_map);
	u32 pages;

	/* Linux never forgets that somebody could write to an arena: MAP_FREEZE is EBUSY,
	 * also when its mapping ended with a child */
	if (slot < 0 ||
	    (gen_made(g, slot)->type == SKEP_MAP_TYPE_ARENA &&
	     g->seq->nops < g->child_end) ||
	    !gen_begin(g, v_mmap, 0))
		return;
	pages = gen_one_in(g, 3) ? 1 + gen_below(g, 5) : 1;
	gen_fd(g, 0, (u16)slot);
	gen_number(g, 0, pages * PAGE);
	gen_number(g, 0,
		   gen_one_of(g, PROT_READ, PROT_READ | PROT_WRITE,
			      PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC));
	gen_number(g, 0, gen_one_in(g, 10) ? MAP_PRIVATE : MAP_SHARED);
	gen_number(g, 0, gen_one_in(g, 3) ? gen_below(g, 4) * PAGE : 0);
	g->mappings[g->nmappings++] = gen_slot(g);
}

static const struct seq_made *mapped(struct gen *g, u16 mapping)
{
	return gen_made(g, g->seq->ops[mapping].args[0].slot);
}

static void gen_memory(struct gen *g)
{
	u16 mapping;
	u8 bytes[64];
	u32 how = gen_below(g, 8), len = 1 + gen_below(g, 64), off, type;

	if (!g->nmappings)
		return;
	mapping = g->mappings[gen_below(g, g->nmappings)];
	type = mapped(g, mapping)->type;
	if (mapped(g, mapping)->flags & SKEP_F_SEGV_ON_FAULT)
		return;
	/* positions and records are v_ring's; a poke at them is a hostile user's. An
	 * arena stays mapped: see gen_mmap(). */
	if (how ? type != SKEP_MAP_TYPE_ARRAY && type != SKEP_MAP_TYPE_ARENA
		: type == SKEP_MAP_TYPE_ARENA)
		return;
	/* A child has no mapping of it: something else may lie there by then. */
	if (type == SKEP_MAP_TYPE_ARENA && g->seq->nops < g->child_end)
		return;
	if (!gen_begin(g, !how ? v_munmap : how & 1 ? v_peek : v_poke, 0))
		return;
	off = gen_one_in(g, 2) ? 8 * gen_below(g, 8) : gen_below(g, PAGE - 64);
	gen_fd(g, 0, mapping);
	gen_number(g, 0, off);
	memset(bytes, (int)gen_below(g, 256), sizeof(bytes));
	if (how & 1)
		gen_room(g, 0, len, r_bytes);
	else
		gen_bytes(g, 0, bytes, len);
}

static void gen_poll(struct gen *g)
{
	int slot = gen_any(g, k_map);

	if (slot >= 0 && gen_begin(g, v_poll, 0))
		gen_fd(g, 0, (u16)slot);
}

/* ---- elements ---- */

static bool begin_on_map(struct gen *g, enum skep_cmd cmd, int *slot)
{
	*slot = gen_any(g, k_map);
	if (*slot < 0 || !gen_begin(g, v_bpf, cmd))
		return false;
	gen_fd(g, f_map_fd, (u16)*slot);
	return true;
}

static u64 update_flags(struct gen *g)
{
	if (!gen_one_in(g, 3))
		return SKEP_ANY;
	return gen_one_of(g, SKEP_NOEXIST, SKEP_NOEXIST, SKEP_EXIST, SKEP_EXIST,
			  SKEP_EXIST, 3, SKEP_F_LOCK, 8, 1ull << 32);
}

static void gen_update(struct gen *g)
{
	u64 flags;
	int slot;

	if (!begin_on_map(g, SKEP_MAP_UPDATE_ELEM, &slot))
		return;
	gen_key(g, f_key, gen_made(g, slot));
	gen_value(g, f_value, gen_made(g, slot));
	flags = update_flags(g);
	if (flags)
		gen_number(g, f_flags, flags);
	gen_odd_attr(g);
}

static void gen_read(struct gen *g, enum skep_cmd cmd)
{
	const struct seq_made *map;
	int slot;

	if (!begin_on_map(g, cmd, &slot))
		return;
	map = gen_made(g, slot);
	gen_key(g, f_key, map);
	if (gen_one_in(g, 30))
		gen_number(g, f_value, gen_bad(g));
	else if (map->kind == k_map && seq_type_of(map->type)->traits & t_bloom)
		gen_value(g, f_value, map);
	else
		gen_room(g, f_value, map->kind == k_map ? seq_value_size(map) : 8,
			 r_element);
	if (gen_one_in(g, 12))
		gen_number(g, f_flags, gen_one_of(g, 1, 2, SKEP_F_LOCK, 8));
	gen_odd_attr(g);
}

static void gen_delete(struct gen *g)
{
	int slot;

	if (!begin_on_map(g, SKEP_MAP_DELETE_ELEM, &slot))
		return;
	gen_key(g, f_key, gen_made(g, slot));
	gen_odd_attr(g);
}

static void gen_next_key(struct gen *g)
{
	const struct seq_made *map;
	int slot;

	if (!begin_on_map(g, SKEP_MAP_GET_NEXT_KEY, &slot))
		return;
	map = gen_made(g, slot);
	if (gen_one_in(g, 3))
		gen_number(g, f_key, 0);
	else
		gen_key(g, f_key, map);
	if (gen_one_in(g, 30))
		gen_number(g, f_next_key, gen_bad(g));
	else
		gen_room(g, f_next_key, MAX(map->key_size, 8u), r_next);
	gen_odd_attr(g);
}

static void gen_fill(struct gen *g, u16 slot)
{
	if (!gen_begin(g, v_fill, 0))
		return;
	gen_fd(g, f_map_fd, slot);
	gen_number(g, 0, 1 + gen_below(g, 6));
	gen_number(g, 0,
		   gen_one_in(g, 6)
			   ? gen_one_of(g, SKEP_RINGBUF_BUSY_BIT | 8,
					SKEP_RINGBUF_DISCARD_BIT | 8, 0, 1000, 5000, 4088)
			   : 1 + gen_below(g, 40));
}

static void gen_walk(struct gen *g)
{
	int slot = gen_any(g, k_map);
	const struct seq_type *type;

	if (slot < 0 || gen_made(g, slot)->kind != k_map)
		return;
	type = seq_type_of(gen_made(g, slot)->type);
	if (type->type == SKEP_MAP_TYPE_USER_RINGBUF) {
		gen_fill(g, (u16)slot);
		return;
	}
	if (gen_begin(g, type->traits & t_ring ? v_ring : v_walk, 0))
		gen_fd(g, f_map_fd, (u16)slot);
}

static void gen_freeze(struct gen *g)
{
	int slot;

	if (begin_on_map(g, SKEP_MAP_FREEZE, &slot))
		gen_odd_attr(g);
}

static void gen_bind(struct gen *g)
{
	int map = gen_any(g, k_map), prog = gen_any(g, k_prog);

	if (map < 0 || prog < 0 || !gen_begin(g, v_bpf, SKEP_PROG_BIND_MAP))
		return;
	gen_fd(g, f_bind_prog_fd, (u16)prog);
	gen_fd(g, f_bind_map_fd, (u16)map);
	if (gen_one_in(g, 8))
		gen_number(g, f_bind_flags, 1);
	gen_odd_attr(g);
}

static void gen_query(struct gen *g)
{
	if (!gen_begin(g, v_bpf, SKEP_PROG_QUERY))
		return;
	gen_number(g, f_query_target, gen_one_in(g, 12) ? 9999 : 1);
	gen_number(g, f_query_type,
		   gen_one_of(g, SKEP_TCX_INGRESS, SKEP_TCX_EGRESS, SKEP_TCX_EGRESS,
			      SKEP_TCX_INGRESS, SKEP_XDP, 99));
	gen_number(g, f_query_count, gen_below(g, 4));
	if (gen_one_in(g, 2))
		gen_room(g, f_query_ids, 16, r_ids);
	if (gen_one_in(g, 12))
		gen_number(g, f_query_flags, 1);
	gen_odd_attr(g);
}

/* What a descriptor of this process traces. */
static void gen_task_query(struct gen *g)
{
	int slot = gen_any(g, gen_one_in(g, 3)	 ? (enum seq_kind)(1 + gen_below(g, 4))
			      : gen_one_in(g, 4) ? k_other
						 : k_link);

	if (slot < 0 || !gen_begin(g, v_bpf, SKEP_TASK_FD_QUERY))
		return;
	gen_pid(g, f_task_pid);
	gen_fd(g, f_task_fd, (u16)slot);
	if (gen_one_in(g, 12))
		gen_number(g, f_task_flags, 1);
	if (gen_one_in(g, 30))
		gen_number(g, f_task_buf, gen_bad(g));
	else if (!gen_one_in(g, 6))
		gen_room(g, f_task_buf, 64, r_bytes);
	gen_number(g, f_task_len, gen_one_of(g, 0, 1, 4, 9, 10, 64, 64));
}

static void gen_lookup(struct gen *g)
{
	gen_read(g, SKEP_MAP_LOOKUP_ELEM);
}

static void gen_take(struct gen *g)
{
	gen_read(g, SKEP_MAP_LOOKUP_AND_DELETE_ELEM);
}

static void gen_good_map(struct gen *g)
{
	gen_map(g, true);
}

static void gen_odd_map(struct gen *g)
{
	gen_map(g, false);
}

/* ---- sequences ---- */

static const struct {
	void (*fn)(struct gen *g);
	u32 weight;
} steps[] = {
	{gen_good_map, 50}, {gen_odd_map, 40}, {gen_update, 240},     {gen_lookup, 120},
	{gen_take, 50},	    {gen_delete, 70},  {gen_next_key, 60},    {gen_walk, 80},
	{gen_freeze, 6},    {gen_bind, 12},    {gen_mmap, 20},	      {gen_memory, 40},
	{gen_poll, 8},	    {gen_close, 30},   {gen_dup, 12},	      {gen_by_id, 20},
	{gen_next_id, 12},  {gen_info, 40},    {gen_pin, 14},	      {gen_get, 14},
	{gen_fork, 30},	    {gen_batch, 110},  {gen_prog, 45},	      {gen_test_run, 80},
	{gen_btf, 8},	    {gen_link, 8},     {gen_link_change, 14}, {gen_query, 12},
	{gen_perf, 10},	    {gen_stats, 6},    {gen_task_query, 12},
};

static void gen_step(struct gen *g)
{
	u32 sum = 0, at;

	for (u32 i = 0; i < ARRAY_SIZE(steps); i++)
		sum += steps[i].weight;
	at = gen_below(g, sum);
	for (u32 i = 0; i < ARRAY_SIZE(steps); at -= steps[i++].weight)
		if (at < steps[i].weight) {
			steps[i].fn(g);
			return;
		}
}

void seq_gen(struct seq *seq, u64 seed, u64 types)
{
	struct gen g = {.seq = seq, .rng = seed, .types = types};
	u32 n;

	memset(seq, 0, sizeof(*seq));
	memset(g.pinned, 0xff, sizeof(g.pinned));
	seq->seed = seed;
	seq->shared = gen_one_in(&g, 5);
	if (gen_one_in(&g, 3))
		gen_btf(&g);
	n = 1 + gen_below(&g, 3);
	for (u32 i = 0; i < n; i++)
		gen_map(&g, true);
	n = 10 + gen_below(&g, 50);
	for (u32 i = 0; i < n; i++)
		gen_step(&g);
}
