/* seq_gen_prog.c - makes programs that use the sequence's maps, runs, links, and BTF
 *
 * A program does one to four things with maps and returns a number in which all that it
 * was given counts.
 */
#include "seq_gen_code.h"
#include <skep/abi_ctx.h>
#include <skep/abi_func.h>

static void store_bytes(struct code *c, int at, const u8 *bytes, u32 len)
{
	for (u32 i = 0; i < len; i += 4) {
		u8 word[4] = {0};

		memcpy(word, bytes + i, MIN(len - i, 4u));
		emit(c, SKEP_ST | SKEP_MEM | SKEP_W, 10, 0, at + (int)i,
		     (s32)load32(word));
	}
}

void gen_store_key(struct gen *g, struct code *c, const struct seq_made *map)
{
	u8 key[KEY_MOST];

	gen_key_bytes(map, gen_below(g, 4), key);
	store_bytes(c, KEY_AT, key, map->key_size);
}

static void store_value(struct gen *g, struct code *c, u32 size)
{
	s64 word = gen_below(g, 12) * 0x01010101;

	for (u32 i = 0; i < size; i += 8)
		emit(c, SKEP_ST | SKEP_MEM | SKEP_DW, 10, 0, VALUE_AT + (int)i, word);
}

/* ---- what it does with a map ---- */

/* r0 is a value or NULL: a word of it counts; perhaps one is written. */
static void use_value(struct gen *g, struct code *c, const struct seq_made *map)
{
	int size = map->value_size >= 4 ? SKEP_W : SKEP_B, at;
	u32 how = gen_below(g, 4);

	at = (int)c->n;
	emit(c, SKEP_JMP | SKEP_JEQ | SKEP_K, 0, 0, 0, 0);
	emit(c, SKEP_LDX | SKEP_MEM | size, 1, 0, 0, 0);
	count_in(c, 1);
	if (how == 0)
		emit(c, SKEP_ST | SKEP_MEM | size, 0, 0, 0, gen_below(g, 200));
	if (how == 1 && size == SKEP_W) {
		mov(c, 2, 3);
		emit(c, SKEP_STX | SKEP_ATOMIC | SKEP_W, 0, 2, 0, SKEP_ADD);
	}
	c->insns[at].off = (s16)((int)c->n - at - 1);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_K, 7, 0, 0, 1);
}

static void do_lookup(struct gen *g, struct code *c, u16 slot, const struct seq_made *map)
{
	const struct seq_type *type = seq_type_of(map->type);
	bool percpu = type->traits & t_per_cpu && gen_one_in(g, 3);

	gen_store_key(g, c, map);
	map_address(c, 1, slot);
	stack_address(c, 2, KEY_AT);
	mov(c, 3, gen_below(g, 3));
	call(c, percpu ? SKEP_FUNC_map_lookup_percpu_elem : SKEP_FUNC_map_lookup_elem);
	use_value(g, c, map);
}

static void do_update(struct gen *g, struct code *c, u16 slot, const struct seq_made *map)
{
	gen_store_key(g, c, map);
	store_value(g, c, map->value_size);
	map_address(c, 1, slot);
	stack_address(c, 2, KEY_AT);
	stack_address(c, 3, VALUE_AT);
	mov(c, 4, gen_one_in(g, 2) ? 0 : (s64)gen_one_of(g, 1, 2, 3, 4, 8));
	call(c, SKEP_FUNC_map_update_elem);
	count_in(c, 0);
}

static void do_delete(struct gen *g, struct code *c, u16 slot, const struct seq_made *map)
{
	gen_store_key(g, c, map);
	map_address(c, 1, slot);
	stack_address(c, 2, KEY_AT);
	call(c, SKEP_FUNC_map_delete_elem);
	count_in(c, 0);
}

static void do_queue(struct gen *g, struct code *c, u16 slot, const struct seq_made *map)
{
	bool bloom = seq_type_of(map->type)->traits & t_bloom;
	int func =
		bloom ? SKEP_FUNC_map_push_elem
		      : (int)gen_one_of(g, SKEP_FUNC_map_push_elem,
					SKEP_FUNC_map_pop_elem, SKEP_FUNC_map_peek_elem);

	store_value(g, c, map->value_size);
	map_address(c, 1, slot);
	stack_address(c, 2, VALUE_AT);
	mov(c, 3,
	    func == SKEP_FUNC_map_push_elem ? (s64)gen_one_of(g, 0, 0, 0, 2, 1) : 0);
	call(c, func);
	count_in(c, 0);
	emit(c, SKEP_LDX | SKEP_MEM | SKEP_B, 1, 10, VALUE_AT, 0);
	count_in(c, 1);
}

