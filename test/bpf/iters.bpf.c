/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What iterators show, the same on the kernel and on the engine: test_iter_sides.c reads
 * and compares. Needs no headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name
#define NULL		  ((void *)0)

struct task_struct;
struct file;
struct inode;
struct vm_area_struct;
struct bpf_prog;
struct bpf_prog_aux;
struct bpf_link;
struct bpf_map;
struct seq_file;
static long (*seq_printf)(struct seq_file *m, const char *fmt, u32 size, const void *data,
			  u32 len) = (void *)126;
static long (*seq_write)(struct seq_file *m, const void *data, u32 len) = (void *)127;

#define PRINT(seq, fmt, ...) \
	({ \
		static const char f[] = fmt; \
		u64 args[] = {__VA_ARGS__}; \
		seq_printf(seq, f, sizeof(f), args, sizeof(args)); \
	})

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 session_id, seq_num;
};

/* The test says where the kernel's structs have their fields: -Dbpf_map__id=N. */
#define GET(type, from, field) (*(type *)((char *)(from) + field))

/* Contexts: 8 bytes for each argument. */
#define CTX_OF(name, kind) \
	struct bpf_iter__##name { \
		struct bpf_iter_meta *meta; \
		struct kind *name; \
	}
#define CTX(kind) \
	struct bpf_iter__bpf_##kind { \
		struct bpf_iter_meta *meta; \
		struct bpf_##kind *kind; \
	}
CTX(map);
CTX(prog);
CTX(link);
struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	u32 *key;
	u64 *value;
};

/* The first in .bss. */
struct {
	u64 out[64];
	u32 fails; /* how often a program still asks for another try */
	u32 bytes; /* that `large` writes of an object; the descriptor that `files` shows
		    */
	u64 where; /* the address whose mapping `vmas` shows */
} my;
char block[65536];

struct {
	__uint(type, 1);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} it_named SEC(".maps");

/* ---- the elements of a map ---- */

SEC("iter/bpf_map_elem")
int elements(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	u64 n = ctx->meta->seq_num, *value = ctx->value;
	u32 *key = ctx->key;

	my.out[0]++;
	if (!key || !value) {
		PRINT(seq, "end %llu of %s\n", n,
		      (u64)&GET(char, ctx->map, bpf_map__name));
		return 0;
	}
	my.out[1] += *key;
	my.out[2] |= 1ull << n;
	PRINT(seq, "%u: %llu\n", *key, *value);
	*value += 1000;
	return 0;
}

/* All CPUs' values. */
SEC("iter/bpf_map_elem")
int copies(struct bpf_iter__bpf_map_elem *ctx)
{
	u64 *values = ctx->value;
	u32 *key = ctx->key;

	if (!key || !values)
		return 0;
	PRINT(ctx->meta->seq, "%u: %llu %llu\n", *key, values[0], values[1]);
	values[0] = 9; /* a copy's */
	return 0;
}

SEC("iter/bpf_map_elem")
int again(struct bpf_iter__bpf_map_elem *ctx)
{
	u32 *key = ctx->key;

	my.out[0]++;
	if (!key)
		return 1; /* nobody asks */
	PRINT(ctx->meta->seq, "%u at %llu\n", *key, ctx->meta->seq_num);
	if (*key == 2 && my.fails) {
		my.fails--;
		return 1;
	}
	return 0;
}

SEC("iter/bpf_map_elem")
int large(struct bpf_iter__bpf_map_elem *ctx)
{
	u32 n = my.bytes;

	if (!ctx->key)
		n = 5;
	my.out[1] = (u64)seq_write(ctx->meta->seq, block, n & 0xffff);
	my.out[2] = (u64)PRINT(ctx->meta->seq, "%u", 7);
	my.out[0]++;
	return 0;
}

/* What the two write to helpers, bad formats and all. */
SEC("iter/bpf_map_elem")
int writes(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	static const char fmt[] = "%d %s|%5x|%-3c|%%|";
	static const char one[] = "%d ", two[] = "%d %d";
	char text[5] = {'t', 'e', 'x', 't', 0};
	u64 args[4] = {(u64)-7, (u64)text, 255, 'c'};
	u32 n = 0;

	if (ctx->key)
		return 0;
	my.out[n++] = (u64)seq_printf(seq, fmt, sizeof(fmt), args, sizeof(args));
	my.out[n++] = (u64)seq_printf(seq, one, sizeof(one), args, 8);
	my.out[n++] = (u64)seq_printf(seq, one, sizeof(one) - 1, args, 8);
	my.out[n++] = (u64)seq_printf(seq, two, sizeof(two), args, 8);
	my.out[n++] = (u64)seq_printf(seq, one, sizeof(one), args, 4);
	my.out[n++] = (u64)seq_printf(seq, "plain\n", 7, NULL, 0);
	my.out[n++] = (u64)seq_write(seq, "raw\n", 4);
	my.out[n++] = (u64)seq_write(seq, "raw\n", 0);
	return 0;
}

