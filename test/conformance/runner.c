/* runner.c - conformance-runner PLUGIN engine|kernel DIR: the suite in DIR, one plugin
 * process a file
 *
 * Reads the public bpf_conformance format: sections `-- asm`, `-- raw` (instruction
 * words; they win over asm), `-- mem`, `-- result`, `-- error` (what the plugin prints
 * when it fails). Where a file has both asm and raw, the assembler must give these words.
 * On the kernel a file with an `-- error` must be refused, as one with `# kernel
 * refuses:` must; one that this kernel refuses without that is skipped and says so.
 * Prints PASS, FAIL or SKIP and the file's name; exits with 1 after a FAIL.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <skep/isa.h>
#include "last_words.h"
#include "mem.h"
#include "str.h"
#include "vec.h"
#include "../unit/no_bpf.h"

extern char **environ;

struct test {
	struct str assembly, memory, error;
	vec(struct skep_insn) raw;
	uint64_t result;
	bool has_result, kernel_refuses;
	struct str program; /* hex */
};

struct answer {
	struct str out, err;
	int status;
};

static void test_free(struct test *t)
{
	str_free(&t->assembly);
	str_free(&t->memory);
	str_free(&t->error);
	str_free(&t->program);
	vec_free(&t->raw);
}

static void add_line(struct test *t, const char *section, const char *line)
{
	struct skep_insn *insn;
	uint64_t word;

	if (!strcmp(section, "asm"))
		str_printf(&t->assembly, "%s\n", line);
	else if (!strcmp(section, "mem"))
		str_printf(&t->memory, "%s ", line);
	else if (!strcmp(section, "error"))
		str_printf(&t->error, "%s", line);
	else if (!strcmp(section, "result")) {
		t->result = strtoull(line, NULL, 0);
		t->has_result = true;
	} else if (!strcmp(section, "raw") && (insn = vec_push(&t->raw))) {
		word = strtoull(line, NULL, 0);
		memcpy(insn, &word, 8);
	}
}

static bool read_test(const char *path, struct test *t)
{
	char line[512], section[32] = "";
	FILE *f = fopen(path, "r");

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = 0;
		if (!strncmp(line, "# kernel refuses", 16))
			t->kernel_refuses = true;
		else if (!strncmp(line, "-- ", 3))
			snprintf(section, sizeof(section), "%.31s", line + 3);
		else if (line[0] && line[0] != '#')
			add_line(t, section, line);
	}
	fclose(f);
	return t->has_result != (t->error.len > 0);
}

/* The program as the plugin reads it. False: the assembler refuses it, or differs. */
static bool assemble(struct test *t, struct skep_log *log)
{
	enum { ROOM = 65536 };
	const struct skep_insn *insns = t->raw.at;
	int n = (int)t->raw.n;
	struct skep_insn *code = mem_alloc(ROOM, sizeof(*code));
	bool ok = true;

	if (t->assembly.len) {
		n = skep_asm(t->assembly.s, t->assembly.len, NULL, code, ROOM, log);
		ok = n >= 0 && n <= ROOM;
		if (ok && t->raw.n &&
		    ((size_t)n != t->raw.n || memcmp(code, insns, 8 * t->raw.n))) {
			snprintf(log->buf, log->size,
				 "asm and raw are different programs");
			ok = false;
		}
		insns = code;
	}
	for (size_t i = 0; ok && i < 8 * (size_t)n; i++)
		str_printf(&t->program, "%02x ", ((const uint8_t *)insns)[i]);
	mem_free(code);
	return ok;
}

static void collect(int fd, struct str *s)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	if (n > 0)
		str_append(s, buf, (size_t)n);
}

/* Feeds the program and reads both outputs until they end. False: not within a minute. */
static bool talk(int in, int out, int err, const struct str *program, struct answer *a)
{
	struct pollfd p[3] = {{in, POLLOUT, 0}, {out, POLLIN, 0}, {err, POLLIN, 0}};
	size_t done = 0;
	ssize_t n;

	while ((p[1].fd >= 0 || p[2].fd >= 0) && poll(p, 3, 60000) > 0) {
		if (p[0].revents) {
			n = write(in, program->s + done, program->len - done);
			done += n > 0 ? (size_t)n : 0;
			if (n <= 0 || done == program->len) {
				close(in);
				p[0].fd = -1;
			}
		}
		for (int i = 1; i < 3; i++) {
			if (p[i].revents & POLLIN)
				collect(p[i].fd, i == 1 ? &a->out : &a->err);
			else if (p[i].revents)
				p[i].fd = -1;
		}
	}
	if (p[0].fd >= 0)
		close(in);
	return p[1].fd < 0 && p[2].fd < 0;
}

