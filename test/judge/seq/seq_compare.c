/* seq_compare.c - whether both sides did the same, as far as bpf(2) says what is done */
#include "seq.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

enum { GUARD = 16, GUARD_BYTE = 0xcc, FOREIGN = 0xf0f0f0f0, KERNEL_ENOTSUPP = 524 };

PRINTF(2, 3) static bool differ(struct seq_state *st, const char *fmt, ...)
{
	struct seq_model *model = st->world->model;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(model->what, sizeof(model->what), fmt, ap);
	va_end(ap);
	model->differs = true;
	return false;
}

/* ---- ids ---- */

static u32 id_in(const struct seq_state *st, int side, u32 id, u8 kind)
{
	const struct seq *seq = st->seq;

	for (u32 i = 0; id && i < seq->nops; i++)
		if (st->world->model->id[side][i] == id && seq->ops[i].made.kind == kind)
			return i + 1;
	return id ? FOREIGN : 0;
}

static void rename_id(const struct seq_state *st, int side, u8 *at, u8 kind)
{
	store32(at, id_in(st, side, load32(at), kind));
}

static void info_map(const struct seq_state *st, int side, void *at)
{
	struct skep_map_info *info = at;

	info->id = id_in(st, side, info->id, k_map);
	info->btf_id = id_in(st, side, info->btf_id, k_btf);
	info->netns_dev = info->netns_ino = 0;
}

static void info_prog(const struct seq_state *st, int side, void *at)
{
	struct skep_prog_info *info = at;

	info->id = id_in(st, side, info->id, k_prog);
	info->btf_id = id_in(st, side, info->btf_id, k_btf);
	info->jited_prog_len = info->xlated_prog_len = 0;
	info->load_time = info->run_time_ns = info->run_cnt = 0;
	info->recursion_misses = 0;
	info->nr_jited_ksyms = info->nr_jited_func_lens = info->nr_jited_line_info = 0;
}

static void info_btf(const struct seq_state *st, int side, void *at)
{
	struct skep_btf_info *info = at;

	info->id = id_in(st, side, info->id, k_btf);
}

static void info_link(const struct seq_state *st, int side, void *at)
{
	struct skep_link_info *info = at;

	info->id = id_in(st, side, info->id, k_link);
	info->prog_id = id_in(st, side, info->prog_id, k_prog);
}

static void rename_info(struct seq_state *st, int side, const struct seq_op *op, u8 *at,
			u32 len)
{
	static void (*const by_kind[])(const struct seq_state *, int, void *) = {
		[k_map] = info_map,
		[k_prog] = info_prog,
		[k_btf] = info_btf,
		[k_link] = info_link,
	};
	s16 object = seq_object_of(st, op);
	u64 info[64] = {0};

	if (object < 0 || st->seq->ops[object].made.kind > k_link)
		return;
	if (st->seq->ops[object].made.kind == k_prog)
		for (u32 i = SEQ_INFO_MORE; i < SEQ_INFO_MORE + 64; i += 4)
			rename_id(st, side, at + i, k_map);
	for (u32 i = 0; i < 256; i += 8)
		if (load64(at + i) == u64_of(at + SEQ_INFO_MORE))
			store64(at + i, 0);
	memcpy(info, at, MIN(len, sizeof(info)));
	by_kind[st->seq->ops[object].made.kind](st, side, info);
	memcpy(at, info, MIN(len, sizeof(info)));
}

/* ---- memory ---- */

static u8 values_kind(const struct seq_made *map)
{
	const struct seq_type *type = map ? seq_type_of(map->type) : NULL;

	return !type			     ? k_none
	       : type->values == values_prog ? k_prog
	       : type->values == values_map  ? k_map
					     : k_none;
}

static void rename_values(struct seq_state *st, int side, const struct seq_made *map,
			  u8 *at, u32 len)
{
	u8 kind = values_kind(map);

	for (u32 i = 0; kind && i + 4 <= len; i += 4)
		if (load32(at + i) != 0xaaaaaaaa && load32(at + i) != 0xeeeeeeee)
			rename_id(st, side, at + i, kind);
}

