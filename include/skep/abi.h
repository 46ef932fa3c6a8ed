/* skep/abi.h - bpf(2) as Linux 6.18 has it
 *
 * Numbers, structs and layouts are the kernel's; the names are ours (BPF_ is SKEP_, bpf_
 * is skep_), so that this header can stand beside <linux/bpf.h>. test/unit/test_abi.c
 * compares both, and the running kernel's BTF for what is newer. What a field means is
 * said by bpf(2), <linux/bpf.h> and Documentation/bpf of the kernel. Hosts of 64 bits.
 *
 * abi.h: instructions, commands, objects. abi_btf.h: BTF. abi_ctx.h: what a program is
 * given and returns. abi_func.h: helpers and what they take.
 */
#ifndef SKEP_ABI_H
#define SKEP_ABI_H

#include <stdint.h>

/* clang-format off */

enum skep_limit {
	SKEP_OBJ_NAME_LEN = 16,  /* with the final 0 */
	SKEP_TAG_SIZE = 8,
	SKEP_BUILD_ID_SIZE = 20,
	SKEP_MAX_REG = 11,
	SKEP_MAX_INSNS = 1000000, /* in a program; the verifier visits as many */
	SKEP_MAX_STACK = 512,
	SKEP_MAX_FRAMES = 8,
	SKEP_MAX_TAIL_CALLS = 33,
	SKEP_MAX_LOOPS = 8 * 1024 * 1024, /* of bpf_loop() */
	SKEP_MAX_USED_MAPS = 64,
	SKEP_MAX_USED_BTFS = 64,
	SKEP_MAX_SUBPROGS = 256,
};

/* ---- instructions: RFC 9669 and what Linux adds ---- */

struct skep_insn {
	uint8_t code;
	uint8_t dst_reg: 4;
	uint8_t src_reg: 4;
	int16_t off;
	int32_t imm;
};

/* code: bits 0-2 the class; loads and stores: bits 3-4 the size, bits 5-7 the mode;
 * the rest: bit 3 the source, bits 4-7 the operation */
enum skep_class {
	SKEP_LD = 0, SKEP_LDX = 1, SKEP_ST = 2, SKEP_STX = 3, SKEP_ALU = 4, SKEP_JMP = 5,
	SKEP_RET = 6, SKEP_MISC = 7,    /* classic BPF */
	SKEP_JMP32 = 6, SKEP_ALU64 = 7, /* eBPF */
};
enum skep_size { SKEP_W = 0x00, SKEP_H = 0x08, SKEP_B = 0x10, SKEP_DW = 0x18 };
enum skep_mode {
	SKEP_IMM = 0x00, SKEP_ABS = 0x20, SKEP_IND = 0x40, SKEP_MEM = 0x60,
	SKEP_LEN = 0x80, SKEP_MSH = 0xa0,      /* classic BPF */
	SKEP_MEMSX = 0x80, SKEP_ATOMIC = 0xc0, /* eBPF */
	SKEP_XADD = 0xc0,                      /* the old name of SKEP_ATOMIC */
};
enum skep_source { SKEP_K = 0x00, SKEP_X = 0x08, SKEP_TO_LE = 0x00, SKEP_TO_BE = 0x08 };
enum skep_alu_op {
	SKEP_ADD = 0x00, SKEP_SUB = 0x10, SKEP_MUL = 0x20, SKEP_DIV = 0x30,
	SKEP_OR = 0x40, SKEP_AND = 0x50, SKEP_LSH = 0x60, SKEP_RSH = 0x70,
	SKEP_NEG = 0x80, SKEP_MOD = 0x90, SKEP_XOR = 0xa0, SKEP_MOV = 0xb0,
	SKEP_ARSH = 0xc0, SKEP_END = 0xd0,
};
enum skep_jmp_op {
	SKEP_JA = 0x00, SKEP_JEQ = 0x10, SKEP_JGT = 0x20, SKEP_JGE = 0x30,
	SKEP_JSET = 0x40, SKEP_JNE = 0x50, SKEP_JSGT = 0x60, SKEP_JSGE = 0x70,
	SKEP_CALL = 0x80, SKEP_EXIT = 0x90, SKEP_JLT = 0xa0, SKEP_JLE = 0xb0,
	SKEP_JSLT = 0xc0, SKEP_JSLE = 0xd0, SKEP_JCOND = 0xe0,
};
/* imm of an atomic instruction: an ALU operation, or one of these */
enum skep_atomic_op {
	SKEP_FETCH = 0x01, SKEP_XCHG = 0xe1, SKEP_CMPXCHG = 0xf1,
	SKEP_LOAD_ACQ = 0x100, SKEP_STORE_REL = 0x110,
};
enum skep_addr_space_cast { SKEP_ADDR_SPACE_CAST = 1 };
enum skep_cond_pseudo_jmp { SKEP_MAY_GOTO = 0 };

