/* verify_args.c - every helper in every program that may call it, with arguments that fit
 * and with each of them being each of some seventy other things: the running kernel's
 * verifier and ours are asked, and errno and message compared.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <skep/isa.h>
#include "case_verify.h"
#include "../unit/no_bpf.h"
#include "log.h"
#include "verify_args.h"
#include "verify_mine.h"

enum { LOG = 16 << 10, MESSAGE = 200, CLASSES = 1024, STATS = 4, CAPS = 15 };

static const char usage[] =
	"usage: verify_args [-n N] [-t TYPE] [-c HELPER] [-u] [-v]\n"
	"Asks the running kernel and skep's verifier about calls of every helper. Exits with\n"
	"1 if one accepts what the other refuses.\n"
	"  -n N       every Nth question (1)\n"
	"  -t TYPE    only programs of this type, a number\n"
	"  -c HELPER  only calls of this helper, a number; with their programs\n"
	"  -u         without CAP_PERFMON\n"
	"  -v         also name pairs of messages that differ where both refuse\n";

struct side {
	int err;
	char message[MESSAGE];
};

enum kind { wrong_accept, wrong_reject, other_errno, other_text, KINDS };

struct class
{
	enum kind kind;
	u32 count;
	char ours[MESSAGE], theirs[MESSAGE], first[MESSAGE];
};

struct judge {
	struct vcase c;
	struct case_fds fds;
	struct case_verify v;
	struct args_env env;
	struct args_prog prog;
	u32 target, caps, step, only_type, only_helper, nclasses;
	bool verbose;
	u64 asked, accepted, of[KINDS], turn;
	struct class classes[CLASSES];
};

/* ---- what programs refer to ---- */

/* An int, a function, and a struct of a lock, a timer and room. */
static int make_btf(struct vcase *c)
{
	static const char strings[] = "\0int\0f\0bpf_spin_lock\0bpf_timer\0value\0lock";
	enum { INT = 1, F = 5, LOCK = 7, TIMER = 21, VALUE = 31, MEMBER = 37 };
	static const u32 types[] = {
		INT,
		SKEP_BTF_KIND_INT << 24,
		4,
		1 << 24 | 32, /* 1 */
		0,
		SKEP_BTF_KIND_FUNC_PROTO << 24,
		1, /* 2 */
		F,
		SKEP_BTF_KIND_FUNC << 24,
		2, /* 3 */
		LOCK,
		SKEP_BTF_KIND_STRUCT << 24 | 1,
		4, /* 4 */
		MEMBER,
		1,
		0,
		TIMER,
		SKEP_BTF_KIND_STRUCT << 24,
		16, /* 5 */
		VALUE,
		SKEP_BTF_KIND_STRUCT << 24 | 2,
		64, /* 6 */
		MEMBER,
		4,
		0,
		MEMBER,
		5,
		64,
	};
	struct skep_btf_header head = {.magic = SKEP_BTF_MAGIC,
				       .version = 1,
				       .hdr_len = sizeof(head),
				       .type_len = sizeof(types),
				       .str_off = sizeof(types),
				       .str_len = sizeof(strings)};
	struct case_bytes *to = vec_push(&c->btfs);
	u32 len = sizeof(head) + sizeof(types) + sizeof(strings);

	if (!to || !(to->at = arena_alloc(&c->arena, len, 1)))
		return -ENOMEM;
	to->len = len;
	memcpy(to->at, &head, sizeof(head));
	memcpy(to->at + sizeof(head), types, sizeof(types));
	memcpy(to->at + sizeof(head) + sizeof(types), strings, sizeof(strings));
	return 0;
}

static struct case_map shape_of(u32 type, int inner)
{
	struct case_map m = {.type = type,
			     .key_size = 4,
			     .value_size = 64,
			     .max_entries = 1,
			     .inner = -1,
			     .btf = -1,
			     .name = ""};

