/* A verifier as a side of the seam: include/skep/verify.h. */
#include <skep/verify.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"
#include "cost.h"
#include "explain.h"
#include "mem.h"
#include "os.h"
#include "vec.h"
#include "verify.h"

enum { BTF_MOST = 16 << 20, LICENSE = 128 };

/* What a descriptor stands for. The descriptor itself is an eventfd: a number of its own,
 * that is all. */
struct thing {
	enum { thing_map = 1, thing_btf, thing_prog } kind;
	int fd;
	struct skep_btf *btf; /* of thing_btf */
	struct verify_map map;
	struct btf_field fields[BTF_FIELDS];
	u8 *value; /* of a map with one element that may become a constant */
};

struct skep_verifier {
	struct skep_sys sys;
	struct profile profile;
	struct skep_verifier_stats stats;
	bool explain, count;
	struct explained explained;
	struct arena cost_arena; /* of what follows */
	struct skep_verifier_cost *costs;
	u32 ncosts;
	vec(struct thing *) things;
};

static struct skep_verifier *verifier_of(struct skep_sys *sys)
{
	return container_of(sys, struct skep_verifier, sys);
}

static struct thing *thing_get(struct skep_verifier *v, int fd, int kind)
{
	struct thing **t;

	vec_each(t, &v->things)
		if ((*t)->fd == fd && (*t)->kind == (u32)kind)
			return *t;
	return NULL;
}

static struct thing *thing_new(struct skep_verifier *v, int kind)
{
	struct thing *t = mem_alloc(1, sizeof(*t)), **at;

	if (!t)
		return NULL;
	at = vec_push(&v->things);
	t->fd = at ? eventfd(0, EFD_CLOEXEC) : -1;
	if (t->fd < 0) {
		v->things.n -= at != NULL;
		mem_free(t);
		return NULL;
	}
	t->kind = kind;
	*at = t;
	return t;
}

static void thing_free(struct thing *t)
{
	if (t->fd >= 0)
		close(t->fd);
	skep_btf_free(t->btf);
	mem_free(t->value);
	mem_free(t);
}

/* ---- commands ---- */

static int btf_load(struct skep_verifier *v, const union skep_attr *attr)
{
	struct skep_btf *btf;
	struct thing *t;
	int err;

	if (!attr->btf_size || attr->btf_size > BTF_MOST)
		return -EINVAL;
	err = btf_parse(&btf, ptr_of(attr->btf), attr->btf_size, NULL, BTF_RULES_LOAD,
			"BTF", NULL);
	if (err)
		return err;
	t = thing_new(v, thing_btf);
	if (!t) {
		skep_btf_free(btf);
		return -ENOMEM;
	}
	t->btf = btf;
	return t->fd;
}

/* Of a map in a map, what the inner one is like lives as long as the verifier. */
static int describe(struct skep_verifier *v, struct thing *t, const union skep_attr *attr)
{
	struct verify_map *m = &t->map;
	struct thing *other;

	*m = (struct verify_map){.type = attr->map_type,
				 .key_size = attr->key_size,
				 .value_size = attr->value_size,
				 .max_entries = attr->max_entries,
				 .flags = attr->map_flags};
	memcpy(m->name, attr->map_name, sizeof(m->name) - 1);
	if (m->type == SKEP_MAP_TYPE_ARRAY_OF_MAPS ||
	    m->type == SKEP_MAP_TYPE_HASH_OF_MAPS) {
		other = thing_get(v, (int)attr->inner_map_fd, thing_map);
		if (!other)
			return -EBADF;
		m->inner = &other->map;
	}
	if (!attr->btf_key_type_id && !attr->btf_value_type_id)
		return 0;
	other = thing_get(v, (int)attr->btf_fd, thing_btf);
	if (!other)
		return -EBADF;
	if (attr->btf_key_type_id >= skep_btf_end(other->btf) ||
	    attr->btf_value_type_id >= skep_btf_end(other->btf))
		return -EINVAL;
	m->btf = other->btf;
	m->key_type = attr->btf_key_type_id;
	m->value_type = attr->btf_value_type_id;
	verify_find_fields(m, t->fields);
	return 0;
}

