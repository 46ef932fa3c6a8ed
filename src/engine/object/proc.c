/* Who lives: process names, and the locks and CPU slots that carry them.
 *
 * A process's number is a locked byte of the state file. The lock hangs on an open file
 * description that nothing but a mapping refers to, and that mapping is not inherited by
 * fork(2) (MADV_DONTFORK). So the lock ends with the process, or its exec, however it
 * ends, and no child can keep it by accident. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "store.h"

enum {
	NUMBER_BITS = 12,
	NUMBER = STORE_PROCS - 1, /* the mask of a name's number */
	NUMBER_SHARED =
		STORE_PROCS - 1, /* of who could not get one: never counts as dead */
	GEN = (1u << (31 - NUMBER_BITS)) - 1,
	SPINS = 100,
};
#define WAITED (1u << 31)

static struct flock byte_lock(u32 number)
{
	return (struct flock){.l_type = F_WRLCK,
			      .l_whence = SEEK_SET,
			      .l_start = (off_t)(STORE_LOCKS + number),
			      .l_len = 1};
}

/* The number whose byte this description has locked now, or 0. */
static u32 lock_free_number(struct store *store, int fd)
{
	u32 first = __atomic_fetch_add(&store->state->next_proc, 1, __ATOMIC_RELAXED);

	for (u32 i = 0; i < NUMBER_SHARED - 1; i++) {
		u32 number = 1 + (first + i) % (NUMBER_SHARED - 1);
		struct flock lock = byte_lock(number);

		if (!fcntl(fd, F_OFD_SETLK, &lock))
			return number;
		if (errno != EAGAIN && errno != EACCES)
			return 0;
	}
	return 0;
}

