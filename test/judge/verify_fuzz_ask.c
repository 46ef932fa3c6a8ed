/* verify_fuzz_ask.c - a base and its programs, asked of both verifiers */
#include <errno.h>
#include <skep/isa.h>
#include <stdio.h>
#include <time.h>
#include "btf.h"
#include "log.h"
#include "verify_fuzz.h"

enum {
	LOG = 16 << 10,
	TEXT = 256 << 10,
	LEVEL_STATS = 4,
	SCALE = 1000,
	PROCESSED_MOST = 3000
};

/* ---- bases ---- */

static int open_base(struct fuzz_base *b, struct skep_log *log)
{
	int err;

	case_resolve(&b->c, case_vmlinux(), &b->target_id);
	err = case_open(&b->c, &b->fds, log);
	if (!err)
		err = case_verify_open(&b->v, &b->c, b->target_id, log);
	b->c.line_info = (struct case_bytes){0};
	b->v.prog.line_info = NULL;
	b->v.prog.nline_info = 0;
	b->code = b->c.code;
	b->n = b->c.n;
	b->info = b->c.func_info.at;
	b->info_len = b->c.func_info.len;
	return err;
}

int fuzz_base_generated(struct fuzz_base *b, struct skep_log *log)
{
	int err;

	memset(b, 0, sizeof(*b));
	b->c.name = b->c.group = "generated";
	b->c.prog_name = "";
	b->c.license = "GPL";
	b->c.caps = case_caps();
	b->c.func_info_size = sizeof(struct skep_func_info);
	err = fuzz_describe_base(b);
	return err ? err : open_base(b, log);
}

static void change_geometry(struct case_map *m, u64 *seed)
{
	u32 *what[] = {&m->key_size, &m->value_size, &m->max_entries};
	u32 *to = what[fuzz_pick(seed, 3)];

	if (m->btf < 0 && !m->frozen.at && *to)
		*to += fuzz_pick(seed, 2) ? 1 : -1u;
}

/* The kernel is asked by this process, with its own capabilities. */
int fuzz_base_case(struct fuzz_base *b, const char *path, u64 *seed, struct skep_log *log)
{
	int err;

	memset(b, 0, sizeof(*b));
	err = case_read(&b->c, path, log);
	if (err)
		return err;
	b->c.caps = case_caps();
	if (b->c.maps.n && !fuzz_pick(seed, 4))
		change_geometry(&b->c.maps.at[fuzz_pick(seed, (u32)b->c.maps.n)], seed);
	return open_base(b, log);
}

void fuzz_base_close(struct fuzz_base *b)
{
	case_verify_close(&b->v);
	case_close(&b->c, &b->fds);
	case_free(&b->c);
	vec_free(&b->kernel.tracepoints);
	vec_free(&b->kernel.iterators);
	vec_free(&b->kernel.kfuncs);
}

/* At the exit of a program of struct_ops, Linux 6.18.44 takes what it knows of any
 * pointer in R0 for a type, reads there and dies: programs with random registers are not
 * for it.
 */
static bool kills_the_kernel(const struct vcase *c)
{
	return c->type == SKEP_PROG_TYPE_STRUCT_OPS;
}

bool fuzz_base_program(const struct fuzz_base *b, struct fuzz_prog *p)
{
	const struct vcase *c = &b->c;
	size_t i;

	if (kills_the_kernel(c) || b->n > FUZZ_ROOM / 2 ||
	    c->answer.processed > PROCESSED_MOST || b->info_len > FUZZ_INFO ||
	    c->ksyms.n > FUZZ_KSYMS)
		return false;
	p->n = b->n;
	p->type = c->type;
	p->attach_type = c->attach_type;
	p->flags = c->flags;
	p->features = 0;
	p->target = b->target_id;
	p->info_len = b->info_len;
	memcpy(p->code, b->code, b->n * sizeof(*b->code));
	if (p->info_len)
		memcpy(p->info, b->info, p->info_len);
	memset(p->ksym_at, 0xff, sizeof(p->ksym_at));
	for (i = 0; i < c->ksyms.n; i++)
		p->ksym_at[i] = c->ksyms.at[i].insn;
	return true;
}

/* ---- asking ---- */

