/* The parts of a map's value that BTF gives a meaning: locks, timers, kept pointers. The
 * same names, sizes and limits as Linux 6.18's btf_parse_fields() knows. */
#include "verify.h"
#include <errno.h>

enum { NESTED = 15, MOST_STEPS = 1 << 20 };

static const struct known {
	const char *name;
	enum field_kind kind;
	u32 size;
} structs[] =
	{
		{"bpf_spin_lock", field_spin_lock, 4},
		{"bpf_res_spin_lock", field_res_spin_lock, 4},
		{"bpf_timer", field_timer, 16},
		{"bpf_wq", field_wq, 16},
		{"bpf_task_work", field_task_work, 8},
		{"bpf_list_head", field_list_head, 16},
		{"bpf_list_node", field_list_node, 24},
		{"bpf_rb_root", field_rb_root, 16},
		{"bpf_rb_node", field_rb_node, 32},
		{"bpf_refcount", field_refcount, 4},
},
  tags[] = {
	  {"kptr_untrusted", field_kptr_unref, 8},
	  {"kptr", field_kptr_ref, 8},
	  {"percpu_kptr", field_kptr_percpu, 8},
	  {"uptr", field_uptr, 8},
};

struct search {
	const struct skep_btf *btf;
	struct verify_field *out;
	u32 n, steps;
	int err;
};

static const struct known *find(const struct known *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

static void add(struct search *s, const struct known *k, u32 off, u32 btf_id)
{
	if (s->n == VERIFY_MAP_FIELDS) {
		s->err = -E2BIG;
		return;
	}
	s->out[s->n++] = (struct verify_field){.kind = k->kind,
					       .off = off,
					       .size = k->size,
					       .btf_id = btf_id,
					       .btf = s->btf};
}

/* A pointer with one of the tags, which clang writes between it and what it points to. */
static void look_at_pointer(struct search *s, u32 id, u32 off)
{
	const struct known *k = NULL;

	for (id = btf_type(s->btf, id)->type; btf_is_modifier(btf_kind_of(s->btf, id));
	     id = btf_type(s->btf, id)->type)
		if (btf_kind_of(s->btf, id) == SKEP_BTF_KIND_TYPE_TAG)
			k = find(tags, ARRAY_SIZE(tags), btf_name(s->btf, id));
	if (k)
		add(s, k, off, btf_skip(s->btf, id));
}

static void look_at(struct search *s, u32 id, u32 off, u32 depth);

static void look_inside(struct search *s, u32 id, u32 off, u32 depth)
{
	const struct skep_btf_type *t = btf_type(s->btf, id);
	const struct skep_btf_member *m = btf_tail(t);
	const struct known *k = find(structs, ARRAY_SIZE(structs), btf_name(s->btf, id));

	if (k) {
		if (btf_size(s->btf, id) == k->size)
			add(s, k, off, 0);
		else
			s->err = -EINVAL;
		return;
	}
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (!btf_member_bits(t, &m[i]))
			look_at(s, m[i].type, off + btf_member_bit(t, &m[i]) / 8,
				depth + 1);
}

static void look_at_section(struct search *s, u32 id, u32 off, u32 depth)
{
	const struct skep_btf_type *t = btf_type(s->btf, id);
	const struct skep_btf_var_secinfo *var = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++)
		look_at(s, btf_type(s->btf, var[i].type)->type, off + var[i].offset,
			depth + 1);
}

static void look_at(struct search *s, u32 id, u32 off, u32 depth)
{
	const struct skep_btf_array *array;

	id = btf_skip(s->btf, id);
	if (++s->steps > MOST_STEPS) /* structs of no size can be as many as one likes */
		s->err = -E2BIG;
	if (s->err || depth > NESTED)
		return;
	switch (btf_kind_of(s->btf, id)) {
	case SKEP_BTF_KIND_PTR: look_at_pointer(s, id, off); break;
	case SKEP_BTF_KIND_STRUCT: look_inside(s, id, off, depth); break;
	case SKEP_BTF_KIND_DATASEC: look_at_section(s, id, off, depth); break;
	case SKEP_BTF_KIND_ARRAY:
		array = btf_tail(btf_type(s->btf, id));
		for (u32 i = 0, had; i < array->nelems && !s->err; i++) {
			had = s->n;
			look_at(s, array->type, off + i * btf_size(s->btf, array->type),
				depth + 1);
			if (s->n == had)
				break; /* nor has any other element */
		}
		break;
	default: break;
	}
}

int verify_map_fields(const struct skep_btf *btf, u32 value_type,
		      struct verify_field out[VERIFY_MAP_FIELDS])
{
	struct search s = {.btf = btf, .out = out};

	if (btf && value_type >= btf->end_id)
		return -EINVAL;
	if (btf && value_type)
		look_at(&s, value_type, 0, 0);
	return s.err ? s.err : (int)s.n;
}
