/* Link objects, and the commands that make and change them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include "cmd.h"
#include "event.h"
#include "hook.h"

static const struct hook *const hooks[] = {
#define HOOK(symbol) &hook_##symbol,
#define SAME	     HOOK
#include "hook.def"
#undef SAME
#undef HOOK
};

/* ---- the object ---- */

static const struct hook *hook_of(const struct link_info *info)
{
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i]->link_type == info->type)
			return hooks[i];
	return NULL;
}

static int link_open(struct object *obj)
{
	struct link *link = container_of(obj, struct link, obj);

	link->info = (struct link_info *)obj->head->data;
	return hook_of(link->info) ? 0 : -EINVAL;
}

static void link_refs(const struct object_head *head, void (*fn)(void *arg, u32 id),
		      void *arg)
{
	const struct link_info *info = (const struct link_info *)head->data;

	fn(arg, __atomic_load_n(&info->prog_id, __ATOMIC_ACQUIRE));
	if (info->perf_id)
		fn(arg, info->perf_id);
	if (info->over.map_id)
		fn(arg, info->over.map_id);
}

static int link_object_info(struct object *obj, void *user)
{
	struct link_info link = *container_of(obj, struct link, obj)->info;
	const struct hook *hook = hook_of(&link);
	struct skep_link_info *info = user;

	if (!hook)
		return -EINVAL;
	info->type = link.type;
	info->id = obj->id;
	info->prog_id = link.prog_id;
	return hook->fill(&link, info);
}

const struct object_ops link_object_ops = {
	.view_size = sizeof(struct link),
	.open = link_open,
	.refs = link_refs,
	.info = link_object_info,
	.info_size = sizeof(struct skep_link_info),
	.pins = true,
};

int link_give_text(const char *text, u64 to, u32 *len)
{
	u32 room = *len, n = (u32)strlen(text);
	int err;

	if (!to != !room)
		return -EINVAL;
	*len = n + 1;
	err = to ? user_copy_out(to, text, MIN(room - 1, n)) : 0;
	if (to && !err)
		err = user_copy_out(to + MIN(room - 1, n), "", 1);
	return !err && to && room < *len ? -ENOSPC : err;
}

int link_give_name(u32 event, u64 to, u32 *len)
{
	struct str name = {0};
	int err;

	event_name(&name, event);
	err = name.failed ? -ENOMEM : link_give_text(name.s ? name.s : "", to, len);
	str_free(&name);
	return err;
}

/* ---- what is attached ---- */

static int note(struct attachments *out, const struct attachment *a)
{
	struct attachment *to = vec_push(&out->all);

	if (!to)
		return -ENOMEM;
	*to = *a;
	return 0;
}

static int note_link(struct object *obj, struct attachments *out)
{
	struct link_info info = *container_of(obj, struct link, obj)->info;
	struct attachment a = {
		.link_id = obj->id,
		.perf_id = info.perf_id,
		.prog_id = info.prog_id,
		.event = info.event < EVENTS ? info.event : EVENT_NONE,
		.mode = info.mode,
		.cookie = info.cookie,
		.row = info.row,
	};

	return info.detached ? 0 : note(out, &a);
}

static int note_perf(struct object *obj, struct attachments *out)
{
	struct perf_info info = *container_of(obj, struct perf, obj)->info;
	struct attachment a = {
		.perf_id = obj->id,
		.prog_id = info.prog_id,
		.event = info.event < EVENTS ? info.event : EVENT_NONE,
	};

	return a.prog_id ? note(out, &a) : 0;
}

struct link_row hook_row(const struct attachments *now, u32 event)
{
	struct link_row last = {.revision = 1};
	struct attachment *a;
	u32 n = 0;

	vec_each(a, &now->all) {
		if (a->event != event)
			continue;
		n++;
		if (a->row.revision > last.revision)
			last = a->row;
	}
	if (last.n > n)
		last.revision += last.n - n;
	return (struct link_row){last.revision, n};
}

void hook_set_row(struct store *store, const struct attachments *now, u32 event,
		  struct link_row row)
{
	struct attachment *a;
	struct object *obj;

	vec_each(a, &now->all) {
		if (a->event != event || !a->link_id ||
		    object_get_id(store, OBJECT_LINK, a->link_id, &obj))
			continue;
		container_of(obj, struct link, obj)->info->row = row;
		object_put(obj);
	}
}

typedef int next_fn(struct store *store, enum object_kind kind, u32 start, u32 *next);

static int each(struct store *store, enum object_kind kind, next_fn *next,
		struct attachments *out,
		int (*fn)(struct object *obj, struct attachments *out))
{
	struct object *obj;
	u32 id = 0;
	int err = 0;

	while (!err && !(err = next(store, kind, id, &id))) {
		/* It may have gone meanwhile. */
		if (object_get_id(store, kind, id, &obj))
			continue;
		err = fn(obj, out);
		object_put(obj);
	}
	return err == -ENOENT ? 0 : err;
}

static int each_attachment(struct store *store, next_fn *next, struct attachments *out)
{
	int err = each(store, OBJECT_PERF, next, out, note_perf);

	return err ? err : each(store, OBJECT_LINK, next, out, note_link);
}

