/* BPF_PROG_LOAD: a program is checked as far as the interpreter needs it, and becomes an
 * object. Errnos are those of Linux 6.18. */
#include "btf_object.h"
#include "cmd.h"
#include "exec.h"
#include "heap.h"
#include "helper.h"
#include "msg.h"
#include "pass.h"
#include "prog_stream.h"
#include "prog_verify.h"
#include "rules.h"
#include "sha256.h"
#include "verify.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>

/* Everything is the pass's own, but for the uses of objects, which loading_end drops. */
struct loading {
	struct pass pass;
	struct store *store;
	const union skep_attr *attr;
	const struct prog_type *type;
	u32 attach_type;
	struct skep_insn *code; /* n slots, as the region will hold them */
	struct insn *insns;
	u8 *faults;	     /* of each encoding: enum insn_fault */
	bool *seen, *narrow; /* by the verifier */
	u32 *made;	     /* by it: types of objects that calls make */
	bool writes;	     /* to its streams */
	struct prog_made made_types[PROG_MADE];
	u32 nmade;
	u32 n;
	bool gpl, read; /* all that the kernel takes in before it opens the log */
	int log_err;
	char license[128];
	struct map *maps[SKEP_MAX_USED_MAPS];
	u32 nmaps;
	const struct skep_btf
		*vmlinux; /* NULL: the program names nothing of the kernel */
	struct prog_kfunc *kfuncs;
	u32 nkfuncs;
	u32 btf_id;
	struct verify_result result;
	u8 tag[SKEP_TAG_SIZE];
	u8 *func_info, *line_info; /* records of the size that the user gave */
};

enum { MAX_INSNS_UNPRIVILEGED = 4096 };

#define refuse(l, err, ...) pass_throw(&(l)->pass, err, __VA_ARGS__)

/* As the kernel's bpf_obj_name_cpy: nothing behind the first 0, and a 0 within the field.
 */
static bool is_name(const char name[SKEP_OBJ_NAME_LEN])
{
	size_t len = strnlen(name, SKEP_OBJ_NAME_LEN);

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '.')
			return false;
	return len < SKEP_OBJ_NAME_LEN;
}

/* Linux names these types' attach type only since they have more than one. */
static u32 usual_attach_type(const union skep_attr *attr)
{
	u32 type = attr->prog_type, attach_type = attr->expected_attach_type;

	if (!attach_type && type == SKEP_PROG_TYPE_CGROUP_SOCK)
		return SKEP_CGROUP_INET_SOCK_CREATE;
	if (!attach_type && type == SKEP_PROG_TYPE_SK_REUSEPORT)
		return SKEP_SK_REUSEPORT_SELECT;
	return attach_type;
}

/* What it is to be attached to. */
static void check_target(struct loading *l)
{
	const union skep_attr *attr = l->attr;
	const struct rule_prog *rule = rules_prog(attr->prog_type);

	if (attr->attach_prog_fd)
		refuse(l, EINVAL, msg_load_unused, "attach_prog_fd");
	if (attr->attach_btf_id && !(rule && rule->btf))
		refuse(l, EINVAL, msg_load_unused, "attach_btf_id");
	if (rule && rules_attach(attr->prog_type, attr->expected_attach_type))
		refuse(l, EINVAL, msg_load_attach, rule->name,
		       attr->expected_attach_type);
	l->attach_type = usual_attach_type(attr);
}