/* 0 or an errno of pipe(2) or posix_spawn(3). */
static int run_plugin(const char *plugin, const char *side, const struct test *t,
		      struct answer *a)
{
	char *argv[] = {(char *)plugin, t->memory.s ? t->memory.s : "", "--on",
			(char *)side, NULL};
	posix_spawn_file_actions_t actions;
	int pipes[3][2], err;
	pid_t pid;

	for (int i = 0; i < 3; i++)
		if (pipe2(pipes[i], O_CLOEXEC))
			return errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[0][0], 0);
	posix_spawn_file_actions_adddup2(&actions, pipes[1][1], 1);
	posix_spawn_file_actions_adddup2(&actions, pipes[2][1], 2);
	err = posix_spawn(&pid, plugin, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[0][0]);
	close(pipes[1][1]);
	close(pipes[2][1]);
	if (!err) {
		if (!talk(pipes[0][1], pipes[1][0], pipes[2][0], &t->program, a))
			kill(pid, SIGKILL);
		waitpid(pid, &a->status, 0);
	} else
		close(pipes[0][1]);
	close(pipes[1][0]);
	close(pipes[2][0]);
	return err;
}

static bool fail(const char *name, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static bool fail(const char *name, const char *fmt, ...)
{
	va_list ap;

	printf("FAIL %s: ", name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	return false;
}

static const char *reason(struct answer *a)
{
	return a->err.len ? last_words(a->err.s) : "";
}

/* Prints the verdict; false after a failure. */
static bool judge(const char *name, const struct test *t, bool kernel, struct answer *a)
{
	const char *out = a->out.s ? a->out.s : "";
	bool refused = WIFEXITED(a->status) && WEXITSTATUS(a->status) == 1;
	bool must_fail = t->error.len || (kernel && t->kernel_refuses);

	if (!refused && (!WIFEXITED(a->status) || WEXITSTATUS(a->status)))
		return fail(name, "the plugin ended with status 0x%x", a->status);
	if (refused && !must_fail && kernel) {
		printf("SKIP %s: this kernel refuses it: %s\n", name, reason(a));
		return true;
	}
	if (refused && !must_fail)
		return fail(name, "refused: %s", reason(a));
	if (!refused && must_fail)
		return fail(name, "must be refused, but r0 is 0x%.16s", out);
	if (refused && !kernel && strncmp(out, t->error.s, strcspn(out, "\n")))
		return fail(name, "must be refused with %s: %s", t->error.s, reason(a));
	if (!kernel && a->err.s && strstr(a->err.s, "(null)"))
		return fail(name, "a message with a hole: %s", reason(a));
	if (!refused && strtoull(out, NULL, 16) != t->result)
		return fail(name, "r0 is 0x%.*s, expected 0x%" PRIx64,
			    (int)strcspn(out, "\n"), out, t->result);
	printf("PASS %s\n", name);
	return true;
}

static bool run_file(const char *plugin, const char *side, const char *dir,
		     const char *name)
{
	char path[4096], text[1024] = "";
	struct skep_log log = {.buf = text, .size = sizeof(text)};
	struct test t = {0};
	struct answer a = {0};
	bool ok;
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!read_test(path, &t))
		ok = fail(name, "cannot be read, or has not one of result and error");
	else if (!assemble(&t, &log))
		ok = fail(name, "%s", text);
	else if ((err = run_plugin(plugin, side, &t, &a)))
		ok = fail(name, "%s: %s", plugin, strerror(err));
	else
		ok = judge(name, &t, !strcmp(side, "kernel"), &a);
	test_free(&t);
	str_free(&a.out);
	str_free(&a.err);
	return ok;
}

static int is_data(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && !strcmp(e->d_name + n - 5, ".data");
}

int main(int argc, char **argv)
{
	struct dirent **names;
	bool ok = true;
	int n;

	if (argc != 4) {
		fprintf(stderr, "usage: conformance-runner PLUGIN engine|kernel DIR\n");
		return 2;
	}
	if (!strcmp(argv[2], "kernel") && no_bpf()) {
		printf("SKIP: %s\n", no_bpf());
		return 77;
	}
	signal(SIGPIPE, SIG_IGN); /* a plugin may end before it reads its input */
	n = scandir(argv[3], &names, is_data, alphasort);
	if (n < 400)
		return !fail("suite", "%d files in %s; there must be at least 400", n,
			     argv[3]);
	for (int i = 0; i < n; i++) {
		ok &= run_file(argv[1], argv[2], argv[3], names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return ok ? 0 : 1;
}
