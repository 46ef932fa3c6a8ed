/* source.h - lines of a program's source, by its line_info
 *
 * For programs whose line_info was checked (info.h), or that have none.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include "verify.h"

/* The record that an instruction lies behind, also one without a line; NULL: none. */
const struct skep_line_info *source_record(const struct verify_prog *p, u32 insn);
/* The line that it belongs to: what the compiler made of none belongs to the one before.
 */
const struct skep_line_info *source_line(const struct verify_prog *p, u32 insn);
/* The file, with and without its directories; the line's text without its indent. */
const char *source_path(const struct verify_prog *p, const struct skep_line_info *line);
const char *source_file(const struct verify_prog *p, const struct skep_line_info *line);
const char *source_text(const struct verify_prog *p, const struct skep_line_info *line);
/* Where in that text the instruction's expression begins; 0: not known. */
size_t source_column(const struct verify_prog *p, const struct skep_line_info *line);

#endif
