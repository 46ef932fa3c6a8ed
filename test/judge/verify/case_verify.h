/* case_verify.h - a case as verify() takes it */
#ifndef CASE_VERIFY_H
#define CASE_VERIFY_H

#include "case.h"
#include "verify.h"

struct case_verify {
	struct verify_prog prog;
	struct profile profile;
	struct verify_map *maps;
	struct btf_field *fields; /* BTF_FIELDS of each */
	struct skep_btf **btfs;
	size_t nbtfs;
};

/* 0 or -errno and a sentence; close in any case. The case must be resolved and outlive
 * it. */
int case_verify_open(struct case_verify *v, const struct vcase *c, u32 target_id,
		     struct skep_log *log);
void case_verify_close(struct case_verify *v);

#endif
