#include "build_id.h"
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MOST_HEADERS = 64,
	MOST_NOTES = 4096, /* bytes of a segment of notes */
};

struct search {
	int (*read)(void *arg, u64 addr, void *dst, u32 len);
	void *arg;
	const u64 *ips;
	u32 n;
	struct skep_stack_build_id *out;
	/* The file that began with the last mapping of an offset 0. */
	u64 inode, start;
	unsigned major, minor;
	bool known; /* build_id is its */
	u8 build_id[sizeof(((struct skep_stack_build_id *)0)->build_id)];
};

/* A line of /proc/PID/maps. */
struct mapping {
	u64 lo, hi, off, inode;
	unsigned major, minor;
};

/* ---- the ELF file behind a mapping ---- */

/* elf(5): name size, description size, type, then both, each padded to 4 bytes. */
static bool find_note(struct search *s, const u8 *notes, u32 size)
{
	Elf64_Nhdr head;
	u32 name, desc;

	for (u32 at = 0; size - at >= sizeof(head);) {
		memcpy(&head, notes + at, sizeof(head));
		at += sizeof(head);
		if (head.n_namesz > size || head.n_descsz > size)
			return false;
		name = at;
		desc = name + (u32)round_up(head.n_namesz, 4);
		at = desc + (u32)round_up(head.n_descsz, 4);
		if (at > size)
			return false;
		if (head.n_type != NT_GNU_BUILD_ID || head.n_namesz != 4 ||
		    memcmp(notes + name, "GNU", 4) || !head.n_descsz ||
		    head.n_descsz > sizeof(s->build_id))
			continue;
		memset(s->build_id, 0, sizeof(s->build_id));
		memcpy(s->build_id, notes + desc, head.n_descsz);
		return true;
	}
	return false;
}

static bool read_notes(struct search *s, const Elf64_Phdr *ph)
{
	u8 notes[MOST_NOTES] __attribute__((aligned(4)));
	u32 size = (u32)MIN(ph->p_filesz, sizeof(notes));

	return ph->p_type == PT_NOTE &&
	       !s->read(s->arg, s->start + ph->p_offset, notes, size) &&
	       find_note(s, notes, size);
}

static bool read_build_id(struct search *s)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (s->read(s->arg, s->start, &eh, sizeof(eh)) ||
	    memcmp(eh.e_ident, ELFMAG, SELFMAG) || eh.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	for (u32 i = 0; i < eh.e_phnum && i < MOST_HEADERS; i++)
		if (!s->read(s->arg, s->start + eh.e_phoff + i * sizeof(ph), &ph,
			     sizeof(ph)) &&
		    read_notes(s, &ph))
			return true;
	return false;
}

/* ---- mappings ---- */

static void name(struct search *s, const struct mapping *m, u32 i)
{
	if (!s->known && !read_build_id(s))
		return;
	s->known = true;
	s->out[i].status = SKEP_STACK_BUILD_ID_VALID;
	s->out[i].offset = m->off + (s->ips[i] - m->lo);
	memcpy(s->out[i].build_id, s->build_id, sizeof(s->build_id));
}

static void on_mapping(struct search *s, const struct mapping *m)
{
	if (!m->inode)
		return;
	if (!m->off) {
		s->start = m->lo;
		s->inode = m->inode;
		s->major = m->major;
		s->minor = m->minor;
		s->known = false;
	}
	if (m->inode != s->inode || m->major != s->major || m->minor != s->minor)
		return;
	for (u32 i = 0; i < s->n; i++)
		if (s->ips[i] >= m->lo && s->ips[i] < m->hi)
			name(s, m, i);
}

/* proc(5): "lo-hi perms offset major:minor inode path". */
static void on_line(struct search *s, const char *line)
{
	unsigned long long lo, hi, off, inode;
	struct mapping m;

	if (sscanf(line, "%llx-%llx %*s %llx %x:%x %llu", &lo, &hi, &off, &m.major,
		   &m.minor, &inode) != 6)
		return;
	m.lo = lo;
	m.hi = hi;
	m.off = off;
	m.inode = inode;
	on_mapping(s, &m);
}

static void each_line(struct search *s, int fd)
{
	char text[8192];
	size_t have = 0;
	ssize_t got;

	while ((got = read(fd, text + have, sizeof(text) - 1 - have)) > 0) {
		char *line = text, *end;

		have += (size_t)got;
		text[have] = '\0';
		for (; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			on_line(s, line);
		}
		have -= (size_t)(line - text);
		memmove(text, line, have);
	}
}

void build_id_find(pid_t pid, int (*read_task)(void *arg, u64 addr, void *dst, u32 len),
		   void *arg, const u64 *ips, u32 n, struct skep_stack_build_id *out)
{
	struct search s = {.read = read_task, .arg = arg, .ips = ips, .n = n, .out = out};
	char path[40] = "/proc/self/maps";
	int fd;

	memset(out, 0, n * sizeof(*out));
	for (u32 i = 0; i < n; i++) {
		out[i].status = SKEP_STACK_BUILD_ID_IP;
		out[i].ip = ips[i];
	}
	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	fd = n ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	each_line(&s, fd);
	close(fd);
}
