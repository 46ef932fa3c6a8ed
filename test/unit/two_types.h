/* two_types.h - BTF of a key and a value: 1 is a 32-bit int, 2 a struct of some size
 */
#ifndef TWO_TYPES_H
#define TWO_TYPES_H

#include <skep/abi.h>
#include "bits.h"

struct two_types {
	struct skep_btf_header head;
	u32 types[7];
	char names[8];
};

static inline struct two_types two_types(u32 size)
{
	return (struct two_types){
		.head = {.magic = SKEP_BTF_MAGIC,
			 .version = 1,
			 .hdr_len = sizeof(struct skep_btf_header),
			 .type_len = 7 * sizeof(u32),
			 .str_off = 7 * sizeof(u32),
			 .str_len = 5},
		.types = {1, SKEP_BTF_KIND_INT << 24, 4, 1 << 24 | 32, 0,
			  SKEP_BTF_KIND_STRUCT << 24, size},
		.names = "\0int",
	};
}

enum { TWO_TYPES = sizeof(struct skep_btf_header) + 7 * sizeof(u32) + 5 };

#endif
