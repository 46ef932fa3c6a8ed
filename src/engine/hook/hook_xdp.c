/* Programs on packets: links to the engine's port, for XDP and traffic control. */
#include "hook.h"
#include <errno.h>
#include "event.h"

/* XDP_FLAGS_* of linux/if_link.h */
enum { MODE_SKB = 2, MODE_DRV = 4, MODE_HW = 8 };

/* Of a row: where in it. */
enum { ORDER = SKEP_F_BEFORE | SKEP_F_AFTER | SKEP_F_REPLACE };

/* ---- XDP: one program ---- */

static bool takes_xdp(u32 attach_type)
{
	return attach_type == SKEP_XDP;
}

/* -EBUSY: there is one; -EEXIST: one in the other mode. */
static int check_port(struct store *store, u32 mode)
{
	struct attachments now = {{0}};
	struct attachment *a;
	int err = hook_attachments(store, &now);

	vec_each(a, &now.all)
		if (a->event == EVENT_XDP)
			err = a->mode == mode ? -EBUSY : -EEXIST;
	vec_free(&now.all);
	return err;
}

/* Without a flag it is the mode of ports without a driver, as lo's; the other one makes
 * no difference here but that a port has programs of one mode only. */
static int attach_xdp(struct attach *at)
{
	u32 flags = at->attr->link_create.flags;

	if (at->attr->link_create.target_ifindex != HOOK_PORT)
		return -EINVAL;
	if (flags & ~(u32)(MODE_SKB | MODE_DRV | MODE_HW) || flags & (flags - 1))
		return -EINVAL;
	if (flags & MODE_HW)
		return -EOPNOTSUPP;
	at->info->ifindex = HOOK_PORT;
	at->info->event = EVENT_XDP;
	at->info->mode = flags & MODE_DRV;
	return check_port(at->store, at->info->mode);
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
static int update_xdp(struct store *store, struct link_info *link, u32 prog_id)
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

/* The row that a link is or will be in: -EEXIST if the program is in it. What is to
 * become of it, n, is noted in all of its links. */
static int change_row(struct store *store, struct link_info *link, u32 prog_id, bool more,
		      u32 flags)
{
	struct attachments now = {{0}};
	struct attachment *a;
	int err = hook_attachments(store, &now);
	struct link_row row = hook_row(&now, link->event);

	vec_each(a, &now.all)
		if (a->event == link->event && a->prog_id == prog_id)
			err = -EEXIST;
	if (!err && more && row.n >= HOOK_MOST)
		err = -ERANGE;
	if (!err)
		err = flags & ~(u32)ORDER ? -EINVAL : flags ? -EOPNOTSUPP : 0;
	if (!err) {
		link->row = (struct link_row){row.revision + 1, row.n + more};
		hook_set_row(store, &now, link->event, link->row);
	}
	vec_free(&now.all);
	return err;
}

/* Programs run in the order of attaching; flags that ask for another (BPF_F_BEFORE,
 * BPF_F_AFTER) are refused. */
static int attach_tcx(struct attach *at)
{
	if (at->attr->link_create.target_ifindex != HOOK_PORT)
		return -ENODEV;
	at->info->ifindex = HOOK_PORT;
	at->info->event = at->attach_type == SKEP_TCX_INGRESS ? EVENT_TCX_INGRESS
							      : EVENT_TCX_EGRESS;
	return change_row(at->store, at->info, at->info->prog_id, true,
			  at->attr->link_create.flags);
}

/* A program stands in a row once. */
static int update_tcx(struct store *store, struct link_info *link, u32 prog_id)
{
	return change_row(store, link, prog_id, false, 0);
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