/* the source register of an lddw: what its immediate is */
enum skep_pseudo_ld {
	SKEP_PSEUDO_CONST = 0,
	SKEP_PSEUDO_MAP_FD = 1,
	SKEP_PSEUDO_MAP_VALUE = 2, /* fd, and in the second slot the offset */
	SKEP_PSEUDO_BTF_ID = 3,
	SKEP_PSEUDO_FUNC = 4,
	SKEP_PSEUDO_MAP_IDX = 5, /* index into fd_array */
	SKEP_PSEUDO_MAP_IDX_VALUE = 6,
};
/* the source register of a call */
enum skep_pseudo_call {
	SKEP_PSEUDO_HELPER = 0,
	SKEP_PSEUDO_CALL = 1,
	SKEP_PSEUDO_KFUNC_CALL = 2,
};

/* ---- commands and their argument ---- */

/* Which part of union skep_attr a command reads stands behind it. */
enum skep_cmd {
	SKEP_MAP_CREATE = 0,                   /* map_type... */
	SKEP_MAP_LOOKUP_ELEM = 1,              /* map_fd... */
	SKEP_MAP_UPDATE_ELEM = 2,              /* map_fd... */
	SKEP_MAP_DELETE_ELEM = 3,              /* map_fd... */
	SKEP_MAP_GET_NEXT_KEY = 4,             /* map_fd... */
	SKEP_PROG_LOAD = 5,                    /* prog_type... */
	SKEP_OBJ_PIN = 6,                      /* pathname... */
	SKEP_OBJ_GET = 7,                      /* pathname... */
	SKEP_PROG_ATTACH = 8,                  /* target_fd... */
	SKEP_PROG_DETACH = 9,                  /* target_fd... */
	SKEP_PROG_TEST_RUN = 10,               /* test */
	SKEP_PROG_RUN = 10,                    /* test */
	SKEP_PROG_GET_NEXT_ID = 11,            /* start_id... */
	SKEP_MAP_GET_NEXT_ID = 12,             /* start_id... */
	SKEP_PROG_GET_FD_BY_ID = 13,           /* prog_id... */
	SKEP_MAP_GET_FD_BY_ID = 14,            /* map_id... */
	SKEP_OBJ_GET_INFO_BY_FD = 15,          /* info */
	SKEP_PROG_QUERY = 16,                  /* query */
	SKEP_RAW_TRACEPOINT_OPEN = 17,         /* raw_tracepoint */
	SKEP_BTF_LOAD = 18,                    /* btf... */
	SKEP_BTF_GET_FD_BY_ID = 19,            /* btf_id... */
	SKEP_TASK_FD_QUERY = 20,               /* task_fd_query */
	SKEP_MAP_LOOKUP_AND_DELETE_ELEM = 21,  /* map_fd... */
	SKEP_MAP_FREEZE = 22,                  /* map_fd... */
	SKEP_BTF_GET_NEXT_ID = 23,             /* start_id... */
	SKEP_MAP_LOOKUP_BATCH = 24,            /* batch */
	SKEP_MAP_LOOKUP_AND_DELETE_BATCH = 25, /* batch */
	SKEP_MAP_UPDATE_BATCH = 26,            /* batch */
	SKEP_MAP_DELETE_BATCH = 27,            /* batch */
	SKEP_LINK_CREATE = 28,                 /* link_create */
	SKEP_LINK_UPDATE = 29,                 /* link_update */
	SKEP_LINK_GET_FD_BY_ID = 30,           /* link_id... */
	SKEP_LINK_GET_NEXT_ID = 31,            /* start_id... */
	SKEP_ENABLE_STATS = 32,                /* enable_stats */
	SKEP_ITER_CREATE = 33,                 /* iter_create */
	SKEP_LINK_DETACH = 34,                 /* link_detach */
	SKEP_PROG_BIND_MAP = 35,               /* prog_bind_map */
	SKEP_TOKEN_CREATE = 36,                /* token_create */
	SKEP_PROG_STREAM_READ_BY_FD = 37,      /* prog_stream_read */
};

