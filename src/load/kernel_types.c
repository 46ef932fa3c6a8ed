#include "kernel_types.h"
#include <stdio.h>
#include "btf.h"

enum { NAME_MOST = 256 };

/* Source: Documentation/bpf/libbpf/program_types.rst and what the names in the kernel's
 * BTF are. */
static const struct {
	enum skep_attach_type attach;
	const char *prefix;
	u32 kind;
} targets[] = {
	{SKEP_TRACE_RAW_TP, "btf_trace_", SKEP_BTF_KIND_TYPEDEF},
	{SKEP_TRACE_FENTRY, "", SKEP_BTF_KIND_FUNC},
	{SKEP_TRACE_FEXIT, "", SKEP_BTF_KIND_FUNC},
	{SKEP_MODIFY_RETURN, "", SKEP_BTF_KIND_FUNC},
	{SKEP_TRACE_ITER, "bpf_iter_", SKEP_BTF_KIND_FUNC},
	{SKEP_LSM_MAC, "bpf_lsm_", SKEP_BTF_KIND_FUNC},
	{SKEP_LSM_CGROUP, "bpf_lsm_", SKEP_BTF_KIND_FUNC},
};

u32 kernel_target(const struct skep_btf *vmlinux, const struct section_row *row,
		  const char *target)
{
	char name[NAME_MOST];

	for (size_t i = 0; i < ARRAY_SIZE(targets) && *target; i++) {
		if (targets[i].attach != row->attach_type)
			continue;
		snprintf(name, sizeof(name), "%s%s", targets[i].prefix, target);
		return skep_btf_find(vmlinux, name, targets[i].kind);
	}
	return 0;
}

u32 kernel_symbol(const struct skep_btf *vmlinux, const char *name, u32 kind)
{
	const char *flavour = strstr(name, "___");
	char plain[NAME_MOST];

	if (!flavour || flavour == name)
		return skep_btf_find(vmlinux, name, kind);
	snprintf(plain, sizeof(plain), "%.*s", (int)(flavour - name), name);
	return skep_btf_find(vmlinux, plain, kind);
}

int kernel_member(const struct skep_btf *btf, u32 type, const char *name)
{
	const struct skep_btf_type *t = btf_type(btf, type);
	const struct skep_btf_member *m = btf_tail(t);

	for (u32 i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf_str(btf, m[i].name_off), name))
			return (int)i;
	return -1;
}
