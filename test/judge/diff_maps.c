#include "diff_maps.h"
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <skep/load.h>

enum { PAGE = 4096, KEYS = 6, VALUE_MOST = 64 * 1024, RING_SPARE = 64 * 1024 };

static const struct {
	const char *name;
	u32 type, key_size, value_size, max_entries, flags;
} kinds[DIFF_MAPS] = {
#define MAP(name, type, ...) {#name, SKEP_MAP_TYPE_##type, __VA_ARGS__},
#include "diff_maps.def"
};

static bool is_percpu(u32 i)
{
	return kinds[i].type == SKEP_MAP_TYPE_PERCPU_ARRAY ||
	       kinds[i].type == SKEP_MAP_TYPE_PERCPU_HASH;
}

static bool has_keys(u32 i)
{
	return i <= map_lru || i == map_global || i == map_trace;
}

static int element(struct maps *maps, enum skep_cmd cmd, u32 i, u64 key, void *value)
{
	union skep_attr attr = {
		.map_fd = (u32)maps->fd[i], .key = u64_of(&key), .value = u64_of(value)};

	return maps->sys->bpf(maps->sys, cmd, &attr, sizeof(attr));
}

/* ---- making ---- */

static int make(struct maps *maps, u32 i)
{
	union skep_attr attr = {.map_type = kinds[i].type,
				.key_size = kinds[i].key_size,
				.value_size = kinds[i].value_size,
				.max_entries = kinds[i].max_entries,
				.map_flags = kinds[i].flags};

	maps->fd[i] = maps->sys->bpf(maps->sys, SKEP_MAP_CREATE, &attr, sizeof(attr));
	return maps->fd[i] < 0 ? maps->fd[i] : 0;
}

/* Strings, and formats at 16, 28 and 44, in a map that nobody changes any more. */
static int fill_text(struct maps *maps)
{
	char text[64] = "abcd\0ab\0\0\xff\0abc\0";
	union skep_attr attr = {.map_fd = (u32)maps->fd[map_text]};
	int err;

	memcpy(text + 16, "%d %u %x", 9);
	memcpy(text + 28, "%5lld|%-6x%c", 13);
	memcpy(text + 44, "<%llx>%08d %%", 14);
	text[27] = 0;
	err = element(maps, SKEP_MAP_UPDATE_ELEM, map_text, 0, text);
	return err ? err
		   : maps->sys->bpf(maps->sys, SKEP_MAP_FREEZE, &attr, sizeof(attr));
}

static int load_callee(struct maps *maps, u32 type)
{
	static const struct skep_insn code[] = {{0xb7, 0, 0, 0, 4711},
						{0x95, 0, 0, 0, 0}};
	union skep_attr attr = {.prog_type = type,
				.insn_cnt = 2,
				.insns = u64_of(code),
				.license = u64_of("GPL")};

	return maps->sys->bpf(maps->sys, SKEP_PROG_LOAD, &attr, sizeof(attr));
}

/* int; int (void); a static function of it: callbacks must have a type. */
static int load_btf(struct maps *maps)
{
	static const struct {
		struct skep_btf_header head;
		u32 types[4 + 3 + 3];
		char names[8];
	} blob = {
		{SKEP_BTF_MAGIC, 1, 0, sizeof(blob.head), 0, sizeof(blob.types),
		 sizeof(blob.types), sizeof(blob.names)},
		{1, SKEP_BTF_KIND_INT << 24, 4, 1 << 24 | 32, /* signed, 32 bits */
		 0, SKEP_BTF_KIND_FUNC_PROTO << 24, 1, 5, SKEP_BTF_KIND_FUNC << 24, 2},
		"\0int\0f",
	};
	union skep_attr attr = {0};

	attr.btf = u64_of(&blob);
	attr.btf_size = sizeof(blob);
	return maps->sys->bpf(maps->sys, SKEP_BTF_LOAD, &attr, sizeof(attr));
}

static int map_ring_buffer(struct maps *maps)
{
	struct skep_sys *sys = maps->sys;
	void *consumer = NULL, *producer = NULL;
	int fd = maps->fd[map_ring], err;

	err = sys->mmap(sys, &consumer, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!err)
		err = sys->mmap(sys, &producer, PAGE + 2 * kinds[map_ring].max_entries,
				PROT_READ, MAP_SHARED, fd, PAGE);
	maps->consumer = consumer;
	maps->producer = producer;
	return err;
}

static void drop_ring_buffer(struct maps *maps)
{
	struct skep_sys *sys = maps->sys;

	if (maps->consumer)
		sys->munmap(sys, maps->consumer, PAGE);
	if (maps->producer)
		sys->munmap(sys, (void *)maps->producer,
			    PAGE + 2 * kinds[map_ring].max_entries);
	if (maps->fd[map_ring] > 0)
		sys->close(sys, maps->fd[map_ring]);
}

static int open_ring_buffer(struct maps *maps)
{
	int err = make(maps, map_ring);

	return err ? err : map_ring_buffer(maps);
}

