/* loaded.h - an object, and the phases of loading that touch the other side of the seam
 *
 * Each phase needs what the one before it made and returns 0 or -errno with a message in
 * obj->o.p.log. What they made is closed by load_close(), also after an error.
 */
#ifndef LOADED_H
#define LOADED_H

#include "plan.h"

struct skep_object {
	struct obj o; /* parsed */
	char *path;
	void *file;
	struct load_plan plan;
	bool planned, loaded;

	struct skep_sys *sys;
	struct skep_load_opts opts;
	int btf_fd;			/* -1: none */
	const struct skep_btf *vmlinux; /* the kernel's types, when they were wanted */
	struct skep_btf *own_vmlinux;	/* if no one else's; NULL */
};

int load_kconfig(struct skep_object *obj);    /* fills .kconfig */
int load_btf(struct skep_object *obj);	      /* btf_fd, or a note that there is none */
int load_maps(struct skep_object *obj);	      /* needs btf_fd: fds, contents */
int load_progs(struct skep_object *obj);      /* needs maps: fds */
int load_prog_slots(struct skep_object *obj); /* needs programs: arrays of programs */
int load_globals(struct skep_object *obj);    /* needs maps: their memory */
void load_close(struct skep_object *obj);

/* load_ksyms.c: what a program names of the kernel. 0 or -errno with a message. */
int load_ksyms(struct skep_object *obj, struct plan_prog *pp);
/* attr->attach_btf_id of a program that attaches by it. */
int load_target(struct skep_object *obj, const struct plan_prog *pp,
		union skep_attr *attr);

/* A bpf(2) command with a whole, zeroed attr. */
int load_bpf(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *attr);

/* The line of a log of bpf(2) that says why: the last that is no statistics; or NULL. */
const char *load_last_words(const char *text, size_t *len);

/* What went wrong, for people; err is -errno. */
const char *load_errno(int err);

#endif