/* Between the copies of a per-CPU value stands what an element there had before. */
static void clear_padding(const struct seq_made *map, struct seq_room_at *room)
{
	u32 each = (u32)round_up(map->value_size, 8);

	if (seq_type_of(map->type)->traits & t_per_cpu)
		for (u32 i = 0; i + each <= room->len; i += each)
			memset(room->at + i + map->value_size, 0, each - map->value_size);
}

/* Both sides' memory in one form. */
static void normalize(struct seq_state *st, const struct seq_op *op, int side,
		      struct seq_room_at *room)
{
	const struct seq_made *map = seq_map_of(st, op);
	bool values = room->arg->room == r_element || room->arg->room == r_values;

	if (room->arg->room == r_info)
		rename_info(st, side, op, room->at, room->len);
	for (u32 i = 0; room->arg->room == r_ids && i + 4 <= room->len; i += 4)
		if (load32(room->at + i) != 0xaaaaaaaa)
			rename_id(st, side, room->at + i, k_prog);
	if (!values || !map)
		return;
	rename_values(st, side, map, room->at, room->len);
	clear_padding(map, room);
}

static bool guards_stand(const struct seq_result *r)
{
	for (u32 i = 0; i < r->nrooms; i++)
		for (u32 b = 0; r->rooms[i].arg->field && b < GUARD; b++)
			if (r->rooms[i].at[r->rooms[i].len + b] != GUARD_BYTE)
				return false;
	return true;
}

static bool same_room(struct seq_state *st, const struct seq_op *op, u32 n)
{
	struct seq_room_at *a = &st->result[0].rooms[n], *b = &st->result[1].rooms[n];
	u32 at = 0;

	if (a->len != b->len)
		return differ(st, "length of memory: kernel %u engine %u", a->len,
			      b->len);
	if (!memcmp(a->at, b->at, a->len))
		return true;
	while (a->at[at] == b->at[at])
		at++;
	return differ(st, "memory of %s: byte %u is kernel %02x engine %02x",
		      op->verb == v_bpf ? seq_fields[a->arg->field].name : "it", at,
		      a->at[at], b->at[at]);
}

/* ---- sets ---- */

struct pair {
	u32 key_size, value_size;
	const u8 *key, *value;
};

static int by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int c = memcmp(x->key, y->key, x->key_size);

	return c ? c : memcmp(x->value, y->value, x->value_size);
}

static struct pair *sorted(const struct seq_result *r, const struct seq_made *map, u32 n)
{
	struct pair *pairs = calloc(n + 1, sizeof(*pairs));
	u32 size = seq_value_size(map);

	for (u32 i = 0; i < n; i++)
		pairs[i] = (struct pair){map->key_size, size,
					 r->rooms[0].at + i * map->key_size,
					 r->rooms[1].at + i * size};
	qsort(pairs, n, sizeof(*pairs), by_key);
	return pairs;
}

static void pair_text(char *to, u32 size, const struct pair *p)
{
	u32 n = 0;

	for (u32 i = 0; i < p->key_size && n + 8 < size; i++)
		n += (u32)snprintf(to + n, size - n, "%02x", p->key[i]);
	n += (u32)snprintf(to + n, size - n, "=");
	for (u32 i = 0; i < p->value_size && n + 8 < size; i++)
		n += (u32)snprintf(to + n, size - n, "%02x", p->value[i]);
}

static bool other_pair(struct seq_state *st, const struct pair *a, const struct pair *b)
{
	char k[200], e[200];

	pair_text(k, sizeof(k), a);
	pair_text(e, sizeof(e), b);
	return differ(st, "elements: kernel %s engine %s", k, e);
}

