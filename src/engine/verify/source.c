#include "source.h"
#include <ctype.h>

const struct skep_line_info *source_record(const struct verify_prog *p, u32 insn)
{
	const struct skep_line_info *line = NULL;
	u32 from = 0, to = p->nline_info;

	if (!p->btf || p->line_info_size < sizeof(*line) || p->line_info_size % 4 ||
	    insn >= p->n)
		return NULL;
	while (from < to) {
		u32 middle = from + (to - from) / 2;
		const struct skep_line_info *at =
			(const void *)((const u8 *)p->line_info +
				       (size_t)middle * p->line_info_size);

		if (at->insn_off > insn) {
			to = middle;
		} else {
			line = at;
			from = middle + 1;
		}
	}
	return line;
}

const struct skep_line_info *source_line(const struct verify_prog *p, u32 insn)
{
	const struct skep_line_info *line = source_record(p, insn);

	while (line && !(line->line_col >> 10) && (const void *)line != p->line_info)
		line = (const void *)((const u8 *)line - p->line_info_size);
	return line;
}

static const char *text_at(const struct verify_prog *p, u32 off)
{
	const struct skep_btf *b = p->btf;

	return off < b->first_str + b->str_len ? btf_str(b, off) : "";
}

const char *source_path(const struct verify_prog *p, const struct skep_line_info *line)
{
	return text_at(p, line->file_name_off);
}

const char *source_file(const struct verify_prog *p, const struct skep_line_info *line)
{
	const char *path = source_path(p, line), *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *source_text(const struct verify_prog *p, const struct skep_line_info *line)
{
	const char *text = text_at(p, line->line_off);

	while (isspace((unsigned char)*text))
		text++;
	return text;
}

size_t source_column(const struct verify_prog *p, const struct skep_line_info *line)
{
	size_t indent = (size_t)(source_text(p, line) - text_at(p, line->line_off));
	size_t column = line->line_col & 0x3ff;

	return column > indent ? column - indent - 1 : 0;
}