/* The mapping that keeps the description, and so the lock, until this process ends. */
static void *keep_description(int fd)
{
	long page = sysconf(_SC_PAGESIZE);
	void *map = mmap(NULL, (size_t)page, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return NULL;
	if (!madvise(map, (size_t)page, MADV_DONTFORK))
		return map;
	munmap(map, (size_t)page);
	return NULL;
}

static u32 next_gen(u32 *gen)
{
	u32 next = (*gen + 1) & GEN;

	if (!next)
		next = 1;
	__atomic_store_n(gen, next, __ATOMIC_RELEASE);
	return next;
}

static void mark_used(struct store *store, u32 number)
{
	__atomic_fetch_or(&store->state->procs[number / 64], 1ull << number % 64,
			  __ATOMIC_SEQ_CST);
}

static void mark_free(struct store *store, u32 number)
{
	__atomic_fetch_and(&store->state->procs[number / 64], ~(1ull << number % 64),
			   __ATOMIC_SEQ_CST);
}

/* A signal handler may come here while the thread that it stopped is here too: each
 * claims a number of its own and one of them stays. */
u32 store_claim(struct store *store)
{
	struct process *process = store->process;
	int saved = errno, fd = store_reopen(store);
	u32 number = fd >= 0 ? lock_free_number(store, fd) : 0, name, none = 0;
	void *claim = number ? keep_description(fd) : NULL;

	if (fd >= 0)
		close(fd);
	errno = saved;
	if (!claim)
		return NUMBER_SHARED;
	name = next_gen(&store->state->gens[number]) << NUMBER_BITS | number;
	if (!__atomic_compare_exchange_n(&process->name, &none, name, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		munmap(claim, (size_t)sysconf(_SC_PAGESIZE));
		return none;
	}
	process->claim = claim;
	mark_used(store, number);
	return name;
}

void store_unclaim(struct store *store)
{
	struct process *process = store->process;

	if (!process->claim)
		return;
	mark_free(store, process->name & NUMBER);
	munmap(process->claim, (size_t)sysconf(_SC_PAGESIZE));
}

u32 store_self(struct store *store)
{
	u32 name = __atomic_load_n(&store->process->name, __ATOMIC_ACQUIRE);

	return likely(name) ? name : store_claim(store);
}

static bool number_locked(struct store *store, u32 number)
{
	struct flock lock = byte_lock(number);

	return fcntl(store->state_fd, F_OFD_GETLK, &lock) || lock.l_type != F_UNLCK;
}

bool store_alive(struct store *store, u32 owner)
{
	u32 name = owner & ~WAITED, number = name & NUMBER, gen = name >> NUMBER_BITS;
	int saved = errno;
	bool alive;

	if (name == NUMBER_SHARED || name == store_self(store))
		return true;
	if (!number ||
	    gen != __atomic_load_n(&store->state->gens[number], __ATOMIC_ACQUIRE))
		return false;
	alive = number_locked(store, number);
	errno = saved;
	return alive;
}

/* Who takes the number over marks it after it has locked it, so it is looked at again. */
bool store_lost_process(struct store *store)
{
	bool lost = false;

	for (u32 i = 0; i < STORE_PROCS / 64; i++) {
		u64 procs = __atomic_load_n(&store->state->procs[i], __ATOMIC_RELAXED);

		for (; unlikely(procs); procs &= procs - 1) {
			u32 number = 64 * i + (u32)__builtin_ctzll(procs);

			if (number_locked(store, number))
				continue;
			lost = true;
			mark_free(store, number);
			if (number_locked(store, number))
				mark_used(store, number);
		}
	}
	return lost;
}

/* ---- waiting ---- */

static int futex_wait(u32 *word, u32 seen, u64 ns)
{
	struct timespec ts = {.tv_sec = (time_t)(ns / 1000000000),
			      .tv_nsec = (long)(ns % 1000000000)};
	int saved = errno, err;

	err = syscall(SYS_futex, word, FUTEX_WAIT, seen, &ts, NULL, 0) ? -errno : 0;
	errno = saved;
	return err;
}

static void futex_wake(u32 *word, int n)
{
	int saved = errno;

	syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
	errno = saved;
}

static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* ---- lock words ---- */

static inline bool take_from(u32 *word, u32 old, u32 name)
{
	return __atomic_compare_exchange_n(word, &old, name, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

bool lock_try(struct store *store, u32 *word, bool *from_dead)
{
	u32 self = store_self(store), old;

	*from_dead = false;
	if (likely(take_from(word, 0, self)))
		return true;
	old = __atomic_load_n(word, __ATOMIC_RELAXED);
	if (!old)
		return take_from(word, 0, self);
	if (store_alive(store, old))
		return false;
	/* Who waits for the dead one's lock waits for ours now. */
	*from_dead = true;
	return take_from(word, old, self | (old & WAITED));
}

/* Waits a little for the lock to be given; says that somebody waits. */
static void lock_wait(u32 *word)
{
	u32 old;

	for (int i = 0; i < SPINS; i++) {
		if (!__atomic_load_n(word, __ATOMIC_RELAXED))
			return;
		cpu_relax();
	}
	old = __atomic_load_n(word, __ATOMIC_RELAXED);
	if (!old || (!(old & WAITED) && !take_from(word, old, old | WAITED)))
		return;
	futex_wait(word, old | WAITED, 5000000); /* then see whether the owner lives */
}

bool lock_take(struct store *store, u32 *word)
{
	u32 self = store_self(store);
	bool from_dead = false;

	if (likely(take_from(word, 0, self)))
		return false;
	while (!lock_try(store, word, &from_dead))
		lock_wait(word);
	/* Others may wait still: the giver woke one, and only a marked word wakes more.
	 */
	__atomic_fetch_or(word, WAITED, __ATOMIC_RELAXED);
	return from_dead;
}

void lock_give(u32 *word)
{
	if (unlikely(__atomic_exchange_n(word, 0, __ATOMIC_RELEASE) & WAITED))
		futex_wake(word, 1);
}

/* ---- CPU slots ---- */

/* Where a thread begins to look: mostly the same slot, whose memory is warm. */
static u32 slot_first(struct store *store)
{
	return (u32)((((u64)pthread_self() >> 12) * 0x9e3779b97f4a7c15ull >> 32) *
			     store->slots >>
		     32);
}

static bool slot_free(struct store *store, u32 self, u32 *slot)
{
	u32 at = slot_first(store);

	for (u32 i = 0; i < store->slots; i++) {
		if (take_from(&store->state->slot[at].owner, 0, self)) {
			*slot = at;
			return true;
		}
		at = at + 1 < store->slots ? at + 1 : 0;
	}
	return false;
}

static bool take_dead(struct store *store, u32 self, u32 slot)
{
	u32 *word = &store->state->slot[slot].owner;
	u32 owner = __atomic_load_n(word, __ATOMIC_RELAXED);

	return owner && !store_alive(store, owner) && take_from(word, owner, self);
}

static bool slot_of_dead(struct store *store, u32 self, u32 *slot)
{
	for (u32 i = 0; i < store->slots; i++) {
		if (take_dead(store, self, i)) {
			*slot = i;
			return true;
		}
	}
	return false;
}

bool store_slot_try(struct store *store, u32 slot)
{
	return slot < store->slots &&
	       take_from(&store->state->slot[slot].owner, 0, store_self(store));
}

u32 store_slots(struct store *store)
{
	return store->slots;
}

u32 store_slot_take(struct store *store)
{
	struct state *state = store->state;
	u32 self = store_self(store), slot, seen;

	if (likely(slot_free(store, self, &slot)))
		return slot;
	for (int i = 0;; i++) {
		seen = __atomic_load_n(&state->slots_freed, __ATOMIC_ACQUIRE);
		__atomic_store_n(&state->slots_wanted, 1, __ATOMIC_SEQ_CST);
		if (slot_free(store, self, &slot) ||
		    (i % 16 == 4 && slot_of_dead(store, self, &slot)))
			return slot;
		if (i < 4)
			sched_yield();
		else
			futex_wait(&state->slots_freed, seen, 1000000);
	}
}

bool store_slot_wait(struct store *store, u32 slot, u32 ms)
{
	struct state *state = store->state;
	u32 self = store_self(store), seen;

	for (u32 i = 0; slot < store->slots && i < ms; i++) {
		seen = __atomic_load_n(&state->slots_freed, __ATOMIC_ACQUIRE);
		__atomic_store_n(&state->slots_wanted, 1, __ATOMIC_SEQ_CST);
		if (take_from(&state->slot[slot].owner, 0, self) ||
		    (i % 16 == 4 && take_dead(store, self, slot)))
			return true;
		futex_wait(&state->slots_freed, seen, 1000000);
	}
	return false;
}

/* The wake may be missed, as no barrier stands between the store and the load: the
 * waiter looks again after a millisecond. A child that was forked inside a batch does not
 * give back its parent's slot. */
void store_slot_give(struct store *store, u32 slot)
{
	struct state *state = store->state;

	if (unlikely(__atomic_load_n(&state->slot[slot].owner, __ATOMIC_RELAXED) !=
		     store_self(store)))
		return;
	__atomic_store_n(&state->slot[slot].owner, 0, __ATOMIC_RELEASE);
	if (unlikely(__atomic_load_n(&state->slots_wanted, __ATOMIC_RELAXED))) {
		__atomic_store_n(&state->slots_wanted, 0, __ATOMIC_RELAXED);
		__atomic_fetch_add(&state->slots_freed, 1, __ATOMIC_RELEASE);
		futex_wake(&state->slots_freed, 1 << 30);
	}
}

/* ---- events ---- */

void store_notify(struct store *store)
{
	struct state *state = store->state;

	if (likely(!__atomic_load_n(&state->events_wanted, __ATOMIC_SEQ_CST)))
		return;
	__atomic_store_n(&state->events_wanted, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&state->events, 1, __ATOMIC_RELEASE);
	futex_wake(&state->events, 1 << 30);
}

u32 store_events(struct store *store)
{
	u32 seen = __atomic_load_n(&store->state->events, __ATOMIC_ACQUIRE);

	__atomic_store_n(&store->state->events_wanted, 1, __ATOMIC_SEQ_CST);
	return seen;
}

int store_wait(struct store *store, u32 seen, int timeout_ms)
{
	if (timeout_ms <= 0)
		return 0;
	return futex_wait(&store->state->events, seen, (u64)timeout_ms * 1000000) ==
			       -EINTR
		       ? -EINTR
		       : 0;
}
