/* A blob, its types and values as text; the same bytes as .BTF.ext of a small blob. */
#include <stdint.h>
#include "btf_ext.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { MOST_TYPES = 64, MOST_TEXT = 1 << 16 };

static u64 sum; /* keeps the reads alive */

static void print_all(const struct skep_btf *b, const u8 *data, size_t len)
{
	struct skep_btf_print opts = {
		.size = sizeof(opts), .style = SKEP_BTF_C, .compact = 1};
	struct str out = {0};

	for (u32 id = 0; id < skep_btf_end(b) && id < MOST_TYPES; id++) {
		btf_print_type(&out, b, id, "x", true);
		btf_print_value(&out, b, id, data, len, id & 1 ? &opts : NULL);
		if (out.len > MOST_TEXT)
			break;
	}
	sum += out.len;
	str_free(&out);
	btf_print_c(&out, b, NULL, 0);
	sum += out.len;
	str_free(&out);
}

static void walk_ext(const struct skep_btf *b, const u8 *data, size_t len)
{
	struct btf_ext_sec sec;
	struct btf_ext x;

	if (btf_ext_open(&x, data, len, b, "fuzz", NULL))
		return;
	for (int part = 0; part < BTF_EXT_PARTS; part++)
		for (u32 at = 0; btf_ext_next(&x, part, &at, &sec);)
			for (u32 i = 0; i < sec.n; i++)
				sum += load32(sec.records + i * sec.record_size) +
				       strlen(sec.section);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const u8 empty[sizeof(struct skep_btf_header) + 64] = {
		0x9f, 0xeb, 1, 0, sizeof(struct skep_btf_header), [20] = 64};
	struct skep_btf *b;
	char buf[1024];
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};

	if (!btf_parse(&b, data, len, NULL, BTF_RULES_LOAD, "fuzz", &log))
		skep_btf_free(b);
	if (!btf_parse(&b, data, len, NULL, BTF_RULES_FILE, "fuzz", &log)) {
		print_all(b, data, len);
		walk_ext(b, data, len);
		skep_btf_free(b);
	}
	if (!btf_parse(&b, empty, sizeof(empty), NULL, BTF_RULES_FILE, "empty", NULL)) {
		walk_ext(b, data, len);
		skep_btf_free(b);
	}
	return 0;
}