int hook_attachments(struct store *store, struct attachments *out)
{
	return each_attachment(store, object_next_id, out);
}

int hook_try_attachments(struct store *store, struct attachments *out)
{
	return each_attachment(store, object_try_next_id, out);
}

int hook_may_attach(struct store *store, u32 event, u32 perf_id, u32 prog_id)
{
	struct attachments now = {{0}};
	int err = hook_attachments(store, &now);
	struct attachment *a;
	u32 n = 0;

	vec_each(a, &now.all) {
		if (a->event != event)
			continue;
		n++;
		if (a->perf_id == perf_id || a->prog_id == prog_id)
			err = -EEXIST;
	}
	vec_free(&now.all);
	return err ? err : n >= HOOK_MOST ? -E2BIG : 0;
}

/* ---- commands ---- */

int hook_get_prog(struct store *store, int fd, struct prog **out)
{
	struct object *obj;
	int err = object_get(store, fd, OBJECT_PROG, &obj, NULL);

	if (!err)
		*out = container_of(obj, struct prog, obj);
	return err;
}

static int get_link(struct store *store, int fd, struct link **out)
{
	struct object *obj;
	int err = object_get(store, fd, OBJECT_LINK, &obj, NULL);

	if (!err)
		*out = container_of(obj, struct link, obj);
	return err;
}

int link_make(const struct hook *hook, struct attach *at)
{
	struct object *obj;
	int err = object_create(at->store, OBJECT_LINK, OBJECT_HEAD_SIZE, &obj);

	if (err)
		return err;
	at->info = (struct link_info *)obj->head->data;
	at->info->type = hook->link_type;
	at->info->attach_type = at->attach_type;
	at->info->prog_id = at->prog->obj.id;
	err = hook->attach(at);
	if (!err)
		return object_ready(obj, O_RDONLY);
	object_abandon(obj);
	return err;
}

int cmd_link_create(struct store *store, union skep_attr *attr)
{
	const u32 type = attr->link_create.attach_type;
	struct attach at = {.store = store, .attr = attr, .attach_type = type};
	struct prog *prog;
	int ret = hook_get_prog(store, (int)attr->link_create.prog_fd, &prog);

	if (ret)
		return ret;
	at.prog = prog;
	/* These may be loaded by everybody. */
	ret = prog->info->type == SKEP_PROG_TYPE_CGROUP_SKB && !store_privileged(store)
		      ? -EPERM
		      : -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i]->prog_type == prog->info->type && hooks[i]->takes &&
		    hooks[i]->takes(type))
			ret = link_make(hooks[i], &at);
	object_put(&prog->obj);
	return ret;
}

/* BPF_F_REPLACE: only if the program is still the one that the caller thinks. */
static int check_old(struct store *store, const union skep_attr *attr, u32 current)
{
	struct prog *old;
	int err;

	if (!(attr->link_update.flags & SKEP_F_REPLACE))
		return attr->link_update.old_prog_fd ? -EINVAL : 0;
	err = hook_get_prog(store, (int)attr->link_update.old_prog_fd, &old);
	if (err)
		return err;
	err = old->obj.id == current ? 0 : -EPERM;
	object_put(&old->obj);
	return err;
}

static int update(struct store *store, union skep_attr *attr, struct link *link,
		  const struct prog *prog)
{
	const struct hook *hook = hook_of(link->info);
	u32 old = link->info->prog_id, new = prog->obj.id;
	int err = check_old(store, attr, old);

	if (err && err != -EPERM)
		return err;
	if (!hook || !hook->update)
		return -EINVAL;
	if (link->info->detached)
		return -ENOLINK;
	if (err)
		return err;
	if (prog->info->type != hook->prog_type)
		return -EINVAL;
	if (new == old)
		return 0;
	err = hook->update(store, link->info, new);
	if (err)
		return err;
	__atomic_store_n(&link->info->prog_id, new, __ATOMIC_RELEASE);
	return 0;
}

int cmd_link_update(struct store *store, union skep_attr *attr)
{
	struct link *link;
	struct prog *prog;
	int err;

	if (attr->link_update.flags & ~SKEP_F_REPLACE)
		return -EINVAL;
	err = get_link(store, (int)attr->link_update.link_fd, &link);
	if (err)
		return err;
	err = hook_get_prog(store, (int)attr->link_update.new_prog_fd, &prog);
	if (!err) {
		err = update(store, attr, link, prog);
		object_put(&prog->obj);
	}
	object_put(&link->obj);
	return err;
}

int cmd_link_detach(struct store *store, union skep_attr *attr)
{
	const struct hook *hook;
	struct link *link;
	int err = get_link(store, (int)attr->link_detach.link_fd, &link);

	if (err)
		return err;
	hook = hook_of(link->info);
	if (hook && hook->update && !hook->stays)
		__atomic_store_n(&link->info->detached, 1, __ATOMIC_RELEASE);
	else
		err = -EOPNOTSUPP;
	object_put(&link->obj);
	return err;
}
