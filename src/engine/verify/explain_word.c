/* The words of explain.def's templates, and the texts that they are made of. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include "call.h"
#include "explain_tale.h"
#include "str.h"
#include "syntax.h"

const char *tale_text(struct tale *t, const char *fmt, ...)
{
	char buf[TALE_TEXT];
	const char *copy;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	copy = arena_strndup(t->arena, buf, strlen(buf));
	return copy ? copy : "";
}

/* ---- lines of the source ---- */

static const struct skep_line_info *record_of(const struct tale *t, u32 insn)
{
	const struct verify_prog *p = t->v->prog;
	u32 from = 0, to = p->nline_info;
	const struct skep_line_info *line = NULL;

	if (!p->btf || p->line_info_size < sizeof(*line) || insn >= t->v->n)
		return NULL;
	while (from < to) {
		u32 middle = from + (to - from) / 2;
		const struct skep_line_info *at =
			(const void *)((const u8 *)p->line_info +
				       (size_t)middle * p->line_info_size);

		if (at->insn_off > insn) {
			to = middle;
		} else {
			line = at;
			from = middle + 1;
		}
	}
	return line;
}

bool tale_is_nowhere(const struct tale *t, u32 insn)
{
	const struct skep_line_info *line = record_of(t, insn);

	return line && !(line->line_col >> 10);
}

/* What the compiler made of no line belongs to the one before. */
const struct skep_line_info *tale_line(const struct tale *t, u32 insn)
{
	const struct verify_prog *p = t->v->prog;
	const struct skep_line_info *line = record_of(t, insn);

	while (line && !(line->line_col >> 10) && (const void *)line != p->line_info)
		line = (const void *)((const u8 *)line - p->line_info_size);
	return line;
}

static const char *btf_text(const struct tale *t, u32 off)
{
	const struct skep_btf *b = t->v->prog->btf;

	return off < b->first_str + b->str_len ? btf_str(b, off) : "";
}

const char *tale_file(const struct tale *t, const struct skep_line_info *line)
{
	const char *file = btf_text(t, line->file_name_off);
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

const char *tale_source(const struct tale *t, const struct skep_line_info *line)
{
	const char *text = line ? btf_text(t, line->line_off) : "";

	while (isspace((unsigned char)*text))
		text++;
	return text;
}

size_t tale_column(const struct tale *t, const struct skep_line_info *line)
{
	size_t indent = (size_t)(tale_source(t, line) - btf_text(t, line->line_off));
	size_t column = line->line_col & 0x3ff;

	return column > indent ? column - indent - 1 : 0;
}

const char *tale_insn(struct tale *t, u32 insn)
{
	char buf[128];
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};

	buf[0] = '\0';
	if (insn < t->v->n)
		insn_print(&log, &t->v->insns[insn], NULL);
	return tale_text(t, "%s", buf);
}

const char *tale_at(struct tale *t, u32 insn)
{
	const struct skep_line_info *line = tale_line(t, insn);

	if (!line)
		return tale_text(t, "instruction %u", insn);
	return tale_text(t, "%s:%u", tale_file(t, line), line->line_col >> 10);
}

/* ---- numbers ---- */

const char *tale_range(struct tale *t, const struct scalar *n)
{
	if (scalar_is_const(n))
		return tale_text(t, "%lld", (long long)n->bits.value);
	if (n->umax <= INT64_MAX && n->umax != UINT32_MAX)
		return tale_text(t, "%llu to %llu", (unsigned long long)n->umin,
				 (unsigned long long)n->umax);
	if (n->smin == INT32_MIN && n->smax == INT32_MAX)
		return "any signed 32-bit number";
	if (n->umin == 0 && n->umax == UINT32_MAX)
		return "any unsigned 32-bit number";
	if (n->smin != INT64_MIN && n->smax != INT64_MAX)
		return tale_text(t, "%lld to %lld", (long long)n->smin,
				 (long long)n->smax);
	if (n->umin)
		return tale_text(t, "%llu or more", (unsigned long long)n->umin);
	if (n->smax < INT64_MAX / 2)
		return tale_text(t, "%lld or less, negative numbers too",
				 (long long)n->smax);
	if (n->smin != INT64_MIN)
		return tale_text(t, "%lld or more", (long long)n->smin);
	return "any 64-bit number";
}

