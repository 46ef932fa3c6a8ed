/* Links of iterators, and what they are read through: ITER_CREATE, open(2) of a pin. */
#include "iter.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "btf.h"
#include "cmd.h"

static bool takes(u32 attach_type)
{
	return attach_type == SKEP_TRACE_ITER;
}

/* What iter_info points to, zeros behind it. */
static int copy_info(const union skep_attr *attr, union skep_iter_link_info *info)
{
	u64 from = attr->link_create.iter_info;
	u32 len = attr->link_create.iter_info_len;
	int err;

	memset(info, 0, sizeof(*info));
	if (!from != !len)
		return -EINVAL;
	if (!from)
		return 0;
	err = user_check_tail(from, sizeof(*info), len);
	return err ? err : user_copy_in(info, from, MIN(len, (u32)sizeof(*info)));
}

/* The row of what the program was loaded for. */
static int find_target(const struct attach *at, u32 *number, bool *sleeps)
{
	static const char prefix[] = "bpf_iter_";
	const struct skep_btf *types = runs_vmlinux(store_runs(at->store));
	u32 id = at->prog->info->attach_btf_id;
	const char *name = types && id < skep_btf_end(types) ? btf_name(types, id) : "";

	if (strncmp(name, prefix, sizeof(prefix) - 1))
		return -ENOENT;
	return iter_find(name + sizeof(prefix) - 1, number, sleeps);
}

static int attach(struct attach *at)
{
	struct iter_over *over = &at->info->over;
	const struct iter_target *target;
	union skep_iter_link_info info;
	bool sleeps = false;
	int err, refused;

	if (at->prog->info->expected_attach_type != SKEP_TRACE_ITER ||
	    at->attr->link_create.target_fd || at->attr->link_create.flags)
		return -EINVAL;
	err = copy_info(at->attr, &info);
	if (err)
		return err;
	refused = find_target(at, &over->target, &sleeps);
	if (refused && refused != -EOPNOTSUPP)
		return refused;
	if (at->prog->info->flags & SKEP_F_SLEEPABLE && !sleeps)
		return -EINVAL;
	target = iter_target(over->target);
	if (!target)
		return refused;
	return target->attach ? target->attach(at, &info, over) : 0;
}

static int fill(const struct link_info *link, struct skep_link_info *info)
{
	const struct iter_target *target = iter_target(link->over.target);
	const char *name = iter_name(link->over.target);
	int err = link_give_text(name ? name : "", info->iter.target_name,
				 &info->iter.target_name_len);

	if (!err && target && target->fill)
		target->fill(&link->over, info);
	return err;
}

/* What an iterator's program was loaded for; 0: another kind of program, or gone. */
static u32 loaded_for(struct store *store, u32 prog_id)
{
	const struct prog_info *info;
	struct object *obj;
	u32 id;

	if (object_get_id(store, OBJECT_PROG, prog_id, &obj))
		return 0;
	info = container_of(obj, struct prog, obj)->info;
	id = info->expected_attach_type == SKEP_TRACE_ITER ? info->attach_btf_id : 0;
	object_put(obj);
	return id;
}

static int update(struct store *store, struct link_info *link, u32 prog_id)
{
	return loaded_for(store, link->prog_id) == loaded_for(store, prog_id) ? 0
									      : -EINVAL;
}

const struct hook hook_iter = {
	.name = "iter",
	.link_type = SKEP_LINK_TYPE_ITER,
	.prog_type = SKEP_PROG_TYPE_TRACING,
	.takes = takes,
	.attach = attach,
	.fill = fill,
	.update = update,
	.stays = true,
};

/* ---- reading it ---- */

static int open_link(struct store *store, int fd)
{
	struct link_info info;
	struct object *obj;
	int err = object_get(store, fd, 0, &obj, NULL);

	if (err)
		return err;
	if (obj->kind != OBJECT_LINK) {
		object_put(obj);
		return -EINVAL;
	}
	info = *container_of(obj, struct link, obj)->info;
	err = info.type == SKEP_LINK_TYPE_ITER
		      ? iter_open(store, info.prog_id, &info.over)
		      : -EINVAL;
	object_put(obj);
	return err;
}

int cmd_iter_create(struct store *store, union skep_attr *attr)
{
	if (attr->iter_create.flags)
		return -EINVAL;
	return open_link(store, (int)attr->iter_create.link_fd);
}

/* Other pins have nothing to read, which open(2) says of them. */
int hook_open_pin(struct store *store, const char *path)
{
	int pin = object_open_pin(store, path, O_RDWR), fd;

	if (pin < 0)
		return pin;
	fd = open_link(store, pin);
	object_close(store, pin);
	return fd == -EINVAL ? -EIO : fd;
}
