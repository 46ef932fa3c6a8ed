/* iter_image.h - structs of the kernel, as programs see them through typed pointers
 *
 * An image is laid out by the running kernel's BTF, so that a program finds each field
 * where its relocations look for it. Fields that the engine does not know are 0, and what
 * this kernel's struct does not have is left out. All images of an object stand in one
 * block, which the program may read.
 */
#ifndef ITER_IMAGE_H
#define ITER_IMAGE_H

#include "btf.h"

struct iter_image {
	const struct skep_btf *types;
	u8 *mem;
	u32 size, used;
};

/* at NULL: there is no room, or no such struct; what is set there is lost. */
struct iter_struct {
	struct iter_image *image;
	u8 *at;
	u32 type;
};

/* Zeroed, of a struct by name. */
struct iter_struct iter_struct(struct iter_image *image, const char *name);

/* Sets the integer or pointer at "member" or "member.member". */
void iter_set(struct iter_struct s, const char *path, u64 value);

/* Copies into the array there, as much as fits. */
void iter_set_bytes(struct iter_struct s, const char *path, const void *from, u32 len);

/* A copy of a text: its address, 0 if there is no room. */
u64 iter_text(struct iter_image *image, const char *text);

#endif
