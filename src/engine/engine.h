/* engine.h - what the engine's own files share */
#ifndef ENGINE_H
#define ENGINE_H

#include <skep/engine.h>
#include "object.h"

/* The engine's side of the seam, but for bpf(2), which engine_bpf does. */
extern const struct skep_sys engine_sys;

int engine_bpf(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *attr,
	       uint32_t size);

#endif
