/* seq_run.c - does a sequence's calls on both sides, one after the other */
#include "seq.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <skep/engine.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GUARD = 16, GUARD_BYTE = 0xcc, FILL = 0xaa, PAGE = 4096, WALK_MOST = 300 };

const struct seq_field_at seq_fields[] = {
#define FIELD(name, member) \
	{#name, offsetof(union skep_attr, member), \
	 sizeof(((union skep_attr *)0)->member)},
#include "../../sys/field.def"
#undef FIELD
};

/* ---- memory of a call ---- */

static u8 *room_for(struct seq_state *st, int side, u32 len)
{
	u8 *at = st->at[side];

	if (at + round_up(len, 8) + GUARD > st->memory[side] + SEQ_ROOM) {
		st->too_large = true;
		return NULL;
	}
	memset(at + len, GUARD_BYTE, GUARD);
	st->at[side] += round_up(len, 8) + GUARD;
	return at;
}

/* As large as the call needs, whatever the generator took the map for. */
static u32 size_needed(struct seq_state *st, const struct seq_op *op, bool key)
{
	const struct seq_made *map = seq_map_of(st, op);
	const struct seq_arg *count = seq_arg_of(op, f_batch_count);
	u64 n = !map ? 0 : count ? MIN((u32)count->number, map->max_entries) : 1;

	return (u32)MIN(n * (!n	   ? 0
			     : key ? map->key_size
				   : seq_value_size(map)),
			(u64)2 * SEQ_ROOM);
}

static u8 *bytes_of(struct seq_state *st, int side, const struct seq_op *op,
		    const struct seq_arg *arg)
{
	bool key = arg->field == f_key || arg->field == f_keys;
	u32 least = key || arg->field == f_value || arg->field == f_values
			    ? size_needed(st, op, key)
			    : 0;
	const struct seq *seq = st->seq;
	u8 *at = room_for(st, side, MAX(arg->len, least));

	if (!at)
		return NULL;
	memset(at, 0, MAX(arg->len, least));
	memcpy(at, seq->pool + arg->at, arg->len);
	for (u32 i = arg->fix; i < (u32)arg->fix + arg->fixes; i++) {
		const struct seq_fix *fix = &seq->fixes[i];
		s16 object = st->object[fix->slot];
		u32 id = object < 0 ? 0 : st->world->model->id[side][object];

		store32(at + (fix->at - arg->at),
			fix->id ? id : (u32)st->fd[side][fix->slot]);
	}
	return at;
}

/* An info that asks for what its addresses shall get: `n` of it. */
static void info_addresses(struct seq_state *st, const struct seq_op *op, u8 *at, u32 n)
{
	s16 object = seq_object_of(st, op);
	u64 more = u64_of(at + SEQ_INFO_MORE);

	switch (object < 0 ? k_none : st->seq->ops[object].made.kind) {
	case k_prog:
		((struct skep_prog_info *)at)->map_ids = more;
		((struct skep_prog_info *)at)->nr_map_ids = n;
		break;
	case k_btf:
		((struct skep_btf_info *)at)->btf = more;
		((struct skep_btf_info *)at)->btf_size = n * 40;
		break;
	case k_link:
		/* of all links it is a raw tracepoint's that has an address there */
		if (st->seq->ops[object].cmd == SKEP_RAW_TRACEPOINT_OPEN) {
			((struct skep_link_info *)at)->raw_tracepoint.tp_name = more;
			((struct skep_link_info *)at)->raw_tracepoint.tp_name_len = n * 3;
		}
	}
}

static u8 *room_of(struct seq_state *st, int side, const struct seq_op *op,
		   const struct seq_arg *arg)
{
	struct seq_result *r = &st->result[side];
	bool key = arg->room == r_next || arg->room == r_keys;
	bool value = arg->room == r_element || arg->room == r_values;
	u32 least = key || value ? size_needed(st, op, key) : 0;
	u32 len = MAX(arg->len, least);
	u8 *at = room_for(st, side, len);

	if (!at)
		return NULL;
	memset(at, arg->room == r_info ? 0 : FILL, len);
	if (arg->room == r_info && arg->number)
		info_addresses(st, op, at, (u32)arg->number);
	r->rooms[r->nrooms++] = (struct seq_room_at){arg, at, len};
	return at;
}

