#include "elf.h"
#include <errno.h>
#include "mem.h"
#include "msg.h"

/* Sizes and offsets of the ELF-64 object file format, version 1.5. */
enum { EHDR_SIZE = 64, SHDR_SIZE = 64, SYM_SIZE = 24, REL_SIZE = 16, RELA_SIZE = 24 };

#define fail(e, ...) (log_printf((e)->log, __VA_ARGS__), -EINVAL)

typedef unsigned long long ull;

static bool inside(u64 off, u64 size, u64 len)
{
	return off <= len && size <= len - off;
}

static int check_ident(const struct elf *e)
{
	static const struct {
		u8 at, want;
		const char *what;
	} ident[] = {
		{4, 2, "the class (1: 32 bits, 2: 64 bits)"},
		{5, 1, "the byte order (1: little, 2: big)"},
		{6, 1, "the version"},
	};
	const u8 *d = e->data;

	if (e->len < EHDR_SIZE) {
		log_printf(e->log, msg_elf_short, e->name, e->len);
		return -ENOEXEC;
	}
	if (memcmp(d, "\177ELF", 4)) {
		log_printf(e->log, msg_elf_magic, e->name, d[0], d[1], d[2], d[3]);
		return -ENOEXEC;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ident); i++) {
		if (d[ident[i].at] == ident[i].want)
			continue;
		log_printf(e->log, msg_elf_class, e->name, ident[i].at, ident[i].what,
			   d[ident[i].at]);
		return -ENOEXEC;
	}
	return 0;
}

static void read_section(const struct elf *e, u32 i, struct elf_section *s)
{
	const u8 *h = e->data + load64(e->data + 0x28) + (u64)i * SHDR_SIZE;

	*s = (struct elf_section){
		.name = "",
		.index = i,
		.type = load32(h + 4),
		.flags = load64(h + 8),
		.addr = load64(h + 16),
		.offset = load64(h + 24),
		.size = load64(h + 32),
		.link = load32(h + 40),
		.info = load32(h + 44),
		.align = load64(h + 48),
		.entsize = load64(h + 56),
	};
}

/* The table's bytes may be searched for a 0 byte from anywhere inside. */
static int check_strtab(const struct elf *e, const struct elf_section *s)
{
	if (!s->data || s->data[s->size - 1])
		return fail(e, msg_elf_strtab, e->name, s->index, (ull)s->offset);
	return 0;
}

static int name_section(const struct elf *e, struct elf_section *s,
			const struct elf_section *names)
{
	u64 at = load64(e->data + 0x28) + (u64)s->index * SHDR_SIZE;
	u32 off = load32(e->data + at);

	if (off >= names->size)
		return fail(e, msg_elf_name, e->name, s->index, (ull)at, off,
			    (ull)names->size);
	s->name = (const char *)names->data + off;
	return 0;
}

static int find_bytes(const struct elf *e, struct elf_section *s)
{
	if (s->type == ELF_SHT_NOBITS || s->type == ELF_SHT_NULL || !s->size)
		return 0;
	if (!inside(s->offset, s->size, e->len))
		return fail(e, msg_elf_range, e->name, s->index, s->name, (ull)s->size,
			    (ull)s->offset, e->len);
	s->data = e->data + s->offset;
	return 0;
}

static int read_names(const struct elf *e, u32 strndx)
{
	struct elf_section *names = &e->sections[strndx];
	int err;

	if (!strndx || strndx >= e->n_sections || names->type != ELF_SHT_STRTAB)
		return fail(e, msg_elf_shstrndx, e->name, strndx, e->n_sections);
	err = find_bytes(e, names);
	if (!err)
		err = check_strtab(e, names);
	for (u32 i = 1; !err && i < e->n_sections; i++)
		err = name_section(e, &e->sections[i], names);
	return err;
}

static int read_sections(struct elf *e, u32 strndx)
{
	int err;

	for (u32 i = 0; i < e->n_sections; i++)
		read_section(e, i, &e->sections[i]);
	err = read_names(e, strndx);
	for (u32 i = 1; !err && i < e->n_sections; i++)
		err = find_bytes(e, &e->sections[i]);
	return err;
}

static int read_header(struct elf *e)
{
	u16 shnum = load16(e->data + 0x3c), strndx = load16(e->data + 0x3e);
	u64 shoff = load64(e->data + 0x28);

	e->type = load16(e->data + 0x10);
	e->machine = load16(e->data + 0x12);
	if (!shoff && !shnum)
		return 0; /* stripped of all sections: legal, and empty */
	if (!shnum || shnum >= ELF_SHN_LORESERVE || strndx == ELF_SHN_XINDEX)
		return fail(e, msg_elf_xindex, e->name);
	if (load16(e->data + 0x3a) != SHDR_SIZE)
		return fail(e, msg_elf_shentsize, e->name, load16(e->data + 0x3a));
	if (!inside(shoff, (u64)shnum * SHDR_SIZE, e->len))
		return fail(e, msg_elf_shoff, e->name, shnum, (ull)shoff, e->len);
	e->sections = mem_alloc(shnum, sizeof(*e->sections));
	if (!e->sections) {
		log_printf(e->log, msg_elf_memory, e->name, shnum);
		return -ENOMEM;
	}
	e->n_sections = shnum;
	return read_sections(e, strndx);
}