static u64 argument_size(const struct tale *t)
{
	const struct helper_proto *h = t->helper;
	u32 i = (u32)t->regno - 1;

	if (t->regno < 1 || t->regno > 5)
		return 0;
	if (h->arg[i] & take_fixed)
		return h->fixed_size[i];
	for (u32 k = 0; k < i; k++) {
		const struct reg *map = &t->regs[k + 1];

		if (map->type != reg_map)
			continue;
		if ((h->arg[i] & take_kind) == take_key)
			return reg_map_of(t->v, map)->key_size;
		if ((h->arg[i] & take_kind) == take_value)
			return reg_map_of(t->v, map)->value_size;
	}
	if (i < 4 && t->regs[i + 2].type == reg_scalar)
		return t->regs[i + 2].n.umax;
	return 0;
}

/* Through a pointer that is being calculated: how many bytes are accessed right behind
 * that, and at which offset from the pointer; 1 at 0 if that is not plain. */
static u32 access_ahead(const struct tale *t, s64 *off)
{
	u32 reg = t->in->dst;

	*off = 0;
	for (u32 i = t->insn + 1; i < t->v->n && i < t->insn + 8; i++) {
		const struct insn *in = &t->v->insns[i];
		const struct op_info *info = &op_info[in->op];
		bool load = info->class == class_load;

		if ((load && in->src == reg) ||
		    (info->class == class_store && in->dst == reg)) {
			*off += in->off;
			return info->size;
		}
		if (in->op == op_add64k && in->dst == reg)
			*off += in->imm;
		else if (in->op != op_lddw && info->class != class_store &&
			 !(load && in->dst != reg) &&
			 !(info->class == class_alu && in->dst != reg))
			break;
	}
	*off = 0;
	return 1;
}

u64 tale_size(const struct tale *t)
{
	s64 off;

	if (t->helper)
		return argument_size(t);
	if (!t->in)
		return 0;
	return op_info[t->in->op].class == class_alu ? access_ahead(t, &off)
						     : op_info[t->in->op].size;
}

s64 tale_offset(const struct tale *t)
{
	s64 off = t->in ? t->in->off : 0;
	u8 class = t->in ? op_info[t->in->op].class : (u8)class_none;

	if (class == class_alu)
		access_ahead(t, &off);
	else if (class < class_load || class > class_atomic)
		off = 0;
	return (s64)t->reg.off + off;
}

/* Of what a pointer points to; 0: not known. */
static u64 limit_of(const struct tale *t, const struct reg *r)
{
	switch (r->type) {
	case reg_value: return reg_map_of(t->v, r)->value_size;
	case reg_key: return reg_map_of(t->v, r)->key_size;
	case reg_mem: return r->size;
	case reg_packet:
	case reg_packet_meta: return (u64)MAX(r->range, 0);
	default: return 0;
	}
}

u64 tale_limit(const struct tale *t)
{
	return limit_of(t, &t->reg);
}

/* The greatest number that may be added, in units of the variable. */
static s64 most(const struct tale *t)
{
	s64 room = (s64)tale_limit(t) - (s64)tale_size(t) - tale_offset(t);

	return MAX(room, 0) / (s64)t->scale;
}

/* How many bytes there are for a helper, behind the pointer that comes with the size; 0:
 * not known. */
static s64 room_of(const struct tale *t)
{
	const struct reg *r = t->regs && t->regno > 1 ? &t->regs[t->regno - 1] : &t->reg;
	s64 end = r->type == reg_stack ? 0 : (s64)limit_of(t, r);

	return MAX(end - r->off, 0);
}

/* A value of the number that does not do. */
static s64 witness(const struct tale *t)
{
	const struct scalar *n = &t->number->n;
	s64 scale = (s64)t->scale;

	if (t->class->follow == follow_size)
		return n->smin < 0 ? -1 : MAX(room_of(t) + 1, (s64)n->umin);
	if (n->smin < -MAX(t->reg.type == reg_stack ? 0 : tale_offset(t), 0))
		return n->smin <= -scale && n->smax >= -scale ? -1 : n->smin / scale;
	return MAX(most(t) + 1, (s64)MIN(n->umin, INT64_MAX) / scale);
}

/* ---- what things are ---- */