static void check_attr(struct loading *l)
{
	const union skep_attr *attr = l->attr;
	const u32 flags =
		SKEP_F_STRICT_ALIGNMENT | SKEP_F_ANY_ALIGNMENT | SKEP_F_TEST_STATE_FREQ |
		SKEP_F_SLEEPABLE | SKEP_F_TEST_RND_HI32 | SKEP_F_XDP_HAS_FRAGS |
		SKEP_F_XDP_DEV_BOUND_ONLY | SKEP_F_TEST_REG_INVARIANTS | SKEP_F_TOKEN_FD;
	const bool may = store_privileged(l->store);
	const u32 most = may ? SKEP_MAX_INSNS : MAX_INSNS_UNPRIVILEGED;

	if (attr->prog_flags & ~flags)
		refuse(l, EINVAL, msg_load_flags, attr->prog_flags & ~flags);
	if (attr->prog_flags & SKEP_F_TOKEN_FD) /* no fd is one */
		refuse(l, fcntl(attr->prog_token_fd, F_GETFD) < 0 ? EBADF : EINVAL,
		       msg_load_token, attr->prog_token_fd);
	if (!attr->insn_cnt || attr->insn_cnt > most)
		refuse(l, E2BIG, msg_load_size, attr->insn_cnt, most);
	if (!may && attr->prog_type != SKEP_PROG_TYPE_SOCKET_FILTER &&
	    attr->prog_type != SKEP_PROG_TYPE_CGROUP_SKB)
		refuse(l, EPERM, msg_load_rights, attr->prog_type);
	check_target(l);
}

static void check_type(struct loading *l)
{
	l->type = prog_type(l->attr->prog_type);
	if (!l->type && prog_type_refusal(l->attr->prog_type))
		refuse(l, EINVAL, msg_load_type_refused,
		       prog_type_refusal(l->attr->prog_type));
	if (!l->type)
		refuse(l, EINVAL, msg_load_type, l->attr->prog_type);
	if (!is_name(l->attr->prog_name))
		refuse(l, EINVAL, msg_load_name);
}

static void check_device(struct loading *l)
{
	u32 index = l->attr->prog_ifindex;
	bool may = l->attr->prog_type == SKEP_PROG_TYPE_SCHED_CLS ||
		   l->attr->prog_type == SKEP_PROG_TYPE_XDP;
	char name[IF_NAMESIZE];

	if (index)
		refuse(l, may && if_indextoname(index, name) ? EOPNOTSUPP : EINVAL,
		       msg_load_device, index);
}

static void check_sleepable(struct loading *l)
{
	const struct rule_prog *rule = rules_prog(l->attr->prog_type);
	bool asked = l->attr->prog_flags & SKEP_F_SLEEPABLE;

	if (asked ? !rule->sleepable : rule->sleepable_only)
		refuse(l, EINVAL, asked ? msg_load_not_sleepable : msg_load_sleepable,
		       l->type->name);
}

static void copy_in(struct loading *l)
{
	u64 size = (u64)l->attr->insn_cnt * sizeof(l->code[0]);
	int n = user_copy_string(l->license, l->attr->license, sizeof(l->license));

	if (n < 0 && n != -E2BIG)
		refuse(l, EFAULT, msg_load_license);
	l->license[sizeof(l->license) - 1] =
		0; /* longer ones are cut, as in the kernel */
	l->gpl = verify_is_gpl(l->license);
	l->n = l->attr->insn_cnt;
	l->code = pass_alloc(&l->pass, l->n, sizeof(l->code[0]));
	l->insns = pass_alloc(&l->pass, l->n, sizeof(l->insns[0]));
	l->faults = pass_alloc(&l->pass, l->n, sizeof(l->faults[0]));
	l->seen = pass_alloc(&l->pass, l->n, sizeof(l->seen[0]));
	l->narrow = pass_alloc(&l->pass, l->n, sizeof(l->narrow[0]));
	l->made = pass_alloc(&l->pass, l->n, sizeof(l->made[0]));
	if (user_copy_in(l->code, l->attr->insns, size))
		refuse(l, EFAULT, msg_load_insns);
}

/* Linux refuses most faults of encoding only where a path comes to them, and so does the
 * verifier; who does not ask it refuses all. */
static int decode(struct loading *l)
{
	if (runs_opts(store_runs(l->store))->unverified)
		return insn_decode(l->code, l->n, l->insns, l->pass.log);
	insn_decode_all(l->code, l->n, l->insns, l->faults);
	return 0;
}

/* Pointers into an arena have 32 bits, and so has what is computed with them; where Linux
 * shifts by more than there are, the processor looks at the lowest 5 bits. */
