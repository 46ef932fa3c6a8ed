/* skep engine: runs a command with the engine under it, through the preloaded shim. */
#include "tool.h"
#include "tool_msg.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <skep/engine.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char help_engine[] =
	"usage: skep engine [OPTION...] -- COMMAND [ARGUMENT...]\n"
	"\n"
	"Runs a command that uses bpf(2), such as bpftool or a program with libbpf, on the\n"
	"engine: without root, unmodified, as long as it is linked dynamically. Paths below\n"
	"/sys/fs/bpf are the user's own pins. What the engine does not have is said once,\n"
	"on standard error.\n"
	"\n"
	"  -l, --log FILE  append what was refused to FILE instead\n"
	"  -s, --strict    stop the command (exit code 125) at the first such thing\n"
	"  --unprivileged  give it what Linux gives users without capabilities\n";

#define SHIM_NAME "libskep-shim.so"

/* Beside the command, as in the build tree and where both were installed, or where it
 * was to be installed. */
static bool find_shim(char path[PATH_MAX])
{
	const char *const inside[] = {"/../shim/", "/../" SKEP_LIBDIR "/"};
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[MAX(n, 0)] = '\0';
	if (strrchr(exe, '/'))
		*strrchr(exe, '/') = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(inside); i++)
		if (snprintf(path, PATH_MAX, "%s%s%s", exe, inside[i], SHIM_NAME) <
			    PATH_MAX &&
		    !access(path, R_OK))
			return true;
	snprintf(path, PATH_MAX, "%s", SKEP_PREFIX "/" SKEP_LIBDIR "/" SHIM_NAME);
	return !access(path, R_OK);
}

/* Where execvp(3) will find the command; false: nowhere. */
static bool find_command(const char *name, char path[PATH_MAX])
{
	const char *dir = getenv("PATH");

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
	for (dir = dir ? dir : "/bin:/usr/bin"; *dir; dir += *dir == ':') {
		int n = (int)strcspn(dir, ":");

		if (snprintf(path, PATH_MAX, "%.*s/%s", n, dir, name) < PATH_MAX &&
		    !access(path, X_OK))
			return true;
		dir += n;
	}
	return false;
}

/* An ELF file that asks for no dynamic loader: it would use the kernel's bpf(2), and
 * nobody would know. The offsets are those of ELF64's headers. */
static bool is_static(const char *path)
{
	enum { PHOFF = 32, PHENTSIZE = 54, PHNUM = 56, PT_INTERP = 3 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	u8 head[64];
	bool elf = fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head) &&
		   !memcmp(head, "\177ELF\2", 5),
	     found = false;
	u16 n = elf ? load16(head + PHNUM) : 0;

	for (u16 i = 0; i < n && !found; i++) {
		off_t at = (off_t)(load64(head + PHOFF) + i * load16(head + PHENTSIZE));
		u32 type = PT_INTERP;

		found = pread(fd, &type, sizeof(type), at) < 0 || type == PT_INTERP;
	}
	if (fd >= 0)
		close(fd);
	return elf && !found;
}

static bool set_env(const char *shim, const char *log, bool strict, bool unprivileged)
{
	const char *others = getenv("LD_PRELOAD");
	char preload[2 * PATH_MAX], full[PATH_MAX];

	snprintf(preload, sizeof(preload), "%s%s%s", shim, others ? ":" : "",
		 others ? others : "");
	if (log && log[0] != '/' && getcwd(full, sizeof(full))) {
		size_t len = strlen(full);

		snprintf(full + len, sizeof(full) - len, "/%s", log);
		log = full;
	}
	return !setenv("LD_PRELOAD", preload, 1) &&
	       !setenv("SKEP_ENGINE_LOG", log ? log : "", 1) &&
	       !setenv("SKEP_ENGINE_STRICT", strict ? "1" : "", 1) &&
	       !setenv("SKEP_ENGINE_UNPRIVILEGED", unprivileged ? "1" : "", 1);
}

/* That the engine opens is better said now than by the command's calls. */
static int try_engine(void)
{
	struct skep_engine_opts opts = {
		.size = sizeof(opts), .shared = true, .log = tool_log()};
	struct skep_engine *engine;
	int err = skep_engine_open(&opts, &engine);

	if (!err) {
		skep_engine_close(engine);
		return exit_ok;
	}
	tool_log_show("engine");
	tool_error(msg_engine_failed, strerror(-err));
	return exit_failed;
}

int cmd_engine(int argc, char **argv)
{
	const char *log = NULL;
	bool strict = false, unprivileged = false;
	const struct opt opts[] = {{"log", 'l', opt_text, &log},
				   {"strict", 's', opt_flag, &strict},
				   {"unprivileged", 0, opt_flag, &unprivileged},
				   {0}};
	char shim[PATH_MAX], path[PATH_MAX];
	struct args args;
	int code = opt_parse(&args, argc, argv, opts, 0, 0);

	if (code >= 0)
		return code;
	if (!args.n_rest) {
		tool_error(msg_engine_no_command);
		return exit_usage;
	}
	if (find_command(args.rest[0], path) && is_static(path)) {
		tool_error(msg_engine_static, path);
		return exit_failed;
	}
	if (!find_shim(shim)) {
		tool_error(msg_engine_no_shim, SHIM_NAME, shim);
		return exit_failed;
	}
	code = try_engine();
	if (code)
		return code;
	if (!set_env(shim, log, strict, unprivileged)) {
		tool_error(msg_no_memory);
		return exit_failed;
	}
	args.rest[args.n_rest] = NULL;
	execvp(args.rest[0], args.rest);
	tool_error(msg_engine_exec, args.rest[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
