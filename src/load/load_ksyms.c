/* What programs name of the kernel: its functions and variables, and what they attach to.
 * Its BTF has all of them by name. */
#include "loaded.h"
#include <errno.h>
#include "kernel_types.h"
#include "mem.h"
#include "msg.h"

enum { CODE_LDDW = 0x18, TYPES_MOST = 64 << 20, READ = 1 << 20 };

/* A helper id that no kernel has: a call of a weak function that is not there must be
 * dead code, which the verifier removes. */
enum { NO_SUCH_HELPER = 0x7fffff00 };

static void *read_all(struct skep_sys *sys, int fd, size_t *len)
{
	size_t room = 0;
	char *data = NULL;
	ssize_t got = 1;

	for (*len = 0; got > 0 && *len < TYPES_MOST; *len += (size_t)MAX(got, 0)) {
		if (*len == room) {
			char *more = mem_resize(data, room = MAX(2 * room, READ), 1);

			if (!more)
				break;
			data = more;
		}
		got = sys->read(sys, fd, data + *len, room - *len);
	}
	if (!got)
		return data;
	mem_free(data);
	return NULL;
}

/* NULL: there are none. */
static const struct skep_btf *kernel_types(struct skep_object *obj)
{
	struct skep_sys *sys = obj->sys;
	void *data = NULL;
	size_t len;
	int fd;

	if (!obj->vmlinux)
		obj->vmlinux = obj->opts.vmlinux;
	if (obj->vmlinux)
		return obj->vmlinux;
	fd = sys->open(sys, "/sys/kernel/btf/vmlinux");
	if (fd < 0)
		return NULL;
	data = read_all(sys, fd, &len);
	sys->close(sys, fd);
	if (data && skep_btf_parse(&obj->own_vmlinux, data, len, NULL, "vmlinux", NULL))
		obj->own_vmlinux = NULL;
	mem_free(data);
	return obj->vmlinux = obj->own_vmlinux;
}

/* ---- functions and variables ---- */

/* What the object declares it as: a function, a variable with a type, or (0) neither. */
static u32 declared_kind(const struct obj *o, const char *name)
{
	u32 id;

	if (!o->btf)
		return 0;
	if (skep_btf_find(o->btf, name, SKEP_BTF_KIND_FUNC))
		return SKEP_BTF_KIND_FUNC;
	id = skep_btf_find(o->btf, name, SKEP_BTF_KIND_VAR);
	return id && btf_skip(o->btf, btf_type(o->btf, id)->type) ? SKEP_BTF_KIND_VAR : 0;
}

/* Its id in the kernel's BTF; 0: `why` says why there is none. */
static u32 find_ksym(struct skep_object *obj, const struct plan_ksym *k, const char **why)
{
	u32 kind = declared_kind(&obj->o, k->name), id;
	const struct skep_btf *types;

	*why = "it is declared without a type (void), so that nothing is known of it but an "
	       "address, which skep does not look up";
	if (!kind)
		return 0;
	*why = "the kernel's BTF cannot be read (/sys/kernel/btf/vmlinux)";
	types = kernel_types(obj);
	if (!types)
		return 0;
	*why = "the kernel's BTF has none of that name; in its modules skep does not look "
	       "yet";
	id = kernel_symbol(types, k->name, kind);
	return id;
}

static void put_ksym(struct skep_insn *in, u32 id)
{
	if (in->code == CODE_LDDW) {
		in->src_reg = id ? SKEP_PSEUDO_BTF_ID : 0;
		in[0].imm = (s32)id;
		in[1].imm = 0;
		return;
	}
	in->src_reg = id ? SKEP_PSEUDO_KFUNC_CALL : 0;
	in->off = 0;
	in->imm = id ? (s32)id : NO_SUCH_HELPER;
}

int load_ksyms(struct skep_object *obj, struct plan_prog *pp)
{
	const char *why;

	for (const struct plan_ksym *k = pp->ksyms; k; k = k->next) {
		u32 id = find_ksym(obj, k, &why);

		if (!id && !k->weak) {
			log_printf(obj->o.p.log, msg_load_ksym,
				   OBJ_AT(&obj->o, k->sec, k->off), k->name, why);
			return -EOPNOTSUPP;
		}
		put_ksym(&pp->insns[k->insn], id);
	}
	return 0;
}

/* ---- what a program attaches to ---- */

/* The kernel's struct is the attach_btf_id, its member the attach type. NULL: done. */
static const char *set_ops(const struct obj *o, const struct plan_prog *pp,
			   const struct skep_btf *types, union skep_attr *attr)
{
	int index;
	u32 id;

	if (!pp->member)
		return "and no variable of a section .struct_ops has it as a member";
	id = kernel_symbol(types, btf_name(o->btf, pp->ops), SKEP_BTF_KIND_STRUCT);
	index = id ? kernel_member(types, id, pp->member) : -1;
	if (index < 0)
		return "which has no struct and member of those names";
	attr->attach_btf_id = id;
	attr->expected_attach_type = (u32)index;
	return NULL;
}

/* NULL: done; else why not. */
static const char *set_target(struct skep_object *obj, const struct plan_prog *pp,
			      union skep_attr *attr)
{
	const struct obj_func *f = pp->func;
	const char *target = section_target(f->row, f->prog->section);
	const struct skep_btf *types;

	if (attr->prog_type == SKEP_PROG_TYPE_EXT)
		return "and to programs, which skep does not do yet";
	types = kernel_types(obj);
	if (!types)
		return "which cannot be read here (/sys/kernel/btf/vmlinux)";
	if (attr->prog_type == SKEP_PROG_TYPE_STRUCT_OPS)
		return set_ops(&obj->o, pp, types, attr);
	if (!*target)
		return "and the section does not say to what: expected "
		       "SEC(\"fentry/FUNCTION\") and the like";
	attr->attach_btf_id = kernel_target(types, f->row, target);
	return attr->attach_btf_id
		       ? NULL
		       : "which has nothing of that name; in modules skep does "
			 "not look yet";
}

int load_target(struct skep_object *obj, const struct plan_prog *pp,
		union skep_attr *attr)
{
	const struct obj_func *f = pp->func;
	const char *why = f->row->flags & NEEDS_BTF ? set_target(obj, pp, attr) : NULL;

	if (!why)
		return 0;
	log_printf(obj->o.p.log, msg_load_needs_btf,
		   OBJ_AT(&obj->o, f->sec, (u64)f->at * sizeof(struct skep_insn)),
		   f->name, f->prog->section, why);
	return -EOPNOTSUPP;
}
