/* Strings that may end anywhere, or nowhere: kernel functions that read byte by byte what
 * may not be there. */
#include "helper_fn.h"
#include "msg.h"
#include <errno.h>

enum { MOST = 65536 }; /* bytes; Linux takes XATTR_SIZE_MAX */

struct string {
	struct run *run;
	u64 at;
	struct region near; /* that of the byte read last */
};

static u64 answer(int err)
{
	return (u32)err;
}

/* Linux reads no address of user space, but may try all others. */
static int begin(struct string *s, struct run *run, u64 addr)
{
	u8 c;

	s->run = run;
	s->at = addr;
	if (run_find(run, addr, 1, access_probe, &s->near))
		return 0;
	s->near.lo = s->near.hi = 0;
	return helper_peek(run, &c, addr, 1) || helper_no_kernel_memory(addr) != -ERANGE
		       ? 0
		       : -ERANGE;
}

static int begin_two(struct string *a, struct string *b, struct run *run, u64 at, u64 bt)
{
	int err = begin(a, run, at);

	return err ? err : begin(b, run, bt);
}

/* Its n-th byte; false: it cannot be read, or the budget is used up. */
static bool get(struct string *s, u32 n, u8 *c)
{
	u64 addr = s->at + n;

	if (addr - s->near.lo < s->near.hi - s->near.lo)
		*c = *(const volatile u8 *)ptr_of(addr);
	else if (!helper_peek(s->run, c, addr, 1))
		return false;
	else if (!run_find(s->run, addr, 1, access_probe, &s->near))
		s->near.lo = s->near.hi = 0;
	run_pay(s->run, 1);
	if (s->run->budget >= 0)
		return true;
	run_fault(s->run, ELOOP, msg_helper_budget);
	return false;
}

/* ---- comparing ---- */

/* Letters of Latin 1, as the kernel has them. */
static u8 lower(u8 c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7)
		       ? (u8)(c + 32)
		       : c;
}

static int compare(struct run *run, u64 at, u64 bt, bool fold)
{
	struct string s, t;
	int err = begin_two(&s, &t, run, at, bt);
	u8 c, d;

	for (u32 i = 0; !err && i < MOST; i++) {
		if (!get(&s, i, &c) || !get(&t, i, &d))
			return -EFAULT;
		if (fold) {
			c = lower(c);
			d = lower(d);
		}
		if (c != d)
			return c < d ? -1 : 1;
		if (!c)
			return 0;
	}
	return err ? err : -E2BIG;
}

KFUNC_FN(strcmp)
{
	return answer(compare(run, a, b, false));
}

KFUNC_FN(strcasecmp)
{
	return answer(compare(run, a, b, true));
}

/* ---- looking for a character ---- */

/* Where c is, or the 0, or `count` bytes are over; *hit: it is c. */
static int seek(struct run *run, u64 at, u64 count, u8 c, bool *hit)
{
	struct string s;
	int err = begin(&s, run, at);
	u8 d;

	*hit = false;
	if (err)
		return err;
	for (u32 i = 0; i < MOST; i++) {
		if (i == count)
			return (int)i;
		if (!get(&s, i, &d))
			return -EFAULT;
		*hit = d == c;
		if (*hit || !d)
			return (int)i;
	}
	return -E2BIG;
}

static u64 find(struct run *run, u64 at, u64 count, u8 c)
{
	bool hit;
	int n = seek(run, at, count, c, &hit);

	return answer(hit || n < 0 ? n : -ENOENT);
}

KFUNC_FN(strchr)
{
	return find(run, a, MOST, (u8)b);
}

KFUNC_FN(strnchr)
{
	return find(run, a, b, (u8)c);
}

KFUNC_FN(strchrnul)
{
	bool hit;

	return answer(seek(run, a, MOST, (u8)b, &hit));
}

KFUNC_FN(strlen)
{
	bool hit;

	return answer(seek(run, a, MOST, 0, &hit));
}

KFUNC_FN(strnlen)
{
	bool hit;

	return answer(seek(run, a, b, 0, &hit));
}

/* What is looked for is an int: no byte is 0x141. */
KFUNC_FN(strrchr)
{
	struct string s;
	int err = begin(&s, run, a), last = -ENOENT;
	u8 got;

	for (u32 i = 0; !err && i < MOST; i++) {
		if (!get(&s, i, &got))
			return answer(-EFAULT);
		if (got == (u32)b)
			last = (int)i;
		if (!got)
			return answer(last);
	}
	return answer(err ? err : -E2BIG);
}

/* ---- sets of characters ---- */

/* 1: c is in the set, 0: it is not, or -errno. */
static int is_in(struct string *set, u8 c)
{
	u8 d;

	for (u32 i = 0; i < MOST; i++) {
		if (!get(set, i, &d))
			return -EFAULT;
		if (!d || d == c)
			return d != 0;
	}
	return -E2BIG;
}

/* How many characters it begins with that are in the set, or are not. */
static u64 span(struct run *run, u64 at, u64 set_at, bool in)
{
	struct string s, set;
	int err = begin_two(&s, &set, run, at, set_at);
	u8 c;

	for (u32 i = 0; !err && i < MOST; i++) {
		int is;

		if (!get(&s, i, &c))
			return answer(-EFAULT);
		is = c ? is_in(&set, c) : !in;
		if (is != in)
			return answer(is < 0 ? is : (int)i);
	}
	return answer(err ? err : -E2BIG);
}

KFUNC_FN(strspn)
{
	return span(run, a, b, true);
}

KFUNC_FN(strcspn)
{
	return span(run, a, b, false);
}

/* ---- looking for a string ---- */

/* Whether t stands at `from` of s, of which `len` bytes count: 1 or 0, or -errno;
 * -ENOENT: it stands nowhere behind either. */
static int stands_at(struct string *s, struct string *t, u32 from, u64 len)
{
	u8 c, d;

	for (u32 i = 0; i < MOST; i++) {
		if (!get(t, i, &d))
			return -EFAULT;
		if (!d)
			return 1;
		if ((u64)from + i == len)
			return -ENOENT;
		if (!get(s, from + i, &c))
			return -EFAULT;
		if (!c)
			return -ENOENT;
		if (c != d)
			return 0;
	}
	return -E2BIG;
}

static u64 find_string(struct run *run, u64 at, u64 what, u64 len)
{
	struct string s, t;
	int err = begin_two(&s, &t, run, at, what);

	for (u32 i = 0; !err && i < MOST; i++) {
		err = stands_at(&s, &t, i, len);
		if (err == 1)
			return answer((int)i);
	}
	return answer(err ? err : -E2BIG);
}

KFUNC_FN(strstr)
{
	return find_string(run, a, b, MOST);
}

KFUNC_FN(strnstr)
{
	return find_string(run, a, b, c);
}
