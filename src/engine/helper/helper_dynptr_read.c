/* Kernel functions that copy what may not be there: into dynptrs, and strings of a
 * sleepable program's task. */
#include "helper_dynptr.h"
#include "helper_fn.h"
#include <errno.h>

enum { STEP = 256 };

/* Copies to `dst`, as much as `len` bytes or a string with its 0; how much that was, or 0
 * for bytes, or -errno. */
typedef s64 reader(struct run *run, void *dst, u32 len, u64 addr);

static u64 answer(s64 n)
{
	return (u32)n;
}

/* ---- readers ---- */

static s64 user_bytes(struct run *run, void *dst, u32 len, u64 addr)
{
	return helper_is_user(run, addr) ? helper_read_task(run, dst, addr, len)
					 : -EFAULT;
}

/* What cannot be read is 0. */
static s64 user_bytes_sleeping(struct run *run, void *dst, u32 len, u64 addr)
{
	memset(dst, 0, len);
	return user_bytes(run, dst, len, addr);
}

static s64 kernel_bytes(struct run *run, void *dst, u32 len, u64 addr)
{
	return helper_peek(run, dst, addr, len) ? 0 : helper_no_kernel_memory(addr);
}

static s64 string(struct run *run, char *dst, u32 len, u64 addr, bool user)
{
	s64 n = helper_copy_str(run, dst, len, addr, user);

	if (n > 0)
		dst[n - 1] = 0;
	return n;
}

static s64 user_string(struct run *run, void *dst, u32 len, u64 addr)
{
	return string(run, dst, len, addr, true);
}

static s64 kernel_string(struct run *run, void *dst, u32 len, u64 addr)
{
	return string(run, dst, len, addr, false);
}

/* Does not read the byte that the 0 takes the place of. */
static s64 user_string_sleeping(struct run *run, void *dst, u32 len, u64 addr)
{
	char *s = dst;
	s64 n = len ? helper_copy_str(run, s, len - 1, addr, true) : 0;

	if (len && (!n || (n > 0 && s[n - 1])))
		s[n++] = 0;
	return n;
}

/* ---- into dynptrs ---- */

/* A dynptr whose bytes lie in pieces is filled step by step. */
static s64 bytes_in_steps(struct run *run, const struct dynptr *to, u32 off, u32 len,
			  u64 addr, reader *read)
{
	u8 part[STEP];
	s64 err = 0;

	for (u32 n = 0; n < len && !err; n += STEP) {
		u32 step = MIN(len - n, (u32)STEP);

		err = read(run, part, step, addr + n);
		if (!err)
			err = dynptr_store(run, to, off + n, part, step, 0);
	}
	return err;
}

/* Each step ends with a 0, which the next one begins with. */
static s64 string_in_steps(struct run *run, const struct dynptr *to, u32 off, u32 len,
			   u64 addr, reader *read)
{
	char part[STEP];
	u32 n = 0, step;

	for (; n < len; n += step - 1) {
		s64 got, err;

		step = MIN(len - n, (u32)STEP);
		got = read(run, part, step, addr + n);
		err = got < 0 ? got : dynptr_store(run, to, off + n, part, (u32)got, 0);
		if (err)
			return err;
		if (got < step || step == 1)
			return n + got;
	}
	return n;
}

static u64 fill(struct run *run, u64 dynptr, u64 off, u64 len, u64 addr, reader *read,
		bool string)
{
	const struct dynptr to = *(struct dynptr *)ptr_of(dynptr);
	void *at = dynptr_at(run, &to, (u32)off, (u32)len, access_write);

	run_pay(run, (u32)len);
	if (at)
		return answer(read(run, at, (u32)len, addr));
	if (!dynptr_holds(&to, (u32)off, (u32)len))
		return answer(-E2BIG);
	return answer((string ? string_in_steps : bytes_in_steps)(run, &to, (u32)off,
								  (u32)len, addr, read));
}

KFUNC_FN(probe_read_user_dynptr)
{
	return fill(run, a, b, c, d, user_bytes, false);
}

KFUNC_FN(probe_read_kernel_dynptr)
{
	return fill(run, a, b, c, d, kernel_bytes, false);
}

KFUNC_FN(copy_from_user_dynptr)
{
	return fill(run, a, b, c, d, user_bytes_sleeping, false);
}

KFUNC_FN(probe_read_user_str_dynptr)
{
	return fill(run, a, b, c, d, user_string, true);
}

KFUNC_FN(probe_read_kernel_str_dynptr)
{
	return fill(run, a, b, c, d, kernel_string, true);
}

KFUNC_FN(copy_from_user_str_dynptr)
{
	return fill(run, a, b, c, d, user_string_sleeping, true);
}

/* Of a task, which is the current one: no program gets another. */
KFUNC_FN(copy_from_user_task_dynptr)
{
	return fill(run, a, b, c, d, user_bytes_sleeping, false);
}

KFUNC_FN(copy_from_user_task_str_dynptr)
{
	return fill(run, a, b, c, d, user_string_sleeping, true);
}

/* ---- into memory ---- */

KFUNC_FN(copy_from_user_str)
{
	char *dst = ptr_of(a);
	u32 size = (u32)b;
	s64 n;

	if (d & ~(u64)SKEP_F_PAD_ZEROS)
		return answer(-EINVAL);
	n = user_string_sleeping(run, dst, size, c);
	if (d & SKEP_F_PAD_ZEROS && n < size)
		memset(dst + MAX(n, 0), 0, size - (u64)MAX(n, 0));
	return answer(n);
}

KFUNC_FN(copy_from_user_task_str)
{
	return kfunc_copy_from_user_str(run, a, b, c, e, 0);
}
