/* helper_fn.h - one function a row of helper.def or
 * helper_kfunc.def, and what several of them need
 *
 * A function named helper_NAME gets its arguments checked by its row: pointers to memory
 * that may be touched, sizes in range, maps as struct map *. It returns what the program
 * finds in r0.
 */
#ifndef HELPER_FN_H
#define HELPER_FN_H

#include "helper.h"

#define HELPER(name, ...) \
	u64 helper_##name(struct run *run, u64 a, u64 b, u64 c, u64 d, u64 e);
#define REFUSED(name, why)
#include "helper.def"
#undef HELPER
#undef REFUSED

#define KFUNC(name, ...) \
	u64 kfunc_##name(struct run *run, u64 a, u64 b, u64 c, u64 d, u64 e);
#define REFUSED(name, why)
#include "helper_kfunc.def"
#undef KFUNC
#undef REFUSED

/* How a helper begins, and a kernel function. */
#define HELPER_FN(name) \
	u64 helper_##name(struct run *run, u64 a, u64 b, u64 c, u64 d, u64 e)
#define KFUNC_FN(name) \
	u64 kfunc_##name(struct run *run, u64 a, u64 b, u64 c, u64 d, u64 e)

/* Bytes from addr to the end of the region that it lies in, for strings (arg_str) whose 0
 * another process may take away at any time. */
u64 helper_room(struct run *run, u64 addr);

/* The map among the program's that is this one, as the program sees it. */
u64 helper_map_handle(const struct run *run, const struct map *map);

/* Where the field of one of `kinds` is that the program knows by that address, in a value
 * or an object, and a name for it that all processes have; NULL: there is none. */
void *helper_field(struct run *run, u64 addr, u32 kinds, u64 *name);

/* Gives the lock back that a program was stopped with. */
void helper_unlock(struct run *run);

/* The current task and its cgroup as a program sees them: addresses at which there is
 * nothing but what helper_image_read() has. */
u64 helper_task(struct run *run);
bool helper_is_task(u64 addr);
bool helper_is_cgroup(u64 addr);

/* Reads members of these (image.def), or says what was asked for. False: there is no such
 * member. */
bool helper_is_image(u64 addr);
bool helper_image_read(struct run *run, void *dst, u64 addr, u32 size);
void helper_image_fault(struct run *run, u64 addr, u32 size);

/* The thread that is the current task. */
u32 helper_tid(struct run *run);

/* The id of its cgroup, of version 2; 0: not known. */
u64 helper_cgroup(struct run *run);

/* Whether a ring-buffer record that the run holds begins at addr. */
bool helper_is_record(const struct run *run, u64 addr);

/* Bytes of an XDP packet that lie in one piece, which the run may touch then; NULL: they
 * do not, or are not there. */
void *helper_xdp_at(struct run *run, u32 off, u32 len);

/* What heap.h calls the type that the program makes objects of and knows by that id; 0:
 * it makes none. */
u32 helper_made_type(const struct run *run, u64 id);

/* Copies what a program may probe as the kernel's memory: the run's own, objects that
 * programs made, what there is of the kernel's structs. False: nothing is there. */
bool helper_peek(struct run *run, void *dst, u64 addr, u32 len);

/* Copies from the current task's memory; 0 or -EFAULT. */
int helper_read_task(struct run *run, void *dst, u64 addr, u32 len);

/* A string of at most `size` bytes, its 0 included, from the current task (user) or from
 * memory of the run. The length with the 0, or -EFAULT, -ERANGE. */
s64 helper_read_str(struct run *run, char *dst, u32 size, u64 addr, bool user);

/* The same without what comes after: `size` bytes without a 0 get none, and what was
 * copied before an error stays. */
s64 helper_copy_str(struct run *run, char *dst, u32 size, u64 addr, bool user);

/* Why an address that is no memory of the run cannot be read as the kernel's: -EFAULT
 * where that could have been memory, -ERANGE elsewhere. */
int helper_no_kernel_memory(u64 addr);

/* The arguments of a format, which may stand unaligned; false: no such number of them. */
bool helper_take_args(u64 *args, u64 data, u64 len);

/* What an address means to bpf_probe_read(): the run's memory, or the task's. */
bool helper_is_user(struct run *run, u64 addr);

#endif