static void make_narrow(struct skep_insn *in)
{
	u8 op = in->code & 0xf0;

	in->code = (in->code & ~7) | SKEP_ALU;
	if (!(in->code & SKEP_X) && (op == SKEP_LSH || op == SKEP_RSH || op == SKEP_ARSH))
		in->imm &= 31;
}

/* Which instruction comes after which, and which functions there are. */
static bool is_flow(const struct insn *in)
{
	return op_info[in->op].class == class_jmp || in->op == op_ja ||
	       in->op == op_gotol || in->op == op_may_goto || in->op == op_exit ||
	       in->op == op_call_local || in->op == op_lddw || in->op == op_none;
}

/* What no path comes to does nothing but go where it went, and the fields that Linux does
 * not look at become 0: everybody can decode the region then, and verify it again. */
static int settle_code(struct loading *l)
{
	static const struct skep_insn nothing = {.code = 0xbf}; /* r0 = r0 */

	for (u32 i = 0; i < l->n; i++) {
		const struct insn *in = &l->insns[i];

		if (!l->seen[i] && !is_flow(in))
			l->code[i] = nothing;
		else if (l->faults[i])
			insn_encode(in, &l->code[i]);
		else if (l->seen[i] && l->narrow[i])
			make_narrow(&l->code[i]);
		else if (in->op == op_exit)
			l->code[i].off = 0;
		else if (in->op == op_lddw && in->src == SKEP_PSEUDO_FUNC)
			l->code[i + 1].imm = 0;
	}
	return insn_decode(l->code, l->n, l->insns, l->pass.log);
}

static bool is_map_reference(const struct insn *in)
{
	return in->op == op_lddw && in->src != SKEP_PSEUDO_CONST &&
	       in->src != SKEP_PSEUDO_FUNC && in->src != SKEP_PSEUDO_BTF_ID;
}

/* The kernel's tag: SHA-256 of the code with map references blanked out, 8 bytes of it.
 */
static void make_tag(struct loading *l)
{
	struct skep_insn *plain = pass_alloc(&l->pass, l->n, sizeof(*plain));
	u8 digest[32];

	memcpy(plain, l->code, l->n * sizeof(*plain));
	for (u32 i = 0; i + 1 < l->n; i++)
		if (plain[i].code == 0x18 && (plain[i].src_reg == SKEP_PSEUDO_MAP_FD ||
					      plain[i].src_reg == SKEP_PSEUDO_MAP_VALUE))
			plain[i].imm = plain[i + 1].imm = 0;
	sha256(plain, l->n * sizeof(*plain), digest);
	memcpy(l->tag, digest, sizeof(l->tag));
}

/* ---- maps ---- */

static int fd_of_reference(struct loading *l, const struct insn *in, u32 at)
{
	s32 fd = (s32)in->imm;

	if (in->src == SKEP_PSEUDO_MAP_FD || in->src == SKEP_PSEUDO_MAP_VALUE)
		return fd;
	if (!l->attr->fd_array)
		refuse(l, EPROTO, msg_load_fd_array, at);
	if (user_copy_in(&fd, l->attr->fd_array + (u64)(u32)in->imm * sizeof(fd),
			 sizeof(fd)))
		refuse(l, EFAULT, msg_load_fd_array, at);
	return fd;
}

/* Keeps the use of `map`; the index among the program's maps. */
static u32 use_map(struct loading *l, struct map *map)
{
	for (u32 i = 0; i < l->nmaps; i++)
		if (l->maps[i] == map) {
			object_put(&map->obj);
			return i;
		}
	if (l->nmaps == SKEP_MAX_USED_MAPS) {
		object_put(&map->obj);
		refuse(l, E2BIG, msg_load_maps, SKEP_MAX_USED_MAPS);
	}
	l->maps[l->nmaps] = map;
	return l->nmaps++;
}

static void check_direct_value(struct loading *l, const struct map *map, u32 at, u32 off)
{
	bool array = map->info.type == SKEP_MAP_TYPE_ARRAY;

	if (map->info.type == SKEP_MAP_TYPE_ARENA)
		return; /* the verifier knows */
	if (!array || map->info.max_entries != 1)
		refuse(l, array ? ENOTSUPP : EINVAL, msg_load_direct, at, map->info.name);
	if (off >= map->info.value_size)
		refuse(l, EINVAL, msg_load_direct_off, at, off, map->info.name,
		       map->info.value_size);
}

