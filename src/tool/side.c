#include "side.h"
#include "tool.h"
#include "tool_msg.h"
#include <string.h>
#include <unistd.h>

/* Creates a map and closes it: 0, or why bpf(2) refuses. */
static int try_kernel(void)
{
	struct skep_sys *sys = skep_sys_kernel();
	union skep_attr attr = {.map_type = SKEP_MAP_TYPE_ARRAY,
				.key_size = 4,
				.value_size = 4,
				.max_entries = 1};
	int fd = sys->bpf(sys, SKEP_MAP_CREATE, &attr, sizeof(attr));

	if (fd < 0)
		return fd;
	sys->close(sys, fd);
	return 0;
}

static int open_engine(struct side *side, bool unprivileged)
{
	struct skep_engine_opts opts = {.size = sizeof(opts),
					.shared = true,
					.log = tool_log(),
					.unprivileged = unprivileged};
	int err = skep_engine_open(&opts, &side->engine);

	if (err) {
		tool_log_show("engine");
		tool_error(msg_engine_failed, strerror(-err));
		return exit_failed;
	}
	side->sys = skep_engine_sys(side->engine);
	return exit_ok;
}

int side_open(struct side *side, const char *on, bool unprivileged)
{
	int err;

	*side = (struct side){.sys = skep_sys_kernel()};
	if (on && strcmp(on, "kernel") && strcmp(on, "engine")) {
		tool_error(msg_side_unknown, on);
		return exit_usage;
	}
	if (unprivileged && on && !strcmp(on, "kernel")) {
		tool_error(msg_side_unprivileged);
		return exit_usage;
	}
	if (unprivileged || (on && !strcmp(on, "engine")))
		return open_engine(side, unprivileged);
	err = try_kernel();
	if (!err)
		return exit_ok;
	if (on) {
		tool_error(msg_kernel_refuses, strerror(-err));
		return exit_failed;
	}
	if (geteuid() == 0)
		tool_error(msg_kernel_fallback, strerror(-err));
	return open_engine(side, false);
}

void side_close(struct side *side)
{
	if (side->engine)
		skep_engine_close(side->engine);
}