/* rooms[0] has keys, rooms[1] values: n elements in any order */
static bool same_set(struct seq_state *st, const struct seq_made *map, u32 n, u32 m)
{
	struct pair *a, *b;
	bool same;
	u32 at = 0;

	if (n != m)
		return differ(st, "number of elements: kernel %u engine %u", n, m);
	a = sorted(&st->result[0], map, n);
	b = sorted(&st->result[1], map, n);
	while (at < n && !by_key(&a[at], &b[at]))
		at++;
	same = at == n || other_pair(st, &a[at], &b[at]);
	free(a);
	free(b);
	return same;
}

/* ---- what a call gave ---- */

static const char *error_name(long ret, char buf[32])
{
	const char *name = ret == -KERNEL_ENOTSUPP ? "ENOTSUPP"
			   : ret < 0		   ? strerrorname_np((int)-ret)
						   : NULL;

	snprintf(buf, 32, "%ld", ret);
	return name ? name : buf;
}

static bool same_ret(struct seq_state *st, const struct seq_op *op)
{
	long k = st->result[0].ret, e = st->result[1].ret;
	char a[32], b[32];

	if (op->made.kind != k_none)
		k = MIN(k, 0), e = MIN(e, 0);
	return k == e || differ(st, "result kernel %s engine %s", error_name(k, a),
				error_name(e, b));
}

/* What is written to attr: the same bytes, ids but for which object. */
static bool same_attr(struct seq_state *st, const struct seq_op *op)
{
	struct seq_result *k = &st->result[0], *e = &st->result[1];
	u32 duration = offsetof(union skep_attr, test.duration);
	const struct seq_arg *size = seq_arg_of(op, f_size);
	/* behind what the caller claims the kernel also writes what has not changed */
	u32 end = size ? MIN((u32)size->number, (u32)sizeof(k->after)) : sizeof(k->after);

	for (int side = 0; op->cmd == SKEP_TASK_FD_QUERY && side < 2; side++)
		rename_id(st, side,
			  st->result[side].after +
				  offsetof(union skep_attr, task_fd_query.prog_id),
			  k_prog);
	for (u32 i = 0; i < end; i++) {
		bool changed = k->after[i] != k->before[i] || e->after[i] != e->before[i];

		if (op->cmd == SKEP_PROG_TEST_RUN && i >= duration && i < duration + 4)
			continue;
		if (changed && k->after[i] != e->after[i])
			return differ(st, "attr byte %u: kernel %02x engine %02x", i,
				      k->after[i], e->after[i]);
	}
	return true;
}

static bool same_rooms(struct seq_state *st, const struct seq_op *op)
{
	for (u32 i = 0; i < st->result[0].nrooms; i++)
		if (st->result[0].rooms[i].arg->room != r_any && !same_room(st, op, i))
			return false;
	return true;
}

/* Of two faults each side may tell another: a map that is none, and one that such a
 * program may not use. */
static bool same_load(struct seq_state *st, const struct seq_op *op)
{
	const struct seq_arg *insns = seq_arg_of(op, f_insns);

	for (u32 i = 0; insns && i < insns->fixes; i++)
		if (st->fd[0][st->seq->fixes[insns->fix + i].slot] < 0 &&
		    st->result[0].ret < 0 && st->result[1].ret < 0)
			return true;
	return same_ret(st, op);
}

static bool same_all(struct seq_state *st, const struct seq_op *op)
{
	return (op->cmd == SKEP_PROG_LOAD ? same_load(st, op) : same_ret(st, op)) &&
	       same_attr(st, op) && same_rooms(st, op);
}

/* ---- what needs more thought ---- */

static bool is_loose(long ret)
{
	return ret == 0 || ret == -ENOENT || ret == -ENOSPC || ret == -EFAULT;
}

static bool same_loosely(struct seq_state *st, const struct seq_op *op)
{
	return (is_loose(st->result[0].ret) && is_loose(st->result[1].ret)) ||
	       same_ret(st, op);
}

/* The next key of a hash: which one, and whether there is one, hangs on the order. */
static bool same_next(struct seq_state *st, const struct seq_op *op)
{
	const struct seq_arg *key = seq_arg_of(op, f_key);

	if (key && key->what != w_number)
		return same_loosely(st, op);
	return same_ret(st, op) && same_attr(st, op);
}