/* Pointers are fields of 64 bits. Bytes behind the part that a command reads are 0. */
union skep_attr {
	/* MAP_CREATE */
	struct {
		uint32_t map_type, key_size, value_size, max_entries, map_flags;
		uint32_t inner_map_fd, numa_node;
		char map_name[16];
		uint32_t map_ifindex, btf_fd, btf_key_type_id, btf_value_type_id;
		uint32_t btf_vmlinux_value_type_id;
		uint64_t map_extra;
		int32_t value_type_btf_obj_fd, map_token_fd;
		uint64_t excl_prog_hash;
		uint32_t excl_prog_hash_size;
	};
	/* MAP_LOOKUP_ELEM, UPDATE, DELETE, GET_NEXT_KEY, LOOKUP_AND_DELETE; MAP_FREEZE */
	struct {
		uint32_t map_fd;
		uint64_t key;
		union {
			uint64_t value, next_key;
		};
		uint64_t flags;
	};
	/* MAP_*_BATCH */
	struct {
		uint64_t in_batch, out_batch, keys, values;
		uint32_t count, map_fd;
		uint64_t elem_flags, flags;
	} batch;
	/* PROG_LOAD */
	struct {
		uint32_t prog_type, insn_cnt;
		uint64_t insns, license;
		uint32_t log_level, log_size;
		uint64_t log_buf;
		uint32_t kern_version, prog_flags;
		char prog_name[16];
		uint32_t prog_ifindex, expected_attach_type, prog_btf_fd;
		uint32_t func_info_rec_size;
		uint64_t func_info;
		uint32_t func_info_cnt, line_info_rec_size;
		uint64_t line_info;
		uint32_t line_info_cnt, attach_btf_id;
		union {
			uint32_t attach_prog_fd, attach_btf_obj_fd;
		};
		uint32_t core_relo_cnt;
		uint64_t fd_array, core_relos;
		uint32_t core_relo_rec_size, log_true_size;
		int32_t prog_token_fd;
		uint32_t fd_array_cnt;
		uint64_t signature;
		uint32_t signature_size;
		int32_t keyring_id;
	};
	/* OBJ_PIN, OBJ_GET */
	struct {
		uint64_t pathname;
		uint32_t bpf_fd, file_flags;
		int32_t path_fd;
	};
	/* PROG_ATTACH, PROG_DETACH */
	struct {
		union {
			uint32_t target_fd, target_ifindex;
		};
		uint32_t attach_bpf_fd, attach_type, attach_flags, replace_bpf_fd;
		union {
			uint32_t relative_fd, relative_id;
		};
		uint64_t expected_revision;
	};
	/* PROG_TEST_RUN; duration in ns, a mean of the repeats */
	struct {
		uint32_t prog_fd, retval, data_size_in, data_size_out;
		uint64_t data_in, data_out;
		uint32_t repeat, duration, ctx_size_in, ctx_size_out;
		uint64_t ctx_in, ctx_out;
		uint32_t flags, cpu, batch_size;
	} test;
	/* *_GET_NEXT_ID, *_GET_FD_BY_ID */
	struct {
		union {
			uint32_t start_id, prog_id, map_id, btf_id, link_id;
		};
		uint32_t next_id, open_flags;
		int32_t fd_by_id_token_fd;
	};
	/* OBJ_GET_INFO_BY_FD */
	struct {
		uint32_t bpf_fd, info_len;
		uint64_t info;
	} info;
	/* PROG_QUERY */
	struct {
		union {
			uint32_t target_fd, target_ifindex;
		};
		uint32_t attach_type, query_flags, attach_flags;
		uint64_t prog_ids;
		union {
			uint32_t prog_cnt, count;
		};
		uint64_t prog_attach_flags, link_ids, link_attach_flags, revision;
	} query;
	/* RAW_TRACEPOINT_OPEN */
	struct {
		uint64_t name;
		uint32_t prog_fd;
		uint64_t cookie;
	} raw_tracepoint;
	/* BTF_LOAD */
	struct {
		uint64_t btf, btf_log_buf;
		uint32_t btf_size, btf_log_size, btf_log_level, btf_log_true_size;
		uint32_t btf_flags;
		int32_t btf_token_fd;
	};
	/* TASK_FD_QUERY */
	struct {
		uint32_t pid, fd, flags, buf_len;
		uint64_t buf;
		uint32_t prog_id, fd_type;
		uint64_t probe_offset, probe_addr;
	} task_fd_query;
	/* LINK_CREATE; the last part by the type of link */
	struct {
		union {
			uint32_t prog_fd, map_fd;
		};
		union {
			uint32_t target_fd, target_ifindex;
		};
		uint32_t attach_type, flags;
		union {
			uint32_t target_btf_id;
			struct {
				uint64_t iter_info;
				uint32_t iter_info_len;
			};
			struct {
				uint64_t bpf_cookie;
			} perf_event;
			struct {
				uint32_t flags, cnt;
				uint64_t syms, addrs, cookies;
			} kprobe_multi;
			struct {
				uint32_t target_btf_id;
				uint64_t cookie;
			} tracing;
			struct {
				uint32_t pf, hooknum;
				int32_t priority;
				uint32_t flags;
			} netfilter;
			struct {
				union {
					uint32_t relative_fd, relative_id;
				};
				uint64_t expected_revision;
			} tcx;
			struct {
				uint64_t path, offsets, ref_ctr_offsets, cookies;
				uint32_t cnt, flags, pid;
			} uprobe_multi;
			struct {
				union {
					uint32_t relative_fd, relative_id;
				};
				uint64_t expected_revision;
			} netkit;
			struct {
				union {
					uint32_t relative_fd, relative_id;
				};
				uint64_t expected_revision;
			} cgroup;
		};
	} link_create;
	/* LINK_UPDATE */
	struct {
		uint32_t link_fd;
		union {
			uint32_t new_prog_fd, new_map_fd;
		};
		uint32_t flags;
		union {
			uint32_t old_prog_fd, old_map_fd;
		};
	} link_update;
	struct {
		uint32_t link_fd;
	} link_detach;
	struct {
		uint32_t type;
	} enable_stats;
	struct {
		uint32_t link_fd, flags;
	} iter_create;
	struct {
		uint32_t prog_fd, map_fd, flags;
	} prog_bind_map;
	struct {
		uint32_t flags, bpffs_fd;
	} token_create;
	struct {
		uint64_t stream_buf;
		uint32_t stream_buf_len, stream_id, prog_fd;
	} prog_stream_read;
};

