/* case_verify.c - see case_verify.h */
#include "case_verify.h"
#include <errno.h>
#include <skep/load.h>
#include <stdio.h>
#include "log.h"
#include "mem.h"
#include "os.h"

static void describe_map(struct case_verify *v, const struct case_map *from,
			 struct verify_map *to, struct btf_field *fields)
{
	to->type = from->type;
	to->key_size = from->key_size;
	to->value_size = from->value_size;
	to->max_entries = from->max_entries;
	to->flags = from->flags;
	to->inner = from->inner >= 0 ? &v->maps[from->inner] : NULL;
	to->btf = from->btf >= 0 ? v->btfs[from->btf] : NULL;
	to->key_type = from->key_type;
	to->value_type = from->value_type;
	if (from->flags & SKEP_F_RDONLY_PROG)
		to->frozen = from->frozen.at;
	memcpy(to->name, from->name, strlen(from->name));
	verify_find_fields(to, fields);
}

static int describe_maps(struct case_verify *v, const struct vcase *c)
{
	v->maps = mem_alloc(c->maps.n + 1, sizeof(*v->maps));
	v->fields = mem_alloc(c->maps.n + 1, BTF_FIELDS * sizeof(*v->fields));
	if (!v->maps || !v->fields)
		return -ENOMEM;
	for (size_t i = 0; i < c->maps.n; i++)
		describe_map(v, &c->maps.at[i], &v->maps[i], &v->fields[i * BTF_FIELDS]);
	v->prog.maps = v->maps;
	return 0;
}

static int open_btfs(struct case_verify *v, const struct vcase *c, struct skep_log *log)
{
	size_t i;
	int err = 0;

	v->btfs = mem_alloc(c->btfs.n + 1, sizeof(struct skep_btf *));
	if (!v->btfs)
		return -ENOMEM;
	for (i = 0; i < c->btfs.n && !err; i++) {
		err = skep_btf_parse(&v->btfs[i], c->btfs.at[i].at, c->btfs.at[i].len,
				     NULL, c->name, log);
		v->nbtfs = i + 1;
	}
	return err;
}

static void describe_prog(struct verify_prog *p, const struct vcase *c, u32 target_id)
{
	p->type = c->type;
	p->attach_type = c->attach_type;
	p->flags = c->flags;
	p->gpl = verify_is_gpl(c->license);
	p->code = c->code;
	p->n = c->n;
	p->nmaps = (u32)c->maps.n;
	p->func_info = c->func_info.at;
	p->func_info_size = c->func_info_size;
	if (c->func_info.len)
		p->nfunc_info = c->func_info.len / c->func_info_size;
	p->line_info = c->line_info.at;
	p->line_info_size = c->line_info_size;
	if (c->line_info.len)
		p->nline_info = c->line_info.len / c->line_info_size;
	p->attach_btf_id = target_id;
	memcpy(p->name, c->prog_name, strlen(c->prog_name));
}

int case_verify_open(struct case_verify *v, const struct vcase *c, u32 target_id,
		     struct skep_log *log)
{
	int cpus = skep_possible_cpus(skep_sys_kernel());
	int err = open_btfs(v, c, log);

	if (!err)
		err = describe_maps(v, c);
	if (err)
		return err;
	describe_prog(&v->prog, c, target_id);
	if (c->prog_btf >= 0)
		v->prog.btf = v->btfs[c->prog_btf];
	v->profile = (struct profile){.bpf = c->caps & CASE_BPF,
				      .perfmon = c->caps & CASE_PERFMON,
				      .net_admin = c->caps & CASE_NET_ADMIN,
				      .admin = c->caps & CASE_ADMIN,
				      .vmlinux = case_vmlinux(),
				      .variables = c->ksyms.n && os_names_variables(),
				      .cpus = (u32)MAX(cpus, 0)};
	return 0;
}

void case_verify_close(struct case_verify *v)
{
	size_t i;

	for (i = 0; i < v->nbtfs; i++)
		skep_btf_free(v->btfs[i]);
	mem_free(v->btfs);
	mem_free(v->maps);
	mem_free(v->fields);
}
