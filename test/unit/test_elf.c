#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include "elf.h"
#include "os.h"
#include "mem.h"

/* A file with five sections, built by hand: "", .shstrtab, .symtab, .rel.text, .text */
enum {
	names_at = 0x40,
	syms_at = 0x80,
	rels_at = 0x100,
	text_at = 0x140,
	shdrs_at = 0x180
};
enum { file_len = shdrs_at + 5 * 64 };

static const char names[] = "\0.shstrtab\0.symtab\0.rel.text\0.text\0f\0";

struct image {
	u8 b[file_len];
};

static void put_section(struct image *m, u32 i, u32 name, u32 type, u64 off, u64 size,
			u32 link, u32 info, u64 entsize)
{
	u8 *h = m->b + shdrs_at + i * 64;

	store32(h, name);
	store32(h + 4, type);
	store64(h + 24, off);
	store64(h + 32, size);
	store32(h + 40, link);
	store32(h + 44, info);
	store64(h + 56, entsize);
}

static struct image good(void)
{
	struct image m = {"\177ELF\2\1\1"};

	store16(m.b + 0x10, ELF_ET_REL);
	store16(m.b + 0x12, ELF_EM_BPF);
	store64(m.b + 0x28, shdrs_at);
	store16(m.b + 0x3a, 64);
	store16(m.b + 0x3c, 5);
	store16(m.b + 0x3e, 1);
	memcpy(m.b + names_at, names, sizeof(names));
	put_section(&m, 1, 1, ELF_SHT_STRTAB, names_at, sizeof(names), 0, 0, 0);
	put_section(&m, 2, 11, ELF_SHT_SYMTAB, syms_at, 48, 1, 1, 24);
	put_section(&m, 3, 19, ELF_SHT_REL, rels_at, 16, 2, 4, 16);
	put_section(&m, 4, 29, ELF_SHT_PROGBITS, text_at, 16, 0, 0, 0);
	store32(m.b + syms_at + 24, 35);
	m.b[syms_at + 28] = ELF_STB_GLOBAL << 4 | ELF_STT_FUNC;
	store16(m.b + syms_at + 30, 4);
	store64(m.b + syms_at + 40, 16);
	store64(m.b + rels_at, 8);
	store32(m.b + rels_at + 8, ELF_R_BPF_64_32);
	store32(m.b + rels_at + 12, 1);
	return m;
}

static int read_all(struct elf *e)
{
	struct elf_symbol sym;
	struct elf_reloc rel;
	u32 n = 0;
	int err = elf_check_symbols(e, &e->sections[2], &n);

	for (u32 i = 0; !err && i < n; i++)
		err = elf_symbol(e, &e->sections[2], i, &sym);
	if (!err)
		err = elf_check_relocs(e, &e->sections[3], &n);
	for (u32 i = 0; !err && i < n; i++)
		err = elf_reloc(e, &e->sections[3], i, &rel);
	return err;
}