static u64 value_of(struct seq_state *st, int side, const struct seq_op *op,
		    const struct seq_arg *arg)
{
	s16 object = arg->what == w_id ? st->object[arg->slot] : -1;

	switch (arg->what) {
	case w_fd: return (u32)st->fd[side][arg->slot];
	case w_id:
		return (object < 0 ? 0 : st->world->model->id[side][object]) +
		       (u64)arg->number;
	case w_bytes: return u64_of(bytes_of(st, side, op, arg));
	case w_room: return u64_of(room_of(st, side, op, arg));
	case w_token: return u64_of(st->token[side][arg->slot]);
	case w_pid: return (u64)getpid();
	default: return (u64)arg->number;
	}
}

/* ---- calls ---- */

const struct seq_arg *seq_arg_of(const struct seq_op *op, enum seq_field field)
{
	for (u32 i = 0; i < op->nargs; i++)
		if (op->args[i].field == field)
			return &op->args[i];
	return NULL;
}

static const struct seq_arg *object_arg(const struct seq_op *op)
{
	static const u8 fields[] = {f_map_fd,  f_batch_fd,     f_info_fd,
				    f_bpf_fd,  f_test_prog_fd, f_link_prog_fd,
				    f_link_fd, f_bind_map_fd};

	for (u32 i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct seq_arg *arg = seq_arg_of(op, fields[i]);

		if (arg && arg->what == w_fd)
			return arg;
	}
	return NULL;
}

s16 seq_object_of(const struct seq_state *st, const struct seq_op *op)
{
	const struct seq_arg *arg = object_arg(op);

	return arg ? st->object[arg->slot] : -1;
}

const struct seq_made *seq_map_of(const struct seq_state *st, const struct seq_op *op)
{
	s16 object = seq_object_of(st, op);
	const struct seq_made *made = object < 0 ? NULL : &st->seq->ops[object].made;

	return made && made->kind == k_map ? made : NULL;
}

static long do_bpf(struct seq_state *st, const struct seq_op *op, int side)
{
	struct seq_result *r = &st->result[side];
	struct skep_sys *sys = st->world->sys[side];
	u32 size = sizeof(union skep_attr);
	u8 *attr = room_for(st, side, sizeof(r->after));

	memset(attr, 0, sizeof(r->after));
	for (u32 i = 0; i < op->nargs; i++) {
		const struct seq_arg *arg = &op->args[i];
		u64 value;

		if (arg->what == w_name) {
			memcpy(attr + seq_fields[arg->field].off, st->seq->pool + arg->at,
			       16);
			continue;
		}
		value = value_of(st, side, op, arg);
		if (arg->field == f_size)
			size = (u32)value;
		else if (arg->field == f_byte)
			attr[arg->slot] = (u8)value;
		else
			memcpy(attr + seq_fields[arg->field].off, &value,
			       seq_fields[arg->field].size);
	}
	memcpy(r->before, attr, sizeof(r->before));
	if (st->too_large)
		return 0;
	r->ret = sys->bpf(sys, (enum skep_cmd)op->cmd, (union skep_attr *)attr, size);
	memcpy(r->after, attr, sizeof(r->after));
	return r->ret;
}

/* v_mmap: the descriptor, length, protection, flags, offset */
static long do_mmap(struct seq_state *st, u32 i, int side)
{
	const struct seq_op *op = &st->seq->ops[i];
	struct skep_sys *sys = st->world->sys[side];
	void *at = NULL;
	long ret = sys->mmap(sys, &at, (size_t)op->args[1].number,
			     (int)op->args[2].number, (int)op->args[3].number,
			     st->fd[side][op->args[0].slot], op->args[4].number);

	st->mapping[side][i] = ret < 0 ? NULL : at;
	return ret < 0 ? ret : 0;
}

/* A child may not have what its parent mapped: -EFAULT. */
static long copy_memory(u8 *mapped, const u8 *ours, u32 len, bool write)
{
	struct iovec local = {(void *)(uintptr_t)ours, len}, remote = {mapped, len};
	long n = write ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0)
		       : process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	return n < 0 ? -errno : 0;
}

/* v_munmap, v_peek, v_poke: the call that mapped it, offset, bytes */
static long do_mapping(struct seq_state *st, const struct seq_op *op, int side)
{
	struct skep_sys *sys = st->world->sys[side];
	u32 slot = op->args[0].slot, off = (u32)op->args[1].number;
	const struct seq_op *mmap_op = &st->seq->ops[slot];
	u8 *at = st->mapping[side][slot];
	u8 *room;

	if (!at)
		return -ENOENT;
	if (op->verb == v_munmap) {
		st->mapping[side][slot] = NULL;
		return sys->munmap(sys, at, (size_t)mmap_op->args[1].number);
	}
	if (op->verb == v_poke && !(mmap_op->args[2].number & PROT_WRITE))
		return -EACCES;
	if (op->verb == v_peek && !(mmap_op->args[2].number & PROT_READ))
		return -EACCES;
	if (op->verb == v_poke) {
		return copy_memory(at + off, st->seq->pool + op->args[2].at,
				   op->args[2].len, true);
	}
	room = room_of(st, side, op, &op->args[2]);
	return copy_memory(at + off, room, op->args[2].len, false);
}

