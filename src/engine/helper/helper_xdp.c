#include "helper_fn.h"
#include <errno.h>

/* Limits as Linux has them: an Ethernet header must stay, metadata is words. */
enum { LEAST = 14, METADATA = 252, MOST = 0xffff, PAGE = 4096 };

/* The metadata moves along with the packet's first byte. */
HELPER_FN(xdp_adjust_head)
{
	struct skep_packet *p = &run->packet;
	s64 delta = (s32)b, room = p->data - p->head, meta = p->data - p->meta;

	if (room + delta < meta || delta > p->tail - p->data - LEAST)
		return (u64)-EINVAL;
	memmove(p->meta + delta, p->meta, (size_t)meta);
	p->meta += delta;
	p->data += delta;
	run_packet_changed(run);
	return 0;
}

HELPER_FN(xdp_adjust_meta)
{
	struct skep_packet *p = &run->packet;
	s64 meta = p->data - p->meta - (s32)b;

	if (meta < 0 || meta > p->data - p->head)
		return (u64)-EINVAL;
	if (meta % 4 || meta > METADATA)
		return (u64)-EACCES;
	p->meta = p->data - meta;
	run_packet_changed(run);
	return 0;
}

static u64 len_of(const struct run *run)
{
	return (u64)(run->packet.tail - run->packet.data) + run->packet.rest_len;
}

/* The end of the last fragment, which has a page. */
static u64 grow_rest(struct skep_packet *p, u32 delta)
{
	if (delta > (p->rest_room - p->rest_len) % PAGE)
		return (u64)-EINVAL;
	memset(p->rest + p->rest_len, 0, delta);
	p->rest_len += delta;
	return 0;
}

HELPER_FN(xdp_adjust_tail)
{
	struct skep_packet *p = &run->packet;
	s64 delta = (s32)b, rest;

	if (delta > 0 && p->rest_len)
		return grow_rest(p, (u32)delta);
	if (delta > p->end - p->tail || (s64)len_of(run) + delta < LEAST)
		return (u64)-EINVAL;
	if (delta > 0)
		memset(p->tail, 0, (size_t)delta);
	rest = MIN(MAX(-delta, 0), (s64)p->rest_len);
	p->rest_len -= (u32)rest;
	p->tail += delta + rest;
	run_packet_changed(run);
	return 0;
}

/* Makes the first `len` bytes one piece, which moves to the front where there is no room
 * behind it. */
KFUNC_FN(xdp_pull_data)
{
	struct skep_packet *p = &run->packet;
	u32 linear = (u32)(p->tail - p->data), len = (u32)b, more = len - linear;
	s64 shift = (s64)more - (p->end - p->tail);

	if (len <= linear)
		return 0;
	if (len > len_of(run) || shift > p->meta - p->head)
		return (u32)-EINVAL;
	if (shift > 0) {
		memmove(p->meta - shift, p->meta, (size_t)(p->tail - p->meta));
		p->meta -= shift;
		p->data -= shift;
		p->tail -= shift;
	}
	memcpy(p->tail, p->rest, more);
	p->tail += more;
	p->rest += more;
	p->rest_len -= more;
	p->rest_room -= more;
	run_packet_changed(run);
	return 0;
}

HELPER_FN(xdp_get_buff_len)
{
	return len_of(run);
}

static int check_range(const struct run *run, u32 off, u32 len)
{
	if (off > MOST || len > MOST)
		return -EFAULT;
	return off + len > len_of(run) ? -EINVAL : 0;
}

/* The bytes that lie in one piece, then those that are in fragments. */
static void copy(struct run *run, u32 off, u8 *mem, u32 len, bool store)
{
	const struct skep_packet *p = &run->packet;
	u32 linear = (u32)(p->tail - p->data);
	u32 first = off < linear ? MIN(len, linear - off) : 0;
	u8 *at = p->data + off, *rest = p->rest + (off < linear ? 0 : off - linear);

	memmove(store ? at : mem, store ? mem : at, first);
	if (first < len)
		memmove(store ? rest : mem + first, store ? mem + first : rest,
			len - first);
}

/* What lies in one piece: all before the fragments, or a fragment, which is a page. */
void *helper_xdp_at(struct run *run, u32 off, u32 len)
{
	const struct skep_packet *p = &run->packet;
	u32 linear = (u32)(p->tail - p->data);
	struct region region;

	if (check_range(run, off, len))
		return NULL;
	if (off < linear || !p->rest_len)
		return off + len <= linear ? p->data + off : NULL;
	off -= linear;
	if (len > (p->rest_room - off - 1) % PAGE + 1)
		return NULL;
	if (!run_find(run, u64_of(p->rest), p->rest_room, access_write, &region))
		run_give(run, p->rest, p->rest_room, access_read | access_write, NULL);
	return p->rest + off;
}

HELPER_FN(xdp_load_bytes)
{
	int err = check_range(run, (u32)b, (u32)d);

	if (!err)
		copy(run, (u32)b, ptr_of(c), (u32)d, false);
	return (u64)(s64)err;
}

HELPER_FN(xdp_store_bytes)
{
	int err = check_range(run, (u32)b, (u32)d);

	if (!err)
		copy(run, (u32)b, ptr_of(c), (u32)d, true);
	return (u64)(s64)err;
}
