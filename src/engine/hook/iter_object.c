/* bpf_map, bpf_prog and bpf_link: the engine's objects, by their ids. */
#include "iter_object.h"
#include <errno.h>

enum { ARG_OBJECT = 1 };

/* Nothing counts references here: what is alive has one. */
u64 iter_image_map(struct iter_walk *w, const struct map *map)
{
	struct iter_struct s = iter_struct(&w->image, "bpf_map");
	const struct map_info *info = &map->info;

	iter_set(s, "id", map->obj.id);
	iter_set(s, "map_type", info->type);
	iter_set(s, "key_size", info->key_size);
	iter_set(s, "value_size", info->value_size);
	iter_set(s, "max_entries", info->max_entries);
	iter_set(s, "map_flags", info->flags);
	iter_set(s, "map_extra", info->extra);
	iter_set(s, "btf_key_type_id", info->btf_key_type);
	iter_set(s, "btf_value_type_id", info->btf_value_type);
	iter_set(s, "numa_node", (u64)-1);
	iter_set(s, "frozen", map_frozen(map));
	iter_set(s, "refcnt.counter", 1);
	iter_set(s, "usercnt.counter", 1);
	iter_set_bytes(s, "name", info->name, sizeof(info->name));
	return u64_of(s.at);
}

/* The name of what it was loaded for, among the kernel's types. */
static u64 attach_name(struct iter_walk *w, u32 id)
{
	const struct skep_btf *types = w->image.types;

	return id && id < skep_btf_end(types) ? iter_text(&w->image, btf_name(types, id))
					      : 0;
}

static struct iter_struct image_aux(struct iter_walk *w, const struct prog *prog)
{
	struct iter_struct s = iter_struct(&w->image, "bpf_prog_aux");
	const struct prog_info *info = prog->info;

	iter_set(s, "id", prog->obj.id);
	iter_set(s, "refcnt.counter", 1);
	iter_set(s, "used_map_cnt", prog->nmaps);
	iter_set(s, "func_cnt", prog->nfuncs > 1 ? prog->nfuncs : 0);
	iter_set(s, "attach_btf_id", info->attach_btf_id);
	iter_set(s, "max_ctx_offset", info->ctx_end);
	iter_set(s, "max_tp_access", info->buffer_end);
	iter_set(s, "max_rdonly_access", info->key_end);
	iter_set(s, "max_rdwr_access", info->value_end);
	iter_set(s, "verified_insns", info->verified_insns);
	iter_set(s, "load_time", prog->obj.head->created_ns);
	iter_set(s, "attach_func_name", attach_name(w, info->attach_btf_id));
	iter_set_bytes(s, "name", info->name, sizeof(info->name));
	return s;
}

static u64 image_prog(struct iter_walk *w, const struct prog *prog)
{
	struct iter_struct s = iter_struct(&w->image, "bpf_prog"), aux;
	const struct prog_info *info = prog->info;

	iter_set(s, "type", info->type);
	iter_set(s, "expected_attach_type", info->expected_attach_type);
	iter_set(s, "len", prog->n);
	iter_set(s, "gpl_compatible", info->gpl);
	iter_set(s, "sleepable", !!(info->flags & SKEP_F_SLEEPABLE));
	iter_set_bytes(s, "tag", info->tag, sizeof(info->tag));
	aux = image_aux(w, prog);
	iter_set(s, "aux", u64_of(aux.at));
	iter_set(aux, "prog", u64_of(s.at));
	return u64_of(s.at);
}

/* Its program may have been taken away meanwhile. */
static u64 image_link(struct iter_walk *w, const struct link *link)
{
	struct iter_struct s = iter_struct(&w->image, "bpf_link");
	struct object *obj;

	iter_set(s, "id", link->obj.id);
	iter_set(s, "type", link->info->type);
	iter_set(s, "attach_type", link->info->attach_type);
	iter_set(s, "refcnt.counter", 1);
	if (!object_get_id(w->store, OBJECT_PROG, link->info->prog_id, &obj)) {
		iter_set(s, "prog", image_prog(w, container_of(obj, struct prog, obj)));
		object_put(obj);
	}
	return u64_of(s.at);
}

/* ---- the walk: now.at is the id, or 0 ---- */

static int find(struct iter_walk *w, enum object_kind kind)
{
	u32 start = (u32)w->now.at, id;
	int err;

	if (w->now.at > UINT32_MAX)
		return 0;
	err = object_next_id(w->store, kind, start ? start - 1 : 0, &id);
	if (err)
		return err == -ENOENT ? 0 : err;
	w->now.at = id;
	return 1;
}

static void pass(struct iter_walk *w)
{
	w->now.at++;
}

/* Held while it is shown. */
static int hold(struct iter_walk *w, enum object_kind kind)
{
	int err = object_get_id(w->store, kind, (u32)w->now.at, &w->shown);

	if (err)
		w->shown = NULL;
	return err == -ENOENT ? 1 : err;
}

static int find_map(struct iter_walk *w)
{
	return find(w, OBJECT_MAP);
}

static int show_map(struct iter_walk *w)
{
	int err = hold(w, OBJECT_MAP);

	if (!err)
		w->args[ARG_OBJECT] =
			iter_image_map(w, container_of(w->shown, struct map, obj));
	return err;
}

static int find_prog(struct iter_walk *w)
{
	return find(w, OBJECT_PROG);
}

static int show_prog(struct iter_walk *w)
{
	int err = hold(w, OBJECT_PROG);

	if (!err)
		w->args[ARG_OBJECT] =
			image_prog(w, container_of(w->shown, struct prog, obj));
	return err;
}

static int find_link(struct iter_walk *w)
{
	return find(w, OBJECT_LINK);
}

static int show_link(struct iter_walk *w)
{
	int err = hold(w, OBJECT_LINK);

	if (!err)
		w->args[ARG_OBJECT] =
			image_link(w, container_of(w->shown, struct link, obj));
	return err;
}

const struct iter_target iter_bpf_map = {
	.nargs = 2,
	.find = find_map,
	.pass = pass,
	.show = show_map,
};

const struct iter_target iter_bpf_prog = {
	.nargs = 2,
	.find = find_prog,
	.pass = pass,
	.show = show_prog,
};

const struct iter_target iter_bpf_link = {
	.nargs = 2,
	.find = find_link,
	.pass = pass,
	.show = show_link,
};