static void ring_output(struct gen *g, struct code *c, u16 slot)
{
	store_value(g, c, 64);
	map_address(c, 1, slot);
	stack_address(c, 2, VALUE_AT);
	mov(c, 3, 1 + gen_below(g, 64));
	mov(c, 4, gen_below(g, 4));
	call(c, SKEP_FUNC_ringbuf_output);
	count_in(c, 0);
}

/* Of a reservation; one in four may find no room. */
static u32 record_size(struct gen *g)
{
	return gen_one_in(g, 4) ? 1000 + gen_below(g, 4000) : 8 + gen_below(g, 100);
}

static void ring_reserve(struct gen *g, struct code *c, u16 slot)
{
	u32 size = record_size(g), at;

	map_address(c, 1, slot);
	mov(c, 2, size);
	mov(c, 3, 0);
	call(c, SKEP_FUNC_ringbuf_reserve);
	at = c->n;
	emit(c, SKEP_JMP | SKEP_JEQ | SKEP_K, 0, 0, 0, 0);
	for (u32 i = 0; i + 8 <= MIN(size, (u32)SEQ_RECORD); i += 8)
		emit(c, SKEP_ST | SKEP_MEM | SKEP_DW, 0, 0, (int)i, i * 3 + size);
	mov_reg(c, 1, 0);
	mov(c, 2, gen_below(g, 3));
	call(c, gen_one_in(g, 3) ? SKEP_FUNC_ringbuf_discard : SKEP_FUNC_ringbuf_submit);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_K, 7, 0, 0, 5);
	c->insns[at].off = (s16)(c->n - at - 1);
}

static void dynptr_part(struct gen *g, struct code *c, bool write, u32 off, u32 len)
{
	stack_address(c, write ? 1 : 3, DYNPTR_AT);
	mov(c, write ? 2 : 4, off);
	stack_address(c, write ? 3 : 1, VALUE_AT);
	mov(c, write ? 4 : 2, len);
	mov(c, 5, gen_one_in(g, 20));
	call(c, write ? SKEP_FUNC_dynptr_write : SKEP_FUNC_dynptr_read);
	count_in(c, 0);
}

/* All of the record that is looked at is written first, unless there is none. */
static void ring_dynptr(struct gen *g, struct code *c, u16 slot)
{
	u32 size = record_size(g), at;

	map_address(c, 1, slot);
	mov(c, 2, size);
	mov(c, 3, gen_one_in(g, 20));
	stack_address(c, 4, DYNPTR_AT);
	call(c, SKEP_FUNC_ringbuf_reserve_dynptr);
	count_in(c, 0);
	stack_address(c, 1, DYNPTR_AT);
	mov(c, 2, 0);
	stack_address(c, 3, VALUE_AT);
	mov(c, 4, MIN(size, (u32)SEQ_RECORD));
	mov(c, 5, 0);
	call(c, SKEP_FUNC_dynptr_write);
	count_in(c, 0);
	for (u32 n = gen_below(g, 3); n; n--)
		dynptr_part(g, c, gen_one_in(g, 2), gen_below(g, 120), gen_below(g, 100));
	stack_address(c, 1, DYNPTR_AT);
	mov(c, 2, gen_below(g, 110));
	mov(c, 3, 1 + gen_below(g, 8));
	call(c, SKEP_FUNC_dynptr_data);
	at = c->n;
	emit(c, SKEP_JMP | SKEP_JEQ | SKEP_K, 0, 0, 0, 0);
	emit(c, SKEP_ST | SKEP_MEM | SKEP_B, 0, 0, 0, gen_below(g, 200));
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_K, 7, 0, 0, 11);
	c->insns[at].off = (s16)(c->n - at - 1);
	stack_address(c, 1, DYNPTR_AT);
	mov(c, 2, gen_below(g, 3));
	call(c, gen_one_in(g, 3) ? SKEP_FUNC_ringbuf_discard_dynptr
				 : SKEP_FUNC_ringbuf_submit_dynptr);
}

static void do_perf_output(struct gen *g, struct code *c, u16 slot)
{
	store_value(g, c, 64);
	mov_reg(c, 1, 6);
	map_address(c, 2, slot);
	mov(c, 3, gen_below(g, 4));
	if (gen_one_in(g, 2)) /* BPF_F_CURRENT_CPU */
		emit(c, SKEP_ALU | SKEP_MOV | SKEP_K, 3, 0, 0, -1);
	stack_address(c, 4, VALUE_AT);
	mov(c, 5, 1 + gen_below(g, 64));
	call(c, SKEP_FUNC_perf_event_output);
	count_in(c, 0);
}

