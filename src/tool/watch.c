/* The part of `skep run` while programs are attached: a command, a process or Ctrl-C. */
#include "os.h"
#include "session.h"
#include "tool.h"
#include "tool_msg.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { POLL_MS = 100 };

/* ---- on the kernel ---- */

static int status_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int wait_command(struct session *s, pid_t pid)
{
	int status, heeded = stop_asked;

	/* Ctrl-C goes to the command as well; it decides when to end, unless one insists:
	 * as on the engine, see struct skep_trace_opts. */
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return exit_failed;
		if (stop_asked > heeded && stop_asked >= 2)
			kill(pid, stop_asked == 2 ? SIGTERM : SIGKILL);
		heeded = stop_asked;
	}
	s->status = status_code(status);
	return exit_ok;
}

static int kernel_command(struct session *s)
{
	pid_t pid;
	int err = posix_spawnp(&pid, s->command[0], NULL, NULL, s->command, environ);

	if (err) {
		tool_error(msg_watch_command, s->command[0], strerror(err));
		return exit_failed;
	}
	return wait_command(s, pid);
}

static int kernel_process(struct session *s)
{
	if (kill((pid_t)s->pid, 0) && errno == ESRCH) {
		tool_error(msg_watch_process, (unsigned long long)s->pid);
		return exit_failed;
	}
	while (!stop_asked && (!kill((pid_t)s->pid, 0) || errno == EPERM))
		usleep(POLL_MS * 1000);
	return exit_ok;
}

static int kernel_watch(struct session *s)
{
	if (s->command)
		return kernel_command(s);
	if (s->pid)
		return kernel_process(s);
	while (!stop_asked)
		usleep(POLL_MS * 1000);
	return exit_ok;
}

/* ---- on the engine ---- */

static void print_line(void *arg, const char *line, size_t len)
{
	fwrite(line, 1, len, stdout);
	if (!len || line[len - 1] != '\n')
		putchar('\n');
}

static int engine_watch(struct session *s)
{
	struct skep_trace_stats stats = {0};
	struct skep_trace_opts opts = {.size = sizeof(opts),
				       .stop = &stop_asked,
				       .print = print_line,
				       .stats = &stats,
				       .log = tool_log()};
	int status = 0, err;
	bool said;

	if (!s->command && !s->pid) {
		tool_error(msg_watch_nothing);
		return exit_usage;
	}
	err = s->command ? skep_trace_command(s->side.engine, s->command, &opts, &status)
			 : skep_trace_process(s->side.engine, (pid_t)s->pid, &opts);
	said = tool_log()->len;
	tool_log_show(NULL);
	s->status = s->command ? status_code(status) : exit_ok;
	if (stats.faults)
		tool_error(msg_watch_faults, (unsigned long long)stats.faults,
			   (unsigned long long)stats.runs);
	if (!err)
		return exit_ok;
	if (said)
		return exit_failed;
	if (s->command)
		tool_error(msg_watch_command, s->command[0], strerror(-err));
	else
		tool_error(msg_watch_process, (unsigned long long)s->pid);
	return exit_failed;
}

/* How often the programs ran, if the side counts it. */
static uint64_t count_runs(const struct session *s)
{
	uint32_t n;
	struct skep_object_prog *p = skep_object_progs(s->obj, &n);
	uint64_t runs = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct skep_prog_info info = {0};
		union skep_attr attr = {0};

		attr.info.bpf_fd = (uint32_t)p[i].fd;
		attr.info.info_len = sizeof(info);
		attr.info.info = (uintptr_t)&info;
		if (p[i].fd >= 0 &&
		    !s->side.sys->bpf(s->side.sys, SKEP_OBJ_GET_INFO_BY_FD, &attr,
				      sizeof(attr)))
			runs += info.run_cnt;
	}
	return runs;
}

static int enable_stats(const struct session *s)
{
	union skep_attr attr = {0};

	attr.enable_stats.type = SKEP_STATS_RUN_TIME;
	return s->verbose ? s->side.sys->bpf(s->side.sys, SKEP_ENABLE_STATS, &attr,
					     sizeof(attr))
			  : -1;
}

int watch(struct session *s)
{
	int stats = enable_stats(s), code;
	u64 begin = os_clock_ns();

	if (stop_asked && s->command)
		code = 128 + SIGINT; /* before it began */
	else
		code = s->side.engine ? engine_watch(s) : kernel_watch(s);
	s->seconds = (double)(os_clock_ns() - begin) / 1e9;
	s->events = count_runs(s);
	if (stats >= 0)
		s->side.sys->close(s->side.sys, stats);
	return code;
}
