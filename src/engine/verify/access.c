/* access.c - loads, stores and atomic operations: which memory, aligned or not */
#include "access.h"
#include "linked.h"
#include <stdio.h>

/* What the log calls the memory of a misaligned access, who checks it, and which flags
 * its pointer may have; others are refused. */
static const struct kind {
	const char *name;
	void (*access)(struct verifier *, const struct access *);
	u32 flags;
	bool alone; /* an instruction has it on all paths or on none */
	bool no_atomic;
} kinds[reg_types] = {
	[reg_ctx] = {"context ", access_ctx, 0, true, true},
	[reg_value] = {"value ", access_value, 0, false, false},
	[reg_key] = {"key ", access_key, 0, false, false},
	[reg_stack] = {"stack ", access_stack, 0, false, false},
	[reg_packet] = {"packet ", access_packet, 0, false, true},
	[reg_packet_meta] = {"packet ", access_packet, 0, false, true},
	[reg_flow_keys] = {"flow keys ", access_flow_keys, 0, false, true},
	[reg_socket] = {"sock ", access_object, 0, true, true},
	[reg_sock_common] = {"sock_common ", access_object, 0, true, true},
	[reg_tcp_sock] = {"tcp_sock ", access_object, 0, true, true},
	[reg_xdp_sock] = {"xdp_sock ", access_object, 0, true, true},
	[reg_tp_buffer] = {"", access_tp_buffer, 0, false, false},
	[reg_mem] = {"", access_bytes, ~(u32)flag_null, false, false},
	[reg_buf] = {"", access_buf, ~(u32)flag_null, false, false},
	[reg_arena] = {"", access_unknown, 0, true, false},
	[reg_btf] = {"", access_btf, ~(u32)flag_null, true, false},
	[reg_map] = {"", access_map, 0, false, false},
};

static _Noreturn void bad_pointer(struct verifier *v, u32 regno, const struct reg *r)
{
	char buf[64];

	refuse(v, bad_mem_access, regno, reg_type_name(v, r, buf));
}

const char *access_bits(const struct reg *r, char buf[48])
{
	const unsigned long long value = r->n.bits.value, mask = r->n.bits.mask;

	if (mask)
		snprintf(buf, 48, "(0x%llx; 0x%llx)", value, mask);
	else
		snprintf(buf, 48, value <= UINT16_MAX ? "%llu" : "0x%llx", value);
	return buf;
}

void access_unknown(struct verifier *v, const struct access *a)
{
	if (a->value >= 0 && a->how == mem_read)
		reg_set_unknown(&regs_of(v)[a->value]);
}

void access_leak(struct verifier *v, const struct access *a, const char *into)
{
	if (a->how == mem_write && a->value >= 0 && !v->profile->perfmon &&
	    regs_of(v)[a->value].type != reg_scalar)
		refuse(v, leak, a->value, into);
}

/* The kernel takes frames to begin two bytes behind a word (NET_IP_ALIGN) where it looks
 * at their alignment. */
static void align_packet(struct verifier *v, const struct reg *r, s32 off, u32 size)
{
	char buf[48];

	if (!tnum_is_aligned(tnum_add(r->n.bits, tnum_const((u64)(2 + r->off + off))),
			     size))
		refuse(v, packet_misaligned, 2, access_bits(r, buf), r->off, off, size);
}

void access_align(struct verifier *v, const struct reg *r, s32 off, u32 size, bool strict)
{
	char buf[48];
	const char *name = r->flags ? NULL : kinds[r->type].name;

	if (size == 1 || r->type == reg_arena ||
	    !(strict || v->prog->flags & SKEP_F_STRICT_ALIGNMENT || r->type == reg_stack))
		return;
	if (r->type == reg_packet || r->type == reg_packet_meta)
		align_packet(v, r, off, size);
	else if (!tnum_is_aligned(
			 tnum_add(r->n.bits, tnum_const((u64)(s64)(r->off + off))), size))
		refuse(v, misaligned, name ? name : "", access_bits(r, buf), r->off, off,
		       size);
}

static void extend_loaded(struct reg *r, u32 size, bool sign)
{
	if (size == 8 || r->type != reg_scalar)
		return;
	/* Linux 6.18.44 keeps the id of a number that was spilled, as if it were the same
	 * when its upper bits change: what is known of one is then believed of the other.
	 * judge-concrete found it. */
	if (sign && r->n.umax >> (8 * size - 1))
		link_forget(r);
	if (sign)
		scalar_sign_extend(&r->n, size);
	else
		scalar_zero_extend(&r->n, size);
}

