/* access_btf.c - memory that BTF describes: objects of the kernel, and maps themselves
 *
 * A typed pointer is followed member by member; what is read is a number or a pointer to
 * the next object, which may be trusted less than the one it was found in.
 */
#include "access.h"
#include "object_fields.h"

/* Where a member leads. */
enum found {
	found_number,
	found_pointer, /* to a struct */
	found_address, /* to anything else */
};

/* The bytes [off, off + size) of a struct; what is found of the member there. */
struct place {
	const struct skep_btf *btf;
	u32 type;
	s32 off;
	u32 size;
	const char *member;
	s32 begin, end; /* of the member, in `type` */
	u32 target;
	u32 flags; /* enum reg_flag, of a pointer */
};

bool access_btf_is_struct(const struct skep_btf *btf, u32 id)
{
	const u32 kind = btf_kind_of(btf, id);

	return kind == SKEP_BTF_KIND_STRUCT || kind == SKEP_BTF_KIND_UNION;
}

static const char *name_of(const struct skep_btf *btf, u32 off)
{
	const char *name = btf_str(btf, off);

	return *name ? name : "(anon)";
}

const char *access_btf_name(const struct skep_btf *btf, u32 id)
{
	return name_of(btf, btf_type(btf, id)->name_off);
}

/* ---- members ---- */

/* The array that ends the struct has no length of its own: an element's struct, and the
 * offset in it. */
static bool into_tail(struct place *p, bool *number)
{
	const struct skep_btf_type *t = btf_type(p->btf, p->type);
	const struct skep_btf_member *m = btf_tail(t);
	const struct skep_btf_array *array;
	u32 id;
	s32 begin;

	if (!btf_vlen(t))
		return false;
	m += btf_vlen(t) - 1;
	id = btf_skip(p->btf, m->type);
	if (btf_kind_of(p->btf, id) != SKEP_BTF_KIND_ARRAY)
		return false;
	array = btf_tail(btf_type(p->btf, id));
	begin = (s32)(btf_member_bit(t, m) / 8);
	if (array->nelems || p->off < begin)
		return false;
	id = btf_skip(p->btf, array->type);
	*number = btf_kind_of(p->btf, id) == SKEP_BTF_KIND_INT;
	if (*number)
		return true;
	if (!access_btf_is_struct(p->btf, id) || !btf_size(p->btf, id))
		return false;
	p->off = (s32)((u32)(p->off - begin) % btf_size(p->btf, id));
	p->type = id;
	return true;
}

/* The member's type without modifiers; of an array, its innermost element's, and where
 * the element begins that p->off lies in. */
static u32 element(const struct place *p, u32 id, s32 *begin)
{
	bool array = false;

	id = btf_skip(p->btf, id);
	while (btf_kind_of(p->btf, id) == SKEP_BTF_KIND_ARRAY) {
		const struct skep_btf_array *a = btf_tail(btf_type(p->btf, id));

		id = btf_skip(p->btf, a->type);
		array = true;
	}
	if (array && btf_size(p->btf, id)) {
		s32 each = (s32)btf_size(p->btf, id);

		*begin += (p->off - *begin) / each * each;
	}
	return id;
}

u32 access_btf_tag(const struct skep_btf *btf, u32 id)
{
	const struct skep_btf_type *t = id ? btf_type(btf, id) : NULL;
	const char *tag;

	if (!t || btf_kind(t) != SKEP_BTF_KIND_TYPE_TAG || btf_kflag(t))
		return 0;
	tag = btf_str(btf, t->name_off);
	return !strcmp(tag, "user")	? flag_user
	       : !strcmp(tag, "percpu") ? flag_percpu
	       : !strcmp(tag, "rcu")	? flag_rcu
					: 0;
}

static enum found pointer_member(struct verifier *v, struct place *p, u32 id, s32 begin)
{
	u32 target = btf_type(p->btf, id)->type;

	if (p->size != 8 || p->off != begin)
		refuse(v, btf_pointer_part, p->member, begin,
		       access_btf_name(p->btf, p->type), p->off, p->size);
	p->target = btf_skip(p->btf, target);
	if (!access_btf_is_struct(p->btf, p->target))
		return found_address;
	p->flags |= access_btf_tag(p->btf, target);
	return found_pointer;
}

/* True: the place is in this member, which is a struct; it is there now. Else `found` if
 * *done. */
