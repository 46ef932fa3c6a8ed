/* fastcall.h - the stack that programs do not need, since some calls change r0 alone */
#ifndef FASTCALL_H
#define FASTCALL_H

#include "verifier.h"

/* Before the walk: where registers are saved around calls. */
void fastcall_find(struct verifier *v);
/* A load or store of the running instruction at that offset of a frame. */
void fastcall_touch(struct verifier *v, const struct frame *frame, s32 off);
/* After the walk: result->stack without what is saved for nothing. */
void fastcall_shrink_stacks(struct verifier *v);

#endif
