/* box.h - a kind of object for tests: a box refers to up to eight other boxes */
#ifndef BOX_H
#define BOX_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "object.h"

struct box {
	u32 n, ids[8];
};

static inline void box_refs(const struct object_head *head, void (*fn)(void *arg, u32 id),
			    void *arg)
{
	const struct box *box = (const void *)head->data;

	for (u32 i = 0; i < MIN(box->n, 8u); i++)
		fn(arg, box->ids[i]);
}

static inline int box_open(struct object *obj)
{
	const struct box *box = (const void *)obj->head->data;

	return box->n > 8 ? -EBADMSG : 0;
}

static const struct object_ops box_ops = {
	.view_size = sizeof(struct object),
	.open = box_open,
	.refs = box_refs,
	.pins = true,
};

static const struct object_ops plain_ops = {.view_size = sizeof(struct object)};

static const struct object_ops *const box_kinds[OBJECT_KINDS] = {
	[OBJECT_MAP] = &box_ops,
	[OBJECT_BTF] = &plain_ops,
};

/* A new box in `store` that refers to `ref` (0: to none): its fd, its id in *id. */
static inline int box_make(struct store *store, u32 ref, u32 *id)
{
	struct object *obj;
	struct box *box;
	int err = object_create(store, OBJECT_MAP, OBJECT_HEAD_SIZE + 100, &obj);

	if (id)
		*id = 0;
	if (err)
		return err;
	box = (void *)obj->head->data;
	box->n = ref != 0;
	box->ids[0] = ref;
	if (id)
		*id = obj->id;
	return object_ready(obj, O_RDWR);
}

static inline bool there(struct store *store, u32 id)
{
	int fd = object_open_id(store, OBJECT_MAP, id, O_RDWR);

	if (fd >= 0)
		close(fd);
	else
		assert_int_equal(fd, -ENOENT);
	return fd >= 0;
}

#endif