/* Map fds become indices of this program's list, in the code that the region holds. */
static void resolve_map(struct loading *l, u32 at)
{
	struct insn *in = &l->insns[at];
	bool value =
		in->src == SKEP_PSEUDO_MAP_VALUE || in->src == SKEP_PSEUDO_MAP_IDX_VALUE;
	int fd = fd_of_reference(l, in, at);
	u32 off = (u32)((u64)in->imm >> 32), idx;
	struct object *obj;
	int err = object_get(l->store, fd, OBJECT_MAP, &obj, NULL);

	if (err)
		refuse(l, -err, msg_load_map_fd, at, fd);
	idx = use_map(l, container_of(obj, struct map, obj));
	if (value)
		check_direct_value(l, l->maps[idx], at, off);
	else if (off)
		refuse(l, EINVAL, msg_load_map_field, at, off);
	l->code[at].src_reg = value ? SKEP_PSEUDO_MAP_IDX_VALUE : SKEP_PSEUDO_MAP_IDX;
	l->code[at].imm = (s32)idx;
}

/* With fd_array_cnt the program uses all that fd_array has, named or not. */
static void use_fd(struct loading *l, u32 at)
{
	struct object *obj;
	s32 fd;
	int err;

	if (user_copy_in(&fd, l->attr->fd_array + at * sizeof(fd), sizeof(fd)))
		refuse(l, EFAULT, msg_load_fd_array_read, at);
	err = object_get(l->store, fd, 0, &obj, NULL);
	if (!err && obj->kind == OBJECT_MAP) {
		use_map(l, container_of(obj, struct map, obj));
		return;
	}
	if (!err) {
		err = obj->kind == OBJECT_BTF ? 0 : -EINVAL;
		object_put(obj);
	}
	if (err)
		refuse(l, -err, msg_load_fd_array_fd, at, fd);
}

static void use_fd_array(struct loading *l)
{
	for (u32 i = 0; i < l->attr->fd_array_cnt; i++)
		use_fd(l, i);
}

/* The verifier refuses these when it comes to them, before it looks at references that
 * follow. */
static bool ends_references(u8 fault)
{
	return fault && fault != insn_fields && fault != insn_register;
}

static void resolve_maps(struct loading *l)
{
	for (u32 i = 0; i < l->n && !ends_references(l->faults[i]); i++)
		if (is_map_reference(&l->insns[i]))
			resolve_map(l, i);
}

/* Who uses a prog_array must be of the kind of those in it, and the first decides: last
 * of all checks, so that a program that is refused decides nothing. */
static void check_prog_arrays(struct loading *l)
{
	const union skep_attr *attr = l->attr;

	for (u32 i = 0; i < l->nmaps; i++)
		if (l->maps[i]->info.type == SKEP_MAP_TYPE_PROG_ARRAY &&
		    !prog_array_fits(l->maps[i], attr->prog_type, l->attach_type,
				     attr->prog_flags & SKEP_F_XDP_HAS_FRAGS))
			refuse(l, EINVAL, msg_load_prog_array, l->maps[i]->info.name);
}

/* ---- calls ---- */

/* What the verifier refuses as well, for those that do not ask it. */
static void check_use(struct loading *l, u32 at, const struct helper *helper)
{
	u32 type = l->attr->prog_type;
	bool may = helper->types ? helper->types >> type & 1
				 : rules_helper_known(type, l->attach_type,
						      (u32)l->insns[at].imm);

	if (!may)
		refuse(l, EINVAL, msg_load_helper_type, at, l->type->name, helper->name);
	if (helper->gpl_only && !l->gpl)
		refuse(l, EINVAL, msg_load_gpl, at, helper->name, l->license);
	if (helper->may_sleep && !(l->attr->prog_flags & SKEP_F_SLEEPABLE))
		refuse(l, EINVAL, msg_load_may_sleep, at, helper->name);
}

