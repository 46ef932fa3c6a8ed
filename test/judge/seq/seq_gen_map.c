/* seq_gen_map.c - makes maps, keys and values, and batches */
#include "seq_gen.h"

const struct seq_type seq_types[] = {
/* the macros of seq_type.def name flags without their prefix */
#define NO_PREALLOC    SKEP_F_NO_PREALLOC
#define ZERO_SEED      SKEP_F_ZERO_SEED
#define MMAPABLE       SKEP_F_MMAPABLE
#define INNER_MAP      SKEP_F_INNER_MAP
#define PRESERVE_ELEMS SKEP_F_PRESERVE_ELEMS
#define NO_COMMON_LRU  SKEP_F_NO_COMMON_LRU
#define CLONE	       SKEP_F_CLONE
#define SEGV_ON_FAULT  SKEP_F_SEGV_ON_FAULT
#define NO_USER_CONV   SKEP_F_NO_USER_CONV
#define TYPE(name, k, v, traits, flags, must) \
	{#name, SKEP_MAP_TYPE_##name, traits, flags, must, keys_##k, values_##v},
#include "seq_type.def"
#undef TYPE
};
const u32 seq_ntypes = ARRAY_SIZE(seq_types);

enum { PAGE = 4096, KEY_MOST = 600, VALUE_MOST = 2048, LRU_SURE = 64 };

const struct seq_type *seq_type_of(u32 type)
{
	for (u32 i = 0; i < seq_ntypes; i++)
		if (seq_types[i].type == type)
			return &seq_types[i];
	return &seq_types[0];
}

u32 seq_value_size(const struct seq_made *map)
{
	u32 traits = seq_type_of(map->type)->traits;

	return traits & t_per_cpu ? (u32)round_up(map->value_size, 8) * seq_cpus()
				  : map->value_size;
}

bool seq_forgets(const struct seq_made *map)
{
	return seq_type_of(map->type)->traits & t_lru && map->max_entries < LRU_SURE;
}

/* ---- creation ---- */

static const struct seq_type *any_type(struct gen *g)
{
	u32 i;

	do
		i = gen_below(g, seq_ntypes);
	while (!(g->types & 1ull << i) ||
	       /* the kernel waits long before it frees one */
	       (seq_types[i].traits & t_storage && !gen_one_in(g, 4)));
	return &seq_types[i];
}

static void good_sizes(struct gen *g, const struct seq_type *type, struct seq_made *map)
{
	switch (type->keys) {
	case keys_any:
		map->key_size = (u32)gen_one_of(g, 4, 4, 4, 1, 6, 8, 16, 20);
		break;
	case keys_index: map->key_size = 4; break;
	case keys_lpm: map->key_size = (u32)gen_one_of(g, 8, 8, 5, 6, 20); break;
	default: map->key_size = 0;
	}
	switch (type->values) {
	case values_any:
		map->value_size = (u32)gen_one_of(g, 4, 8, 8, 1, 12, 24, 64);
		break;
	case values_none: map->value_size = 0; break;
	default: map->value_size = 4;
	}
	map->max_entries = (u32)gen_one_of(g, 1, 2, 3, 4, 4, 8, 64);
	if (type->traits & t_storage) {
		map->key_size = 4;
		map->value_size = 8;
		map->max_entries = 0;
	}
	if (type->traits & t_pages)
		map->max_entries = PAGE << gen_below(g, 3);
}

static u32 good_flags(struct gen *g, const struct seq_type *type)
{
	u32 flags = type->must;

	for (u32 bit = 1; bit < 1u << 20; bit <<= 1)
		if (type->flags & bit && gen_one_in(g, 3))
			flags |= bit;
	if (gen_one_in(g, 12))
		flags |= (u32)gen_one_of(g, SKEP_F_RDONLY, SKEP_F_WRONLY,
					 SKEP_F_RDONLY_PROG, SKEP_F_WRONLY_PROG);
	return flags;
}

static void odd_sizes(struct gen *g, struct seq_made *map)
{
	u32 how = gen_below(g, 5);

	if (how == 0)
		map->key_size = (u32)gen_one_of(g, 0, 1, 2, 3, 5, 13, 255, 260, 261, 512,
						513, UINT32_MAX);
	if (how == 1)
		map->value_size =
			(u32)gen_one_of(g, 0, 1, 3, 5, 7, 256, 1000, 4096, UINT32_MAX);
	if (how == 2)
		map->max_entries =
			(u32)gen_one_of(g, 0, 1, 3, 5, 7, 1000, PAGE, 3 * PAGE, 65536);
	if (how == 3)
		map->flags ^= 1u << gen_below(g, 20);
}

/* What few maps have: each may be left out again when a difference is made smaller. */
static void odd_fields(struct gen *g, bool good, bool typed)
{
	static const char names[][16] = {"name", "a.b_C9", "fifteen_letters", "no-name",
					 "sixteen_letters_"};
	int btf = gen_any(g, k_btf);

	if (gen_one_in(g, 4)) {
		char name[16] = "";

		memcpy(name, names[gen_below(g, good ? 3 : 5)], 16);
		gen_name(g, f_map_name, name);
	}
	if (btf >= 0 && !typed && gen_made(g, btf)->type == BTF_PLAIN &&
	    gen_one_in(g, 3)) {
		gen_fd(g, f_btf_fd, (u16)btf);
		gen_number(g, f_btf_key_type_id, gen_below(g, 5));
		gen_number(g, f_btf_value_type_id, gen_below(g, 10));
	}
	if (good)
		return;
	switch (gen_below(g, 12)) {
	case 0: gen_number(g, f_numa_node, gen_one_of(g, 0, 1, UINT32_MAX, 9999)); break;
	case 1: gen_number(g, f_map_extra, gen_one_of(g, 1, 15, 16, 1ull << 40)); break;
	case 2: gen_number(g, f_btf_key_type_id, 1); break;
	case 3: gen_number(g, f_btf_value_type_id, 1); break;
	case 4: gen_number(g, f_map_token_fd, gen_one_of(g, 1, UINT32_MAX)); break;
	case 5: gen_number(g, f_btf_vmlinux_value_type_id, 1); break;
	case 6: gen_number(g, f_value_type_btf_obj_fd, 1); break;
	case 7: gen_number(g, f_map_ifindex, gen_one_of(g, 1, 9999)); break;
	default: break;
	}
}

static void gen_inner(struct gen *g, const struct seq_type *type, struct seq_made *map)
{
	int inner = gen_any(g, k_map);

	if (type->values != values_map && !gen_one_in(g, 50))
		return;
	if (inner < 0)
		return;
	gen_fd(g, f_inner_map_fd, (u16)inner);
	map->inner = (u16)inner;
}

/* Values with special fields, if there is BTF that has them. */
static bool gen_fields(struct gen *g, struct seq_made *map)
{
	int btf = gen_any(g, k_btf);
	bool timer = gen_one_in(g, 2);

	for (u32 n = 4; n && btf >= 0 && gen_made(g, btf)->type != BTF_FIELDS; n--)
		btf = gen_any(g, k_btf);
	if (btf < 0 || gen_made(g, btf)->type != BTF_FIELDS || seq_forgets(map))
		return false;
	map->value_size = timer ? 24 : 16;
	if (map->key_size && map->key_size != 4)
		return false;
	gen_fd(g, f_btf_fd, (u16)btf);
	gen_number(g, f_btf_key_type_id, map->key_size ? 1 : 0);
	map->timer = timer;
	gen_number(g, f_btf_value_type_id, timer ? 6 : 4);
	return true;
}

/* Storage says what its keys and values are: int and long of either BTF. */
static bool gen_storage(struct gen *g)
{
	int btf = gen_any(g, k_btf);

	if (btf < 0)
		return false;
	gen_fd(g, f_btf_fd, (u16)btf);
	gen_number(g, f_btf_key_type_id, 1);
	gen_number(g, f_btf_value_type_id, 2);
	return true;
}

void gen_map(struct gen *g, bool good)
{
	const struct seq_type *type = any_type(g);
	struct seq_made map = {.kind = k_map, .type = type->type};
	bool typed;

	if (type->traits & t_storage) {
		if (!g->nslots[k_btf])
			gen_btf(g);
		gen_task(g, type->keys == keys_cgroup);
	}
	if (!gen_begin(g, v_bpf, SKEP_MAP_CREATE))
		return;
	map.of = gen_slot(g);
	good_sizes(g, type, &map);
	map.flags = good_flags(g, type);
	if (!good)
		odd_sizes(g, &map);
	typed = type->values == values_any && gen_one_in(g, 2) && gen_fields(g, &map);
	if (type->traits & t_storage)
		typed = gen_storage(g);
	gen_number(g, f_map_type, map.type);
	gen_number(g, f_key_size, map.key_size);
	gen_number(g, f_value_size, map.value_size);
	gen_number(g, f_max_entries, map.max_entries);
	if (map.flags)
		gen_number(g, f_map_flags, map.flags);
	gen_inner(g, type, &map);
	odd_fields(g, good, typed);
	/* larger ones are made, but not used */
	if (map.key_size <= KEY_MOST && map.value_size <= VALUE_MOST)
		gen_makes(g, &map);
	else
		g->op->made = map;
}

/* ---- keys and values ---- */

static void lpm_key(const struct seq_made *map, u32 n, u8 *to)
{
	static const u8 bits[SEQ_KEYS] = {0, 8, 8, 7, 16, 16, 12, 9};
	static const u8 first[SEQ_KEYS] = {0, 10, 11, 10, 10, 10, 10, 0x8a};
	u32 bytes = map->key_size < 5 ? 0 : map->key_size - 4;

	memset(to, 0, map->key_size);
	if (!bytes)
		return;
	/* one in so many is longer than the key */
	store32(to, n == SEQ_KEYS ? bytes * 8 + 1 : n == 4 ? bytes * 8 : bits[n]);
	to[4] = first[n % SEQ_KEYS];
	if (bytes > 1)
		to[5] = (u8)(n == 5 ? 1 : 0);
}

void gen_key_bytes(const struct seq_made *map, u32 n, u8 *to)
{
	const struct seq_type *type = seq_type_of(map->type);

	if (type->keys == keys_lpm) {
		lpm_key(map, n, to);
		return;
	}
	for (u32 i = 0; i < map->key_size; i++)
		to[i] = (u8)(type->keys == keys_index || i == 0 ? 0 : n * 37 + i);
	if (map->key_size)
		to[0] = (u8)(n % SEQ_KEYS);
}

static u32 key_number(struct gen *g, const struct seq_made *map)
{
	if (seq_type_of(map->type)->keys == keys_lpm)
		return gen_below(g, SEQ_KEYS + 1);
	/* few keys, so that they meet again */
	return gen_below(g, gen_one_in(g, 3) ? SEQ_KEYS : 4);
}

void gen_key(struct gen *g, u8 field, const struct seq_made *map)
{
	struct seq_arg *bytes;
	u8 key[KEY_MOST];
	int slot;

	if (map->kind != k_map || !map->key_size) {
		if (gen_one_in(g, 20))
			gen_bytes(g, field, "12345678", 8);
		else
			gen_number(g, field, 0);
		return;
	}
	if (gen_one_in(g, 40)) {
		gen_number(g, field, gen_bad(g));
		return;
	}
	gen_key_bytes(map, key_number(g, map), key);
	bytes = gen_bytes(g, field, key, map->key_size);
	if (seq_type_of(map->type)->traits & t_storage) {
		slot = gen_any(g, gen_one_in(g, 20)			      ? k_map
				  : seq_type_of(map->type)->keys == keys_task ? k_task
									      : k_cgroup);
		if (slot >= 0)
			gen_fix(g, bytes, 0, (u16)slot);
	}
}

static int value_slot(struct gen *g, const struct seq_made *map)
{
	switch (seq_type_of(map->type)->values) {
	case values_prog: return gen_any(g, k_prog);
	case values_map: return gen_any(g, k_map);
	case values_other:
		return gen_any(g, gen_one_in(g, 6) ? (enum seq_kind)(1 + gen_below(g, 4))
						   : k_other);
	default: return -1;
	}
}

static u32 value_bytes(struct gen *g, const struct seq_made *map, u8 *to)
{
	u32 size = seq_value_size(map), n = gen_below(g, 12);

	for (u32 i = 0; i < size; i++)
		to[i] = (u8)(n + i / MAX(map->value_size, 1u) * 16);
	return size;
}

void gen_values(struct gen *g, u8 field, const struct seq_made *map, u32 n)
{
	u8 values[16384];
	struct seq_arg *a;
	u32 size = seq_value_size(map);

	n = MIN(n, (u32)sizeof(values) / MAX(size, 1u));
	for (u32 i = 0; i < n; i++)
		value_bytes(g, map, values + i * size);
	a = gen_bytes(g, field, values, n * size);
	for (u32 i = 0; i < n; i++) {
		int slot = value_slot(g, map);

		if (slot >= 0)
			gen_fix(g, a, i * size, (u16)slot);
	}
}

void gen_value(struct gen *g, u8 field, const struct seq_made *map)
{
	if (map->kind != k_map)
		gen_bytes(g, field, "12345678", 8);
	else if (gen_one_in(g, 40))
		gen_number(g, field, gen_bad(g));
	else
		gen_values(g, field, map, 1);
}

/* ---- batches ---- */

static void gen_keys(struct gen *g, const struct seq_made *map, u32 n)
{
	u8 keys[16 * KEY_MOST];

	for (u32 i = 0; i < n; i++)
		gen_key_bytes(map, key_number(g, map), keys + i * map->key_size);
	gen_bytes(g, f_keys, keys, n * map->key_size);
}

static void gen_write_batch(struct gen *g, const struct seq_made *map, enum skep_cmd cmd)
{
	u32 n = 1 + gen_below(g, 8);

	if (seq_value_size(map) > 256)
		n = 1;
	if (gen_one_in(g, 40))
		gen_number(g, f_keys, gen_bad(g));
	else
		gen_keys(g, map, n);
	if (cmd == SKEP_MAP_UPDATE_BATCH && gen_one_in(g, 40))
		gen_number(g, f_values, gen_bad(g));
	else if (cmd == SKEP_MAP_UPDATE_BATCH)
		gen_values(g, f_values, map, n);
	gen_number(g, f_batch_count, gen_one_in(g, 20) ? 0 : n);
}

static void gen_read_batch(struct gen *g, const struct seq_made *map)
{
	u32 n = gen_one_in(g, 3) ? 1 + gen_below(g, 8) : map->max_entries;
	u32 room = MIN(n, 70u), size = seq_value_size(map);

	if (gen_one_in(g, 3))
		gen_token(g, f_in_batch, map->of);
	if (!gen_one_in(g, 12))
		gen_token(g, f_out_batch, map->of);
	if (gen_one_in(g, 40))
		gen_number(g, f_keys, gen_bad(g));
	else
		gen_room(g, f_keys, room * map->key_size, r_keys);
	if (gen_one_in(g, 40))
		gen_number(g, f_values, gen_bad(g));
	else
		gen_room(g, f_values, room * size, r_values);
	gen_number(g, f_batch_count,
		   gen_one_in(g, 20)   ? 0
		   : gen_one_in(g, 20) ? UINT32_MAX
				       : n);
}

void gen_batch(struct gen *g)
{
	enum skep_cmd cmd = (enum skep_cmd)gen_one_of(
		g, SKEP_MAP_LOOKUP_BATCH, SKEP_MAP_LOOKUP_BATCH,
		SKEP_MAP_LOOKUP_AND_DELETE_BATCH, SKEP_MAP_UPDATE_BATCH,
		SKEP_MAP_UPDATE_BATCH, SKEP_MAP_DELETE_BATCH);
	bool writes = cmd == SKEP_MAP_UPDATE_BATCH || cmd == SKEP_MAP_DELETE_BATCH;
	int slot = gen_any(g, k_map);
	const struct seq_made *map;

	if (slot < 0 || gen_made(g, slot)->kind != k_map)
		return;
	map = gen_made(g, slot);
	/* what a full LRU map forgets inside a batch is not followed */
	if ((!(seq_type_of(map->type)->traits & t_batch) && !gen_one_in(g, 8)) ||
	    seq_forgets(map) || map->max_entries > 64 || !gen_begin(g, v_bpf, cmd))
		return;
	gen_fd(g, f_batch_fd, (u16)slot);
	if (writes)
		gen_write_batch(g, map, cmd);
	else
		gen_read_batch(g, map);
	if (gen_one_in(g, 10))
		gen_number(g, f_elem_flags, gen_one_of(g, 1, 2, SKEP_F_LOCK, 8));
	if (gen_one_in(g, 20))
		gen_number(g, f_batch_flags, 1);
}
