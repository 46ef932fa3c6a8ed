/* dump.h - a map's contents for a person (a table) or a program (JSON)
 *
 * Keys and values are typed by BTF where there is some, else shown as hex. A struct of
 * plain fields makes a column a field. Hash maps are sorted by key, so that two dumps
 * can be compared. What is left out (zero entries of arrays) is counted in a last line.
 */
#ifndef DUMP_H
#define DUMP_H

#include <stdio.h>
#include <skep/load.h>
#include "map_type.h"

struct dump {
	struct skep_sys *sys;
	FILE *out;
	bool json;
	bool all; /* zero entries too */
};

/* A map and what is known of its types; btf may be NULL. */
struct dump_map {
	const char *name;
	int fd;
	const struct skep_btf *btf;
	uint32_t key_type, value_type; /* 0: not known */
};

/* 0 or -errno with a sentence in `log`. */
int dump_map(const struct dump *d, const struct dump_map *map, struct skep_log *log);

/* One element, its value as looking it up gave it. 0 or -ENOMEM, or what asking for the
 * map's info gave. */
int dump_element(const struct dump *d, const struct dump_map *map, const void *key,
		 const void *value);

#endif