/* ---- maps ---- */

enum skep_map_type {
	SKEP_MAP_TYPE_UNSPEC = 0,
	SKEP_MAP_TYPE_HASH = 1,
	SKEP_MAP_TYPE_ARRAY = 2,
	SKEP_MAP_TYPE_PROG_ARRAY = 3,
	SKEP_MAP_TYPE_PERF_EVENT_ARRAY = 4,
	SKEP_MAP_TYPE_PERCPU_HASH = 5,
	SKEP_MAP_TYPE_PERCPU_ARRAY = 6,
	SKEP_MAP_TYPE_STACK_TRACE = 7,
	SKEP_MAP_TYPE_CGROUP_ARRAY = 8,
	SKEP_MAP_TYPE_LRU_HASH = 9,
	SKEP_MAP_TYPE_LRU_PERCPU_HASH = 10,
	SKEP_MAP_TYPE_LPM_TRIE = 11,
	SKEP_MAP_TYPE_ARRAY_OF_MAPS = 12,
	SKEP_MAP_TYPE_HASH_OF_MAPS = 13,
	SKEP_MAP_TYPE_DEVMAP = 14,
	SKEP_MAP_TYPE_SOCKMAP = 15,
	SKEP_MAP_TYPE_CPUMAP = 16,
	SKEP_MAP_TYPE_XSKMAP = 17,
	SKEP_MAP_TYPE_SOCKHASH = 18,
	SKEP_MAP_TYPE_CGROUP_STORAGE_DEPRECATED = 19,
	SKEP_MAP_TYPE_CGROUP_STORAGE = 19,
	SKEP_MAP_TYPE_REUSEPORT_SOCKARRAY = 20,
	SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE_DEPRECATED = 21,
	SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE = 21,
	SKEP_MAP_TYPE_QUEUE = 22,
	SKEP_MAP_TYPE_STACK = 23,
	SKEP_MAP_TYPE_SK_STORAGE = 24,
	SKEP_MAP_TYPE_DEVMAP_HASH = 25,
	SKEP_MAP_TYPE_STRUCT_OPS = 26,
	SKEP_MAP_TYPE_RINGBUF = 27,
	SKEP_MAP_TYPE_INODE_STORAGE = 28,
	SKEP_MAP_TYPE_TASK_STORAGE = 29,
	SKEP_MAP_TYPE_BLOOM_FILTER = 30,
	SKEP_MAP_TYPE_USER_RINGBUF = 31,
	SKEP_MAP_TYPE_CGRP_STORAGE = 32,
	SKEP_MAP_TYPE_ARENA = 33,
};

/* MAP_CREATE: map_flags; RDONLY and WRONLY are for open_flags and file_flags too */
enum skep_map_flag {
	SKEP_F_NO_PREALLOC = 1u << 0,
	SKEP_F_NO_COMMON_LRU = 1u << 1,
	SKEP_F_NUMA_NODE = 1u << 2,
	SKEP_F_RDONLY = 1u << 3,
	SKEP_F_WRONLY = 1u << 4,
	SKEP_F_STACK_BUILD_ID = 1u << 5,
	SKEP_F_ZERO_SEED = 1u << 6,
	SKEP_F_RDONLY_PROG = 1u << 7,
	SKEP_F_WRONLY_PROG = 1u << 8,
	SKEP_F_CLONE = 1u << 9,
	SKEP_F_MMAPABLE = 1u << 10,
	SKEP_F_PRESERVE_ELEMS = 1u << 11,
	SKEP_F_INNER_MAP = 1u << 12,
	SKEP_F_LINK = 1u << 13,
	SKEP_F_PATH_FD = 1u << 14,
	SKEP_F_VTYPE_BTF_OBJ_FD = 1u << 15,
	SKEP_F_TOKEN_FD = 1u << 16,
	SKEP_F_SEGV_ON_FAULT = 1u << 17,
	SKEP_F_NO_USER_CONV = 1u << 18,
};

