/* BTF and maps: created, filled, pinned. */
#include "loaded.h"
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include "mem.h"
#include "msg.h"

enum { BTF_LOG = 64 << 10 };

static struct skep_log *log_of(struct skep_object *obj)
{
	return obj->o.p.log;
}

int load_btf(struct skep_object *obj)
{
	union skep_attr attr = {0};
	const char *words;
	char *text;
	size_t len;
	int fd;

	if (!obj->o.fixed)
		return 0;
	attr.btf = u64_of(skep_btf_data(obj->o.fixed, &len));
	attr.btf_size = (u32)len;
	fd = load_bpf(obj->sys, SKEP_BTF_LOAD, &attr);
	if (fd >= 0) {
		obj->btf_fd = fd;
		return 0;
	}
	text = mem_alloc(BTF_LOG, 1);
	if (!text)
		return -ENOMEM;
	attr.btf_log_buf = u64_of(text);
	attr.btf_log_size = BTF_LOG;
	attr.btf_log_level = 1;
	obj->btf_fd = load_bpf(obj->sys, SKEP_BTF_LOAD, &attr);
	text[BTF_LOG - 1] = '\0';
	/* Types are for people; programs run without. EPERM will meet the maps again. */
	words = load_last_words(text, &len);
	if (fd != -EPERM && obj->btf_fd < 0)
		log_printf(log_of(obj), msg_load_btf, obj->o.name, obj->sys->name,
			   load_errno(fd), words ? (int)MIN(len, 160u) : 0,
			   words ? words : "");
	mem_free(text);
	return 0;
}

static u32 ringbuf_size(u32 size)
{
	u32 page = (u32)sysconf(_SC_PAGESIZE);

	if (size % page == 0 && is_pow2(size))
		return size;
	return size > 1u << 30 ? size : (u32)pow2_ceil(MAX(size, page));
}

/* What programmers leave to the loader. */
static void complete(struct skep_object *obj, struct skep_object_map *m)
{
	int cpus;

	if (m->type == SKEP_MAP_TYPE_PERF_EVENT_ARRAY) {
		cpus = skep_possible_cpus(obj->sys);
		if (!m->max_entries && cpus > 0)
			m->max_entries = (u32)cpus;
		m->key_size = m->key_size ? m->key_size : 4;
		m->value_size = m->value_size ? m->value_size : 4;
	}
	if (m->type == SKEP_MAP_TYPE_RINGBUF || m->type == SKEP_MAP_TYPE_USER_RINGBUF)
		m->max_entries = ringbuf_size(m->max_entries);
}

static int create(struct skep_object *obj, const struct obj_map *m, int inner_fd,
		  bool types)
{
	const struct skep_object_map *pub = m->pub;
	union skep_attr attr = {
		.map_type = pub->type,
		.key_size = pub->key_size,
		.value_size = pub->value_size,
		.max_entries = pub->max_entries,
		.map_flags = pub->flags,
		.inner_map_fd = inner_fd < 0 ? 0 : (u32)inner_fd,
		.numa_node = m->numa_node,
		.map_extra = m->extra,
	};

	memcpy(attr.map_name, pub->kernel_name, sizeof(attr.map_name));
	if (types && obj->btf_fd >= 0 && (pub->key_btf || pub->value_btf)) {
		attr.btf_fd = (u32)obj->btf_fd;
		attr.btf_key_type_id = pub->key_btf;
		attr.btf_value_type_id = pub->value_btf;
	}
	return load_bpf(obj->sys, SKEP_MAP_CREATE, &attr);
}

/* Some map types want no types, and which they are depends on the kernel. */
static int create_any(struct skep_object *obj, struct obj_map *m, int inner_fd)
{
	struct skep_object_map *pub = m->pub;
	int fd;

	complete(obj, pub);
	fd = create(obj, m, inner_fd, true);
	if (fd < 0 && fd != -EPERM && (pub->key_btf || pub->value_btf))
		fd = create(obj, m, inner_fd, false);
	if (fd < 0)
		log_printf(log_of(obj), msg_load_map_create, obj->o.name, pub->name,
			   obj->sys->name, pub->type, pub->key_size, pub->value_size,
			   pub->max_entries, pub->flags, load_errno(fd));
	return fd;
}

