#include "diff_gen.h"

/* Registers: r6 the context, r7 the hash, r8 map_trace's value, where every state of the
 * hash is kept. The frame: a key at -8, a
 * number that helpers write at -16, the value of an update at -48, text and bytes from
 * -112 to -48. */
enum { KEY = -8, NUMBER = -16, VALUE = -48, BYTES = -112, BYTES_LEN = 64, WORDS = 14 };

struct gen {
	u64 *seed;
	struct skep_insn *out;
	u32 n;
	enum kind kind;
	u32 folds;
	u32 callbacks[4]; /* lddw's to fill in, by callback */
	u32 ncallbacks;
};

u32 diff_pick(u64 *seed, u32 n)
{
	/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators)
	 */
	u64 z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (u32)((z ^ z >> 31) >> 32) % n;
}

static u32 pick(struct gen *g, u32 n)
{
	return diff_pick(g->seed, n);
}

static void emit(struct gen *g, struct insn in)
{
	g->n += insn_encode(&in, &g->out[g->n]);
}

#define EMIT(g, name, ...) emit(g, (struct insn){.op = op_##name, __VA_ARGS__})
#define SET(g, reg, value) EMIT(g, mov64k, .dst = reg, .imm = value)
#define COPY(g, reg, from) EMIT(g, mov64x, .dst = reg, .src = from)

static void address(struct gen *g, u8 reg, s32 off)
{
	COPY(g, reg, 10);
	EMIT(g, add64k, .dst = reg, .imm = off);
}

static void map(struct gen *g, u8 reg, enum diff_map which)
{
	EMIT(g, lddw, .dst = reg, .src = SKEP_PSEUDO_MAP_IDX, .imm = which);
}

static void map_value(struct gen *g, u8 reg, enum diff_map which, u32 off)
{
	EMIT(g, lddw, .dst = reg, .src = SKEP_PSEUDO_MAP_IDX_VALUE,
	     .imm = (s64)off << 32 | which);
}

static void fold(struct gen *g, u8 reg)
{
	EMIT(g, mul64k, .dst = 7, .imm = 0x01000193);
	EMIT(g, xor64x, .dst = 7, .src = reg);
	EMIT(g, stx_dw, .dst = 8, .src = 7, .off = 8 * (s32)g->folds++);
}

static void call(struct gen *g, u32 helper)
{
	EMIT(g, call_helper, .imm = helper);
}

static void call_and_fold(struct gen *g, u32 helper)
{
	call(g, helper);
	fold(g, 0);
}

/* A jump to be aimed at what is emitted next. */
static u32 jump_if_null(struct gen *g, u8 reg)
{
	EMIT(g, jeq64k, .dst = reg);
	return g->n - 1;
}

static void aim(struct gen *g, u32 jump)
{
	g->out[jump].off = (s16)(g->n - jump - 1);
}

/* What stands in memory often decides what a helper does with it: numbers, words of
 * map_text, things like headers. */
static s32 word(struct gen *g)
{
	static const s32 words[] = {0x3837362d, 0x00393534, 0x66307830, 0x20373720,
				    0x00636261, 0x64636261, 0x2c642520, 0x20782520,
				    0,		1,	    -1,		0x45000028};

	return pick(g, 4) ? words[pick(g, ARRAY_SIZE(words))] : (s32)pick(g, UINT32_MAX);
}

/* ---- maps ---- */

static const struct {
	enum diff_map map;
	u32 value_size;
} with_values[] = {{map_array, 24}, {map_hash, 16},	   {map_hash_alloc, 8},
		   {map_percpu, 8}, {map_percpu_hash, 16}, {map_lru, 12}};

static void map_and_key(struct gen *g, enum diff_map which)
{
	EMIT(g, st_dw, .dst = 10, .off = KEY, .imm = pick(g, 6));
	map(g, 1, which);
	address(g, 2, KEY);
}