static int map_create(struct skep_verifier *v, const union skep_attr *attr)
{
	struct thing *t = thing_new(v, thing_map);
	int err = t ? describe(v, t, attr) : -ENOMEM;

	if (!err && attr->map_type == SKEP_MAP_TYPE_ARRAY && attr->max_entries == 1) {
		t->value = mem_alloc(1, attr->value_size);
		err = t->value ? 0 : -ENOMEM;
	}
	if (!err)
		return t->fd;
	if (t) {
		v->things.n--;
		thing_free(t);
	}
	return err;
}

static int map_update(struct skep_verifier *v, const union skep_attr *attr)
{
	struct thing *t = thing_get(v, (int)attr->map_fd, thing_map);

	if (!t)
		return -EBADF;
	if (t->map.frozen)
		return -EPERM;
	if (t->value)
		memcpy(t->value, ptr_of(attr->value), t->map.value_size);
	return 0;
}

/* The kernel takes loads of a map for constants when programs cannot write it either. */
static int map_freeze(struct skep_verifier *v, const union skep_attr *attr)
{
	struct thing *t = thing_get(v, (int)attr->map_fd, thing_map);

	if (!t)
		return -EBADF;
	if (t->map.flags & SKEP_F_RDONLY_PROG)
		t->map.frozen = t->value;
	return 0;
}

/* ---- BPF_PROG_LOAD ---- */

/* What is copied for one call; the arrays are as large as the program may need. */
struct load {
	struct skep_insn *code;
	struct verify_map maps[SKEP_MAX_USED_MAPS + 1]; /* the last is one too many: */
	int fds[SKEP_MAX_USED_MAPS + 1];		/* the verifier says so */
	u32 nmaps;
	char license[LICENSE];
};

static int use_map(struct skep_verifier *v, struct load *l, int fd)
{
	struct thing *t = thing_get(v, fd, thing_map);
	u32 i = 0;

	if (!t)
		return -EBADF;
	while (i < l->nmaps && i < SKEP_MAX_USED_MAPS && l->fds[i] != fd)
		i++;
	if (i == l->nmaps) {
		l->fds[i] = fd;
		l->maps[l->nmaps++] = t->map;
	}
	return (int)i;
}

/* fds become indices. Whatever is no map reference is the verifier's to look at. */
static int resolve(struct skep_verifier *v, struct load *l, const union skep_attr *attr)
{
	const s32 *fds = ptr_of(attr->fd_array);
	enum { LDDW = 0x18 };

	for (u32 i = 0; i + 1 < attr->insn_cnt; i++) {
		struct skep_insn *in = &l->code[i];
		bool value = in->src_reg == SKEP_PSEUDO_MAP_VALUE ||
			     in->src_reg == SKEP_PSEUDO_MAP_IDX_VALUE;
		bool by_idx = in->src_reg == SKEP_PSEUDO_MAP_IDX ||
			      in->src_reg == SKEP_PSEUDO_MAP_IDX_VALUE;
		int idx;

		if (in->code != LDDW)
			continue;
		if (value || by_idx || in->src_reg == SKEP_PSEUDO_MAP_FD) {
			if (by_idx && !fds)
				return -EPROTO;
			idx = use_map(v, l, by_idx ? fds[in->imm] : in->imm);
			if (idx < 0)
				return idx;
			in->src_reg =
				value ? SKEP_PSEUDO_MAP_IDX_VALUE : SKEP_PSEUDO_MAP_IDX;
			in->imm = idx;
		}
		i++;
	}
	return 0;
}

static void take_stats(struct skep_verifier *v, int err, const struct verify_result *r)
{
	u32 stack = 0;

	for (u32 i = 0; i < r->nfuncs; i++)
		stack = MAX(stack, r->stack[i]);
	v->stats = (struct skep_verifier_stats){
		.accepted = !err,
		.err = err,
		.unknown = r->later,
		.code = r->code,
		.insn = r->insn,
		.processed = r->processed,
		.states = r->states,
		.peak_states = r->peak_states,
		.max_states_per_insn = r->max_states_per_insn,
		.stack = stack,
		.ns = r->ns,
		.bytes = r->bytes,
	};
}

