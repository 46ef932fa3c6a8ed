/* PROG_ATTACH and PROG_DETACH: programs that stay where they are without a link. The
 * engine has none: what nobody holds is removed, and nobody holds these. What is wrong
 * with a call is told in the kernel's order; what is right gets -EOPNOTSUPP. */
#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include "cmd.h"
#include "event.h"
#include "hook.h"

enum {
	FLAGS_BASE = SKEP_F_ALLOW_OVERRIDE | SKEP_F_ALLOW_MULTI | SKEP_F_REPLACE |
		     SKEP_F_PREORDER,
	FLAGS_ROW =
		SKEP_F_REPLACE | SKEP_F_BEFORE | SKEP_F_AFTER | SKEP_F_ID | SKEP_F_LINK,
};

u32 attach_prog_type(u32 attach_type)
{
	static const u8 types[] = {
#define ATTACH(attach, prog) [SKEP_##attach] = SKEP_PROG_TYPE_##prog,
#include "attach_type.def"
#undef ATTACH
	};

	return attach_type < ARRAY_SIZE(types) ? types[attach_type] : 0;
}

bool attach_is_cgroup(u32 prog_type)
{
	switch (prog_type) {
	case SKEP_PROG_TYPE_CGROUP_SKB:
	case SKEP_PROG_TYPE_CGROUP_SOCK:
	case SKEP_PROG_TYPE_CGROUP_SOCK_ADDR:
	case SKEP_PROG_TYPE_SOCK_OPS:
	case SKEP_PROG_TYPE_CGROUP_DEVICE:
	case SKEP_PROG_TYPE_CGROUP_SYSCTL:
	case SKEP_PROG_TYPE_CGROUP_SOCKOPT:
	case SKEP_PROG_TYPE_LSM: return true;
	default: return false;
	}
}

