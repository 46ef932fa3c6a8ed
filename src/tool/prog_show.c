/* skep prog list, and what is known of a program. */
#include "pinned.h"
#include "prog_at.h"
#include "btf.h"
#include "tool_msg.h"
#include <errno.h>
#include <inttypes.h>
#include <time.h>

static int room_for(struct prog_at *p, u64 *to, u32 n, size_t size)
{
	void *room = n ? arena_alloc(&p->arena, n, size) : NULL;

	*to = (uintptr_t)room;
	return !n || room ? 0 : -ENOMEM;
}

/* Asked twice: how much there is, then for it. */
static int read_arrays(struct skep_sys *sys, struct prog_at *p)
{
	struct skep_prog_info in = {0}, *had = &p->info;
	int err;

	in.xlated_prog_len = had->xlated_prog_len;
	in.nr_map_ids = had->nr_map_ids;
	in.nr_func_info = had->nr_func_info;
	in.nr_line_info = had->nr_line_info;
	in.func_info_rec_size = had->func_info_rec_size;
	in.line_info_rec_size = had->line_info_rec_size;
	in.nr_jited_ksyms = had->nr_jited_ksyms;
	err = room_for(p, &in.xlated_prog_insns, in.xlated_prog_len, 1);
	err = err ?: room_for(p, &in.map_ids, in.nr_map_ids, 4);
	err = err ?: room_for(p, &in.func_info, in.nr_func_info, in.func_info_rec_size);
	err = err ?: room_for(p, &in.line_info, in.nr_line_info, in.line_info_rec_size);
	err = err ?: room_for(p, &in.jited_ksyms, in.nr_jited_ksyms, 8);
	err = err ?: which_info(sys, p->fd, &in, sizeof(in));
	if (err)
		return err;
	p->code = (void *)(uintptr_t)in.xlated_prog_insns;
	p->map_ids = (void *)(uintptr_t)in.map_ids;
	p->funcs = (void *)(uintptr_t)in.func_info;
	p->lines = (void *)(uintptr_t)in.line_info;
	p->ksyms = (void *)(uintptr_t)in.jited_ksyms;
	/* 0 where the user may not see it; more than before where it grew */
	p->n = in.xlated_prog_insns ? MIN(in.xlated_prog_len, had->xlated_prog_len) / 8
				    : 0;
	p->nmap_ids = MIN(in.nr_map_ids, had->nr_map_ids);
	p->nfuncs = in.func_info ? MIN(in.nr_func_info, had->nr_func_info) : 0;
	p->nlines = in.line_info ? MIN(in.nr_line_info, had->nr_line_info) : 0;
	p->nksyms = in.jited_ksyms ? MIN(in.nr_jited_ksyms, had->nr_jited_ksyms) : 0;
	return 0;
}

int prog_at_open(struct skep_sys *sys, int fd, struct prog_at *p)
{
	int err;

	*p = (struct prog_at){.fd = fd};
	err = which_info(sys, fd, &p->info, sizeof(p->info));
	err = err ?: read_arrays(sys, p);
	/* without its types there is less to say, no more */
	if (!err && p->info.btf_id)
		skep_btf_by_id(sys, p->info.btf_id, &p->btf, NULL);
	if (err)
		prog_at_close(p);
	return err;
}

void prog_at_close(struct prog_at *p)
{
	skep_btf_free(p->btf);
	p->btf = NULL;
	arena_free(&p->arena);
}

const struct skep_func_info *prog_at_func(const struct prog_at *p, u32 n)
{
	return n < p->nfuncs &&
			       p->info.func_info_rec_size >= sizeof(struct skep_func_info)
		       ? (void *)(p->funcs + (size_t)n * p->info.func_info_rec_size)
		       : NULL;
}

const struct skep_line_info *prog_at_line(const struct prog_at *p, u32 n)
{
	return n < p->nlines &&
			       p->info.line_info_rec_size >= sizeof(struct skep_line_info)
		       ? (void *)(p->lines + (size_t)n * p->info.line_info_rec_size)
		       : NULL;
}

const char *prog_at_name(const struct prog_at *p)
{
	const struct skep_func_info *first = prog_at_func(p, 0);

	if (strlen(p->info.name) < sizeof(p->info.name) - 1 || !p->btf || !first ||
	    first->type_id >= skep_btf_end(p->btf))
		return p->info.name;
	return btf_name(p->btf, first->type_id);
}

