/* which.h - subcommands that work on objects: their verbs, and how objects are named
 *
 * An object is `id N`, `name NAME`, `pinned PATH` or (a program) `tag TAG`, as bpftool
 * has it; a number alone is an id, a path a pin, another word a name. Faults are
 * sentences.
 */
#ifndef WHICH_H
#define WHICH_H

#include "json.h"
#include "side.h"
#include "tool.h"
#include "vec.h"

enum which { which_map, which_prog, which_link, which_btf };

/* pinned.h */
struct pinned {
	enum which kind;
	u32 id;
	char *path;
};

/* One call of a subcommand. */
struct request {
	struct side side;
	struct skep_sys *sys;
	const char *cmd, *verb;
	bool json, pretty, all, bpffs;
	bool pins_found;
	vec(struct pinned) pins;
	struct json out; /* printed at the end if `json` */
	char **at;	 /* the words behind the verb that were not taken yet */
	int n;
};

struct verb {
	const char *name;
	int (*run)(struct request *r); /* an exit code, after a sentence if it is not 0 */
};

/* A subcommand: parses the options, finds the verb, opens the side, runs it. `verbs` ends
 * with a row without a name. */
int request_run(struct request *r, int argc, char **argv, const struct verb *verbs);

/* The next word, NULL behind the last. */
const char *req_next(struct request *r);
/* Takes the next word if it is this one. */
bool req_is(struct request *r, const char *word);
/* Takes the next word, which has to be there; NULL after a sentence that calls it `what`.
 */
const char *req_need(struct request *r, const char *what);
/* The same for a number up to `most`. */
bool req_number(struct request *r, const char *what, u64 most, u64 *out);
/* exit_ok if no word is left, else exit_usage after a sentence. */
int req_end(struct request *r);

/* A descriptor of the object that the next words name; -1 after a sentence. */
int which_open(struct request *r, enum which kind);
int which_by_id(struct skep_sys *sys, enum which kind, u32 id);

/* Calls fn for each object that the next words name, or for all if there are none, with a
 * descriptor that is closed after it. An exit code. */
int which_each(struct request *r, enum which kind, int (*fn)(struct request *r, int fd));

/* OBJ_PIN of an object at the path in the next word. */
int which_pin(struct request *r, enum which kind);

/* BPF_OBJ_GET_INFO_BY_FD: 0 or -errno. */
int which_info(struct skep_sys *sys, int fd, void *info, size_t size);

/* A line `key: value` of /proc/self/fdinfo/FD, which tells what info does not; false:
 * there is none. */
bool which_fdinfo(struct skep_sys *sys, int fd, const char *key, u64 *out);

/* exit_failed after the sentence that `what` failed with this -errno. */
int which_failed(const struct request *r, const char *what, int err);

#endif