static void lookup(struct gen *g)
{
	u32 i = pick(g, ARRAY_SIZE(with_values));
	s32 off = (s32)pick(g, with_values[i].value_size / 4) * 4;
	bool wide = off % 8 == 0 && off + 8 <= (s32)with_values[i].value_size;
	u32 jump;

	map_and_key(g, with_values[i].map);
	call(g, SKEP_FUNC_map_lookup_elem);
	jump = jump_if_null(g, 0);
	if (wide)
		EMIT(g, ldx_dw, .dst = 1, .src = 0, .off = off);
	else
		EMIT(g, ldxs_w, .dst = 1, .src = 0, .off = off);
	fold(g, 1);
	switch (pick(g, 4)) {
	case 0: EMIT(g, stx_w, .dst = 0, .src = 7, .off = off); break;
	case 1: EMIT(g, lock_add_w, .dst = 0, .src = 7, .off = off); break;
	case 2:
		EMIT(g, lock_fetch_xor_w, .dst = 0, .src = 1, .off = off);
		fold(g, 1);
		break;
	case 3: EMIT(g, st_h, .dst = 0, .off = off + 2, .imm = word(g)); break;
	}
	aim(g, jump);
}

static void update(struct gen *g)
{
	map_and_key(g, with_values[pick(g, ARRAY_SIZE(with_values))].map);
	if (pick(g, 2))
		EMIT(g, stx_dw, .dst = 10, .src = 7, .off = VALUE + 8 * (s32)pick(g, 3));
	address(g, 3, VALUE);
	SET(g, 4, pick(g, 5));
	call_and_fold(g, SKEP_FUNC_map_update_elem);
}

static void delete (struct gen *g)
{
	map_and_key(g, with_values[pick(g, ARRAY_SIZE(with_values))].map);
	call_and_fold(g, SKEP_FUNC_map_delete_elem);
}

static void global(struct gen *g)
{
	s32 off = (s32)pick(g, 8) * 4;
	bool direct = pick(g, 2);

	map_value(g, 1, map_global, direct ? (u32)off : 0);
	EMIT(g, ldx_w, .dst = 2, .src = 1, .off = direct ? 0 : off);
	fold(g, 2);
	EMIT(g, stx_w, .dst = 1, .src = 7, .off = direct ? 0 : off);
}

static void ring(struct gen *g)
{
	s32 size = 8 * (s32)(1 + pick(g, 7));
	u32 jump;

	map(g, 1, map_ring);
	if (pick(g, 2)) {
		address(g, 2, BYTES);
		SET(g, 3, pick(g, BYTES_LEN + 1));
		SET(g, 4, pick(g, 5));
		call_and_fold(g, SKEP_FUNC_ringbuf_output);
		return;
	}
	SET(g, 2, size);
	SET(g, 3, 0);
	call(g, SKEP_FUNC_ringbuf_reserve);
	jump = jump_if_null(g, 0);
	for (s32 off = 0; off < size; off += 8)
		EMIT(g, stx_dw, .dst = 0, .src = 7, .off = off);
	COPY(g, 1, 0);
	SET(g, 2, pick(g, 3));
	call(g, pick(g, 4) ? SKEP_FUNC_ringbuf_submit : SKEP_FUNC_ringbuf_discard);
	aim(g, jump);
	map(g, 1, map_ring);
	SET(g, 2, pick(g, 2)); /* what is there, the ring's size */
	call_and_fold(g, SKEP_FUNC_ringbuf_query);
}

static void tail(struct gen *g)
{
	if (pick(g, 4))
		return;
	COPY(g, 1, 6);
	map(g, 2, map_progs);
	SET(g, 3, pick(g, 6));
	call(g, SKEP_FUNC_tail_call);
}

/* ---- text, sums, loops ---- */

static void bytes(struct gen *g)
{
	for (u32 i = 1 + pick(g, 6); i; i--)
		EMIT(g, st_w, .dst = 10, .off = BYTES + 4 * (s32)pick(g, BYTES_LEN / 4),
		     .imm = word(g));
	EMIT(g, stx_b, .dst = 10, .src = 7, .off = BYTES + (s32)pick(g, BYTES_LEN));
}

static void compare(struct gen *g)
{
	address(g, 1, BYTES + 4 * (s32)pick(g, 4));
	SET(g, 2, 1 + pick(g, 32));
	map_value(g, 3, map_text, pick(g, 64));
	call_and_fold(g, SKEP_FUNC_strncmp);
}

static void parse(struct gen *g)
{
	static const s32 bases[] = {0, 8, 10, 16, 2};

	address(g, 1, BYTES + 4 * (s32)pick(g, 8));
	SET(g, 2, 1 + pick(g, 24));
	SET(g, 3, bases[pick(g, ARRAY_SIZE(bases))]);
	address(g, 4, NUMBER);
	call_and_fold(g, pick(g, 2) ? SKEP_FUNC_strtol : SKEP_FUNC_strtoul);
}