static void good_file_reads(void **state)
{
	struct image m = good();
	struct elf_symbol sym;
	struct elf_reloc rel;
	struct elf e;
	u32 n;

	assert_int_equal(elf_open(&e, m.b, sizeof(m.b), "t.o", NULL), 0);
	assert_int_equal(e.n_sections, 5);
	assert_int_equal(e.machine, ELF_EM_BPF);
	assert_ptr_equal(elf_find(&e, ".text"), &e.sections[4]);
	assert_ptr_equal(elf_find_type(&e, ELF_SHT_REL), &e.sections[3]);
	assert_null(elf_find(&e, ".data"));
	assert_ptr_equal(e.sections[4].data, m.b + text_at);
	assert_int_equal(elf_check_symbols(&e, &e.sections[2], &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(elf_symbol(&e, &e.sections[2], 1, &sym), 0);
	assert_string_equal(sym.name, "f");
	assert_int_equal(sym.type, ELF_STT_FUNC);
	assert_int_equal(sym.bind, ELF_STB_GLOBAL);
	assert_int_equal(sym.shndx, 4);
	assert_int_equal(sym.size, 16);
	assert_int_equal(elf_check_relocs(&e, &e.sections[3], &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(elf_reloc(&e, &e.sections[3], 0, &rel), 0);
	assert_int_equal(rel.offset, 8);
	assert_int_equal(rel.type, ELF_R_BPF_64_32);
	assert_int_equal(rel.sym, 1);
	elf_close(&e);
}

#define SEC(i, field) (shdrs_at + (i)*64 + (field))

/* One damaged field each: where, how wide, what; the sentence that it must give. */
static const struct damage {
	u32 at, width;
	u64 value;
	int err;
	const char *says;
} damages[] = {
	{0, 1, 0, -ENOEXEC, "not an ELF file: it begins with 00 45 4c 46"},
	{4, 1, 1, -ENOEXEC, "offset 0x4: the class"},
	{5, 1, 2, -ENOEXEC, "offset 0x5: the byte order"},
	{6, 1, 9, -ENOEXEC, "offset 0x6: the version"},
	{0x3a, 2, 40, -EINVAL, "section headers of 40 bytes"},
	{0x3c, 2, 0, -EINVAL, "65,279 sections"},
	{0x3c, 2, 6, -EINVAL, "6 section headers at 0x180 reach beyond the end"},
	{0x28, 8, UINT64_MAX, -EINVAL, "headers at 0xffffffffffffffff reach"},
	{0x3e, 2, 0xffff, -EINVAL, "65,279 sections"},
	{0x3e, 2, 4, -EINVAL, "said to be in section 4"},
	{0x3e, 2, 9, -EINVAL, "said to be in section 9"},
	{SEC(1, 32), 8, sizeof(names) - 2, -EINVAL, "must end with a 0 byte"},
	{SEC(4, 0), 4, 500, -EINVAL, "section header 4 at 0x280: the name is at 0x1f4"},
	{SEC(4, 32), 8, 0x10000, -EINVAL, "section 4 '.text': 0x10000 bytes at 0x140"},
	{SEC(4, 24), 8, UINT64_MAX - 7, -EINVAL, "0x10 bytes at 0xfffffffffffffff8"},
	{SEC(2, 56), 8, 16, -EINVAL, "entries of 16 bytes"},
	{SEC(2, 32), 8, 47, -EINVAL, "in 0x2f bytes"},
	{SEC(2, 40), 4, 4, -EINVAL, "section 4, which is no string table"},
	{SEC(2, 40), 4, 99, -EINVAL, "section 99, which is no string table"},
	{SEC(2, 8), 8, ELF_SHF_COMPRESSED, -EINVAL, "is compressed"},
	{SEC(2, 4), 4, ELF_SHT_NOBITS, -EINVAL, "section 2 '.symtab'"},
	{syms_at + 24, 4, 999, -EINVAL, "the name of symbol 1 is at 0x3e7"},
	{syms_at + 30, 2, 5, -EINVAL, "symbol 'f' lies in section 5"},
	{syms_at + 30, 2, 0xffff, -EINVAL, "symbol 'f' lies in section 65535"},
	{SEC(3, 40), 4, 1, -EINVAL, "section 1, which is no symbol table"},
	{SEC(3, 44), 4, 77, -EINVAL, "applies to section 77"},
	{SEC(3, 4), 4, ELF_SHT_RELA, -EINVAL, "entries of 16 bytes"},
	{rels_at + 12, 4, 2, -EINVAL, "relocation 0 names symbol 2 of 2"},
};

static void damage_gets_a_sentence(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		const struct damage *d = &damages[i];
		struct image m = good();
		char buf[512] = "";
		struct skep_log log = {.buf = buf, .size = sizeof(buf)};
		struct elf e;
		int err;

		memcpy(m.b + d->at, &d->value, d->width);
		err = elf_open(&e, m.b, sizeof(m.b), "t.o", &log);
		if (!err)
			err = read_all(&e);
		elf_close(&e);
		assert_int_equal(err, d->err);
		if (!strstr(buf, d->says))
			fail_msg("%zu: expected '%s' in: %s", i, d->says, buf);
		assert_int_equal(strncmp(buf, "t.o: ", 5), 0);
	}
}

static void every_cut_is_refused(void **state)
{
	struct image m = good();

	for (size_t len = 0; len < sizeof(m.b); len++) {
		u8 *copy = mem_alloc(len, 1);
		struct elf e;

		memcpy(copy, m.b, len);
		assert_true(elf_open(&e, copy, len, "cut", NULL) < 0);
		mem_free(copy);
	}
}

static void no_memory_is_an_error(void **state)
{
	struct image m = good();
	struct elf e;

	mem_fail_after(0);
	assert_int_equal(elf_open(&e, m.b, sizeof(m.b), "t.o", NULL), -ENOMEM);
	mem_fail_after(-1);
}

static void reads_its_own_executable(void **state)
{
	const struct elf_section *s;
	bool found = false;
	struct elf e;
	size_t len;
	void *data;
	u32 n;

	assert_int_equal(os_read_file("/proc/self/exe", 1 << 28, &data, &len), 0);
	assert_int_equal(elf_open(&e, data, len, "self", NULL), 0);
	s = elf_find_type(&e, ELF_SHT_SYMTAB);
	assert_non_null(s);
	assert_int_equal(elf_check_symbols(&e, s, &n), 0);
	for (u32 i = 0; i < n; i++) {
		struct elf_symbol sym;

		assert_int_equal(elf_symbol(&e, s, i, &sym), 0);
		found |= !strcmp(sym.name, "elf_open") && sym.type == ELF_STT_FUNC;
	}
	assert_true(found);
	elf_close(&e);
	mem_free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_file_reads),
		cmocka_unit_test(damage_gets_a_sentence),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(no_memory_is_an_error),
		cmocka_unit_test(reads_its_own_executable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
