/* heap.h - objects that programs make: bpf_obj_new()
 *
 * One sparse region of the store, which every process maps that opens a program that
 * makes objects, or a map that keeps some. Its blocks are of a few sizes; taking one and
 * giving it back are a few atomic operations, without a lock, so that a run may do it
 * anywhere. What a program sees as an object's address is HEAP_BASE and an offset: the
 * same number in all processes, so that it can stand in maps, and at which nothing is
 * mapped.
 *
 * An object belongs to the CPU slot whose run holds it, which has a list of what it
 * holds, to a map's value, or to another object. What a run holds when it ends, or when
 * its process dies, goes with the next run on its slot. A process that is killed between
 * the two words that hand an object over loses that object until the store is new;
 * nothing else is lost, and nobody waits. A block is used again at once, as the kernel
 * does it; who still has its address reads another object then, never anything else.
 *
 * The region is other processes' to write: each offset read from it is bounded, each walk
 * is counted.
 */
#ifndef HEAP_H
#define HEAP_H

#include "btf_fields.h"
#include "object.h"

#define HEAP_BASE 0x5e00000000000000ull
#define HEAP_SIZE (1ull << 30)

/* What objects of a struct are: `copies` of `size` bytes, and their fields. */
struct heap_type {
	u32 size, copies;
	u32 n;
	struct {
		u32 kind, off;
	} at[BTF_FIELDS];
};

/* The store's heap is there from now on. 0, or -errno. `locked`: the caller has the
 * store's lock. */
int heap_open(struct store *store, bool locked);
void heap_close(struct store *store);

/* The number of a type, for all processes, never 0; 0: there is no room for another. Not
 * in a run. */
u32 heap_add_type(struct store *store, const struct heap_type *type);

/* Whether a program's number may be an object's address. */
static inline bool heap_is_address(u64 addr)
{
	return addr - HEAP_BASE < HEAP_SIZE;
}

/* The `size` bytes of an object at that address; to write, of one that lives, within its
 * type. NULL: there are none. */
void *heap_at(struct store *store, u64 addr, u32 size, bool write);
/* The fields of the object that begins there: its type; NULL: none does. */
const struct heap_type *heap_object(struct store *store, u64 addr);
/* The object in which an address lies; 0: in none. */
u64 heap_object_of(struct store *store, u64 addr);

/* What heap_at() gave, as an address. 0: it is none. */
u64 heap_address(struct store *store, const void *p);

/* ---- in a run on CPU slot `slot` ---- */

/* An object of zeros, which the slot holds; 0: no memory, or it is too large. */
u64 heap_new(struct store *store, u32 slot, u32 type);
/* One more reference to a living object, for the slot; false: there is none, or the slot
 * holds too many. */
bool heap_hold(struct store *store, u32 slot, u64 addr);
/* The slot's reference is the caller's to give on. false: it has none. */
bool heap_unhold(struct store *store, u32 slot, u64 addr);
/* A reference that was given on is the slot's again. false: it holds too many. */
bool heap_take(struct store *store, u32 slot, u64 addr);
/* Ends the slot's reference. false: it has none. */
bool heap_drop(struct store *store, u32 slot, u64 addr);
/* A kept pointer is exchanged: the slot's reference to `addr` (0: none) becomes the
 * field's, and what it had the slot's: *old. false: the slot has none to addr, or holds
 * too many. */
bool heap_exchange(struct store *store, u32 slot, u64 *field, u64 addr, u64 *old);

/* Whether the slot holds something, and the end of that. */
bool heap_holds(const struct store *store, u32 slot);
void heap_release(struct store *store, u32 slot);

/* ---- what values and objects keep ---- */

/* The fields that own objects. */
enum { HEAP_OWNERS = FIELD_KPTRS | FIELD_ROOTS };

/* What a field of one of these kinds owns is given up. */
void heap_free_field(struct store *store, u32 kind, void *at);

#endif
