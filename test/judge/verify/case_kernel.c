/* case_kernel.c - asking the running kernel about a case */
#include "case.h"
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "log.h"
#include "mem.h"

static int bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	long err = syscall(__NR_bpf, cmd, attr, sizeof(*attr));

	return err < 0 ? -errno : (int)err;
}

/* ---- what a program refers to ---- */

static int open_btf(const struct case_bytes *b)
{
	union skep_attr attr = {.btf = u64_of(b->at), .btf_size = b->len};

	return bpf(SKEP_BTF_LOAD, &attr);
}

static int freeze(const struct case_map *m, int fd)
{
	u32 key = 0;
	union skep_attr attr = {
		.map_fd = (u32)fd, .key = u64_of(&key), .value = u64_of(m->frozen.at)};
	int err = bpf(SKEP_MAP_UPDATE_ELEM, &attr);

	if (err)
		return err;
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (u32)fd;
	return bpf(SKEP_MAP_FREEZE, &attr);
}

static int open_map(const struct case_map *m, const struct case_fds *fds)
{
	union skep_attr attr = {.map_type = m->type,
				.key_size = m->key_size,
				.value_size = m->value_size,
				.max_entries = m->max_entries,
				.map_flags = m->flags,
				.map_extra = m->extra};
	int fd, err;

	/* which the kernel sets of its own accord, and refuses to be given */
	if (m->type == SKEP_MAP_TYPE_DEVMAP || m->type == SKEP_MAP_TYPE_DEVMAP_HASH)
		attr.map_flags &= ~(u32)SKEP_F_RDONLY_PROG;
	if (m->inner >= 0)
		attr.inner_map_fd = (u32)fds->map[m->inner];
	if (m->btf >= 0) {
		attr.btf_fd = (u32)fds->btf[m->btf];
		attr.btf_key_type_id = m->key_type;
		attr.btf_value_type_id = m->value_type;
	}
	if (m->vmlinux_value && case_vmlinux())
		attr.btf_vmlinux_value_type_id = skep_btf_find(
			case_vmlinux(), m->vmlinux_value, SKEP_BTF_KIND_STRUCT);
	memcpy(attr.map_name, m->name, strlen(m->name));
	fd = bpf(SKEP_MAP_CREATE, &attr);
	if (fd < 0 || !m->frozen.at)
		return fd;
	err = freeze(m, fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int *none(size_t n)
{
	int *fds = mem_alloc(n + 1, sizeof(*fds));

	if (fds)
		memset(fds, 0xff, n * sizeof(*fds)); /* -1 */
	return fds;
}

int case_open(const struct vcase *c, struct case_fds *fds, struct skep_log *log)
{
	size_t i;

	fds->btf = none(c->btfs.n);
	fds->map = none(c->maps.n);
	if (!fds->btf || !fds->map)
		return -ENOMEM;
	for (i = 0; i < c->btfs.n; i++) {
		fds->btf[i] = open_btf(&c->btfs.at[i]);
		if (fds->btf[i] < 0) {
			log_printf(log, "%s: blob %zu: %s\n", c->name, i,
				   strerror(-fds->btf[i]));
			return fds->btf[i];
		}
	}
	for (i = 0; i < c->maps.n; i++) {
		fds->map[i] = open_map(&c->maps.at[i], fds);
		if (fds->map[i] < 0) {
			log_printf(log, "%s: map %zu: %s\n", c->name, i,
				   strerror(-fds->map[i]));
			return fds->map[i];
		}
	}
	return 0;
}

static void close_all(int *fds, size_t n)
{
	size_t i;

	for (i = 0; fds && i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	mem_free(fds);
}

void case_close(const struct vcase *c, struct case_fds *fds)
{
	close_all(fds->map, c->maps.n);
	close_all(fds->btf, c->btfs.n);
	memset(fds, 0, sizeof(*fds));
}

/* ---- the program ---- */

void case_load(const struct vcase *c, const struct case_fds *fds, u32 target_id,
	       u32 log_level, struct skep_log *log, struct case_answer *answer)
{
	union skep_attr attr = {.prog_type = c->type,
				.expected_attach_type = c->attach_type,
				.prog_flags = c->flags,
				.insns = u64_of(c->code),
				.insn_cnt = c->n,
				.license = u64_of(c->license),
				.attach_btf_id = target_id,
				.fd_array = u64_of(fds->map),
				.log_level = log_level,
				.log_size = (u32)log->size,
				.log_buf = u64_of(log->buf)};
	int fd;

	memcpy(attr.prog_name, c->prog_name, strlen(c->prog_name));
	if (c->prog_btf >= 0)
		attr.prog_btf_fd = (u32)fds->btf[c->prog_btf];
	attr.func_info = u64_of(c->func_info.at);
	attr.func_info_rec_size = c->func_info_size;
	if (c->func_info.len)
		attr.func_info_cnt = c->func_info.len / c->func_info_size;
	attr.line_info = u64_of(c->line_info.at);
	attr.line_info_rec_size = c->line_info_size;
	if (c->line_info.len)
		attr.line_info_cnt = c->line_info.len / c->line_info_size;
	log->buf[0] = 0;
	fd = bpf(SKEP_PROG_LOAD, &attr);
	if (fd >= 0)
		close(fd);
	memset(answer, 0, sizeof(*answer));
	answer->err = fd < 0 ? -fd : 0;
	log->len = strlen(log->buf);
}

/* The last line that begins so: what follows that, or NULL. */
static char *last_line(char *log, const char *begin)
{
	char *found = NULL, *line;

	for (line = log; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, begin, strlen(begin)))
			found = line;
	}
	return found;
}

void case_statistics(char *log, struct case_answer *a)
{
	char *time = last_line(log, "verification time ");
	char *stack = last_line(log, "stack depth ");
	char *counts = last_line(log, "processed ");
	char *cut = log + strlen(log);

	if (counts &&
	    sscanf(counts,
		   "processed %u insns (limit %*u) max_states_per_insn %u total_states %u "
		   "peak_states %u",
		   &a->processed, &a->max_per_insn, &a->states, &a->peak) == 4)
		cut = counts;
	if (time) {
		a->usec = strtoull(time + strlen("verification time "), NULL, 10);
		cut = MIN(cut, time);
	}
	if (stack) {
		a->stack = stack + strlen("stack depth ");
		a->stack[strcspn(a->stack, "\n")] = 0;
		cut = MIN(cut, stack);
	}
	*cut = 0;
}

/* ---- capabilities ---- */

static const struct {
	const char *name;
	enum case_cap cap;
	u32 number;
} caps[] = {
	{"bpf", CASE_BPF, CAP_BPF},
	{"perfmon", CASE_PERFMON, CAP_PERFMON},
	{"net_admin", CASE_NET_ADMIN, CAP_NET_ADMIN},
	{"admin", CASE_ADMIN, CAP_SYS_ADMIN},
};

static long cap_call(long which, struct __user_cap_data_struct data[2])
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(which, &head, data);
}