static bool into_member(struct verifier *v, struct place *p,
			const struct skep_btf_member *m, s32 begin, enum found *found,
			bool *done)
{
	const s32 end = begin + (s32)btf_size(p->btf, m->type);
	u32 id, kind;

	if (p->off >= end)
		return false;
	p->member = name_of(p->btf, m->name_off);
	p->begin = begin;
	p->end = end;
	id = element(p, m->type, &begin);
	kind = btf_kind_of(p->btf, id);
	if (access_btf_is_struct(p->btf, id)) {
		p->off -= begin;
		p->type = id;
		return true;
	}
	*done = true;
	*found = found_number;
	if (kind == SKEP_BTF_KIND_PTR)
		*found = pointer_member(v, p, id, begin);
	else if (p->off + (s32)p->size > end && !(p->flags & flag_untrusted))
		refuse(v, btf_beyond_member, p->member, end,
		       access_btf_name(p->btf, p->type), p->off, p->size);
	return false;
}

/* One struct deeper, or to the end: *done. */
static enum found descend(struct verifier *v, struct place *p, bool *done)
{
	const struct skep_btf_type *t = btf_type(p->btf, p->type);
	const struct skep_btf_member *m = btf_tail(t);
	enum found found = found_number;

	for (u32 i = 0; i < btf_vlen(t); i++, m++) {
		const s32 begin = (s32)(btf_member_bit(t, m) / 8);
		const u32 bits = btf_member_bits(t, m);

		if (p->off + (s32)p->size <= begin)
			break;
		if (bits) {
			u32 end = (btf_member_bit(t, m) + bits + 7) / 8;

			*done = p->off <= begin && (s32)end <= p->off + (s32)p->size;
			if (*done)
				return found_number;
			continue;
		}
		if (p->off < begin)
			break;
		if (into_member(v, p, m, begin, &found, done) || *done)
			return found;
	}
	refuse(v, btf_no_field, access_btf_name(p->btf, p->type), p->off);
}

static enum found look(struct verifier *v, struct place *p)
{
	enum found found = found_number;
	bool done = false;

	while (!done) {
		const struct skep_btf_type *t = btf_type(p->btf, p->type);

		if (!access_btf_is_struct(p->btf, p->type))
			refuse(v, btf_no_struct, name_of(p->btf, t->name_off));
		/* nobody knows which of its members a union holds */
		if (btf_kind(t) == SKEP_BTF_KIND_UNION && btf_vlen(t) != 1)
			p->flags |= flag_untrusted;
		if (p->off + (s64)p->size <= t->size)
			found = descend(v, p, &done);
		else if (!into_tail(p, &done))
			refuse(v, btf_beyond, name_of(p->btf, t->name_off), p->off,
			       p->size);
	}
	return found;
}

/* ---- trust ---- */

/* Members that are as good as the object that they are in: always, or in an RCU section;
 * some may be NULL. The kernel marks them by structs with names such as
 * file__safe_trusted. */
static const struct {
	const char *type, *member;
	u32 flags;
} safe_members[] = {
	{"task_struct", "cpus_ptr", flag_rcu},
	{"task_struct", "cgroups", flag_rcu},
	{"task_struct", "real_parent", flag_rcu},
	{"task_struct", "group_leader", flag_rcu},
	{"cgroup", "kn", flag_rcu},
	{"css_set", "dfl_cgrp", flag_rcu},
	{"cgroup_subsys_state", "cgroup", flag_rcu},
	{"mm_struct", "exe_file", flag_rcu | flag_null},
	{"mm_struct", "owner", flag_rcu | flag_null},
	{"sk_buff", "sk", flag_rcu | flag_null},
	{"request_sock", "sk", flag_rcu | flag_null},
	{"bpf_iter_meta", "seq", flag_trusted},
	{"bpf_iter__task", "meta", flag_trusted},
	{"bpf_iter__task", "task", flag_trusted},
	{"linux_binprm", "file", flag_trusted},
	{"file", "f_inode", flag_trusted},
	{"dentry", "d_inode", flag_trusted | flag_null},
	{"socket", "sk", flag_trusted | flag_null},
};

static u32 safe_flags(const char *type, const char *member)
{
	for (size_t i = 0; i < ARRAY_SIZE(safe_members); i++)
		if (!strcmp(safe_members[i].type, type) &&
		    !strcmp(safe_members[i].member, member))
			return safe_members[i].flags;
	return 0;
}

bool access_is_trusted(const struct reg *r)
{
	const u32 good = flag_alloc | flag_trusted | flag_non_own;

	return r->ref || (r->flags & good && !(r->flags & ~good));
}