static int judge(struct skep_verifier *v, struct load *l, const union skep_attr *attr,
		 struct skep_log *log)
{
	struct verify_prog prog = {
		.type = attr->prog_type,
		.attach_type = attr->expected_attach_type,
		.flags = attr->prog_flags,
		.gpl = verify_is_gpl(l->license),
		.code = l->code,
		.n = attr->insn_cnt,
		.maps = l->maps,
		.nmaps = l->nmaps,
		.func_info = ptr_of(attr->func_info),
		.line_info = ptr_of(attr->line_info),
		.nfunc_info = attr->func_info_cnt,
		.func_info_size = attr->func_info_rec_size,
		.nline_info = attr->line_info_cnt,
		.line_info_size = attr->line_info_rec_size,
		.attach_btf_id = attr->attach_btf_id,
	};
	struct thing *btf = thing_get(v, (int)attr->prog_btf_fd, thing_btf);
	struct verify_result result = {0};
	int err;

	if (attr->func_info_cnt || attr->line_info_cnt) {
		if (!btf)
			return -EINVAL;
		prog.btf = btf->btf;
	}
	memcpy(prog.name, attr->prog_name, sizeof(prog.name) - 1);
	if (v->count)
		prog.costs = arena_alloc(&v->cost_arena, prog.n, sizeof(prog.costs[0]));
	err = verify(&prog, &v->profile, attr->log_level, log, &result);
	take_stats(v, err, &result);
	if (result.processed)
		v->ncosts = cost_by_line(&prog, &v->cost_arena, &v->costs);
	if (err && v->explain)
		verify_explain(&prog, &v->profile, &v->explained);
	return err;
}

static int load_with(struct skep_verifier *v, struct load *l, const union skep_attr *attr,
		     struct skep_log *log)
{
	u64 size = (u64)attr->insn_cnt * sizeof(l->code[0]);
	struct thing *t;
	int err;

	user_copy_string(l->license, attr->license, LICENSE);
	if (user_copy_in(l->code, attr->insns, size))
		return -EFAULT;
	err = resolve(v, l, attr);
	if (!err)
		err = judge(v, l, attr, log);
	t = err ? NULL : thing_new(v, thing_prog);
	return err ? err : t ? t->fd : -ENOMEM;
}

/* What was said of the last program. */
static void forget_words(struct skep_verifier *v)
{
	arena_free(&v->explained.arena);
	v->explained = (struct explained){0};
	arena_free(&v->cost_arena);
	v->costs = NULL;
	v->ncosts = 0;
}

static int prog_load(struct skep_verifier *v, union skep_attr *attr)
{
	struct load l = {0};
	struct user_log ul;
	int err = user_log_open(&ul, attr->log_level, attr->log_buf, attr->log_size);

	v->stats = (struct skep_verifier_stats){0};
	forget_words(v);
	if (err)
		return err;
	if (!attr->insn_cnt || attr->insn_cnt > SKEP_MAX_INSNS)
		err = -E2BIG;
	else if (!(l.code = mem_alloc(attr->insn_cnt, sizeof(l.code[0]))))
		err = -ENOMEM;
	else
		err = load_with(v, &l, attr, &ul.log);
	mem_free(l.code);
	return user_log_finish(&ul, err, &attr->log_true_size);
}

/* ---- the side of the seam ---- */

static int judge_bpf(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *attr,
		     uint32_t size)
{
	struct skep_verifier *v = verifier_of(sys);
	union skep_attr all = {0};
	int ret;

	memcpy(&all, attr, MIN(size, sizeof(all)));
	switch (cmd) {
	case SKEP_BTF_LOAD: return btf_load(v, &all);
	case SKEP_MAP_CREATE: return map_create(v, &all);
	case SKEP_MAP_UPDATE_ELEM: return map_update(v, &all);
	case SKEP_MAP_FREEZE: return map_freeze(v, &all);
	case SKEP_PROG_LOAD: break;
	case SKEP_OBJ_GET: return -ENOENT;
	case SKEP_OBJ_PIN: return 0;
	default: return -EOPNOTSUPP;
	}
	ret = prog_load(v, &all);
	if (size >= offsetof(union skep_attr, log_true_size) + sizeof(u32))
		attr->log_true_size = all.log_true_size;
	return ret;
}

