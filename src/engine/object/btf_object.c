/* BPF_BTF_LOAD and the objects that it makes. */
#include <errno.h>
#include <fcntl.h>
#include "btf_fields.h"
#include "btf_log.h"
#include "btf_object.h"
#include "cmd.h"
#include "mem.h"

enum { BTF_MOST = 16 << 20 };

/* Stands in object_head.data. */
struct btf_info {
	u32 len;
};

static struct btf_object *btf_of(struct object *obj)
{
	return container_of(obj, struct btf_object, obj);
}

static const void *btf_blob(const struct object *obj)
{
	return (const u8 *)obj->head + OBJECT_HEAD_SIZE;
}

/* Length of the blob, whatever the region says. */
static u32 btf_len(const struct object *obj)
{
	u32 len = ((const struct btf_info *)obj->head->data)->len;

	return (u32)MIN(len, obj->size - OBJECT_HEAD_SIZE);
}

/* From a copy: others can write to the region. */
static int parse(struct object *obj, struct skep_log *log)
{
	u32 len = btf_len(obj);
	void *copy = mem_alloc(1, len);
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, btf_blob(obj), len);
	err = btf_parse(&btf_of(obj)->btf, copy, len, NULL, BTF_RULES_LOAD, "BTF", log);
	mem_free(copy);
	return err;
}

/* cmd_btf_load has parsed it already, for the log. */
static int btf_open(struct object *obj)
{
	return btf_of(obj)->btf ? 0 : parse(obj, NULL);
}

static void btf_close(struct object *obj)
{
	skep_btf_free(btf_of(obj)->btf);
}

static int btf_fill_info(struct object *obj, void *arg)
{
	struct skep_btf_info *info = arg;
	u32 len = btf_len(obj);

	if (user_copy_out(info->btf, btf_blob(obj), MIN(len, info->btf_size)))
		return -EFAULT;
	info->btf_size = len;
	info->id = obj->id;
	info->kernel_btf = 0;
	if (!info->name != !info->name_len)
		return -EINVAL;
	if (info->name &&
	    user_copy_out(info->name, "", 1)) /* only the kernel's have names */
		return -EFAULT;
	info->name_len = 0;
	return 0;
}

const struct object_ops btf_object_ops = {
	.view_size = sizeof(struct btf_object),
	.open = btf_open,
	.close = btf_close,
	.info = btf_fill_info,
	.info_size = sizeof(struct skep_btf_info),
};

const struct object_ops stats_object_ops = {.view_size = sizeof(struct object)};

/* As Linux says it; what it says otherwise, in our words. err: the checker's; the errno
 * is Linux's. */
static int write_log(const struct object *obj, int err, const char *sentence,
		     struct skep_log *log)
{
	u32 len = btf_len(obj);
	void *copy = mem_alloc(1, len + 1);
	u32 *room = mem_alloc(4 * (len / 12 + 1), sizeof(*room));
	int found = -ENOMEM;

	if (copy && room) {
		memcpy(copy, btf_blob(obj), len);
		found = btf_log(copy, len, room, log);
	}
	if (!found && err)
		log_printf(log, "%s", sentence);
	mem_free(copy);
	mem_free(room);
	return found < 0 ? found : err;
}

/* Fills the region from the user's memory and checks it. */
static int fill(struct object *obj, const union skep_attr *attr, struct skep_log *log)
{
	char text[512] = "";
	struct skep_log sentence = {.buf = text, .size = sizeof(text)};
	int err;

	((struct btf_info *)obj->head->data)->len = attr->btf_size;
	err = user_copy_in((u8 *)obj->head + OBJECT_HEAD_SIZE, attr->btf, attr->btf_size);
	if (err)
		return err;
	err = parse(obj, &sentence);
	return write_log(obj, err, text, attr->btf_log_level ? log : NULL);
}

static int load(struct store *store, const union skep_attr *attr, struct skep_log *log)
{
	struct object *obj;
	int err = object_create(store, OBJECT_BTF, OBJECT_HEAD_SIZE + (u64)attr->btf_size,
				&obj);

	if (err)
		return err;
	err = fill(obj, attr, log);
	if (!err)
		err = btf_check_objects(btf_of(obj)->btf);
	if (!err)
		return object_ready(obj, O_RDONLY);
	object_abandon(obj);
	return err;
}

int cmd_btf_load(struct store *store, union skep_attr *attr)
{
	struct user_log log;
	int ret;

	if (attr->btf_flags & ~SKEP_F_TOKEN_FD)
		return -EINVAL;
	if (attr->btf_flags)
		return fcntl(attr->btf_token_fd, F_GETFD) < 0 ? -EBADF : -EINVAL;
	if (!store_privileged(store))
		return -EPERM;
	if (attr->btf_size > BTF_MOST)
		return -E2BIG;
	ret = user_log_open(&log, attr->btf_log_level, attr->btf_log_buf,
			    attr->btf_log_size);
	if (ret)
		return ret;
	ret = load(store, attr, &log.log);
	return user_log_finish(&log, ret, &attr->btf_log_true_size);
}