static void check_helper(struct loading *l, u32 at)
{
	u32 id = (u32)l->insns[at].imm;
	const struct helper *helper = helper_of(id);

	if (!helper && helper_refusal(id))
		refuse(l, EINVAL, msg_load_refused, at, helper_refusal(id));
	if (!helper)
		refuse(l, EINVAL, msg_load_helper, at, id);
	if (runs_opts(store_runs(l->store))->unverified)
		check_use(l, at, helper);
}

/* What the engine has not, whatever the verifier thinks of it. */
static void check_calls(struct loading *l)
{
	for (u32 i = 0; i < l->n; i++) {
		if (l->insns[i].op == op_call_helper)
			check_helper(l, i);
		else if (op_info[l->insns[i].op].class == class_packet &&
			 !rules_prog(l->attr->prog_type)->ld_abs)
			refuse(l, EINVAL, msg_load_packet, i, l->type->name);
	}
}

/* ---- what the kernel has ---- */

/* A call without an id is of a function that this kernel has not. */
static bool names_symbol(const struct insn *in)
{
	return (in->op == op_call_kfunc && in->imm) ||
	       (in->op == op_lddw && in->src == SKEP_PSEUDO_BTF_ID);
}

/* The context has pointers to structs of the kernel. */
static bool has_typed_context(const struct loading *l)
{
	return l->attr->attach_btf_id || l->attr->prog_type == SKEP_PROG_TYPE_NETFILTER;
}

/* Pointers to the kernel's structs have its types, for the verifier. */
static bool gives_struct(const struct insn *in)
{
	const struct helper *h =
		in->op == op_call_helper ? helper_of((u32)in->imm) : NULL;

	return h && h->ret == ret_task;
}

static u32 member_offset(const struct skep_btf *btf, const char *type, const char *name)
{
	u32 id = skep_btf_find(btf, type, SKEP_BTF_KIND_STRUCT);
	const struct skep_btf_type *t = id ? btf_type(btf, id) : NULL;
	const struct skep_btf_member *m = t ? btf_tail(t) : NULL;

	for (u32 i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf_str(btf, m[i].name_off), name))
			return btf_member_bit(t, &m[i]) / 8;
	return UINT32_MAX;
}

/* Where members lie that helper_image.c has. */
static void find_image(const struct loading *l, struct prog_info *info)
{
	static const char *const rows[IMAGES][2] = {
#define IMAGE(type, member) {#type, #member},
#include "image.def"
#undef IMAGE
	};

	for (u32 i = 0; i < IMAGES; i++)
		info->image[i] =
			l->vmlinux ? member_offset(l->vmlinux, rows[i][0], rows[i][1])
				   : UINT32_MAX;
}

/* What a kept pointer points to is the kernel's type of that name, or if it has none the
 * program's. */
static bool keeps_objects(const struct map *map)
{
	return (map->info.fields.kinds | map->info.inner.fields.kinds) & FIELD_KPTRS;
}

static void read_types(struct loading *l)
{
	bool typed = has_typed_context(l);

	for (u32 i = 0; i < l->nmaps; i++)
		typed |= keeps_objects(l->maps[i]);
	if (typed)
		l->vmlinux = runs_vmlinux(store_runs(l->store));
	for (u32 i = 0; !l->vmlinux && i < l->n; i++) {
		if (!names_symbol(&l->insns[i]) && !gives_struct(&l->insns[i]))
			continue;
		l->vmlinux = runs_vmlinux(store_runs(l->store));
		if (!l->vmlinux)
			refuse(l, ENOTSUPP, msg_load_no_types, i);
	}
}

/* The verifier asks no more than this; who does not ask it is told here. */
static const char *function_name(struct loading *l, u32 at)
{
	const struct insn *in = &l->insns[at];
	u32 id = (u32)in->imm;

	if (in->off || (u64)in->imm >> 32 || id >= skep_btf_end(l->vmlinux) ||
	    btf_kind_of(l->vmlinux, id) != SKEP_BTF_KIND_FUNC)
		refuse(l, EOPNOTSUPP, msg_load_ksym, at);
	return btf_name(l->vmlinux, id);
}

