/* skep run: an object file through every stage, on either side. */
#include "dump.h"
#include "mem.h"
#include "readers.h"
#include "session.h"
#include "tool.h"
#include "tool_msg.h"
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/time.h>

const char help_run[] =
	"usage: skep run OBJ [options] [-- COMMAND...]\n"
	"\n"
	"Loads the programs of an object file, attaches them, runs until the command or the\n"
	"capture ends or Ctrl-C, and prints each map, typed by its BTF.\n"
	"\n"
	"  --on SIDE     kernel or engine; default: the kernel where bpf(2) lets you\n"
	"  --pcap FILE   give each packet of a capture to the xdp, tc and socket programs\n"
	"  --prog NAME   this program only\n"
	"  --map NAME    the map whose elements programs of iter/bpf_map_elem show\n"
	"  -p, --pid PID watch a running process (engine) or until it ends (kernel)\n"
	"  -v            a line for each stage: object, loaded, checked, attached, events, maps\n"
	"  --events      print the records of ring buffers as they come\n"
	"  --json        the maps for programs\n"
	"  --all         entries of arrays that are zero, too\n"
	"  --unprivileged\n"
	"                on the engine, with what Linux lets users without capabilities\n"
	"\n"
	"On the kernel programs see the whole machine; on the engine the command and its\n"
	"children, or the process. Section names say what a program is and where it attaches:\n"
	"tracepoint/CATEGORY/NAME, raw_tp/NAME, xdp, tc, socket, perf_event, syscall,\n"
	"iter/NAME. The engine has tracepoint/syscalls/*, tracepoint/raw_syscalls/*,\n"
	"raw_tp/sys_enter and raw_tp/sys_exit, and the packet programs with --pcap. Programs of\n"
	"syscall are run once, when the others are attached; what iterators say is printed\n"
	"before the maps.\n"
	"\n"
	"Exit code: the command's; else 0 done, 1 failed, 2 usage.\n";

volatile sig_atomic_t stop_asked;

/* The terminal's Ctrl-C reaches the command as well, what kill(1) sends does not: that
 * counts for two, at which the command is sent SIGTERM. From then on the timer's tick
 * ends a wait that the signal came too early for; not before, for it would end the
 * writing into a slow pipe, too. */
static void on_interrupt(int signal, siginfo_t *info, void *context)
{
	const struct itimerval every = {{0, 100000}, {0, 100000}};

	if (info->si_code == SI_KERNEL)
		stop_asked++;
	else if (stop_asked < 2)
		stop_asked = 2;
	setitimer(ITIMER_REAL, &every, NULL);
}

static void on_tick(int signal)
{
}

static void catch_signals(void)
{
	struct sigaction stop = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO},
			 tick = {.sa_handler = on_tick};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGALRM, &tick, NULL);
}

/* The maps are printed in whole even if the first signal is sent twice, as timeout(1)
 * does; one more ends skep. */
static void calm_signals(void)
{
	const struct itimerval never = {0};
	struct sigaction once = {.sa_handler = on_tick,
				 .sa_flags = SA_RESTART | (int)SA_RESETHAND};

	sigaction(SIGINT, &once, NULL);
	sigaction(SIGTERM, &once, NULL);
	setitimer(ITIMER_REAL, &never, NULL);
}

