/* verify_fuzz_base.c - what generated programs refer to: maps, types, the kernel's names
 */
#include <errno.h>
#include "btf.h"
#include "verify_fuzz.h"

/* ---- the programs' own BTF ---- */

struct types {
	u32 words[256], n;
	char names[256];
	u32 len, next;
};

static u32 name_of(struct types *t, const char *name)
{
	u32 at = t->len;

	if (!*name)
		return 0;
	memcpy(&t->names[at], name, strlen(name) + 1);
	t->len += (u32)strlen(name) + 1;
	return at;
}

static void put(struct types *t, u32 word)
{
	t->words[t->n++] = word;
}

static void type(struct types *t, const char *name, u32 kind, u32 vlen, u32 size_or_type)
{
	put(t, name_of(t, name));
	put(t, kind << 24 | vlen);
	put(t, size_or_type);
	t->next++;
}

static void number(struct types *t, const char *name, u32 bytes)
{
	type(t, name, SKEP_BTF_KIND_INT, 0, bytes);
	put(t, bytes * 8);
}

static void member(struct types *t, const char *name, u32 of, u32 byte)
{
	put(t, name_of(t, name));
	put(t, of);
	put(t, byte * 8);
}

static void param(struct types *t, const char *name, u32 of)
{
	put(t, name_of(t, name));
	put(t, of);
}

/* u64 values, `n` of them, then perhaps one of another type. */
static void value(struct types *t, const char *name, u32 n, u32 last, u32 size)
{
	u32 i;

	type(t, name, SKEP_BTF_KIND_STRUCT, n + (last != 0), size);
	for (i = 0; i < n; i++)
		member(t, "n", fuzz_type_u64, i * 8);
	if (last)
		member(t, "last", last, n * 8);
}

/* In the order of enum fuzz_type. */
static void all_types(struct types *t)
{
	const u32 global = 1;

	t->len = 1;
	number(t, "u32", 4);
	number(t, "u64", 8);
	type(t, "", SKEP_BTF_KIND_FUNC_PROTO, 0, fuzz_type_u32);
	type(t, "f", SKEP_BTF_KIND_FUNC, 0, fuzz_type_proto);
	value(t, "pair", 2, 0, FUZZ_PAIR_SIZE);
	type(t, "", SKEP_BTF_KIND_PTR, 0, fuzz_type_pair);
	type(t, "", SKEP_BTF_KIND_FUNC_PROTO, 2, fuzz_type_u32);
	param(t, "a", fuzz_type_u32);
	param(t, "b", fuzz_type_u64);
	type(t, "numbers", SKEP_BTF_KIND_FUNC, global, fuzz_type_numbers_proto);
	type(t, "", SKEP_BTF_KIND_FUNC_PROTO, 2, fuzz_type_u32);
	param(t, "p", fuzz_type_pair_ptr);
	param(t, "n", fuzz_type_u32);
	type(t, "memory", SKEP_BTF_KIND_FUNC, global, fuzz_type_memory_proto);
	type(t, "bpf_spin_lock", SKEP_BTF_KIND_STRUCT, 1, 4);
	member(t, "val", fuzz_type_u32, 0);
	value(t, "bpf_timer", 2, 0, 16);
	value(t, "lock_value", FUZZ_LOCK_OFF / 8, fuzz_type_lock, FUZZ_LOCK_OFF + 8);
	value(t, "timer_value", FUZZ_TIMER_OFF / 8, fuzz_type_timer, FUZZ_TIMER_OFF + 16);
	type(t, "task_struct", SKEP_BTF_KIND_STRUCT, 0, 8);
	type(t, "kptr_untrusted", SKEP_BTF_KIND_TYPE_TAG, 0, fuzz_type_task);
	type(t, "", SKEP_BTF_KIND_PTR, 0, fuzz_type_untrusted_tag);
	type(t, "kptr", SKEP_BTF_KIND_TYPE_TAG, 0, fuzz_type_task);
	type(t, "", SKEP_BTF_KIND_PTR, 0, fuzz_type_kept_tag);
	type(t, "kptr_value", SKEP_BTF_KIND_STRUCT, 4, 32);
	member(t, "a", fuzz_type_u64, 0);
	member(t, "b", fuzz_type_untrusted, FUZZ_KPTR_OFF - 8);
	member(t, "c", fuzz_type_kept, FUZZ_KPTR_OFF);
	member(t, "d", fuzz_type_u64, FUZZ_KPTR_OFF + 8);
}

static int describe_types(struct vcase *c)
{
	struct types t = {0};
	struct skep_btf_header head = {
		.magic = SKEP_BTF_MAGIC, .version = 1, .hdr_len = sizeof(head)};
	struct case_bytes *to = vec_push(&c->btfs);

	if (!to)
		return -ENOMEM;
	all_types(&t);
	head.type_len = head.str_off = t.n * (u32)sizeof(u32);
	head.str_len = t.len;
	to->len = (u32)sizeof(head) + head.type_len + head.str_len;
	to->at = arena_alloc(&c->arena, to->len, 1);
	if (!to->at)
		return -ENOMEM;
	memcpy(to->at, &head, sizeof(head));
	memcpy(to->at + sizeof(head), t.words, head.type_len);
	memcpy(to->at + sizeof(head) + head.type_len, t.names, head.str_len);
	return 0;
}