static void take_kfunc(struct loading *l, u32 at)
{
	const char *name = function_name(l, at), *why = helper_kfunc_refusal(name);
	struct prog_kfunc *k = l->kfuncs;
	u32 id = (u32)l->insns[at].imm, number = helper_kfunc_number(name);

	l->writes |= !strcmp(name, "bpf_stream_vprintk_impl");
	if (!number && why)
		refuse(l, EOPNOTSUPP, msg_load_refused, at, why);
	if (!number)
		refuse(l, EOPNOTSUPP, msg_load_kfunc, at, name);
	if (runs_opts(store_runs(l->store))->unverified)
		check_use(l, at, helper_kfunc(number));
	while (k < l->kfuncs + l->nkfuncs && k->btf_id != id)
		k++;
	if (k == l->kfuncs + PROG_KFUNCS)
		refuse(l, E2BIG, msg_load_kfuncs, PROG_KFUNCS);
	*k = (struct prog_kfunc){id, number};
	l->nkfuncs = MAX(l->nkfuncs, (u32)(k - l->kfuncs) + 1);
}

/* Behind the verifier, whose refusals are the kernel's: what the engine has not. */
static void take_symbols(struct loading *l)
{
	l->kfuncs = pass_alloc(&l->pass, PROG_KFUNCS, sizeof(l->kfuncs[0]));
	for (u32 i = 0; l->vmlinux && i < l->n; i++) {
		if (!names_symbol(&l->insns[i]))
			continue;
		if (l->insns[i].op == op_call_kfunc)
			take_kfunc(l, i);
		else
			function_name(l, i);
	}
}

/* ---- what it makes ---- */

static void describe_type(const struct loading *l, const struct skep_btf *btf, u32 made,
			  struct heap_type *t)
{
	const u32 id = made & ~VERIFY_PERCPU, size = btf_size(btf, id);
	struct btf_field fields[BTF_FIELDS];
	int n = btf_object_fields(btf, id, fields);

	*t = (struct heap_type){.size = size, .copies = 1, .n = n > 0 ? (u32)n : 0};
	if (made & VERIFY_PERCPU) {
		t->size = (u32)round_up(size, 8);
		t->copies = store_slots(l->store);
	}
	for (u32 i = 0; i < t->n; i++) {
		t->at[i].kind = fields[i].kind;
		t->at[i].off = fields[i].off;
	}
}

/* key: what the program knows it by. */
static void take_type(struct loading *l, const struct skep_btf *btf, u32 id, u32 key)
{
	struct heap_type type;
	u32 i = 0;

	while (i < l->nmade && l->made_types[i].btf_id != key)
		i++;
	if (i < l->nmade)
		return;
	if (i == PROG_MADE)
		refuse(l, E2BIG, msg_load_made, PROG_MADE);
	describe_type(l, btf, id, &type);
	l->made_types[i] = (struct prog_made){key, heap_add_type(l->store, &type)};
	if (!l->made_types[i].type)
		refuse(l, ENOMEM, msg_load_memory);
	l->nmade++;
}

static bool makes_cpumask(struct loading *l, u32 at)
{
	return l->insns[at].op == op_call_kfunc && l->insns[at].imm &&
	       !strcmp(function_name(l, at), "bpf_cpumask_create");
}

/* The types that calls make objects of are known to all processes by then. */
static void take_made(struct loading *l)
{
	struct object *obj = NULL;
	u32 id;

	for (u32 i = 0; i < l->n; i++) {
		if (!l->made[i])
			continue;
		if (!obj && (heap_open(l->store, false) ||
			     object_get_id(l->store, OBJECT_BTF, l->btf_id, &obj)))
			refuse(l, ENOMEM, msg_load_memory);
		take_type(l, container_of(obj, struct btf_object, obj)->btf, l->made[i],
			  l->made[i]);
	}
	if (obj)
		object_put(obj);
	for (u32 i = 0; i < l->n; i++) {
		if (!makes_cpumask(l, i))
			continue;
		id = skep_btf_find(l->vmlinux, "bpf_cpumask", SKEP_BTF_KIND_STRUCT);
		if (!id || heap_open(l->store, false))
			refuse(l, ENOMEM, msg_load_memory);
		take_type(l, l->vmlinux, id, PROG_CPUMASK);
	}
}

