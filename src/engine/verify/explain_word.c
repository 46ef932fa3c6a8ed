/* Templates of explain.def, and the words that say where, who and what. */
#include <stdlib.h>
#include "call.h"
#include "explain_tale.h"
#include "str.h"

#define WORD(name) void word_##name(struct tale *t, struct str *s)

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

/* The newest branch is the one that left the way on which all is well. */
WORD(leaving)
{
	if (t->nevents && !t->events[0].origin)
		str_printf(s, "on the way from %s to %s", tale_at(t, t->events[0].insn),
			   tale_at(t, t->insn));
	else
		str_printf(s, "before %s", tale_at(t, t->insn));
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

WORD(index)
{
	if (t->name)
		str_printf(s, "the index `%s`", t->name);
	else
		str_printf(s, "the index");
}

WORD(is)
{
	if (t->regno >= 0)
		str_printf(s, "%s", tale_type(t, &t->reg));
}

WORD(map)
{
	const struct verify_map *map = tale_map(t);

	str_printf(s, "%s", map ? map->name : "?");
}

static const char *variable_at(const struct verify_map *map, s64 off)
{
	const struct skep_btf_var_secinfo *var = tale_variable(map, off);

	return var ? btf_name(map->btf, var->type) : NULL;
}

WORD(map_or_variable)
{
	const struct verify_map *map = tale_map(t);
	const char *name = map ? variable_at(map, tale_offset(t)) : NULL;

	if (name)
		str_printf(s, "the global variable `%s`", name);
	else
		str_printf(s, "map '%s'", map ? map->name : "?");
}

static void say_value(struct tale *t, struct str *s)
{
	const struct verify_map *map = reg_map_of(t->v, &t->reg);
	const char *name = variable_at(map, t->reg.off);

	if (name)
		str_printf(s, "the global variables of '%s', at `%s`", map->name, name);
	else
		str_printf(s, "a value of map '%s'", map->name);
}

WORD(memory)
{
	switch (t->reg.type) {
	case reg_value: say_value(t, s); break;
	case reg_key:
		str_printf(s, "a key of map '%s'", reg_map_of(t->v, &t->reg)->name);
		break;
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

WORD(helper)
{
	if (t->in && (t->in->op == op_call_helper || t->in->op == op_call_local ||
		      t->in->op == op_call_kfunc))
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

WORD(type)
{
	const struct rule_prog *rule = rules_prog(t->v->prog->type);

	if (rule)
		str_printf(s, "%s", rule->name);
	else
		str_printf(s, "%u", t->v->prog->type);
}

WORD(insns)
{
	str_printf(s, "%u", t->v->prog->n);
}

WORD(read_it)
{
	u32 bits = (u32)tale_size(t) * 8;

	str_printf(s,
		   "declare a local variable, __u%u v, and read into it: "
		   "bpf_probe_read_kernel(&v, sizeof(v), ",
		   bits ? bits : 64);
	if (tale_member(t))
		str_printf(s, "&%s)", tale_member(t));
	else if (t->name && t->in && tale_offset(t))
		str_printf(s, "(char *)%s + %lld)", t->name, (long long)tale_offset(t));
	else
		str_printf(s, "%s)", t->name ? t->name : "p");
}

/* ---- templates ---- */

static const struct {
	const char *name;
	void (*say)(struct tale *t, struct str *s);
} words[] = {
#undef WORD
#define WORD(name) {#name, word_##name},
#include "explain_word.def"
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
