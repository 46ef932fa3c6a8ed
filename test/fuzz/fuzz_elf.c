/* Reads whatever elf.h lets a caller read. */
#include <stdint.h>
#include "elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static u64 sum; /* keeps the reads alive */

static void read_section(const struct elf *e, const struct elf_section *s)
{
	struct elf_symbol sym;
	struct elf_reloc rel;
	u32 n;

	sum += strlen(s->name);
	for (u64 i = 0; s->data && i < s->size; i += 1 + s->size / 64)
		sum += s->data[i];
	if (s->type == ELF_SHT_SYMTAB && !elf_check_symbols(e, s, &n))
		for (u32 i = 0; i < n; i++)
			if (!elf_symbol(e, s, i, &sym))
				sum += strlen(sym.name);
	if ((s->type == ELF_SHT_REL || s->type == ELF_SHT_RELA) &&
	    !elf_check_relocs(e, s, &n))
		for (u32 i = 0; i < n; i++)
			if (!elf_reloc(e, s, i, &rel))
				sum += rel.offset;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct elf_section *s;
	char buf[1024];
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct elf e;

	if (elf_open(&e, data, len, "fuzz", &log))
		return 0;
	elf_each(s, &e) read_section(&e, s);
	elf_close(&e);
	return 0;
}
