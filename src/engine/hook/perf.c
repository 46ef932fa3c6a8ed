/* Perf events: what perf_event_open(2) gives. BPF programs on a tracepoint run for every
 * task and CPU, enabled or not, as in the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "event.h"
#include "hook.h"
#include "os.h"

enum { MOST_ATTR = 4096, MOST_FREQ = 100000 };

/* ---- the object ---- */

static int perf_open(struct object *obj)
{
	struct perf *perf = container_of(obj, struct perf, obj);

	perf->info = (struct perf_info *)obj->head->data;
	return !perf->info->event || event_is_tracepoint(perf->info->event) ? 0 : -EINVAL;
}

static void perf_refs(const struct object_head *head, void (*fn)(void *arg, u32 id),
		      void *arg)
{
	const struct perf_info *info = (const struct perf_info *)head->data;
	u32 prog_id = __atomic_load_n(&info->prog_id, __ATOMIC_ACQUIRE);

	if (prog_id)
		fn(arg, prog_id);
}

const struct object_ops perf_object_ops = {
	.view_size = sizeof(struct perf),
	.open = perf_open,
	.refs = perf_refs,
};

/* ---- perf_event_open(2) ---- */

/* The user's attr in ours, which may be shorter or longer. */
static int copy_attr(struct perf_event_attr *to, u64 from)
{
	u32 size;
	int err;

	memset(to, 0, sizeof(*to));
	err = user_copy_in(&size, from + offsetof(struct perf_event_attr, size), 4);
	if (err)
		return err;
	if (!size)
		size = PERF_ATTR_SIZE_VER0;
	if (size < PERF_ATTR_SIZE_VER0 || size > MOST_ATTR)
		return -E2BIG;
	err = user_check_tail(from, sizeof(*to), size);
	return err ? err : user_copy_in(to, from, MIN(size, sizeof(*to)));
}

static int check_attr(const struct perf_event_attr *attr)
{
	const u64 samples = PERF_SAMPLE_MAX - 1;
	const u64 formats = PERF_FORMAT_MAX - 1;

	if (attr->__reserved_1 || attr->__reserved_2 || attr->__reserved_3 ||
	    attr->sample_type & ~samples || attr->read_format & ~formats)
		return -EINVAL;
	if (attr->freq ? attr->sample_freq > MOST_FREQ : attr->sample_period >> 63)
		return -EINVAL;
	return 0;
}

static int check_target(struct store *store, pid_t pid, int cpu, int group_fd,
			unsigned long flags)
{
	struct object *obj;

	if (flags & PERF_FLAG_PID_CGROUP)
		return -EINVAL;
	if (group_fd != -1) {
		if (object_get(store, group_fd, OBJECT_PERF, &obj, NULL))
			return -EBADF;
		object_put(obj);
	}
	if (pid != -1 && pid && (pid < 0 || (kill(pid, 0) && errno == ESRCH)))
		return -ESRCH;
	if (cpu == -1 ? pid == -1 : (u32)cpu >= store_slots(store))
		return -EINVAL;
	return 0;
}

static bool is_output(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE &&
	       attr->config == PERF_COUNT_SW_BPF_OUTPUT;
}

/* What the engine has no answer to it does not promise: stacks, registers, records that
 * are written from the end. */
static int check_event(const struct perf_event_attr *attr)
{
	if (is_output(attr))
		return attr->write_backward || !perf_output_knows(attr->sample_type)
			       ? -EOPNOTSUPP
			       : 0;
	if (attr->type != PERF_TYPE_TRACEPOINT)
		return -ENOENT;
	return event_is_tracepoint(attr->config) ? 0 : -EINVAL;
}

static void enable(struct perf_info *info, bool on)
{
	info->since_ns = os_clock_ns();
	__atomic_store_n(&info->enabled, on, __ATOMIC_RELEASE);
}