	switch (type) {
	case SKEP_MAP_TYPE_LPM_TRIE:
		m.key_size = 8;
		m.flags = SKEP_F_NO_PREALLOC;
		break;
	case SKEP_MAP_TYPE_PROG_ARRAY:
	case SKEP_MAP_TYPE_PERF_EVENT_ARRAY:
	case SKEP_MAP_TYPE_CGROUP_ARRAY:
	case SKEP_MAP_TYPE_DEVMAP:
	case SKEP_MAP_TYPE_DEVMAP_HASH:
	case SKEP_MAP_TYPE_CPUMAP:
	case SKEP_MAP_TYPE_XSKMAP:
	case SKEP_MAP_TYPE_SOCKMAP:
	case SKEP_MAP_TYPE_SOCKHASH:
	case SKEP_MAP_TYPE_REUSEPORT_SOCKARRAY: m.value_size = 4; break;
	case SKEP_MAP_TYPE_ARRAY_OF_MAPS:
	case SKEP_MAP_TYPE_HASH_OF_MAPS:
		m.value_size = 4;
		m.inner = inner;
		break;
	case SKEP_MAP_TYPE_CGROUP_STORAGE:
	case SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		m.key_size = sizeof(struct skep_cgroup_storage_key);
		m.max_entries = 0;
		break;
	case SKEP_MAP_TYPE_QUEUE:
	case SKEP_MAP_TYPE_STACK:
	case SKEP_MAP_TYPE_BLOOM_FILTER: m.key_size = 0; break;
	case SKEP_MAP_TYPE_RINGBUF:
	case SKEP_MAP_TYPE_USER_RINGBUF:
		m.key_size = m.value_size = 0;
		m.max_entries = 4096;
		break;
	case SKEP_MAP_TYPE_SK_STORAGE:
	case SKEP_MAP_TYPE_INODE_STORAGE:
	case SKEP_MAP_TYPE_TASK_STORAGE:
	case SKEP_MAP_TYPE_CGRP_STORAGE:
		m.value_size = 4;
		m.max_entries = 0;
		m.flags = SKEP_F_NO_PREALLOC;
		m.btf = 0;
		m.key_type = m.value_type = 1;
		break;
	default: break;
	}
	return m;
}

static int add_map(struct vcase *c, struct case_map m)
{
	struct case_map *to = vec_push(&c->maps);

	if (!to)
		return -1;
	*to = m;
	return (int)c->maps.n - 1;
}

static int make_maps(struct judge *j)
{
	static u8 zeros[64];
	struct case_map m;
	int array = add_map(&j->c, shape_of(SKEP_MAP_TYPE_ARRAY, -1)), fd;

	memset(j->env.map_of, 0xff, sizeof(j->env.map_of));
	for (u32 type = 1; type < MINE_MAPS; type++) {
		if (type == SKEP_MAP_TYPE_STRUCT_OPS || type == SKEP_MAP_TYPE_ARENA)
			continue;
		fd = mine_map(type);
		if (fd < 0)
			continue;
		close(fd);
		j->env.map_of[type] = type == SKEP_MAP_TYPE_ARRAY
					      ? array
					      : add_map(&j->c, shape_of(type, array));
	}
	m = shape_of(SKEP_MAP_TYPE_ARRAY, -1);
	m.btf = 0;
	m.key_type = 1;
	m.value_type = 6;
	j->env.map[map_fields] = add_map(&j->c, m);
	m = shape_of(SKEP_MAP_TYPE_ARRAY, -1);
	m.flags = SKEP_F_WRONLY_PROG;
	j->env.map[map_wronly] = add_map(&j->c, m);
	m.flags = SKEP_F_RDONLY_PROG;
	m.frozen = (struct case_bytes){zeros, sizeof(zeros)};
	j->env.map[map_frozen] = add_map(&j->c, m);
	return j->env.map[map_frozen] < 0 ? -ENOMEM : 0;
}

static int begin(struct judge *j, const struct mine_who *who)
{
	static char text[LOG];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	int err;

	memset(&j->c, 0, sizeof(j->c));
	memset(&j->fds, 0, sizeof(j->fds));
	memset(&j->v, 0, sizeof(j->v));
	j->c.name = j->c.group = "args";
	j->c.prog_name = "";
	j->c.license = "GPL";
	j->c.caps = j->caps;
	j->c.func_info_size = sizeof(struct skep_func_info);
	j->c.type = j->env.type = who->type;
	j->c.attach_type = j->env.attach_type = who->attach;
	j->c.flags = who->sleepable ? SKEP_F_SLEEPABLE : 0;
	j->env.sleepable = who->sleepable;
	j->target = who->btf_id;
	err = make_btf(&j->c);
	if (!err)
		err = make_maps(j);
	if (!err)
		err = case_open(&j->c, &j->fds, &log);
	if (!err)
		err = case_verify_open(&j->v, &j->c, j->target, &log);
	if (err)
		fprintf(stderr, "verify_args: %s", text);
	return err;
}