static void put_on(struct fuzz_base *b, struct fuzz_prog *p)
{
	struct verify_prog *v = &b->v.prog;

	b->c.code = p->code;
	b->c.n = p->n;
	b->c.type = v->type = p->type;
	b->c.attach_type = v->attach_type = p->attach_type;
	b->c.flags = v->flags = p->flags;
	b->target_id = v->attach_btf_id = p->target;
	v->code = p->code;
	v->n = p->n;
	b->c.prog_btf = p->info_len || b->c.prog_btf > 0 ? MAX(b->c.prog_btf, 0) : -1;
	v->btf = b->c.prog_btf >= 0 ? b->v.btfs[b->c.prog_btf] : NULL;
	b->c.func_info = (struct case_bytes){p->info_len ? p->info : NULL, p->info_len};
	v->func_info = b->c.func_info.at;
	v->func_info_size = b->c.func_info_size;
	v->nfunc_info = p->info_len ? p->info_len / b->c.func_info_size : 0;
}

static void take_message(struct fuzz_side *s, const char *log)
{
	size_t len = strlen(log), from;

	while (len && log[len - 1] == '\n')
		len--;
	for (from = len; from && log[from - 1] != '\n'; from--)
		;
	snprintf(s->message, sizeof(s->message), "%.*s", (int)(len - from), log + from);
}

static u64 cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static void ask_kernel(struct fuzz_base *b, struct fuzz_side *s, char *text)
{
	struct skep_log log = {.buf = text, .size = LOG};
	struct case_answer a;

	case_load(&b->c, &b->fds, b->target_id, LEVEL_STATS, &log, &a);
	case_statistics(text, &a);
	*s = (struct fuzz_side){.err = a.err,
				.processed = a.processed,
				.states = a.states,
				.peak = a.peak};
	s->ns = a.usec * SCALE;
	take_message(s, text);
}

static void ask_ours(struct fuzz_base *b, struct fuzz_side *s, char *text)
{
	struct skep_log log = {.buf = text, .size = LOG};
	struct verify_result r = {0};
	struct case_answer a = {0};
	u64 start = cpu_ns();

	text[0] = 0;
	*s = (struct fuzz_side){0};
	s->err = -verify(&b->v.prog, &b->v.profile, LEVEL_STATS, &log, &r);
	s->ns = cpu_ns() - start;
	s->processed = r.processed;
	s->states = r.states;
	s->peak = r.peak_states;
	case_statistics(text, &a);
	take_message(s, text);
}

void fuzz_ask(struct fuzz_base *b, struct fuzz_prog *p, u32 large, struct fuzz_answer *a)
{
	static char text[LOG];

	put_on(b, p);
	ask_ours(b, &a->ours, text);
	a->kernel = (struct fuzz_side){0};
	a->is_judged = a->ours.processed < large;
	if (a->is_judged)
		ask_kernel(b, &a->kernel, text);
}

/* ---- writing ---- */

static bool is_map_reference(const struct skep_insn *in)
{
	return in->code == 0x18 && (in->src_reg == SKEP_PSEUDO_MAP_IDX ||
				    in->src_reg == SKEP_PSEUDO_MAP_IDX_VALUE);
}

/* Leaves only the maps that the code refers to, and those within them; an inner map
 * stands above its outer one and keeps its place. */
static void drop_maps(struct vcase *c)
{
	enum { MAPS = 64 };
	u32 to[MAPS], used[MAPS] = {0}, i, n = 0;

	if (c->maps.n > MAPS)
		return;
	for (i = 0; i < c->n; i++)
		if (is_map_reference(&c->code[i])) {
			if ((u32)c->code[i].imm >= c->maps.n)
				return;
			used[c->code[i].imm] = 1;
		}
	for (i = (u32)c->maps.n; i--;)
		if (used[i] && c->maps.at[i].inner >= 0)
			used[c->maps.at[i].inner] = 1;
	for (i = 0; i < c->maps.n; i++) {
		if (!used[i])
			continue;
		to[i] = n;
		c->maps.at[n] = c->maps.at[i];
		if (c->maps.at[n].inner >= 0)
			c->maps.at[n].inner = (s32)to[c->maps.at[n].inner];
		n++;
	}
	c->maps.n = n;
	for (i = 0; i < c->n; i++)
		if (is_map_reference(&c->code[i]))
			c->code[i].imm = (s32)to[c->code[i].imm];
}