/* ---- BTF ---- */

/* Records of BTF.ext: the size that the user knows, bounded and a multiple of 4. */
static u8 *copy_records(struct loading *l, const char *what, u64 from, u32 n, u32 size,
			u32 least)
{
	u8 *records;

	if (!n)
		return NULL;
	if (size < least || size > 252 || size % 4)
		refuse(l, EINVAL, msg_load_record, what, size, least);
	if (n > SKEP_MAX_INSNS)
		refuse(l, EINVAL, msg_load_records, what, n);
	records = pass_alloc(&l->pass, n, size);
	if (user_copy_in(records, from, (u64)n * size))
		refuse(l, EFAULT, msg_load_record_address, what);
	return records;
}

static void take_btf(struct loading *l)
{
	const union skep_attr *attr = l->attr;
	struct object *obj;
	int err;

	if (!attr->func_info_cnt && !attr->line_info_cnt)
		return; /* the kernel looks at neither prog_btf_fd nor core_relos then */
	if (attr->core_relo_cnt)
		refuse(l, EINVAL, msg_load_unused, "core_relo_cnt");
	err = object_get(l->store, (int)attr->prog_btf_fd, OBJECT_BTF, &obj, NULL);
	if (err)
		refuse(l, -err, msg_load_btf_fd, (int)attr->prog_btf_fd);
	l->btf_id = obj->id;
	object_put(obj);
	l->func_info = copy_records(l, "func_info", attr->func_info, attr->func_info_cnt,
				    attr->func_info_rec_size, 8);
	l->line_info = copy_records(l, "line_info", attr->line_info, attr->line_info_cnt,
				    attr->line_info_rec_size, 16);
}

/* ---- the object ---- */

static u8 *put(struct object *obj, u64 *at, u32 *off, const void *data, u64 len)
{
	u8 *to = (u8 *)obj->head + *at;

	if (data)
		memcpy(to, data, len);
	*off = (u32)*at;
	*at += round_up(len, 8);
	return to;
}

static void fill(struct loading *l, struct object *obj)
{
	const union skep_attr *attr = l->attr;
	struct prog_info *info = (struct prog_info *)obj->head->data;
	u64 at = OBJECT_HEAD_SIZE;

	info->type = attr->prog_type;
	info->expected_attach_type = l->attach_type;
	info->flags = attr->prog_flags;
	info->n = l->n;
	info->nmaps = l->nmaps;
	for (u32 i = 0; i < l->nmaps; i++)
		info->maps[i] = l->maps[i]->obj.id;
	info->btf_id = l->btf_id;
	info->gpl = l->gpl;
	info->attach_btf_id = attr->attach_btf_id;
	find_image(l, info);
	info->ctx_end = l->result.ctx_end;
	info->buffer_end = l->result.buffer_end;
	info->key_end = l->result.key_end;
	info->value_end = l->result.value_end;
	info->verified_insns = l->result.processed;
	memcpy(info->tag, l->tag, sizeof(info->tag));
	memcpy(info->name, attr->prog_name, sizeof(info->name));
	memcpy(info->license, l->license, sizeof(info->license) - 1);
	info->func_info_size = attr->func_info_rec_size;
	info->line_info_size = attr->line_info_rec_size;
	info->nfunc_info = l->func_info ? attr->func_info_cnt : 0;
	info->nline_info = l->line_info ? attr->line_info_cnt : 0;
	put(obj, &at, &info->insns_off, l->code, l->n * sizeof(l->code[0]));
	info->nkfuncs = l->nkfuncs;
	put(obj, &at, &info->kfuncs_off, l->kfuncs, l->nkfuncs * sizeof(l->kfuncs[0]));
	info->nmade = l->nmade;
	put(obj, &at, &info->made_off, l->made_types,
	    l->nmade * sizeof(l->made_types[0]));
	if (l->writes)
		put(obj, &at, &info->streams_off, NULL,
		    STREAMS * sizeof(struct prog_stream));
	put(obj, &at, &info->func_info_off, l->func_info,
	    (u64)info->nfunc_info * info->func_info_size);
	put(obj, &at, &info->line_info_off, l->line_info,
	    (u64)info->nline_info * info->line_info_size);
}