/* A batch of a hash: the whole of it is a set; a part may be any. */
static bool same_batch(struct seq_state *st, const struct seq_op *op,
		       const struct seq_made *map)
{
	const struct seq_arg *in = seq_arg_of(op, f_in_batch),
			     *fd = seq_arg_of(op, f_batch_fd);
	u32 at = offsetof(union skep_attr, batch.count);
	struct seq_result *r = st->result;
	bool rooms = r->nrooms == 2 && r->rooms[0].arg->room == r_keys &&
		     r->rooms[1].arg->room == r_values;

	if (!in && rooms && r[0].ret == -ENOENT && r[1].ret == -ENOENT)
		return same_set(st, map, load32(r[0].after + at),
				load32(r[1].after + at));
	if (!same_loosely(st, op))
		return false;
	if (op->cmd == SKEP_MAP_LOOKUP_AND_DELETE_BATCH && is_loose(r->ret))
		for (int side = 0; side < 2; side++)
			seq_clear(st, side, st->fd[side][fd->slot], map);
	return true;
}

static bool is_held(const struct seq_state *st, s16 object)
{
	for (u32 i = 0; i < st->seq->nops; i++)
		if (st->object[i] == object && st->fd[0][i] >= 0)
			return true;
	for (u32 i = 0; i < SEQ_PINS; i++)
		if (st->world->model->pin[i] == object)
			return true;
	return false;
}

/* The id behind one less than an object's is the object's, as long as it is held. What
 * else there is on this machine is not ours. */
static bool same_next_id(struct seq_state *st, const struct seq_op *op)
{
	const struct seq_arg *arg = seq_arg_of(op, f_start_id);
	u32 at = offsetof(union skep_attr, next_id);
	s16 object = arg && arg->what == w_id ? st->object[arg->slot] : -1;

	if (seq_arg_of(op, f_size) || seq_arg_of(op, f_byte))
		return same_loosely(st, op);
	if (object < 0 || arg->number != -1 || !is_held(st, object))
		return same_loosely(st, op);
	if (st->result[0].ret == -EINVAL || st->result[0].ret == -EFAULT)
		return same_ret(st, op);
	for (int side = 0; side < 2; side++)
		if (st->result[side].ret || load32(st->result[side].after + at) !=
						    st->world->model->id[side][object])
			return differ(st, "next id: kernel %ld engine %ld",
				      st->result[0].ret, st->result[1].ret);
	return true;
}

/* What a kernel's map or program held may live on for a moment. */
static bool same_by_id(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];
	struct seq_result *r = st->result;

	for (int n = 0; n < 300 && r[0].ret >= 0 && r[1].ret == -ENOENT; n++) {
		st->world->sys[0]->close(st->world->sys[0], (int)r[0].ret);
		usleep(2000);
		seq_do(st, i, 0);
	}
	return same_all(st, op);
}

/* Of a Bloom filter: yes to what was pushed. */
static u16 bloom_bit(const struct seq_state *st, const struct seq_op *op)
{
	const struct seq_arg *value = seq_arg_of(op, f_value);

	return value && (value->what == w_bytes) && value->len
		       ? (u16)(1u << (st->seq->pool[value->at] & 15))
		       : 0;
}

static bool same_bloom(struct seq_state *st, const struct seq_op *op)
{
	s16 object = seq_object_of(st, op);
	u16 *pushed = &st->world->model->pushed[object], bit = bloom_bit(st, op);

	if (op->cmd == SKEP_MAP_LOOKUP_ELEM && !(*pushed & bit))
		return same_loosely(st, op);
	if (!same_all(st, op))
		return false;
	if (op->cmd == SKEP_MAP_UPDATE_ELEM && !st->result[0].ret)
		*pushed |= bit;
	return op->cmd != SKEP_MAP_LOOKUP_ELEM || st->result[0].ret != -ENOENT ||
	       differ(st, "bloom filter forgot: what was pushed");
}

/* ---- LRU maps that forget: each side by itself ---- */