static int create_map(struct skep_object *obj, struct obj_map *m)
{
	int inner_fd = -1, fd;

	if (m->inner) {
		inner_fd = create_any(obj, m->inner, -1);
		if (inner_fd < 0)
			return inner_fd;
	}
	fd = create_any(obj, m, inner_fd);
	if (inner_fd >= 0)
		obj->sys->close(obj->sys, inner_fd);
	return fd;
}

static int update(struct skep_object *obj, const struct obj_map *m, u32 key,
		  const void *value)
{
	union skep_attr attr = {
		.map_fd = (u32)m->pub->fd,
		.key = u64_of(&key),
		.value = u64_of(value),
	};
	int err = load_bpf(obj->sys, SKEP_MAP_UPDATE_ELEM, &attr);

	if (err)
		log_printf(log_of(obj), msg_load_map_init, obj->o.name, m->pub->name,
			   "writing its initial value", obj->sys->name, load_errno(err));
	return err;
}

static int freeze(struct skep_object *obj, const struct obj_map *m)
{
	union skep_attr attr = {.map_fd = (u32)m->pub->fd};
	int err = load_bpf(obj->sys, SKEP_MAP_FREEZE, &attr);

	if (err)
		log_printf(log_of(obj), msg_load_map_init, obj->o.name, m->pub->name,
			   "freezing it", obj->sys->name, load_errno(err));
	return err;
}

static bool is_zero(const u8 *data, size_t len)
{
	return !len || (!data[0] && !memcmp(data, data + 1, len - 1));
}

static bool is_read_only(const struct obj_map *m)
{
	return m->kind == obj_map_rodata || m->kind == obj_map_kconfig;
}

static size_t mapped_len(const struct obj_map *m)
{
	u64 page = (u64)sysconf(_SC_PAGESIZE);

	return m->kind == obj_map_arena ? m->pub->max_entries * page
					: round_up(m->pub->data_len, page);
}

static int map_data(struct skep_object *obj, struct obj_map *m, void *at, int prot,
		    int flags)
{
	int err =
		obj->sys->mmap(obj->sys, &at, mapped_len(m), prot, flags, m->pub->fd, 0);

	m->pub->data = err ? NULL : at;
	m->mapped = !err;
	if (err)
		log_printf(log_of(obj), msg_load_map_init, obj->o.name, m->pub->name,
			   "mapping it", obj->sys->name, load_errno(err));
	return err;
}

/* Programs want to know where it is, before they are loaded. */
static int map_arena(struct skep_object *obj, struct obj_map *m)
{
	const void *data = m->pub->data;
	int err = map_data(obj, m, ptr_of(m->extra), PROT_READ | PROT_WRITE,
			   m->extra ? MAP_SHARED | MAP_FIXED : MAP_SHARED);

	if (!err && data && !m->reused)
		memcpy(m->pub->data, data, m->pub->data_len);
	return err;
}

static int fill(struct skep_object *obj, struct obj_map *m)
{
	int err = 0;

	if (m->kind == obj_map_plain)
		return 0;
	if (m->kind == obj_map_arena)
		return map_arena(obj, m);
	if (!is_zero(m->pub->data, m->pub->data_len))
		err = update(obj, m, 0, m->pub->data);
	if (!err && is_read_only(m))
		err = freeze(obj, m);
	return err;
}

/* Ends with the map's own name, so the length is bounded by the caller. */
static int pin_path(const struct skep_object *obj, const struct obj_map *m, char *buf,
		    size_t size)
{
	const char *dir = obj->opts.pin_dir ? obj->opts.pin_dir : "/sys/fs/bpf";

	return (size_t)snprintf(buf, size, "%s/%s", dir, m->pub->name) < size
		       ? 0
		       : -ENAMETOOLONG;
}

