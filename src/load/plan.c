/* One program and what it calls, in one piece of code. */
#include "plan.h"
#include <errno.h>
#include "msg.h"

enum { CODE_LDDW = 0x18, CODE_CALL = 0x85 };

/* A function in the code, and where. */
struct placed {
	struct obj_func *func;
	u32 at;
};

/* An instruction that wants the distance to a function. */
struct jump {
	struct jump *next;
	u32 insn;
	struct obj_func *func;
};

struct builder {
	struct obj *o;
	struct plan_prog *pp;
	struct placed placed[SKEP_MAX_SUBPROGS];
	u32 n_placed;
	struct jump *jumps;
	u32 room;
};

static bool is_lddw(const struct skep_insn *insn)
{
	return insn->code == CODE_LDDW;
}

/* Offset of instruction i of the function in its section, in bytes. */
static u64 place(const struct obj_func *f, u32 i)
{
	return ((u64)f->at + i) * sizeof(struct skep_insn);
}

static struct placed *find_placed(struct builder *b, const struct obj_func *f)
{
	for (u32 i = 0; i < b->n_placed; i++)
		if (b->placed[i].func == f)
			return &b->placed[i];
	return NULL;
}

static void grow(struct builder *b, u32 n)
{
	struct plan_prog *pp = b->pp;
	struct skep_insn *insns;

	if (n > SKEP_MAX_INSNS - pp->n)
		obj_throw(b->o, E2BIG, msg_load_insns, OBJ_AT(b->o, pp->func->sec, 0),
			  pp->func->name, SKEP_MAX_INSNS);
	if (pp->n + n <= b->room)
		return;
	b->room = MAX(pp->n + n, b->room * 2);
	insns = pass_alloc(&b->o->p, b->room, sizeof(*insns));
	if (pp->n)
		memcpy(insns, pp->insns, pp->n * sizeof(*insns));
	pp->insns = insns;
}

static void place_func(struct builder *b, struct obj_func *f)
{
	const struct elf_section *s = &b->o->elf.sections[f->sec];

	if (b->n_placed == SKEP_MAX_SUBPROGS)
		obj_throw(b->o, E2BIG, msg_load_subprogs,
			  OBJ_AT(b->o, f->sec, place(f, 0)), b->pp->func->name,
			  SKEP_MAX_SUBPROGS);
	grow(b, f->n);
	b->placed[b->n_placed++] = (struct placed){f, b->pp->n};
	memcpy(b->pp->insns + b->pp->n, s->data + place(f, 0),
	       f->n * sizeof(struct skep_insn));
	b->pp->n += f->n;
}

static void link_func(struct builder *b, u32 which);

/* `target` counts instructions from the section's start. A function that is met for the
 * first time is placed behind all others, with what it calls behind it: libbpf's order,
 * so that programs have the same tag. */
static void refer_to_func(struct builder *b, const struct obj_func *from, u32 i, u32 insn,
			  u32 sec, s64 target)
{
	struct obj_func *f = target >= 0 && target < UINT32_MAX
				     ? obj_func_at(b->o, sec, (u32)target)
				     : NULL;
	struct skep_insn *in = &b->pp->insns[insn];
	struct jump *j;

	if (!f)
		obj_throw(b->o, EINVAL, msg_load_call,
			  OBJ_AT(b->o, from->sec, place(from, i)),
			  obj_section_name(b->o, sec), (unsigned long long)target * 8);
	in->src_reg = is_lddw(in) ? SKEP_PSEUDO_FUNC : SKEP_PSEUDO_CALL;
	j = pass_alloc(&b->o->p, 1, sizeof(*j));
	*j = (struct jump){b->jumps, insn, f};
	b->jumps = j;
	if (find_placed(b, f))
		return;
	place_func(b, f);
	link_func(b, b->n_placed - 1);
}

static bool is_data_map(const struct obj_map *m)
{
	return m->kind != obj_map_plain && m->kind != obj_map_arena;
}