void stage(const struct session *s, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (!s->verbose)
		return;
	fprintf(stderr, "%s%-9s%s", color_on(stderr, color_good), name,
		color_on(stderr, color_none));
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* The log says why, if anybody knows. */
static int failed(const struct session *s, const char *fmt, int err)
{
	bool said = tool_log()->len;

	tool_log_show(NULL);
	if (!said)
		tool_error(fmt, s->path, strerror(-err));
	return exit_failed;
}

/* ---- the stages ---- */

static int open_object(struct session *s)
{
	uint32_t nprogs, nmaps, insns = 0;
	struct skep_object_prog *p;
	int err = skep_object_open(s->path, &s->obj, tool_log());

	if (err)
		return failed(s, msg_run_object, err);
	p = skep_object_progs(s->obj, &nprogs);
	skep_object_maps(s->obj, &nmaps);
	if (s->prog && !skep_object_find_prog(s->obj, s->prog)) {
		tool_error(msg_run_no_prog, s->path, s->prog);
		return exit_failed;
	}
	for (uint32_t i = 0; i < nprogs && s->prog; i++)
		p[i].skip = strcmp(p[i].name, s->prog);
	err = skep_object_plan(s->obj, tool_log());
	if (err)
		return failed(s, msg_run_object, err);
	for (uint32_t i = 0; i < nprogs; i++)
		insns += p[i].ninsns;
	stage(s, "object", "%s: programs %u, maps %u, instructions %u, license \"%s\"",
	      s->path, nprogs, nmaps, insns, skep_object_license(s->obj));
	return exit_ok;
}

/* What the side says of a program that it took. */
static void say_checked(const struct session *s, const struct skep_object_prog *p)
{
	struct skep_prog_info info = {0};
	union skep_attr attr = {0};

	attr.info.bpf_fd = (uint32_t)p->fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (s->side.sys->bpf(s->side.sys, SKEP_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)))
		return;
	stage(s, "loaded", "%s: %s, program %u, %u instructions", p->name, p->section,
	      info.id, p->ninsns);
	if (s->side.engine)
		stage(s, "checked",
		      "%s: form and flow; the interpreter bounds every access", p->name);
	else
		stage(s, "checked",
		      "%s: the kernel's verifier took %u steps, its JIT made %u bytes",
		      p->name, info.verified_insns, info.jited_prog_len);
}

static int load_object(struct session *s)
{
	uint32_t n;
	struct skep_object_prog *p = skep_object_progs(s->obj, &n);
	int err = skep_object_load(s->obj, s->side.sys, NULL, tool_log());

	if (err)
		return failed(s, msg_run_load, err);
	for (uint32_t i = 0; i < n; i++)
		if (p[i].fd >= 0)
			say_checked(s, &p[i]);
	return exit_ok;
}

static bool is_packet(const struct skep_object_prog *p)
{
	return p->type == SKEP_PROG_TYPE_XDP || p->type == SKEP_PROG_TYPE_SCHED_CLS ||
	       p->type == SKEP_PROG_TYPE_SCHED_ACT ||
	       p->type == SKEP_PROG_TYPE_SOCKET_FILTER;
}

/* Nothing happens to which they are attached: who loads them runs them. */
static bool is_called(const struct skep_object_prog *p)
{
	return p->fd >= 0 && (p->type == SKEP_PROG_TYPE_SYSCALL || is_iter(p));
}

