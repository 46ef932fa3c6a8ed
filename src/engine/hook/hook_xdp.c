/* Programs on packets: links to the engine's port, for XDP and traffic control. */
#include "hook.h"
#include <errno.h>
#include "event.h"

/* XDP_FLAGS_* of linux/if_link.h */
enum { MODE_SKB = 2, MODE_DRV = 4, MODE_HW = 8 };

/* ---- XDP: one program ---- */

static bool takes_xdp(u32 attach_type)
{
	return attach_type == SKEP_XDP;
}

/* How many programs stand there; -EEXIST: this one does. */
static int count_on_port(struct store *store, const struct link_info *link, u32 prog_id,
			 u32 *n)
{
	struct attachments now = {{0}};
	struct attachment *a;
	int err = hook_attachments(store, &now);

	*n = 0;
	vec_each(a, &now.all) {
		if (a->event != link->event)
			continue;
		++*n;
		if (a->prog_id == prog_id)
			err = -EEXIST;
	}
	vec_free(&now.all);
	return err;
}

static int attach_xdp(struct attach *at)
{
	u32 flags = at->attr->link_create.flags, n;
	int err;

	if (at->attr->link_create.target_ifindex != HOOK_PORT)
		return -EINVAL;
	if (flags & ~(u32)(MODE_SKB | MODE_DRV | MODE_HW) || flags & (flags - 1))
		return -EINVAL;
	if (flags & (MODE_HW | MODE_DRV)) /* as of lo, which has no driver */
		return -EOPNOTSUPP;
	at->info->ifindex = HOOK_PORT;
	at->info->event = EVENT_XDP;
	err = count_on_port(at->store, at->info, 0, &n);
	return err ? err : n ? -EBUSY : 0;
}

/* What a program was loaded for; an id that is gone gives 0. */
static u32 loaded_for(struct store *store, u32 prog_id)
{
	struct object *obj;
	u32 type;

	if (object_get_id(store, OBJECT_PROG, prog_id, &obj))
		return 0;
	type = container_of(obj, struct prog, obj)->info->expected_attach_type;
	object_put(obj);
	return type;
}

/* The new program has to be loaded for what the old one was. */
static int update_xdp(struct store *store, const struct link_info *link, u32 prog_id)
{
	return loaded_for(store, link->prog_id) == loaded_for(store, prog_id) ? 0
									      : -EINVAL;
}

static int fill_xdp(const struct link_info *link, struct skep_link_info *info)
{
	info->xdp.ifindex = link->detached ? 0 : link->ifindex;
	return 0;
}

const struct hook hook_xdp = {
	.name = "xdp",
	.link_type = SKEP_LINK_TYPE_XDP,
	.prog_type = SKEP_PROG_TYPE_XDP,
	.takes = takes_xdp,
	.attach = attach_xdp,
	.fill = fill_xdp,
	.update = update_xdp,
};

/* ---- traffic control: a row of programs, in the order of attaching ---- */

static bool takes_tcx(u32 attach_type)
{
	return attach_type == SKEP_TCX_INGRESS || attach_type == SKEP_TCX_EGRESS;
}

/* Programs run in the order of attaching; flags that ask for another (BPF_F_BEFORE,
 * BPF_F_AFTER) are refused. */
static int attach_tcx(struct attach *at)
{
	const u32 order = SKEP_F_BEFORE | SKEP_F_AFTER | SKEP_F_REPLACE;
	u32 flags = at->attr->link_create.flags, n;
	int err;

	if (at->attr->link_create.target_ifindex != HOOK_PORT)
		return -ENODEV;
	at->info->ifindex = HOOK_PORT;
	at->info->event = at->attach_type == SKEP_TCX_INGRESS ? EVENT_TCX_INGRESS
							      : EVENT_TCX_EGRESS;
	err = count_on_port(at->store, at->info, at->info->prog_id, &n);
	if (!err && n >= HOOK_MOST)
		err = -ERANGE;
	if (err || !flags)
		return err;
	return flags & ~order ? -EINVAL : -EOPNOTSUPP;
}

/* A program stands in a row once. */
static int update_tcx(struct store *store, const struct link_info *link, u32 prog_id)
{
	u32 n;

	return count_on_port(store, link, prog_id, &n);
}

static int fill_tcx(const struct link_info *link, struct skep_link_info *info)
{
	info->tcx.ifindex = link->detached ? 0 : link->ifindex;
	info->tcx.attach_type = link->attach_type;
	return 0;
}

const struct hook hook_tcx = {
	.name = "tcx",
	.link_type = SKEP_LINK_TYPE_TCX,
	.prog_type = SKEP_PROG_TYPE_SCHED_CLS,
	.takes = takes_tcx,
	.attach = attach_tcx,
	.fill = fill_tcx,
	.update = update_tcx,
};