/* MAP_UPDATE_ELEM and its kin: flags */
enum skep_update_flag { SKEP_ANY = 0, SKEP_NOEXIST = 1, SKEP_EXIST = 2, SKEP_F_LOCK = 4 };

/* the key of an LPM trie, and the keys and values of other maps that have a form */
struct skep_lpm_trie_key_hdr { uint32_t prefixlen; };
struct skep_lpm_trie_key_u8 {
	union {
		struct skep_lpm_trie_key_hdr hdr;
		uint32_t prefixlen;
	};
	uint8_t data[];
};
struct skep_cgroup_storage_key {
	uint64_t cgroup_inode_id;
	uint32_t attach_type;
};
struct skep_devmap_val {
	uint32_t ifindex;
	union {
		int32_t fd;
		uint32_t id;
	} bpf_prog;
};
struct skep_cpumap_val {
	uint32_t qsize;
	union {
		int32_t fd;
		uint32_t id;
	} bpf_prog;
};
enum skep_stack_build_id_status {
	SKEP_STACK_BUILD_ID_EMPTY = 0, SKEP_STACK_BUILD_ID_VALID = 1,
	SKEP_STACK_BUILD_ID_IP = 2,
};
struct skep_stack_build_id {
	int32_t status;
	uint8_t build_id[20];
	union {
		uint64_t offset;
		uint64_t ip;
	};
};

/* the memory of a ring buffer: what each record begins with */
enum skep_ringbuf_const {
	SKEP_RINGBUF_BUSY_BIT = 1u << 31,
	SKEP_RINGBUF_DISCARD_BIT = 1u << 30,
	SKEP_RINGBUF_HDR_SZ = 1u << 3,
};

/* ---- programs ---- */

enum skep_prog_type {
	SKEP_PROG_TYPE_UNSPEC = 0,
	SKEP_PROG_TYPE_SOCKET_FILTER = 1,
	SKEP_PROG_TYPE_KPROBE = 2,
	SKEP_PROG_TYPE_SCHED_CLS = 3,
	SKEP_PROG_TYPE_SCHED_ACT = 4,
	SKEP_PROG_TYPE_TRACEPOINT = 5,
	SKEP_PROG_TYPE_XDP = 6,
	SKEP_PROG_TYPE_PERF_EVENT = 7,
	SKEP_PROG_TYPE_CGROUP_SKB = 8,
	SKEP_PROG_TYPE_CGROUP_SOCK = 9,
	SKEP_PROG_TYPE_LWT_IN = 10,
	SKEP_PROG_TYPE_LWT_OUT = 11,
	SKEP_PROG_TYPE_LWT_XMIT = 12,
	SKEP_PROG_TYPE_SOCK_OPS = 13,
	SKEP_PROG_TYPE_SK_SKB = 14,
	SKEP_PROG_TYPE_CGROUP_DEVICE = 15,
	SKEP_PROG_TYPE_SK_MSG = 16,
	SKEP_PROG_TYPE_RAW_TRACEPOINT = 17,
	SKEP_PROG_TYPE_CGROUP_SOCK_ADDR = 18,
	SKEP_PROG_TYPE_LWT_SEG6LOCAL = 19,
	SKEP_PROG_TYPE_LIRC_MODE2 = 20,
	SKEP_PROG_TYPE_SK_REUSEPORT = 21,
	SKEP_PROG_TYPE_FLOW_DISSECTOR = 22,
	SKEP_PROG_TYPE_CGROUP_SYSCTL = 23,
	SKEP_PROG_TYPE_RAW_TRACEPOINT_WRITABLE = 24,
	SKEP_PROG_TYPE_CGROUP_SOCKOPT = 25,
	SKEP_PROG_TYPE_TRACING = 26,
	SKEP_PROG_TYPE_STRUCT_OPS = 27,
	SKEP_PROG_TYPE_EXT = 28,
	SKEP_PROG_TYPE_LSM = 29,
	SKEP_PROG_TYPE_SK_LOOKUP = 30,
	SKEP_PROG_TYPE_SYSCALL = 31,
	SKEP_PROG_TYPE_NETFILTER = 32,
};