static const char *const type_words[reg_types] = {
	[reg_none] = "nothing that was written",
	[reg_scalar] = "a number",
	[reg_ctx] = "the context",
	[reg_map] = "a map",
	[reg_value] = "a pointer to a value",
	[reg_key] = "a pointer to a key",
	[reg_stack] = "a pointer to the stack",
	[reg_packet_meta] = "a pointer to the packet's metadata",
	[reg_packet] = "a pointer into the packet",
	[reg_packet_end] = "the end of the packet",
	[reg_flow_keys] = "a pointer to flow keys",
	[reg_socket] = "a socket",
	[reg_sock_common] = "a socket (common part)",
	[reg_tcp_sock] = "a TCP socket",
	[reg_tp_buffer] = "a pointer to a tracepoint's buffer",
	[reg_xdp_sock] = "an XDP socket",
	[reg_btf] = "a pointer to a struct of the kernel",
	[reg_mem] = "a pointer to memory",
	[reg_arena] = "a pointer into an arena",
	[reg_buf] = "a pointer to a buffer",
	[reg_func] = "the address of a function",
	[reg_dynptr] = "a dynptr",
};

const char *tale_type(struct tale *t, const struct reg *r)
{
	const char *null = r->flags & flag_null ? ", or NULL" : "";

	if (r->type == reg_scalar)
		return tale_text(t, scalar_is_const(&r->n) ? "the number %s" : "%s",
				 tale_range(t, &r->n));
	if (r->type == reg_value || r->type == reg_map || r->type == reg_key)
		return tale_text(t, "%s%s '%s'%s", type_words[r->type],
				 r->type == reg_map ? "" : " of map",
				 reg_map_of(t->v, r)->name, null);
	if (r->type == reg_mem && r->flags & flag_ringbuf)
		return tale_text(t, "a pointer to a record of a ring buffer%s", null);
	if (r->type == reg_mem)
		return tale_text(t, "a pointer to %u bytes of memory%s%s", r->size,
				 r->flags & flag_rdonly ? " that is read-only" : "",
				 null);
	return tale_text(t, "%s%s", type_words[r->type], null);
}

const char *tale_call(struct tale *t, u32 insn)
{
	const struct insn *in = &t->v->insns[insn];
	const struct helper_proto *h;
	int func;

	if (in->op == op_call_helper) {
		h = rules_helper((u32)in->imm);
		if (h)
			return tale_text(t, "bpf_%s()", h->name);
		return tale_text(t, "helper %d", (int)in->imm);
	}
	if (in->op == op_call_local) {
		func = flow_func_at(&t->v->flow, insn + 1 + (u32)in->off);
		if (func >= 0 && *func_name(t->v, (u32)func))
			return tale_text(t, "%s()", func_name(t->v, (u32)func));
		return "a function of the program";
	}
	return "a function of the kernel";
}

/* The map that a call is about. */
static const struct verify_map *map_of(const struct tale *t)
{
	if (t->reg.type == reg_value || t->reg.type == reg_key || t->reg.type == reg_map)
		return reg_map_of(t->v, &t->reg);
	for (int i = 1; t->regs && i <= 5; i++)
		if (t->regs[i].type == reg_map)
			return reg_map_of(t->v, &t->regs[i]);
	return NULL;
}

static const char *const take_words[] = {
	[take_none] = "nothing",
	[take_any] = "a number",
	[take_ctx] = "the program's context (ctx)",
	[take_map] = "the address of a map (&map)",
	[take_key] = "a pointer to a key, a variable on the stack for instance",
	[take_value] = "a pointer to a value, a variable on the stack for instance",
	[take_mem] = "a pointer to memory: of the stack, a map or the packet",
	[take_size] = "the size of the memory before it",
	[take_size0] = "the size of the memory before it",
	[take_alloc_size] = "a constant size",
	[take_spin_lock] = "a pointer to a bpf_spin_lock in a map's value",
	[take_timer] = "a pointer to a bpf_timer in a map's value",
	[take_sock_common] = "a socket",
	[take_socket] = "a socket",
	[take_btf_sock_common] = "a socket",
	[take_btf_id] = "a pointer to a struct of the kernel",
	[take_percpu_btf_id] = "a pointer to a per-CPU variable of the kernel",
	[take_ringbuf_mem] = "a record that bpf_ringbuf_reserve() gave, at its beginning",
	[take_func] = "a static function of this program",
	[take_stack] = "a pointer to a variable on the stack, or NULL",
	[take_const_str] = "a constant string",
	[take_kptr_dest] = "a pointer to a kptr in a map's value",
	[take_dynptr] = "a pointer to a dynptr on the stack",
};

/* ---- the words ---- */