static void print(struct gen *g)
{
	static const u8 formats[] = {16, 28, 44}; /* in map_text */

	address(g, 1, BYTES);
	SET(g, 2, pick(g, BYTES_LEN + 1));
	map_value(g, 3, map_text, formats[pick(g, 3)]);
	address(g, 4, VALUE);
	SET(g, 5, 24);
	call_and_fold(g, SKEP_FUNC_snprintf);
}

static void sum(struct gen *g)
{
	u32 from = pick(g, 2), to = pick(g, 2);

	SET(g, 1, 0);
	if (from)
		address(g, 1, BYTES);
	SET(g, 2, from ? 4 * pick(g, 10) : 0);
	SET(g, 3, 0);
	if (to)
		address(g, 3, BYTES + 8);
	SET(g, 4, to ? 4 * pick(g, 10) : 0);
	SET(g, 5, word(g));
	call_and_fold(g, SKEP_FUNC_csum_diff);
}

/* The lddw's imm says which function it names until functions() aims it. */
static void callback(struct gen *g)
{
	bool walk = pick(g, 2);

	if (g->ncallbacks == ARRAY_SIZE(g->callbacks))
		return;
	if (walk)
		map(g, 1, pick(g, 2) ? map_array : map_percpu);
	else
		SET(g, 1, pick(g, 20));
	g->callbacks[g->ncallbacks++] = g->n;
	EMIT(g, lddw, .dst = 2, .src = SKEP_PSEUDO_FUNC, .imm = walk);
	address(g, 3, BYTES);
	SET(g, 4, !pick(g, 8));
	call_and_fold(g, walk ? SKEP_FUNC_for_each_map_elem : SKEP_FUNC_loop);
}

/* ---- packets ---- */

static s32 offset_of_data(const struct gen *g, bool end)
{
	if (g->kind == kind_xdp)
		return end ? offsetof(struct skep_xdp_md, data_end)
			   : offsetof(struct skep_xdp_md, data);
	return end ? offsetof(struct skep_sk_buff, data_end)
		   : offsetof(struct skep_sk_buff, data);
}

/* Loads and stores within the first `room` bytes, of which some are behind a part whose
 * length comes from the packet, as with IP options. */
static void packet(struct gen *g)
{
	s32 room = 1 + (s32)pick(g, 64);
	u32 jump;

	EMIT(g, ldx_w, .dst = 2, .src = 6, .off = offset_of_data(g, false));
	EMIT(g, ldx_w, .dst = 3, .src = 6, .off = offset_of_data(g, true));
	if (pick(g, 2)) {
		COPY(g, 4, 7);
		EMIT(g, and64k, .dst = 4, .imm = 60);
		EMIT(g, add64x, .dst = 2, .src = 4);
	}
	COPY(g, 4, 2);
	EMIT(g, add64k, .dst = 4, .imm = room);
	EMIT(g, jgt64x, .dst = 4, .src = 3);
	jump = g->n - 1;
	for (u32 i = 1 + pick(g, 4); i; i--) {
		s32 at = (s32)pick(g, (u32)room);

		switch (pick(g, 6)) {
		case 0: EMIT(g, stx_b, .dst = 2, .src = 7, .off = at); continue;
		case 1: EMIT(g, st_b, .dst = 2, .off = at, .imm = (s8)word(g)); continue;
		case 2: EMIT(g, ldxs_b, .dst = 1, .src = 2, .off = at); break;
		case 3:
			if (at + 2 > room)
				continue;
			EMIT(g, ldx_h, .dst = 1, .src = 2, .off = at);
			EMIT(g, be16, .dst = 1);
			break;
		case 4:
			if (at + 8 > room)
				continue;
			EMIT(g, ldx_dw, .dst = 1, .src = 2, .off = at);
			break;
		default: EMIT(g, ldx_b, .dst = 1, .src = 2, .off = at);
		}
		fold(g, 1);
	}
	aim(g, jump);
}

#define XDP(field) offsetof(struct skep_xdp_md, field)
#define SKB(field) offsetof(struct skep_sk_buff, field)