static void do_ring(struct gen *g, struct code *c, u16 slot)
{
	u32 how = gen_below(g, 7);

	if (how == 0) {
		map_address(c, 1, slot);
		mov(c, 2, gen_below(g, 5));
		call(c, SKEP_FUNC_ringbuf_query);
		count_in(c, 0);
	} else if (how < 3) {
		ring_output(g, c, slot);
	} else if (how > 4) {
		ring_dynptr(g, c, slot);
	} else {
		ring_reserve(g, c, slot);
	}
}

static void do_inner(struct gen *g, struct code *c, u16 slot, const struct seq_made *map)
{
	const struct seq_made *inner = gen_made(g, map->inner);
	u32 at;

	gen_store_key(g, c, map);
	map_address(c, 1, slot);
	stack_address(c, 2, KEY_AT);
	call(c, SKEP_FUNC_map_lookup_elem);
	if (inner->kind != k_map || inner->key_size > KEY_MOST || !inner->key_size)
		return;
	at = c->n;
	emit(c, SKEP_JMP | SKEP_JEQ | SKEP_K, 0, 0, 0, 0);
	emit(c, SKEP_ALU64 | SKEP_ADD | SKEP_K, 7, 0, 0, 7);
	if (seq_type_of(inner->type)->traits & t_programs && !seq_forgets(inner)) {
		mov_reg(c, 8, 0);
		gen_store_key(g, c, inner);
		mov_reg(c, 1, 8);
		stack_address(c, 2, KEY_AT);
		call(c, SKEP_FUNC_map_lookup_elem);
		use_value(g, c, inner);
	}
	c->insns[at].off = (s16)(c->n - at - 1);
}

static void do_tail_call(struct gen *g, struct code *c, u16 slot)
{
	mov_reg(c, 1, 6);
	map_address(c, 2, slot);
	mov(c, 3, gen_below(g, 4));
	call(c, SKEP_FUNC_tail_call);
	count_in(c, 0);
}

bool gen_usable(const struct seq_made *map)
{
	return map->kind == k_map && map->key_size <= KEY_MOST &&
	       map->value_size <= VALUE_MOST && !seq_forgets(map);
}

static void use_map(struct gen *g, struct code *c, u16 slot)
{
	const struct seq_made *map = gen_made(g, slot);
	const struct seq_type *type = seq_type_of(map->type);

	if (!gen_usable(map))
		return;
	if (type->traits & t_programs)
		gen_one_in(g, 2)   ? do_update(g, c, slot, map)
		: gen_one_in(g, 4) ? do_delete(g, c, slot, map)
				   : do_lookup(g, c, slot, map);
	else if (type->traits & t_queue)
		do_queue(g, c, slot, map);
	else if (type->traits & t_ring)
		do_ring(g, c, slot);
	else if (type->values == values_map)
		do_inner(g, c, slot, map);
	else if (type->values == values_prog)
		do_tail_call(g, c, slot);
	else if (type->type == SKEP_MAP_TYPE_PERF_EVENT_ARRAY)
		do_perf_output(g, c, slot);
	else if (gen_one_in(g, 4))
		do_update(g, c, slot, map);
}

/* ---- programs ---- */

static void write_code(struct gen *g, struct code *c, bool maps)
{
	mov_reg(c, 6, 1);
	mov(c, 7, gen_below(g, 100));
	if (maps)
		store_value(g, c, VALUE_MOST);
	for (u32 n = 1 + gen_below(g, 4); maps && n; n--) {
		int slot = gen_any(g, k_map);

		if (slot >= 0)
			use_map(g, c, (u16)slot);
	}
	mov_reg(c, 0, 7);
	emit(c, SKEP_JMP | SKEP_EXIT, 0, 0, 0, 0);
}

void gen_insns(struct gen *g, struct code *c)
{
	struct seq_arg *a =
		gen_bytes(g, f_insns, c->insns, c->n * (u32)sizeof(c->insns[0]));

	for (u32 i = 0; i < c->nfds; i++)
		gen_fix(g, a, c->fds[i].insn * 8 + 4, c->fds[i].slot);
	gen_number(g, f_insn_cnt, c->n);
	if (gen_one_in(g, 60))
		c->n--;
}