static void end(struct judge *j)
{
	case_verify_close(&j->v);
	case_close(&j->c, &j->fds);
	case_free(&j->c);
}

/* ---- asking ---- */

static void put_on(struct judge *j, struct skep_func_info funcs[2])
{
	struct verify_prog *v = &j->v.prog;
	u32 n = j->prog.callback ? 2 : 0;

	funcs[0] = (struct skep_func_info){0, 3};
	funcs[1] = (struct skep_func_info){j->prog.callback, 3};
	j->c.code = j->prog.code;
	j->c.n = j->prog.n;
	j->c.prog_btf = n ? 0 : -1;
	j->c.func_info =
		(struct case_bytes){n ? (u8 *)funcs : NULL, n * (u32)sizeof(*funcs)};
	v->code = j->prog.code;
	v->n = j->prog.n;
	v->btf = n ? j->v.btfs[0] : NULL;
	v->func_info = n ? funcs : NULL;
	v->func_info_size = sizeof(*funcs);
	v->nfunc_info = n;
}

static void take_message(struct side *s, char *log)
{
	struct case_answer unused;
	char *line;
	size_t len;

	case_statistics(log, &unused);
	line = strstr(log, "verification time "); /* behind a message without newline */
	if (line)
		*line = 0;
	len = strlen(log);
	while (len && log[len - 1] == '\n')
		log[--len] = 0;
	line = strrchr(log, '\n');
	snprintf(s->message, sizeof(s->message), "%s", line ? line + 1 : log);
}

static void ask(struct judge *j, struct side *theirs, struct side *ours)
{
	static char text[LOG];
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct skep_func_info funcs[2];
	struct verify_result r;
	struct case_answer a;

	put_on(j, funcs);
	if (j->caps != CAPS)
		case_set_caps(j->caps);
	case_load(&j->c, &j->fds, j->target, STATS, &log, &a);
	if (j->caps != CAPS)
		case_set_caps(CAPS);
	theirs->err = a.err;
	take_message(theirs, text);
	log = (struct skep_log){.buf = text, .size = sizeof(text)};
	text[0] = 0;
	ours->err = -verify(&j->v.prog, &j->v.profile, STATS, &log, &r);
	take_message(ours, text);
}

/* ---- comparing ---- */

/* Numbers make no other class. */
static void without_numbers(char *to, const char *from)
{
	size_t n = 0;

	for (; *from && n + 1 < MESSAGE; from++) {
		bool digit = *from >= '0' && *from <= '9';

		if (digit && n && to[n - 1] == 'N')
			continue;
		to[n++] = digit ? 'N' : *from;
	}
	to[n] = 0;
}

static void show(const struct judge *j)
{
	static char text[LOG];
	struct skep_disasm_opts o = {.size = sizeof(o), .flags = SKEP_DISASM_NUMBERS};

	if (skep_disasm(j->prog.code, j->prog.n, &o, text, sizeof(text), NULL) >= 0)
		printf("%s", text);
}

static void note(struct judge *j, enum kind kind, const struct side *theirs,
		 const struct side *ours, const char *question)
{
	char a[MESSAGE], b[MESSAGE];
	u32 i = 0;

	j->of[kind]++;
	without_numbers(a, ours->message);
	without_numbers(b, theirs->message);
	while (i < j->nclasses &&
	       (j->classes[i].kind != kind || strcmp(j->classes[i].ours, a) ||
		strcmp(j->classes[i].theirs, b)))
		i++;
	if (i == CLASSES)
		return;
	if (i == j->nclasses) {
		j->nclasses++;
		j->classes[i] = (struct class){.kind = kind};
		strcpy(j->classes[i].ours, a);
		strcpy(j->classes[i].theirs, b);
		snprintf(j->classes[i].first, MESSAGE, "%s", question);
	}
	j->classes[i].count++;
	if (!j->only_helper || (kind == other_text && !j->verbose))
		return;
	show(j);
	printf("%s\n\tkernel %d %s\n\tskep   %d %s\n", question, theirs->err,
	       theirs->message, ours->err, ours->message);
}

