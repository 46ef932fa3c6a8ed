/* task_storage.h - a value for each thread; user space names one by its pidfd
 */
#ifndef TASK_STORAGE_H
#define TASK_STORAGE_H

#include "local_storage.h"

extern const struct local_kind task_storage_kind;

/* A thread that lives; -ENOENT: none does. Reads /proc. */
int task_storage_owner(u32 tid, struct local_owner *out);

#endif
