/* store.h - the inside of the store, for the files of this folder
 *
 * A store is a state region that all its processes map (next id, CPU slots, locks), a
 * place that keeps the objects (struct keep: files of a directory, or memfds of this
 * process), and the views that this process has opened. Locks, outer to inner: the
 * store's lock word (one holder among all processes), then the process's mutex (views).
 * Neither is held while a kind's open, close or info runs.
 */
#ifndef STORE_H
#define STORE_H

#include <pthread.h>
#include <sys/stat.h>
#include "object.h"
#include "vec.h"

enum {
	STORE_SLOTS = 1024,
	STORE_PROCS = 4096, /* process numbers; 0 is none, the last is for lack of one */
	STORE_LAYOUT = 2,
	VIEW_BUCKETS = 256,
};
#define STORE_MAGIC 0x31525453504b53ull /* "SKPSTR1" */

/* Bytes of the state file whose locks say which processes live; it is shorter. */
#define STORE_LOCKS (1ull << 32)

/* A CPU slot, alone in its cache line. */
struct cpu_slot {
	u32 owner;
	u32 pad[15];
};

/* The state region. */
struct state {
	u64 magic;
	u32 layout;
	u32 slots;
	u64 size;
	u32 next_id;
	u32 next_proc; /* where to look for a free number */
	u32 lock;      /* the store's */
	u32 stats;     /* run statistics are on */
	u32 events, events_wanted;
	u32 slots_freed, slots_wanted;
	u32 gens[STORE_PROCS];	     /* how often each number has been used */
	u64 procs[STORE_PROCS / 64]; /* numbers whose process has not closed the store */
	struct cpu_slot slot[STORE_SLOTS] __attribute__((aligned(64)));
};

/* What does not survive fork(2): a page that the kernel zeroes in the child. */
struct process {
	u32 name;	       /* store_self(); 0: none yet */
	void *claim;	       /* the mapping that holds the lock on our number */
	pthread_mutex_t mutex; /* zeroed: unlocked */
};

struct ids {
	u32 *at;
	size_t n, room;
};

/* Where objects are kept. All are called with the store locked; paths are relative to
 * the directory of pins, normal, without "..". Descriptions are new and close-on-exec. */
struct keep {
	int (*make)(struct store *store, u32 id);	     /* an empty file; -EEXIST */
	int (*open)(struct store *store, u32 id, int flags); /* -ENOENT */
	int (*list)(struct store *store, struct ids *out);   /* in any order */
	void (*remove)(struct store *store, u32 id);
	bool (*pinned)(struct store *store, u32 id, const struct stat *st);
	int (*pin)(struct store *store, u32 id, const char *path);
	int (*open_pin)(struct store *store, const char *path, int flags);
	int (*unpin)(struct store *store, const char *path);
	void (*close)(struct store *store);
};

struct pin {
	char *path;
	u32 id;
};

struct store {
	const struct object_ops *const *kinds;
	const struct keep *keep;
	struct state *state;
	struct process *process;
	u32 slots;    /* state->slots, checked */
	int state_fd; /* holds no lock */
	u32 *stats;   /* the word that says whether statistics are on */
	u32 own_stats;
	u32 released; /* objects whose last holder went since the last sweep for it */
	u64 released_bytes; /* of them */
	struct heap *heap;  /* NULL: this process has not needed it yet */
	void *runs, *timers;
	u32 live, made; /* objects after the last sweep, and made since */
	u64 made_bytes; /* of them */
	struct object *by_file[VIEW_BUCKETS], *by_id[VIEW_BUCKETS];

	/* shared: the directory and its two folders; private: -1 */
	int dir, objects, pins;
	u64 dev;

	bool unprivileged;

	/* private */
	vec(struct pin) pinned;
};

/* ---- keeps ---- */

extern const struct keep keep_files, keep_memory;

/* Opens the directory, made if need be: store->dir, objects, pins, dev. */
int files_open(struct store *store, const char *dir, struct skep_log *log);
/* A sentence for each object that has not our layout. */
void files_name_leftovers(struct store *store, const char *dir, struct skep_log *log);

/* ---- the store's lock, the process's mutex ---- */

void store_lock(struct store *store);
bool store_try_lock(struct store *store); /* false: another process has it */
void store_unlock(struct store *store);
void views_lock(struct store *store);
void views_unlock(struct store *store);

/* A new description of the state file. */
int store_reopen(struct store *store);

/* Takes a process number; part of store_self(). */
u32 store_claim(struct store *store);

/* Gives it back. */
void store_unclaim(struct store *store);

/* Whether a process has ended, since this was asked last, that did not say so. */
bool store_lost_process(struct store *store);

/* ---- views and heads ---- */

/* With the mutex held; NULL: not open. */
struct object *view_of_file(struct store *store, u64 dev, u64 ino);
struct object *view_of_id(struct store *store, u32 id);

/* The view of a file, with a use; NULL: not open. */
struct object *view_use(struct store *store, const struct stat *st);

/* All views that nothing uses, at the end of the store. No lock held. */
void views_close(struct store *store);

/* Ends views that are gone and unused. No lock held. */
void views_drop(struct store *store);

/* What a file in the store turned out to be. */
enum file_kind { file_good, file_unready, file_foreign };

/* Reads and checks the head behind an open fd: magic, layout, kind, id (0: any), size.
 * *fault, if not NULL: what is wrong with a foreign file, or NULL. */
enum file_kind head_read(struct store *store, int fd, u32 id, struct object_head *head,
			 struct stat *st, const char **fault);

/* Whether a lock is on the file behind `fd`, a description without lock. */
bool file_held(int fd);

/* What there is, in order. With the store locked. */
int ids_list(struct store *store, struct ids *out);

/* store_sweep() with the store locked; the caller calls views_drop() after it. */
void sweep_locked(struct store *store);

/* An fd for the user with its lock, from a description that keep->open gave (or -errno);
 * closes it on failure. */
int hold(int fd);

#endif
