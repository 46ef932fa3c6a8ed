/* btf_raw.h - types one by one, as `bpftool btf dump format raw` writes them */
#ifndef BTF_RAW_H
#define BTF_RAW_H

#include <skep/btf.h>
#include "json.h"

/* On standard output, or as an object in `j` if it is not NULL. */
void btf_raw_type(struct json *j, const struct skep_btf *btf, u32 id);

#endif
