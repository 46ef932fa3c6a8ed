/* case_record.c - record.so: see case_record.h
 *
 * Maps and BTF are asked of the kernel by the descriptors that a program names, since
 * libraries dup over them; only what it does not tell (inner maps, frozen ones) is
 * remembered, by map id, when it passes.
 */
#include "case_record.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "case.h"
#include "mem.h"

enum { LOG = 1 << 20, REPEATS = 3, FDS_MOST = 1 << 20 };

struct seen {
	u32 id;
	bool frozen, has_inner;
	struct skep_map_info inner;
};

static struct {
	const char *dir;
	char group[1024], name[1024];
	char **names; /* of record_names() */
	int nnames;
	bool asked, off, has_unpriv;
	struct case_answer unpriv; /* the message is the caller's */
	vec(struct seen) maps;
} state;

static long real_syscall(long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	static long (*real)(long, ...);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, a, b, c, d, e, f);
}

static int bpf(enum skep_cmd cmd, union skep_attr *attr, u32 size)
{
	long err = real_syscall(__NR_bpf, cmd, u64_of(attr), size, 0, 0, 0);

	return err < 0 ? -errno : (int)err;
}

__attribute__((visibility("default"))) void record_case(const char *group,
							const char *name)
{
	state.asked = true;
	state.off = !name;
	snprintf(state.group, sizeof(state.group), "%s", group ? group : "");
	snprintf(state.name, sizeof(state.name), "%s", name ? name : "");
	state.names = NULL;
	state.has_unpriv = false;
}

__attribute__((visibility("default"))) void record_unprivileged(int err,
								const char *message)
{
	state.has_unpriv = true;
	state.unpriv = (struct case_answer){.err = err, .message = (char *)message};
}

__attribute__((visibility("default"))) void record_names(const char *group, char **names,
							 int n)
{
	record_case(group, NULL);
	state.names = names;
	state.nnames = n;
}

/* Sets state.name to that of a program which record_names() announced. */
static bool announced(const char prog_name[SKEP_OBJ_NAME_LEN])
{
	int i;

	for (i = 0; state.names && i < state.nnames; i++) {
		if (!state.names[i] ||
		    strncmp(state.names[i], prog_name, SKEP_OBJ_NAME_LEN - 1) != 0)
			continue;
		snprintf(state.name, sizeof(state.name), "%s", state.names[i]);
		state.names[i] = NULL;
		return true;
	}
	return false;
}

/* ---- remembering ---- */