static int call(struct session *s, const struct skep_object_prog *p)
{
	union skep_attr attr = {0};
	int err;

	attr.test.prog_fd = (uint32_t)p->fd;
	err = s->side.sys->bpf(s->side.sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	if (err)
		return failed(s, msg_run_call, err);
	stage(s, "ran", "%s: returned %d", p->name, (int)attr.test.retval);
	return exit_ok;
}

static int call_object(struct session *s)
{
	uint32_t n;
	struct skep_object_prog *p = skep_object_progs(s->obj, &n);
	int code = exit_ok;

	for (uint32_t i = 0; i < n && code == exit_ok; i++)
		if (is_called(&p[i]) && !is_iter(&p[i]))
			code = call(s, &p[i]);
	return code;
}

/* Whether all was done when its programs had been called. */
static bool is_done(const struct session *s)
{
	uint32_t n;
	const struct skep_object_prog *p = skep_object_progs(s->obj, &n);

	if (s->nlinks || s->pcap || s->command || s->pid)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (is_called(&p[i]))
			return true;
	return false;
}

static int attach_object(struct session *s)
{
	uint32_t n;
	struct skep_object_prog *p = skep_object_progs(s->obj, &n);

	s->links = mem_alloc(n, sizeof(s->links[0]));
	if (!s->links)
		return failed(s, msg_run_attach, -ENOMEM);
	for (uint32_t i = 0; i < n; i++) {
		int err;

		if (p[i].fd < 0 || is_called(&p[i]) || (s->pcap && is_packet(&p[i])))
			continue;
		err = skep_object_attach(s->obj, &p[i], NULL, &s->links[s->nlinks],
					 tool_log());
		if (err)
			return failed(s, msg_run_attach, err);
		s->nlinks++;
		stage(s, "attached", "%s to %s", p[i].name, p[i].section);
	}
	return exit_ok;
}

static void detach_object(struct session *s)
{
	while (s->nlinks)
		skep_link_detach(s->links[--s->nlinks]);
	mem_free(s->links);
	s->links = NULL;
}

static int print_maps(struct session *s)
{
	struct dump d = {
		.sys = s->side.sys, .out = stdout, .json = s->json, .all = s->all};
	uint32_t n, shown = 0;
	struct skep_object_map *m = skep_object_maps(s->obj, &n);
	int err = 0;

	stage(s, "maps", "%u", n);

	if (s->json)
		fputs("[", stdout);
	for (uint32_t i = 0; i < n && !err; i++) {
		struct dump_map map = {.name = m[i].name,
				       .fd = m[i].fd,
				       .btf = skep_object_btf(s->obj),
				       .key_type = m[i].key_btf,
				       .value_type = m[i].value_btf};

		if (m[i].fd < 0 || (!s->all && !strncmp(m[i].name, ".rodata", 7)))
			continue;
		fputs(s->json && shown++ ? ",\n" : "", stdout);
		err = dump_map(&d, &map, tool_log());
	}
	if (s->json)
		fputs("]\n", stdout);
	return err ? failed(s, msg_run_dump, err) : exit_ok;
}

static int run(struct session *s)
{
	int code = side_open(&s->side, s->on, s->unprivileged);

	if (code == exit_ok)
		code = open_object(s);
	if (code == exit_ok)
		code = load_object(s);
	if (code == exit_ok)
		code = attach_object(s);
	if (code == exit_ok)
		code = call_object(s);
	if (code == exit_ok && !is_done(s)) {
		s->readers = readers_start(s, !s->pcap);
		code = !s->readers ? exit_failed : s->pcap ? replay(s) : watch(s);
		calm_signals();
		/* Programs that went on would change the maps that are read, and would be
		 * run by each system call that reads them. */
		detach_object(s);
		readers_end(s->readers);
	}
	if (code == exit_ok)
		code = iterate(s);
	if (code == exit_ok) {
		stage(s, "events", "%llu in %.2f s", (unsigned long long)s->events,
		      s->seconds);
		code = print_maps(s);
	}
	return code == exit_ok ? s->status : code;
}

static void end(struct session *s)
{
	detach_object(s);
	skep_object_close(s->obj);
	if (s->side.sys)
		side_close(&s->side);
}

int cmd_run(int argc, char **argv)
{
	struct session s = {.pid = UINT64_MAX};
	const struct opt opts[] = {{"on", 0, opt_text, &s.on},
				   {"pcap", 0, opt_text, &s.pcap},
				   {"prog", 0, opt_text, &s.prog},
				   {"map", 0, opt_text, &s.map},
				   {"pid", 'p', opt_number, &s.pid},
				   {"verbose", 'v', opt_flag, &s.verbose},
				   {"events", 0, opt_flag, &s.show_events},
				   {"json", 'j', opt_flag, &s.json},
				   {"all", 'a', opt_flag, &s.all},
				   {"unprivileged", 0, opt_flag, &s.unprivileged},
				   {0}};
	struct args args;
	int code = opt_parse(&args, argc, argv, opts, 1, 1);

	if (code >= 0)
		return code;
	if (!s.pid || (s.pid > INT_MAX && s.pid != UINT64_MAX)) {
		tool_error(msg_watch_process, (unsigned long long)s.pid);
		return exit_failed;
	}
	s.pid = s.pid == UINT64_MAX ? 0 : s.pid;
	s.path = args.at[0];
	s.command = args.n_rest ? args.rest : NULL;
	if ((s.command != NULL) + (s.pcap != NULL) + (s.pid != 0) > 1) {
		tool_error(msg_run_sources);
		return exit_usage;
	}
	catch_signals();
	code = run(&s);
	end(&s);
	return code;
}
