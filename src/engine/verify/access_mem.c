/* access_mem.c - memory with a known size (map values and keys, records, buffers), and
 * what helpers touch of any kind */
#include "access.h"

/* As the kernel's log names them; kptrs are read and written whole by instructions. */
static const struct {
	const char *name;
	bool whole;
} fields[] = {
	[field_spin_lock] = {"bpf_spin_lock", false},
	[field_res_spin_lock] = {"bpf_res_spin_lock", false},
	[field_timer] = {"bpf_timer", false},
	[field_wq] = {"bpf_wq", false},
	[field_task_work] = {"bpf_task_work", false},
	[field_kptr_unref] = {"kptr", true},
	[field_kptr_ref] = {"kptr", true},
	[field_kptr_percpu] = {"percpu_kptr", true},
	[field_uptr] = {"uptr", true},
	[field_list_head] = {"bpf_list_head", false},
	[field_rb_root] = {"bpf_rb_root", false},
	[field_list_node] = {"bpf_list_node", false},
	[field_rb_node] = {"bpf_rb_node", false},
	[field_refcount] = {"bpf_refcount", false},
};

const char *access_field_name(enum field_kind kind)
{
	return fields[kind].name;
}

/* The first of the two lines that the kernel writes of an access out of bounds. */
static void print_outside(struct verifier *v, const struct access *a, s32 off, u64 limit)
{
	switch (a->r->type) {
	case reg_key:
		verify_print(v, "invalid access to map key, key_size=%d off=%d size=%d\n",
			     (int)limit, off, (int)a->size);
		break;
	case reg_value:
		verify_print(
			v, "invalid access to map value, value_size=%d off=%d size=%d\n",
			(int)limit, off, (int)a->size);
		break;
	case reg_packet:
	case reg_packet_meta:
		verify_print(v,
			     "invalid access to packet, off=%d size=%d, "
			     "R%d(id=%d,off=%d,r=%d)\n",
			     off, (int)a->size, (int)a->regno, (int)a->r->id, off,
			     (int)limit);
		break;
	default:
		verify_print(v, "invalid access to memory, mem_size=%u off=%d size=%d\n",
			     (u32)limit, off, (int)a->size);
	}
}

bool access_in(struct verifier *v, const struct access *a, s64 off, u64 limit, bool zero)
{
	/* where it does not fit, the greatest offset is refused for its size */
	const s32 at = (s32)off;

	if (at >= 0 && (a->size || zero) && (u64)at + a->size <= limit)
		return true;
	print_outside(v, a, at, limit);
	return false;
}

static void check_region(struct verifier *v, const struct access *a, u64 limit, bool zero)
{
	const struct scalar *n = &a->r->n;

	if (n->smin < 0 && (n->smin < INT32_MIN || n->smin + a->off < 0))
		refuse(v, min_negative, a->regno);
	if (!access_in(v, a, (s64)((u64)n->smin + (u64)(s64)a->off), limit, zero))
		refuse(v, min_outside, a->regno);
	if (n->umax >= MAX_OFF)
		refuse(v, unbounded_access, a->regno);
	if (!access_in(v, a, (s64)n->umax + a->off, limit, zero))
		refuse(v, max_outside, a->regno);
}

static void check_map_may(struct verifier *v, const struct access *a)
{
	const struct verify_map *map = reg_map_of(v, a->r);

	if (a->how == mem_write && map->flags & SKEP_F_RDONLY_PROG)
		refuse(v, map_write, map->value_size, a->off, a->size);
	if (a->how == mem_read && map->flags & SKEP_F_WRONLY_PROG)
		refuse(v, map_read, map->value_size, a->off, a->size);
}

