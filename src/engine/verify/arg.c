/* Arguments of helpers: what the prototype takes against what the register holds. */
#include "access.h"
#include "call.h"
#include "object_fields.h"
#include "stack_object.h"
#include <stdio.h>

struct kind {
	u8 type; /* enum reg_type; reg_none ends a list */
	u16 flags;
};

/* In the order of the kernel's lists, which its log shows. */
enum { KINDS = 10 };

/* clang-format off */
static const struct kind kinds_mem[KINDS] = {
	{reg_stack, 0}, {reg_packet, 0}, {reg_packet_meta, 0}, {reg_key, 0}, {reg_value, 0}, {reg_mem, 0},
	{reg_mem, flag_ringbuf}, {reg_buf, 0}, {reg_btf, flag_trusted},
};
static const struct kind kinds_scalar[KINDS] = {{reg_scalar, 0}};
static const struct kind kinds_ctx[KINDS] = {{reg_ctx, 0}};
static const struct kind kinds_map[KINDS] = {{reg_map, 0}};
static const struct kind kinds_value[KINDS] = {{reg_value, 0}};
static const struct kind kinds_value_or_own[KINDS] = {{reg_value, 0}, {reg_btf, flag_alloc}};
static const struct kind kinds_sock[KINDS] = {
	{reg_sock_common, 0}, {reg_socket, 0}, {reg_tcp_sock, 0}, {reg_xdp_sock, 0},
};
static const struct kind kinds_btf_sock[KINDS] = {
	{reg_sock_common, 0}, {reg_socket, 0}, {reg_tcp_sock, 0}, {reg_xdp_sock, 0},
	{reg_btf, 0}, {reg_btf, flag_trusted},
};
static const struct kind kinds_socket[KINDS] = {{reg_socket, 0}};
static const struct kind kinds_btf[KINDS] = {
	{reg_btf, 0}, {reg_btf, flag_trusted}, {reg_btf, flag_rcu},
};
static const struct kind kinds_percpu[KINDS] = {
	{reg_btf, flag_percpu}, {reg_btf, flag_percpu | flag_rcu},
	{reg_btf, flag_percpu | flag_trusted},
};
static const struct kind kinds_record[KINDS] = {{reg_mem, flag_ringbuf}};
static const struct kind kinds_func[KINDS] = {{reg_func, 0}};
static const struct kind kinds_stack[KINDS] = {{reg_stack, 0}};
static const struct kind kinds_dynptr[KINDS] = {{reg_stack, 0}, {reg_dynptr, 0}};

static const struct kind *const kinds_of[take_kind + 1] = {
	[take_ctx] = kinds_ctx,
	[take_map] = kinds_map,
	[take_key] = kinds_mem,
	[take_value] = kinds_mem,
	[take_mem] = kinds_mem,
	[take_size] = kinds_scalar,
	[take_size0] = kinds_scalar,
	[take_alloc_size] = kinds_scalar,
	[take_spin_lock] = kinds_value_or_own,
	[take_timer] = kinds_value,
	[take_sock_common] = kinds_sock,
	[take_socket] = kinds_socket,
	[take_btf_sock_common] = kinds_btf_sock,
	[take_btf_id] = kinds_btf,
	[take_percpu_btf_id] = kinds_percpu,
	[take_ringbuf_mem] = kinds_record,
	[take_func] = kinds_func,
	[take_stack] = kinds_stack,
	[take_const_str] = kinds_value,
	[take_kptr_dest] = kinds_value_or_own,
	[take_dynptr] = kinds_dynptr,
};
/* clang-format on */

/* "R1 type=ctx expected=fp, pkt" */
_Noreturn static void refuse_kind(struct verifier *v, u32 regno, const struct kind *want)
{
	char list[320] = "", name[64];
	size_t at = 0;

	for (u32 i = 0; want[i].type; i++) {
		const struct reg r = {.type = want[i].type, .flags = want[i].flags};

		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
				       i ? ", " : "", reg_type_name(v, &r, name));
	}
	refuse(v, arg_kind_other, regno, reg_type_name(v, &regs_of(v)[regno], name),
	       list);
}

