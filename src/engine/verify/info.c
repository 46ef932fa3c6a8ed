/* func_info and line_info against the program and its BTF */
#include "info.h"

enum { LEAST_FUNC = 8, LEAST_LINE = 16, MOST = 252 };

static struct skep_func_info func_record(const struct verifier *v, u32 i)
{
	struct skep_func_info info;
	const u8 *at = v->prog->func_info;

	memcpy(&info, at + (size_t)i * v->prog->func_info_size, sizeof(info));
	return info;
}

static struct skep_line_info line_record(const struct verifier *v, u32 i)
{
	struct skep_line_info info;
	const u8 *at = v->prog->line_info;

	memcpy(&info, at + (size_t)i * v->prog->line_info_size, sizeof(info));
	return info;
}

static bool is_size(u32 size, u32 least)
{
	return size >= least && size <= MOST && size % 4 == 0;
}

/* What a record of a later version has behind what is known must be 0. */
static bool has_tail(const void *records, u32 i, u32 size, u32 known)
{
	const u8 *at = (const u8 *)records + (size_t)i * size;

	for (u32 b = known; b < size; b++)
		if (at[b])
			return true;
	return false;
}

static bool is_func_type(const struct skep_btf *btf, u32 id)
{
	return id < skep_btf_end(btf) && btf_kind_of(btf, id) == SKEP_BTF_KIND_FUNC;
}

static void check_func_record(struct verifier *v, u32 i)
{
	const struct verify_prog *prog = v->prog;
	struct skep_func_info info = func_record(v, i);

	if (has_tail(prog->func_info, i, prog->func_info_size, LEAST_FUNC))
		refuse(v, info_func_tail);
	if (!i && info.insn_off)
		refuse(v, info_func_first, info.insn_off);
	if (i && info.insn_off <= func_record(v, i - 1).insn_off)
		refuse(v, info_func_order, info.insn_off, func_record(v, i - 1).insn_off);
	if (!is_func_type(prog->btf, info.type_id))
		refuse(v, info_func_type, info.type_id);
}

void info_check_records(struct verifier *v)
{
	const struct verify_prog *prog = v->prog;

	if ((prog->nfunc_info || prog->nline_info) && !prog->btf)
		refuse(v, info_no_btf);
	if (prog->nfunc_info && !is_size(prog->func_info_size, LEAST_FUNC))
		refuse(v, info_func_size, prog->func_info_size);
	for (u32 i = 0; i < prog->nfunc_info; i++)
		check_func_record(v, i);
}

/* ---- the exception callback ---- */

static const char tag[] = "exception_callback:";

static bool is_catcher_tag(const struct skep_btf *btf, u32 id, u32 main)
{
	const struct skep_btf_decl_tag *tail;
	const struct skep_btf_type *t;

	if (btf_kind_of(btf, id) != SKEP_BTF_KIND_DECL_TAG)
		return false;
	t = btf_type(btf, id);
	tail = btf_tail(t);
	return t->type == main && tail->component_idx == -1 &&
	       !strncmp(btf_str(btf, t->name_off), tag, sizeof(tag) - 1);
}

/* The name in the main function's tag; NULL: it has none. */
static const char *catcher_name(struct verifier *v)
{
	const struct skep_btf *btf = v->prog->btf;
	u32 main = func_record(v, 0).type_id;
	const char *name = NULL;

	for (u32 id = 1; id < skep_btf_end(btf); id++) {
		if (!is_catcher_tag(btf, id, main))
			continue;
		if (name)
			refuse(v, catcher_many);
		name = btf_str(btf, btf_type(btf, id)->name_off) + sizeof(tag) - 1;
	}
	return name;
}

u32 info_exception_callback(void *ctx)
{
	struct verifier *v = ctx;
	const struct skep_btf *btf = v->prog->btf;
	const char *name = v->prog->nfunc_info ? catcher_name(v) : NULL;
	u32 type;

	if (!name)
		return 0;
	type = skep_btf_find(btf, name, SKEP_BTF_KIND_FUNC);
	if (!type)
		refuse(v, catcher_unknown, name);
	if (btf_vlen(btf_type(btf, type)) != SKEP_BTF_FUNC_GLOBAL)
		refuse(v, catcher_static, name);
	for (u32 i = v->prog->nfunc_info; i--;) {
		struct skep_func_info info = func_record(v, i);

		if (info.type_id == type && !info.insn_off)
			refuse(v, catcher_main);
		if (info.type_id == type)
			return info.insn_off;
	}
	refuse(v, catcher_no_info);
}

/* ---- against the functions ---- */

static bool returns_number(const struct skep_btf *btf, u32 func)
{
	u32 proto = btf_type(btf, func)->type;
	u32 id = btf_skip(btf, btf_type(btf, proto)->type), kind = btf_kind_of(btf, id);

	if (kind == SKEP_BTF_KIND_INT)
		return btf_size(btf, id) <= sizeof(u64);
	return kind == SKEP_BTF_KIND_ENUM || kind == SKEP_BTF_KIND_ENUM64;
}

static void check_func(struct verifier *v, u32 i)
{
	const struct flow_func *func = &v->flow.funcs[i];
	struct skep_func_info info = func_record(v, i);

	if (info.insn_off != func->start)
		refuse(v, info_func_layout);
	if (!i || returns_number(v->prog->btf, info.type_id))
		return;
	if (func->has_packet_load)
		refuse(v, info_ld_abs);
	if (func->has_tail_call)
		refuse(v, info_tail_call);
}

static void check_line(struct verifier *v, u32 i, u32 *func)
{
	const struct verify_prog *prog = v->prog;
	struct skep_line_info info = line_record(v, i);
	u32 prev = i ? line_record(v, i - 1).insn_off : 0;

	if (has_tail(prog->line_info, i, prog->line_info_size, LEAST_LINE))
		refuse(v, info_line_tail);
	if ((i && info.insn_off <= prev) || info.insn_off >= v->n)
		refuse(v, info_line_off, i, info.insn_off, prev, v->n);
	if (v->insns[info.insn_off].op == op_none)
		refuse(v, info_line_code, i);
	if (!skep_btf_string(prog->btf, info.line_off) ||
	    !skep_btf_string(prog->btf, info.file_name_off))
		refuse(v, info_line_name, i);
	if (*func == v->flow.nfuncs)
		return;
	if (info.insn_off == v->flow.funcs[*func].start)
		++*func;
	else if (info.insn_off > v->flow.funcs[*func].start)
		refuse(v, info_line_func, *func);
}

static void check_lines(struct verifier *v)
{
	u32 func = 0;

	if (!v->prog->nline_info)
		return;
	if (!is_size(v->prog->line_info_size, LEAST_LINE))
		refuse(v, info_line_size);
	for (u32 i = 0; i < v->prog->nline_info; i++)
		check_line(v, i, &func);
	if (func != v->flow.nfuncs)
		refuse(v, info_line_funcs, v->flow.nfuncs - func, func);
}

void info_check_funcs(struct verifier *v)
{
	u32 n = v->prog->nfunc_info;

	if (n && n != v->flow.nfuncs)
		refuse(v, info_func_count);
	for (u32 i = 0; i < n; i++)
		check_func(v, i);
	check_lines(v);
}
