/* What a global function takes, by its BTF: whoever calls it has to pass it, and it is
 * verified for all of it. */
#include "call.h"
#include <errno.h>
#include <stdlib.h>

/* "arg:ctx" and so on, declaration tags of a parameter. */
enum arg_tag {
	tag_ctx = 1,
	tag_trusted = 2,
	tag_untrusted = 4,
	tag_nonnull = 8,
	tag_nullable = 16,
	tag_arena = 32,
};

static const struct {
	const char *name;
	enum arg_tag tag;
} tags[] = {
	{"ctx", tag_ctx},
	{"trusted", tag_trusted},
	{"untrusted", tag_untrusted},
	{"nonnull", tag_nonnull},
	{"nullable", tag_nullable},
	{"arena", tag_arena},
};

/* The struct that a program of the type is given, as its BTF calls it. */
static const char *const contexts[] = {
	[SKEP_PROG_TYPE_SOCKET_FILTER] = "__sk_buff",
	[SKEP_PROG_TYPE_KPROBE] = "pt_regs",
	[SKEP_PROG_TYPE_SCHED_CLS] = "__sk_buff",
	[SKEP_PROG_TYPE_SCHED_ACT] = "__sk_buff",
	[SKEP_PROG_TYPE_XDP] = "xdp_md",
	[SKEP_PROG_TYPE_PERF_EVENT] = "bpf_perf_event_data",
	[SKEP_PROG_TYPE_CGROUP_SKB] = "__sk_buff",
	[SKEP_PROG_TYPE_CGROUP_SOCK] = "bpf_sock",
	[SKEP_PROG_TYPE_LWT_IN] = "__sk_buff",
	[SKEP_PROG_TYPE_LWT_OUT] = "__sk_buff",
	[SKEP_PROG_TYPE_LWT_XMIT] = "__sk_buff",
	[SKEP_PROG_TYPE_SOCK_OPS] = "bpf_sock_ops",
	[SKEP_PROG_TYPE_SK_SKB] = "__sk_buff",
	[SKEP_PROG_TYPE_CGROUP_DEVICE] = "bpf_cgroup_dev_ctx",
	[SKEP_PROG_TYPE_SK_MSG] = "sk_msg_md",
	[SKEP_PROG_TYPE_RAW_TRACEPOINT] = "bpf_raw_tracepoint_args",
	[SKEP_PROG_TYPE_CGROUP_SOCK_ADDR] = "bpf_sock_addr",
	[SKEP_PROG_TYPE_LWT_SEG6LOCAL] = "__sk_buff",
	[SKEP_PROG_TYPE_SK_REUSEPORT] = "sk_reuseport_md",
	[SKEP_PROG_TYPE_FLOW_DISSECTOR] = "__sk_buff",
	[SKEP_PROG_TYPE_CGROUP_SYSCTL] = "bpf_sysctl",
	[SKEP_PROG_TYPE_RAW_TRACEPOINT_WRITABLE] = "bpf_raw_tracepoint_args",
	[SKEP_PROG_TYPE_CGROUP_SOCKOPT] = "bpf_sockopt",
	[SKEP_PROG_TYPE_SK_LOOKUP] = "bpf_sk_lookup",
	[SKEP_PROG_TYPE_NETFILTER] = "bpf_nf_ctx",
};

const char *func_context(u32 type)
{
	return type < ARRAY_SIZE(contexts) ? contexts[type] : NULL;
}

static u32 tag_of(struct verifier *v, u32 arg, const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(tags); i++) {
		if (!strcmp(name, tags[i].name))
			return tags[i].tag;
	}
	refuse(v, arg_tag_unknown, arg);
}

static int compare_tags(const void *a, const void *b)
{
	const struct arg_tag_of *x = a, *y = b;

	return x->func != y->func ? (x->func < y->func ? -1 : 1)
	       : x->arg != y->arg ? (x->arg < y->arg ? -1 : 1)
				  : (x->id > y->id) - (x->id < y->id);
}

/* "arg:..." of a function's parameter. */
static bool is_arg_tag(const struct skep_btf *btf, const struct skep_btf_type *t)
{
	return btf_kind(t) == SKEP_BTF_KIND_DECL_TAG &&
	       btf_kind_of(btf, t->type) == SKEP_BTF_KIND_FUNC &&
	       !strncmp(btf_str(btf, t->name_off), "arg:", 4);
}