static void check_kind(struct verifier *v, const struct call *call, u32 regno, u16 take)
{
	const struct reg *r = &regs_of(v)[regno];
	const struct kind *want = kinds_of[take & take_kind];
	u32 flags = r->flags, i = 0;
	char name[64];

	if (take & take_rdonly)
		flags &= ~(u32)flag_rdonly;
	if (take & take_or_null)
		flags &= ~(u32)flag_null;
	if (call->kptr && r->type == reg_btf) /* what is given may be the program's */
		flags &= ~(u32)(flag_alloc | flag_percpu);
	while (want[i].type && (want[i].type != r->type || want[i].flags != flags))
		i++;
	if (!want[i].type)
		refuse_kind(v, regno, want);
	if (r->type != reg_btf)
		return;
	if (call->kptr)
		kptr_check_given(v, call, regno);
	else if (r->flags & flag_alloc)
		return; /* where a lock or a kptr lies in it */
	else if (want != kinds_mem)
		arg_check_typed(v, call, regno, take);
	else if (!(take & take_rdonly))
		refuse(v, arg_may_be_written, call->proto->name, regno,
		       reg_type_name(v, r, name));
}

static bool any_offset(const struct reg *r)
{
	switch ((enum reg_type)r->type) {
	case reg_stack:
	case reg_packet:
	case reg_packet_meta:
	case reg_key:
	case reg_value:
	case reg_arena:
	case reg_scalar: return !r->flags;
	case reg_mem:
		if (r->dynptr)
			return false; /* a slice of one */
		return !r->flags || r->flags == flag_rdonly || r->flags == flag_ringbuf;
	case reg_buf: return !r->flags || r->flags == flag_rdonly;
	default: return false;
	}
}

/* Typed pointers may be to a member. */
static bool fixed_offset(const struct reg *r)
{
	static const u32 flags[] = {0,
				    flag_alloc,
				    flag_trusted,
				    flag_rcu,
				    flag_alloc | flag_non_own,
				    flag_alloc | flag_non_own | flag_rcu};

	for (u32 i = 0; r->type == reg_btf && i < ARRAY_SIZE(flags); i++) {
		if (r->flags == flags[i])
			return true;
	}
	return false;
}

void arg_check_offset(struct verifier *v, u32 regno, bool release)
{
	const struct reg *r = &regs_of(v)[regno];

	/* of a dynptr on the stack not the pointer is released */
	if (release && r->type != reg_stack) {
		if (r->off)
			refuse(v, release_offset, regno);
		mem_check_plain(v, regno, r, false);
	} else if (!any_offset(r)) {
		mem_check_plain(v, regno, r, fixed_offset(r));
	}
}

/* The reference that the argument stands for, and whether it ends. */
static void note_reference(struct verifier *v, struct call *call, u32 regno, u16 take)
{
	const struct reg *r = &regs_of(v)[regno];

	if (take & take_release && (take & take_kind) == take_dynptr) {
		dynptr_check_owned(v, regno);
		call->release = regno;
	} else if (take & take_release) {
		if (!r->ref && !reg_is_zero(r))
			refuse(v, release_unowned, regno);
		call->release = regno;
	}
	if (!r->ref || (take & take_kind) == take_kptr_dest)
		return;
	if (call->ref)
		refuse(v, refs_two, regno, r->ref, call->ref);
	call->ref = r->ref;
}

static void note_map(struct verifier *v, struct call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];

	if (r->type != reg_map)
		return; /* NULL, where that is allowed */
	if (call->map &&
	    (call->map != reg_map_of(v, r) || call->map_reg.map_uid != r->map_uid))
		refuse(v, timer_other_map, call->map_reg.map_uid, r->map_uid);
	call->map = reg_map_of(v, r);
	call->map_reg = *r;
}

/* An array made to be an inner one may be longer than the map that stands there when the
 * program runs. */
static bool lookup_never_fails(const struct verify_map *map)
{
	return (map->type == SKEP_MAP_TYPE_ARRAY ||
		map->type == SKEP_MAP_TYPE_PERCPU_ARRAY) &&
	       !(map->flags & SKEP_F_INNER_MAP);
}

