/* elf.h - a read-only view of an ELF64 little-endian file in memory
 *
 * elf_open() checks the header and every section header; symbols and relocations are
 * checked as they are read. After it, `data` and `name` of a section may be used without
 * further checks. Nothing is copied but the section table: the file's bytes must outlive
 * the view. Every fault is a sentence that names file, section and offset.
 *
 * Reads relocatable objects (EM_BPF) and the symbol tables of any other ELF64 file. Does
 * not read 32-bit or big-endian files, more than 65,279 sections, compressed sections or
 * program headers, and gives relocations no meaning.
 */
#ifndef ELF_H
#define ELF_H

#include "bits.h"
#include "log.h"

enum elf_machine { ELF_EM_BPF = 247 };
enum elf_file_type { ELF_ET_REL = 1, ELF_ET_EXEC = 2, ELF_ET_DYN = 3 };

enum elf_section_type {
	ELF_SHT_NULL = 0,
	ELF_SHT_PROGBITS = 1,
	ELF_SHT_SYMTAB = 2,
	ELF_SHT_STRTAB = 3,
	ELF_SHT_RELA = 4,
	ELF_SHT_NOTE = 7,
	ELF_SHT_NOBITS = 8,
	ELF_SHT_REL = 9,
	ELF_SHT_DYNSYM = 11,
};

enum elf_section_flag {
	ELF_SHF_WRITE = 1,
	ELF_SHF_ALLOC = 2,
	ELF_SHF_EXECINSTR = 4,
	ELF_SHF_COMPRESSED = 0x800,
};

/* Section numbers of symbols that lie in no section. */
enum elf_shn {
	ELF_SHN_UNDEF = 0,
	ELF_SHN_LORESERVE = 0xff00,
	ELF_SHN_ABS = 0xfff1,
	ELF_SHN_COMMON = 0xfff2,
	ELF_SHN_XINDEX = 0xffff,
};

enum elf_sym_type {
	ELF_STT_NOTYPE,
	ELF_STT_OBJECT,
	ELF_STT_FUNC,
	ELF_STT_SECTION,
	ELF_STT_FILE
};
enum elf_sym_bind { ELF_STB_LOCAL, ELF_STB_GLOBAL, ELF_STB_WEAK };
enum elf_sym_visibility {
	ELF_STV_DEFAULT,
	ELF_STV_INTERNAL,
	ELF_STV_HIDDEN,
	ELF_STV_PROTECTED
};

/* Relocations of EM_BPF: Documentation/bpf/llvm_reloc.rst. */
enum elf_bpf_reloc {
	ELF_R_BPF_NONE = 0,
	ELF_R_BPF_64_64 = 1,	   /* the 64 bits of an lddw */
	ELF_R_BPF_64_ABS64 = 2,	   /* 8 bytes of data */
	ELF_R_BPF_64_ABS32 = 3,	   /* 4 bytes of data */
	ELF_R_BPF_64_NODYLD32 = 4, /* 4 bytes in .BTF and .BTF.ext, left as they are */
	ELF_R_BPF_64_32 = 10,	   /* the imm of a call */
};

struct elf_section {
	const char *name;
	u32 index;
	u32 type; /* enum elf_section_type */
	u64 flags;
	u64 addr, offset, size; /* size: in memory; NOBITS has no bytes in the file */
	const u8 *data;		/* size bytes; NULL for NOBITS and empty sections */
	u32 link, info;
	u64 align, entsize;
};

struct elf_symbol {
	const char *name;
	u32 index;
	u8 type;       /* enum elf_sym_type */
	u8 bind;       /* enum elf_sym_bind */
	u8 visibility; /* enum elf_sym_visibility */
	u16 shndx;     /* an existing section, or UNDEF, ABS, COMMON... */
	u64 value, size;
};

struct elf_reloc {
	u64 offset; /* in the section that the relocations apply to; not checked */
	u32 type;
	u32 sym; /* an existing symbol of the linked symbol table */
	s64 addend;
};

struct elf {
	const char *name; /* for messages; borrowed */
	const u8 *data;
	size_t len;
	struct skep_log *log; /* may be NULL */
	u16 type, machine;
	struct elf_section *sections; /* [0] is the empty one */
	u32 n_sections;
};

/* 0; -ENOEXEC: no ELF64 LE file; -EINVAL: a damaged one; -ENOMEM. */
int elf_open(struct elf *e, const void *data, size_t len, const char *name,
	     struct skep_log *log);
void elf_close(struct elf *e);

/* The first section of that name or type, or NULL. */
const struct elf_section *elf_find(const struct elf *e, const char *name);
const struct elf_section *elf_find_type(const struct elf *e, u32 type);

/* Symbols of a SYMTAB or DYNSYM section, relocations of a REL or RELA one. `check`
 * looks at the section once and gives the number of entries; then read 0 .. *n-1.
 * 0 or -EINVAL and a message. */
int elf_check_symbols(const struct elf *e, const struct elf_section *sec, u32 *n);
int elf_symbol(const struct elf *e, const struct elf_section *sec, u32 i,
	       struct elf_symbol *out);
int elf_check_relocs(const struct elf *e, const struct elf_section *sec, u32 *n);
int elf_reloc(const struct elf *e, const struct elf_section *sec, u32 i,
	      struct elf_reloc *out);

#define elf_each(s, e) \
	for (s = (e)->sections + 1; s < (e)->sections + (e)->n_sections; s++)

#endif
