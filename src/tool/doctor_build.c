#include "doctor.h"
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Compiles a program of one line from standard input to nowhere; true if that worked. */
static bool compiles(char *cc)
{
	static const char source[] = "int prog(void *ctx) { return 0; }\n";
	char *argv[] = {cc,    "-target", "bpf", "-O2",	      "-c",
			"-xc", "-",	  "-o",	 "/dev/null", NULL};
	posix_spawn_file_actions_t files;
	int fds[2], status = -1;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fds[0], 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	/* a pipe holds the source whole, so that nobody need be reading yet */
	if (write(fds[1], source, sizeof(source) - 1) < 0 ||
	    posix_spawnp(&pid, cc, &files, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&files);
	close(fds[0]);
	close(fds[1]);
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

void check_build_clang(struct finding *f)
{
	char name[16] = "clang";

	for (int version = 25; !compiles(name); version--) {
		if (version < 12) {
			found(f, verdict_no, "no clang that compiles for BPF was found");
			advise(f,
			       "install it (Debian: clang); programs that are compiled already "
			       "need none");
			return;
		}
		snprintf(name, sizeof(name), "clang-%d", version);
	}
	found(f, verdict_yes, "%s compiled a program", name);
}
