#include "fd_array.h"

bool prog_array_fits(struct map *map, u32 prog_type, u32 attach_type, bool frags)
{
	u64 *kind = &((struct fd_array_head *)map->storage)->kind, old = 0;
	u64 mine = 1ull << 63 | (u64)frags << 62 | (u64)(prog_type & 0xffff) << 32 |
		   attach_type;

	return __atomic_compare_exchange_n(kind, &old, mine, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST) ||
	       old == mine;
}

/* An object_head's data begins, for a program, with its type, attach type and flags. */
static bool fits(struct map *map, const struct object *prog)
{
	u32 kind[3];

	memcpy(kind, prog->head->data, sizeof(kind));
	return prog_array_fits(map, kind[0], kind[1], kind[2] & SKEP_F_XDP_HAS_FRAGS);
}

static int write_fd(struct map *map, const void *key, const void *value, u64 flags)
{
	return fd_array_write(map, key, value, flags, OBJECT_PROG, fits);
}

const struct map_ops map_prog_array = {
	.name = "prog_array",
	.inner = map_inner_never,
	.write = write_fd,
	FD_ARRAY_OPS,
};
