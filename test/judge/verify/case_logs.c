/* case_logs.c - logs: whether skep's verifier log is the kernel's, line by line
 *
 * Of each case both whole logs of level 2 (or --level 1) are compared. What differs is
 * named by its first line that does. Not compared: where a map or value lies in the
 * kernel's memory, and the blanks that follow from it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "case_files.h"
#include "case_verify.h"
#include "log.h"

enum { ROOM = 64 << 20, LINE = 4096, SECONDS = 20 };

static u32 level = 2, same, differ, broken;
static int caps = -1; /* of the asker, instead of the case's; -1: this process' */

/* The next line of *text, as it is compared. */
static bool next_line(const char **text, char line[LINE])
{
	size_t len = strcspn(*text, "\n"), n = 0;
	const char *from = *text, *address = memmem(from, len, "(18) r", 6);

	if (!*from)
		return false;
	*text += len + (from[len] == '\n');
	for (size_t i = 0; i < len && n < LINE - 8; i++) {
		if (address && from + i >= address && !strncmp(from + i, "= 0x", 4)) {
			n += (size_t)sprintf(line + n, "= 0x.");
			i += 3 + strspn(from + i + 4, "0123456789abcdef");
		} else if (from[i] != ' ' || !n || line[n - 1] != ' ') {
			line[n++] = from[i];
		}
	}
	line[n] = '\0';
	return true;
}

/* True: equal. */
static bool compare(const char *path, const char *kernel, const char *skep)
{
	static char k[LINE], s[LINE];
	u32 at = 0;
	bool more_k, more_s;

	do {
		more_k = next_line(&kernel, k);
		more_s = next_line(&skep, s);
		at++;
	} while (more_k && more_s && !strcmp(k, s));
	if (!more_k && !more_s)
		return true;
	printf("%s:%u\n\tkernel %s\n\tskep   %s\n", path, at, more_k ? k : "(end)",
	       more_s ? s : "(end)");
	return false;
}

static int ask(const char *path)
{
	char *bufs = mmap(NULL, 2 * (size_t)ROOM, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char why[512] = "";
	struct skep_log log = {.buf = why, .size = sizeof(why)};
	struct skep_log kernel = {.buf = bufs, .size = ROOM};
	struct skep_log skep = {.buf = bufs + ROOM, .size = ROOM};
	struct case_answer answer = {0};
	struct verify_result result = {0};
	struct case_verify v = {0};
	struct case_fds fds = {0};
	struct vcase c;
	u32 target;

	if (bufs == MAP_FAILED || case_read(&c, path, &log))
		return 2;
	case_resolve(&c, case_vmlinux(), &target);
	if (caps >= 0)
		c.caps = (u32)caps;
	if (caps >= 0 && case_set_caps(c.caps))
		return 2;
	if (case_open(&c, &fds, &log) || case_verify_open(&v, &c, target, &log)) {
		printf("%s: %s", path, why);
		return 2;
	}
	case_load(&c, &fds, target, level, &kernel, &answer);
	verify(&v.prog, &v.profile, level, &skep, &result);
	return compare(path, kernel.buf, skep.buf) ? 0 : 1;
}

static void see(const char *path)
{
	int status = case_in_child(path, ask, SECONDS);

	if (WIFEXITED(status) && WEXITSTATUS(status) < 2) {
		*(WEXITSTATUS(status) ? &differ : &same) += 1;
	} else {
		broken++;
		printf("%s: broken\n", path);
	}
}

int main(int argc, char **argv)
{
	struct case_files files = {0};
	int i = 1;

	for (; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
		if (!strcmp(argv[i], "--level"))
			level = (u32)atoi(argv[i + 1]);
		else if (!strcmp(argv[i], "--caps"))
			caps = case_parse_caps(argv[i + 1]);
		else
			break;
	}
	if (i >= argc || *argv[i] == '-' || caps < -1) {
		fprintf(stderr, "usage: logs [--level N] [--caps LIST] DIR|FILE...\n");
		return 2;
	}
	if (case_files(argv + i, &files))
		return 2;
	for (size_t n = 0; n < files.paths.n; n++)
		see(files.paths.at[n]);
	printf("%u logs are the kernel's, %u differ, %u cases broken\n", same, differ,
	       broken);
	return differ || broken;
}
