/* iter_object.h - what programs of iterators see of maps, programs and links */
#ifndef ITER_OBJECT_H
#define ITER_OBJECT_H

#include "iter.h"
#include "map.h"

/* The address of a `struct bpf_map`. */
u64 iter_image_map(struct iter_walk *w, const struct map *map);

#endif