int elf_open(struct elf *e, const void *data, size_t len, const char *name,
	     struct skep_log *log)
{
	int err;

	*e = (struct elf){.name = name, .data = data, .len = len, .log = log};
	err = check_ident(e);
	if (!err)
		err = read_header(e);
	if (err)
		elf_close(e);
	return err;
}

void elf_close(struct elf *e)
{
	mem_free(e->sections);
	e->sections = NULL;
	e->n_sections = 0;
}

const struct elf_section *elf_find(const struct elf *e, const char *name)
{
	for (u32 i = 1; i < e->n_sections; i++)
		if (!strcmp(e->sections[i].name, name))
			return &e->sections[i];
	return NULL;
}

const struct elf_section *elf_find_type(const struct elf *e, u32 type)
{
	for (u32 i = 1; i < e->n_sections; i++)
		if (e->sections[i].type == type)
			return &e->sections[i];
	return NULL;
}

static int check_entries(const struct elf *e, const struct elf_section *s, u32 want,
			 u32 *n)
{
	if (s->flags & ELF_SHF_COMPRESSED)
		return fail(e, msg_elf_compressed, e->name, s->index, s->name,
			    (ull)s->offset);
	if (s->entsize != want || s->size % want || (s->size && !s->data))
		return fail(e, msg_elf_entsize, e->name, s->index, s->name,
			    (ull)s->offset, (ull)s->entsize, (ull)s->size, want);
	if (n)
		*n = (u32)MIN(s->size / want, UINT32_MAX);
	return 0;
}

static const struct elf_section *linked(const struct elf *e, const struct elf_section *s,
					bool symbols)
{
	const struct elf_section *to;

	if (!s->link || s->link >= e->n_sections)
		return NULL;
	to = &e->sections[s->link];
	if (symbols)
		return to->type == ELF_SHT_SYMTAB || to->type == ELF_SHT_DYNSYM ? to
										: NULL;
	return to->type == ELF_SHT_STRTAB ? to : NULL;
}

int elf_check_symbols(const struct elf *e, const struct elf_section *s, u32 *n)
{
	const struct elf_section *names = linked(e, s, false);
	int err = check_entries(e, s, SYM_SIZE, n);

	if (err)
		return err;
	if (!names)
		return fail(e, msg_elf_link, e->name, s->index, s->name, s->link,
			    "string table", e->n_sections);
	return check_strtab(e, names);
}

int elf_symbol(const struct elf *e, const struct elf_section *s, u32 i,
	       struct elf_symbol *out)
{
	const struct elf_section *names = &e->sections[s->link];
	u64 at = (u64)i * SYM_SIZE;
	const u8 *d;
	u32 off;

	if (i >= s->size / SYM_SIZE)
		return fail(e, msg_elf_sym_index, e->name, s->index, s->name, i,
			    (ull)(s->size / SYM_SIZE));
	d = s->data + at;
	off = load32(d);
	if (off >= names->size)
		return fail(e, msg_elf_sym_name, e->name, s->index, s->name, (ull)at, i,
			    off, (ull)names->size);
	*out = (struct elf_symbol){
		.name = (const char *)names->data + off,
		.index = i,
		.type = d[4] & 15,
		.bind = d[4] >> 4,
		.visibility = d[5] & 3,
		.shndx = load16(d + 6),
		.value = load64(d + 8),
		.size = load64(d + 16),
	};
	if (out->shndx == ELF_SHN_XINDEX ||
	    (out->shndx >= e->n_sections && out->shndx < ELF_SHN_LORESERVE))
		return fail(e, msg_elf_sym_shndx, e->name, s->index, s->name, (ull)at,
			    out->name, out->shndx, e->n_sections);
	return 0;
}

static u32 rel_size(const struct elf_section *s)
{
	return s->type == ELF_SHT_RELA ? RELA_SIZE : REL_SIZE;
}

int elf_check_relocs(const struct elf *e, const struct elf_section *s, u32 *n)
{
	const struct elf_section *symbols = linked(e, s, true);
	int err = check_entries(e, s, rel_size(s), n);

	if (err)
		return err;
	if (!symbols)
		return fail(e, msg_elf_link, e->name, s->index, s->name, s->link,
			    "symbol table", e->n_sections);
	if (!s->info || s->info >= e->n_sections)
		return fail(e, msg_elf_rel_info, e->name, s->index, s->name, s->info,
			    e->n_sections);
	return elf_check_symbols(e, symbols, NULL);
}

int elf_reloc(const struct elf *e, const struct elf_section *s, u32 i,
	      struct elf_reloc *out)
{
	u64 at = (u64)i * rel_size(s), n = e->sections[s->link].size / SYM_SIZE;
	const u8 *d;

	if (i >= s->size / rel_size(s))
		return fail(e, msg_elf_rel_index, e->name, s->index, s->name, i,
			    (ull)(s->size / rel_size(s)));
	d = s->data + at;
	*out = (struct elf_reloc){
		.offset = load64(d),
		.type = load32(d + 8),
		.sym = load32(d + 12),
		.addend = s->type == ELF_SHT_RELA ? (s64)load64(d + 16) : 0,
	};
	if (out->sym >= n)
		return fail(e, msg_elf_rel_sym, e->name, s->index, s->name, (ull)at, i,
			    out->sym, (ull)n);
	return 0;
}