bool access_in_rcu(const struct verifier *v)
{
	const struct state *s = v->cur;

	return s->rcu_locks || s->locks || !s->sleepable;
}

/* Of a pointer that was found in what r points to. */
static u32 found_flags(struct verifier *v, const struct reg *r, const struct place *p)
{
	u32 safe;

	if (r->flags & flag_untrusted)
		return flag_untrusted;
	if (!access_is_trusted(r) && !(r->flags & flag_rcu))
		return p->flags &
		       ~(u32)(flag_trusted | flag_alloc | flag_non_own | flag_rcu);
	safe = safe_flags(btf_name(r->btf, r->btf_id), p->member);
	if (safe & flag_trusted)
		return p->flags | safe;
	if (!access_in_rcu(v))
		return flag_untrusted;
	if (safe == flag_rcu)
		return p->flags | flag_rcu;
	if (safe)
		return (p->flags | safe) & ~(u32)flag_untrusted;
	if (p->flags & flag_rcu)
		return p->flags | flag_null;
	return p->flags;
}

/* ---- accesses ---- */

static void load_found(struct verifier *v, enum found found, const struct place *p,
		       u32 flags, int value)
{
	struct reg *to = &regs_of(v)[value];

	if (found == found_number) {
		reg_set_unknown(to);
	} else if (found == found_address) {
		reg_set_pointer(to, reg_mem, flag_rdonly | flag_untrusted);
	} else {
		reg_set_pointer(to, reg_btf, flags);
		to->btf = p->btf;
		to->btf_id = p->target;
		if (flags & flag_null)
			to->id = new_id(v);
	}
}

static void check_typed(struct verifier *v, const struct access *a, const char *name)
{
	const struct reg *r = a->r;
	char bits[48];

	if (!v->profile->perfmon)
		refuse(v, btf_needs_perfmon, name);
	if (!v->prog->gpl && r->btf == v->profile->vmlinux)
		refuse(v, btf_needs_gpl, name);
	if (a->off < 0)
		refuse(v, btf_negative, a->regno, "ptr_", name, a->off);
	if (r->n.bits.mask || r->n.bits.value)
		refuse(v, btf_variable, a->regno, name, a->off, access_bits(r, bits));
	if (r->flags & flag_user)
		refuse(v, btf_user, a->regno, name, a->off);
	if (r->flags & flag_percpu)
		refuse(v, btf_percpu, a->regno, name, a->off);
}

/* Members of a socket that congestion control written in BPF may write. */
static const struct {
	const char *type, *member;
	bool part; /* any part of it */
} tcp_writable[] = {
	{"sock", "sk_pacing_rate", false},
	{"sock", "sk_pacing_status", false},
	{"inet_connection_sock", "icsk_ca_priv", true},
	{"", "pending", false}, /* icsk_ack */
	{"tcp_sock", "snd_cwnd", false},
	{"tcp_sock", "snd_cwnd_cnt", false},
	{"tcp_sock", "snd_cwnd_stamp", false},
	{"tcp_sock", "snd_ssthresh", false},
	{"tcp_sock", "ecn_flags", false},
	{"tcp_sock", "app_limited", false},
};

static void write_tcp(struct verifier *v, const struct access *a)
{
	const struct reg *r = a->r;
	struct place p = {.btf = r->btf, .type = r->btf_id, .off = a->off, .size = 1};
	const char *type;

	if (strcmp(btf_name(r->btf, r->btf_id), "tcp_sock"))
		refuse(v, btf_read_only);
	if (a->off < (s32)btf_size(r->btf, r->btf_id))
		look(v, &p);
	type = btf_name(p.btf, p.type);
	for (size_t i = 0; p.member && i < ARRAY_SIZE(tcp_writable); i++) {
		if (strcmp(tcp_writable[i].type, type) ||
		    strcmp(tcp_writable[i].member, p.member) ||
		    (p.off != p.begin && !tcp_writable[i].part))
			continue;
		if (p.off + (s32)a->size <= p.end)
			return;
		refuse(v, tcp_write_beyond, a->off, a->size, a->off - p.off + p.end);
	}
	refuse(v, tcp_write, a->off);
}