static void field(struct gen *g)
{
	static const u8 xdp[] = {XDP(ingress_ifindex), XDP(rx_queue_index)};
	static const u8 skb[] = {
		SKB(len),      SKB(pkt_type),	    SKB(mark),	       SKB(queue_mapping),
		SKB(protocol), SKB(vlan_tci),	    SKB(vlan_present), SKB(vlan_proto),
		SKB(priority), SKB(ifindex),	    SKB(tc_index),     SKB(cb),
		SKB(cb) + 8,   SKB(tc_classid),	    SKB(wire_len),     SKB(gso_segs),
		SKB(gso_size), SKB(ingress_ifindex)};
	static const u8 written[] = {SKB(mark),		SKB(priority), SKB(cb),
				     SKB(cb) + 16,	SKB(tc_index), SKB(tc_classid),
				     SKB(queue_mapping)};
	u8 off = g->kind == kind_xdp ? xdp[pick(g, 2)] : skb[pick(g, sizeof(skb))];

	EMIT(g, ldx_w, .dst = 1, .src = 6, .off = off);
	fold(g, 1);
	if (g->kind == kind_tc && pick(g, 2))
		EMIT(g, stx_w, .dst = 6, .src = 7,
		     .off = written[pick(g, sizeof(written))]);
}

static void copy_bytes(struct gen *g, bool load, u32 helper)
{
	COPY(g, 1, 6);
	SET(g, 2,
	    pick(g, 4)	 ? pick(g, 100)
	    : pick(g, 2) ? 3400 + pick(g, 200)
			 : pick(g, 70000));
	address(g, 3, BYTES);
	SET(g, 4, 1 + pick(g, BYTES_LEN));
	if (!load)
		SET(g, 5, pick(g, 4));
	call_and_fold(g, helper);
}

static void xdp_helper(struct gen *g)
{
	switch (pick(g, 6)) {
	case 0: copy_bytes(g, true, SKEP_FUNC_xdp_load_bytes); return;
	case 1: copy_bytes(g, false, SKEP_FUNC_xdp_store_bytes); return;
	case 2:
		COPY(g, 1, 6);
		call_and_fold(g, SKEP_FUNC_xdp_get_buff_len);
		return;
	}
	COPY(g, 1, 6);
	SET(g, 2, pick(g, 4) ? (s32)pick(g, 100) - 50 : (s32)pick(g, 12000) - 6000);
	if (pick(g, 2))
		EMIT(g, and64k, .dst = 2, .imm = -4);
	switch (pick(g, 3)) {
	case 0: call_and_fold(g, SKEP_FUNC_xdp_adjust_head); break;
	case 1: call_and_fold(g, SKEP_FUNC_xdp_adjust_meta); break;
	case 2: call_and_fold(g, SKEP_FUNC_xdp_adjust_tail); break;
	}
}

static void checksum(struct gen *g)
{
	static const u8 sizes[] = {0, 2, 4, 2, 4, 3};

	COPY(g, 1, 6);
	SET(g, 2, 2 * pick(g, 40));
	SET(g, 3, pick(g, 2) ? 0 : word(g));
	SET(g, 4, word(g));
	SET(g, 5, sizes[pick(g, sizeof(sizes))] | (pick(g, 4) ? 0 : 0x20));
	call_and_fold(g,
		      pick(g, 2) ? SKEP_FUNC_l3_csum_replace : SKEP_FUNC_l4_csum_replace);
}

static void tc_helper(struct gen *g)
{
	switch (pick(g, 8)) {
	case 0: copy_bytes(g, true, SKEP_FUNC_skb_load_bytes); return;
	case 1: copy_bytes(g, false, SKEP_FUNC_skb_store_bytes); return;
	case 2: checksum(g); return;
	case 3:
		COPY(g, 1, 6);
		SET(g, 2, pick(g, 60));
		address(g, 3, BYTES);
		SET(g, 4, 1 + pick(g, 40));
		SET(g, 5, pick(g, 2));
		call_and_fold(g, SKEP_FUNC_skb_load_bytes_relative);
		return;
	case 4:
		COPY(g, 1, 6);
		SET(g, 2, pick(g, 120));
		call_and_fold(g, SKEP_FUNC_skb_pull_data);
		return;
	case 5:
		COPY(g, 1, 6);
		SET(g, 2, 14 + pick(g, 200));
		SET(g, 3, 0);
		call_and_fold(g, SKEP_FUNC_skb_change_tail);
		return;
	case 6:
		COPY(g, 1, 6);
		SET(g, 2, pick(g, 6));
		call_and_fold(g, SKEP_FUNC_skb_change_type);
		return;
	case 7:
		COPY(g, 1, 6);
		SET(g, 2, pick(g, 5));
		call_and_fold(g, SKEP_FUNC_csum_level);
		return;
	}
}

