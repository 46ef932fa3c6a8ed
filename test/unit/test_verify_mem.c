/* Memory as the verifier sees it: what may be loaded and stored, atomically too, and what
 * helpers may touch. Each program has the verdict, the errno and the last line of Linux
 * 6.18's log, as root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <skep/isa.h>
#include "last_words.h"
#include "verify.h"

/* What programs have in common. r0 is the map's entry, or NULL. */
/* clang-format off */
#define LOOKUP	  "*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\n" \
		  "r1 = map[idx:0]\ncall map_lookup_elem\n"
#define VALUE	  LOOKUP "if r0 == 0 goto out\n"
#define PACKET_14 "r4 = r2\nr4 += 14\nif r4 > r3 goto out\n"
#define END	  "r0 = 0\nexit\n"
#define OUT	  "out: " END
#define LOAD_BYTES "r2 = 0\nr3 = r10\nr3 += -16\ncall skb_load_bytes\n" END
/* clang-format on */

static const struct row {
	const char *name;
	u32 type;
	const char *text;
	int err;
	const char *message;
} rows[] = {
	/* clang-format off */
	{"uninit_read", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r0 = *(u64 *)(r10 -8)\n"
		 "exit\n",
	 0, ""},
	{"below", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r0 = *(u64 *)(r10 -520)\n"
		 "exit\n",
	 EACCES, "invalid read from stack R10 off=-520 size=8"},
	{"lowest", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -512) = 0\n"
		 "r0 = *(u64 *)(r10 -512)\n"
		 "exit\n",
	 0, ""},
	{"write_below", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -520) = 0\n"
		 END,
	 EACCES, "invalid write to stack R10 off=-520 size=8"},
	{"above", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u8 *)(r10 +0) = 0\n"
		 END,
	 EACCES, "invalid write to stack R10 off=0 size=1"},
	{"misaligned", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -12) = 0\n"
		 END,
	 EACCES, "misaligned stack access off 0+0+-12 size 8"},
	{"misaligned_moved", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = r10\n"
		 "r2 += -7\n"
		 "*(u32 *)(r2 -2) = 0\n"
		 END,
	 EACCES, "misaligned stack access off 0+-7+-2 size 4"},
	{"spill_half", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u32 *)(r10 -8) = r1\n"
		 END,
	 EACCES, "invalid size of register spill"},
	{"fill_half", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -8) = r1\n"
		 "r0 = *(u32 *)(r10 -8)\n"
		 "exit\n",
	 EACCES, "invalid size of register fill"},
	{"fill_broken", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -8) = r1\n"
		 "*(u8 *)(r10 -1) = 0\n"
		 "r0 = *(u64 *)(r10 -8)\n"
		 "exit\n",
	 0, ""},
	{"fill_context", SKEP_PROG_TYPE_SCHED_CLS,
		 "*(u64 *)(r10 -8) = r1\n"
		 "r2 = *(u64 *)(r10 -8)\n"
		 "r0 = *(u32 *)(r2 +0)\n"
		 "exit\n",
	 0, ""},
	{"var_unbounded", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r3 = r10\n"
		 "r2 <<= 32\n"
		 "r3 += r2\n"
		 "*(u8 *)(r3 -8) = 0\n"
		 END,
	 EINVAL, "math between fp pointer and register with unbounded min value is not allowed"},
	{"var_outside", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r2 &= 15\n"
		 "r3 = r10\n"
		 "r3 += r2\n"
		 "r0 = *(u8 *)(r3 -8)\n"
		 "exit\n",
	 EINVAL, "invalid variable-offset read from stack R3 var_off=(0x0; 0xf) off=-8 size=1"},
	{"var_below", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r2 &= 15\n"
		 "r3 = r10\n"
		 "r3 += r2\n"
		 "r0 = *(u8 *)(r3 -513)\n"
		 "exit\n",
	 EACCES, "invalid variable-offset read from stack R3 var_off=(0x0; 0xf) off=-513 size=1"},
	{"var_write", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r2 &= 7\n"
		 "r3 = r10\n"
		 "r3 += r2\n"
		 "*(u64 *)(r10 -8) = 0\n"
		 "*(u8 *)(r3 -8) = 0\n"
		 "r0 = *(u64 *)(r10 -8)\n"
		 "if r0 == 0 goto +1\n"
		 "r0 = *(u64 *)(r10 +8)\n"
		 "exit\n",
	 0, ""},
	{"var_write_other", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r2 &= 7\n"
		 "r3 = r10\n"
		 "r3 += r2\n"
		 "*(u64 *)(r10 -8) = 0\n"
		 "*(u8 *)(r3 -8) = 1\n"
		 "r0 = *(u64 *)(r10 -8)\n"
		 "if r0 == 0 goto +1\n"
		 "r0 = *(u64 *)(r10 +8)\n"
		 "exit\n",
	 EACCES, "invalid read from stack R10 off=8 size=8"},
	{"var_atomic", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r2 &= 8\n"
		 "r3 = r10\n"
		 "r3 += r2\n"
		 "*(u64 *)(r10 -8) = 0\n"
		 "*(u64 *)(r10 -16) = 0\n"
		 "lock *(u64 *)(r3 -16) += r2\n"
		 END,
	 EACCES, "variable offset stack pointer cannot be passed into helper function; var_off=(0x0; 0x8) off=-16 size=8"},
	{"var_destroys", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r2 &= 7\n"
		 "r3 = r10\n"
		 "r3 += r2\n"
		 "*(u64 *)(r10 -8) = r1\n"
		 "*(u8 *)(r3 -8) = 1\n"
		 "r4 = *(u64 *)(r10 -8)\n"
		 "r0 = *(u32 *)(r4 +0)\n"
		 "exit\n",
	 EACCES, "R4 invalid mem access 'scalar'"},
	{"value_end", SKEP_PROG_TYPE_SOCKET_FILTER,
		 VALUE
		 "r1 = *(u32 *)(r0 +16)\n"
		 OUT,
	 EACCES, "R0 min value is outside of the allowed memory range"},
	{"value_last", SKEP_PROG_TYPE_SOCKET_FILTER,
		 VALUE
		 "r1 = *(u32 *)(r0 +12)\n"
		 OUT,
	 0, ""},
	{"value_before", SKEP_PROG_TYPE_SOCKET_FILTER,
		 VALUE
		 "r1 = *(u8 *)(r0 -1)\n"
		 OUT,
	 EACCES, "R0 min value is outside of the allowed memory range"},
	{"value_null", SKEP_PROG_TYPE_SOCKET_FILTER,
		 LOOKUP
		 "r1 = *(u8 *)(r0 +0)\n"
		 OUT,
	 0, ""},
	{"value_unbounded", SKEP_PROG_TYPE_SOCKET_FILTER,
		 VALUE
		 "r1 = *(u32 *)(r0 +0)\n"
		 "r0 += r1\n"
		 "r1 = *(u8 *)(r0 +0)\n"
		 OUT,
	 EACCES, "R0 unbounded memory access, make sure to bounds check any such access"},
	{"value_masked", SKEP_PROG_TYPE_SOCKET_FILTER,
		 VALUE
		 "r1 = *(u32 *)(r0 +0)\n"
		 "r1 &= 15\n"
		 "r0 += r1\n"
		 "r1 = *(u8 *)(r0 +0)\n"
		 OUT,
	 0, ""},
	{"value_masked_wide", SKEP_PROG_TYPE_SOCKET_FILTER,
		 VALUE
		 "r1 = *(u32 *)(r0 +0)\n"
		 "r1 &= 15\n"
		 "r0 += r1\n"
		 "r1 = *(u16 *)(r0 +0)\n"
		 OUT,
	 EACCES, "R0 max value is outside of the allowed memory range"},
	{"value_signed", SKEP_PROG_TYPE_SOCKET_FILTER,
		 VALUE
		 "r1 = *(u32 *)(r0 +0)\n"
		 "r1 &= 15\n"
		 "r1 -= 8\n"
		 "r0 += r1\n"
		 "r1 = *(u8 *)(r0 +0)\n"
		 OUT,
	 EACCES, "R0 min value is negative, either use unsigned index or do a if (index >=0) check."},
	{"value_negative", SKEP_PROG_TYPE_SOCKET_FILTER,
		 VALUE
		 "r1 = *(u64 *)(r0 +0)\n"
		 "if r1 s> 4 goto out\n"
		 "r0 += r1\n"
		 "r1 = *(u8 *)(r0 +0)\n"
		 OUT,
	 EINVAL, "math between map_value pointer and register with unbounded min value is not allowed"},
	{"number", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = 0\n"
		 "r0 = *(u8 *)(r2 +0)\n"
		 "exit\n",
	 EACCES, "R2 invalid mem access 'scalar'"},
	{"map_pointer", SKEP_PROG_TYPE_SOCKET_FILTER,
	 "r1 = map[idx:0]\n"
	 "*(u32 *)(r1 +0) = 0\n"
	 "r0 = 0\n"
	 "exit\n",
	 EACCES, "only read from bpf_array is supported"},
	{"map_pointer_before", SKEP_PROG_TYPE_SOCKET_FILTER,
	 "r1 = map[idx:0]\n"
	 "r0 = *(u32 *)(r1 -4)\n"
	 "r0 = 0\n"
	 "exit\n",
	 EACCES, "R1 is bpf_array invalid negative access: off=-4"},
	{"ctx_hole", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r0 = *(u32 *)(r1 +300)\n"
		 "exit\n",
	 EACCES, "invalid bpf_context access off=300 size=4"},
	{"ctx_write", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u32 *)(r1 +0) = 0\n"
		 END,
	 EACCES, "invalid bpf_context access off=0 size=4"},
	{"ctx_mark", SKEP_PROG_TYPE_SCHED_CLS,
		 "*(u32 *)(r1 +8) = 0\n"
		 END,
	 0, ""},
	{"ctx_narrow", SKEP_PROG_TYPE_SCHED_CLS,
		 "r0 = *(u8 *)(r1 +8)\n"
		 "if r0 < 256 goto +1\n"
		 "r0 = *(u64 *)(r10 +8)\n"
		 END,
	 0, ""},
	{"ctx_modified", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r1 += 4\n"
		 "r0 = *(u32 *)(r1 +0)\n"
		 "exit\n",
	 EACCES, "dereference of modified ctx ptr R1 off=4 disallowed"},
	{"ctx_before", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r1 += -4\n"
		 "r0 = *(u32 *)(r1 +4)\n"
		 "exit\n",
	 EACCES, "negative offset ctx ptr R1 off=-4 disallowed"},
	{"ctx_variable", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r1 += r2\n"
		 "r0 = *(u32 *)(r1 +0)\n"
		 "exit\n",
	 EACCES, "variable ctx access var_off=(0x0; 0xffffffff) disallowed"},
	{"ctx_atomic", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = 1\n"
		 "lock *(u32 *)(r1 +0) += r2\n"
		 END,
	 EACCES, "BPF_ATOMIC stores into R1 ctx is not allowed"},
	{"ctx_acquire", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r0 = load_acquire((u32 *)(r1 +0))\n"
		 "exit\n",
	 EACCES, "BPF_ATOMIC loads from R1 ctx is not allowed"},
	{"ctx_release", SKEP_PROG_TYPE_SCHED_CLS,
		 "r0 = 0\n"
		 "store_release((u32 *)(r1 +8), r0)\n"
		 "exit\n",
	 EACCES, "BPF_ATOMIC stores into R1 ctx is not allowed"},
	{"ctx_sign", SKEP_PROG_TYPE_SCHED_CLS,
		 "r0 = *(s32 *)(r1 +76)\n"
		 END,
	 EACCES, "invalid bpf_context access off=76 size=4"},
	{"ctx_sign_number", SKEP_PROG_TYPE_SCHED_CLS,
		 "r0 = *(s16 *)(r1 +8)\n"
		 END,
	 0, ""},
	{"packet_unchecked", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +76)\n"
		 "r3 = *(u32 *)(r1 +80)\n"
		 "r0 = *(u8 *)(r2 +0)\n"
		 "exit\n",
	 EACCES, "R2 offset is outside of the packet"},
	{"packet_checked", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +76)\n"
		 "r3 = *(u32 *)(r1 +80)\n"
		 PACKET_14
		 "r0 = *(u16 *)(r2 +12)\n"
		 OUT,
	 0, ""},
	{"packet_past", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +76)\n"
		 "r3 = *(u32 *)(r1 +80)\n"
		 PACKET_14
		 "r0 = *(u16 *)(r2 +13)\n"
		 OUT,
	 EACCES, "R2 offset is outside of the packet"},
	{"packet_end", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +76)\n"
		 "r3 = *(u32 *)(r1 +80)\n"
		 "r0 = *(u8 *)(r3 +0)\n"
		 "exit\n",
	 EACCES, "R3 invalid mem access 'pkt_end'"},
	{"packet_write", SKEP_PROG_TYPE_XDP,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r3 = *(u32 *)(r1 +4)\n"
		 PACKET_14
		 "*(u8 *)(r2 +0) = 0\n"
		 OUT,
	 0, ""},
	{"packet_read_only", SKEP_PROG_TYPE_CGROUP_SKB,
		 "r2 = *(u32 *)(r1 +76)\n"
		 "r3 = *(u32 *)(r1 +80)\n"
		 PACKET_14
		 "*(u8 *)(r2 +0) = 0\n"
		 OUT,
	 EACCES, "cannot write into packet"},
	{"packet_atomic", SKEP_PROG_TYPE_XDP,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r3 = *(u32 *)(r1 +4)\n"
		 PACKET_14
		 "r5 = 1\n"
		 "lock *(u32 *)(r2 +0) += r5\n"
		 OUT,
	 EACCES, "BPF_ATOMIC stores into R2 pkt is not allowed"},
	{"packet_variable", SKEP_PROG_TYPE_XDP,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r3 = *(u32 *)(r1 +4)\n"
		 PACKET_14
		 "r5 = *(u8 *)(r2 +0)\n"
		 "r2 += r5\n"
		 "r4 = r2\n"
		 "r4 += 4\n"
		 "if r4 > r3 goto out\n"
		 "r0 = *(u32 *)(r2 +0)\n"
		 OUT,
	 0, ""},
	{"packet_signed", SKEP_PROG_TYPE_XDP,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "r3 = *(u32 *)(r1 +4)\n"
		 PACKET_14
		 "r5 = *(u8 *)(r2 +0)\n"
		 "r5 -= 8\n"
		 "r2 += r5\n"
		 "r4 = r2\n"
		 "r4 += 4\n"
		 "if r4 > r3 goto out\n"
		 "r0 = *(u32 *)(r2 +0)\n"
		 OUT,
	 EACCES, "R2 min value is negative, either use unsigned index or do a if (index >=0) check."},
	{"two_pointers", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u32 *)(r1 +0)\n"
		 "*(u64 *)(r10 -8) = 0\n"
		 "r3 = r10\n"
		 "r3 += -8\n"
		 "if r2 == 0 goto +1\n"
		 "r3 = r1\n"
		 "r0 = *(u32 *)(r3 +0)\n"
		 END,
	 EINVAL, "same insn cannot be used with different pointers"},
	{"socket_null", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u64 *)(r1 +168)\n"
		 "r0 = *(u32 *)(r2 +0)\n"
		 "exit\n",
	 EACCES, "R2 invalid mem access 'sock_common_or_null'"},
	{"socket_read", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u64 *)(r1 +168)\n"
		 "if r2 == 0 goto out\n"
		 "r0 = *(u32 *)(r2 +4)\n"
		 OUT,
	 0, ""},
	{"socket_hole", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u64 *)(r1 +168)\n"
		 "if r2 == 0 goto out\n"
		 "r0 = *(u32 *)(r2 +2)\n"
		 OUT,
	 EACCES, "R2 invalid sock_common access off=2 size=4"},
	{"socket_write", SKEP_PROG_TYPE_SCHED_CLS,
		 "r2 = *(u64 *)(r1 +168)\n"
		 "if r2 == 0 goto out\n"
		 "*(u32 *)(r2 +4) = 0\n"
		 OUT,
	 EACCES, "R2 cannot write into sock_common"},
	{"flow_keys", SKEP_PROG_TYPE_FLOW_DISSECTOR,
		 "r2 = *(u64 *)(r1 +144)\n"
		 "r0 = *(u16 *)(r2 +0)\n"
		 END,
	 0, ""},
	{"flow_keys_past", SKEP_PROG_TYPE_FLOW_DISSECTOR,
		 "r2 = *(u64 *)(r1 +144)\n"
		 "r0 = *(u16 *)(r2 +56)\n"
		 END,
	 EACCES, "invalid access to flow keys off=56 size=2"},
	{"fetch", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -8) = 5\n"
		 "r1 = 1\n"
		 "r1 = atomic_fetch_add((u64 *)(r10 -8), r1)\n"
		 "r0 = r1\n"
		 "exit\n",
	 0, ""},
	{"fetch_pointer", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -8) = 5\n"
		 "r0 = r10\n"
		 "r0 = atomic_fetch_add((u64 *)(r0 -8), r0)\n"
		 END,
	 EACCES, "misaligned access off (0x0; 0xffffffffffffffff)+0+-8 size 8"},
	{"cmpxchg_unset", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -8) = 5\n"
		 "r1 = 1\n"
		 "r0 = cmpxchg_64(r10 -8, r0, r1)\n"
		 "exit\n",
	 EACCES, "R0 !read_ok"},
	{"cmpxchg", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -8) = 5\n"
		 "r1 = 1\n"
		 "r0 = 5\n"
		 "r0 = cmpxchg_64(r10 -8, r0, r1)\n"
		 "exit\n",
	 0, ""},
	{"ld_abs", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r6 = r1\n"
		 "r0 = *(u8 *)skb[2]\n"
		 "exit\n",
	 0, ""},
	{"ld_abs_clears", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r6 = r1\n"
		 "r0 = *(u8 *)skb[2]\n"
		 "r0 = r1\n"
		 "exit\n",
	 EACCES, "R1 !read_ok"},
	{"ld_abs_r6", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r6 = 0\n"
		 "r0 = *(u8 *)skb[2]\n"
		 "exit\n",
	 EINVAL, "at the time of BPF_LD_ABS|IND R6 != pointer to skb"},
	{"ld_abs_unset", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r0 = *(u8 *)skb[2]\n"
		 "exit\n",
	 EACCES, "R6 !read_ok"},
	{"ld_abs_moved", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r6 = r1\n"
		 "r6 += 4\n"
		 "r0 = *(u8 *)skb[2]\n"
		 "exit\n",
	 EACCES, "dereference of modified ctx ptr R6 off=4 disallowed"},
	{"ld_ind_unset", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r6 = r1\n"
		 "r0 = *(u8 *)skb[r7 +2]\n"
		 "exit\n",
	 EACCES, "R7 !read_ok"},
	{"ld_abs_xdp", SKEP_PROG_TYPE_XDP,
		 "r6 = r1\n"
		 "r0 = *(u8 *)skb[2]\n"
		 "exit\n",
	 EINVAL, "BPF_LD_[ABS|IND] instructions not allowed for this program type"},
	{"key_unset", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = r10\n"
		 "r2 += -4\n"
		 "r1 = map[idx:0]\n"
		 "call map_lookup_elem\n"
		 END,
	 0, ""},
	{"key_below", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = r10\n"
		 "r2 += -516\n"
		 "r1 = map[idx:0]\n"
		 "call map_lookup_elem\n"
		 END,
	 EACCES, "invalid read from stack R2 off=-516 size=4"},
	{"key_above", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = r10\n"
		 "r2 += -2\n"
		 "r1 = map[idx:0]\n"
		 "call map_lookup_elem\n"
		 END,
	 EINVAL, "invalid read from stack R2 off=-2 size=4"},
	{"key_ctx", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = r1\n"
		 "r1 = map[idx:0]\n"
		 "call map_lookup_elem\n"
		 END,
	 EACCES, "R2 type=ctx expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_"},
	{"skb_load", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = 0\n"
		 "r3 = r10\n"
		 "r3 += -16\n"
		 "r4 = 16\n"
		 "call skb_load_bytes\n"
		 "r0 = *(u64 *)(r10 -8)\n"
		 END,
	 0, ""},
	{"skb_load_long", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = 0\n"
		 "r3 = r10\n"
		 "r3 += -16\n"
		 "r4 = 17\n"
		 "call skb_load_bytes\n"
		 END,
	 EINVAL, "invalid write to stack R3 off=-16 size=17"},
	{"skb_load_zero", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = 0\n"
		 "r3 = r10\n"
		 "r3 += -16\n"
		 "r4 = 0\n"
		 "call skb_load_bytes\n"
		 END,
	 EACCES, "R4 invalid zero-sized read: u64=[0,0]"},
	{"skb_load_spill", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "*(u64 *)(r10 -8) = r1\n"
		 "r2 = 0\n"
		 "r3 = r10\n"
		 "r3 += -8\n"
		 "r4 = 4\n"
		 "call skb_load_bytes\n"
		 "r1 = *(u64 *)(r10 -8)\n"
		 "r0 = *(u32 *)(r1 +0)\n"
		 "exit\n",
	 EACCES, "R1 invalid mem access 'scalar'"},
	{"skb_load_negative", SKEP_PROG_TYPE_SCHED_CLS,
		 "r4 = *(u32 *)(r1 +0)\n"
		 "r4 -= 1\n"
		 LOAD_BYTES,
	 EACCES, "R4 min value is negative, either use unsigned or 'var &= const'"},
	{"skb_load_maybe_zero", SKEP_PROG_TYPE_SCHED_CLS,
		 "r4 = *(u32 *)(r1 +0)\n"
		 "r4 &= 15\n"
		 LOAD_BYTES,
	 EACCES, "R4 invalid zero-sized read: u64=[0,15]"},
	{"skb_load_some", SKEP_PROG_TYPE_SCHED_CLS,
		 "r4 = *(u32 *)(r1 +0)\n"
		 "r4 &= 15\n"
		 "r4 += 1\n"
		 LOAD_BYTES,
	 0, ""},
	{"skb_load_unbounded", SKEP_PROG_TYPE_SCHED_CLS,
		 "r4 = *(u32 *)(r1 +0)\n"
		 "r4 += 1\n"
		 LOAD_BYTES,
	 EACCES, "R4 unbounded memory access, use 'var &= const' or 'if (var < const)'"},
	{"skb_load_too_much", SKEP_PROG_TYPE_SCHED_CLS,
		 "r4 = *(u32 *)(r1 +0)\n"
		 "r4 &= 31\n"
		 "r4 += 1\n"
		 LOAD_BYTES,
	 EINVAL, "invalid write to stack R3 off=-16 size=32"},
	{"skb_load_variable", SKEP_PROG_TYPE_SCHED_CLS,
		 "r4 = *(u32 *)(r1 +0)\n"
		 "r4 &= 7\n"
		 "r2 = 0\n"
		 "r3 = r10\n"
		 "r3 += r4\n"
		 "r3 += -16\n"
		 "r4 = 8\n"
		 "call skb_load_bytes\n"
		 END,
	 0, ""},
	{"skb_load_value", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r6 = r1\n"
		 VALUE
		 "r3 = r0\n"
		 "r3 += 8\n"
		 "r1 = r6\n"
		 "r2 = 0\n"
		 "r4 = 8\n"
		 "call skb_load_bytes\n"
		 OUT,
	 0, ""},
	{"skb_load_value_past", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r6 = r1\n"
		 VALUE
		 "r3 = r0\n"
		 "r3 += 8\n"
		 "r1 = r6\n"
		 "r2 = 0\n"
		 "r4 = 9\n"
		 "call skb_load_bytes\n"
		 OUT,
	 EACCES, "R3 min value is outside of the allowed memory range"},
	{"skb_load_number", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r3 = 0\n"
		 "r2 = 0\n"
		 "r4 = 9\n"
		 "call skb_load_bytes\n"
		 END,
	 EACCES, "R3 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_"},
	{"caller_spill", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = r10\n"
		 "r2 += -8\n"
		 "call local f\n"
		 END
		 "f: *(u64 *)(r2 +0) = r10\n"
		 END,
	 EINVAL, "cannot spill pointers to stack into stack frame of the caller"},
	{"caller_write", SKEP_PROG_TYPE_SOCKET_FILTER,
		 "r2 = r10\n"
		 "r2 += -8\n"
		 "call local f\n"
		 "r0 = *(u64 *)(r10 -8)\n"
		 "r0 = *(u32 *)(r0 +0)\n"
		 "exit\n"
		 "f: *(u64 *)(r2 +0) = r1\n"
		 END,
	 0, ""},
	/* clang-format on */
};