static u64 region_size(const struct loading *l)
{
	u64 funcs = l->func_info
			    ? (u64)l->attr->func_info_cnt * l->attr->func_info_rec_size
			    : 0;
	u64 lines = l->line_info
			    ? (u64)l->attr->line_info_cnt * l->attr->line_info_rec_size
			    : 0;

	return OBJECT_HEAD_SIZE + l->n * sizeof(l->code[0]) +
	       l->nkfuncs * sizeof(l->kfuncs[0]) + l->nmade * sizeof(l->made_types[0]) +
	       (l->writes ? STREAMS * sizeof(struct prog_stream) : 0) +
	       round_up(funcs, 8) + round_up(lines, 8);
}

static int make_object(struct loading *l)
{
	struct object *obj;
	int err = object_create(l->store, OBJECT_PROG, region_size(l), &obj);

	if (err)
		refuse(l, -err, msg_load_memory);
	fill(l, obj);
	err = object_ready(obj, O_RDWR);
	if (err < 0)
		refuse(l, -err, msg_load_memory);
	return err;
}

/* By the verifier, or as far as the interpreter needs it. */
static int check_program(struct loading *l)
{
	const union skep_attr *attr = l->attr;
	struct verify_prog prog = {
		.type = attr->prog_type,
		.attach_type = l->attach_type,
		.flags = attr->prog_flags,
		.attach_btf_id = attr->attach_btf_id,
		.gpl = l->gpl,
		.code = l->code,
		.seen = l->seen,
		.narrow = l->narrow,
		.made = l->made,
		.n = l->n,
		.nmaps = l->nmaps,
		.func_info = l->func_info,
		.line_info = l->line_info,
		.nfunc_info = l->func_info ? attr->func_info_cnt : 0,
		.func_info_size = attr->func_info_rec_size,
		.nline_info = l->line_info ? attr->line_info_cnt : 0,
		.line_info_size = attr->line_info_rec_size,
	};
	int err;

	memcpy(prog.name, attr->prog_name, sizeof(prog.name) - 1);
	if (runs_opts(store_runs(l->store))->unverified)
		return insn_check_flow(l->insns, l->n, l->pass.log);
	err = prog_verify(l->store, &prog, l->btf_id, l->maps, l->vmlinux,
			  attr->log_level, l->pass.log, &l->result);
	if (!err)
		err = settle_code(l);
	return err ? err : insn_check_flow(l->insns, l->n, l->pass.log);
}

static int load(struct loading *l)
{
	int err;

	if (!pass_try(&l->pass))
		return l->pass.err;
	check_attr(l);
	copy_in(l);
	check_type(l);
	check_device(l);
	l->read = true;
	if (l->log_err)
		return l->log_err;
	err = decode(l);
	if (err)
		return err;
	make_tag(l);
	take_btf(l);
	use_fd_array(l);
	resolve_maps(l);
	read_types(l);
	check_sleepable(l);
	err = check_program(l);
	if (err)
		return err;
	check_calls(l);
	take_symbols(l);
	take_made(l);
	check_prog_arrays(l);
	return make_object(l);
}

int cmd_prog_load(struct store *store, union skep_attr *attr)
{
	struct loading l = {.store = store, .attr = attr};
	struct user_log ul;
	u32 true_size;
	int err, told;

	l.log_err = user_log_open(&ul, attr->log_level, attr->log_buf, attr->log_size);
	l.pass.log = l.log_err ? NULL : &ul.log;
	err = load(&l);
	while (l.nmaps)
		object_put(&l.maps[--l.nmaps]->obj);
	arena_free(&l.pass.arena);
	if (l.log_err)
		return err;
	told = user_log_finish(&ul, err, &true_size);
	if (!l.read) /* there is no log yet that could be too small */
		return err;
	attr->log_true_size = true_size;
	return told;
}
