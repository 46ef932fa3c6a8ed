#include "prog_stream.h"
#include "cmd.h"
#include <errno.h>

static bool is_stream(u32 id)
{
	return id == SKEP_STDOUT || id == SKEP_STDERR;
}

/* NULL: this program writes to none. */
static struct prog_stream *stream_of(const struct prog *prog, u32 id)
{
	u32 off = prog->info->streams_off;

	if (off % 8 || !prog_holds(prog, off, STREAMS, sizeof(struct prog_stream)) ||
	    !off)
		return NULL;
	return (struct prog_stream *)((u8 *)prog->obj.head + off) + (id - SKEP_STDOUT);
}

static bool ends_at(const struct prog_stream *s, u64 at)
{
	return s->ends[at % STREAM_RING / 64] >> at % STREAM_RING % 64 & 1;
}

/* A reader that was killed may not have said that its text is over. */
static void lock(struct prog *prog, struct prog_stream *s)
{
	if (lock_take(prog->obj.store, &s->lock) && s->read != s->begin &&
	    ends_at(s, s->read - 1))
		s->begin = s->read;
}

/* ---- writing ---- */

static void append(struct prog_stream *s, const char *text, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		u32 at = (u32)((s->end + i) % STREAM_RING);
		u64 bit = 1ull << at % 64;

		s->data[at] = (u8)text[i];
		if (i == len - 1)
			s->ends[at / 64] |= bit;
		else
			s->ends[at / 64] &= ~bit;
	}
	__atomic_store_n(&s->end, s->end + len, __ATOMIC_RELEASE);
}

int prog_stream_write(struct prog *prog, u32 id, const char *text, u32 len)
{
	struct prog_stream *s = is_stream(id) ? stream_of(prog, id) : NULL;
	int err = 0;

	if (!s)
		return -ENOENT;
	if (!map_enter())
		return -ENOMEM;
	lock(prog, s);
	if (s->end - s->begin + s->lost + len >= STREAM_MOST)
		err = -ENOSPC;
	else if (len > STREAM_TEXT)
		err = -ENOMEM, s->lost += len;
	else
		append(s, text, len);
	lock_give(&s->lock);
	map_leave();
	return err;
}

/* ---- reading ---- */

/* Copies what is left of a text, and no more than `room`; how much, or -EFAULT. */
static int read_text(struct prog_stream *s, u64 to, u32 room)
{
	u8 text[STREAM_TEXT];
	bool over = false;
	u32 n = 0;

	while (n < MIN(room, (u32)STREAM_TEXT) && s->read + n != s->end && !over) {
		text[n] = s->data[(s->read + n) % STREAM_RING];
		over = ends_at(s, s->read + n++);
	}
	if (user_copy_out(to, text, n))
		return -EFAULT;
	__atomic_store_n(&s->read, s->read + n, __ATOMIC_RELEASE);
	if (over)
		s->begin = s->read;
	return (int)n;
}

static int read_stream(struct prog_stream *s, u64 to, u32 len)
{
	u32 n = 0;
	int got = 0;

	while (n < len && s->read != s->end && got >= 0) {
		got = read_text(s, to + n, len - n);
		n += (u32)MAX(got, 0);
	}
	return got < 0 ? got : (int)n;
}

int cmd_prog_stream_read(struct store *store, union skep_attr *attr)
{
	u32 id = attr->prog_stream_read.stream_id;
	struct prog_stream *s;
	struct object *obj;
	struct prog *prog;
	int n = object_get(store, (int)attr->prog_stream_read.prog_fd, OBJECT_PROG, &obj,
			   NULL);

	if (n)
		return n;
	prog = container_of(obj, struct prog, obj);
	s = is_stream(id) ? stream_of(prog, id) : NULL;
	n = is_stream(id) ? 0 : -ENOENT;
	if (s && map_enter()) {
		lock(prog, s);
		n = read_stream(s, attr->prog_stream_read.stream_buf,
				attr->prog_stream_read.stream_buf_len);
		lock_give(&s->lock);
		map_leave();
	}
	object_put(obj);
	return n;
}
