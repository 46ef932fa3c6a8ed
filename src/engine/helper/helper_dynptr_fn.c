/* Kernel functions on dynptrs. */
#include "helper_dynptr.h"
#include "helper_fn.h"
#include <errno.h>

enum { STEP = 256 }; /* Linux copies by as much what lies in pieces */

static u64 answer(int err)
{
	return (u32)err;
}

/* ---- making ---- */

static u64 make(struct run *run, struct dynptr *new, enum dynptr_type type, u64 size,
		u64 flags)
{
	dynptr_clear(new);
	if (flags)
		return answer(-EINVAL);
	dynptr_set(new, type, u64_of(run->ctx), (u32)size);
	return 0;
}

KFUNC_FN(dynptr_from_skb)
{
	const struct skep_packet *p = &run->packet;
	struct dynptr *new = ptr_of(c);
	u64 err = make(run, new, dynptr_skb, (u64)(p->tail - p->data), b);

	if (!err && !run->prog->packet_write)
		new->what |= DYNPTR_RDONLY;
	return err;
}

KFUNC_FN(dynptr_from_skb_meta)
{
	const struct skep_packet *p = &run->packet;

	return make(run, ptr_of(c), dynptr_skb_meta, (u64)(p->data - p->meta), b);
}

KFUNC_FN(dynptr_from_xdp)
{
	u64 size = helper_xdp_get_buff_len(run, 0, 0, 0, 0, 0);

	return make(run, ptr_of(c), dynptr_xdp, size, b);
}

KFUNC_FN(dynptr_clone)
{
	const struct dynptr *from = ptr_of(a);
	struct dynptr *to = ptr_of(b);

	*to = *from;
	if (to->data)
		return 0;
	dynptr_clear(to);
	return answer(-EINVAL);
}

/* ---- asking ---- */

KFUNC_FN(dynptr_is_null)
{
	const struct dynptr *d_ = ptr_of(a);

	return !d_->data;
}

KFUNC_FN(dynptr_is_rdonly)
{
	const struct dynptr *d_ = ptr_of(a);

	return d_->data && d_->what & DYNPTR_RDONLY;
}

KFUNC_FN(dynptr_size)
{
	const struct dynptr *d_ = ptr_of(a);

	return d_->data ? dynptr_size(d_) : answer(-EINVAL);
}

/* ---- parts ---- */

KFUNC_FN(dynptr_adjust)
{
	struct dynptr *d_ = ptr_of(a);
	u32 start = (u32)b, end = (u32)c, size = dynptr_size(d_);

	if (!d_->data || start > end)
		return answer(-EINVAL);
	if (end > size)
		return answer(-ERANGE);
	d_->offset += start;
	d_->what = (d_->what & ~(u32)DYNPTR_MOST) | (end - start);
	return 0;
}

/* Bytes that lie in pieces are copied into the program's buffer, if it has one. */
static u64 slice(struct run *run, const struct dynptr *d, u32 off, void *buffer, u32 len,
		 enum access access)
{
	void *at = dynptr_at(run, d, off, len, access);

	if (at || !buffer || dynptr_type(d) != dynptr_xdp ||
	    (access == access_write && d->what & DYNPTR_RDONLY))
		return u64_of(at);
	return dynptr_load(run, d, off, buffer, len) ? 0 : u64_of(buffer);
}

KFUNC_FN(dynptr_slice)
{
	const struct dynptr from = *(struct dynptr *)ptr_of(a);

	return slice(run, &from, (u32)b, ptr_of(c), (u32)d, access_read);
}

KFUNC_FN(dynptr_slice_rdwr)
{
	const struct dynptr from = *(struct dynptr *)ptr_of(a);

	return slice(run, &from, (u32)b, ptr_of(c), (u32)d, access_write);
}

/* ---- copying ---- */

/* One of the two lies in pieces. */
static int copy_in_steps(struct run *run, const struct dynptr *to, u32 to_off,
			 const struct dynptr *from, u32 from_off, u32 len)
{
	u8 part[STEP];
	int err = 0;

	if (!dynptr_holds(to, to_off, len) || !dynptr_holds(from, from_off, len))
		return -E2BIG;
	for (u32 n = 0; n < len && !err && !run->fault; n += STEP) {
		u32 step = MIN(len - n, (u32)STEP);

		err = dynptr_load(run, from, from_off + n, part, step);
		if (!err)
			err = dynptr_store(run, to, to_off + n, part, step, 0);
	}
	return err;
}

KFUNC_FN(dynptr_copy)
{
	const struct dynptr to = *(struct dynptr *)ptr_of(a),
			    from = *(struct dynptr *)ptr_of(c);
	u32 to_off = (u32)b, from_off = (u32)d, len = (u32)e;
	void *src = dynptr_at(run, &from, from_off, len, access_read),
	     *dst = dynptr_at(run, &to, to_off, len, access_write);

	run_pay(run, len);
	if (src && dst)
		memmove(dst, src, len);
	else if (src)
		return answer(dynptr_store(run, &to, to_off, src, len, 0));
	else if (dst)
		return answer(dynptr_load(run, &from, from_off, dst, len));
	else
		return answer(copy_in_steps(run, &to, to_off, &from, from_off, len));
	return 0;
}

KFUNC_FN(dynptr_memset)
{
	const struct dynptr to = *(struct dynptr *)ptr_of(a);
	u32 off = (u32)b, len = (u32)c;
	void *at = dynptr_at(run, &to, off, len, access_write);
	u8 part[STEP];
	int err = 0;

	run_pay(run, len);
	if (at)
		memset(at, (u8)d, len);
	if (at)
		return 0;
	if (to.what & DYNPTR_RDONLY)
		return answer(-EINVAL);
	if (!dynptr_holds(&to, off, len))
		return answer(-E2BIG);
	memset(part, (u8)d, sizeof(part));
	for (u32 n = 0; n < len && !err && !run->fault; n += STEP)
		err = dynptr_store(run, &to, off + n, part, MIN(len - n, (u32)STEP), 0);
	return answer(err);
}
