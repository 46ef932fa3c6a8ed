/* The consumer's side of a ring-buffer map: Documentation/bpf/ringbuf.rst. Page 0 holds
 * the consumer's position, page 1 the producers', then the data, mapped twice so that a
 * record that wraps is in one piece. */
#include "loaded.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>
#include "mem.h"
#include "msg.h"

struct skep_ringbuf {
	struct skep_sys *sys;
	int fd;
	int (*fn)(void *arg, const void *data, size_t len);
	void *arg;
	size_t page, mask;
	_Atomic u64 *consumer;
	u8 *producer; /* its position, then at +page the data */
};

static int map_pages(struct skep_ringbuf *rb, size_t size)
{
	struct skep_sys *sys = rb->sys;
	void *p = NULL;
	int err = sys->mmap(sys, &p, rb->page, PROT_READ | PROT_WRITE, MAP_SHARED, rb->fd,
			    0);

	if (err)
		return err;
	rb->consumer = p;
	p = NULL;
	err = sys->mmap(sys, &p, rb->page + 2 * size, PROT_READ, MAP_SHARED, rb->fd,
			(off_t)rb->page);
	if (!err)
		rb->producer = p;
	return err;
}

int skep_ringbuf_open(struct skep_sys *sys, int fd,
		      int (*fn)(void *arg, const void *data, size_t len), void *arg,
		      struct skep_ringbuf **out, struct skep_log *log)
{
	struct skep_ringbuf *rb = mem_alloc(1, sizeof(*rb));
	struct skep_map_info info;
	const char *what = "asking what it is";
	int err;

	*out = NULL;
	if (!rb)
		return -ENOMEM;
	*rb = (struct skep_ringbuf){.sys = sys, .fd = fd, .fn = fn, .arg = arg};
	rb->page = (size_t)sysconf(_SC_PAGESIZE);
	err = skep_map_get_info(sys, fd, &info);
	if (!err && info.type != SKEP_MAP_TYPE_RINGBUF)
		err = -EINVAL;
	if (!err) {
		what = "mapping it";
		rb->mask = info.max_entries - 1;
		err = map_pages(rb, info.max_entries);
	}
	if (err) {
		log_printf(log, msg_load_ringbuf, fd, what, load_errno(err));
		skep_ringbuf_close(rb);
	} else {
		*out = rb;
	}
	return err;
}

void skep_ringbuf_close(struct skep_ringbuf *rb)
{
	if (!rb)
		return;
	if (rb->consumer)
		rb->sys->munmap(rb->sys, (void *)rb->consumer, rb->page);
	if (rb->producer)
		rb->sys->munmap(rb->sys, rb->producer, rb->page + 2 * (rb->mask + 1));
	mem_free(rb);
}

/* The record at `pos`; *next is behind it. False: a producer is still writing it. */
static bool read_record(struct skep_ringbuf *rb, u64 pos, u64 *next, int *ret, int *n)
{
	u8 *at = rb->producer + rb->page + (pos & rb->mask);
	u32 head = atomic_load_explicit((_Atomic u32 *)at, memory_order_acquire);
	u32 len = head & ~((u32)SKEP_RINGBUF_BUSY_BIT | SKEP_RINGBUF_DISCARD_BIT);

	if (head & SKEP_RINGBUF_BUSY_BIT)
		return false;
	*next = pos + round_up((u64)len + SKEP_RINGBUF_HDR_SZ, 8);
	if (head & SKEP_RINGBUF_DISCARD_BIT || len > rb->mask)
		return true;
	*ret = rb->fn(rb->arg, at + SKEP_RINGBUF_HDR_SZ, len);
	++*n;
	return true;
}

int skep_ringbuf_consume(struct skep_ringbuf *rb)
{
	_Atomic u64 *producer = (_Atomic u64 *)rb->producer;
	u64 pos = atomic_load_explicit(rb->consumer, memory_order_relaxed), end;
	int n = 0, ret = 0;

	do {
		end = atomic_load_explicit(producer, memory_order_acquire);
		while (pos < end && !ret && n < INT32_MAX) {
			if (!read_record(rb, pos, &pos, &ret, &n))
				return n;
			atomic_store_explicit(rb->consumer, pos, memory_order_release);
		}
	} while (!ret && n < INT32_MAX &&
		 end != atomic_load_explicit(producer, memory_order_acquire));
	return ret ? ret : n;
}

int skep_ringbuf_poll(struct skep_ringbuf *rb, int timeout_ms)
{
	struct pollfd p = {.fd = rb->fd, .events = POLLIN};
	int err = rb->sys->poll(rb->sys, &p, 1, timeout_ms);

	return err < 0 ? err : skep_ringbuf_consume(rb);
}
