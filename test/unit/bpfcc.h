/* bpfcc.h - BPF objects compiled while a test runs, by the compilers that are there */
#ifndef BPFCC_H
#define BPFCC_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const bpf_compilers[] = {
	"clang-14 --target=bpf -g -O2",
	"clang-19 --target=bpf -g -O2",
	"clang --target=bpf -g -O2",
	"bpf-gcc -gbtf -O2",
};

enum { N_BPF_COMPILERS = sizeof(bpf_compilers) / sizeof(bpf_compilers[0]) };

__attribute__((unused)) static bool is_gcc(const char *cc)
{
	return strstr(cc, "gcc");
}

__attribute__((unused)) static bool has_compiler(const char *cc)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "command -v %.*s >/dev/null 2>&1",
		 (int)strcspn(cc, " "), cc);
	return !system(cmd);
}

/* Compiles a file, or the text on standard input ("-x c -"), into a temporary file whose
 * name it gives; the caller unlinks it. False: the compiler failed. */
__attribute__((unused)) static bool bpf_compile(const char *cc, const char *file,
						const char *text, char out[64])
{
	char cmd[4096];
	FILE *f;
	int fd;

	snprintf(out, 64, "/tmp/skep-test-XXXXXX");
	fd = mkstemp(out);
	if (fd < 0)
		return false;
	close(fd);
	snprintf(cmd, sizeof(cmd), "%s -c %s -o %s 2>/dev/null", cc,
		 text ? "-x c -" : file, out);
	f = popen(cmd, "w");
	if (f && text)
		fputs(text, f);
	return f && !pclose(f);
}

/* A clang, or NULL. */
__attribute__((unused)) static const char *any_clang(void)
{
	for (int i = 0; i < N_BPF_COMPILERS; i++)
		if (!is_gcc(bpf_compilers[i]) && has_compiler(bpf_compilers[i]))
			return bpf_compilers[i];
	return NULL;
}

/* The same of one that writes the tags of pointers (kptr) into BTF; 14 does not. */
__attribute__((unused)) static const char *tag_clang(void)
{
	static const char cc[] = "clang-19 --target=bpf -g -O2";

	return has_compiler(cc) ? cc : NULL;
}

#define NO_TAG_CLANG "no clang that writes type tags (Debian: clang-19)"

#define NO_CLANG "no clang with BPF (Debian: clang)"

#endif
