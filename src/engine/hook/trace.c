/* System calls as events: the tracer calls, attached programs run. */
#include <errno.h>
#include "fire.h"
#include "mem.h"
#include "msg.h"
#include "tracer.h"

/* A tracepoint's record. A program never sees the first 8 bytes; of the arguments it sees
 * as many as the call has. Exits: the result in args[0]. */
struct record {
	u64 common;
	u64 nr; /* int __syscall_nr, or long id */
	u64 args[6];
};

struct trace {
	struct skep_engine *engine;
	struct skep_trace_opts opts;
	struct skep_trace_stats stats;
	struct tracer tracer;
	struct fire fire;
	struct skep_world world;
};

/* ---- running ---- */

static void run_progs(struct trace *tr, struct skep_cpu *cpu, u32 number,
		      struct skep_event *event)
{
	struct fire_prog *p = tr->fire.progs.at + tr->fire.first[number];
	struct fire_prog *end = tr->fire.progs.at + tr->fire.first[number + 1];
	u32 len = event->ctx_len;
	u64 ret;

	for (; p < end; p++) {
		event->ctx_len = MIN(len, p->size);
		event->cookie = p->cookie;
		tr->stats.runs++;
		if (likely(!skep_run(cpu, (struct skep_prog *)p->prog, event, &ret,
				     p->said ? NULL : tr->opts.log)))
			continue;
		tr->stats.faults++;
		p->said = true;
	}
}

/* The registers cost a system call, and few programs look at them. */
struct registers {
	struct tracee *tracee;
	bool there;
	u64 regs[TRACER_REGS];
};

static int fill_registers(const struct skep_region *region)
{
	struct registers *r = region->arg;
	int err = r->there ? 0 : tracer_regs(r->tracee, r->regs);

	r->there = !err;
	return err;
}

static void run_raw(struct trace *tr, struct skep_cpu *cpu, u32 number, struct tracee *t,
		    u64 arg)
{
	struct registers r;
	u64 ctx[2] = {u64_of(r.regs), arg};
	struct skep_region region = {
		.at = r.regs,
		.len = sizeof(r.regs),
		.probe = true,
		.fill = fill_registers,
		.arg = &r,
	};
	struct skep_event event = {
		.ctx = ctx,
		.ctx_len = sizeof(ctx),
		.regions = &region,
		.nregions = 1,
		.world = &tr->world,
	};

	r.tracee = t;
	r.there = false;
	if (fire_any(&tr->fire, number))
		run_progs(tr, cpu, number, &event);
}

/* The three places of an event: the call's own tracepoint, that of all calls, and the raw
 * tracepoint, whose second argument is `arg`. */
static void fire_all(struct trace *tr, struct tracee *t, struct record *record, u64 arg,
		     bool enter)
{
	struct skep_event event = {
		.ctx = record,
		.ctx_len = sizeof(*record),
		.world = &tr->world,
	};
	struct skep_cpu *cpu = skep_enter(tr->engine);

	tr->stats.events++;
	if (!cpu) {
		tr->stats.missed++;
		return;
	}
	tr->world.task = &t->task;
	if (t->nr < EVENT_CALLS) {
		run_progs(tr, cpu,
			  enter ? event_call_enter(t->nr) : event_call_exit(t->nr),
			  &event);
		event.ctx_len = sizeof(*record);
	}
	run_progs(tr, cpu, enter ? EVENT_RAW_ENTER : EVENT_RAW_EXIT, &event);
	run_raw(tr, cpu, enter ? EVENT_RAW_TP_ENTER : EVENT_RAW_TP_EXIT, t, arg);
	skep_leave(cpu);
}

/* ---- who listens ---- */

static u8 listens(const struct fire *f, u32 nr)
{
	u8 want = 0;

	if (fire_any(f, EVENT_RAW_ENTER) || fire_any(f, EVENT_RAW_TP_ENTER) ||
	    (nr < EVENT_CALLS && fire_any(f, event_call_enter(nr))))
		want |= tracer_enter;
	if (fire_any(f, EVENT_RAW_EXIT) || fire_any(f, EVENT_RAW_TP_EXIT) ||
	    (nr < EVENT_CALLS && fire_any(f, event_call_exit(nr))))
		want |= tracer_exit;
	return want;
}

static int look_again(struct trace *tr)
{
	int changed = fire_refresh(&tr->fire);

	for (u32 nr = 0; changed > 0 && nr < TRACER_CALLS; nr++)
		tr->tracer.want[nr] = listens(&tr->fire, nr);
	return changed;
}

static void on_enter(void *arg, struct tracee *t)
{
	struct trace *tr = arg;
	struct record record = {.nr = t->nr};

	if (look_again(tr) > 0)
		tracer_want_changed(&tr->tracer);
	memcpy(record.args, t->args, sizeof(record.args));
	fire_all(tr, t, &record, t->nr, true);
}

static void on_return(void *arg, struct tracee *t)
{
	struct trace *tr = arg;
	struct record record = {.nr = t->nr, .args = {(u64)t->ret}};

	fire_all(tr, t, &record, (u64)t->ret, false);
}

/* ---- the public functions ---- */

static int trace_open(struct skep_engine *engine, const struct skep_trace_opts *opts,
		      struct trace **out)
{
	struct trace *tr = mem_alloc(1, sizeof(*tr));
	int err;

	if (!tr)
		return -ENOMEM;
	if (opts)
		memcpy(&tr->opts, opts, MIN(opts->size, sizeof(tr->opts)));
	tr->engine = tr->fire.engine = engine;
	tr->world.print = tr->opts.print;
	tr->world.arg = tr->opts.arg;
	tr->tracer.enter = on_enter;
	tr->tracer.exit = on_return;
	tr->tracer.arg = tr;
	tr->tracer.stop = tr->opts.stop;
	tr->tracer.log = tr->opts.log;
	err = look_again(tr);
	if (err >= 0) {
		*out = tr;
		return 0;
	}
	fire_free(&tr->fire);
	mem_free(tr);
	return err;
}

static void trace_close(struct trace *tr)
{
	tr->stats.threads = tr->tracer.threads;
	tr->stats.foreign = tr->tracer.foreign;
	if (tr->opts.stats)
		*tr->opts.stats = tr->stats;
	fire_free(&tr->fire);
	mem_free(tr);
}

int skep_trace_command(struct skep_engine *engine, char *const argv[],
		       const struct skep_trace_opts *opts, int *status)
{
	struct trace *tr;
	int err = trace_open(engine, opts, &tr);

	if (err)
		return err;
	err = tracer_command(&tr->tracer, argv, status);
	trace_close(tr);
	return err;
}

int skep_trace_process(struct skep_engine *engine, pid_t pid,
		       const struct skep_trace_opts *opts)
{
	struct trace *tr;
	int err = trace_open(engine, opts, &tr);

	if (err)
		return err;
	err = tracer_attach(&tr->tracer, pid);
	trace_close(tr);
	return err;
}
