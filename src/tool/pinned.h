/* pinned.h - where objects are pinned (--bpffs): the kernel's, in all mounts of bpffs */
#ifndef PINNED_H
#define PINNED_H

#include "which.h"

/* Says where the object is pinned: as "pinned", a JSON array, if any object of the kind
 * is; else as lines behind its own. The last found is first, as bpftool has it. Nothing
 * without
 * --bpffs. */
void pinned_json(struct request *r, enum which kind, u32 id);
void pinned_text(struct request *r, enum which kind, u32 id);

/* Forgets what was found. */
void pinned_free(struct request *r);

#endif