static long do_poll(struct seq_state *st, const struct seq_op *op, int side)
{
	struct skep_sys *sys = st->world->sys[side];
	struct pollfd p = {.fd = st->fd[side][op->args[0].slot],
			   .events = POLLIN | POLLOUT};
	int err = sys->poll(sys, &p, 1, 0);

	return p.fd < 0 ? -EBADF : err < 0 ? err : p.revents;
}

static long do_close(struct seq_state *st, const struct seq_op *op, int side)
{
	struct skep_sys *sys = st->world->sys[side];
	int *fd = &st->fd[side][op->args[0].slot], was = *fd;

	*fd = -1;
	return was < 0 ? -EBADF : sys->close(sys, was);
}

static long do_dup(struct seq_state *st, const struct seq_op *op, int side)
{
	int fd = st->fd[side][op->args[0].slot];

	return fd < 0 ? -EBADF : dup(fd);
}

/* v_task: of the cgroups the one above all, of either version */
static long do_task(const struct seq_op *op)
{
	const char *cgroup = access("/sys/fs/cgroup/cgroup.procs", F_OK)
				     ? "/sys/fs/cgroup/cpu"
				     : "/sys/fs/cgroup";
	long fd = op->count ? open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			    : syscall(SYS_pidfd_open, getpid(), 0);

	return fd < 0 ? -errno : fd;
}

/* v_perf: CPU, sample type */
static long do_perf(struct seq_state *st, const struct seq_op *op, int side)
{
	struct skep_sys *sys = st->world->sys[side];
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_SW_BPF_OUTPUT,
				       .sample_period = 1,
				       .sample_type = (u64)op->args[1].number};

	return sys->perf_event_open(sys, &attr, -1, (int)op->args[0].number, -1,
				    PERF_FLAG_FD_CLOEXEC);
}

void seq_do(struct seq_state *st, u32 i, int side)
{
	const struct seq_op *op = &st->seq->ops[i];
	struct seq_result *r = &st->result[side];

	st->at[side] = st->memory[side];
	r->nrooms = 0;
	r->walked = 0;
	memset(r->before, 0, sizeof(r->before));
	memset(r->after, 0, sizeof(r->after));
	switch (op->verb) {
	case v_bpf: r->ret = do_bpf(st, op, side); break;
	case v_close: r->ret = do_close(st, op, side); break;
	case v_dup: r->ret = do_dup(st, op, side); break;
	case v_mmap: r->ret = do_mmap(st, i, side); break;
	case v_task: r->ret = do_task(op); break;
	case v_perf: r->ret = do_perf(st, op, side); break;
	case v_poll: r->ret = do_poll(st, op, side); break;
	case v_walk: seq_do_walk(st, i, side); break;
	case v_ring: seq_do_ring(st, i, side); break;
	case v_fill: seq_do_fill(st, i, side); break;
	default: r->ret = do_mapping(st, op, side);
	}
}

/* ---- composites ---- */

static long element(struct seq_state *st, int side, int fd, enum skep_cmd cmd, void *key,
		    void *value)
{
	struct skep_sys *sys = st->world->sys[side];
	union skep_attr attr = {
		.map_fd = (u32)fd, .key = u64_of(key), .value = u64_of(value)};

	return sys->bpf(sys, cmd, &attr, sizeof(attr));
}

/* Keys and values as they come, with each value's result before it. */
void seq_do_walk(struct seq_state *st, u32 i, int side)
{
	static const struct seq_arg keys = {.room = r_keys}, values = {.room = r_values};
	const struct seq_op *op = &st->seq->ops[i];
	struct seq_result *r = &st->result[side];
	const struct seq_made *map = seq_map_of(st, op);
	int fd = st->fd[side][op->args[0].slot];
	u32 size = map ? seq_value_size(map) : 0;
	u32 most = map ? MIN(WALK_MOST, SEQ_ROOM / 2 / (map->key_size + size + 16)) : 0;
	u8 *k, *v, *key = NULL;

	r->ret = -EBADF;
	if (!most)
		return;
	k = room_for(st, side, (most + 1) * map->key_size);
	v = room_for(st, side, most * size);
	memset(v, FILL, most * size);
	for (u32 n = 0; n < most; n++) {
		u8 *next = k + n * map->key_size;

		r->ret = element(st, side, fd, SKEP_MAP_GET_NEXT_KEY, key, next);
		if (r->ret)
			break;
		key = next;
		if (element(st, side, fd, SKEP_MAP_LOOKUP_ELEM, key, v + n * size))
			memset(v + n * size, 0xee, size);
		r->walked = n + 1;
	}
	r->rooms[r->nrooms++] =
		(struct seq_room_at){&keys, k, (u32)r->walked * map->key_size};
	r->rooms[r->nrooms++] = (struct seq_room_at){&values, v, (u32)r->walked * size};
}

