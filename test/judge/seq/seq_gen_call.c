/* seq_gen_call.c - makes programs whose helpers call back
 *
 * The callback counts what it is given into a word of its caller's stack: the same in any
 * order, as hash tables have none. Timers are not due before the sequence is over, as
 * nobody can say between which calls they would fire.
 */
#include "seq_gen_code.h"
#include <skep/abi_func.h>

enum { WORD_AT = VALUE_AT, READ_AT = -16, BTF_PROG = 3, BTF_CALLBACK = 4, FUNC = 4 };

/* 1 int, 2 function prototype, 3 and 4 static functions */
static const u32 func_types[] = {
	1,  0x01000000, 4, 0x20, /* int */
	0,  0x0d000000, 1,	 /* int () */
	5,  0x0c000000, 2,	 /* prog */
	10, 0x0c000000, 2,	 /* cb */
};
static const char func_names[] = "\0int\0prog\0cb";

/* After gen_begin(): what says that the second function is one. */
static u16 gen_func_btf(struct gen *g)
{
	struct seq_made made = {.kind = k_btf, .type = BTF_FUNCS};
	u8 btf[256];
	u32 len = gen_btf_blob(btf, func_types, sizeof(func_types), func_names,
			       sizeof(func_names));

	gen_bytes(g, f_btf, btf, len);
	gen_number(g, f_btf_size, len);
	made.of = gen_slot(g);
	gen_makes(g, &made);
	return made.of;
}

/* Where the callback is becomes known later: see write_code(). */
static u32 callback_address(struct code *c, int dst)
{
	u32 at = c->n;

	emit(c, SKEP_LD | SKEP_IMM | SKEP_DW, dst, FUNC, 0, 0);
	emit(c, 0, 0, 0, 0, 0);
	return at;
}

/* *(u64 *)ctx += reg + 1 */
static void count_into(struct code *c, int ctx, int reg)
{
	emit(c, SKEP_LDX | SKEP_MEM | SKEP_DW, 0, ctx, 0, 0);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_X, 0, reg, 0, 0);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_K, 0, 0, 0, 1);
	emit(c, SKEP_STX | SKEP_MEM | SKEP_DW, ctx, 0, 0, 0);
}

static void leave(struct code *c, s64 ret)
{
	mov(c, 0, ret);
	emit(c, SKEP_JMP | SKEP_EXIT, 0, 0, 0, 0);
}

static void leave_counted(struct code *c)
{
	mov_reg(c, 0, 7);
	emit(c, SKEP_JMP | SKEP_EXIT, 0, 0, 0, 0);
}

static void count_word(struct code *c)
{
	count_in(c, 0);
	emit(c, SKEP_LDX | SKEP_MEM | SKEP_DW, 1, 10, WORD_AT, 0);
	count_in(c, 1);
}

/* ---- what calls back: program and callback; each gives which instruction is to get the
 * callback's address ---- */

static u32 do_for_each(struct gen *g, struct code *c, u16 slot,
		       const struct seq_made *map, u32 *callback)
{
	int size = map->value_size >= 4 ? SKEP_W : SKEP_B;
	bool ordered = !(seq_type_of(map->type)->traits & t_unordered);
	u32 at;

	map_address(c, 1, slot);
	at = callback_address(c, 2);
	stack_address(c, 3, WORD_AT);
	mov(c, 4, gen_one_in(g, 20));
	call(c, SKEP_FUNC_for_each_map_elem);
	count_word(c);
	leave_counted(c);
	*callback = c->n;
	emit(c, SKEP_LDX | SKEP_MEM | size, 5, 3, 0, 0);
	if (gen_one_in(g, 3))
		emit(c, SKEP_ST | SKEP_MEM | size, 3, 0, 0, gen_below(g, 200));
	count_into(c, 4, 5);
	leave(c, ordered && gen_one_in(g, 4) ? (s64)gen_one_of(g, 1, 1, 2) : 0);
	return at;
}

static u32 do_drain(struct gen *g, struct code *c, u16 slot, u32 *callback)
{
	u32 at;

	map_address(c, 1, slot);
	at = callback_address(c, 2);
	stack_address(c, 3, WORD_AT);
	mov(c, 4, gen_one_in(g, 3) ? (s64)gen_one_of(g, 1, 2, 3, 4) : 0);
	call(c, SKEP_FUNC_user_ringbuf_drain);
	count_word(c);
	leave_counted(c);
	*callback = c->n;
	mov_reg(c, 7, 2);
	mov_reg(c, 3, 1);
	emit(c, SKEP_ST | SKEP_MEM | SKEP_DW, 10, 0, READ_AT, 0);
	stack_address(c, 1, READ_AT);
	mov(c, 2, 1 + gen_below(g, 8));
	mov(c, 4, gen_below(g, 4));
	mov(c, 5, 0);
	call(c, SKEP_FUNC_dynptr_read);
	emit(c, SKEP_LDX | SKEP_MEM | SKEP_DW, 5, 10, READ_AT, 0);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_X, 5, 0, 0, 0);
	count_into(c, 7, 5);
	leave(c, gen_one_in(g, 4));
	return at;
}