/* ---- maps ---- */

static void give_types(struct case_map *m, u32 value_type)
{
	m->btf = 0;
	m->key_type = fuzz_type_u32;
	m->value_type = value_type;
}

static int describe_maps(struct vcase *c)
{
#define MAP(n, t, ks, vs, max, fl, in) \
	{.type = SKEP_MAP_TYPE_##t, \
	 .key_size = ks, \
	 .value_size = vs, \
	 .max_entries = max, \
	 .flags = fl, \
	 .inner = in, \
	 .btf = -1, \
	 .name = #n},
	static const struct case_map maps[] = {FUZZ_MAPS(MAP)};
#undef MAP
	static const struct case_map progs = {.type = SKEP_MAP_TYPE_PROG_ARRAY,
					      .key_size = 4,
					      .value_size = 4,
					      .max_entries = 4,
					      .inner = -1,
					      .btf = -1,
					      .name = "progs"};
	static u8 frozen[32] = "%d of %s\0text"; /* then numbers */
	size_t i;

	for (i = 0; i < ARRAY_SIZE(maps) + FUZZ_PROG_ARRAYS; i++) {
		struct case_map *to = vec_push(&c->maps);

		if (!to)
			return -ENOMEM;
		*to = i < ARRAY_SIZE(maps) ? maps[i] : progs;
	}
	memcpy(&frozen[16], (u8[]){7, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 40}, 9);
	c->maps.at[fuzz_map_constant].frozen = (struct case_bytes){frozen, 32};
	give_types(&c->maps.at[fuzz_map_lock], fuzz_type_lock_value);
	give_types(&c->maps.at[fuzz_map_timer], fuzz_type_timer_value);
	give_types(&c->maps.at[fuzz_map_kptr], fuzz_type_kptr_value);
	return 0;
}

/* ---- the kernel's names ---- */

static bool is_pointer_to_proto(const struct skep_btf *btf, u32 id)
{
	u32 to;

	if (btf_kind_of(btf, id) != SKEP_BTF_KIND_PTR)
		return false;
	to = btf_type(btf, id)->type;
	return btf_kind_of(btf, to) == SKEP_BTF_KIND_FUNC_PROTO;
}

static bool begins(const char *name, const char *with)
{
	return !strncmp(name, with, strlen(with));
}

/* void bpf_iter_NAME(struct bpf_iter_meta *, ...) is what programs attach to. */
static bool is_iterator(const struct skep_btf *btf, u32 id, u32 meta)
{
	u32 proto = btf_type(btf, id)->type, arg;
	const struct skep_btf_param *params = btf_tail(btf_type(btf, proto));

	if (!begins(btf_name(btf, id), "bpf_iter_") || !btf_vlen(btf_type(btf, proto)))
		return false;
	arg = params[0].type;
	return btf_kind_of(btf, arg) == SKEP_BTF_KIND_PTR &&
	       btf_type(btf, arg)->type == meta;
}

static int list_targets(struct fuzz_kernel *k, const struct skep_btf *btf)
{
	u32 meta = skep_btf_find(btf, "bpf_iter_meta", SKEP_BTF_KIND_STRUCT);
	u32 id, end = skep_btf_end(btf), *to;

	for (id = 1; id < end; id++) {
		const char *name = btf_name(btf, id);
		u32 kind = btf_kind_of(btf, id);

		if (kind == SKEP_BTF_KIND_TYPEDEF && begins(name, "btf_trace_") &&
		    is_pointer_to_proto(btf, btf_type(btf, id)->type))
			to = vec_push(&k->tracepoints);
		else if (kind == SKEP_BTF_KIND_FUNC && is_iterator(btf, id, meta))
			to = vec_push(&k->iterators);
		else if (kind == SKEP_BTF_KIND_DECL_TAG && !strcmp(name, "bpf_kfunc"))
			to = vec_push(&k->kfuncs);
		else
			continue;
		if (!to)
			return -ENOMEM;
		*to = kind == SKEP_BTF_KIND_DECL_TAG ? btf_type(btf, id)->type : id;
	}
	return 0;
}

static int describe_kernel(struct fuzz_kernel *k)
{
#define KFUNC(name) #name,
	static const char *const kfuncs[] = {FUZZ_KFUNCS(KFUNC)};
#undef KFUNC
	const struct skep_btf *btf = case_vmlinux();
	u32 i;

	if (!btf)
		return 0;
	for (i = 0; i < FUZZ_KFUNCS_N; i++)
		k->kfunc[i] = skep_btf_find(btf, kfuncs[i], SKEP_BTF_KIND_FUNC);
	k->task = skep_btf_find(btf, "task_struct", SKEP_BTF_KIND_STRUCT);
	return list_targets(k, btf);
}

int fuzz_describe_base(struct fuzz_base *b)
{
	int err = describe_maps(&b->c);

	if (!err)
		err = describe_types(&b->c);
	return err ? err : describe_kernel(&b->kernel);
}
