/* cgrp_storage.h - a value for each cgroup; user space names one by an fd of its
 * directory
 */
#ifndef CGRP_STORAGE_H
#define CGRP_STORAGE_H

#include "local_storage.h"

extern const struct local_kind cgrp_storage_kind;

/* A cgroup of version 2, by its id. */
struct local_owner cgrp_storage_owner(u64 id);

/* The id of a thread's cgroup in the hierarchy of version 2. 0: it is not known, as where
 * that is not mounted. Reads /proc. */
u64 cgrp_storage_id(u32 tid);

/* The same of the one above it that stands at a level, 0 for the root; 0: there is none.
 */
u64 cgrp_storage_ancestor(u32 tid, s32 level);

#endif