static struct obj_map *map_at(struct obj *o, u32 sec, u64 off)
{
	for (u32 i = 0; i < o->n_maps; i++)
		if ((o->maps[i].sec == sec && sec &&
		     (is_data_map(&o->maps[i]) || o->maps[i].at == off)) ||
		    (o->maps[i].data_sec == sec && sec))
			return &o->maps[i];
	return NULL;
}

/* Or to a value in it, at `off`. */
static void refer_to_map(struct builder *b, u32 insn, struct obj_map *m, bool value,
			 u64 off)
{
	struct plan_ref *ref = pass_alloc(&b->o->p, 1, sizeof(*ref));
	struct skep_insn *in = &b->pp->insns[insn];

	*ref = (struct plan_ref){b->pp->refs, insn, m};
	b->pp->refs = ref;
	in[0].src_reg = value ? SKEP_PSEUDO_MAP_VALUE : SKEP_PSEUDO_MAP_FD;
	in[0].imm = (s32)(m - b->o->maps);
	in[1].imm = value ? (s32)off : 0;
}

static const struct obj_extern *find_extern(const struct obj *o, const char *name)
{
	for (u32 i = 0; i < o->n_externs; i++)
		if (!strcmp(o->externs[i].name, name))
			return &o->externs[i];
	return NULL;
}

static void refer_to_extern(struct builder *b, const struct obj_func *f, u32 i, u32 insn,
			    const struct elf_symbol *sym)
{
	const struct obj_extern *e = find_extern(b->o, sym->name);
	struct skep_insn *in = &b->pp->insns[insn];
	struct plan_ksym *k;

	if (e && is_lddw(in)) {
		refer_to_map(b, insn, b->o->kconfig, true,
			     e->offset + (u64)(u32)in[0].imm);
		return;
	}
	k = pass_alloc(&b->o->p, 1, sizeof(*k));
	*k = (struct plan_ksym){.next = b->pp->ksyms,
				.insn = insn,
				.name = sym->name,
				.weak = sym->bind == ELF_STB_WEAK,
				.sec = f->sec,
				.off = place(f, i)};
	b->pp->ksyms = k;
}

/* What the instruction holds beside its symbol's value. */
static s64 addend(const struct obj *o, const struct elf_symbol *sym,
		  const struct skep_insn *in)
{
	bool twice = o->old_gas && sym->type != ELF_STT_SECTION;

	return in->imm - (twice ? (s64)(s32)sym->value : 0);
}

static void refer_to_lddw(struct builder *b, const struct obj_func *f, u32 i, u32 insn,
			  const struct elf_symbol *sym)
{
	const struct elf_section *s = &b->o->elf.sections[sym->shndx];
	const struct skep_insn *in = &b->pp->insns[insn];
	u64 off = sym->value + (u64)addend(b->o, sym, in);
	struct obj_map *m;
	bool value;

	if (s->flags & ELF_SHF_EXECINSTR) {
		if (off % 8)
			obj_throw(b->o, EINVAL, msg_load_call,
				  OBJ_AT(b->o, f->sec, place(f, i)), s->name,
				  (unsigned long long)off);
		refer_to_func(b, f, i, insn, sym->shndx, (s64)(off / 8));
		return;
	}
	m = map_at(b->o, sym->shndx, off);
	value = m && (is_data_map(m) || m->data_sec == sym->shndx);
	if (!m || (value && off > m->pub->data_len))
		obj_throw(b->o, EINVAL, msg_load_ref, OBJ_AT(b->o, f->sec, place(f, i)),
			  sym->name, (unsigned long long)off, s->name);
	refer_to_map(b, insn, m, value, off);
}