void gen_prog(struct gen *g)
{
	struct seq_made made = {.kind = k_prog};
	struct code c = {.n = 0};
	bool maps = !gen_one_in(g, 5);
	int btf;

	made.type = (u32)gen_one_of(g, SKEP_PROG_TYPE_XDP, SKEP_PROG_TYPE_XDP,
				    SKEP_PROG_TYPE_SCHED_CLS, SKEP_PROG_TYPE_SCHED_CLS,
				    SKEP_PROG_TYPE_SOCKET_FILTER,
				    SKEP_PROG_TYPE_RAW_TRACEPOINT);
	/* attached, those run for all of the machine */
	if (made.type == SKEP_PROG_TYPE_RAW_TRACEPOINT)
		maps = false;
	if (gen_one_in(g, 4)) {
		gen_callback(g);
		return;
	}
	if (!gen_begin(g, v_bpf, SKEP_PROG_LOAD))
		return;
	made.of = gen_slot(g);
	write_code(g, &c, maps);
	gen_number(g, f_prog_type, made.type);
	gen_insns(g, &c);
	gen_bytes(g, f_license, gen_one_in(g, 6) ? "MIT" : "GPL", 4);
	if (gen_one_in(g, 4))
		gen_name(g, f_prog_name, "prog_name\0\0\0\0\0\0");
	btf = gen_any(g, k_btf);
	if (btf >= 0 && gen_one_in(g, 4))
		gen_fd(g, f_prog_btf_fd, (u16)btf);
	if (gen_one_in(g, 12))
		gen_number(g, f_prog_flags, gen_one_of(g, 1, 2, 32, 64, 1 << 12, 16));
	if (gen_one_in(g, 12))
		gen_number(g, f_expected_attach_type,
			   gen_one_of(g, SKEP_XDP, SKEP_TCX_INGRESS, 1, 99));
	gen_makes(g, &made);
}

void gen_test_run(struct gen *g)
{
	int slot = gen_any(g, k_prog);
	u8 data[64];
	u32 len = gen_one_in(g, 12) ? gen_below(g, 20) : 64;

	if (slot < 0 || !gen_begin(g, v_bpf, SKEP_PROG_TEST_RUN))
		return;
	memset(data, 0x11, sizeof(data));
	gen_fd(g, f_test_prog_fd, (u16)slot);
	if (gen_made(g, slot)->type != SKEP_PROG_TYPE_RAW_TRACEPOINT) {
		gen_bytes(g, f_data_in, data, sizeof(data));
		gen_number(g, f_data_size_in, len);
	}
	if (gen_one_in(g, 4))
		gen_number(g, f_repeat, gen_below(g, 4));
	if (gen_one_in(g, 6)) {
		gen_room(g, f_data_out, 256, r_bytes);
		gen_number(g, f_data_size_out, gen_one_of(g, 0, 10, 63, 64, 256));
	}
	/* not 2, live frames, which leave for the kernel's network, and not 4, checksums,
	 * which the engine does not follow */
	if (gen_one_in(g, 20))
		gen_number(g, f_test_flags, gen_one_of(g, 1, 8));
	if (gen_one_in(g, 20))
		gen_number(g, f_cpu, gen_one_of(g, 1, 99));
	if (gen_one_in(g, 20))
		gen_number(g, f_batch_size, 1);
}

/* ---- links ---- */

static void on_device(struct gen *g, u16 prog, u64 attach)
{
	if (!gen_begin(g, v_bpf, SKEP_LINK_CREATE))
		return;
	gen_fd(g, f_link_prog_fd, prog);
	gen_number(g, f_target_fd, gen_one_in(g, 20) ? 9999 : 1);
	gen_number(g, f_attach_type, attach);
	/* the engine's port differs on purpose: it has a driver's mode, and no order */
	if (gen_one_in(g, 8))
		gen_number(g, f_link_flags,
			   attach == SKEP_XDP ? gen_one_of(g, 1, 2, 3, 16) : 1);
}

void gen_link(struct gen *g)
{
	struct seq_made made = {.kind = k_link};
	int slot = gen_any(g, k_prog);

	if (slot < 0)
		return;
	if (gen_made(g, slot)->type == SKEP_PROG_TYPE_XDP) {
		on_device(g, (u16)slot, SKEP_XDP);
	} else if (gen_made(g, slot)->type == SKEP_PROG_TYPE_SCHED_CLS) {
		on_device(g, (u16)slot, gen_one_of(g, SKEP_TCX_INGRESS, SKEP_TCX_EGRESS));
	} else {
		if (!gen_begin(g, v_bpf, SKEP_RAW_TRACEPOINT_OPEN))
			return;
		gen_bytes(g, f_tp_name, gen_one_in(g, 8) ? "sys_nosuch" : "sys_enter\0",
			  11);
		gen_fd(g, f_tp_prog_fd, (u16)slot);
	}
	if (g->op != &g->seq->ops[g->seq->nops - 1] || !g->op->nargs)
		return;
	made.of = gen_slot(g);
	gen_makes(g, &made);
}