/* Removes all elements. */
void seq_clear(struct seq_state *st, int side, int fd, const struct seq_made *map)
{
	u8 *key = room_for(st, side, map->key_size);

	for (u32 n = 0; n < 100000; n++)
		if (element(st, side, fd, SKEP_MAP_GET_NEXT_KEY, NULL, key) ||
		    element(st, side, fd, SKEP_MAP_DELETE_ELEM, key, NULL))
			break;
}

/* The records, of each what is written, between consumer and producer: 4 bytes of length,
 * and what stands in them. Those of no length that were discarded are the engine's, in
 * place of a header that would wrap. */
static u32 ring_records(u8 *consumer, const u8 *producer, u32 size, u8 *to, u32 room)
{
	u64 at = *(volatile u64 *)consumer, end = *(const volatile u64 *)producer;
	u32 n = 0;

	while (at < end) {
		const u8 *record = producer + PAGE + (at & (size - 1));
		u32 head = load32(record), len = head & ~(3u << 30);

		if (len > size || head >> 31 || n + len + 4 > room)
			break;
		if (head != 1u << 30) {
			u32 wrote = head >> 30 ? 0 : MIN(len, (u32)SEQ_RECORD);

			store32(to + n, head);
			memcpy(to + n + 4, record + 8, wrote);
			n += 4 + wrote;
		}
		at += round_up(len + 8, 8);
	}
	*(volatile u64 *)consumer = at;
	return n;
}

void seq_do_ring(struct seq_state *st, u32 i, int side)
{
	static const struct seq_arg records = {.room = r_bytes};
	const struct seq_op *op = &st->seq->ops[i];
	struct skep_sys *sys = st->world->sys[side];
	struct seq_result *r = &st->result[side];
	const struct seq_made *map = seq_map_of(st, op);
	int fd = st->fd[side][op->args[0].slot];
	void *consumer = NULL, *producer = NULL;
	u32 size = map ? map->max_entries : 0;
	u8 *to = room_for(st, side, SEQ_ROOM / 2);

	r->ret = sys->mmap(sys, &consumer, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
	if (r->ret < 0)
		return;
	r->ret = sys->mmap(sys, &producer, PAGE + 2 * size, PROT_READ, MAP_SHARED, fd,
			   PAGE);
	if (r->ret >= 0) {
		u32 len = ring_records(consumer, producer, size, to, SEQ_ROOM / 2);

		r->ret = 0;
		r->rooms[r->nrooms++] = (struct seq_room_at){&records, to, len};
		sys->munmap(sys, producer, PAGE + 2 * size);
	}
	sys->munmap(sys, consumer, PAGE);
}

/* Records as they are said to be, right or wrong, one behind the other. */
static void fill_ring(u8 *producer, u32 size, u32 n, u32 head)
{
	u64 at = *(volatile u64 *)producer;
	u32 len = (u32)round_up((head & ~(3u << 30)) + 8, 8);

	for (; n; n--, at += len) {
		u8 *record = producer + PAGE + (at & (size - 1));

		memset(record + 8, (int)n, MIN(len, size) - 8);
		store32(record, head);
		store32(record + 4, 0);
	}
	*(volatile u64 *)producer = at;
}

void seq_do_fill(struct seq_state *st, u32 i, int side)
{
	const struct seq_op *op = &st->seq->ops[i];
	struct skep_sys *sys = st->world->sys[side];
	struct seq_result *r = &st->result[side];
	const struct seq_made *map = seq_map_of(st, op);
	u32 size = map ? map->max_entries : 0;
	void *producer = NULL;

	r->ret = sys->mmap(sys, &producer, PAGE + 2 * size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, st->fd[side][op->args[0].slot], PAGE);
	if (r->ret < 0)
		return;
	r->ret = 0;
	if (map->type == SKEP_MAP_TYPE_USER_RINGBUF)
		fill_ring(producer, size, (u32)op->args[1].number,
			  (u32)op->args[2].number);
	sys->munmap(sys, producer, PAGE + 2 * size);
}

/* ---- what a call makes ---- */

static u32 id_of(struct seq_state *st, int side, int fd, u8 kind)
{
	struct skep_sys *sys = st->world->sys[side];
	u32 info[64] = {0};
	union skep_attr attr = {.info = {(u32)fd, 0, u64_of(info)}};

	attr.info.info_len = kind == k_btf ? sizeof(struct skep_btf_info) : 8;
	if (sys->bpf(sys, SKEP_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)))
		return 0;
	return kind == k_btf ? ((struct skep_btf_info *)info)->id : info[1];
}

