/* skep/abi_btf.h - BTF, the BPF type format, as Linux 6.18 has it
 *
 * The source is Documentation/bpf/btf.rst. Included by skep/abi.h.
 */
#ifndef SKEP_ABI_BTF_H
#define SKEP_ABI_BTF_H

#include <stdint.h>

/* clang-format off */

#define SKEP_BTF_MAGIC           0xeb9f
#define SKEP_BTF_VERSION         1
#define SKEP_BTF_MAX_TYPE        0x000fffff
#define SKEP_BTF_MAX_NAME_OFFSET 0x00ffffff
#define SKEP_BTF_MAX_VLEN        0xffff

/* Offsets count from the end of the header, hdr_len. */
struct skep_btf_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t hdr_len;
	uint32_t type_off;
	uint32_t type_len;
	uint32_t str_off;
	uint32_t str_len;
};

/* One type; what follows it is said by its kind. */
struct skep_btf_type {
	uint32_t name_off;
	uint32_t info;
	union {
		uint32_t size;
		uint32_t type;
	};
};
#define SKEP_BTF_INFO_KIND(info)  (((info) >> 24) & 0x1f)
#define SKEP_BTF_INFO_VLEN(info)  ((info) & 0xffff)
#define SKEP_BTF_INFO_KFLAG(info) ((info) >> 31)

enum skep_btf_kind {
	SKEP_BTF_KIND_UNKN = 0,
	SKEP_BTF_KIND_INT = 1,
	SKEP_BTF_KIND_PTR = 2,
	SKEP_BTF_KIND_ARRAY = 3,
	SKEP_BTF_KIND_STRUCT = 4,
	SKEP_BTF_KIND_UNION = 5,
	SKEP_BTF_KIND_ENUM = 6,
	SKEP_BTF_KIND_FWD = 7,
	SKEP_BTF_KIND_TYPEDEF = 8,
	SKEP_BTF_KIND_VOLATILE = 9,
	SKEP_BTF_KIND_CONST = 10,
	SKEP_BTF_KIND_RESTRICT = 11,
	SKEP_BTF_KIND_FUNC = 12,
	SKEP_BTF_KIND_FUNC_PROTO = 13,
	SKEP_BTF_KIND_VAR = 14,
	SKEP_BTF_KIND_DATASEC = 15,
	SKEP_BTF_KIND_FLOAT = 16,
	SKEP_BTF_KIND_DECL_TAG = 17,
	SKEP_BTF_KIND_TYPE_TAG = 18,
	SKEP_BTF_KIND_ENUM64 = 19,
};

/* INT is followed by one uint32_t of these. */
#define SKEP_BTF_INT_ENCODING(val) (((val) & 0x0f000000) >> 24)
#define SKEP_BTF_INT_OFFSET(val)   (((val) & 0x00ff0000) >> 16)
#define SKEP_BTF_INT_BITS(val)     ((val) & 0x000000ff)
enum skep_btf_int {
	SKEP_BTF_INT_SIGNED = 1, SKEP_BTF_INT_CHAR = 2, SKEP_BTF_INT_BOOL = 4,
};

/* ARRAY is followed by one of these. */
struct skep_btf_array {
	uint32_t type;
	uint32_t index_type;
	uint32_t nelems;
};

/* STRUCT and UNION are followed by vlen of these. With kind_flag set, offset holds a
 * bitfield's size above its bit offset. */
struct skep_btf_member {
	uint32_t name_off;
	uint32_t type;
	uint32_t offset;
};
#define SKEP_BTF_MEMBER_BITFIELD_SIZE(val) ((val) >> 24)
#define SKEP_BTF_MEMBER_BIT_OFFSET(val)    ((val) & 0xffffff)

/* ENUM and ENUM64 are followed by vlen of these. */
struct skep_btf_enum {
	uint32_t name_off;
	int32_t val;
};
struct skep_btf_enum64 {
	uint32_t name_off;
	uint32_t val_lo32;
	uint32_t val_hi32;
};

/* FUNC_PROTO is followed by vlen of these. */
struct skep_btf_param {
	uint32_t name_off;
	uint32_t type;
};

/* FUNC has its linkage in vlen. */
enum skep_btf_func_linkage {
	SKEP_BTF_FUNC_STATIC = 0,
	SKEP_BTF_FUNC_GLOBAL = 1,
	SKEP_BTF_FUNC_EXTERN = 2,
};

/* VAR is followed by one, DATASEC by vlen of these. */
enum skep_btf_var_linkage {
	SKEP_BTF_VAR_STATIC = 0,
	SKEP_BTF_VAR_GLOBAL_ALLOCATED = 1,
	SKEP_BTF_VAR_GLOBAL_EXTERN = 2,
};
struct skep_btf_var { uint32_t linkage; };
struct skep_btf_var_secinfo {
	uint32_t type;
	uint32_t offset;
	uint32_t size;
};

/* DECL_TAG is followed by one of these: the member or parameter, -1 for the whole. */
struct skep_btf_decl_tag { int32_t component_idx; };

/* clang-format on */

#endif
