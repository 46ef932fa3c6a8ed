/* case_load.c - records the programs of BPF objects, prepared by skep's loader
 *
 *     load FILE.o...
 *
 * record.so, which must be preloaded, answers a load that fails as if it had not, so that
 * the loader goes on to the next program. Exits with 1 if one never came to
 * BPF_PROG_LOAD.
 */
#include <skep/load.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "case_record.h"

static int load(const char *path, struct skep_log *log)
{
	struct skep_object_prog *progs;
	struct skep_object *obj;
	const char *base = strrchr(path, '/');
	char **names, group[256];
	uint32_t i, n;
	int missing = 0;

	if (skep_object_open(path, &obj, log))
		return 1;
	progs = skep_object_progs(obj, &n);
	names = calloc(n + 1, sizeof(*names));
	for (i = 0; names && i < n; i++)
		names[i] = strdup(progs[i].name);
	snprintf(group, sizeof(group), "%s", base ? base + 1 : path);
	group[strcspn(group, ".")] = 0;
	record_names(group, names, names ? (int)n : 0);
	skep_object_load(obj, skep_sys_kernel(), NULL, log);
	record_names(NULL, NULL, 0);
	for (i = 0; names && i < n; i++) {
		missing += names[i] != NULL;
		free(names[i]);
	}
	free(names);
	skep_object_close(obj);
	return missing;
}

int main(int argc, char **argv)
{
	char text[4096] = "";
	int i, missing = 0;

	if (!record_names || argc < 2) {
		fprintf(stderr, "load FILE.o...; record.so must be preloaded\n");
		return 2;
	}
	for (i = 1; i < argc; i++) {
		struct skep_log log = {.buf = text, .size = sizeof(text)};
		int left = load(argv[i], &log);

		missing += left;
		if (left || *text)
			printf("%s: %d never came to BPF_PROG_LOAD: %s\n", argv[i], left,
			       text);
		*text = 0;
	}
	return missing ? 1 : 0;
}
