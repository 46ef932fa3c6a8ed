/* The user's memory: system calls that read or write one word, and have no other effect,
 * tell whether a page may be touched; the copy itself is then a plain one. */
#include <errno.h>
#include <linux/futex.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "object.h"

enum {
	PAGE = 4096, /* the least that any machine has */
	STACK = 8 << 20,
};

/* rt_sigprocmask(2) reads the set before it sees that `how` is none. At address 0 it
 * would read none; a word of the same page does as well. */
static bool page_reads(u64 addr)
{
	return syscall(SYS_rt_sigprocmask, -1, ptr_of((addr & ~15ull) + 8), NULL, 8) ==
		       0 ||
	       errno != EFAULT;
}

/* FUTEX_WAKE_OP adds 0 to a word. The word that it wakes is our own: nobody waits. */
static bool page_writes(u64 addr)
{
	u32 own = 0;

	return syscall(SYS_futex, &own, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, NULL,
		       ptr_of(addr & ~3ull),
		       FUTEX_OP(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 0)) >= 0 ||
	       errno != EFAULT;
}

/* Whether it is in the frames of our callers, which are there to read and write: attrs,
 * keys and values mostly are, and need not be asked about then. Of the first thread's
 * stack it is known where it ends, from auxv(7): AT_RANDOM's bytes lie above all frames,
 * and nothing else lies within its limit below them. */
static bool on_stack(u64 addr, size_t len)
{
	u64 here = u64_of(__builtin_frame_address(0)), top = getauxval(AT_RANDOM);

	return here < top && top - here < STACK && addr >= here && addr < top &&
	       len <= top - addr;
}

static bool range_ok(u64 addr, size_t len, bool (*ok)(u64 addr))
{
	int saved = errno;
	bool good = len == 0 || addr + len > addr;
	u64 last = addr + len - 1;

	if (on_stack(addr, len))
		return true;
	for (u64 at = addr; good && len && at <= last;
	     at = (at & ~(u64)(PAGE - 1)) + PAGE)
		good = ok(at);
	errno = saved;
	return good;
}

int user_copy_in(void *dst, u64 src, size_t len)
{
	if (!range_ok(src, len, page_reads))
		return -EFAULT;
	if (len)
		memcpy(dst, ptr_of(src), len);
	return 0;
}

int user_copy_out(u64 dst, const void *src, size_t len)
{
	if (!range_ok(dst, len, page_writes))
		return -EFAULT;
	if (len)
		memcpy(ptr_of(dst), src, len);
	return 0;
}

int user_copy_string(char *dst, u64 src, size_t size)
{
	size_t at = 0;

	while (at < size) {
		size_t n = MIN(size - at, PAGE - (size_t)((src + at) & (PAGE - 1))), len;

		if (!range_ok(src + at, n, page_reads))
			return -EFAULT;
		len = strnlen(ptr_of(src + at), n);
		memcpy(dst + at, ptr_of(src + at), len);
		at += len;
		if (len < n) {
			dst[at] = '\0';
			return (int)at;
		}
	}
	return -E2BIG;
}

int user_check_tail(u64 src, size_t known, size_t len)
{
	u8 buf[256];

	while (known < len) {
		size_t n = MIN(len - known, sizeof(buf));
		int err = user_copy_in(buf, src + known, n);

		if (err)
			return err;
		for (size_t i = 0; i < n; i++)
			if (buf[i])
				return -E2BIG;
		known += n;
	}
	return 0;
}
