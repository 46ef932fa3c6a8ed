/* An object file, parsed and planned; then loaded onto a side of the seam that says yes.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <skep/load.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile uint64_t sum; /* keeps the reads alive */

/* Reads what a kernel would read. */
static void read_all(uint64_t ptr, uint64_t len)
{
	const uint8_t *p = (const uint8_t *)(uintptr_t)ptr;

	for (uint64_t i = 0; i < len; i++)
		sum += p[i];
}

static int yes_bpf(struct skep_sys *sys, enum skep_cmd cmd, union skep_attr *attr,
		   uint32_t size)
{
	switch (cmd) {
	case SKEP_BTF_LOAD: read_all(attr->btf, attr->btf_size); return 1000;
	case SKEP_PROG_LOAD:
		read_all(attr->insns, attr->insn_cnt * 8ull);
		read_all(attr->func_info, attr->func_info_cnt * 8ull);
		read_all(attr->line_info, attr->line_info_cnt * 16ull);
		return 1000;
	case SKEP_MAP_CREATE: return 1000;
	case SKEP_OBJ_GET: return -ENOENT;
	default: return 0;
	}
}

static int no_mmap(struct skep_sys *sys, void **out, size_t len, int prot, int flags,
		   int fd, off_t off)
{
	return -ENODEV;
}

static int yes_close(struct skep_sys *sys, int fd)
{
	return 0;
}

static int no_open(struct skep_sys *sys, const char *path)
{
	return -ENOENT;
}

/* One program after the other, for what stops one does not stop the next. */
static void load_each(const uint8_t *data, size_t len, uint32_t n, struct skep_log *log)
{
	struct skep_sys sys = {.name = "yes",
			       .bpf = yes_bpf,
			       .mmap = no_mmap,
			       .close = yes_close,
			       .open = no_open};

	for (uint32_t keep = 0; keep < n; keep++) {
		struct skep_object *obj;
		struct skep_object_prog *progs;

		if (skep_object_open_memory(data, len, "fuzz.o", &obj, log))
			return;
		progs = skep_object_progs(obj, &n);
		for (uint32_t i = 0; i < n; i++)
			progs[i].skip = i != keep;
		skep_object_load(obj, &sys, NULL, log);
		skep_object_close(obj);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char buf[1024];
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct skep_object *obj;
	struct skep_object_map *maps;
	uint32_t n;

	if (skep_object_open_memory(data, len, "fuzz.o", &obj, &log))
		return 0;
	maps = skep_object_maps(obj, &n);
	for (uint32_t i = 0; i < n; i++)
		sum += strlen(maps[i].name) + strlen(maps[i].kernel_name);
	skep_object_progs(obj, &n);
	skep_object_close(obj);
	load_each(data, len, n < 8 ? n : 8, &log);
	return 0;
}