/* PROG_LOAD: prog_flags */
enum skep_prog_flag {
	SKEP_F_STRICT_ALIGNMENT = 1u << 0,
	SKEP_F_ANY_ALIGNMENT = 1u << 1,
	SKEP_F_TEST_RND_HI32 = 1u << 2,
	SKEP_F_TEST_STATE_FREQ = 1u << 3,
	SKEP_F_SLEEPABLE = 1u << 4,
	SKEP_F_XDP_HAS_FRAGS = 1u << 5,
	SKEP_F_XDP_DEV_BOUND_ONLY = 1u << 6,
	SKEP_F_TEST_REG_INVARIANTS = 1u << 7,
};

/* PROG_TEST_RUN: test.flags */
enum skep_test_flag {
	SKEP_F_TEST_RUN_ON_CPU = 1u << 0,
	SKEP_F_TEST_XDP_LIVE_FRAMES = 1u << 1,
	SKEP_F_TEST_SKB_CHECKSUM_COMPLETE = 1u << 2,
};

/* PROG_LOAD: the records of func_info, line_info and core_relos */
struct skep_func_info {
	uint32_t insn_off;
	uint32_t type_id;
};
struct skep_line_info {
	uint32_t insn_off;
	uint32_t file_name_off;
	uint32_t line_off;
	uint32_t line_col;
};
#define SKEP_LINE_INFO_LINE_NUM(line_col) ((line_col) >> 10)
#define SKEP_LINE_INFO_LINE_COL(line_col) ((line_col) & 0x3ff)
enum skep_core_relo_kind {
	SKEP_CORE_FIELD_BYTE_OFFSET = 0, SKEP_CORE_FIELD_BYTE_SIZE = 1,
	SKEP_CORE_FIELD_EXISTS = 2, SKEP_CORE_FIELD_SIGNED = 3,
	SKEP_CORE_FIELD_LSHIFT_U64 = 4, SKEP_CORE_FIELD_RSHIFT_U64 = 5,
	SKEP_CORE_TYPE_ID_LOCAL = 6, SKEP_CORE_TYPE_ID_TARGET = 7,
	SKEP_CORE_TYPE_EXISTS = 8, SKEP_CORE_TYPE_SIZE = 9, SKEP_CORE_ENUMVAL_EXISTS = 10,
	SKEP_CORE_ENUMVAL_VALUE = 11, SKEP_CORE_TYPE_MATCHES = 12,
};
struct skep_core_relo {
	uint32_t insn_off;
	uint32_t type_id;
	uint32_t access_str_off;
	enum skep_core_relo_kind kind;
};

/* PROG_STREAM_READ_BY_FD: stream_id */
enum skep_stream_id { SKEP_STDOUT = 1, SKEP_STDERR = 2 };

/* ENABLE_STATS: type */
enum skep_stats_type { SKEP_STATS_RUN_TIME = 0 };

/* ---- attaching, links ---- */