void gen_link_change(struct gen *g)
{
	int link = gen_any(g, k_link), prog = gen_any(g, k_prog), old;

	if (link < 0)
		return;
	if (gen_one_in(g, 3)) {
		if (gen_begin(g, v_bpf, SKEP_LINK_DETACH))
			gen_fd(g, f_link_fd, (u16)link);
		return;
	}
	if (prog < 0 || !gen_begin(g, v_bpf, SKEP_LINK_UPDATE))
		return;
	gen_fd(g, f_link_fd, (u16)link);
	gen_fd(g, f_new_prog_fd, (u16)prog);
	old = gen_any(g, k_prog);
	if (gen_one_in(g, 3)) {
		gen_number(g, f_update_flags, gen_one_of(g, 4, 4, 4, 1));
		gen_fd(g, f_old_prog_fd, (u16)old);
	}
}

/* ---- BTF ---- */

/* 1 int, 2 long, 3 typedef of int, 4 struct of 8 bytes, 5 pointer, 6 function prototype,
 * 7 variable, 8 .data of 4 bytes: what test/sys/map_btf.sys has */
static const u32 btf_types[] = {
	1,  0x01000000, 4,  0x20,	/* int */
	5,  0x01000000, 8,  0x40,	/* long */
	10, 0x08000000, 1,		/* typedef word */
	15, 0x04000002, 8,  20,	  1, 0, /* struct pair { int a, */
	22, 1,		32,		/* b; } */
	0,  0x02000000, 1,		/* pointer */
	0,  0x0d000000, 0,		/* function prototype */
	24, 0x0e000000, 1,  1,		/* variable */
	26, 0x0f000001, 4,  7,	  0, 4, /* .data */
};
static const char btf_names[] = "\0int\0long\0word\0pair\0a\0b\0.data";

/* 1 int, 2 long, 3 struct bpf_spin_lock, 4 struct of 16 bytes with one at 8,
 * 5 struct bpf_timer, 6 struct of 24 bytes with one at 0 */
static const u32 field_types[] = {
	1,  0x01000000, 4,  0x20,		    /* int */
	5,  0x01000000, 8,  0x40,		    /* long */
	10, 0x04000001, 4,  24,	  1, 0,		    /* bpf_spin_lock { int val; } */
	28, 0x04000003, 16, 47,	  2, 0, 24, 3, 64,  /* locked { long a; lock val; */
	49, 1,		96,			    /* int b; } */
	35, 0x04000002, 16, 47,	  2, 0, 49, 2, 64,  /* bpf_timer { long a; long b; } */
	45, 0x04000002, 24, 47,	  5, 0, 49, 2, 128, /* t { bpf_timer a; long b; } */
};
static const char field_names[] =
	"\0int\0long\0bpf_spin_lock\0val\0locked\0bpf_timer\0t\0a\0b";

u32 gen_btf_blob(u8 *to, const u32 *types, u32 ntypes, const char *names, u32 nnames)
{
	const u32 head[6] = {0x0001eb9f, 24, 0, ntypes, ntypes, nnames};

	memcpy(to, head, 24);
	memcpy(to + 24, types, ntypes);
	memcpy(to + 24 + ntypes, names, nnames);
	return 24 + ntypes + nnames;
}

void gen_btf(struct gen *g)
{
	struct seq_made made = {.kind = k_btf,
				.type = gen_one_in(g, 2) ? BTF_FIELDS : BTF_PLAIN};
	u8 btf[512];
	u32 len = made.type == BTF_PLAIN
			  ? gen_btf_blob(btf, btf_types, sizeof(btf_types), btf_names,
					 sizeof(btf_names))
			  : gen_btf_blob(btf, field_types, sizeof(field_types),
					 field_names, sizeof(field_names));

	if (gen_one_in(g, 4))
		btf[gen_below(g, len)] ^= (u8)(1 << gen_below(g, 8));
	if (!gen_begin(g, v_bpf, SKEP_BTF_LOAD))
		return;
	gen_bytes(g, f_btf, btf, len);
	gen_number(g, f_btf_size, len);
	made.of = gen_slot(g);
	gen_makes(g, &made);
}
