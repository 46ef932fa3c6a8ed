/* Reading maps through the seam. */
#include "loaded.h"
#include <errno.h>
#include <stdlib.h>
#include "mem.h"
#include "msg.h"

/* "0-3,5": one more than the last number. */
static int count_cpus(const char *text)
{
	long last = -1;
	char *end;

	for (const char *s = text; *s >= '0' && *s <= '9';
	     s = end + (*end == '-' || *end == ','))
		last = MAX(last, strtol(s, &end, 10));
	return last >= 0 && last < 1 << 16 ? (int)last + 1 : -EINVAL;
}

int skep_possible_cpus(struct skep_sys *sys)
{
	int fd = sys->open(sys, "/sys/devices/system/cpu/possible");
	char text[1024] = "";
	ssize_t n;

	if (fd < 0)
		return fd;
	n = sys->read(sys, fd, text, sizeof(text) - 1);
	sys->close(sys, fd);
	return n < 0 ? (int)n : count_cpus(text);
}

int skep_map_get_info(struct skep_sys *sys, int fd, struct skep_map_info *info)
{
	union skep_attr attr = {0};

	memset(info, 0, sizeof(*info));
	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = sizeof(*info);
	attr.info.info = u64_of(info);
	return load_bpf(sys, SKEP_OBJ_GET_INFO_BY_FD, &attr);
}

int64_t skep_map_lookup_size(struct skep_sys *sys, const struct skep_map_info *info)
{
	int cpus;

	switch (info->type) {
	case SKEP_MAP_TYPE_PERCPU_ARRAY:
	case SKEP_MAP_TYPE_PERCPU_HASH:
	case SKEP_MAP_TYPE_LRU_PERCPU_HASH:
	case SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		cpus = skep_possible_cpus(sys);
		return cpus < 0 ? cpus : (int64_t)round_up(info->value_size, 8) * cpus;
	}
	return info->value_size;
}

struct walk {
	struct skep_sys *sys;
	int fd;
	struct skep_map_info info;
	u8 *key, *next, *value;
	bool begun;
};

/* 0, -ENOENT at the end, or another error. */
static int next_key(struct walk *w)
{
	union skep_attr attr = {
		.map_fd = (u32)w->fd,
		.key = w->begun ? u64_of(w->key) : 0,
		.next_key = u64_of(w->next),
	};
	int err = load_bpf(w->sys, SKEP_MAP_GET_NEXT_KEY, &attr);
	u8 *key = w->key;

	if (err)
		return err;
	w->begun = true;
	w->key = w->next;
	w->next = key;
	return 0;
}

static int lookup(struct walk *w)
{
	union skep_attr attr = {
		.map_fd = (u32)w->fd,
		.key = u64_of(w->key),
		.value = u64_of(w->value),
	};

	return load_bpf(w->sys, SKEP_MAP_LOOKUP_ELEM, &attr);
}

/* A key that was removed meanwhile sends GET_NEXT_KEY back to the start, so the number of
 * steps is bounded by what the map can hold. */
static int walk(struct walk *w, int (*fn)(void *, const void *, const void *), void *arg,
		const char **what)
{
	int err = 0;

	for (u64 i = 0; i < w->info.max_entries; i++) {
		*what = "going to the next element";
		err = next_key(w);
		if (err)
			break;
		*what = "reading an element";
		err = lookup(w);
		if (err == -ENOENT)
			continue;
		if (err)
			return err;
		*what = NULL;
		err = fn(arg, w->key, w->value);
		if (err)
			return err;
	}
	return err == -ENOENT ? 0 : err;
}

int skep_map_each(struct skep_sys *sys, int fd,
		  int (*fn)(void *, const void *, const void *), void *arg,
		  struct skep_log *log)
{
	struct walk w = {.sys = sys, .fd = fd};
	const char *what = "asking what it is";
	int64_t size;
	u8 *keys = NULL;
	int err = skep_map_get_info(sys, fd, &w.info);

	size = err ? err : skep_map_lookup_size(sys, &w.info);
	if (size >= 0) {
		keys = mem_alloc(2, w.info.key_size);
		w.value = mem_alloc((size_t)size, 1);
		w.key = keys;
		w.next = keys ? keys + w.info.key_size : NULL;
		err = keys && w.value ? walk(&w, fn, arg, &what) : -ENOMEM;
	} else {
		err = (int)size;
	}
	mem_free(keys);
	mem_free(w.value);
	if (err && what)
		log_printf(log, msg_load_each, fd, w.info.type, what, load_errno(err));
	return err;
}

static int btf_bytes(struct skep_sys *sys, int fd, void **data, u32 *len)
{
	struct skep_btf_info info = {0};
	union skep_attr attr = {0};
	int err;

	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = u64_of(&info);
	err = load_bpf(sys, SKEP_OBJ_GET_INFO_BY_FD, &attr);
	if (err)
		return err;
	*len = info.btf_size;
	*data = mem_alloc(*len, 1);
	if (!*data)
		return -ENOMEM;
	info = (struct skep_btf_info){.btf = u64_of(*data), .btf_size = *len};
	err = load_bpf(sys, SKEP_OBJ_GET_INFO_BY_FD, &attr);
	if (err)
		mem_free(*data);
	return err;
}

int skep_btf_by_id(struct skep_sys *sys, uint32_t id, struct skep_btf **out,
		   struct skep_log *log)
{
	union skep_attr attr = {.btf = 0};
	void *data;
	u32 len;
	int fd, err;

	*out = NULL;
	attr.btf_id = id;
	fd = load_bpf(sys, SKEP_BTF_GET_FD_BY_ID, &attr);
	if (fd < 0)
		return fd;
	err = btf_bytes(sys, fd, &data, &len);
	sys->close(sys, fd);
	if (err)
		return err;
	err = skep_btf_parse(out, data, len, NULL, "BTF", log);
	mem_free(data);
	return err;
}