static void move_ksyms(struct vcase *c, const struct case_ksym *from, size_t n,
		       const struct fuzz_prog *p)
{
	size_t i;

	c->ksyms.n = 0;
	for (i = 0; i < n; i++) {
		if (p->ksym_at[i] >= p->n)
			continue;
		c->ksyms.at[c->ksyms.n] = from[i];
		c->ksyms.at[c->ksyms.n++].insn = p->ksym_at[i];
	}
}

/* What a generated program names: the base has its ids only. */
static void name_ksyms(struct vcase *c)
{
	u32 i;

	for (i = 0; i < c->n && c->ksyms.n < FUZZ_KSYMS; i++) {
		const struct skep_insn *in = &c->code[i];
		struct case_ksym *to;

		if (in->code != (SKEP_JMP | SKEP_CALL) ||
		    in->src_reg != SKEP_PSEUDO_KFUNC_CALL)
			continue;
		to = vec_push(&c->ksyms);
		if (to)
			*to = (struct case_ksym){
				i, SKEP_BTF_KIND_FUNC,
				(char *)btf_name(case_vmlinux(), (u32)in->imm)};
	}
}

static void name_target(struct vcase *c, u32 target)
{
	c->target = target ? (char *)btf_name(case_vmlinux(), target) : NULL;
	c->target_kind = btf_kind_of(case_vmlinux(), target);
}

static int write_text(const struct fuzz_prog *p, const struct fuzz_answer *a,
		      const char *path)
{
	static char text[TEXT];
	struct skep_disasm_opts o = {.size = sizeof(o), .flags = SKEP_DISASM_NUMBERS};
	FILE *f = fopen(path, "w");

	if (!f)
		return -errno;
	if (skep_disasm(p->code, p->n, &o, text, sizeof(text), NULL) < 0)
		snprintf(text, sizeof(text), "(not all are instructions)\n");
	fprintf(f, "program type %u, attach type %u, flags %#x\n%s", p->type,
		p->attach_type, p->flags, text);
	fprintf(f, "kernel: errno %d, processed %u, states %u: %s\n", a->kernel.err,
		a->kernel.processed, a->kernel.states, a->kernel.message);
	fprintf(f, "skep:   errno %d, processed %u, states %u: %s\n", a->ours.err,
		a->ours.processed, a->ours.states, a->ours.message);
	return fclose(f) ? -errno : 0;
}

int fuzz_write(struct fuzz_base *b, struct fuzz_prog *p, const struct fuzz_answer *a,
	       const char *dir, const char *group, const char *name)
{
	struct case_map maps[64];
	struct case_ksym ksyms[FUZZ_KSYMS];
	struct vcase *c = &b->c;
	size_t nmaps = MIN(c->maps.n, 64), nksyms = MIN(c->ksyms.n, FUZZ_KSYMS);
	struct fuzz_prog copy = *p;
	char path[4096];
	int err;

	memcpy(maps, c->maps.at, nmaps * sizeof(*maps));
	if (nksyms)
		memcpy(ksyms, c->ksyms.at, nksyms * sizeof(*ksyms));
	put_on(b, &copy);
	c->name = (char *)name;
	c->group = (char *)group;
	c->answer = (struct case_answer){.err = a->kernel.err,
					 .processed = a->kernel.processed,
					 .states = a->kernel.states,
					 .peak = a->kernel.peak,
					 .message = (char *)a->kernel.message};
	if (!a->kernel.err)
		c->answer.message = NULL;
	drop_maps(c);
	if (b->n) {
		move_ksyms(c, ksyms, nksyms, p);
	} else {
		name_ksyms(c);
		name_target(c, p->target);
	}
	err = case_write(c, dir);
	memcpy(c->maps.at, maps, nmaps * sizeof(*maps));
	if (nksyms)
		memcpy(c->ksyms.at, ksyms, nksyms * sizeof(*ksyms));
	c->maps.n = nmaps;
	c->ksyms.n = nksyms;
	snprintf(path, sizeof(path), "%s/%s/%s.txt", dir, group, name);
	return err ? err : write_text(p, a, path);
}
