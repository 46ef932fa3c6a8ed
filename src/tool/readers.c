/* The ring buffers of a `skep run`, read so that none runs full. */
#include "readers.h"
#include "mem.h"
#include "tool.h"
#include "tool_msg.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { POLL_MS = 100 };

struct reader {
	const struct session *s;
	const struct skep_object_map *map;
	struct skep_ringbuf *rb;
	uint32_t type; /* of a record; 0: not known */
	uint64_t records, bytes;
};

struct readers {
	struct reader *at;
	uint32_t n;
	bool stop; /* atomic */
	pthread_t thread;
	bool running;
};

static int on_record(void *arg, const void *data, size_t len)
{
	struct reader *r = arg;
	const struct skep_btf *btf = skep_object_btf(r->s->obj);
	char text[1024];

	r->records++;
	r->bytes += len;
	if (!r->s->show_events)
		return 0;
	if (r->type && skep_btf_size(btf, r->type) == (int64_t)len) {
		struct skep_btf_print how = {
			.size = sizeof(how), .compact = 1, .style = SKEP_BTF_C};

		skep_btf_print_value(btf, r->type, data, len, &how, text, sizeof(text));
		printf("%s %s\n", r->map->name, text);
		return 0;
	}
	printf("%s", r->map->name);
	for (size_t i = 0; i < len; i++)
		printf(" %02x", ((const unsigned char *)data)[i]);
	putchar('\n');
	return 0;
}

/* One buffer is waited for; several are looked at in turn. */
static void *read_all(void *arg)
{
	struct readers *rs = arg;

	while (!__atomic_load_n(&rs->stop, __ATOMIC_ACQUIRE)) {
		if (rs->n == 1) {
			skep_ringbuf_poll(rs->at[0].rb, POLL_MS);
			continue;
		}
		readers_drain(rs);
		usleep(POLL_MS * 100);
	}
	return NULL;
}

/* A ring buffer has no type. What is in it is most likely the struct that is named like
 * it: `syns` or `syn` or `syn_event` or `event` for a map `syns`. */
static uint32_t record_type(const struct skep_btf *btf, const char *map)
{
	size_t len = strlen(map), one = len && map[len - 1] == 's' ? len - 1 : len;
	char names[3][80];
	uint32_t type = 0;

	snprintf(names[0], sizeof(names[0]), "%s", map);
	snprintf(names[1], sizeof(names[1]), "%.*s", (int)one, map);
	snprintf(names[2], sizeof(names[2]), "%.*s_event", (int)one, map);
	for (int i = 0; btf && !type && i < 3; i++)
		type = skep_btf_find(btf, names[i], SKEP_BTF_KIND_STRUCT);
	return type || !btf ? type : skep_btf_find(btf, "event", SKEP_BTF_KIND_STRUCT);
}

static int open_all(struct readers *rs, const struct session *s)
{
	uint32_t n;
	struct skep_object_map *m = skep_object_maps(s->obj, &n);

	rs->at = mem_alloc(n, sizeof(rs->at[0]));
	if (!rs->at)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct reader *r = &rs->at[rs->n];
		int err;

		if (m[i].type != SKEP_MAP_TYPE_RINGBUF || m[i].fd < 0)
			continue;
		*r = (struct reader){
			.s = s,
			.map = &m[i],
			.type = record_type(skep_object_btf(s->obj), m[i].name)};
		err = skep_ringbuf_open(s->side.sys, m[i].fd, on_record, r, &r->rb,
					tool_log());
		if (err)
			return err;
		rs->n++;
	}
	return 0;
}

struct readers *readers_start(const struct session *s, bool thread)
{
	struct readers *rs = mem_alloc(1, sizeof(*rs));
	int err = rs ? open_all(rs, s) : -ENOMEM;

	if (!err && thread && rs->n) {
		sigset_t all, before;

		/* Signals are for the thread that waits. */
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		err = -pthread_create(&rs->thread, NULL, read_all, rs);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		rs->running = !err;
	}
	if (!err)
		return rs;
	tool_log_show(s->path);
	tool_error(msg_watch_ringbuf, strerror(-err));
	readers_end(rs);
	return NULL;
}

void readers_drain(struct readers *rs)
{
	for (uint32_t i = 0; i < rs->n; i++)
		skep_ringbuf_consume(rs->at[i].rb);
}

void readers_end(struct readers *rs)
{
	if (!rs)
		return;
	__atomic_store_n(&rs->stop, true, __ATOMIC_RELEASE);
	if (rs->running)
		pthread_join(rs->thread, NULL);
	readers_drain(rs);
	for (uint32_t i = 0; i < rs->n; i++) {
		struct reader *r = &rs->at[i];

		stage(r->s, "ringbuf", "%s: %llu records, %llu bytes%s", r->map->name,
		      (unsigned long long)r->records, (unsigned long long)r->bytes,
		      r->s->show_events ? "" : "; --events prints them");
		skep_ringbuf_close(r->rb);
	}
	mem_free(rs->at);
	mem_free(rs);
}
