/* iter_task.h - what iterators over tasks, and over what tasks have, share: all of it as
 * /proc tells it to this user */
#ifndef ITER_TASK_H
#define ITER_TASK_H

#include "iter.h"

int iter_task_attach(struct attach *at, const union skep_iter_link_info *info,
		     struct iter_over *over);
void iter_task_fill(const struct iter_over *over, struct skep_link_info *info);

/* The find() of a target whose now.at is a task's number: with all threads, or of each
 * process its first. */
int iter_task_find(struct iter_walk *w, bool threads);

/* The address of a `struct task_struct`; 0: the task has gone. */
u64 iter_task_image(struct iter_walk *w, u32 tid);

#endif
