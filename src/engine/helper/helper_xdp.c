#include "helper_fn.h"
#include <errno.h>

/* Limits as Linux has them: an Ethernet header must stay, metadata is words. */
enum { LEAST = 14, METADATA = 252, MOST = 0xffff };

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

HELPER_FN(xdp_adjust_tail)
{
	struct skep_packet *p = &run->packet;
	s64 delta = (s32)b;

	if (delta > p->end - p->tail || p->tail - p->data + delta < LEAST)
		return (u64)-EINVAL;
	if (delta > 0)
		memset(p->tail, 0, (size_t)delta);
	p->tail += delta;
	run_packet_changed(run);
	return 0;
}

HELPER_FN(xdp_get_buff_len)
{
	return (u64)(run->packet.tail - run->packet.data);
}

static int check_range(const struct run *run, u32 off, u32 len)
{
	if (off > MOST || len > MOST)
		return -EFAULT;
	return off + len > run->packet.tail - run->packet.data ? -EINVAL : 0;
}

HELPER_FN(xdp_load_bytes)
{
	int err = check_range(run, (u32)b, (u32)d);

	if (!err)
		memmove(ptr_of(c), run->packet.data + (u32)b, (u32)d);
	return (u64)(s64)err;
}

HELPER_FN(xdp_store_bytes)
{
	int err = check_range(run, (u32)b, (u32)d);

	if (!err)
		memmove(run->packet.data + (u32)b, ptr_of(c), (u32)d);
	return (u64)(s64)err;
}