/* How many bytes of the kind the slot has, from byte `at` towards higher addresses. */
static u32 run_of(const struct slot *slot, int at, enum slot_kind kind)
{
	u32 n = 0;

	for (; at >= 0 && slot->kind[at] == kind; at--)
		n++;
	return n;
}

/* The key that the stack holds, where it is one known number; it is precise then. -1:
 * there is none. */
static s64 constant_key(struct verifier *v, u32 regno, u32 size)
{
	const struct reg *key = &regs_of(v)[regno];
	const struct frame *f;
	const struct slot *slot;
	s64 at;

	if (!v->profile->bpf || key->type != reg_stack || !scalar_is_const(&key->n))
		return -1;
	f = v->cur->frame[key->frame];
	at = -(key->off + (s64)key->n.bits.value) - 1;
	if (at < 0 || at / 8 >= f->nslots)
		return -1;
	slot = &f->slot[at / 8];
	if (run_of(slot, (int)(at % 8), slot_zero) >= size)
		return 0;
	if (!slot_is_spilled_scalar(slot) ||
	    run_of(slot, (int)(at % 8), slot_spill) != size ||
	    !scalar_is_const(&slot->reg.n))
		return -1;
	precise_slot(v, key->frame, (u32)(at / 8));
	return (s64)slot->reg.n.bits.value;
}

static void check_key(struct verifier *v, struct call *call, u32 regno)
{
	if (!call->map)
		refuse(v, later_map_arg);
	mem_check(v, regno, call->map->key_size, mem_read, false, false, NULL);
	call->key = lookup_never_fails(call->map)
			    ? constant_key(v, regno, call->map->key_size)
			    : -1;
}

static enum mem_access access_of(u16 take)
{
	return take & take_write ? mem_write : mem_read;
}

static void check_value(struct verifier *v, struct call *call, u32 regno, u16 take)
{
	if (take & take_or_null && reg_is_zero(&regs_of(v)[regno]))
		return;
	if (!call->map)
		refuse(v, later_map_arg);
	mem_check(v, regno, call->map->value_size, access_of(take), false,
		  take & take_uninit, call);
}

static void check_fixed(struct verifier *v, struct call *call, u32 i, u16 take)
{
	u32 size = call->proto->fixed_size[i], regno = i + 1;

	if (!(take & take_fixed))
		return; /* the size comes next */
	mem_check(v, regno, size, access_of(take), false, take & take_uninit, call);
	if (take & take_aligned)
		access_align(v, &regs_of(v)[regno], 0, size, true);
}

static void check_size(struct verifier *v, struct call *call, u32 i, bool zero)
{
	u16 memory = call->proto->arg[i - 1];

	call->size_max = regs_of(v)[i + 1].n.umax;
	mem_check_sized(v, i, i + 1, access_of(memory), zero, memory & take_uninit, call);
}

static void check_alloc_size(struct verifier *v, struct call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];

	if (!scalar_is_const(&r->n))
		refuse(v, size_unknown, regno);
	call->mem_size = (u32)r->n.bits.value;
	precise_reg(v, regno);
}

void arg_check_str(struct verifier *v, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	const struct verify_map *map = reg_map_of(v, r);
	u64 at;

	if (!map->frozen)
		refuse(v, str_writable, regno);
	if (!scalar_is_const(&r->n))
		refuse(v, str_offset_varies, regno);
	mem_check(v, regno, map->value_size - (u32)r->off, mem_read, false, false, NULL);
	if (map->max_entries != 1)
		refuse(v, frozen_entries);
	at = r->n.bits.value + (u64)r->off;
	if (at >= map->value_size || !memchr(map->frozen + at, 0, map->value_size - at))
		refuse(v, str_endless);
}

static void check_timer(struct verifier *v, struct call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];
	const struct verify_map *map = reg_map_of(v, r);
	const struct btf_field *field = NULL;
	s64 off = (s64)r->n.bits.value + r->off;

	if (!scalar_is_const(&r->n))
		refuse(v, timer_offset_varies, regno);
	if (!map->btf)
		refuse(v, timer_without_btf, map->name);
	for (u32 i = 0; i < map->nfields; i++) {
		if (map->fields[i].kind == field_timer)
			field = &map->fields[i];
	}
	if (!field)
		refuse(v, timer_none, map->name);
	if (off != field->off)
		refuse(v, timer_elsewhere, (long long)off, field->off);
	call->map = map;
	call->map_reg = *r;
}