/* All of the program's, by function and parameter: types may be many, and functions. */
static void find_tags(struct verifier *v, struct calls *c)
{
	const struct skep_btf *btf = v->prog->btf;
	u32 n = 0;

	for (u32 id = 1; id < btf->end_id; id++)
		n += is_arg_tag(btf, btf_type(btf, id));
	c->tags = pass_alloc(&v->pass, n + 1, sizeof(*c->tags));
	for (u32 id = 1; id < btf->end_id; id++) {
		const struct skep_btf_type *t = btf_type(btf, id);
		const struct skep_btf_decl_tag *tag = btf_tail(t);

		if (is_arg_tag(btf, t))
			c->tags[c->ntags++] =
				(struct arg_tag_of){t->type, (u32)tag->component_idx, id};
	}
	qsort(c->tags, c->ntags, sizeof(*c->tags), compare_tags);
}

/* Of parameter `arg` of the function with that id. */
static u32 tags_of(struct verifier *v, u32 func_id, u32 arg)
{
	const struct arg_tag_of want = {.func = func_id, .arg = arg};
	struct calls *c = calls_of(v);
	u32 found = 0, low = 0, high;

	if (!c->tags)
		find_tags(v, c);
	for (high = c->ntags; low < high;) {
		u32 mid = low + (high - low) / 2;

		if (compare_tags(&c->tags[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < c->ntags && c->tags[low].func == func_id && c->tags[low].arg == arg;
	     low++)
		found |= tag_of(v, arg, btf_name(v->prog->btf, c->tags[low].id) + 4);
	return found;
}

/* Whether the pointer is to what programs of this type call their context. */
bool func_is_context(const struct verifier *v, const struct skep_btf *btf, u32 id)
{
	const char *want = func_context(v->prog->type), *have;
	u32 kind;

	if (v->prog->type == SKEP_PROG_TYPE_KPROBE) {
		u32 at = id;

		while (btf_is_modifier(btf_kind_of(btf, at)) &&
		       btf_kind_of(btf, at) != SKEP_BTF_KIND_TYPEDEF)
			at = btf_type(btf, at)->type;
		if (btf_kind_of(btf, at) == SKEP_BTF_KIND_TYPEDEF &&
		    !strcmp(btf_name(btf, at), "bpf_user_pt_regs_t"))
			return true;
	}
	id = btf_skip(btf, id);
	kind = btf_kind_of(btf, id);
	if (!want || (kind != SKEP_BTF_KIND_STRUCT && kind != SKEP_BTF_KIND_UNION))
		return false;
	have = btf_name(btf, id);
	return !strcmp(have, want) ||
	       (!strcmp(want, "__sk_buff") && !strcmp(have, "sk_buff")) ||
	       (!strcmp(want, "xdp_md") && !strcmp(have, "xdp_buff"));
}

/* What "arg:ctx" may point to beside that. */
static bool may_be_context(const struct verifier *v, u32 id)
{
	const struct skep_btf *btf = v->prog->btf;
	u32 bare = btf_skip(btf, id);

	switch (v->prog->type) {
	case SKEP_PROG_TYPE_TRACEPOINT:
	case SKEP_PROG_TYPE_SYSCALL: return true;
	case SKEP_PROG_TYPE_RAW_TRACEPOINT:
	case SKEP_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
		if (btf_kind_of(btf, bare) == SKEP_BTF_KIND_INT &&
		    btf_size(btf, bare) == 8)
			return true;
		break;
	}
	return !bare || func_is_context(v, btf, id);
}

static const char *kind_name(u32 kind)
{
	static const char *const names[BTF_KINDS] = {
		"UNKNOWN", "INT",      "PTR",	   "ARRAY",	 "STRUCT",
		"UNION",   "ENUM",     "FWD",	   "TYPEDEF",	 "VOLATILE",
		"CONST",   "RESTRICT", "FUNC",	   "FUNC_PROTO", "VAR",
		"DATASEC", "FLOAT",    "DECL_TAG", "TYPE_TAG",	 "ENUM64",
	};

	return names[kind < BTF_KINDS ? kind : 0];
}

static bool is_number(u32 kind)
{
	return kind == SKEP_BTF_KIND_INT || kind == SKEP_BTF_KIND_ENUM ||
	       kind == SKEP_BTF_KIND_ENUM64;
}

/* A pointer to `id` that is no context: to memory of its size. */
static struct func_arg memory_arg(struct verifier *v, u32 arg, u32 id, u32 has)
{
	const struct skep_btf *btf = v->prog->btf;
	struct func_arg out = {.kind = func_mem, .nullable = !(has & tag_nonnull)};
	u32 bare = btf_skip(btf, id), kind = btf_kind_of(btf, bare);

	if (has & tag_nullable)
		refuse(v, arg_tags_clash, arg);
	out.size = btf_size(btf, bare);
	if (out.size == BTF_NO_SIZE || kind == SKEP_BTF_KIND_FUNC)
		refuse(v, arg_no_size, arg, kind_name(kind),
		       bare ? btf_name(btf, bare) : "", -(long)EINVAL);
	return out;
}

static struct func_arg untrusted_arg(struct verifier *v, u32 arg, u32 id, u32 has)
{
	u32 kind = btf_kind_of(v->prog->btf, btf_skip(v->prog->btf, id));

	if (has & ~(u32)tag_untrusted)
		refuse(v, arg_untrusted_clash, arg);
	if (kind && !is_number(kind) && kind != SKEP_BTF_KIND_FLOAT)
		refuse(v, later_arg_btf);
	return (struct func_arg){.kind = func_mem, .untrusted = true};
}

static struct func_arg pointer_arg(struct verifier *v, u32 arg, u32 id, u32 has)
{
	const struct skep_btf *btf = v->prog->btf;

	if (has & tag_ctx || func_is_context(v, btf, id)) {
		if (has & ~(u32)tag_ctx)
			refuse(v, arg_tags_clash, arg);
		if (!may_be_context(v, id))
			refuse(v, later_func,
			       "an argument with the tag ctx of this type");
		return (struct func_arg){.kind = func_ctx};
	}
	if (!strcmp(btf_name(btf, btf_skip(btf, id)), "bpf_dynptr"))
		refuse(v, later_func, "functions that take a dynptr");
	if (has & tag_trusted)
		refuse(v, later_arg_btf);
	if (has & tag_untrusted)
		return untrusted_arg(v, arg, id, has);
	if (has & tag_arena) {
		if (has & ~(u32)tag_arena)
			refuse(v, arg_arena_clash, arg);
		return (struct func_arg){.kind = func_arena};
	}
	return memory_arg(v, arg, id, has);
}

static struct func_arg arg_of(struct verifier *v, u32 func, u32 arg, u32 type)
{
	const struct skep_btf *btf = v->prog->btf;
	u32 id = btf_skip(btf, type), kind = btf_kind_of(btf, id);
	u32 has = tags_of(v, func_btf_id(v, func), arg);

	if (kind == SKEP_BTF_KIND_PTR)
		return pointer_arg(v, arg, btf_type(btf, id)->type, has);
	if (has)
		refuse(v, arg_tag_no_pointer, arg);
	if (!is_number(kind))
		refuse(v, arg_kind, arg, kind_name(kind), func_name(v, func));
	return (struct func_arg){.kind = func_scalar};
}

const struct func_note *func_args(struct verifier *v, u32 func)
{
	struct func_note *note = &calls_of(v)->func[func];
	const struct skep_btf *btf = v->prog->btf;
	const struct skep_btf_type *proto;
	const struct skep_btf_param *params;

	if (note->args_known)
		return note;
	proto = btf_type(btf, btf_type(btf, func_btf_id(v, func))->type);
	params = btf_tail(proto);
	if (btf_vlen(proto) > ARRAY_SIZE(note->arg))
		refuse(v, args_many, func_name(v, func), btf_vlen(proto),
		       (u32)ARRAY_SIZE(note->arg));
	if (!is_number(btf_kind_of(btf, btf_skip(btf, proto->type))))
		refuse(v, global_returns, func_name(v, func));
	for (u32 i = 0; i < btf_vlen(proto); i++)
		note->arg[i] = arg_of(v, func, i, params[i].type);
	note->nargs = btf_vlen(proto);
	note->args_known = true;
	return note;
}
