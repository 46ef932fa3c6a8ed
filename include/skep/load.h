/* skep/load.h - object files: open, load, attach, read their maps
 *
 * Takes what clang and gcc write for BPF, and drives any struct skep_sys with it, the
 * kernel's or an engine's. The order is: skep_object_open, change what should be changed
 * (sizes, .rodata, programs to skip), skep_object_load, skep_object_attach, read the
 * maps, skep_object_close. Functions return 0 or -errno; what went wrong is a sentence in
 * `log`, which names file, section and offset, and holds the verifier's text when a
 * program was refused. An object is used by one thread at a time.
 *
 * Not done yet: CO-RE relocations, maps of struct_ops, freplace, functions and variables
 * of the kernel's modules. Each is refused with a sentence, and only if a program that is
 * to be loaded needs it.
 */
#ifndef SKEP_LOAD_H
#define SKEP_LOAD_H

#include <stdbool.h>
#include <skep/btf.h>
#include <skep/sys.h>

struct skep_object;
struct skep_link;

/* A program of the object. The caller reads it, and may set `skip` before loading. */
struct skep_object_prog {
	const char *name;    /* the function's */
	const char *section; /* "tracepoint/syscalls/sys_enter_read" */
	enum skep_prog_type type;
	enum skep_attach_type
		attach_type; /* as BPF_PROG_LOAD is told; 0 where it is not used */
	uint32_t flags;	     /* BPF_PROG_LOAD's prog_flags */
	bool skip;	     /* leave it out */
	int fd;		     /* the object's; -1 until loaded */
	/* Once planned: the instructions with their subprograms behind them. The
	 * immediate of an lddw that names a map is the map's number until loading gives
	 * it an fd. */
	const struct skep_insn *insns;
	uint32_t ninsns;
};

/* A map of the object. The caller reads it; before loading it may change max_entries,
 * flags and the bytes of `data`. */
struct skep_object_map {
	const char *name; /* the variable's, or the section's: ".rodata" */
	char kernel_name[SKEP_OBJ_NAME_LEN];
	enum skep_map_type type;
	uint32_t key_size, value_size, max_entries, flags;
	uint32_t key_btf, value_btf; /* types in skep_object_btf(), or 0 */
	int fd;			     /* the object's; -1 until loaded */
	/* Global variables, laid out as the DATASEC value_btf says; NULL for other maps.
	 * Before loading their initial values. After it the live map, if it can be mapped
	 * (.rodata and .kconfig read-only), or NULL. Of an arena: the variables that it
	 * begins with; after loading all of its max_entries pages are mapped there. */
	void *data;
	size_t data_len;
};

/* Reads an object file. `path` is the file's; the other form takes `len` bytes, which are
 * copied, and a name for messages and for the names of .data and its like. -ENOEXEC: no
 * BPF object; -EINVAL: a damaged one. Free with skep_object_close(). */
SKEP_API int skep_object_open(const char *path, struct skep_object **out,
			      struct skep_log *log);
SKEP_API int skep_object_open_memory(const void *data, size_t len, const char *name,
				     struct skep_object **out, struct skep_log *log);

/* Closes the object's descriptors and frees it; links made with it stay. */
SKEP_API void skep_object_close(struct skep_object *obj);

/* All programs and all maps, in the order of the file. */
SKEP_API struct skep_object_prog *skep_object_progs(struct skep_object *obj, uint32_t *n);
SKEP_API struct skep_object_map *skep_object_maps(struct skep_object *obj, uint32_t *n);

/* By name; NULL: there is none. */
SKEP_API struct skep_object_prog *skep_object_find_prog(struct skep_object *obj,
							const char *name);
SKEP_API struct skep_object_map *skep_object_find_map(struct skep_object *obj,
						      const char *name);

/* The object's types, or NULL if it was compiled without -g. The object's. */
SKEP_API const struct skep_btf *skep_object_btf(const struct skep_object *obj);
SKEP_API const char *skep_object_license(const struct skep_object *obj);

/* Puts the programs together without loading them: subprograms, relocations, types. Done
 * by skep_object_load if it was not done before. */
