/* BPF_PROG_LOAD, and the verifier's words when it says no. */
#include "loaded.h"
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include "msg.h"
#include "os.h"

enum { LOG_SIZE = 16 << 20, TRIES = 5 };

/* Programs name maps by number until their descriptors are known. */
static void set_map_fds(struct plan_prog *pp)
{
	for (struct plan_ref *r = pp->refs; r; r = r->next)
		pp->insns[r->insn].imm = r->map->pub->fd;
}

static void fill_attr(const struct skep_object *obj, const struct plan_prog *pp,
		      union skep_attr *attr)
{
	const struct skep_object_prog *prog = pp->func->prog;

	attr->prog_type = prog->type;
	attr->insn_cnt = pp->n;
	attr->insns = u64_of(pp->insns);
	attr->license = u64_of(obj->o.license);
	attr->kern_version = obj->o.version;
	attr->prog_flags = prog->flags;
	attr->expected_attach_type = prog->attach_type;
	snprintf(attr->prog_name, sizeof(attr->prog_name), "%.15s", prog->name);
	if (obj->btf_fd < 0 || !pp->funcs)
		return;
	attr->prog_btf_fd = (u32)obj->btf_fd;
	attr->func_info = u64_of(pp->funcs);
	attr->func_info_cnt = pp->n_funcs;
	attr->func_info_rec_size = sizeof(*pp->funcs);
	attr->line_info = u64_of(pp->lines);
	attr->line_info_cnt = pp->n_lines;
	attr->line_info_rec_size = sizeof(*pp->lines);
}

/* A signal may interrupt the verifier. */
static int load_prog(struct skep_sys *sys, union skep_attr *attr)
{
	int fd = -EAGAIN;

	for (int i = 0; i < TRIES && fd == -EAGAIN; i++)
		fd = load_bpf(sys, SKEP_PROG_LOAD, attr);
	return fd;
}

const char *load_last_words(const char *text, size_t *len)
{
	const char *best = NULL;

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (n && strncmp(line, "processed ", 10) &&
		    strncmp(line, "verification time", 17)) {
			best = line;
			*len = n;
		}
		line += n + (line[n] == '\n');
	}
	return best;
}

static void explain(struct skep_object *obj, const struct plan_prog *pp, int err,
		    const char *text)
{
	const struct skep_object_prog *prog = pp->func->prog;
	char why[256];
	size_t len = 0;
	const char *words = load_last_words(text, &len);

	snprintf(why, sizeof(why), "%.*s%s%s", (int)MIN(len, 160u), words ? words : "",
		 words ? ": " : "", load_errno(err));
	log_printf(obj->o.p.log, msg_load_prog, obj->o.name, prog->section, prog->name,
		   obj->sys->name, why);
}

/* The log may be long and most of it is rarely written, so it is mapped, not allocated.
 */
static int load_with_log(struct skep_object *obj, const struct plan_prog *pp,
			 union skep_attr *attr, u32 level)
{
	char *text = os_map_anon(LOG_SIZE);
	int fd;

	if (!text)
		return -ENOMEM;
	attr->log_level = level;
	attr->log_buf = u64_of(text);
	attr->log_size = LOG_SIZE;
	fd = load_prog(obj->sys, attr);
	text[LOG_SIZE - 1] = '\0';
	if (fd < 0)
		explain(obj, pp, fd, text);
	log_printf(obj->o.p.log, "%s", text);
	munmap(text, LOG_SIZE);
	return fd;
}

static int load_one(struct skep_object *obj, struct plan_prog *pp)
{
	union skep_attr attr = {0};
	int fd = load_ksyms(obj, pp);

	if (fd)
		return fd;
	set_map_fds(pp);
	fill_attr(obj, pp, &attr);
	fd = load_target(obj, pp, &attr);
	if (fd)
		return fd;
	fd = -1;
	if (!obj->opts.log_level)
		fd = load_prog(obj->sys, &attr);
	if (fd < 0)
		fd = load_with_log(obj, pp, &attr,
				   obj->opts.log_level ? obj->opts.log_level : 1);
	pp->func->prog->fd = fd < 0 ? -1 : fd;
	return fd < 0 ? fd : 0;
}

int load_progs(struct skep_object *obj)
{
	u32 n = 0;

	for (u32 i = 0; i < obj->plan.n_progs; i++) {
		struct plan_prog *pp = &obj->plan.progs[i];
		int err;

		if (pp->func->prog->skip) /* said after it was planned */
			continue;
		err = load_one(obj, pp);
		if (err)
			return err;
		n++;
	}
	if (n)
		return 0;
	log_printf(obj->o.p.log, msg_load_no_progs, obj->o.name);
	return -ENOENT;
}