static void relocate(struct builder *b, const struct placed *pl,
		     const struct elf_reloc *r, const struct elf_symbol *sym)
{
	struct obj_func *f = pl->func;
	u32 i = (u32)(r->offset / 8) - f->at, insn = pl->at + i;
	struct skep_insn *in = &b->pp->insns[insn];
	bool lddw = r->type == ELF_R_BPF_64_64 && is_lddw(in) && i + 1 < f->n;
	bool call = r->type == ELF_R_BPF_64_32 && in->code == CODE_CALL;

	if (r->offset % 8 || (!lddw && !call))
		obj_throw(b->o, EINVAL, msg_load_reloc, OBJ_AT(b->o, f->sec, r->offset),
			  r->type, sym->name, in->code);
	if (sym->shndx == ELF_SHN_UNDEF)
		refer_to_extern(b, f, i, insn, sym);
	else if (sym->shndx >= b->o->elf.n_sections)
		obj_throw(b->o, EINVAL, msg_load_shndx, OBJ_AT(b->o, f->sec, r->offset),
			  sym->name, sym->shndx == ELF_SHN_COMMON ? "COMMON" : "ABS");
	else if (lddw)
		refer_to_lddw(b, f, i, insn, sym);
	else
		refer_to_func(b, f, i, insn, sym->shndx,
			      (s64)(sym->value / 8) + addend(b->o, sym, in) + 1);
}

/* The relocation of one instruction. */
struct fixup {
	const struct elf_symbol *sym; /* NULL: none */
	struct elf_reloc r;
};

static struct fixup *fixups_of(struct builder *b, const struct obj_func *f)
{
	struct fixup *fixups = pass_alloc(&b->o->p, f->n, sizeof(*fixups));
	const struct elf_section *rel = NULL;
	u32 n;

	while ((rel = obj_next_rel(b->o, rel, f->sec, &n))) {
		for (u32 i = 0; i < n; i++) {
			struct elf_reloc r;
			const struct elf_symbol *sym = obj_reloc(b->o, rel, i, &r);

			if (r.offset >= place(f, 0) && r.offset < place(f, f->n))
				fixups[r.offset / 8 - f->at] = (struct fixup){sym, r};
		}
	}
	return fixups;
}

/* Recursion ends, for each function is linked once and there are SKEP_MAX_SUBPROGS. */
static void link_func(struct builder *b, u32 which)
{
	struct placed pl = b->placed[which];
	struct obj_func *f = pl.func;
	struct fixup *fixups = fixups_of(b, f);

	for (u32 i = 0; i < f->n; i++) {
		struct skep_insn in = b->pp->insns[pl.at + i];
		bool call = in.code == CODE_CALL && in.src_reg == SKEP_PSEUDO_CALL;
		bool ref = is_lddw(&in) && in.src_reg == SKEP_PSEUDO_FUNC;

		if (fixups[i].sym)
			relocate(b, &pl, &fixups[i].r, fixups[i].sym);
		else if (call || ref) /* inside of one section no relocation is needed */
			refer_to_func(b, f, i, pl.at + i, f->sec,
				      (s64)f->at + i + in.imm + 1);
		i += is_lddw(&in);
	}
}

static void refuse_core(struct builder *b, const struct obj_func *f,
			const struct btf_core_relo *r)
{
	const char *access = skep_btf_string(b->o->btf, r->access_str_off);
	char type[64] = "?";

	if (r->type_id < skep_btf_end(b->o->btf))
		skep_btf_print_type(b->o->btf, r->type_id, "", false, type, sizeof(type));
	obj_throw(b->o, EOPNOTSUPP, msg_load_core, OBJ_AT(b->o, f->sec, r->insn_off),
		  f->name, type, access ? access : "?");
}

/* The next record of a part of .BTF.ext that lies in the function. */
struct ext_iter {
	u32 at, i;
	struct btf_ext_sec sec;
};

static const u8 *next_record(const struct obj *o, enum btf_ext_part part,
			     const struct obj_func *f, struct ext_iter *it)
{
	for (;;) {
		while (it->i < it->sec.n) {
			const u8 *r =
				it->sec.records + (size_t)it->i++ * it->sec.record_size;

			if (load32(r) >= place(f, 0) && load32(r) < place(f, f->n))
				return r;
		}
		do {
			if (!btf_ext_next(&o->ext, part, &it->at, &it->sec))
				return NULL;
		} while (strcmp(it->sec.section, obj_section_name(o, f->sec)));
		it->i = 0;
	}
}

static u32 count_records(struct builder *b, enum btf_ext_part part)
{
	u32 n = 0;

	for (u32 i = 0; i < b->n_placed; i++) {
		struct ext_iter it = {0};

		while (next_record(b->o, part, b->placed[i].func, &it))
			n++;
	}
	return n;
}

