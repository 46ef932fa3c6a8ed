/* `skep run --pcap`: each packet of a capture to each packet program, by
 * BPF_PROG_TEST_RUN, so that kernel and engine see the same. */
#include "mem.h"
#include "os.h"
#include "readers.h"
#include "session.h"
#include "tool.h"
#include "tool_msg.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Return codes of a program over all packets; the names of XDP's and tc's first ones. */
enum { CODES = 16, DRAIN_EVERY = 64 };

/* What fragments can hold. */
enum { FRAGMENTS = 17 * 4096 };

struct player {
	struct session *s;
	const struct skep_object_prog *prog;
	uint64_t returned[CODES], other;
};

struct replay {
	struct session *s;
	struct player *players;
	uint32_t nplayers;
	uint64_t packets,
		refused; /* refused: outside of the sizes that a test run takes */
	u64 next_progress;
};

static bool is_player(const struct skep_object_prog *p)
{
	return p->fd >= 0 &&
	       (p->type == SKEP_PROG_TYPE_XDP || p->type == SKEP_PROG_TYPE_SCHED_CLS ||
		p->type == SKEP_PROG_TYPE_SCHED_ACT ||
		p->type == SKEP_PROG_TYPE_SOCKET_FILTER);
}

static int find_players(struct replay *r)
{
	uint32_t n;
	struct skep_object_prog *p = skep_object_progs(r->s->obj, &n);

	r->players = mem_alloc(n, sizeof(r->players[0]));
	for (uint32_t i = 0; r->players && i < n; i++)
		if (is_player(&p[i]))
			r->players[r->nplayers++] =
				(struct player){.s = r->s, .prog = &p[i]};
	if (!r->players || !r->nplayers) {
		tool_error(msg_replay_prog, r->s->path);
		return exit_failed;
	}
	return exit_ok;
}

/* -EINVAL: the packet is too short or too long for a test run, or -ENOMEM: for XDP's
 * fragments. */
static int play(struct player *pl, const void *data, uint32_t len)
{
	struct skep_sys *sys = pl->s->side.sys;
	union skep_attr attr = {0};
	int err;

	attr.test.prog_fd = (uint32_t)pl->prog->fd;
	attr.test.data_in = (uintptr_t)data;
	attr.test.data_size_in = len;
	err = sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	if (err)
		return err;
	if (attr.test.retval < CODES)
		pl->returned[attr.test.retval]++;
	else
		pl->other++;
	return 0;
}

static int play_all(struct replay *r, const struct skep_frame *frame)
{
	r->packets++;
	for (uint32_t i = 0; i < r->nplayers; i++) {
		int err = play(&r->players[i], frame->data, frame->caplen);

		if (err == -EINVAL || (err == -ENOMEM && frame->caplen > FRAGMENTS)) {
			r->refused++;
			return exit_ok;
		}
		if (err) {
			tool_error(msg_replay_run, (unsigned long long)r->packets,
				   r->players[i].prog->name, strerror(-err));
			return exit_failed;
		}
	}
	return exit_ok;
}

/* A line that overwrites itself, on a terminal, twice a second. */
static void progress(struct replay *r)
{
	u64 now = os_clock_ns();

	if (now < r->next_progress || !isatty(STDERR_FILENO))
		return;
	if (r->next_progress)
		fprintf(stderr, "\r%" PRIu64 " packets ", r->packets);
	r->next_progress = now + 500000000;
}

static int play_file(struct replay *r, struct skep_capture *capture)
{
	struct skep_frame frame;
	int more = 0, code = exit_ok;

	while (code == exit_ok && !stop_asked &&
	       (more = skep_capture_next(capture, &frame)) > 0) {
		code = play_all(r, &frame);
		if (r->packets % DRAIN_EVERY == 0) {
			readers_drain(r->s->readers);
			progress(r);
		}
	}
	if (r->next_progress && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	/* What came before the damage counts. */
	if (code == exit_ok && more < 0) {
		tool_log_show(NULL);
		r->s->status = exit_failed;
	}
	return code;
}

static const char *code_name(const struct player *pl, uint32_t code)
{
	static const char *const xdp[] = {"ABORTED", "DROP", "PASS", "TX", "REDIRECT"};
	static const char *const tc[] = {"OK", "RECLASSIFY", "SHOT", "PIPE", "STOLEN"};

	if (code >= ARRAY_SIZE(xdp))
		return NULL;
	if (pl->prog->type == SKEP_PROG_TYPE_XDP)
		return xdp[code];
	return pl->prog->type == SKEP_PROG_TYPE_SOCKET_FILTER ? NULL : tc[code];
}

static void say_codes(const struct player *pl)
{
	for (uint32_t i = 0; i < CODES; i++) {
		const char *name = code_name(pl, i);

		if (pl->returned[i] && name)
			stage(pl->s, "returned", "%s: %s %" PRIu64, pl->prog->name, name,
			      pl->returned[i]);
		else if (pl->returned[i])
			stage(pl->s, "returned", "%s: %u %" PRIu64, pl->prog->name, i,
			      pl->returned[i]);
	}
	if (pl->other)
		stage(pl->s, "returned", "%s: other values %" PRIu64, pl->prog->name,
		      pl->other);
}

static int play_capture(struct replay *r)
{
	struct skep_capture *capture;
	int code, err = skep_capture_open(r->s->pcap, tool_log(), &capture);

	if (err) {
		tool_log_show(NULL);
		return exit_failed;
	}
	code = play_file(r, capture);
	if (skep_capture_skipped(capture))
		tool_error(msg_replay_skipped,
			   (unsigned long long)skep_capture_skipped(capture));
	skep_capture_close(capture);
	return code;
}

int replay(struct session *s)
{
	struct replay r = {.s = s};
	u64 begin = os_clock_ns();
	int code = find_players(&r);

	if (code == exit_ok)
		code = play_capture(&r);
	s->seconds = (double)(os_clock_ns() - begin) / 1e9;
	s->events = r.packets;
	for (uint32_t i = 0; i < r.nplayers; i++)
		say_codes(&r.players[i]);
	if (r.refused)
		tool_error(msg_replay_refused, (unsigned long long)r.refused);
	mem_free(r.players);
	return code;
}