#define WORD(name) static void word_##name(struct tale *t, struct str *s)

WORD(here)
{
	str_printf(s, "%s", tale_at(t, t->insn));
}

WORD(made_at)
{
	str_printf(s, "%s",
		   t->origin == ~0u ? "its beginning"
				    : tale_at(t, t->rec->snaps[t->origin].insn));
}

WORD(origin)
{
	str_printf(s, "%s", t->origin_text ? t->origin_text : "the program");
}

WORD(call_cleared)
{
	str_printf(s, "%s", t->cleared == ~0u ? "a call" : tale_call(t, t->cleared));
}

WORD(cleared_at)
{
	str_printf(s, "%s", t->cleared == ~0u ? "?" : tale_at(t, t->cleared));
}

WORD(kernel)
{
	str_printf(s, "%s", t->out->kernel);
}

WORD(reg)
{
	str_printf(s, "r%d", t->regno);
}

static bool is_pointer(const struct tale *t)
{
	return t->class->follow == follow_pointer;
}

WORD(name)
{
	str_printf(s, "%s", t->name ? t->name : is_pointer(t) ? "p" : "x");
}

WORD(value)
{
	if (t->name)
		str_printf(s, "`%s`", t->name);
	else
		str_printf(s, is_pointer(t) ? "the pointer" : "the value");
}

WORD(is)
{
	if (t->regno >= 0)
		str_printf(s, "%s", tale_type(t, &t->reg));
}

WORD(map)
{
	const struct verify_map *map = map_of(t);

	str_printf(s, "%s", map ? map->name : "?");
}

WORD(memory)
{
	switch (t->reg.type) {
	case reg_value: str_printf(s, "a value of map '%s'", map_of(t)->name); break;
	case reg_key: str_printf(s, "a key of map '%s'", map_of(t)->name); break;
	case reg_stack: str_printf(s, "the stack"); break;
	case reg_packet:
	case reg_packet_meta: str_printf(s, "the packet"); break;
	case reg_mem:
		if (t->reg.flags & flag_ringbuf)
			str_printf(s, "the record of the ring buffer");
		else
			str_printf(s, "the memory");
		break;
	default: str_printf(s, "the memory that it points to");
	}
}

WORD(limit)
{
	str_printf(s, "%llu", (unsigned long long)tale_limit(t));
}

WORD(size)
{
	str_printf(s, "%llu", (unsigned long long)tale_size(t));
}

WORD(bytes)
{
	str_printf(s, "%lld", (long long)(tale_offset(t) + (s64)tale_size(t)));
}

/* From where a variable on the stack begins to the frame's end. */
WORD(room)
{
	str_printf(s, "%lld", (long long)MAX(-tale_offset(t), 0));
}

WORD(required)
{
	str_printf(s, "offset >= 0 and offset + %llu <= %llu (bytes)",
		   (unsigned long long)tale_size(t), (unsigned long long)tale_limit(t));
}

WORD(offsets)
{
	s64 off = tale_offset(t);

	if (scalar_is_const(&t->reg.n))
		str_printf(s, "offset %lld", (long long)(off + (s64)t->reg.n.bits.value));
	else if (off)
		str_printf(s, "offset: %lld + (%s)", (long long)off,
			   tale_range(t, &t->reg.n));
	else
		str_printf(s, "offset: %s", tale_range(t, &t->reg.n));
}

WORD(limit_size)
{
	str_printf(s, "copy %s into a local variable, __u64 n, check `if (n > ",
		   t->name ? t->name : "it");
	if (room_of(t))
		str_printf(s, "%lld", (long long)room_of(t));
	else
		str_printf(s, "sizeof(buf)");
	str_printf(s, ") return 0;` before %s, and pass n", tale_at(t, t->insn));
}

WORD(size_limit)
{
	if (room_of(t))
		str_printf(s, "0 <= size <= %lld, the bytes that are there",
			   (long long)room_of(t));
	else
		str_printf(s, "a size of 0 or more, with a known upper bound");
}

WORD(range)
{
	str_printf(s, "%s", tale_range(t, &t->number->n));
}

WORD(witness)
{
	str_printf(s, "%lld", (long long)witness(t));
}

WORD(most)
{
	str_printf(s, "%lld", (long long)most(t));
}

WORD(or_mask)
{
	u64 mask = 1;

	if (most(t) < 1)
		return;
	while (mask * 2 + 1 <= (u64)most(t))
		mask = mask * 2 + 1;
	str_printf(s, "; or mask it: & 0x%llx", (unsigned long long)mask);
}