SKEP_API int skep_object_plan(struct skep_object *obj, struct skep_log *log);

struct skep_load_opts {
	size_t size;	    /* sizeof(struct skep_load_opts) */
	uint32_t log_level; /* BPF_PROG_LOAD's: 0 asks for the verifier's text only when a
			       program is refused; 1, 2, 4 always */
	const char *pin_dir; /* for maps that say LIBBPF_PIN_BY_NAME; NULL: /sys/fs/bpf */
	const struct skep_btf *vmlinux; /* the kernel's types; NULL: those that `sys` has
					   in /sys/kernel/btf/vmlinux */
};

/* Creates maps and loads programs; opts may be NULL. After an error nothing is left but
 * the object, which can only be closed. */
SKEP_API int skep_object_load(struct skep_object *obj, struct skep_sys *sys,
			      const struct skep_load_opts *opts, struct skep_log *log);

struct skep_attach_opts {
	size_t size;	    /* sizeof(struct skep_attach_opts) */
	const char *target; /* instead of what follows the '/' in the section's name */
	uint32_t ifindex;   /* xdp, tcx */
	uint32_t flags;	    /* LINK_CREATE's */
	int perf_fd;	    /* perf_event: the caller's perf event */
	uint64_t cookie;    /* bpf_get_attach_cookie() */
	const union skep_iter_link_info *iter; /* iter: over what; NULL: everything */
};

/* Attaches a loaded program where its section says; opts may be NULL where it says all.
 * *out is the caller's until skep_link_detach, which may come after skep_object_close.
 * -EOPNOTSUPP: programs of this kind cannot be attached yet, or are never attached. */
SKEP_API int skep_object_attach(struct skep_object *obj,
				const struct skep_object_prog *prog,
				const struct skep_attach_opts *opts,
				struct skep_link **out, struct skep_log *log);

/* The bpf link's descriptor, or -1: the kernel was too old for one. */
SKEP_API int skep_link_fd(const struct skep_link *link);
SKEP_API void skep_link_detach(struct skep_link *link);

/* CPUs that values of per-CPU maps have room for, or -errno. */
SKEP_API int skep_possible_cpus(struct skep_sys *sys);

/* What the map behind fd is. 0 or -errno. */
SKEP_API int skep_map_get_info(struct skep_sys *sys, int fd, struct skep_map_info *info);

/* Bytes that looking up an element gives: per-CPU maps have one value for each possible
 * CPU, each rounded up to 8 bytes. Or -errno. */
SKEP_API int64_t skep_map_lookup_size(struct skep_sys *sys,
				      const struct skep_map_info *info);

/* Calls fn for each element, until it returns something else than 0, which is returned
 * then. Elements that come and go meanwhile may be missed. */
SKEP_API int skep_map_each(struct skep_sys *sys, int fd,
			   int (*fn)(void *arg, const void *key, const void *value),
			   void *arg, struct skep_log *log);

/* The types of the map or BTF object with this id, as the kernel or engine keeps them.
 * -ENOENT: none. Free with skep_btf_free(). */
SKEP_API int skep_btf_by_id(struct skep_sys *sys, uint32_t id, struct skep_btf **out,
			    struct skep_log *log);

/* A consumer of one ring-buffer map; fn is called for each record, in order, and gets its
 * memory in place, which is the producers' again when it returns. A value other than 0
 * stops, and is returned by skep_ringbuf_consume. The map's fd must stay open. */
struct skep_ringbuf;
SKEP_API int skep_ringbuf_open(struct skep_sys *sys, int fd,
			       int (*fn)(void *arg, const void *data, size_t len),
			       void *arg, struct skep_ringbuf **out,
			       struct skep_log *log);
SKEP_API void skep_ringbuf_close(struct skep_ringbuf *rb);

/* Takes what is there. The number of records, or what fn returned. */
SKEP_API int skep_ringbuf_consume(struct skep_ringbuf *rb);

/* Waits for records for timeout_ms at most (-1: for ever), then takes them. */
SKEP_API int skep_ringbuf_poll(struct skep_ringbuf *rb, int timeout_ms);

#endif
