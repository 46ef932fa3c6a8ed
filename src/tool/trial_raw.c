/* Bytecode that lies in no object file, as a program of a type that the user names. */
#include "trial.h"
#include "insn.h"
#include "kernel_types.h"
#include "mem.h"
#include "tool_msg.h"
#include <errno.h>
#include <string.h>

enum { LDDW = 0x18 };

struct raw {
	struct skep_insn *code;
	u32 n;
	const struct section_row *row;
	const char *target; /* behind the row's name: "sched_switch"; "" */
};

/* ---- what it may not be ---- */

static u32 swap32(u32 x)
{
	return __builtin_bswap32(x);
}

static bool decodes(const struct skep_insn *code, u32 n)
{
	struct insn *out = mem_alloc(n, sizeof(*out));
	bool good = out && !insn_decode(code, n, out, NULL);

	mem_free(out);
	return good;
}

/* Nonsense here, and sense when each field is turned round: a program for a big-endian
 * machine, whose registers are turned round as well. */
static bool is_big_endian(const struct raw *raw)
{
	struct skep_insn *code;
	bool big = false;

	if (decodes(raw->code, raw->n))
		return false;
	code = mem_alloc(raw->n, sizeof(*code));
	for (u32 i = 0; code && i < raw->n; i++) {
		const struct skep_insn *in = &raw->code[i];

		code[i] = (struct skep_insn){.code = in->code,
					     .dst_reg = in->src_reg,
					     .src_reg = in->dst_reg,
					     .off = (s16)__builtin_bswap16((u16)in->off),
					     .imm = (s32)swap32((u32)in->imm)};
	}
	big = code && decodes(code, raw->n);
	mem_free(code);
	return big;
}

/* Where a map is named: there is none. */
static bool names_map(const struct raw *raw, u32 *insn)
{
	for (u32 i = 0; i + 1 < raw->n; i++) {
		u32 src = raw->code[i].src_reg;

		if (raw->code[i].code != LDDW)
			continue;
		*insn = i++;
		if (src == SKEP_PSEUDO_MAP_FD || src == SKEP_PSEUDO_MAP_VALUE ||
		    src == SKEP_PSEUDO_MAP_IDX || src == SKEP_PSEUDO_MAP_IDX_VALUE)
			return true;
	}
	return false;
}

static bool check_size(const char *name, const void *data, size_t len)
{
	if (len >= 4 && !memcmp(data, "\177ELF", 4))
		tool_error(msg_raw_elf, name);
	else if (!len)
		tool_error(msg_raw_empty, name);
	else if (len % sizeof(struct skep_insn))
		tool_error(msg_raw_odd, name, len);
	else if (len / sizeof(struct skep_insn) > SKEP_MAX_INSNS)
		tool_error(msg_raw_long, name, len / sizeof(struct skep_insn),
			   SKEP_MAX_INSNS);
	else
		return true;
	return false;
}

static bool check_code(const char *name, const struct raw *raw)
{
	u32 insn;

	if (is_big_endian(raw))
		tool_error(msg_raw_endian, name);
	else if (names_map(raw, &insn))
		tool_error(msg_raw_map, name, insn);
	else
		return true;
	return false;
}

/* An lddw of one of the kernel's types is of a variable. */
static enum need need_of(const struct raw *raw)
{
	for (u32 i = 0; i + 1 < raw->n; i++) {
		if (raw->code[i].code != LDDW)
			continue;
		if (raw->code[i++].src_reg == SKEP_PSEUDO_BTF_ID)
			return need_symbols;
	}
	return raw->row->flags & NEEDS_BTF ? need_types : need_nothing;
}

bool raw_add(struct trials *all, const char *path)
{
	const char *name = input_name(path), *type = all->type ? all->type : "socket";
	const struct section_row *row = section_find(type);
	struct raw *raw = mem_alloc(1, sizeof(*raw));
	void *data = NULL;
	size_t len;

	all->raw = raw;
	if (!row || row->type == SKEP_PROG_TYPE_STRUCT_OPS ||
	    row->type == SKEP_PROG_TYPE_EXT) {
		tool_error(msg_raw_type, type);
		return false;
	}
	if (!raw || input_read(path, &data, &len))
		return false;
	*raw = (struct raw){data, (u32)(len / sizeof(raw->code[0])), row,
			    section_target(row, type)};
	return check_size(name, data, len) && check_code(name, raw) &&
	       trial_add(all, name, type, 0, need_of(raw));
}

void raw_free(struct raw *raw)
{
	if (raw)
		mem_free(raw->code);
	mem_free(raw);
}

/* ---- the verdict ---- */

int raw_judge(const struct trials *all, struct trial *t, struct skep_verifier *v,
	      const struct skep_btf *vmlinux)
{
	static const char license[] = "GPL";
	const struct raw *raw = all->raw;
	struct skep_sys *sys = skep_verifier_sys(v);
	union skep_attr attr = {
		.prog_type = raw->row->type,
		.insns = u64_of(raw->code),
		.insn_cnt = raw->n,
		.license = u64_of(license),
		.prog_flags = raw->row->flags & ~(u32)NEEDS_BTF,
		.expected_attach_type = raw->row->attach_type,
		.log_level = (u32)all->level,
		.log_buf = all->level ? u64_of(t->log.buf) : 0,
		.log_size = all->level ? (u32)t->log.size : 0,
	};
	int fd;

	if (raw->row->flags & NEEDS_BTF) {
		attr.attach_btf_id =
			vmlinux ? kernel_target(vmlinux, raw->row, raw->target) : 0;
		if (!attr.attach_btf_id) {
			log_printf(&t->log, msg_raw_target, t->name,
				   vmlinux ? "has nothing of that name"
					   : "cannot be read (/sys/kernel/btf/vmlinux)");
			return -ENOENT;
		}
	}
	fd = sys->bpf(sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
	t->stats = *skep_verifier_stats(v);
	if (all->level)
		t->log.len = strlen(t->log.buf);
	t->cut = fd == -ENOSPC;
	if (fd >= 0)
		sys->close(sys, fd);
	return t->cut ? t->stats.err : MIN(fd, 0);
}