int maps_open(struct maps *maps, struct skep_sys *sys)
{
	int err = 0;

	*maps = (struct maps){.sys = sys, .cpus = (u32)skep_possible_cpus(sys)};
	if (maps->cpus > VALUE_MOST / 32)
		return -E2BIG;
	for (u32 i = 0; i < DIFF_MAPS && !err; i++)
		err = i == map_ring ? open_ring_buffer(maps) : make(maps, i);
	if (!err)
		err = fill_text(maps);
	maps->btf = load_btf(maps);
	maps->callee[0] = load_callee(maps, SKEP_PROG_TYPE_XDP);
	maps->callee[1] = load_callee(maps, SKEP_PROG_TYPE_SCHED_CLS);
	if (maps->btf < 0 || maps->callee[0] < 0 || maps->callee[1] < 0)
		return err ? err : -EINVAL;
	return err;
}

void maps_close(struct maps *maps)
{
	drop_ring_buffer(maps);
	for (u32 i = 0; i < DIFF_MAPS; i++)
		if (i != map_ring)
			maps->sys->close(maps->sys, maps->fd[i]);
	maps->sys->close(maps->sys, maps->btf);
	maps->sys->close(maps->sys, maps->callee[0]);
	maps->sys->close(maps->sys, maps->callee[1]);
}

/* ---- between programs ---- */

/* Every other key; per-CPU copies are 0, since it is not said which one a run has. */
static void reset(struct maps *maps, u32 i)
{
	static u8 value[VALUE_MOST], zeroes[VALUE_MOST];
	bool array = kinds[i].type == SKEP_MAP_TYPE_ARRAY ||
		     kinds[i].type == SKEP_MAP_TYPE_PERCPU_ARRAY;

	for (u32 key = 0; key < KEYS; key++) {
		memset(value, (int)(17 * key + i), kinds[i].value_size);
		if (array ? key < kinds[i].max_entries : key % 2)
			element(maps, SKEP_MAP_UPDATE_ELEM, i, key,
				is_percpu(i) ? zeroes : value);
		else
			element(maps, SKEP_MAP_DELETE_ELEM, i, key, NULL);
	}
}

/* A prog_array takes programs of one type, so that each kind has its own. */
static int reset_progs(struct maps *maps, enum kind kind)
{
	int err;

	maps->sys->close(maps->sys, maps->fd[map_progs]);
	err = make(maps, map_progs);
	return err ? err
		   : element(maps, SKEP_MAP_UPDATE_ELEM, map_progs, 1,
			     &maps->callee[kind == kind_tc]);
}

static u64 produced(const struct maps *maps)
{
	return __atomic_load_n((const u64 *)maps->producer, __ATOMIC_ACQUIRE);
}

int maps_reset(struct maps *maps, enum kind kind)
{
	for (u32 i = 0; i < DIFF_MAPS; i++)
		if (has_keys(i))
			reset(maps, i);
	if (produced(maps) > kinds[map_ring].max_entries - RING_SPARE) {
		drop_ring_buffer(maps);
		maps->fd[map_ring] = 0;
		if (open_ring_buffer(maps))
			return -ENOMEM;
	}
	return reset_progs(maps, kind);
}

/* ---- contents ---- */

struct text {
	char *buf;
	size_t size, len;
};

static void put(struct text *t, const char *what, u64 key, const u8 *bytes, size_t n)
{
	if (t->size - t->len < 64 + 2 * n)
		return;
	t->len += (size_t)sprintf(t->buf + t->len, "%s[%llu]:", what,
				  (unsigned long long)key);
	for (size_t i = 0; i < n; i++)
		t->len += (size_t)sprintf(t->buf + t->len, "%02x", bytes[i]);
	t->buf[t->len++] = '\n';
	t->buf[t->len] = 0;
}

/* The copies' exclusive or. A copy begins every 8 bytes. */
static void merge(u8 *value, size_t value_size, u32 cpus)
{
	size_t stride = round_up(value_size, 8);

	for (size_t at = stride; at < cpus * stride; at += stride)
		for (size_t i = 0; i < value_size; i++)
			value[i] ^= value[at + i];
}

static void put_map(struct text *t, struct maps *maps, u32 i)
{
	static u8 value[VALUE_MOST];

	for (u32 key = 0; key < KEYS; key++) {
		if (element(maps, SKEP_MAP_LOOKUP_ELEM, i, key, value))
			continue;
		if (is_percpu(i))
			merge(value, kinds[i].value_size, maps->cpus);
		if (i != map_trace)
			put(t, kinds[i].name, key, value, kinds[i].value_size);
		else
			for (u32 k = 0; k < kinds[i].value_size / 8; k++)
				put(t, "trace", 8 * k, value + 8 * k, 8);
	}
}

static void put_records(struct text *t, struct maps *maps)
{
	u64 at = *maps->consumer, end = produced(maps);

	while (at < end) {
		const u8 *rec =
			maps->producer + PAGE + (at & (kinds[map_ring].max_entries - 1));
		u32 len = load32(rec);
		u32 n = len & ~(SKEP_RINGBUF_BUSY_BIT | SKEP_RINGBUF_DISCARD_BIT);

		if (len & SKEP_RINGBUF_BUSY_BIT)
			break;
		if (!(len & SKEP_RINGBUF_DISCARD_BIT))
			put(t, "ring", n, rec + 8, n);
		at += round_up(n + 8ull, 8);
	}
	__atomic_store_n(maps->consumer, end, __ATOMIC_RELEASE);
}

void maps_print(struct maps *maps, char *buf, size_t size)
{
	struct text t = {buf, size, 0};

	buf[0] = 0;
	put_map(&t, maps, map_trace);
	for (u32 i = 0; i < DIFF_MAPS; i++)
		if (has_keys(i) && i != map_trace)
			put_map(&t, maps, i);
	put_records(&t, maps);
}