/* ---- objects ---- */

static int is_ours(const char *name)
{
	return name[0] == 'i' && name[1] == 't' && name[2] == '_';
}

SEC("iter/bpf_map")
int maps(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	const char *name = &GET(char, map, bpf_map__name);

	if (!map || !is_ours(name))
		return 0;
	/* Through no pointer at all: 0. */
	PRINT(ctx->meta->seq, "%s type %u, %u %u %u, flags %x, inner %u\n", (u64)name,
	      GET(u32, map, bpf_map__map_type), GET(u32, map, bpf_map__key_size),
	      GET(u32, map, bpf_map__value_size), GET(u32, map, bpf_map__max_entries),
	      GET(u32, map, bpf_map__map_flags),
	      GET(u32, GET(struct bpf_map *, map, bpf_map__inner_map_meta),
		  bpf_map__max_entries));
	return 0;
}

static const char *prog_name(struct bpf_prog *prog)
{
	return &GET(char, GET(struct bpf_prog_aux *, prog, bpf_prog__aux),
		    bpf_prog_aux__name);
}

SEC("iter/bpf_prog")
int it_progs(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	struct bpf_prog_aux *aux;

	if (!prog || !is_ours(prog_name(prog)))
		return 0;
	aux = GET(struct bpf_prog_aux *, prog, bpf_prog__aux);
	PRINT(ctx->meta->seq, "%s type %u %u, %u maps, %u bytes, for %s\n",
	      (u64)prog_name(prog), GET(u32, prog, bpf_prog__type),
	      GET(u32, prog, bpf_prog__expected_attach_type),
	      GET(u32, aux, bpf_prog_aux__used_map_cnt),
	      GET(u32, aux, bpf_prog_aux__max_rdonly_access) +
		      GET(u32, aux, bpf_prog_aux__max_rdwr_access),
	      (u64)GET(char *, aux, bpf_prog_aux__attach_func_name));
	return 0;
}

SEC("iter/bpf_link")
int it_links(struct bpf_iter__bpf_link *ctx)
{
	struct bpf_link *link = ctx->link;
	struct bpf_prog *prog;

	if (!link)
		return 0;
	prog = GET(struct bpf_prog *, link, bpf_link__prog);
	if (!is_ours(prog_name(prog)))
		return 0;
	PRINT(ctx->meta->seq, "link type %u of %s\n", GET(u32, link, bpf_link__type),
	      (u64)prog_name(prog));
	return 0;
}

/* ---- tasks ---- */

CTX_OF(task, task_struct);

SEC("iter/task")
int tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *leader;

	my.out[0]++;
	if (!task)
		return 0;
	leader = GET(struct task_struct *, task, task_struct__group_leader);
	PRINT(ctx->meta->seq, "%d of %d, %s of %s, child of %d\n",
	      GET(u32, task, task_struct__pid), GET(u32, task, task_struct__tgid),
	      (u64)&GET(char, task, task_struct__comm),
	      (u64)&GET(char, leader, task_struct__comm),
	      GET(u32, GET(struct task_struct *, task, task_struct__real_parent),
		  task_struct__tgid));
	return 0;
}

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

SEC("iter/task_file")
int files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	u32 fd = ctx->fd;

	if (!task || !file || fd != my.bytes)
		return 0;
	PRINT(ctx->meta->seq, "%d has %u: flags %x, position %llu, inode %llu\n",
	      GET(u32, task, task_struct__tgid), fd, GET(u32, file, file__f_flags),
	      GET(u64, file, file__f_pos),
	      GET(u64, GET(struct inode *, file, file__f_inode), inode__i_ino));
	return 0;
}

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

SEC("iter/task_vma")
int vmas(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct file *file;

	if (!task || !vma || my.where < GET(u64, vma, vm_area_struct__vm_start) ||
	    my.where >= GET(u64, vma, vm_area_struct__vm_end))
		return 0;
	file = GET(struct file *, vma, vm_area_struct__vm_file);
	PRINT(ctx->meta->seq, "%d has %llx to %llx, flags %llx, page %llu, inode %llu\n",
	      GET(u32, task, task_struct__tgid), GET(u64, vma, vm_area_struct__vm_start),
	      GET(u64, vma, vm_area_struct__vm_end),
	      GET(u64, vma, vm_area_struct__vm_flags) & 15,
	      file ? GET(u64, vma, vm_area_struct__vm_pgoff) : 0,
	      GET(u64, GET(struct inode *, file, file__f_inode), inode__i_ino));
	return 0;
}

char _license[] SEC("license") = "GPL";