enum skep_attach_type {
	SKEP_CGROUP_INET_INGRESS = 0, SKEP_CGROUP_INET_EGRESS = 1,
	SKEP_CGROUP_INET_SOCK_CREATE = 2, SKEP_CGROUP_SOCK_OPS = 3,
	SKEP_SK_SKB_STREAM_PARSER = 4, SKEP_SK_SKB_STREAM_VERDICT = 5,
	SKEP_CGROUP_DEVICE = 6, SKEP_SK_MSG_VERDICT = 7, SKEP_CGROUP_INET4_BIND = 8,
	SKEP_CGROUP_INET6_BIND = 9, SKEP_CGROUP_INET4_CONNECT = 10,
	SKEP_CGROUP_INET6_CONNECT = 11, SKEP_CGROUP_INET4_POST_BIND = 12,
	SKEP_CGROUP_INET6_POST_BIND = 13, SKEP_CGROUP_UDP4_SENDMSG = 14,
	SKEP_CGROUP_UDP6_SENDMSG = 15, SKEP_LIRC_MODE2 = 16, SKEP_FLOW_DISSECTOR = 17,
	SKEP_CGROUP_SYSCTL = 18, SKEP_CGROUP_UDP4_RECVMSG = 19,
	SKEP_CGROUP_UDP6_RECVMSG = 20, SKEP_CGROUP_GETSOCKOPT = 21,
	SKEP_CGROUP_SETSOCKOPT = 22, SKEP_TRACE_RAW_TP = 23, SKEP_TRACE_FENTRY = 24,
	SKEP_TRACE_FEXIT = 25, SKEP_MODIFY_RETURN = 26, SKEP_LSM_MAC = 27,
	SKEP_TRACE_ITER = 28, SKEP_CGROUP_INET4_GETPEERNAME = 29,
	SKEP_CGROUP_INET6_GETPEERNAME = 30, SKEP_CGROUP_INET4_GETSOCKNAME = 31,
	SKEP_CGROUP_INET6_GETSOCKNAME = 32, SKEP_XDP_DEVMAP = 33,
	SKEP_CGROUP_INET_SOCK_RELEASE = 34, SKEP_XDP_CPUMAP = 35, SKEP_SK_LOOKUP = 36,
	SKEP_XDP = 37, SKEP_SK_SKB_VERDICT = 38, SKEP_SK_REUSEPORT_SELECT = 39,
	SKEP_SK_REUSEPORT_SELECT_OR_MIGRATE = 40, SKEP_PERF_EVENT = 41,
	SKEP_TRACE_KPROBE_MULTI = 42, SKEP_LSM_CGROUP = 43, SKEP_STRUCT_OPS = 44,
	SKEP_NETFILTER = 45, SKEP_TCX_INGRESS = 46, SKEP_TCX_EGRESS = 47,
	SKEP_TRACE_UPROBE_MULTI = 48, SKEP_CGROUP_UNIX_CONNECT = 49,
	SKEP_CGROUP_UNIX_SENDMSG = 50, SKEP_CGROUP_UNIX_RECVMSG = 51,
	SKEP_CGROUP_UNIX_GETPEERNAME = 52, SKEP_CGROUP_UNIX_GETSOCKNAME = 53,
	SKEP_NETKIT_PRIMARY = 54, SKEP_NETKIT_PEER = 55, SKEP_TRACE_KPROBE_SESSION = 56,
	SKEP_TRACE_UPROBE_SESSION = 57,
};
enum skep_link_type {
	SKEP_LINK_TYPE_UNSPEC = 0, SKEP_LINK_TYPE_RAW_TRACEPOINT = 1,
	SKEP_LINK_TYPE_TRACING = 2, SKEP_LINK_TYPE_CGROUP = 3, SKEP_LINK_TYPE_ITER = 4,
	SKEP_LINK_TYPE_NETNS = 5, SKEP_LINK_TYPE_XDP = 6, SKEP_LINK_TYPE_PERF_EVENT = 7,
	SKEP_LINK_TYPE_KPROBE_MULTI = 8, SKEP_LINK_TYPE_STRUCT_OPS = 9,
	SKEP_LINK_TYPE_NETFILTER = 10, SKEP_LINK_TYPE_TCX = 11,
	SKEP_LINK_TYPE_UPROBE_MULTI = 12, SKEP_LINK_TYPE_NETKIT = 13,
	SKEP_LINK_TYPE_SOCKMAP = 14,
};

/* PROG_ATTACH: attach_flags; LINK_CREATE of ordered links: flags (REPLACE and later) */
enum skep_attach_flag {
	SKEP_F_ALLOW_OVERRIDE = 1u << 0,
	SKEP_F_ALLOW_MULTI = 1u << 1,
	SKEP_F_REPLACE = 1u << 2,
	SKEP_F_BEFORE = 1u << 3,
	SKEP_F_AFTER = 1u << 4,
	SKEP_F_ID = 1u << 5, /* relative_id; with SKEP_F_LINK a link's */
	SKEP_F_PREORDER = 1u << 6,
};

/* PROG_QUERY: query_flags */
enum skep_query_flag { SKEP_F_QUERY_EFFECTIVE = 1u << 0 };

/* LINK_CREATE: kprobe_multi.flags, uprobe_multi.flags, netfilter.flags */
enum skep_link_flag {
	SKEP_F_KPROBE_MULTI_RETURN = 1u << 0,
	SKEP_F_UPROBE_MULTI_RETURN = 1u << 0,
	SKEP_F_NETFILTER_IP_DEFRAG = 1u << 0,
};

/* LINK_CREATE of an iterator: what iter_info points to */
enum skep_cgroup_iter_order {
	SKEP_CGROUP_ITER_ORDER_UNSPEC = 0, SKEP_CGROUP_ITER_SELF_ONLY = 1,
	SKEP_CGROUP_ITER_DESCENDANTS_PRE = 2, SKEP_CGROUP_ITER_DESCENDANTS_POST = 3,
	SKEP_CGROUP_ITER_ANCESTORS_UP = 4,
};
union skep_iter_link_info {
	struct {
		uint32_t map_fd;
	} map;
	struct {
		enum skep_cgroup_iter_order order;
		uint32_t cgroup_fd;
		uint64_t cgroup_id;
	} cgroup;
	struct {
		uint32_t tid;
		uint32_t pid;
		uint32_t pid_fd;
	} task;
};

/* TASK_FD_QUERY: fd_type */
enum skep_task_fd_type {
	SKEP_FD_TYPE_RAW_TRACEPOINT = 0, SKEP_FD_TYPE_TRACEPOINT = 1,
	SKEP_FD_TYPE_KPROBE = 2, SKEP_FD_TYPE_KRETPROBE = 3, SKEP_FD_TYPE_UPROBE = 4,
	SKEP_FD_TYPE_URETPROBE = 5,
};