/* The id of a type of the object's own stands in the code as it is: types are loaded as
 * the file has them. */
static void check_core(struct builder *b)
{
	for (u32 i = 0; i < b->n_placed; i++) {
		struct ext_iter it = {0};
		struct btf_core_relo relo;
		const u8 *r;

		while ((r = next_record(b->o, BTF_EXT_CORE, b->placed[i].func, &it))) {
			memcpy(&relo, r, sizeof(relo));
			if (relo.kind != BTF_CORE_TYPE_ID_LOCAL)
				refuse_core(b, b->placed[i].func, &relo);
		}
	}
}

/* The FUNC of a function; gcc 12 writes no records, but the names tell. 0: none. */
static u32 func_type(struct builder *b, const struct placed *pl)
{
	struct ext_iter it = {0};
	const u8 *r = next_record(b->o, BTF_EXT_FUNC, pl->func, &it);

	if (!r || load32(r) != place(pl->func, 0))
		return skep_btf_find(b->o->btf, pl->func->name, SKEP_BTF_KIND_FUNC);
	return skep_btf_type_by_id(b->o->btf, load32(r + 4)) ? load32(r + 4) : 0;
}

/* The kernel takes function records for all subprograms or for none. */
static void add_funcs(struct builder *b)
{
	struct plan_prog *pp = b->pp;

	pp->funcs = pass_alloc(&b->o->p, b->n_placed, sizeof(*pp->funcs));
	for (u32 i = 0; i < b->n_placed; i++) {
		u32 type = func_type(b, &b->placed[i]);

		if (!type) {
			pp->funcs = NULL;
			return;
		}
		pp->funcs[i] = (struct skep_func_info){b->placed[i].at, type};
	}
	pp->n_funcs = b->n_placed;
}

static void add_lines(struct builder *b)
{
	struct plan_prog *pp = b->pp;

	pp->lines =
		pass_alloc(&b->o->p, count_records(b, BTF_EXT_LINE), sizeof(*pp->lines));
	for (u32 i = 0; i < b->n_placed; i++) {
		const struct placed *pl = &b->placed[i];
		struct ext_iter it = {0};
		const u8 *r;

		while ((r = next_record(b->o, BTF_EXT_LINE, pl->func, &it))) {
			struct skep_line_info *line = &pp->lines[pp->n_lines++];

			memcpy(line, r, sizeof(*line));
			line->insn_off = line->insn_off / 8 - pl->func->at + pl->at;
		}
	}
}

static void check_section(struct obj *o, const struct obj_func *f)
{
	const char *name = obj_section_name(o, f->sec);

	if (!f->row)
		obj_throw(o, EINVAL, msg_load_section, OBJ_AT(o, f->sec, place(f, 0)),
			  f->name, name);
}

void plan_prog(struct obj *o, struct plan_prog *pp)
{
	struct builder b = {.o = o, .pp = pp};

	check_section(o, pp->func);
	if (pp->func->row->type == SKEP_PROG_TYPE_STRUCT_OPS)
		plan_ops(o, pp);
	place_func(&b, pp->func);
	link_func(&b, 0);
	for (struct jump *j = b.jumps; j; j = j->next)
		pp->insns[j->insn].imm =
			(s32)find_placed(&b, j->func)->at - (s32)j->insn - 1;
	if (!o->btf)
		return;
	check_core(&b);
	add_funcs(&b);
	if (pp->funcs)
		add_lines(&b);
}

void plan_object(struct obj *o, struct load_plan *plan)
{
	plan->progs = pass_alloc(&o->p, o->n_progs, sizeof(*plan->progs));
	for (u32 i = 0; i < o->n_progs; i++) {
		struct obj_func *f = o->prog_funcs[i];
		struct plan_prog *pp = &plan->progs[plan->n_progs];

		if (f->prog->skip || (!f->row && f->called))
			continue; /* called: a subprogram in a section of its own */
		plan->n_progs++;
		pp->func = f;
		plan_prog(o, pp);
		f->prog->insns = pp->insns;
		f->prog->ninsns = pp->n;
	}
	plan_btf(o);
}