WORD(packet_known)
{
	if (t->reg.range > 0)
		str_printf(s, "%d bytes were compared with data_end on this path",
			   t->reg.range);
	else
		str_printf(s,
			   "nothing was compared with data_end through this pointer on "
			   "this path");
}

WORD(helper)
{
	if (t->in && (t->in->op == op_call_helper || t->in->op == op_call_local))
		str_printf(s, "%s", tale_call(t, t->insn));
	else
		str_printf(s, "the program");
}

WORD(call_name)
{
	if (t->in && t->in->op == op_call_helper)
		str_printf(s, "%s", tale_call(t, t->insn));
	else
		str_printf(s, "%s", t->out->kernel);
}

WORD(call_here)
{
	str_printf(s, "%s is called", t->in ? tale_call(t, t->insn) : "a function");
}

WORD(arg)
{
	str_printf(s, "%d", t->regno);
}

WORD(takes)
{
	u32 take = t->helper && t->regno >= 1 && t->regno <= 5
			   ? t->helper->arg[t->regno - 1] & take_kind
			   : take_any;

	str_printf(s, "%s", take < ARRAY_SIZE(take_words) ? take_words[take] : "?");
}

WORD(unwritten)
{
	const char *at = strstr(t->out->kernel, "off ");
	int off, byte, size;

	if (at && sscanf(at, "off %d+%d size %d", &off, &byte, &size) == 3)
		str_printf(s, "byte %d of %d was not (the first byte is 0)", byte, size);
	else
		str_printf(s, "%s", t->out->kernel);
}

/* The member at an offset of the struct that the main function takes as its context. */
static void say_field(struct tale *t, struct str *s)
{
	const struct skep_btf *b = t->v->prog->btf;
	u32 id = b ? func_btf_id(t->v, 0) : 0;
	const struct skep_btf_type *ty = id ? btf_type(b, id) : NULL;
	const struct skep_btf_member *m, *at = NULL;

	if (!ty || btf_kind(ty) != SKEP_BTF_KIND_FUNC)
		return;
	ty = btf_type(b, ty->type);
	id = btf_vlen(ty) ? btf_skip(b, ((struct skep_btf_param *)btf_tail(ty))->type)
			  : 0;
	if (btf_kind_of(b, id) != SKEP_BTF_KIND_PTR)
		return;
	id = btf_skip(b, btf_type(b, id)->type);
	if (btf_kind_of(b, id) != SKEP_BTF_KIND_STRUCT)
		return;
	ty = btf_type(b, id);
	m = btf_tail(ty);
	for (u32 i = 0; i < btf_vlen(ty); i++)
		if (btf_member_bit(ty, &m[i]) / 8 <= tale_offset(t))
			at = &m[i];
	if (at)
		str_printf(s, ", which is `%s` of struct %s", btf_str(b, at->name_off),
			   btf_name(b, id));
}

WORD(access)
{
	bool write = t->in && op_info[t->in->op].class == class_store;

	str_printf(s, "%llu bytes are %s at offset %lld of the context",
		   (unsigned long long)tale_size(t), write ? "written" : "read",
		   (long long)tale_offset(t));
	say_field(t, s);
}

WORD(release)
{
	const char *call = t->origin_text ? t->origin_text : "";

	if (strstr(call, "ringbuf_reserve_dynptr"))
		str_printf(s,
			   "bpf_ringbuf_submit_dynptr() or bpf_ringbuf_discard_dynptr(), "
			   "also where the reservation failed,");
	else if (strstr(call, "ringbuf"))
		str_printf(s, "bpf_ringbuf_submit() or bpf_ringbuf_discard()");
	else if (strstr(call, "sk"))
		str_printf(s, "bpf_sk_release()");
	else
		str_printf(s, "its release function");
}

/* "[0, 1]" of the kernel's message. */
WORD(returns)
{
	const char *at = strstr(t->out->kernel, "should have been in ");

	if (at)
		str_printf(s, "a number in %s", strchr(at, '['));
	else
		str_printf(s, "a number");
}