/* ---- OBJ_GET_INFO_BY_FD: what info points to, by the kind of object ---- */

struct skep_map_info {
	uint32_t type, id, key_size, value_size, max_entries, map_flags;
	char name[16];
	uint32_t ifindex, btf_vmlinux_value_type_id;
	uint64_t netns_dev, netns_ino;
	uint32_t btf_id, btf_key_type_id, btf_value_type_id, btf_vmlinux_id;
	uint64_t map_extra, hash;
	uint32_t hash_size;
};
struct skep_prog_info {
	uint32_t type, id;
	uint8_t tag[8];
	uint32_t jited_prog_len, xlated_prog_len;
	uint64_t jited_prog_insns, xlated_prog_insns, load_time;
	uint32_t created_by_uid, nr_map_ids;
	uint64_t map_ids;
	char name[16];
	uint32_t ifindex;
	uint32_t gpl_compatible: 1;
	uint64_t netns_dev, netns_ino;
	uint32_t nr_jited_ksyms, nr_jited_func_lens;
	uint64_t jited_ksyms, jited_func_lens;
	uint32_t btf_id, func_info_rec_size;
	uint64_t func_info;
	uint32_t nr_func_info, nr_line_info;
	uint64_t line_info, jited_line_info;
	uint32_t nr_jited_line_info, line_info_rec_size, jited_line_info_rec_size;
	uint32_t nr_prog_tags;
	uint64_t prog_tags, run_time_ns, run_cnt, recursion_misses;
	uint32_t verified_insns, attach_btf_obj_id, attach_btf_id;
};
struct skep_btf_info {
	uint64_t btf;
	uint32_t btf_size, id;
	uint64_t name;
	uint32_t name_len, kernel_btf;
};
struct skep_token_info {
	uint64_t allowed_cmds, allowed_maps, allowed_progs, allowed_attachs;
};
/* skep_link_info.perf_event.type */
enum skep_perf_event_type {
	SKEP_PERF_EVENT_UNSPEC = 0, SKEP_PERF_EVENT_UPROBE = 1,
	SKEP_PERF_EVENT_URETPROBE = 2, SKEP_PERF_EVENT_KPROBE = 3,
	SKEP_PERF_EVENT_KRETPROBE = 4, SKEP_PERF_EVENT_TRACEPOINT = 5,
	SKEP_PERF_EVENT_EVENT = 6,
};
struct skep_link_info {
	uint32_t type, id, prog_id;
	union {
		struct {
			uint64_t tp_name;
			uint32_t tp_name_len;
			uint64_t cookie;
		} raw_tracepoint;
		struct {
			uint32_t attach_type, target_obj_id, target_btf_id;
			uint64_t cookie;
		} tracing;
		struct {
			uint64_t cgroup_id;
			uint32_t attach_type;
		} cgroup;
		struct {
			uint64_t target_name;
			uint32_t target_name_len;
			union {
				struct {
					uint32_t map_id;
				} map;
			};
			union {
				struct {
					uint64_t cgroup_id;
					uint32_t order;
				} cgroup;
				struct {
					uint32_t tid, pid;
				} task;
			};
		} iter;
		struct {
			uint32_t netns_ino, attach_type;
		} netns;
		struct {
			uint32_t ifindex;
		} xdp;
		struct {
			uint32_t map_id;
		} struct_ops;
		struct {
			uint32_t pf, hooknum;
			int32_t priority;
			uint32_t flags;
		} netfilter;
		struct {
			uint64_t addrs;
			uint32_t count, flags;
			uint64_t missed, cookies;
		} kprobe_multi;
		struct {
			uint64_t path, offsets, ref_ctr_offsets, cookies;
			uint32_t path_size, count, flags, pid;
		} uprobe_multi;
		struct {
			uint32_t type;
			union {
				struct {
					uint64_t file_name;
					uint32_t name_len, offset;
					uint64_t cookie, ref_ctr_offset;
				} uprobe;
				struct {
					uint64_t func_name;
					uint32_t name_len, offset;
					uint64_t addr, missed, cookie;
				} kprobe;
				struct {
					uint64_t tp_name;
					uint32_t name_len;
					uint64_t cookie;
				} tracepoint;
				struct {
					uint64_t config;
					uint32_t type;
					uint64_t cookie;
				} event;
			};
		} perf_event;
		struct {
			uint32_t ifindex, attach_type;
		} tcx;
		struct {
			uint32_t ifindex, attach_type;
		} netkit;
		struct {
			uint32_t map_id, attach_type;
		} sockmap;
	};
};

/* clang-format on */

#include <skep/abi_btf.h>
#include <skep/abi_ctx.h>
#include <skep/abi_func.h>

#endif
