/* What BPF_OBJ_GET_INFO_BY_FD says of a program, as Linux 6.18 does to a privileged user.
 * There is no native code, so the jited fields are 0. */
#include "mem.h"
#include "prog.h"
#include <errno.h>

enum { FUNC_INFO = 8, LINE_INFO = 16 }; /* bytes of Linux's records */

/* Copies `n` elements of `size` bytes to the user's buffer of *room elements; *room
 * becomes n. */
static int give(u64 to, u32 *room, const void *from, u32 n, u32 size)
{
	u32 copy = MIN(*room, n);

	*room = n;
	return copy && user_copy_out(to, from, (size_t)copy * size) ? -EFAULT : 0;
}

/* The program's own maps, then those that were bound to it. */
static int give_maps(const struct prog *prog, const struct prog_info *in,
		     struct skep_prog_info *out)
{
	u32 ids[SKEP_MAX_USED_MAPS + PROG_BOUND], n = prog->nmaps;

	memcpy(ids, prog->map_ids, n * sizeof(ids[0]));
	for (u32 i = 0; i < PROG_BOUND && in->bound[i]; i++)
		ids[n++] = in->bound[i];
	return give(out->map_ids, &out->nr_map_ids, ids, n, sizeof(ids[0]));
}

/* The instructions with map ids where they had fds. */
static int give_code(const struct prog *prog, struct skep_prog_info *out)
{
	const u8 *from = (const u8 *)prog->obj.head + prog->insns_off;
	u32 size = prog->n * sizeof(struct skep_insn);
	struct skep_insn *code;
	int err;

	if (!out->xlated_prog_len || !out->xlated_prog_insns) {
		out->xlated_prog_len = size;
		return 0;
	}
	code = mem_alloc(1, size);
	if (!code)
		return -ENOMEM;
	memcpy(code, from, size);
	for (u32 i = 0; i + 1 < prog->n; i++) {
		const struct insn *in = &prog->insns[i];
		bool value = in->src == SKEP_PSEUDO_MAP_IDX_VALUE;

		if (in->op != op_lddw || (!value && in->src != SKEP_PSEUDO_MAP_IDX))
			continue;
		code[i].src_reg = value ? SKEP_PSEUDO_MAP_VALUE : SKEP_PSEUDO_MAP_FD;
		code[i].imm = (s32)prog->map_ids[(u32)code[i].imm % SKEP_MAX_USED_MAPS];
	}
	err = give(out->xlated_prog_insns, &out->xlated_prog_len, code, size, 1);
	mem_free(code);
	return err;
}

/* The records' first `size` bytes, which are those that Linux keeps. */
static int give_records(u64 to, u32 *room, const u8 *from, u32 n, u32 each, u32 size)
{
	u32 copy = MIN(*room, n);

	*room = n;
	for (u32 i = 0; i < copy; i++)
		if (user_copy_out(to + (u64)i * size, from + (u64)i * each, size))
			return -EFAULT;
	return 0;
}

static int give_btf(const struct prog *prog, const struct prog_info *in,
		    struct skep_prog_info *out)
{
	const u8 *region = (const u8 *)prog->obj.head;
	int err = 0;

	out->btf_id = in->btf_id;
	if (prog_holds(prog, in->func_info_off, in->nfunc_info, in->func_info_size))
		err = give_records(out->func_info, &out->nr_func_info,
				   region + in->func_info_off, in->nfunc_info,
				   in->func_info_size, FUNC_INFO);
	if (!err &&
	    prog_holds(prog, in->line_info_off, in->nline_info, in->line_info_size))
		err = give_records(out->line_info, &out->nr_line_info,
				   region + in->line_info_off, in->nline_info,
				   in->line_info_size, LINE_INFO);
	return err;
}

static void give_record_sizes(struct skep_prog_info *out)
{
	out->func_info_rec_size = FUNC_INFO;
	out->line_info_rec_size = LINE_INFO;
	out->jited_line_info_rec_size = sizeof(u64);
}

/* What users without capabilities are not told. */
static void hide_code(struct skep_prog_info *out)
{
	out->xlated_prog_len = 0;
	out->nr_func_info = out->nr_line_info = 0;
}

int prog_fill_info(struct object *obj, void *arg)
{
	const struct prog *prog = container_of(obj, struct prog, obj);
	struct skep_prog_info *out = arg;
	struct prog_info in; /* read once: another process may write to the region */
	int err;

	memcpy(&in, prog->info, sizeof(in));
	out->type = in.type;
	out->id = obj->id;
	memcpy(out->tag, in.tag, sizeof(out->tag));
	memcpy(out->name, in.name, sizeof(out->name));
	out->load_time = obj->head->created_ns;
	out->created_by_uid = obj->head->uid;
	out->gpl_compatible = in.gpl;
	out->run_time_ns = in.run_ns;
	out->run_cnt = in.run_cnt;
	out->recursion_misses = in.recursion_misses;
	out->attach_btf_id = in.attach_btf_id;
	out->verified_insns = in.verified_insns;
	out->jited_prog_len = 0;
	out->nr_jited_ksyms = out->nr_jited_func_lens = out->nr_jited_line_info = 0;
	give_record_sizes(out);
	err = give_maps(prog, &in, out);
	if (!err && !store_privileged(obj->store)) {
		hide_code(out);
		return 0;
	}
	if (!err)
		err = give(out->prog_tags, &out->nr_prog_tags, out->tag, 1,
			   sizeof(out->tag));
	if (!err)
		err = give_code(prog, out);
	return err ? err : give_btf(prog, &in, out);
}
