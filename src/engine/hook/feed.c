/* Packets as events: what is attached to the engine's port runs on a capture. */
#include <errno.h>
#include "fire.h"
#include "mem.h"

enum { BATCH = 64, HEADROOM = SKEP_XDP_PACKET_HEADROOM, TAILROOM = 512 };

struct feed {
	struct skep_engine *engine;
	struct skep_feed_opts opts;
	struct skep_feed_stats stats;
	struct fire fire;
	struct skep_world world;
	u64 ns;	 /* the packet's */
	u8 *buf; /* of the packet, with room on both sides */
	size_t room;
};

static u64 packet_clock(void *arg)
{
	return ((struct feed *)arg)->ns;
}

static void feed_print(void *arg, const char *line, size_t len)
{
	struct feed *f = arg;

	if (f->opts.print)
		f->opts.print(f->opts.arg, line, len);
}

static int run_prog(struct feed *f, struct skep_cpu *cpu, struct fire_prog *p,
		    struct skep_packet *packet, u64 *ret)
{
	struct skep_event event = {.packet = packet, .world = &f->world};
	int err = skep_run(cpu, (struct skep_prog *)p->prog, &event, ret,
			   p->said ? NULL : f->opts.log);

	f->stats.runs++;
	if (!err)
		return 0;
	f->stats.faults++;
	p->said = true;
	return err;
}

/* True: the packet goes on. */
static bool run_xdp(struct feed *f, struct skep_cpu *cpu, struct skep_packet *packet)
{
	struct fire_prog *p = f->fire.progs.at + f->fire.first[EVENT_XDP];
	u64 verdict;

	if (!fire_any(&f->fire, EVENT_XDP))
		return true;
	if (run_prog(f, cpu, p, packet, &verdict) || (u32)verdict > SKEP_XDP_REDIRECT)
		verdict = SKEP_XDP_ABORTED;
	f->stats.xdp[(u32)verdict]++;
	packet->meta = NULL;
	return (u32)verdict == SKEP_XDP_PASS;
}

/* The first program that decides does so for all; TCX_NEXT leaves it to those behind. */
static bool run_ingress(struct feed *f, struct skep_cpu *cpu, struct skep_packet *packet)
{
	u64 verdict;

	for (u32 i = f->fire.first[EVENT_TCX_INGRESS];
	     i < f->fire.first[EVENT_TCX_INGRESS + 1]; i++) {
		if (run_prog(f, cpu, f->fire.progs.at + i, packet, &verdict))
			return false;
		if ((s32)verdict != SKEP_TCX_NEXT)
			return verdict != SKEP_TCX_DROP && verdict != SKEP_TCX_REDIRECT;
	}
	return true;
}

static int copy_frame(struct feed *f, const struct skep_frame *frame,
		      struct skep_packet *p)
{
	size_t need = HEADROOM + (size_t)frame->caplen + TAILROOM;

	if (need > f->room) {
		mem_free(f->buf);
		f->room = 0;
		f->buf = mem_alloc(1, need);
		if (!f->buf)
			return -ENOMEM;
		f->room = need;
	}
	memcpy(f->buf + HEADROOM, frame->data, frame->caplen);
	*p = (struct skep_packet){
		.head = f->buf,
		.data = f->buf + HEADROOM,
		.tail = f->buf + HEADROOM + frame->caplen,
		.end = f->buf + need,
		.wire_len = frame->len,
		.ifindex = HOOK_PORT,
		.tstamp = frame->ns,
	};
	return 0;
}

static int feed_frame(struct feed *f, struct skep_cpu *cpu,
		      const struct skep_frame *frame)
{
	struct skep_packet packet;
	int err = copy_frame(f, frame, &packet);

	if (err)
		return err;
	f->ns = frame->ns;
	f->stats.packets++;
	f->stats.bytes += frame->caplen;
	if (run_xdp(f, cpu, &packet) && run_ingress(f, cpu, &packet))
		f->stats.passed++;
	return 0;
}

/* Up to BATCH packets on one CPU slot. 1: there may be more; 0: the end; or -errno. */
static int feed_batch(struct feed *f, struct skep_capture *capture)
{
	struct skep_frame frame;
	struct skep_cpu *cpu;
	int more = fire_refresh(&f->fire);

	if (more < 0)
		return more;
	cpu = skep_enter(f->engine);
	if (!cpu)
		return -EBUSY;
	more = 1;
	for (int i = 0; i < BATCH && more > 0; i++) {
		more = f->opts.stop && *f->opts.stop ? 0
						     : skep_capture_next(capture, &frame);
		if (more > 0 && feed_frame(f, cpu, &frame))
			more = -ENOMEM;
	}
	skep_leave(cpu);
	return more;
}

static void add_stats(struct skep_feed_stats *to, const struct skep_feed_stats *from)
{
	const u64 *a = (const u64 *)from;
	u64 *sum = (u64 *)to;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*sum); i++)
		sum[i] += a[i];
}

int skep_feed(struct skep_engine *engine, struct skep_capture *capture,
	      const struct skep_feed_opts *opts)
{
	struct feed *f = mem_alloc(1, sizeof(*f));
	int more;

	if (!f)
		return -ENOMEM;
	if (opts)
		memcpy(&f->opts, opts, MIN(opts->size, sizeof(f->opts)));
	f->engine = f->fire.engine = engine;
	f->world =
		(struct skep_world){.clock = packet_clock, .print = feed_print, .arg = f};
	do
		more = feed_batch(f, capture);
	while (more > 0);
	if (f->opts.stats)
		add_stats(f->opts.stats, &f->stats);
	fire_free(&f->fire);
	mem_free(f->buf);
	mem_free(f);
	return more;
}
