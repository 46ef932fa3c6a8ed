#include "helper_dynptr.h"
#include "helper_fn.h"
#include "msg.h"
#include "ringbuf.h"
#include <errno.h>

static u64 answer(int err)
{
	return (u64)(s64)err;
}

/* ---- packets ---- */

/* What a packet's dynptr is of; a program without one has no such dynptrs. */
static bool is_packet(const struct dynptr *d)
{
	return dynptr_type(d) >= dynptr_skb;
}

static void *in_skb(struct run *run, const u8 *from, const u8 *end, u64 off, u32 len)
{
	return off + len <= (u64)(end - from) ? (u8 *)from + off : NULL;
}

static void *packet_at(struct run *run, const struct dynptr *d, u32 off, u32 len)
{
	const struct skep_packet *p = &run->packet;

	if (!run->prog->type->packet)
		return NULL;
	switch (dynptr_type(d)) {
	case dynptr_skb: return in_skb(run, p->data, p->tail, off, len);
	case dynptr_skb_meta: return in_skb(run, p->meta, p->data, off, len);
	case dynptr_xdp: return helper_xdp_at(run, off, len);
	default: return NULL;
	}
}

static int packet_load(struct run *run, const struct dynptr *d, u32 off, void *to,
		       u32 len)
{
	const void *at;

	if (!run->prog->type->packet)
		return -EINVAL;
	if (dynptr_type(d) == dynptr_skb)
		return (int)helper_skb_load_bytes(run, 0, off, u64_of(to), len, 0);
	if (dynptr_type(d) == dynptr_xdp)
		return (int)helper_xdp_load_bytes(run, 0, off, u64_of(to), len, 0);
	at = packet_at(run, d, off, len);
	if (at)
		memmove(to, at, len);
	return at ? 0 : -EINVAL;
}

static int packet_store(struct run *run, const struct dynptr *d, u32 off,
			const void *from, u32 len, u64 flags)
{
	void *at;

	if (!run->prog->type->packet)
		return -EINVAL;
	if (dynptr_type(d) == dynptr_skb)
		return (int)helper_skb_store_bytes(run, 0, off, u64_of(from), len, flags);
	if (flags)
		return -EINVAL;
	if (dynptr_type(d) == dynptr_xdp)
		return (int)helper_xdp_store_bytes(run, 0, off, u64_of(from), len, 0);
	at = packet_at(run, d, off, len);
	if (at)
		memmove(at, from, len);
	return at ? 0 : -EINVAL;
}

/* ---- any dynptr ---- */

static void *memory(struct run *run, const struct dynptr *d, u32 off, u32 len,
		    enum access access)
{
	return run_mem(run, d->data + d->offset + off, len, access, "a dynptr's memory");
}

void *dynptr_at(struct run *run, const struct dynptr *d, u32 off, u32 len,
		enum access access)
{
	if (!d->data || !dynptr_holds(d, off, len) ||
	    (access == access_write && d->what & DYNPTR_RDONLY))
		return NULL;
	return is_packet(d) ? packet_at(run, d, d->offset + off, len)
			    : memory(run, d, off, len, access);
}

int dynptr_load(struct run *run, const struct dynptr *d, u32 off, void *to, u32 len)
{
	const void *at;

	if (!d->data)
		return -EINVAL;
	if (!dynptr_holds(d, off, len))
		return -E2BIG;
	if (is_packet(d))
		return packet_load(run, d, d->offset + off, to, len);
	at = memory(run, d, off, len, access_read);
	if (at)
		memmove(to, at, len);
	return 0;
}

int dynptr_store(struct run *run, const struct dynptr *d, u32 off, const void *from,
		 u32 len, u64 flags)
{
	void *at;

	if (!d->data || d->what & DYNPTR_RDONLY)
		return -EINVAL;
	if (!dynptr_holds(d, off, len))
		return -E2BIG;
	if (is_packet(d))
		return packet_store(run, d, d->offset + off, from, len, flags);
	if (flags)
		return -EINVAL;
	at = memory(run, d, off, len, access_write);
	if (at)
		memmove(at, from, len);
	return 0;
}

/* ---- helpers ---- */

HELPER_FN(dynptr_from_mem)
{
	struct dynptr *new = ptr_of(d);
	int err = (u32)b > DYNPTR_MOST ? -E2BIG : c ? -EINVAL : 0;

	dynptr_clear(new);
	if (!err)
		dynptr_set(new, dynptr_local, a, (u32)b);
	return answer(err);
}

HELPER_FN(dynptr_read)
{
	const struct dynptr from = *(struct dynptr *)ptr_of(c);

	return answer(e ? -EINVAL : dynptr_load(run, &from, (u32)d, ptr_of(a), (u32)b));
}

HELPER_FN(dynptr_write)
{
	const struct dynptr to = *(struct dynptr *)ptr_of(a);

	return answer(dynptr_store(run, &to, (u32)b, ptr_of(c), (u32)d, e));
}

HELPER_FN(dynptr_data)
{
	const struct dynptr *from = ptr_of(a);

	if (!from->data || !dynptr_holds(from, (u32)b, (u32)c) ||
	    from->what & DYNPTR_RDONLY || is_packet(from))
		return 0;
	return from->data + from->offset + (u32)b;
}

/* ---- records of ring buffers ---- */

HELPER_FN(ringbuf_reserve_dynptr)
{
	struct dynptr *new = ptr_of(d);
	struct map *map = ptr_of(a);
	void *sample;

	dynptr_clear(new);
	if (c || (u32)b > DYNPTR_MOST)
		return answer(c ? -EINVAL : -E2BIG);
	sample = ringbuf_reserve(map, (u32)b);
	if (!sample)
		return answer(-EINVAL);
	if (run_give(run, sample, (u32)b, access_read | access_write, map)) {
		dynptr_set(new, dynptr_ringbuf, u64_of(sample), (u32)b);
		return 0;
	}
	ringbuf_commit(map, sample, SKEP_RB_NO_WAKEUP, true);
	run_fault(run, E2BIG, msg_helper_given, "ringbuf_reserve_dynptr", RUN_GIVEN);
	return 0;
}

static u64 commit(struct run *run, struct dynptr *d, u64 flags, bool discard)
{
	struct region region;

	if (!d->data)
		return 0;
	if (!helper_is_record(run, d->data)) {
		run_fault(run, EFAULT, msg_helper_record, 1,
			  discard ? "ringbuf_discard_dynptr" : "ringbuf_submit_dynptr",
			  (unsigned long long)d->data);
		return 0;
	}
	run_take(run, d->data, &region);
	ringbuf_commit(region.map, ptr_of(d->data), flags, discard);
	dynptr_clear(d);
	return 0;
}

HELPER_FN(ringbuf_submit_dynptr)
{
	return commit(run, ptr_of(a), b, false);
}

HELPER_FN(ringbuf_discard_dynptr)
{
	return commit(run, ptr_of(a), b, true);
}