static void access(struct verifier *v, struct access a, bool strict)
{
	const struct kind *k = &kinds[a.r->type];

	access_align(v, a.r, a.off, a.size, strict);
	a.off += a.r->off;
	if (!k->access || a.r->flags & ~k->flags)
		bad_pointer(v, a.regno, a.r);
	k->access(v, &a);
	if (a.value >= 0 && a.how == mem_read)
		extend_loaded(&regs_of(v)[a.value], a.size, a.sign);
}

void mem_access(struct verifier *v, u32 regno, s32 off, u32 size, enum mem_access how,
		int value, bool sign)
{
	access(v, (struct access){&regs_of(v)[regno], regno, off, size, how, value, sign},
	       false);
}

static bool is_object(u8 type)
{
	return type == reg_mem || type == reg_btf;
}

/* Accesses that the kernel rewrites by the type of the pointer must have the same on all
 * paths; loads from what may be gone are all made the careful way. */
static void remember_type(struct verifier *v, u8 type, u32 flags, bool load)
{
	struct insn_aux *aux = &v->aux[v->insn];
	const u8 before = aux->ptr_type ? (u8)(aux->ptr_type - 1) : type;

	if (!aux->ptr_type || (before == type && aux->ptr_flags == flags)) {
		aux->ptr_type = type + 1;
		aux->ptr_flags = flags;
	} else if (load && is_object(type) && is_object(before)) {
		if (type == reg_mem)
			aux->ptr_type = type + 1;
		aux->ptr_flags =
			(flags | aux->ptr_flags) & (u32)(flag_untrusted | flag_rdonly);
	} else if (kinds[type].alone || kinds[before].alone) {
		refuse(v, pointers_differ);
	}
}

static bool atomic_may(const struct insn *in, const struct reg *r)
{
	/* x86's JIT has no loop with an exception entry */
	if (r->type == reg_arena &&
	    (in->op == op_lock_fetch_and_w || in->op == op_lock_fetch_and_dw ||
	     in->op == op_lock_fetch_or_w || in->op == op_lock_fetch_or_dw ||
	     in->op == op_lock_fetch_xor_w || in->op == op_lock_fetch_xor_dw))
		return false;
	return !kinds[r->type].no_atomic;
}

void do_load(struct verifier *v, const struct insn *in)
{
	const struct op_info *op = &op_info[in->op];
	const bool acquire = op->imm;
	struct reg *src = reg_read(v, in->src);
	/* a load may overwrite its own pointer */
	const u8 type = src->type;
	const u32 flags = src->flags;
	const bool may = !acquire || atomic_may(in, src);
	char buf[64];

	if (!may)
		reg_type_name(v, src, buf);
	reg_write(v, in->dst);
	access(v,
	       (struct access){src, in->src, in->off, op->size, mem_read, in->dst,
			       op->is_signed},
	       acquire);
	remember_type(v, type, flags, !acquire);
	if (!may)
		refuse(v, atomic_load, in->src, buf);
}

void do_store(struct verifier *v, const struct insn *in)
{
	const struct op_info *op = &op_info[in->op];
	const bool release = op->imm;
	int value = -1;
	struct reg *dst;
	char buf[64];

	if (!op->is_imm) {
		reg_read(v, in->src);
		value = in->src;
	}
	dst = reg_read(v, in->dst);
	access(v,
	       (struct access){dst, in->dst, in->off, op->size, mem_write, value, false},
	       release);
	remember_type(v, dst->type, dst->flags, false);
	if (release && !atomic_may(in, dst))
		refuse(v, atomic_store, in->dst, reg_type_name(v, dst, buf));
}

static void atomic_operand(struct verifier *v, u32 regno)
{
	if (!v->profile->perfmon && regs_of(v)[regno].type != reg_scalar)
		refuse(v, leak, regno, "mem");
}

void do_atomic(struct verifier *v, const struct insn *in)
{
	const struct op_info *op = &op_info[in->op];
	const int old = op->fetch == 2 ? 0 : op->fetch ? in->src : -1;
	struct access a = {.regno = in->dst, .off = in->off, .size = op->size};
	char buf[64];

	reg_read(v, in->src);
	a.r = reg_read(v, in->dst);
	if (op->fetch == 2) {
		reg_read(v, 0);
		atomic_operand(v, 0);
	}
	atomic_operand(v, in->src);
	if (!atomic_may(in, a.r))
		refuse(v, atomic_store, in->dst, reg_type_name(v, a.r, buf));
	if (old >= 0)
		reg_set_unknown(reg_write(v, old));
	a.how = mem_read;
	a.value = -1;
	access(v, a, true);
	if (old >= 0) {
		a.value = old;
		access(v, a, true);
	}
	if (a.r->type == reg_arena)
		remember_type(v, reg_arena, 0, false);
	a.how = mem_write;
	a.value = -1;
	access(v, a, true);
}