int attach_check_cgroup(u32 fd)
{
	struct statfs fs;

	return fstatfs((int)fd, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC ? -EBADF : 0;
}

/* -EBADF, -EINVAL: no program of this type. */
static int get_prog(struct store *store, u32 fd, u32 type, struct prog **out)
{
	int err = hook_get_prog(store, (int)fd, out);

	if (err || (*out)->info->type == type)
		return err;
	object_put(&(*out)->obj);
	return -EINVAL;
}

static int check_prog(struct store *store, u32 fd, u32 type)
{
	struct prog *prog;
	int err = get_prog(store, fd, type, &prog);

	if (!err)
		object_put(&prog->obj);
	return err;
}

/* No map here is one of sockets. */
static int check_sockets(struct store *store, const union skep_attr *attr)
{
	struct object *obj;
	int err;

	if (attr->attach_flags || attr->replace_bpf_fd)
		return -EINVAL;
	err = object_get(store, (int)attr->target_fd, OBJECT_MAP, &obj, NULL);
	if (!err)
		object_put(obj);
	return err;
}

static bool is_tcx(u32 attach_type)
{
	return attach_type == SKEP_TCX_INGRESS || attach_type == SKEP_TCX_EGRESS;
}

/* ---- PROG_ATTACH ---- */

static int check_flags(const union skep_attr *attr, u32 type)
{
	u32 flags = attr->attach_flags;

	if (type == SKEP_PROG_TYPE_SCHED_CLS)
		return flags & ~(u32)FLAGS_ROW ? -EINVAL : 0;
	if (attach_is_cgroup(type))
		return flags & ~(u32)(FLAGS_BASE | FLAGS_ROW) ? -EINVAL : 0;
	return flags & ~(u32)FLAGS_BASE || attr->relative_fd || attr->expected_revision
		       ? -EINVAL
		       : 0;
}

/* Some types say when they are loaded to what they will be attached. */
static bool fits(const struct store *store, const struct prog *prog, u32 attach_type)
{
	if (prog->info->type == SKEP_PROG_TYPE_CGROUP_SKB && !store_privileged(store))
		return false;
	switch (prog->info->type) {
	case SKEP_PROG_TYPE_CGROUP_SOCK:
	case SKEP_PROG_TYPE_CGROUP_SOCK_ADDR:
	case SKEP_PROG_TYPE_CGROUP_SOCKOPT:
	case SKEP_PROG_TYPE_SK_LOOKUP:
		return prog->info->expected_attach_type == attach_type;
	default: return true;
	}
}

static int check_tcx(struct store *store, const union skep_attr *attr)
{
	if (!is_tcx(attr->attach_type))
		return -EINVAL;
	if (attr->target_ifindex != HOOK_PORT)
		return -ENODEV;
	return attr->attach_flags & SKEP_F_REPLACE
		       ? check_prog(store, attr->replace_bpf_fd, SKEP_PROG_TYPE_SCHED_CLS)
		       : 0;
}

static int check_target(struct store *store, const union skep_attr *attr, u32 type)
{
	if (attach_is_cgroup(type))
		return attach_check_cgroup(attr->target_fd);
	switch (type) {
	case SKEP_PROG_TYPE_SK_SKB:
	case SKEP_PROG_TYPE_SK_MSG: return check_sockets(store, attr);
	case SKEP_PROG_TYPE_SCHED_CLS: return check_tcx(store, attr);
	case SKEP_PROG_TYPE_FLOW_DISSECTOR:
		return attr->target_fd || attr->attach_flags || attr->replace_bpf_fd
			       ? -EINVAL
			       : 0;
	default: return -EINVAL;
	}
}

int cmd_prog_attach(struct store *store, union skep_attr *attr)
{
	u32 type = attach_prog_type(attr->attach_type);
	struct prog *prog;
	int err;

	err = type ? check_flags(attr, type) : -EINVAL;
	if (!err)
		err = get_prog(store, attr->attach_bpf_fd, type, &prog);
	if (err)
		return err;
	err = fits(store, prog, attr->attach_type) ? check_target(store, attr, type)
						   : -EINVAL;
	object_put(&prog->obj);
	return err ? err : -EOPNOTSUPP;
}

/* ---- PROG_DETACH ---- */

/* What links attached, links alone detach. prog_id 0: any. */
static int detach_row(struct store *store, const union skep_attr *attr, u32 prog_id)
{
	u32 event = attr->attach_type == SKEP_TCX_INGRESS ? EVENT_TCX_INGRESS
							  : EVENT_TCX_EGRESS;
	struct attachments now = {{0}};
	struct attachment *a;
	bool found = false;
	int err = hook_attachments(store, &now);
	const struct link_row row = hook_row(&now, event);

	vec_each(a, &now.all)
		found |= a->event == event && (!prog_id || a->prog_id == prog_id);
	vec_free(&now.all);
	if (err || !row.n)
		return err ? err : -ENOENT;
	if (attr->expected_revision && attr->expected_revision != row.revision)
		return -ESTALE;
	if (attr->attach_flags & SKEP_F_REPLACE)
		return -EINVAL;
	return found ? -EBUSY : -ENOENT;
}

static int detach_tcx(struct store *store, const union skep_attr *attr)
{
	struct prog *prog = NULL;
	u32 prog_id = 0;
	int err = 0;

	if (attr->attach_flags & ~(u32)FLAGS_ROW)
		return -EINVAL;
	if (!attr->attach_bpf_fd)
		err = store_privileged(store) ? 0 : -EPERM;
	else
		err = get_prog(store, attr->attach_bpf_fd, SKEP_PROG_TYPE_SCHED_CLS,
			       &prog);
	if (err)
		return err;
	if (prog) {
		prog_id = prog->obj.id;
		object_put(&prog->obj);
	}
	if (!is_tcx(attr->attach_type))
		return -EINVAL;
	return attr->target_ifindex == HOOK_PORT ? detach_row(store, attr, prog_id)
						 : -ENODEV;
}

static int detach_sockets(struct store *store, const union skep_attr *attr, u32 type)
{
	int err = check_sockets(store, attr);

	if (!err)
		err = check_prog(store, attr->attach_bpf_fd, type);
	return err ? err : -EOPNOTSUPP;
}

/* Nothing is attached there. */
static int detach_flow_dissector(struct store *store, const union skep_attr *attr)
{
	int err = attr->target_fd ? -EINVAL
				  : check_prog(store, attr->attach_bpf_fd,
					       SKEP_PROG_TYPE_FLOW_DISSECTOR);

	return err ? err : -ENOENT;
}

int cmd_prog_detach(struct store *store, union skep_attr *attr)
{
	u32 type = attach_prog_type(attr->attach_type);
	int err;

	if (type == SKEP_PROG_TYPE_SCHED_CLS)
		return detach_tcx(store, attr);
	if (attr->attach_flags || attr->relative_fd)
		return -EINVAL;
	if (attach_is_cgroup(type)) {
		err = attach_check_cgroup(attr->target_fd);
		return err ? err : -ENOENT;
	}
	if (attr->expected_revision)
		return -EINVAL;
	switch (type) {
	case SKEP_PROG_TYPE_SK_SKB:
	case SKEP_PROG_TYPE_SK_MSG: return detach_sockets(store, attr, type);
	case SKEP_PROG_TYPE_FLOW_DISSECTOR: return detach_flow_dissector(store, attr);
	default: return -EINVAL;
	}
}