/* What others refer to stays: only the descriptor ends. */
static int judge_close(struct skep_sys *sys, int fd)
{
	struct thing **t;

	vec_each(t, &verifier_of(sys)->things)
		if ((*t)->fd == fd) {
			close(fd);
			(*t)->fd = -1;
			return 0;
		}
	return close(fd) ? -errno : 0;
}

/* A verifier has maps without elements, and nothing happens. */
static int no_perf(struct skep_sys *sys, struct perf_event_attr *attr, pid_t pid, int cpu,
		   int group_fd, unsigned long flags)
{
	return -EOPNOTSUPP;
}

static int no_ioctl(struct skep_sys *sys, int fd, unsigned long request,
		    unsigned long arg)
{
	return -EOPNOTSUPP;
}

/* Memory that is nobody else's: what a loader maps to look at. */
static int own_mmap(struct skep_sys *sys, void **out, size_t len, int prot, int flags,
		    int fd, off_t off)
{
	*out = os_map_anon(len);
	return *out ? 0 : -ENOMEM;
}

static int own_munmap(struct skep_sys *sys, void *addr, size_t len)
{
	return munmap(addr, len) ? -errno : 0;
}

static int no_poll(struct skep_sys *sys, struct pollfd *fds, nfds_t n, int timeout_ms)
{
	return -EOPNOTSUPP;
}

/* What a loader reads of the kernel that it asks for: its configuration and types. */
static ssize_t own_read(struct skep_sys *sys, int fd, void *buf, size_t len)
{
	ssize_t n = read(fd, buf, len);

	return n < 0 ? -errno : n;
}

static int own_open(struct skep_sys *sys, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static const struct skep_sys side = {
	.name = "verifier",
	.bpf = judge_bpf,
	.perf_event_open = no_perf,
	.ioctl = no_ioctl,
	.mmap = own_mmap,
	.munmap = own_munmap,
	.poll = no_poll,
	.close = judge_close,
	.read = own_read,
	.open = own_open,
};

int skep_verifier_open(const struct skep_verifier_opts *opts, struct skep_verifier **out)
{
	struct skep_verifier_opts o = {0};
	struct skep_verifier *v = mem_alloc(1, sizeof(*v));
	bool may;

	if (!v)
		return -ENOMEM;
	if (opts)
		memcpy(&o, opts, MIN(opts->size, sizeof(o)));
	may = !o.unprivileged;
	v->sys = side;
	v->explain = o.explain;
	v->count = o.count;
	v->profile = (struct profile){.bpf = may,
				      .perfmon = may,
				      .net_admin = may,
				      .admin = may,
				      .vmlinux = o.vmlinux,
				      .variables = o.variables};
	*out = v;
	return 0;
}

void skep_verifier_close(struct skep_verifier *v)
{
	struct thing **t;

	if (!v)
		return;
	vec_each(t, &v->things)
		thing_free(*t);
	vec_free(&v->things);
	forget_words(v);
	mem_free(v);
}

struct skep_sys *skep_verifier_sys(struct skep_verifier *v)
{
	return &v->sys;
}

const struct skep_verifier_stats *skep_verifier_stats(const struct skep_verifier *v)
{
	return &v->stats;
}

const struct skep_explanation *skep_verifier_explanation(const struct skep_verifier *v)
{
	return v->explained.out.headline ? &v->explained.out : NULL;
}

const struct skep_verifier_cost *skep_verifier_costs(const struct skep_verifier *v,
						     uint32_t *n)
{
	*n = v->ncosts;
	return v->ncosts ? v->costs : NULL;
}
