/* iter.h - iterators: programs that a read(2) runs, once for each object of a kind
 *
 * A link (hook_iter.c) says what is shown, and by which program. ITER_CREATE, or open(2)
 * of the link's pin, makes an iterator of it, an object of its own that keeps the
 * program: where it is and what was written and not yet read stand in its region, so that
 * whoever has the descriptor reads on where the last one stopped. Programs run while
 * somebody reads, as in Linux, and as often: what they write is gathered until the reader
 * has what he asked for, or 32 KiB. A reader that dies has read nothing.
 *
 * Which iterators there are stands in iter.def.
 */
#ifndef ITER_H
#define ITER_H

#include "exec.h"
#include "hook.h"
#include "iter_image.h"

enum {
	ITER_BUF = 32768, /* what an object may write, as in Linux */
	ITER_ARGS = 5,
};

/* How far an iterator is. */
struct iter_state {
	u64 at, skip; /* the target's own place; 0: the begin */
	u64 seq_num;
	u32 from, count; /* of the buffer: what is not read yet */
	u32 done;	 /* the last call, without an object, was made */
};

/* A descriptor or a mapping of a task. */
struct iter_part {
	u64 at; /* its number, or where it begins */
	u64 end, off, inode;
	u32 flags;
};

/* One read(2) at work: all is this process's own. */
struct iter_walk {
	struct store *store;
	struct prog *prog;
	struct iter_over over;
	struct iter_state now;
	struct run_seq seq;
	struct iter_image image;
	struct map *map; /* of over.map_id */
	struct object *shown;
	/* The context: ctx->meta, then the target's arguments. */
	u64 args[ITER_ARGS];
	struct skep_region regions[3]; /* the images first */
	u32 nregions;
	/* The target's own; freed at the end. */
	void *keys, *values;
	u32 nkeys, room;
	vec(u32) numbers; /* of tasks; nkeys: how many of them are done with */
	bool listed;
	vec(struct iter_part) parts; /* of task parts_of; room: done with */
	u32 parts_of;
};

struct iter_target {
	bool sleeps; /* takes sleepable programs */
	u32 nargs;   /* of the context, meta included */
	/* LINK_CREATE: info is what the user gave, zeros behind it. NULL: takes none. */
	int (*attach)(struct attach *at, const union skep_iter_link_info *info,
		      struct iter_over *over);
	/* What a link's info says of it. NULL: no more than the name. */
	void (*fill)(const struct iter_over *over, struct skep_link_info *info);
	/* Finds the object at now.at and now.skip, or the next one, and notes where that
	 * is: 1, or 0: there is none, or -errno. */
	int (*find)(struct iter_walk *w);
	/* Goes behind it. */
	void (*pass)(struct iter_walk *w);
	/* Fills in args and regions for it: 0, or 1: it is gone; -errno. */
	int (*show)(struct iter_walk *w);
	/* The same for the last call, where args are 0 but for meta. NULL: nothing. */
	void (*last)(struct iter_walk *w);
};

#define ITER(name, shows) extern const struct iter_target iter_##name;
#define REFUSED(name, sleeps, why)
#include "iter.def"
#undef ITER
#undef REFUSED

/* By the number of its row; NULL: refused, or out of range. */
const struct iter_target *iter_target(u32 number);
/* The name behind "bpf_iter_"; NULL: out of range. */
const char *iter_name(u32 number);

/* A row as LINK_CREATE finds it: 0, -ENOENT: none; -EOPNOTSUPP: refused, which `sleeps`
 * says of, too. */
int iter_find(const char *name, u32 *number, bool *sleeps);

/* A new iterator: its fd. */
int iter_open(struct store *store, u32 prog_id, const struct iter_over *over);

/* read(2) of an iterator. */
ssize_t iter_read(struct object *obj, void *buf, size_t len);

#endif