/* The kernel says when it was loaded in time since the machine started. */
static time_t loaded_at(const struct prog_at *p)
{
	struct timespec now, up;
	s64 ns;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	ns = (now.tv_sec - up.tv_sec) * 1000000000ll + now.tv_nsec - up.tv_nsec;
	return (time_t)((ns + (s64)p->info.load_time) / 1000000000);
}

static const char *tag_text(const struct prog_at *p, char text[17])
{
	for (size_t i = 0; i < sizeof(p->info.tag); i++)
		snprintf(text + 2 * i, 3, "%02x", p->info.tag[i]);
	return text;
}

static void show_json(struct request *r, const struct prog_at *p, bool locked,
		      u64 memlock)
{
	struct json *j = &r->out;
	const struct skep_prog_info *info = &p->info;
	char tag[17];

	json_open(j, NULL, '{');
	json_number(j, "id", info->id);
	json_text(j, "type", prog_type_name(info->type));
	if (*info->name)
		json_text(j, "name", prog_at_name(p));
	json_text(j, "tag", tag_text(p, tag));
	json_bool(j, "gpl_compatible", info->gpl_compatible);
	if (info->run_time_ns) {
		json_number(j, "run_time_ns", info->run_time_ns);
		json_number(j, "run_cnt", info->run_cnt);
	}
	if (info->recursion_misses)
		json_number(j, "recursion_misses", info->recursion_misses);
	if (info->load_time) {
		json_number(j, "loaded_at", (u64)loaded_at(p));
		json_number(j, "uid", info->created_by_uid);
	}
	json_number(j, "bytes_xlated", info->xlated_prog_len);
	json_bool(j, "jited", info->jited_prog_len);
	if (info->jited_prog_len)
		json_number(j, "bytes_jited", info->jited_prog_len);
	if (locked)
		json_number(j, "bytes_memlock", memlock);
	if (p->nmap_ids)
		json_open(j, "map_ids", '[');
	for (u32 i = 0; i < p->nmap_ids; i++)
		json_number(j, NULL, p->map_ids[i]);
	if (p->nmap_ids)
		json_close(j, ']');
	if (info->btf_id)
		json_number(j, "btf_id", info->btf_id);
	pinned_json(r, which_prog, info->id);
	json_close(j, '}');
}

static void show_text(const struct prog_at *p, bool locked, u64 memlock)
{
	const struct skep_prog_info *info = &p->info;
	char tag[17], when[64];
	time_t at = loaded_at(p);

	printf("%" PRIu32 ": %s  ", info->id, prog_type_name(info->type));
	if (*info->name)
		printf("name %s  ", prog_at_name(p));
	printf("tag %s%s", tag_text(p, tag), info->gpl_compatible ? "  gpl" : "");
	if (info->run_time_ns)
		printf(" run_time_ns %" PRIu64 " run_cnt %" PRIu64, info->run_time_ns,
		       info->run_cnt);
	if (info->recursion_misses)
		printf(" recursion_misses %" PRIu64, info->recursion_misses);
	if (info->load_time && strftime(when, sizeof(when), "%FT%T%z", localtime(&at)))
		printf("\n\tloaded_at %s  uid %" PRIu32, when, info->created_by_uid);
	printf("\n\txlated %" PRIu32 "B", info->xlated_prog_len);
	if (info->jited_prog_len)
		printf("  jited %" PRIu32 "B", info->jited_prog_len);
	else
		printf("  not jited");
	if (locked)
		printf("  memlock %" PRIu64 "B", memlock);
	for (u32 i = 0; i < p->nmap_ids; i++)
		printf("%s%" PRIu32, i ? "," : "  map_ids ", p->map_ids[i]);
	if (info->btf_id)
		printf("\n\tbtf_id %" PRIu32, info->btf_id);
	putchar('\n');
}

int prog_show(struct request *r, int fd)
{
	struct prog_at p;
	u64 memlock = 0;
	bool locked = which_fdinfo(r->sys, fd, "memlock", &memlock);
	int err = prog_at_open(r->sys, fd, &p);

	if (err)
		return which_failed(r, "the program", err);
	if (r->json)
		show_json(r, &p, locked, memlock);
	else
		show_text(&p, locked, memlock);
	if (!r->json)
		pinned_text(r, which_prog, p.info.id);
	prog_at_close(&p);
	return exit_ok;
}