static u64 digest(const u8 *at, u32 len)
{
	u64 h = 1;

	for (u32 i = 0; i < len; i++)
		h = (h ^ at[i]) * 0x100000001b3;
	return h;
}

static u64 value_digest(const struct seq_made *map, const u8 *at)
{
	bool per_cpu = seq_type_of(map->type)->traits & t_per_cpu;
	u32 each = (u32)round_up(map->value_size, 8);
	u64 h = 0;

	for (u32 i = 0; i < (per_cpu ? seq_cpus() : 1); i++)
		h = h * 31 + digest(at + i * each, map->value_size);
	return h;
}

static struct seq_lru *lru_of(struct seq_state *st, const struct seq_op *op, int side)
{
	return &st->world->model->lru[side][seq_object_of(st, op)];
}

static bool lru_has(struct seq_state *st, const struct seq_made *map, int side,
		    struct seq_lru *lru, const u8 *key, const u8 *value)
{
	u32 n = key[0] % SEQ_KEYS;

	if (!lru->maybe[n])
		return differ(st, "lru has what was removed: side %d key %u", side, n);
	if (value && lru->last[n] != value_digest(map, value))
		return differ(st, "lru has another value: side %d key %u", side, n);
	return true;
}

/* The bytes of value that count; of a per-CPU map all that is read is whole words. */
static bool lru_update(struct seq_state *st, const struct seq_op *op,
		       const struct seq_made *map, int side, u32 key)
{
	const struct seq_arg *value = seq_arg_of(op, f_value);
	struct seq_lru *lru = lru_of(st, op, side);

	switch (st->result[side].ret) {
	case 0:
		lru->last[key] = value_digest(map, st->seq->pool + value->at);
		lru->maybe[key] = true;
		lru->newest = (s8)key;
		return true;
	case -EEXIST:
		lru->newest = -1; /* room was made before it was looked for */
		return lru->maybe[key] ||
		       differ(st, "lru: EEXIST of none, side %d", side);
	case -ENOENT:
		lru->newest = -1;
		lru->maybe[key] = false;
		return true;
	default: return true;
	}
}

static bool lru_read(struct seq_state *st, const struct seq_op *op,
		     const struct seq_made *map, int side, const u8 *key)
{
	struct seq_lru *lru = lru_of(st, op, side);
	struct seq_result *r = &st->result[side];
	u32 n = key[0] % SEQ_KEYS;

	if (r->ret == -ENOENT && lru->newest == (s8)n)
		return differ(st, "lru: newest is gone, side %d", side);
	if (r->ret == 0 &&
	    !lru_has(st, map, side, lru, key, r->nrooms ? r->rooms[0].at : NULL))
		return false;
	if (r->ret == -ENOENT || op->cmd != SKEP_MAP_LOOKUP_ELEM)
		lru->maybe[n] = false;
	if (op->cmd != SKEP_MAP_LOOKUP_ELEM && lru->newest == (s8)n)
		lru->newest = -1;
	return true;
}

static bool lru_walk(struct seq_state *st, const struct seq_op *op,
		     const struct seq_made *map, int side)
{
	struct seq_result *r = &st->result[side];
	u32 size = seq_value_size(map), n = (u32)r->walked;

	if (n > round_up(map->max_entries, seq_cpus()))
		return differ(st, "lru: too many elements, side %d: %u", side, n);
	for (u32 i = 0; i < n; i++)
		if (!lru_has(st, map, side, lru_of(st, op, side),
			     r->rooms[0].at + i * map->key_size,
			     r->rooms[1].at + i * size))
			return false;
	return true;
}

