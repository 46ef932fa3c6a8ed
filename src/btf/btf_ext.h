/* btf_ext.h - the .BTF.ext section: which instruction is which function and source line
 *
 * Three parts, each a list of ELF sections with records of one size: struct
 * skep_func_info, skep_line_info and struct btf_core_relo, or longer (a newer compiler's;
 * what is known comes first). btf_ext_open() checks all bounds; offsets in records are
 * bytes in the ELF section and are not checked. The memory of the section must outlive
 * the view.
 */
#ifndef BTF_EXT_H
#define BTF_EXT_H

#include "btf.h"

enum btf_ext_part { BTF_EXT_FUNC, BTF_EXT_LINE, BTF_EXT_CORE, BTF_EXT_PARTS };

struct btf_core_relo {
	u32 insn_off, type_id, access_str_off, kind;
};

/* A kind: the id of the type in the object's own BTF. */
enum { BTF_CORE_TYPE_ID_LOCAL = 6 };

/* Records of one ELF section. */
struct btf_ext_sec {
	const char *section;
	const u8 *records;
	u32 n, record_size;
};

struct btf_ext {
	const struct skep_btf *btf;
	struct {
		const u8 *data; /* behind record_size */
		u32 len, record_size;
	} part[BTF_EXT_PARTS];
};

/* 0, or -EINVAL with a message. */
int btf_ext_open(struct btf_ext *x, const void *data, size_t len,
		 const struct skep_btf *btf, const char *name, struct skep_log *log);

/* Fills *sec with the next section of the part; *at begins at 0. False at the end. */
bool btf_ext_next(const struct btf_ext *x, enum btf_ext_part part, u32 *at,
		  struct btf_ext_sec *sec);

#endif