static void check_lock(struct verifier *v, const struct call *call, u32 regno)
{
	if (object_in_less(v))
		refuse(v, lock_in_less);
	if (call->proto->id == SKEP_FUNC_spin_lock)
		lock_acquire(v, regno);
	else
		lock_release(v, regno);
}

static void note_percpu(struct verifier *v, struct call *call, u32 regno)
{
	const struct reg *r = &regs_of(v)[regno];

	if (!r->btf_id)
		refuse(v, percpu_id, regno);
	call->percpu_made = r->flags & flag_rcu;
	call->percpu_btf = r->btf;
	call->percpu_id = r->btf_id;
}

static void check_dynptr(struct verifier *v, struct call *call, u32 regno, u16 take)
{
	enum dynptr_kind kind = take & take_local     ? dynptr_local
				: take & take_ringbuf ? dynptr_ringbuf
						      : dynptr_none;
	const struct reg *r = dynptr_check(v, regno,
					   take & take_uninit	? dynptr_new
					   : take & take_rdonly ? dynptr_read
								: dynptr_write,
					   kind);

	if (r)
		call->dynptr = *r;
}

/* What the argument means beyond its kind. */
static void check_meaning(struct verifier *v, struct call *call, u32 i, u16 take)
{
	u32 regno = i + 1;

	switch ((enum take)(take & take_kind)) {
	case take_map: note_map(v, call, regno); break;
	case take_key: check_key(v, call, regno); break;
	case take_value: check_value(v, call, regno, take); break;
	case take_mem: check_fixed(v, call, i, take); break;
	case take_size:
	case take_size0: check_size(v, call, i, (take & take_kind) == take_size0); break;
	case take_alloc_size: check_alloc_size(v, call, regno); break;
	case take_const_str: arg_check_str(v, regno); break;
	case take_timer: check_timer(v, call, regno); break;
	case take_spin_lock: check_lock(v, call, regno); break;
	case take_func: call->func = regs_of(v)[regno].func; break;
	case take_percpu_btf_id: note_percpu(v, call, regno); break;
	case take_kptr_dest: kptr_check_place(v, call, regno); break;
	case take_dynptr: check_dynptr(v, call, regno, take); break;
	default: break;
	}
}

/* Some maps' values are no memory. */
static u16 value_take(struct verifier *v, const struct call *call, u16 take)
{
	u32 type = call->map ? call->map->type : SKEP_MAP_TYPE_UNSPEC;

	if (type == SKEP_MAP_TYPE_SOCKMAP || type == SKEP_MAP_TYPE_SOCKHASH) {
		if (take != take_value)
			refuse(v, sockmap_value);
		return take_btf_sock_common;
	}
	if (type == SKEP_MAP_TYPE_BLOOM_FILTER &&
	    call->proto->id == SKEP_FUNC_map_peek_elem)
		return take_value;
	return take;
}

static bool packet_allowed(const struct verifier *v, const struct call *call)
{
	const struct rule_prog *prog = rules_prog(v->prog->type);

	return v->prog->type == SKEP_PROG_TYPE_CGROUP_SOCKOPT ||
	       (prog && prog->packet_read && call->proto->flags & helper_pkt);
}

void arg_check(struct verifier *v, struct call *call, u32 i)
{
	u16 take = call->proto->arg[i];
	u32 regno = i + 1;
	const struct reg *r;

	if (take == take_none)
		return;
	r = reg_read(v, regno);
	if (take == take_any) {
		if (reg_is_pointer(r) && !v->profile->perfmon)
			refuse(v, arg_leaks, regno);
		return;
	}
	if ((r->type == reg_packet || r->type == reg_packet_meta) &&
	    !packet_allowed(v, call))
		refuse(v, arg_packet);
	if ((take & take_kind) == take_value)
		take = value_take(v, call, take);
	if (!(reg_is_zero(r) && take & take_or_null)) {
		check_kind(v, call, regno, take);
		arg_check_offset(v, regno, take & take_release);
	}
	note_reference(v, call, regno, take);
	check_meaning(v, call, i, take);
}