/* -ENOENT: nothing is pinned there. */
static int open_pinned(struct skep_object *obj, const struct obj_map *m, const char *path)
{
	union skep_attr attr = {.pathname = u64_of(path)};
	const struct skep_object_map *pub = m->pub;
	struct skep_map_info info;
	int fd = load_bpf(obj->sys, SKEP_OBJ_GET, &attr), err;

	if (fd < 0)
		return fd;
	err = skep_map_get_info(obj->sys, fd, &info);
	if (err) {
		obj->sys->close(obj->sys, fd);
		return err;
	}
	if (info.type == pub->type && info.key_size == pub->key_size &&
	    info.value_size == pub->value_size && info.max_entries == pub->max_entries &&
	    info.map_flags == pub->flags)
		return fd;
	log_printf(log_of(obj), msg_load_map_pinned, obj->o.name, pub->name, path,
		   info.type, info.key_size, info.value_size, info.max_entries,
		   info.map_flags);
	obj->sys->close(obj->sys, fd);
	return -EINVAL;
}

static int create_pinned(struct skep_object *obj, struct obj_map *m)
{
	union skep_attr attr = {0};
	char path[4096];
	int err = pin_path(obj, m, path, sizeof(path)), fd;

	complete(obj, m->pub);
	fd = err ? err : open_pinned(obj, m, path);
	m->reused = fd >= 0;
	if (fd != -ENOENT)
		return fd;
	fd = create_map(obj, m);
	if (fd < 0)
		return fd;
	attr.pathname = u64_of(path);
	attr.bpf_fd = (u32)fd;
	err = load_bpf(obj->sys, SKEP_OBJ_PIN, &attr);
	if (!err)
		return fd;
	log_printf(log_of(obj), msg_load_map_pin, obj->o.name, m->pub->name, path,
		   load_errno(err));
	obj->sys->close(obj->sys, fd);
	return err;
}

static int fill_slots(struct skep_object *obj, const struct obj_map *m, bool progs)
{
	int err = 0;

	for (struct obj_slot *s = m->slots; s && !err; s = s->next) {
		u32 fd = (u32)(progs	? s->func ? s->func->prog->fd : -1
			       : s->map ? s->map->pub->fd
					: -1);

		if ((s32)fd >= 0)
			err = update(obj, m, s->key, &fd);
	}
	return err;
}

int load_maps(struct skep_object *obj)
{
	struct obj *o = &obj->o;
	int err = 0;

	for (u32 i = 0; i < o->n_maps; i++) {
		struct obj_map *m = &o->maps[i];

		m->pub->fd = m->pinned ? create_pinned(obj, m) : create_map(obj, m);
		if (m->pub->fd < 0)
			return m->pub->fd;
		err = fill(obj, m);
		if (err)
			return err;
	}
	for (u32 i = 0; i < o->n_maps && !err; i++)
		err = fill_slots(obj, &o->maps[i], false);
	return err;
}

int load_prog_slots(struct skep_object *obj)
{
	int err = 0;

	for (u32 i = 0; i < obj->o.n_maps && !err; i++)
		err = fill_slots(obj, &obj->o.maps[i], true);
	return err;
}

int load_globals(struct skep_object *obj)
{
	for (u32 i = 0; i < obj->o.n_maps; i++) {
		struct obj_map *m = &obj->o.maps[i];
		int prot = is_read_only(m) ? PROT_READ : PROT_READ | PROT_WRITE, err;

		if (m->kind == obj_map_plain || m->mapped)
			continue;
		m->pub->data = NULL;
		if (!(m->pub->flags & SKEP_F_MMAPABLE))
			continue;
		err = map_data(obj, m, NULL, prot, MAP_SHARED);
		if (err)
			return err;
	}
	return 0;
}

static void close_fd(struct skep_object *obj, int *fd)
{
	if (*fd >= 0)
		obj->sys->close(obj->sys, *fd);
	*fd = -1;
}

void load_close(struct skep_object *obj)
{
	struct obj *o = &obj->o;

	for (u32 i = 0; i < o->n_maps; i++) {
		struct obj_map *m = &o->maps[i];

		if (m->mapped)
			obj->sys->munmap(obj->sys, m->pub->data, mapped_len(m));
		m->mapped = false;
		close_fd(obj, &m->pub->fd);
	}
	for (u32 i = 0; i < o->n_progs; i++)
		close_fd(obj, &o->progs[i].fd);
	close_fd(obj, &obj->btf_fd);
}
