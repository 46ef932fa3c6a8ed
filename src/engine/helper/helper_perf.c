#include "helper_fn.h"
#include "perf_output.h"
#include <errno.h>
#include <linux/perf_event.h>

/* Of perf_event_output's flags. */
#define INDEX_MASK  0xffffffffull
#define CTXLEN_MASK 0xfffffull

/* The perf event at the index that the flags name. */
static int find(struct run *run, struct map *map, u64 flags, struct perf **out)
{
	const u32 *ids = map->priv;
	u32 index = (u32)flags == (u32)INDEX_MASK ? run->slot : (u32)flags;
	struct object *obj;

	if (index >= map->info.max_entries)
		return -E2BIG;
	obj = run->find_perf(run, OBJECT_PERF,
			     __atomic_load_n(&ids[index], __ATOMIC_ACQUIRE));
	if (!obj)
		return -ENOENT;
	*out = container_of(obj, struct perf, obj);
	return 0;
}

/* `len` bytes of the packet behind the program's data. False: it has less. */
static bool add_packet(struct run *run, struct perf_sample *sample, u32 len)
{
	const struct skep_packet *p = &run->packet;
	u32 first = MIN(len, (u32)(p->tail - p->data));

	if (len - first > p->rest_len)
		return false;
	sample->part[1].at = p->data;
	sample->part[1].len = first;
	sample->part[2].at = p->rest;
	sample->part[2].len = len - first;
	return true;
}

/* Whose sample it is; the ids cost a system call where the event has no task. */
static void name_task(struct run *run, const struct perf_info *info,
		      struct perf_sample *sample)
{
	u64 task = 0;

	if (info->tid || info->sample_type & PERF_SAMPLE_TID)
		task = helper_get_current_pid_tgid(run, 0, 0, 0, 0, 0);
	sample->tgid = (u32)(task >> 32);
	sample->tid = (u32)task;
}

/* Whether the event is on where the program runs. */
static bool is_on(const struct perf_info *info, const struct perf_sample *sample)
{
	return __atomic_load_n(&info->enabled, __ATOMIC_ACQUIRE) &&
	       (info->cpu == -1 || (u32)info->cpu == sample->cpu) &&
	       (!info->tid || info->tid == sample->tid);
}

static int output(struct run *run, struct perf *perf, struct perf_sample *sample)
{
	const struct perf_info *info = perf->info;
	struct object *ring;

	if (info->event)
		return -EINVAL;
	name_task(run, info, sample);
	if (!is_on(info, sample))
		return -EOPNOTSUPP;
	ring = run->find_perf(run, OBJECT_PERF_RING,
			      __atomic_load_n(&info->ring_id, __ATOMIC_ACQUIRE));
	if (!ring)
		return -ENOSPC;
	sample->id = perf->obj.id;
	sample->time = info->sample_type & PERF_SAMPLE_TIME ? run_clock(run) : 0;
	return perf_output(container_of(ring, struct perf_ring, obj), info, sample);
}

HELPER_FN(perf_event_output)
{
	u64 known = INDEX_MASK | (run->prog->type->packet ? CTXLEN_MASK << 32 : 0);
	struct perf_sample sample = {.part[0] = {ptr_of(d), (u32)e}, .cpu = run->slot};
	struct perf *perf;
	int err;

	if (c & ~known)
		return (u64)-EINVAL;
	if (c >> 32 && !add_packet(run, &sample, (u32)(c >> 32)))
		return (u64)-EFAULT;
	err = find(run, ptr_of(b), c, &perf);
	if (!err)
		err = output(run, perf, &sample);
	return (u64)(s64)err;
}