static s16 object_made(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];

	if (op->cmd == SKEP_OBJ_GET && op->verb == v_bpf)
		return st->world->model->pin[op->pin];
	if (op->made.of != i)
		return st->object[op->made.of] < 0 ? (s16)op->made.of
						   : st->object[op->made.of];
	return (s16)i;
}

static void made(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];
	struct seq_model *model = st->world->model;

	if (st->result[0].ret >= 0 && op->verb == v_bpf && op->cmd == SKEP_OBJ_PIN)
		model->pin[op->pin] = seq_object_of(st, op);
	if (op->made.kind == k_none || st->result[0].ret < 0)
		return;
	st->object[i] = object_made(st, i);
	for (int side = 0; side < 2; side++) {
		st->fd[side][i] = (int)st->result[side].ret;
		if (st->object[i] == (s16)i)
			model->id[side][i] =
				id_of(st, side, st->fd[side][i], op->made.kind);
	}
	model->lru[0][i].newest = model->lru[1][i].newest = -1;
}

/* ---- the sequence ---- */

static u32 run_child(struct seq_state *st, u32 i);

/* The next call, or 0 at the end or a difference. */
static u32 run_op(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];

	if (op->dropped)
		return i + 1;
	if (op->verb == v_fork)
		return run_child(st, i);
	seq_do(st, i, 0);
	if (st->world->print)
		seq_print(st, i);
	seq_do(st, i, 1);
	if (!seq_compare(st, i)) {
		st->world->model->op = i;
		return 0;
	}
	made(st, i);
	if (op->verb == v_close)
		st->object[op->args[0].slot] = -1;
	return i + 1;
}

static bool run_ops(struct seq_state *st, u32 from, u32 to)
{
	for (u32 i = from; i < to && !st->too_large && !st->world->model->no_memory;) {
		i = run_op(st, i);
		if (!i)
			return false;
	}
	return true;
}

static u32 run_child(struct seq_state *st, u32 i)
{
	u32 end = MIN(i + 1 + st->seq->ops[i].count, st->seq->nops);
	int status;
	pid_t pid;

	if (st->world->print) {
		seq_print(st, i);
		fflush(st->world->print);
	}
	pid = fork();
	if (!pid) {
		bool same;

		same = run_ops(st, i + 1, end);
		if (st->world->print)
			fflush(st->world->print);
		_exit(same ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? end : 0;
}

static void finish(struct seq_state *st)
{
	for (int side = 0; side < 2; side++)
		for (u32 i = 0; i < st->seq->nops; i++) {
			struct skep_sys *sys = st->world->sys[side];

			if (st->mapping[side][i])
				sys->munmap(sys, st->mapping[side][i],
					    (size_t)st->seq->ops[i].args[1].number);
			if (st->fd[side][i] >= 0)
				sys->close(sys, st->fd[side][i]);
		}
}

static void begin(struct seq_state *st, const struct seq *seq, struct seq_world *world)
{
	st->seq = seq;
	st->world = world;
	memset(world->model, 0, sizeof(*world->model));
	memset(world->model->pin, 0xff, sizeof(world->model->pin));
	memset(st->fd, 0xff, sizeof(st->fd));
	memset(st->object, 0xff, sizeof(st->object));
	for (int side = 0; side < 2; side++)
		st->memory[side] = mmap(NULL, SEQ_ROOM, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

bool seq_run(const struct seq *seq, struct seq_world *world)
{
	struct seq_state *st = calloc(1, sizeof(*st));
	bool same;

	begin(st, seq, world);
	if (world->print)
		seq_print_begin(world->print, seq);
	same = run_ops(st, 0, seq->nops);
	finish(st);
	for (int side = 0; side < 2; side++)
		munmap(st->memory[side], SEQ_ROOM);
	free(st);
	return same;
}
