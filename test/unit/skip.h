/* skip.h - how a unit test says why it does not run
 *
 * `./check` counts a test that was skipped without a reason as failed; HACKING.md has
 * the whole protocol. Include it after cmocka.h.
 */
#ifndef SKIP_H
#define SKIP_H

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <skep/abi.h>

/* Ends the running test: test_skip(__func__, "no such device here"). */
__attribute__((format(printf, 2, 3), unused)) static void test_skip(const char *name,
								    const char *fmt, ...)
{
	va_list ap;

	print_message("SKIP %s: ", name);
	va_start(ap, fmt);
	vprint_message(fmt, ap);
	va_end(ap);
	print_message("\n");
	skip();
}

/* NULL where the kernel's bpf(2) serves this process, else why it does not. A
 * container's root is refused by its seccomp filter or lacks CAP_BPF. */
__attribute__((unused)) static const char *no_bpf(void)
{
	union skep_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = SKEP_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	fd = syscall(SYS_bpf, SKEP_MAP_CREATE, &attr, sizeof(attr));
	if (fd >= 0) {
		close(fd);
		return NULL;
	}
	if (errno == ENOSYS)
		return "this kernel has no bpf(2)";
	if (geteuid())
		return "the kernel's bpf(2) needs root";
	return "the kernel's bpf(2) is refused to root here: a container without CAP_BPF, "
	       "or its seccomp filter";
}

#endif