/* ---- the program ---- */

static void statement(struct gen *g)
{
	static void (*const all[])(struct gen * g) = {
		lookup, lookup,	  lookup,   update, update,  delete, global,
		ring,	tail,	  bytes,    bytes,  compare, parse,  print,
		sum,	callback, callback, packet, packet,  field,
	};
	u32 i = pick(g, ARRAY_SIZE(all) + 5);

	if (i < ARRAY_SIZE(all))
		all[i](g);
	else if (g->kind == kind_xdp)
		xdp_helper(g);
	else
		tc_helper(g);
}

static void prologue(struct gen *g)
{
	COPY(g, 6, 1);
	SET(g, 7, word(g));
	map_value(g, 8, map_trace, 0);
	for (s32 i = 1; i <= WORDS; i++)
		EMIT(g, st_dw, .dst = 10, .off = -8 * i, .imm = word(g));
}

static void epilogue(struct gen *g)
{
	for (s32 i = 1; i <= WORDS; i++) {
		EMIT(g, ldx_dw, .dst = 1, .src = 10, .off = -8 * i);
		fold(g, 1);
	}
	COPY(g, 0, 7);
	EMIT(g, rsh64k, .dst = 7, .imm = 32);
	EMIT(g, xor64x, .dst = 0, .src = 7);
	EMIT(g, exit);
}

/* What bpf_loop calls with (index, bytes). */
static void loop_body(struct gen *g)
{
	EMIT(g, ldx_dw, .dst = 3, .src = 2);
	EMIT(g, mul64k, .dst = 3, .imm = word(g) | 1);
	EMIT(g, add64x, .dst = 3, .src = 1);
	EMIT(g, stx_dw, .dst = 2, .src = 3);
	COPY(g, 0, 3);
	EMIT(g, rsh64k, .dst = 0, .imm = (s32)pick(g, 64));
	EMIT(g, and64k, .dst = 0, .imm = (s32)pick(g, 2));
	EMIT(g, exit);
}

/* What bpf_for_each_map_elem calls with (map, key, value, bytes). */
static void walk_body(struct gen *g)
{
	EMIT(g, ldx_w, .dst = 5, .src = 2);
	EMIT(g, ldx_dw, .dst = 0, .src = 3);
	EMIT(g, add64x, .dst = 0, .src = 5);
	EMIT(g, stx_dw, .dst = 3, .src = 0);
	EMIT(g, ldx_dw, .dst = 1, .src = 4, .off = 8);
	EMIT(g, xor64x, .dst = 1, .src = 0);
	EMIT(g, stx_dw, .dst = 4, .src = 1, .off = 8);
	SET(g, 0, 0);
	EMIT(g, exit);
}

/* Those that are called: the verifier wants no others. */
static void functions(struct gen *g, struct diff_funcs *funcs)
{
	s32 start[2] = {-1, -1};

	funcs->at[0] = (struct skep_func_info){0, DIFF_FUNC};
	funcs->n = 1;
	for (u32 i = 0; i < g->ncallbacks; i++) {
		struct skep_insn *ref = &g->out[g->callbacks[i]];
		s32 which = ref->imm;

		if (start[which] < 0) {
			start[which] = (s32)g->n;
			funcs->at[funcs->n++] = (struct skep_func_info){g->n, DIFF_FUNC};
			which ? walk_body(g) : loop_body(g);
		}
		ref->imm = start[which] - (s32)g->callbacks[i] - 1;
	}
}

u32 diff_gen(u64 *seed, enum kind kind, struct skep_insn *out, struct diff_funcs *funcs)
{
	struct gen g = {.seed = seed, .out = out, .kind = kind};

	prologue(&g);
	for (u32 n = 4 + pick(&g, 24); n; n--)
		statement(&g);
	epilogue(&g);
	functions(&g, funcs);
	return g.n;
}
