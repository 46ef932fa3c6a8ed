/* Helpers of syscall programs, which load other programs. */
#include <errno.h>
#include <skep/btf.h>
#include "helper_fn.h"

/* The commands that a program may give. */
#define MAY(cmd) (1ull << SKEP_##cmd)
static const u64 commands = MAY(MAP_CREATE) | MAY(MAP_UPDATE_ELEM) |
			    MAY(MAP_DELETE_ELEM) | MAY(MAP_FREEZE) |
			    MAY(MAP_GET_FD_BY_ID) | MAY(PROG_LOAD) | MAY(BTF_LOAD) |
			    MAY(LINK_CREATE) | MAY(RAW_TRACEPOINT_OPEN);
#undef MAY

/* The attr, and what its pointers point to, may lie in memory of the run or be the
 * user's; in the process both are memory, which bpf(2) probes before it touches it. */
HELPER_FN(sys_bpf)
{
	union skep_attr attr = {0};
	const u8 *user = ptr_of(b);
	struct region region;
	u32 len = (u32)MIN(c, sizeof(attr));
	int ret;

	if (a >= 64 || !(commands >> a & 1))
		return (u64)-EINVAL;
	for (u64 i = len; i < c; i++)
		if (user[i])
			return (u64)-E2BIG;
	memcpy(&attr, user, len);
	ret = run->bpf(run->store, (enum skep_cmd)a, &attr, len);
	if (run_find(run, b, len, access_write, &region))
		memcpy(ptr_of(b), &attr, len);
	return (u64)(s64)ret;
}

HELPER_FN(sys_close)
{
	return (u64)(s64)object_close(run->store, (int)a);
}

/* The kernel has modules besides, whose types come with a descriptor. */
HELPER_FN(btf_find_by_name_kind)
{
	const char *name = ptr_of(a);
	const struct skep_btf *btf;
	u32 id;

	if (d || b <= 1 || name[b - 1])
		return (u64)-EINVAL;
	btf = run->types ? run->types(run) : NULL;
	if (!btf)
		return (u64)-EINVAL;
	id = (u8)c ? skep_btf_find(btf, name, (u8)c) : 0;
	return id ? id : (u64)-ENOENT;
}

/* No address of the kernel means anything here: as for who may not see them. */
HELPER_FN(kallsyms_lookup_name)
{
	const char *name = ptr_of(a);

	*(u64 *)ptr_of(d) = 0;
	if (c || b <= 1 || name[b - 1])
		return (u64)-EINVAL;
	return (u64)-EPERM;
}