u32 case_caps(void)
{
	struct __user_cap_data_struct data[2] = {0};
	u32 mask = 0, i;

	cap_call(__NR_capget, data);
	for (i = 0; i < ARRAY_SIZE(caps); i++)
		if (data[caps[i].number / 32].effective >> caps[i].number % 32 & 1)
			mask |= caps[i].cap;
	return mask;
}

int case_set_caps(u32 mask)
{
	struct __user_cap_data_struct data[2] = {0};
	u32 i;

	if (cap_call(__NR_capget, data))
		return -errno;
	for (i = 0; i < ARRAY_SIZE(caps); i++) {
		u32 *eff = &data[caps[i].number / 32].effective;
		u32 bit = 1u << caps[i].number % 32;

		*eff = mask & caps[i].cap ? *eff | bit : *eff & ~bit;
	}
	return cap_call(__NR_capset, data) ? -errno : 0;
}

static int parse_cap(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(caps); i++)
		if (strlen(caps[i].name) == len && !memcmp(caps[i].name, name, len))
			return (int)caps[i].cap;
	fprintf(stderr, "no capability: %.*s (bpf, perfmon, net_admin, admin; none)\n",
		(int)len, name);
	return -EINVAL;
}

int case_parse_caps(const char *names)
{
	int mask = 0, cap;
	size_t len;

	if (!strcmp(names, "none"))
		return 0;
	for (;; names += len + 1) {
		len = strcspn(names, ",");
		cap = parse_cap(names, len);
		if (cap < 0)
			return cap;
		mask |= cap;
		if (!names[len])
			return mask;
	}
}