/* The mark of a connection, to programs that see packets. */
static void write_connection(struct verifier *v, const struct access *a)
{
	const struct reg *r = a->r;
	const char *type = btf_name(r->btf, r->btf_id);
	const u32 id = skep_btf_find(r->btf, "nf_conn", SKEP_BTF_KIND_STRUCT);
	const struct skep_btf_type *t = id ? btf_type(r->btf, id) : NULL;
	const struct skep_btf_member *m = t ? btf_tail(t) : NULL;

	/* the latter is the former, and nothing else */
	if (strcmp(type, "nf_conn") && strcmp(type, "nf_conn___init"))
		refuse(v, btf_read_only);
	for (u32 i = 0; t && i < btf_vlen(t); i++, m++) {
		s32 begin = (s32)(btf_member_bit(t, m) / 8);
		s32 end = begin + (s32)btf_size(r->btf, m->type);

		if (strcmp(btf_str(r->btf, m->name_off), "mark") || a->off != begin)
			continue;
		if (a->off + (s32)a->size > end)
			refuse(v, conn_write_beyond, a->off, a->size, end);
		return;
	}
	refuse(v, conn_write, a->off);
}

static void write_struct_ops(struct verifier *v, const struct access *a)
{
	const struct reg *r = a->r;
	const char *ops = access_struct_ops(v);

	if (!ops)
		refuse(v, typed_access_later);
	if (!strcmp(ops, "tcp_congestion_ops"))
		write_tcp(v, a);
	else if (strcmp(btf_name(r->btf, r->btf_id), "bpf_dummy_ops_state"))
		refuse(v, dummy_write);
	else if (a->off + (s64)a->size > btf_size(r->btf, r->btf_id))
		refuse(v, dummy_write_beyond, a->off, a->size);
}

/* Some programs may write some members of some types. */
static void write_typed(struct verifier *v, const struct access *a)
{
	if (a->r->flags & flag_untrusted)
		refuse(v, btf_read_only);
	switch (v->prog->type) {
	case SKEP_PROG_TYPE_STRUCT_OPS: write_struct_ops(v, a); break;
	case SKEP_PROG_TYPE_SCHED_CLS:
	case SKEP_PROG_TYPE_SCHED_ACT:
	case SKEP_PROG_TYPE_XDP: write_connection(v, a); break;
	default: refuse(v, btf_read_only);
	}
}

/* What the program made itself: it may write, and what it reads is a number. */
static void access_object_of_program(struct verifier *v, const struct access *a)
{
	const struct reg *r = a->r;
	const struct object_fields f = object_fields_of(v, r);
	struct place p = {
		.btf = r->btf, .type = r->btf_id, .off = a->off, .size = a->size};
	enum found found;

	if (!(r->flags & (flag_non_own | flag_rcu)) && !r->ref)
		refuse(v, path_bug, "ref_obj_id for allocated object must be non-zero");
	for (u32 i = 0; i < f.n; i++)
		if (a->off < (s64)f.at[i].off + f.at[i].size &&
		    (s64)f.at[i].off < a->off + (s64)a->size)
			refuse(v, object_field, access_field_name(f.at[i].kind));
	found = look(v, &p);
	if (a->value >= 0 && a->how == mem_read)
		load_found(v, found == found_pointer ? found_number : found, &p, 0,
			   a->value);
}

void access_btf(struct verifier *v, const struct access *a)
{
	const struct reg *r = a->r;
	struct place p = {
		.btf = r->btf, .type = r->btf_id, .off = a->off, .size = a->size};
	enum found found;

	check_typed(v, a, btf_name(r->btf, r->btf_id));
	if (reg_is_object(r)) {
		access_object_of_program(v, a);
		return;
	}
	if (a->how == mem_write) {
		write_typed(v, a);
		return;
	}
	found = look(v, &p);
	if (a->value >= 0)
		load_found(v, found, &p,
			   found == found_pointer ? found_flags(v, r, &p) : 0, a->value);
}

struct typed *access_typed(struct verifier *v)
{
	if (!v->typed)
		v->typed = pass_alloc(&v->pass, 1, sizeof(*v->typed));
	return v->typed;
}

u32 access_typed_find(struct verifier *v, const char *name, u32 kind)
{
	struct typed *typed = access_typed(v);
	const u64 hash = (u64)(uintptr_t)name * 0x9e3779b97f4a7c15 >> 58;

	if (!v->profile->vmlinux)
		return 0;
	if (typed->found[hash].name != name || typed->found[hash].kind != kind) {
		typed->found[hash].name = name;
		typed->found[hash].kind = kind;
		typed->found[hash].id = skep_btf_find(v->profile->vmlinux, name, kind);
	}
	return typed->found[hash].id;
}

