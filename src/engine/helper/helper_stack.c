/* Stacks of the current task: the addresses at which its functions wait for each other,
 * found by frame pointers, as the kernel's perf_callchain_user() finds them. There is no
 * kernel, so kernel stacks are empty. */
#include "build_id.h"
#include "helper_fn.h"
#include "stack_trace.h"
#include <errno.h>

enum { PAGE = 4096 };

#define USER_END 0x7ffffffff000ull

/* What a function leaves on the stack where the frame pointer points to, on x86-64 and
 * arm64 alike. */
struct frame {
	u64 next, ret;
};

/* The task's memory, a page of the stack at a time. */
struct window {
	u64 at;
	u32 len;
	u8 bytes[PAGE];
};

static bool read_frame(struct run *run, struct window *w, u64 at, struct frame *out)
{
	if (at > USER_END - sizeof(*out))
		return false;
	if (at - w->at > w->len || w->len - (at - w->at) < sizeof(*out)) {
		w->at = at;
		w->len = MAX((u32)(PAGE - at % PAGE), (u32)sizeof(*out));
		if (helper_read_task(run, w->bytes, at, w->len)) {
			w->len = 0;
			return false;
		}
	}
	memcpy(out, w->bytes + (at - w->at), sizeof(*out));
	return true;
}

/* Where the task is and what its frame pointer says; false: it has no user stack. */
static bool stack_begin(struct run *run, u64 *ip, u64 *fp)
{
	struct skep_task *task = run_world(run)->task;

	if (task)
		return task->where && !task->where(task, ip, fp);
	if (!run->caller)
		return false;
	*ip = run->caller[1];
	*fp = run->caller[0];
	return true;
}

/* On arm64 the kernel wants frames to go up and to be aligned; on x86-64 it follows
 * whatever it finds. */
static bool frame_follows(u64 fp, u64 last)
{
#if defined(__aarch64__)
	return fp > last && !(fp & 7);
#else
	return true;
#endif
}

/* At most `most` addresses, the innermost first. */
static u32 user_stack(struct run *run, u64 *ips, u32 most)
{
	struct window w = {0};
	struct frame frame;
	u64 fp, last = 0;
	u32 n = 0;

	if (!most || !stack_begin(run, &ips[0], &fp))
		return 0;
	for (n = 1;
	     n < most && frame_follows(fp, last) && read_frame(run, &w, fp, &frame);
	     n++) {
		ips[n] = frame.ret;
		last = fp;
		fp = frame.next;
	}
	run_pay(run, n * sizeof(frame));
	return n;
}

/* With what is to be skipped. */
static u32 get_stack(struct run *run, u64 flags, u32 depth, u64 ips[STACK_TRACE_DEPTH])
{
	depth = MIN(depth + (u32)(flags & SKEP_F_SKIP_FIELD_MASK),
		    (u32)STACK_TRACE_DEPTH);
	return flags & SKEP_F_USER_STACK ? user_stack(run, ips, depth) : 0;
}

static int read_memory(void *arg, u64 addr, void *dst, u32 len)
{
	return helper_read_task(arg, dst, addr, len);
}

static void name_user(void *arg, const u64 *ips, u32 n, struct skep_stack_build_id *out)
{
	const struct skep_task *task = run_world(arg)->task;

	build_id_find(task ? (pid_t)task->tgid : 0, read_memory, arg, ips, n, out);
}

HELPER_FN(get_stackid)
{
	const u64 known = SKEP_F_SKIP_FIELD_MASK | SKEP_F_USER_STACK |
			  SKEP_F_FAST_STACK_CMP | SKEP_F_REUSE_STACKID;
	u32 skip = c & SKEP_F_SKIP_FIELD_MASK, n;
	struct map *map = ptr_of(b);
	u64 ips[STACK_TRACE_DEPTH];

	if (c & ~known)
		return (u64)-EINVAL;
	n = get_stack(run, c, stack_trace_depth(map), ips);
	if (n <= skip)
		return (u64)-EFAULT;
	return (u64)stack_trace_put(map, ips + skip, n - skip, c, name_user, run);
}

/* `out` gets what fits of the stack; the number of bytes. */
static s64 copy_stack(struct run *run, void *out, u32 size, u64 flags)
{
	bool named = flags & SKEP_F_USER_BUILD_ID;
	u32 unit = named ? (u32)sizeof(struct skep_stack_build_id) : (u32)sizeof(u64);
	u32 skip = flags & SKEP_F_SKIP_FIELD_MASK, n;
	u64 ips[STACK_TRACE_DEPTH];

	if (size % unit)
		return -EINVAL;
	n = get_stack(run, flags, size / unit, ips);
	if (n < skip)
		return -EFAULT;
	n -= skip;
	if (named)
		name_user(run, ips + skip, n, out);
	else
		memcpy(out, ips + skip, n * unit);
	return n * unit;
}

HELPER_FN(get_stack)
{
	const u64 known =
		SKEP_F_SKIP_FIELD_MASK | SKEP_F_USER_STACK | SKEP_F_USER_BUILD_ID;
	u8 *out = ptr_of(b);
	s64 len = -EINVAL;

	if (!(d & ~known) && (d & SKEP_F_USER_STACK || !(d & SKEP_F_USER_BUILD_ID)))
		len = copy_stack(run, out, (u32)c, d);
	memset(out + MAX(len, 0), 0, c - (u64)MAX(len, 0));
	return (u64)len;
}

/* The only task that a program has is the current one. */
HELPER_FN(get_task_stack)
{
	return helper_get_stack(run, 0, b, c, d, 0);
}
