/* Values of the variables in .kconfig: LINUX_KERNEL_VERSION and its like from uname(2),
 * CONFIG_* from the configuration that the system behind the seam shows. */
#include "loaded.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include "mem.h"
#include "msg.h"

enum { CONFIG_MOST = 4 << 20 };

static u32 kernel_version(void)
{
	unsigned a = 0, b = 0, c = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u.%u", &a, &b, &c) < 2)
		return 0;
	return a << 16 | b << 8 | MIN(c, 255u);
}

static ssize_t read_plain(struct skep_sys *sys, int fd, char *buf, size_t most)
{
	size_t len = 0;
	ssize_t n;

	while (len < most && (n = sys->read(sys, fd, buf + len, most - len)) > 0)
		len += (size_t)n;
	sys->close(sys, fd);
	return (ssize_t)len;
}

/* zlib is wanted by nothing else, so it is opened when it is needed. Takes fd. */
static ssize_t read_gz(struct skep_sys *sys, int fd, char *buf, size_t most)
{
	void *lib = dlopen("libz.so.1", RTLD_NOW);
	void *(*gzdopen)(int, const char *) = lib ? dlsym(lib, "gzdopen") : NULL;
	int (*gzread)(void *, void *, unsigned) = lib ? dlsym(lib, "gzread") : NULL;
	int (*gzclose)(void *) = lib ? dlsym(lib, "gzclose") : NULL;
	void *gz = gzdopen && gzread && gzclose ? gzdopen(fd, "rb") : NULL;
	ssize_t n = -ENOSYS;

	if (gz) {
		n = gzread(gz, buf, (unsigned)most);
		gzclose(gz);
	} else {
		sys->close(sys, fd);
	}
	if (lib)
		dlclose(lib);
	return n;
}

/* The text, which the caller frees, or NULL and why. */
static char *read_config(struct skep_sys *sys, const char **why)
{
	char path[sizeof(struct utsname)], *buf = mem_alloc(CONFIG_MOST + 1, 1);
	struct utsname u = {0};
	ssize_t n;
	int fd;

	*why = "out of memory";
	if (!buf)
		return NULL;
	uname(&u);
	snprintf(path, sizeof(path), "/boot/config-%s", u.release);
	fd = sys->open(sys, path);
	if (fd >= 0) {
		n = read_plain(sys, fd, buf, CONFIG_MOST);
	} else {
		fd = sys->open(sys, "/proc/config.gz");
		n = fd < 0 ? fd : read_gz(sys, fd, buf, CONFIG_MOST);
	}
	if (n > 0)
		return buf;
	mem_free(buf);
	*why = n == -ENOSYS ? "/proc/config.gz needs libz.so.1 to read it"
			    : "there is no /boot/config-* and no /proc/config.gz";
	return NULL;
}

/* What follows "NAME=" up to the end of the line; NULL: not set. */
static const char *find_value(const char *config, const char *name, size_t *len)
{
	size_t n = strlen(name);

	for (const char *line = config; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, n) || line[n] != '=')
			continue;
		*len = strcspn(line + n + 1, "\n");
		return line + n + 1;
	}
	return NULL;
}

static bool put_number(u8 *at, u32 size, u64 v, bool is_signed)
{
	s64 s = (s64)v;

	if (size > 8)
		return false;
	if (size < 8 && (is_signed ? s >> (size * 8 - 1) != 0 && s >> (size * 8 - 1) != -1
				   : v >> (size * 8) != 0))
		return false;
	memcpy(at, &v, size);
	return true;
}

static bool put_string(u8 *at, u32 size, const char *v, size_t len)
{
	if (len < 2 || v[len - 1] != '"' || len - 2 >= size)
		return false;
	memcpy(at, v + 1, len - 2);
	return true;
}

/* y, m and n are 1, 2 and 0 of an enum, letters of a char, true and false of a bool. */
static bool put_letter(u8 *at, const struct skep_btf *b, u32 type, char c)
{
	const struct skep_btf_type *t = btf_type(b, type);
	u32 v = c == 'y' ? 1 : c == 'm' ? 2 : 0;

	if (btf_kind(t) == SKEP_BTF_KIND_ENUM)
		return put_number(at, t->size, v, false);
	if (btf_kind(t) != SKEP_BTF_KIND_INT)
		return false;
	if (SKEP_BTF_INT_ENCODING(load32(t + 1)) & SKEP_BTF_INT_BOOL)
		return c != 'm' && put_number(at, t->size, v, false);
	return t->size == 1 && put_number(at, 1, (u8)c, false);
}

static bool put_value(u8 *at, const struct skep_btf *b, const struct obj_extern *e,
		      const char *v, size_t len)
{
	u32 type = btf_skip(b, btf_type(b, e->btf)->type);
	const struct skep_btf_type *t = btf_type(b, type);
	char *end;
	u64 n;

	if (*v == '"')
		return btf_kind(t) == SKEP_BTF_KIND_ARRAY &&
		       put_string(at, e->size, v, len);
	if (len == 1 && strchr("ymn", *v))
		return put_letter(at, b, type, *v);
	errno = 0;
	n = *v == '-' ? (u64)strtoll(v, &end, 0) : strtoull(v, &end, 0);
	return !errno && end == v + len && btf_kind(t) == SKEP_BTF_KIND_INT &&
	       put_number(at, e->size, n,
			  SKEP_BTF_INT_ENCODING(load32(t + 1)) & SKEP_BTF_INT_SIGNED);
}

/* Names that libbpf defines. False: not one of them. */
static bool known_value(const char *name, u64 *v)
{
	u32 version = kernel_version();

	if (!strcmp(name, "LINUX_KERNEL_VERSION"))
		*v = version;
	else if (!strcmp(name, "LINUX_HAS_BPF_COOKIE"))
		*v = version >= (5 << 16 | 15 << 8);
	else if (!strcmp(name, "LINUX_HAS_SYSCALL_WRAPPER"))
		*v = version >= (4 << 16 | 17 << 8);
	else
		return false;
	return true;
}

static int fill(struct skep_object *obj, const struct obj_extern *e, const char *config,
		const char *why)
{
	struct obj *o = &obj->o;
	u8 *at = (u8 *)o->kconfig->pub->data + e->offset;
	size_t len = 0;
	const char *v;
	u64 n;

	if (known_value(e->name, &n)) {
		v = "a number";
		len = strlen(v);
		if (put_number(at, e->size, n, false))
			return 0;
	} else {
		v = config ? find_value(config, e->name, &len) : NULL;
		if (v && put_value(at, o->btf, e, v, len))
			return 0;
		if (!v && e->weak)
			return 0;
	}
	if (v)
		log_printf(o->p.log, msg_load_kconfig_type, o->name, e->name, (int)len, v,
			   e->size);
	else
		log_printf(o->p.log, msg_load_kconfig, o->name, e->name, why);
	return v ? -EINVAL : -ENODATA;
}

int load_kconfig(struct skep_object *obj)
{
	const char *why = "it is not set in the kernel's configuration";
	char *config = NULL;
	bool wanted = false;
	int err = 0;
	u64 n;

	for (u32 i = 0; i < obj->o.n_externs; i++)
		wanted |= !known_value(obj->o.externs[i].name, &n);
	if (wanted)
		config = read_config(obj->sys, &why);
	if (config)
		why = "it is not set in the kernel's configuration";
	for (u32 i = 0; !err && i < obj->o.n_externs; i++)
		err = fill(obj, &obj->o.externs[i], config, why);
	mem_free(config);
	return err;
}
