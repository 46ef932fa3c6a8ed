/* map_at.h - the map that a `skep map` works on, its parts are map.c, map_show.c,
 * map_elem.c and map_data.c */
#ifndef MAP_AT_H
#define MAP_AT_H

#include "dump.h"
#include "which.h"

struct map_at {
	struct skep_map_info info;
	struct dump_map dump; /* its fd, name and types */
	struct skep_btf *btf; /* NULL: none */
	u32 cpus, stride;     /* parts of a value, and from one to the next */
	u8 *key, *value;      /* room for one of each; a value has all parts */
};

/* The map in the next words; false after a sentence. */
bool map_at_open(struct request *r, struct map_at *m);
void map_at_close(struct request *r, struct map_at *m);

/* bpf(2) with key, value and flags. */
int map_at_call(struct request *r, struct map_at *m, enum skep_cmd cmd, u64 flags);

/* ---- map_data.c: what the words say that a key or value is ---- */

/* Behind the word `key` or `value`: bytes, "hex" and bytes, a number, or text that is
 * typed by BTF, whose members that are not named stay as they are. False after a
 * sentence. A value is given for all CPUs. */
bool map_at_key(struct request *r, struct map_at *m);
bool map_at_value(struct request *r, struct map_at *m);

/* ---- map_show.c ---- */

int map_show(struct request *r, int fd);
int map_dump(struct request *r);
/* {"key": ..., "value": ..., "formatted": {...}} */
void map_json_element(struct json *j, const struct map_at *m, const u8 *key,
		      const u8 *value);

/* ---- map_elem.c: the verbs for one element ---- */

int map_lookup(struct request *r);
int map_update(struct request *r);
int map_delete(struct request *r);
int map_getnext(struct request *r);
int map_peek(struct request *r);
int map_pop(struct request *r);
int map_push(struct request *r);

#endif
