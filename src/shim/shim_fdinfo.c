/* /proc/self/fdinfo of an object, as the kernel writes it. */
#include "shim.h"
#include "map.h"
#include "os.h"
#include "str.h"
#include <errno.h>
#include <unistd.h>
#include <fcntl.h>

static void say_map(struct str *s, struct object *obj, const struct skep_map_info *m)
{
	str_printf(s, "map_type:\t%u\nkey_size:\t%u\nvalue_size:\t%u\nmax_entries:\t%u\n",
		   m->type, m->key_size, m->value_size, m->max_entries);
	str_printf(s,
		   "map_flags:\t0x%x\nmap_extra:\t0x%llx\nmemlock:\t%llu\nmap_id:\t%u\n",
		   m->map_flags, (unsigned long long)m->map_extra,
		   (unsigned long long)obj->size, m->id);
	str_printf(s, "frozen:\t%d\n", map_frozen(container_of(obj, struct map, obj)));
}

static void say_prog(struct str *s, const struct object *obj,
		     const struct skep_prog_info *p)
{
	str_printf(s, "prog_type:\t%u\nprog_jited:\t0\nprog_tag:\t", p->type);
	for (u32 i = 0; i < SKEP_TAG_SIZE; i++)
		str_printf(s, "%02x", p->tag[i]);
	str_printf(s,
		   "\nmemlock:\t%llu\nprog_id:\t%u\nrun_time_ns:\t%llu\nrun_cnt:\t%llu\n",
		   (unsigned long long)obj->size, p->id,
		   (unsigned long long)p->run_time_ns, (unsigned long long)p->run_cnt);
	str_printf(s, "recursion_misses:\t%llu\nverified_insns:\t%u\n",
		   (unsigned long long)p->recursion_misses, p->verified_insns);
}

static int say_object(struct str *s, struct object *obj)
{
	union {
		struct skep_map_info map;
		struct skep_prog_info prog;
		struct skep_link_info link;
		struct skep_btf_info btf;
	} info = {0};
	int err = obj->ops->info ? obj->ops->info(obj, &info) : 0;

	if (err)
		return err;
	switch (obj->kind) {
	case OBJECT_MAP: say_map(s, obj, &info.map); break;
	case OBJECT_PROG: say_prog(s, obj, &info.prog); break;
	case OBJECT_BTF: str_printf(s, "btf_id:\t%u\n", info.btf.id); break;
	case OBJECT_LINK:
		str_printf(s, "link_type:\t%u\nlink_id:\t%u\nprog_id:\t%u\n",
			   info.link.type, info.link.id, info.link.prog_id);
		break;
	default: break;
	}
	return s->failed ? -ENOMEM : 0;
}

int shim_fdinfo(struct object *obj, int fd)
{
	struct str s = {0};
	struct stat st;
	int flags = fcntl(fd, F_GETFL), cloexec = fcntl(fd, F_GETFD), err;

	if (flags < 0 || cloexec < 0 || fstat(fd, &st))
		return -EBADF;
	flags |= cloexec & FD_CLOEXEC ? O_CLOEXEC : 0;
	str_printf(&s, "pos:\t0\nflags:\t0%o\nmnt_id:\t0\nino:\t%llu\n", (unsigned)flags,
		   (unsigned long long)st.st_ino);
	err = say_object(&s, obj);
	if (!err)
		err = os_memory_file(s.s, s.len);
	str_free(&s);
	return err;
}