static bool lru_elem(struct seq_state *st, const struct seq_op *op,
		     const struct seq_made *map)
{
	const struct seq_arg *key = seq_arg_of(op, f_key);
	bool plain = key && key->what == w_bytes && key->len;
	long k = st->result[0].ret, e = st->result[1].ret;

	if (op->cmd == SKEP_MAP_LOOKUP_AND_DELETE_ELEM && k == -EFAULT)
		lru_of(st, op, 0)->newest = lru_of(st, op, 1)->newest = -1;
	if (!plain || (k < 0 && k != -ENOENT && k != -EEXIST) ||
	    (e < 0 && e != -ENOENT && e != -EEXIST))
		return same_loosely(st, op);
	for (int side = 0; side < 2; side++) {
		const u8 *at = st->seq->pool + key->at;

		if (op->cmd == SKEP_MAP_UPDATE_ELEM
			    ? !lru_update(st, op, map, side, at[0] % SEQ_KEYS)
			    : !lru_read(st, op, map, side, at))
			return false;
	}
	return true;
}

static bool same_lru(struct seq_state *st, const struct seq_op *op,
		     const struct seq_made *map)
{
	if (op->verb == v_walk)
		return lru_walk(st, op, map, 0) && lru_walk(st, op, map, 1);
	switch (op->cmd) {
	case SKEP_MAP_LOOKUP_ELEM:
	case SKEP_MAP_UPDATE_ELEM:
	case SKEP_MAP_DELETE_ELEM:
	case SKEP_MAP_LOOKUP_AND_DELETE_ELEM: return lru_elem(st, op, map);
	case SKEP_MAP_GET_NEXT_KEY: return same_loosely(st, op);
	default: return same_all(st, op);
	}
}

/* ---- all ---- */

static bool is_batch(const struct seq_op *op)
{
	return op->cmd == SKEP_MAP_LOOKUP_BATCH ||
	       op->cmd == SKEP_MAP_LOOKUP_AND_DELETE_BATCH;
}

static bool same_bpf(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];
	const struct seq_made *map = seq_map_of(st, op);
	u32 traits = map ? seq_type_of(map->type)->traits : 0;

	switch (op->cmd) {
	case SKEP_MAP_GET_NEXT_ID:
	case SKEP_PROG_GET_NEXT_ID:
	case SKEP_BTF_GET_NEXT_ID:
	case SKEP_LINK_GET_NEXT_ID: return same_next_id(st, op);
	case SKEP_MAP_GET_FD_BY_ID:
	case SKEP_PROG_GET_FD_BY_ID:
	case SKEP_BTF_GET_FD_BY_ID:
	case SKEP_LINK_GET_FD_BY_ID: return same_by_id(st, i);
	}
	if (map && seq_forgets(map))
		return same_lru(st, op, map);
	if (traits & t_bloom)
		return same_bloom(st, op);
	if (traits & t_unordered && op->cmd == SKEP_MAP_GET_NEXT_KEY)
		return same_next(st, op);
	if (traits & t_unordered && is_batch(op))
		return same_batch(st, op, map);
	return same_all(st, op);
}

static bool same_walk(struct seq_state *st, const struct seq_op *op)
{
	const struct seq_made *map = seq_map_of(st, op);

	if (!same_ret(st, op))
		return false;
	if (map && seq_forgets(map))
		return same_lru(st, op, map);
	return !map || st->result[0].ret == -EBADF ||
	       same_set(st, map, (u32)st->result[0].walked, (u32)st->result[1].walked);
}

bool seq_compare(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];

	for (int side = 0; side < 2; side++) {
		struct seq_result *r = &st->result[side];

		if (!guards_stand(r))
			return differ(st, "guard: side %d wrote behind memory", side);
		for (u32 n = 0; n < r->nrooms; n++)
			normalize(st, op, side, &r->rooms[n]);
	}
	/* nor, for a moment, a lock of a task's storage: EAGAIN */
	if (st->result[0].ret == -EAGAIN && st->result[1].ret != -EAGAIN)
		st->result[0].ret = -ENOMEM;
	if (st->result[0].ret == -ENOMEM && st->result[1].ret != -ENOMEM) {
		st->world->model->no_memory = true;
		return true;
	}
	switch (op->verb) {
	case v_bpf: return same_bpf(st, i);
	case v_walk: return same_walk(st, op);
	default: return same_all(st, op);
	}
}
