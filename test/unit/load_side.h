/* load_side.h - what the loader's tests do on either side of the seam */
#ifndef LOAD_SIDE_H
#define LOAD_SIDE_H

#include <skep/load.h>
#include "bits.h"
#include "bpfcc.h"

static char text[1 << 16];
static struct skep_log said = {.buf = text, .size = sizeof(text)};

static struct skep_log *fresh_log(void)
{
	text[0] = '\0';
	said.len = 0;
	return &said;
}

/* What was compiled last. */
static char path[64];

static struct skep_object *loaded(struct skep_sys *sys, const char *cc, const char *file)
{
	struct skep_object *obj;

	if (!bpf_compile(cc, file, NULL, path))
		fail_msg("%s does not compile %s", cc, file);
	if (skep_object_open(path, &obj, fresh_log()) ||
	    skep_object_load(obj, sys, NULL, &said))
		fail_msg("%s: %s", cc, text);
	assert_string_equal(text, "");
	return obj;
}

static int test_run(struct skep_sys *sys, int fd, u32 *ret)
{
	u8 packet[64] = {0};
	union skep_attr attr = {0};
	int err;

	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = u64_of(packet);
	attr.test.data_size_in = sizeof(packet);
	err = sys->bpf(sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	*ret = attr.test.retval;
	return err;
}

/* A variable of a section of global data, as memory. */
static void *global(struct skep_object *obj, const char *section, const char *name)
{
	const struct skep_object_map *m = skep_object_find_map(obj, section);
	const struct skep_btf *btf = skep_object_btf(obj);
	const struct skep_btf_type *t;
	const struct skep_btf_var_secinfo *s;

	if (!m || !m->data)
		return NULL;
	t = skep_btf_type_by_id(btf, m->value_btf);
	s = (const void *)(t + 1);
	for (u32 i = 0; i < SKEP_BTF_INFO_VLEN(t->info); i++) {
		const struct skep_btf_type *var = skep_btf_type_by_id(btf, s[i].type);

		if (!strcmp(skep_btf_string(btf, var->name_off), name))
			return (u8 *)m->data + s[i].offset;
	}
	return NULL;
}

static inline void run_one(struct skep_sys *sys, const char *cc)
{
	struct skep_object *obj = loaded(sys, cc, TEST_BPF "/loader.bpf.c");
	u32 ret;

	/* 0 + 1 + 2 + 3 + 4; thrice(10) = 2 * 10 + 1 + 10 + zero; 'l' */
	*(int *)global(obj, ".bss", "zero") = 5;
	assert_int_equal(test_run(sys, skep_object_find_prog(obj, "loops")->fd, &ret), 0);
	assert_int_equal(ret, 10 + 31 + 5 + 'l');
	assert_int_equal(*(int *)global(obj, ".data.own", "last"), 10);
	assert_int_equal(test_run(sys, skep_object_find_prog(obj, "pass")->fd, &ret), 0);
	assert_int_equal(ret, 2);
	unlink(path);
	skep_object_close(obj);
}

struct seen {
	const struct skep_btf *btf;
	const struct skep_object_map *map;
	char value[256];
	int n, records;
};

static inline int see(void *arg, const void *key, const void *value)
{
	struct skep_btf_print opts = {.size = sizeof(opts), .compact = 1};
	struct seen *s = arg;

	s->n++;
	assert_int_equal(*(u32 *)key, 3);
	skep_btf_print_value(s->btf, s->map->value_btf, value, s->map->value_size, &opts,
			     s->value, sizeof(s->value));
	return 0;
}

static inline int see_record(void *arg, const void *data, size_t len)
{
	assert_int_equal(len, 4);
	assert_int_equal(*(u32 *)data, 3);
	((struct seen *)arg)->records++;
	return 0;
}

#endif