/* In an hour. */
static void timer_start(struct gen *g, struct code *c)
{
	mov_reg(c, 1, 8);
	mov(c, 2, 1000000);
	emit(c, SKEP_ALU64 | SKEP_MUL | SKEP_K, 2, 0, 0, 3600000);
	mov(c, 3, gen_one_in(g, 6) ? (s64)gen_one_of(g, 2, 4, 8) : 0);
	call(c, SKEP_FUNC_timer_start);
	count_in(c, 0);
}

static void timer_cancel(struct code *c)
{
	mov_reg(c, 1, 8);
	call(c, SKEP_FUNC_timer_cancel);
	count_in(c, 0);
}

static u32 do_timer(struct gen *g, struct code *c, u16 slot, const struct seq_made *map,
		    u32 *callback)
{
	u32 at, none;

	gen_store_key(g, c, map);
	map_address(c, 1, slot);
	stack_address(c, 2, KEY_AT);
	call(c, SKEP_FUNC_map_lookup_elem);
	none = c->n;
	emit(c, SKEP_JMP | SKEP_JEQ | SKEP_K, 0, 0, 0, 0);
	mov_reg(c, 8, 0);
	mov_reg(c, 1, 8);
	map_address(c, 2, slot);
	mov(c, 3, (s64)gen_one_of(g, 1, 1, 1, 0, 7, 2, 99));
	call(c, SKEP_FUNC_timer_init);
	count_in(c, 0);
	if (gen_one_in(g, 4))
		timer_start(g, c);
	mov_reg(c, 1, 8);
	at = callback_address(c, 2);
	call(c, SKEP_FUNC_timer_set_callback);
	count_in(c, 0);
	timer_start(g, c);
	for (u32 n = gen_below(g, 3); n; n--)
		timer_cancel(c);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_K, 7, 0, 0, 1);
	c->insns[none].off = (s16)(c->n - none - 1);
	leave_counted(c);
	*callback = c->n;
	leave(c, gen_one_in(g, 20));
	return at;
}

/* ---- programs ---- */

static bool write_code(struct gen *g, struct code *c, u16 slot, u32 *callback)
{
	const struct seq_made *map = gen_made(g, slot);
	bool drains = map->type == SKEP_MAP_TYPE_USER_RINGBUF;
	u32 at;

	if (!gen_usable(map) || !(drains || seq_type_of(map->type)->traits & t_programs))
		return false;
	mov_reg(c, 6, 1);
	mov(c, 7, gen_below(g, 100));
	emit(c, SKEP_ST | SKEP_MEM | SKEP_DW, 10, 0, WORD_AT, 0);
	at = map->timer ? do_timer(g, c, slot, map, callback)
	     : drains	? do_drain(g, c, slot, callback)
			: do_for_each(g, c, slot, map, callback);
	c->insns[at].imm = (s32)(*callback - at - 1);
	return true;
}

/* Those with timers, of which there are few, more often. */
static int any_map(struct gen *g)
{
	int slot = gen_any(g, k_map);

	for (u32 n = gen_below(g, 12); n && slot >= 0 && !gen_made(g, slot)->timer; n--)
		slot = gen_any(g, k_map);
	return slot;
}

void gen_callback(struct gen *g)
{
	struct seq_made made = {.kind = k_prog};
	struct code c = {.n = 0};
	u32 callback, info[4] = {0, BTF_PROG, 0, BTF_CALLBACK};
	int slot = any_map(g);
	u16 btf;

	if (slot < 0 || !write_code(g, &c, (u16)slot, &callback) ||
	    !gen_begin(g, v_bpf, SKEP_BTF_LOAD))
		return;
	btf = gen_func_btf(g);
	if (!gen_begin(g, v_bpf, SKEP_PROG_LOAD))
		return;
	info[2] = callback;
	made.of = gen_slot(g);
	made.type = (u32)gen_one_of(g, SKEP_PROG_TYPE_XDP, SKEP_PROG_TYPE_SCHED_CLS,
				    SKEP_PROG_TYPE_SOCKET_FILTER);
	gen_number(g, f_prog_type, made.type);
	gen_insns(g, &c);
	gen_bytes(g, f_license, "GPL", 4);
	gen_fd(g, f_prog_btf_fd, btf);
	gen_number(g, f_func_info_rec_size, 8);
	gen_bytes(g, f_func_info, info, sizeof(info));
	gen_number(g, f_func_info_cnt, 2);
	gen_makes(g, &made);
}