static void fill_info(struct perf_info *info, const struct perf_event_attr *attr,
		      pid_t pid, int cpu)
{
	info->event = is_output(attr) ? 0 : (u32)attr->config;
	info->cpu = cpu;
	info->tid = pid > 0 ? (u32)pid : pid ? 0 : (u32)syscall(SYS_gettid);
	info->inherit = attr->inherit;
	info->id_all = attr->sample_id_all;
	*(attr->watermark ? &info->watermark : &info->wakeup) = attr->wakeup_events;
	info->sample_type = attr->sample_type;
	enable(info, !attr->disabled);
}

int hook_perf_event_open(struct store *store, const struct perf_event_attr *user,
			 pid_t pid, int cpu, int group_fd, unsigned long flags)
{
	const unsigned long known = PERF_FLAG_FD_NO_GROUP | PERF_FLAG_FD_OUTPUT |
				    PERF_FLAG_PID_CGROUP | PERF_FLAG_FD_CLOEXEC;
	struct perf_event_attr attr;
	struct object *obj;
	int err;

	if (flags & ~known)
		return -EINVAL;
	err = copy_attr(&attr, u64_of(user));
	if (!err)
		err = check_attr(&attr);
	if (!err)
		err = check_target(store, pid, cpu, group_fd, flags);
	if (err)
		return err;
	err = check_event(&attr);
	if (!err)
		err = object_create(store, OBJECT_PERF, OBJECT_HEAD_SIZE, &obj);
	if (err)
		return err;
	fill_info((struct perf_info *)obj->head->data, &attr, pid, cpu);
	return object_ready(obj, O_RDWR);
}

/* ---- ioctl(2) ---- */

static int set_prog(struct perf *perf, int fd)
{
	struct perf_info *info = perf->info;
	struct prog *prog;
	u32 none = 0;
	int err = hook_get_prog(perf->obj.store, fd, &prog);

	if (err)
		return err;
	if (prog->info->type != SKEP_PROG_TYPE_TRACEPOINT)
		err = -EINVAL;
	else
		err = hook_may_attach(perf->obj.store, info->event, perf->obj.id,
				      prog->obj.id);
	if (!err &&
	    !__atomic_compare_exchange_n(&info->prog_id, &none, prog->obj.id, false,
					 __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		err = -EEXIST;
	object_put(&prog->obj);
	return err;
}

int hook_ioctl(struct object *obj, unsigned long request, unsigned long arg)
{
	struct perf *perf = container_of(obj, struct perf, obj);
	u64 id = obj->id;

	if (obj->kind != OBJECT_PERF)
		return -ENOTTY;
	switch (request) {
	case PERF_EVENT_IOC_ENABLE:
	case PERF_EVENT_IOC_DISABLE:
		enable(perf->info, request == PERF_EVENT_IOC_ENABLE);
		return 0;
	case PERF_EVENT_IOC_RESET: return 0;
	case PERF_EVENT_IOC_ID: return user_copy_out(arg, &id, sizeof(id));
	case PERF_EVENT_IOC_SET_BPF: return set_prog(perf, (int)arg);
	default: return -ENOTTY;
	}
}

/* ---- the files of an event ---- */

/* "syscalls/sys_enter_openat/id" as event and file; false: it is no such path. */
static bool parse_event(const char *path, u32 *event, char file[16])
{
	static const char *const roots[] = {"/sys/kernel/tracing/events/",
					    "/sys/kernel/debug/tracing/events/"};
	char category[32], name[64];
	int end = 0;

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
		if (!strncmp(path, roots[i], strlen(roots[i])))
			end = (int)strlen(roots[i]);
	if (!end || sscanf(path + end, "%31[^/]/%63[^/]/%15s", category, name, file) != 3)
		return false;
	*event = event_find(category, name);
	return *event != EVENT_NONE;
}

int hook_open(struct store *store, const char *path)
{
	struct str text = {0};
	char file[16];
	u32 event;
	int fd;

	if (!parse_event(path, &event, file))
		return -ENOENT;
	if (!strcmp(file, "id"))
		str_printf(&text, "%u\n", event);
	else if (!strcmp(file, "format"))
		event_format(&text, event);
	else
		return -ENOENT;
	fd = text.failed ? -ENOMEM : os_memory_file(text.s, text.len);
	str_free(&text);
	return fd;
}