static int info_of(int fd, void *info, u32 size)
{
	union skep_attr attr = {
		.info = {.bpf_fd = (u32)fd, .info_len = size, .info = u64_of(info)}};

	return bpf(SKEP_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

/* A descriptor that is a map: btf and programs answer, too, with less or more bytes. */
static bool map_info(int fd, struct skep_map_info *info)
{
	char link[64], path[40];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		return false;
	link[n] = 0;
	memset(info, 0, sizeof(*info));
	return strstr(link, "bpf-map") && !info_of(fd, info, sizeof(*info));
}

static struct seen *seen_of(u32 id, bool make)
{
	struct seen *s;

	vec_each(s, &state.maps)
		if (s->id == id)
			return s;
	s = make ? vec_push(&state.maps) : NULL;
	if (s)
		s->id = id;
	return s;
}

static void see_create(const union skep_attr *attr, int fd)
{
	struct skep_map_info info;
	struct seen *s;

	if (attr->map_type != SKEP_MAP_TYPE_ARRAY_OF_MAPS &&
	    attr->map_type != SKEP_MAP_TYPE_HASH_OF_MAPS)
		return;
	if (map_info(fd, &info) && (s = seen_of(info.id, true)))
		s->has_inner = map_info((int)attr->inner_map_fd, &s->inner);
}

static void see_freeze(const union skep_attr *attr)
{
	struct skep_map_info info;
	struct seen *s;

	if (map_info((int)attr->map_fd, &info) && (s = seen_of(info.id, true)))
		s->frozen = true;
}

/* ---- a case from what BPF_PROG_LOAD got ---- */

struct making {
	struct vcase c;
	const union skep_attr *attr;
	vec(u32) map_ids; /* of c.maps; inner ones: 0 */
	vec(u32) btf_ids;
	const char *why; /* it cannot be made */
};

static void *copy(struct making *m, const void *data, size_t len)
{
	void *p = arena_alloc(&m->c.arena, len + 1, 1);

	if (!p)
		m->why = "no memory";
	else if (len)
		memcpy(p, data, len);
	return p;
}

static void bytes(struct making *m, struct case_bytes *b, u64 from, u64 len)
{
	b->at = copy(m, ptr_of(from), from ? len : 0);
	b->len = from ? (u32)len : 0;
}

static s32 add_btf_fd(struct making *m, int fd)
{
	struct skep_btf_info info = {0};
	struct case_bytes *b;
	u32 *id;
	size_t i;

	m->why = "BTF that cannot be read";
	if (info_of(fd, &info, sizeof(info)))
		return -1;
	for (i = 0; i < m->btf_ids.n; i++) {
		if (m->btf_ids.at[i] == info.id) {
			m->why = NULL;
			return (s32)i;
		}
	}
	b = vec_push(&m->c.btfs);
	id = vec_push(&m->btf_ids);
	if (!b || !id)
		return -1;
	*id = info.id;
	b->len = info.btf_size;
	b->at = arena_alloc(&m->c.arena, b->len + 1, 1);
	info = (struct skep_btf_info){.btf = u64_of(b->at), .btf_size = b->len};
	if (b->at && !info_of(fd, &info, sizeof(info)))
		m->why = NULL;
	return (s32)m->c.btfs.n - 1;
}

/* What the process may have laid down for now, opening by id needs. */
static s32 add_btf_id(struct making *m, u32 id)
{
	union skep_attr attr = {.btf_id = id};
	u32 caps = case_caps();
	int fd;
	s32 at;

	case_set_caps(caps | CASE_ADMIN);
	fd = bpf(SKEP_BTF_GET_FD_BY_ID, &attr, sizeof(attr));
	case_set_caps(caps);
	if (fd < 0) {
		m->why = "BTF of a map that cannot be opened";
		return -1;
	}
	at = add_btf_fd(m, fd);
	close(fd);
	return at;
}

static const char *vmlinux_name(u32 id)
{
	const struct skep_btf *b = case_vmlinux();
	const struct skep_btf_type *t = b && id ? skep_btf_type_by_id(b, id) : NULL;

	return t ? skep_btf_string(b, t->name_off) : NULL;
}

static struct case_map *add_map(struct making *m, const struct skep_map_info *info)
{
	s32 btf = info->btf_id ? add_btf_id(m, info->btf_id) : -1;
	struct case_map *map = vec_push(&m->c.maps);
	u32 *id = vec_push(&m->map_ids);
	const char *value = vmlinux_name(info->btf_vmlinux_value_type_id);

	if (!map || !id) {
		m->why = "no memory";
		return NULL;
	}
	*map = (struct case_map){
		.type = info->type,
		.key_size = info->key_size,
		.value_size = info->value_size,
		.max_entries = info->max_entries,
		.flags = info->map_flags,
		.extra = info->map_extra,
		.inner = -1,
		.btf = btf,
		.key_type = info->btf_key_type_id,
		.value_type = info->btf_value_type_id,
		.name = copy(m, info->name, sizeof(info->name)),
	};
	if (value)
		map->vmlinux_value = copy(m, value, strlen(value));
	if (map->name)
		map->name[SKEP_OBJ_NAME_LEN - 1] = 0;
	return map;
}

static void add_frozen(struct making *m, struct case_map *map, int fd)
{
	u32 key = 0;
	union skep_attr attr = {.map_fd = (u32)fd, .key = u64_of(&key)};
	u8 *value = arena_alloc(&m->c.arena, map->value_size + 1, 1);

	if (!value || map->type != SKEP_MAP_TYPE_ARRAY)
		return;
	attr.value = u64_of(value);
	if (bpf(SKEP_MAP_LOOKUP_ELEM, &attr, sizeof(attr)))
		m->why = "a frozen map that cannot be read";
	map->frozen = (struct case_bytes){value, map->value_size};
}

/* The case's number of the map behind a descriptor, -1: there is no map. */
static s32 map_of(struct making *m, int fd)
{
	struct skep_map_info info;
	struct case_map *map;
	struct seen *s;
	s32 inner = -1;
	size_t i;

	if (!map_info(fd, &info))
		return -1;
	for (i = 0; i < m->map_ids.n; i++)
		if (m->map_ids.at[i] == info.id)
			return (s32)i;
	s = seen_of(info.id, false);
	if (s && s->has_inner && add_map(m, &s->inner))
		inner = (s32)m->c.maps.n - 1;
	map = add_map(m, &info);
	if (!map)
		return -1;
	map->inner = inner;
	m->map_ids.at[m->map_ids.n - 1] = info.id;
	if (s && s->frozen)
		add_frozen(m, map, fd);
	return (s32)m->c.maps.n - 1;
}

static void map_reference(struct making *m, struct skep_insn *insn)
{
	const int *array = ptr_of(m->attr->fd_array);
	bool by_index = insn->src_reg >= SKEP_PSEUDO_MAP_IDX;
	bool value = insn->src_reg == SKEP_PSEUDO_MAP_VALUE ||
		     insn->src_reg == SKEP_PSEUDO_MAP_IDX_VALUE;
	s32 i;

	if (by_index && (!array || (u32)insn->imm >= FDS_MOST))
		return;
	i = map_of(m, by_index ? array[insn->imm] : insn->imm);
	if (i < 0)
		return;
	insn->src_reg = value ? SKEP_PSEUDO_MAP_IDX_VALUE : SKEP_PSEUDO_MAP_IDX;
	insn->imm = i;
}

/* Ids of the kernel's BTF get their names, where these lead back to them. */
static const char *name_of(u32 id, u32 *kind)
{
	const struct skep_btf *b = case_vmlinux();
	const char *name = vmlinux_name(id);

	if (!name || !*name)
		return NULL;
	*kind = SKEP_BTF_INFO_KIND(skep_btf_type_by_id(b, id)->info);
	return skep_btf_find(b, name, *kind) == id ? name : NULL;
}

static void symbol(struct making *m, u32 insn)
{
	u32 kind;
	const char *name = name_of((u32)m->c.code[insn].imm, &kind);
	struct case_ksym *k = name ? vec_push(&m->c.ksyms) : NULL;

	if (k)
		*k = (struct case_ksym){insn, kind, copy(m, name, strlen(name))};
}

static void references(struct making *m)
{
	u32 i;

	for (i = 0; i < m->c.n && !m->why; i++) {
		struct skep_insn *insn = &m->c.code[i];

		if (insn->code == (SKEP_JMP | SKEP_CALL)) {
			if (insn->src_reg == SKEP_PSEUDO_KFUNC_CALL && !insn->off)
				symbol(m, i);
			continue;
		}
		if (insn->code != (SKEP_LD | SKEP_IMM | SKEP_DW) || i + 1 == m->c.n)
			continue;
		if (insn->src_reg == SKEP_PSEUDO_BTF_ID && !insn[1].imm)
			symbol(m, i);
		else if (insn->src_reg != SKEP_PSEUDO_CONST &&
			 insn->src_reg != SKEP_PSEUDO_FUNC &&
			 insn->src_reg != SKEP_PSEUDO_BTF_ID)
			map_reference(m, insn);
		i++;
	}
}

static void target(struct making *m)
{
	const char *name;
	u32 id = m->attr->attach_btf_id;

	if (m->attr->attach_prog_fd) {
		m->why = "it attaches to another program or a module";
		return;
	}
	if (!id)
		return;
	name = name_of(id, &m->c.target_kind);
	if (name)
		m->c.target = copy(m, name, strlen(name));
	else
		m->why = "a target whose name is not unique";
}

static void make(struct making *m)
{
	const union skep_attr *a = m->attr;
	const char *license = ptr_of(a->license);
	struct case_bytes code;
	struct vcase *c = &m->c;

	c->type = a->prog_type;
	c->attach_type = a->expected_attach_type;
	c->flags = a->prog_flags;
	c->caps = case_caps();
	c->license = copy(m, license ? license : "", license ? strlen(license) : 0);
	c->prog_name = copy(m, a->prog_name, sizeof(a->prog_name));
	bytes(m, &code, a->insns, (u64)a->insn_cnt * sizeof(*c->code));
	c->code = (struct skep_insn *)code.at;
	c->n = a->insn_cnt;
	c->func_info_size = a->func_info_rec_size;
	c->line_info_size = a->line_info_rec_size;
	bytes(m, &c->func_info, a->func_info,
	      (u64)a->func_info_cnt * a->func_info_rec_size);
	bytes(m, &c->line_info, a->line_info,
	      (u64)a->line_info_cnt * a->line_info_rec_size);
	c->prog_btf = a->prog_btf_fd ? add_btf_fd(m, (int)a->prog_btf_fd) : -1;
	target(m);
	if (a->core_relo_cnt)
		m->why = "relocations for the kernel";
	if (!m->why)
		references(m);
}

/* ---- the kernel's answer ---- */

/* Loads as it was asked, but with statistics and, at the first failure, whatever the
 * kernel says; the best of the times. */
static void ask(struct making *m, char *log)
{
	struct case_answer best = {0}, *a = &m->c.answer;
	u32 i;

	for (i = 0; i < REPEATS; i++) {
		union skep_attr attr = *m->attr;
		int fd;

		attr.log_level = 4;
		attr.log_size = LOG;
		attr.log_buf = u64_of(log);
		attr.log_true_size = 0;
		log[0] = 0;
		fd = bpf(SKEP_PROG_LOAD, &attr, sizeof(attr));
		memset(a, 0, sizeof(*a));
		a->err = fd < 0 ? -fd : 0;
		if (fd >= 0)
			close(fd);
		case_statistics(log, a);
		if (i && a->usec > best.usec)
			a->usec = best.usec;
		best = *a;
	}
	a->message = a->err ? log : NULL;
}

static const char *process_name(void)
{
	const char *name = getenv("SKEP_RECORD_GROUP");

	return name ? name : program_invocation_short_name;
}

static void record(const union skep_attr *attr)
{
	struct making m = {.attr = attr};
	char *log = mem_alloc(LOG, 1);
	int err;

	if (!log)
		return;
	make(&m);
	if (!m.why) {
		m.c.group = state.asked ? state.group : (char *)process_name();
		m.c.name = state.asked ? state.name : m.c.prog_name;
		m.c.has_unpriv = state.has_unpriv;
		m.c.unpriv = state.unpriv;
		ask(&m, log);
		err = case_write(&m.c, state.dir);
		if (err)
			m.why = strerror(-err);
	}
	if (m.why)
		fprintf(stderr, "record: %s %s: %s\n", state.group, state.name, m.why);
	vec_free(&m.map_ids);
	vec_free(&m.btf_ids);
	case_free(&m.c);
	mem_free(log);
}

/* ---- standing before syscall(2) ---- */

static bool wanted(const union skep_attr *attr)
{
	if (!state.dir)
		state.dir = getenv("SKEP_RECORD");
	if (!state.dir)
		return false;
	return !state.asked || !state.off || announced(attr->prog_name);
}

/* A program that loads, in the place of one that does not. */
static int stand_in(void)
{
	static const struct skep_insn code[] = {{.code = SKEP_ALU64 | SKEP_MOV | SKEP_K},
						{.code = SKEP_JMP | SKEP_EXIT}};
	union skep_attr attr = {.prog_type = SKEP_PROG_TYPE_SOCKET_FILTER,
				.insns = u64_of(code),
				.insn_cnt = ARRAY_SIZE(code),
				.license = u64_of("GPL")};

	return bpf(SKEP_PROG_LOAD, &attr, sizeof(attr));
}

static int load(void *from, union skep_attr *attr, u32 size)
{
	bool named = wanted(attr);
	int fd;

	if (named)
		record(attr);
	fd = bpf(SKEP_PROG_LOAD, from, size);
	return fd < 0 && named && state.names ? stand_in() : fd;
}

static long seen_bpf(enum skep_cmd cmd, void *from, u32 size)
{
	union skep_attr attr = {0};
	int result;

	if (!from || size > 4096)
		return real_syscall(__NR_bpf, cmd, u64_of(from), size, 0, 0, 0);
	memcpy(&attr, from, MIN(size, sizeof(attr)));
	result = cmd == SKEP_PROG_LOAD ? load(from, &attr, size) : bpf(cmd, from, size);
	if (cmd == SKEP_MAP_CREATE && result >= 0)
		see_create(&attr, result);
	if (cmd == SKEP_MAP_FREEZE && result >= 0)
		see_freeze(&attr);
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}

__attribute__((visibility("default"))) long syscall(long number, ...)
{
	u64 arg[6];
	va_list ap;
	u32 i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		arg[i] = va_arg(ap, u64);
	va_end(ap);
	if (number == __NR_bpf)
		return seen_bpf((enum skep_cmd)arg[0], ptr_of(arg[1]), (u32)arg[2]);
	return real_syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