static void question(struct judge *j, const struct args_question *q)
{
	struct side theirs, ours;
	char text[MESSAGE];

	if (++j->turn % j->step || !args_compose(&j->env, q, &j->prog))
		return;
	ask(j, &theirs, &ours);
	j->asked++;
	j->accepted += !theirs.err;
	snprintf(text, sizeof(text), "type %u/%u, %s: argument %u is %s, the next %s",
		 j->env.type, j->env.attach_type, q->proto->name, q->arg + 1,
		 args_name(q->what), args_name(q->next));
	if (!ours.err != !theirs.err)
		note(j, ours.err ? wrong_reject : wrong_accept, &theirs, &ours, text);
	else if (ours.err != theirs.err)
		note(j, other_errno, &theirs, &ours, text);
	else if (ours.err && strcmp(ours.message, theirs.message))
		note(j, other_text, &theirs, &ours, text);
}

static void questions(struct judge *j, struct args_question q)
{
	question(j, &q);
	for (q.arg = 0; q.arg < 5 && q.proto->arg[q.arg] != take_none; q.arg++) {
		u32 take = q.proto->arg[q.arg];
		bool sized = (take & take_kind) == take_mem && !(take & take_fixed);

		for (u32 what = what_fits + 1; what < args_whats; what++) {
			q.what = (enum args_what)what;
			q.next = what_fits;
			question(j, &q);
			for (q.next = what_zero; sized && q.next <= what_small_negative;
			     q.next++)
				question(j, &q);
		}
	}
}

static void helpers(struct judge *j)
{
	const struct profile *who = &j->v.profile;

	for (u32 id = 1; id <= SKEP_FUNC_cgrp_storage_delete; id++) {
		if ((!j->only_helper || id == j->only_helper) &&
		    rules_helper_allowed(j->env.type, j->env.attach_type, NULL, id, who))
			questions(j,
				  (struct args_question){
					  .proto = rules_helper_for(
						  j->env.type, j->env.attach_type, id)});
	}
}

static int by_kind(const void *a, const void *b)
{
	const struct class *x = a, *y = b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind
				  : (int)y->count - (int)x->count;
}

static int report(struct judge *j)
{
	static const char *const names[KINDS] = {"wrong accept", "wrong reject",
						 "other errno", "other text"};

	qsort(j->classes, j->nclasses, sizeof(*j->classes), by_kind);
	for (u32 i = 0; i < j->nclasses; i++) {
		const struct class *c = &j->classes[i];

		if (c->kind == other_text && !j->verbose)
			break;
		printf("%s, %u times, first %s\n\tkernel %s\n\tskep   %s\n",
		       names[c->kind], c->count, c->first,
		       *c->theirs ? c->theirs : "(nothing)",
		       *c->ours ? c->ours : "(nothing)");
	}
	printf("%llu questions, the kernel accepts %llu\n", (unsigned long long)j->asked,
	       (unsigned long long)j->accepted);
	for (u32 i = 0; i < KINDS; i++)
		printf("%s: %llu\n", names[i], (unsigned long long)j->of[i]);
	return j->of[wrong_accept] || j->of[wrong_reject] || !j->accepted;
}

static void options(struct judge *j, int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "n:t:c:uv")) != -1) {
		switch (o) {
		case 'n': j->step = (u32)MAX(atoi(optarg), 1); break;
		case 't': j->only_type = (u32)atoi(optarg); break;
		case 'c': j->only_helper = (u32)atoi(optarg); break;
		case 'u': j->caps = CASE_BPF | CASE_NET_ADMIN; break;
		case 'v': j->verbose = true; break;
		default: fputs(usage, stderr); exit(2);
		}
	}
}

static u32 target(const char *name, u32 kind)
{
	return case_vmlinux() ? skep_btf_find(case_vmlinux(), name, kind) : 0;
}

int main(int argc, char **argv)
{
	static struct judge j = {.step = 1, .caps = CAPS};
	struct mine_types types;
	struct mine_who who = {0};

	options(&j, argc, argv);
	if (no_bpf()) {
		printf("SKIP: %s\n", no_bpf());
		return 77;
	}
	mine_types(&types, target("btf_trace_sched_switch", SKEP_BTF_KIND_TYPEDEF),
		   target("bpf_iter_task", SKEP_BTF_KIND_FUNC));
	while (mine_next(&types, &who)) {
		if ((j.only_type && who.type != j.only_type) ||
		    (rules_prog(who.type)->perfmon && !(j.caps & CASE_PERFMON)))
			continue;
		if (begin(&j, &who))
			return 2;
		helpers(&j);
		end(&j);
	}
	return report(&j);
}