/* What the kernel calls a map of the type. */
static const char *const map_structs[] = {
	[SKEP_MAP_TYPE_HASH] = "bpf_htab",
	[SKEP_MAP_TYPE_ARRAY] = "bpf_array",
	[SKEP_MAP_TYPE_PROG_ARRAY] = "bpf_array",
	[SKEP_MAP_TYPE_PERF_EVENT_ARRAY] = "bpf_array",
	[SKEP_MAP_TYPE_PERCPU_HASH] = "bpf_htab",
	[SKEP_MAP_TYPE_PERCPU_ARRAY] = "bpf_array",
	[SKEP_MAP_TYPE_STACK_TRACE] = "bpf_stack_map",
	[SKEP_MAP_TYPE_CGROUP_ARRAY] = "bpf_array",
	[SKEP_MAP_TYPE_LRU_HASH] = "bpf_htab",
	[SKEP_MAP_TYPE_LRU_PERCPU_HASH] = "bpf_htab",
	[SKEP_MAP_TYPE_LPM_TRIE] = "lpm_trie",
	[SKEP_MAP_TYPE_ARRAY_OF_MAPS] = "bpf_array",
	[SKEP_MAP_TYPE_HASH_OF_MAPS] = "bpf_htab",
	[SKEP_MAP_TYPE_DEVMAP] = "bpf_dtab",
	[SKEP_MAP_TYPE_SOCKMAP] = "bpf_stab",
	[SKEP_MAP_TYPE_CPUMAP] = "bpf_cpu_map",
	[SKEP_MAP_TYPE_XSKMAP] = "xsk_map",
	[SKEP_MAP_TYPE_SOCKHASH] = "bpf_shtab",
	[SKEP_MAP_TYPE_CGROUP_STORAGE] = "bpf_cgroup_storage_map",
	[SKEP_MAP_TYPE_REUSEPORT_SOCKARRAY] = "reuseport_array",
	[SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE] = "bpf_cgroup_storage_map",
	[SKEP_MAP_TYPE_QUEUE] = "bpf_queue_stack",
	[SKEP_MAP_TYPE_STACK] = "bpf_queue_stack",
	[SKEP_MAP_TYPE_SK_STORAGE] = "bpf_local_storage_map",
	[SKEP_MAP_TYPE_DEVMAP_HASH] = "bpf_dtab",
	[SKEP_MAP_TYPE_RINGBUF] = "bpf_ringbuf_map",
	[SKEP_MAP_TYPE_INODE_STORAGE] = "bpf_local_storage_map",
	[SKEP_MAP_TYPE_TASK_STORAGE] = "bpf_local_storage_map",
	[SKEP_MAP_TYPE_BLOOM_FILTER] = "bpf_bloom_filter",
	[SKEP_MAP_TYPE_USER_RINGBUF] = "bpf_ringbuf_map",
	[SKEP_MAP_TYPE_CGRP_STORAGE] = "bpf_local_storage_map",
	[SKEP_MAP_TYPE_ARENA] = "bpf_arena",
};

static const char *map_struct(u32 type)
{
	return type < ARRAY_SIZE(map_structs) ? map_structs[type] : NULL;
}

static u32 map_struct_id(struct verifier *v, u32 type)
{
	u32 *id = &access_typed(v)->map[type];

	if (!*id)
		*id = skep_btf_find(v->profile->vmlinux, map_structs[type],
				    SKEP_BTF_KIND_STRUCT);
	if (!*id)
		refuse(v, typed_access_later);
	return *id;
}

void access_map(struct verifier *v, const struct access *a)
{
	const struct skep_btf *btf = v->profile->vmlinux;
	const u32 type = reg_map_of(v, a->r)->type;
	const char *name = map_struct(type);
	struct place p = {.btf = btf, .off = a->off, .size = a->size};
	enum found found;

	if (!name)
		refuse(v, typed_access_later);
	if (!v->profile->perfmon)
		refuse(v, btf_needs_perfmon, name);
	if (a->off < 0)
		refuse(v, btf_negative, a->regno, "", name, a->off);
	if (a->how == mem_write)
		refuse(v, map_struct_write, name);
	if (!btf)
		refuse(v, typed_access_later);
	p.type = map_struct_id(v, type);
	found = look(v, &p);
	if (a->value >= 0)
		load_found(v, found, &p, p.flags, a->value);
}
