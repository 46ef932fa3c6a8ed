/* skep/isa.h - instructions as text, and classic BPF
 *
 * Assembler and disassembler know two spellings. SKEP_SYNTAX_KERNEL is that of the
 * verifier's log, bpftool and llvm-objdump (`r1 += r2`, `*(u32 *)(r1 +4) = r2`);
 * SKEP_SYNTAX_MNEMONIC that of the bpf_conformance suite (`add32 %r1, 5`,
 * `ldxw %r0, [%r1+2]`, `lock fetch add [%r1], %r2`). docs/isa.md lists every form. The
 * assembler reads both, mixed; what the disassembler writes assembles to the same bytes.
 * A fault is a sentence in the log; see skep/log.h. Nothing here has state.
 */
#ifndef SKEP_ISA_H
#define SKEP_ISA_H

#include <skep/abi.h>
#include <skep/api.h>
#include <skep/log.h>

enum skep_syntax {
	SKEP_SYNTAX_KERNEL = 0,
	SKEP_SYNTAX_MNEMONIC = 1,
};

struct skep_asm_opts {
	size_t size; /* sizeof(struct skep_asm_opts) */

	/* The id of a helper that Linux does not have, or below 0; may be NULL. Linux's
	 * names are known, with and without bpf_. `name` ends with a 0 byte. */
	int (*helper_id)(void *ctx, const char *name);
	void *ctx;
};

/* Assembles `len` bytes of text: an instruction or label (`out:`) a line, comments from
 * ';', '//' or '#' on. A number and a colon before an instruction, as dumps have them,
 * are skipped. `opts` may be NULL. Returns the slots that the program takes and writes
 * the first `room` of them to `out`; or -EINVAL, -E2BIG or -ENOMEM and a message that
 * names line and column. What is written is not checked any further. */
SKEP_API int skep_asm(const char *text, size_t len, const struct skep_asm_opts *opts,
		      struct skep_insn *out, uint32_t room, struct skep_log *log);

enum skep_disasm_flag {
	SKEP_DISASM_NUMBERS = 1, /* "   3: (b7) " before each instruction */
};

struct skep_disasm_opts {
	size_t size; /* sizeof(struct skep_disasm_opts) */
	enum skep_syntax syntax;
	uint32_t flags; /* enum skep_disasm_flag */

	/* The name of a helper that Linux does not have, or NULL; may be NULL. */
	const char *(*helper_name)(void *ctx, int32_t id);
	void *ctx;
};

/* Writes `n` slots as text, an instruction a line. `opts` may be NULL. Returns the bytes
 * that the text takes without the final 0, of which `size` - 1 at most were written to
 * `buf` (which may be NULL if `size` is 0); or -EINVAL and a message that names the
 * instruction that is none. */
SKEP_API int skep_disasm(const struct skep_insn *code, uint32_t n,
			 const struct skep_disasm_opts *opts, char *buf, size_t size,
			 struct skep_log *log);

/* Classic BPF: struct sock_filter of <linux/filter.h>. */
struct skep_filter {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

/* 0 if Linux would attach this filter; else -EINVAL and a message. */
SKEP_API int skep_cbpf_check(const struct skep_filter *code, uint32_t n,
			     struct skep_log *log);

/* Reads a filter as `tcpdump -d`, -dd or -ddd writes it. Returns its length, of which
 * `room` instructions at most are written to `out`; or -EINVAL and a message that names
 * the line. What is written is not checked. */
SKEP_API int skep_cbpf_parse(const char *text, size_t len, struct skep_filter *out,
			     uint32_t room, struct skep_log *log);

/* Writes a filter as `tcpdump -d` does. Returns the bytes that the text takes without
 * the final 0, of which `size` - 1 at most were written; or -EINVAL and a message. */
SKEP_API int skep_cbpf_print(const struct skep_filter *code, uint32_t n, char *buf,
			     size_t size, struct skep_log *log);

struct skep_cbpf_packet {
	size_t size;	   /* sizeof(struct skep_cbpf_packet) */
	const void *data;  /* from the link header on */
	uint32_t len;	   /* bytes of data */
	uint32_t wire_len; /* bytes that the packet had on the wire: `ld #pktlen` */
	uint32_t net;	   /* offset of the network header */
	uint32_t cpu, random;

	/* what else the kernel knows of it; may be NULL: all 0 */
	const struct skep_sk_buff *ctx;
};

/* What the filter returns for a packet: how many bytes to keep, 0 for none, as when it
 * reads behind the end. -EINVAL: skep_cbpf_check() would refuse it; -EOPNOTSUPP: it reads
 * what struct skep_cbpf_packet does not have (netlink attributes, hatype, poff). */
SKEP_API int64_t skep_cbpf_run(const struct skep_filter *code, uint32_t n,
			       const struct skep_cbpf_packet *packet);

/* Translates a filter to BPF with struct skep_sk_buff as context, for program types that
 * know it (socket_filter, sched_cls). Returns the slots that the program takes, of which
 * `room` at most are written to `out`; or -errno as the two functions above, and a
 * message. */
SKEP_API int skep_cbpf_translate(const struct skep_filter *code, uint32_t n,
				 struct skep_insn *out, uint32_t room,
				 struct skep_log *log);

#endif