static u32 attach_type(u32 prog_type)
{
	return prog_type == SKEP_PROG_TYPE_CGROUP_SKB ? SKEP_CGROUP_INET_INGRESS : 0;
}

static bool row_holds(const struct row *row)
{
	struct skep_insn code[64];
	struct skep_log log = {0};
	int n = skep_asm(row->text, strlen(row->text), NULL, code, 64, NULL);
	const struct verify_map map = {.type = SKEP_MAP_TYPE_ARRAY,
				       .key_size = 4,
				       .value_size = 16,
				       .max_entries = 1};
	struct verify_prog prog = {.type = row->type,
				   .attach_type = attach_type(row->type),
				   .gpl = true,
				   .code = code,
				   .n = (u32)n,
				   .maps = &map,
				   .nmaps = 1};
	const struct profile root = {
		.bpf = true, .perfmon = true, .net_admin = true, .admin = true};
	struct verify_result result;
	char text[16384];
	const char *message;
	int err;

	assert_in_range(n, 1, 64);
	log = (struct skep_log){.buf = text, .size = sizeof(text)};
	err = -verify(&prog, &root, 1, &log, &result);
	message = err ? last_words(text) : "";
	if (err == row->err && !strcmp(message, row->message))
		return true;
	print_error("%s: errno %d \"%s\", expected %d \"%s\"\n", row->name, err, message,
		    row->err, row->message);
	return false;
}

static void test_rows(void **state)
{
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		wrong += !row_holds(&rows[i]);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