WORD(witness_return)
{
	const char *at = strchr(t->out->kernel, '[');
	const struct scalar *n = &t->reg.n;
	s64 low = 0, high = 0;

	if (at)
		low = atoll(at + 1);
	if (at && strchr(at, ','))
		high = atoll(strchr(at, ',') + 1);
	if (n->smax > high)
		str_printf(s, "%lld", (long long)MAX(high + 1, n->smin));
	else
		str_printf(s, "%lld", (long long)MIN(low - 1, n->smax));
}

WORD(stacks)
{
	const char *sep = "";

	for (u32 i = 0; i < t->v->flow.nfuncs; i++) {
		const char *name = func_name(t->v, i);

		if (!t->v->result->stack[i])
			continue;
		str_printf(s, "%s%s%s %u", sep, *name ? name : "function",
			   *name ? "()" : "", t->v->result->stack[i]);
		sep = ", ";
	}
	str_printf(s, " bytes");
}

/* Steps by line of the source. */
enum { SPENT_LINES = 4096 };
struct spent {
	u32 file, line, insn;
	u64 n;
};

static struct spent *spent_at(struct tale *t, struct spent *all, u32 insn)
{
	const struct skep_line_info *line = tale_line(t, insn);
	u32 file = line ? line->file_name_off : ~0u;
	u32 number = line ? line->line_col >> 10 : insn;
	u32 at = (file * 31 + number) % SPENT_LINES;

	for (u32 i = 0; i < SPENT_LINES; i++, at = (at + 1) % SPENT_LINES) {
		struct spent *s = &all[at];

		if (!s->n)
			*s = (struct spent){file, number, insn, 0};
		if (s->file == file && s->line == number)
			return s;
	}
	return NULL;
}

/* The three lines that took most steps. */
WORD(spent)
{
	struct spent *all = arena_alloc(t->arena, SPENT_LINES, sizeof(all[0]));
	u64 sum = 0;

	for (u32 i = 0; all && t->rec->spent && i < t->v->n; i++) {
		struct spent *at = t->rec->spent[i] ? spent_at(t, all, i) : NULL;

		if (at)
			at->n += t->rec->spent[i];
		sum += t->rec->spent[i];
	}
	for (u32 k = 0; all && k < 3; k++) {
		struct spent *most_of = all;

		for (u32 i = 0; i < SPENT_LINES; i++)
			if (all[i].n > most_of->n)
				most_of = &all[i];
		if (!most_of->n)
			break;
		str_printf(s, "%s%s (%llu %%)", k ? ", " : "", tale_at(t, most_of->insn),
			   (unsigned long long)(most_of->n * 100 / sum));
		most_of->n = 0;
	}
}

WORD(type)
{
	const struct rule_prog *rule = rules_prog(t->v->prog->type);

	if (rule)
		str_printf(s, "%s", rule->name);
	else
		str_printf(s, "%u", t->v->prog->type);
}

static const struct {
	const char *name;
	void (*say)(struct tale *t, struct str *s);
} words[] = {
#define ROW(name) \
	{ \
#name, word_##name \
	}
	ROW(limit_size),
	ROW(size_limit),
	ROW(here),
	ROW(call_name),
	ROW(room),
	ROW(made_at),
	ROW(origin),
	ROW(call_cleared),
	ROW(cleared_at),
	ROW(kernel),
	ROW(reg),
	ROW(name),
	ROW(value),
	ROW(is),
	ROW(map),
	ROW(memory),
	ROW(limit),
	ROW(size),
	ROW(bytes),
	ROW(required),
	ROW(offsets),
	ROW(range),
	ROW(witness),
	ROW(most),
	ROW(or_mask),
	ROW(packet_known),
	ROW(helper),
	ROW(call_here),
	ROW(arg),
	ROW(takes),
	ROW(unwritten),
	ROW(access),
	ROW(release),
	ROW(returns),
	ROW(witness_return),
	ROW(stacks),
	ROW(spent),
	ROW(type),
};

/* False: no word; a brace stands for itself. */
static bool say_word(struct tale *t, struct str *s, const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i].name) == len && !memcmp(words[i].name, name, len)) {
			words[i].say(t, s);
			return true;
		}
	return false;
}

const char *tale_expand(struct tale *t, const char *template)
{
	struct str s = {0};
	const char *text;

	for (const char *at = template; at && *at;) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;

		if (end && say_word(t, &s, at + 1, (size_t)(end - at - 1)))
			at = end + 1;
		else
			str_append(&s, at++, 1);
	}
	text = s.len ? arena_strndup(t->arena, s.s, s.len) : NULL;
	str_free(&s);
	return text;
}