/* `f` lies in the way of a. */
static void check_field(struct verifier *v, const struct access *a,
			const struct btf_field *f, bool helper)
{
	const char *name = fields[f->kind].name;
	const u64 at = a->r->n.bits.value + (u64)(s64)a->off;

	if (!fields[f->kind].whole)
		refuse(v, field_direct, name);
	if (helper)
		refuse(v, field_helper, name);
	if (!scalar_is_const(&a->r->n))
		refuse(v, field_variable, name);
	if (f->off != at)
		refuse(v, field_misaligned, name, f->off, at);
	if (a->size != 8)
		refuse(v, field_size, name);
}

static void check_value(struct verifier *v, const struct access *a, bool zero,
			bool helper)
{
	const struct verify_map *map = reg_map_of(v, a->r);

	check_region(v, a, map->value_size, zero);
	for (u32 i = 0; i < map->nfields; i++) {
		const struct btf_field *f = &map->fields[i];

		if (a->r->n.smin + a->off < (s64)f->off + f->size &&
		    f->off < a->r->n.umax + (u64)(s64)a->off + a->size)
			check_field(v, a, f, helper);
	}
}

void access_value_range(struct verifier *v, const struct access *a)
{
	check_value(v, a, false, true);
}

/* The kept pointer that a, which was checked, is an access of; NULL: of none. */
static const struct btf_field *kept_at(const struct verify_map *map,
				       const struct access *a)
{
	for (u32 i = 0; i < map->nfields; i++)
		if (fields[map->fields[i].kind].whole && scalar_is_const(&a->r->n) &&
		    map->fields[i].off == a->r->n.bits.value + (u64)(s64)a->off)
			return &map->fields[i];
	return NULL;
}

static u64 load_const(const u8 *at, u32 size, bool sign)
{
	u64 value = 0;
	u32 unused = 64 - 8 * size;

	memcpy(&value, at, size);
	return sign ? (u64)((s64)(value << unused) >> unused) : value;
}

static void load_frozen(struct verifier *v, const struct access *a,
			const struct verify_map *map)
{
	const s64 at = (s64)a->r->n.bits.value + a->off;

	if (map->max_entries != 1)
		refuse(v, frozen_entries);
	reg_set_const(&regs_of(v)[a->value],
		      load_const(map->frozen + at, a->size, a->sign));
}

void access_value(struct verifier *v, const struct access *a)
{
	const struct verify_map *map = reg_map_of(v, a->r);

	const struct btf_field *f;

	access_leak(v, a, "map");
	check_map_may(v, a);
	check_value(v, a, false, false);
	f = kept_at(map, a);
	if (f) {
		access_kptr(v, a, f);
		return;
	}
	if (a->how == mem_read && a->value >= 0 && map->frozen &&
	    scalar_is_const(&a->r->n))
		load_frozen(v, a, map);
	else
		access_unknown(v, a);
}

void access_key(struct verifier *v, const struct access *a)
{
	if (a->how == mem_write)
		refuse(v, key_write, a->regno);
	check_region(v, a, reg_map_of(v, a->r)->key_size, false);
	access_unknown(v, a);
}

static void check_writable(struct verifier *v, const struct access *a)
{
	char buf[64];

	if (a->how == mem_write && (a->r->flags & flag_rdonly || a->r->type == reg_key))
		refuse(v, cannot_write, a->regno, reg_type_name(v, a->r, buf));
}

void access_bytes(struct verifier *v, const struct access *a)
{
	check_writable(v, a);
	access_leak(v, a, "mem");
	/* untrusted memory is probed when it is read */
	if (!(a->r->flags & flag_rdonly) || !(a->r->flags & flag_untrusted))
		check_region(v, a, a->r->size, false);
	access_unknown(v, a);
}

/* How long a buffer is, is known when the program is attached. */
static void check_buffer(struct verifier *v, const struct access *a, const char *name)
{
	const struct tnum bits = a->r->n.bits;
	char buf[48];

	if (a->off < 0)
		refuse(v, buffer_off, a->regno, name, a->off, a->size);
	if (bits.mask || bits.value)
		refuse(v, buffer_variable, a->regno, a->off, access_bits(a->r, buf));
}

