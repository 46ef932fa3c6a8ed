/* btf_object.h - BTF that was loaded: what maps and programs refer to
 *
 * The region holds the blob as BPF_BTF_LOAD got it; each process parses it anew when it
 * opens its view, so that `btf` is valid whatever stands in the region.
 */
#ifndef BTF_OBJECT_H
#define BTF_OBJECT_H

#include <skep/btf.h>
#include "object.h"

struct btf_object {
	struct object obj;
	struct skep_btf *btf;
};

extern const struct object_ops btf_object_ops, stats_object_ops;

#endif