void access_tp_buffer(struct verifier *v, const struct access *a)
{
	check_buffer(v, a, "tracepoint");
	v->result->buffer_end = MAX(v->result->buffer_end, (u32)a->off + a->size);
	access_unknown(v, a);
}

static void check_buf(struct verifier *v, const struct access *a)
{
	check_writable(v, a);
	bool rdonly = a->r->flags & flag_rdonly;
	u32 *end = rdonly ? &v->result->key_end : &v->result->value_end;

	check_buffer(v, a, rdonly ? "rdonly" : "rdwr");
	*end = MAX(*end, (u32)a->off + a->size);
}

void access_buf(struct verifier *v, const struct access *a)
{
	check_buf(v, a);
	access_unknown(v, a);
}

static _Noreturn void bad_memory(struct verifier *v, const struct access *a)
{
	char buf[64];

	refuse(v, not_memory, a->regno, reg_type_name(v, a->r, buf));
}

/* Contexts that the kernel does not convert are memory; its last byte stands for all. */
static void check_ctx(struct verifier *v, const struct access *a, bool zero)
{
	if (!rules_ctx_is_plain(v->prog->type))
		bad_memory(v, a);
	if (a->size)
		mem_access(v, a->regno, (s32)a->size - 1, 1, a->how, -1, false);
	else if (!zero)
		refuse(v, ctx_empty);
}

void mem_check(struct verifier *v, u32 regno, u32 size, enum mem_access how, bool zero,
	       bool uninit, struct call *call)
{
	struct reg *r = &regs_of(v)[regno];
	const struct access a = {r, regno, r->off, size, how, -1, false};

	switch (r->type) {
	case reg_packet:
	case reg_packet_meta: access_packet_range(v, &a, zero); break;
	case reg_key:
		check_writable(v, &a);
		check_region(v, &a, reg_map_of(v, r)->key_size, false);
		break;
	case reg_value:
		check_map_may(v, &a);
		check_value(v, &a, zero, true);
		break;
	case reg_mem:
		check_writable(v, &a);
		check_region(v, &a, r->size, zero);
		break;
	case reg_buf: check_buf(v, &a); break;
	case reg_stack: stack_check(v, &a, zero, uninit ? call : NULL); break;
	case reg_btf:
		/* of a write, too, the kernel asks no more than of a read */
		access_btf(v,
			   &(struct access){r, regno, r->off, size, mem_read, -1, false});
		break;
	case reg_ctx: check_ctx(v, &a, zero); break;
	default:
		if (!zero || size || !reg_is_zero(r))
			bad_memory(v, &a);
	}
}

void mem_check_sized(struct verifier *v, u32 regno, u32 size_regno, enum mem_access how,
		     bool zero, bool uninit, struct call *call)
{
	const struct scalar *n = &regs_of(v)[size_regno].n;

	if (n->smin < 0)
		refuse(v, size_negative, size_regno);
	if (!n->umin && !zero)
		refuse(v, size_zero, size_regno, n->umin, n->umax);
	if (n->umax >= MAX_OFF)
		refuse(v, size_unbounded, size_regno);
	/* what a helper may fill in part has to be initialised */
	mem_check(v, regno, (u32)n->umax, how, zero, uninit && scalar_is_const(n), call);
	precise_reg(v, size_regno);
}

void mem_check_plain(struct verifier *v, u32 regno, const struct reg *r, bool fixed_ok)
{
	const struct tnum bits = r->n.bits;
	char buf[64], var[48];

	if (r->off < 0)
		refuse(v, plain_negative, reg_type_name(v, r, buf), regno, r->off);
	if (!fixed_ok && r->off)
		refuse(v, plain_modified, reg_type_name(v, r, buf), regno, r->off);
	if (bits.mask || bits.value)
		refuse(v, plain_variable, reg_type_name(v, r, buf), access_bits(r, var));
}
