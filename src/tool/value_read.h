/* value_read.h - text as a value of a BTF type
 *
 * The text is as JSON: numbers, true, "text" for char arrays, [...] for arrays,
 * {"member":
 * ...} for structs and global variables, also without quotes around names; enumerators by
 * name. What is not named is left as it is.
 */
#ifndef VALUE_READ_H
#define VALUE_READ_H

#include <skep/btf.h>
#include "str.h"

/* Into `size` bytes at `out`, which is what the type has. False: *at is where the text
 * does not fit, and `want` says what was expected there. */
bool value_read(const struct skep_btf *btf, u32 type, const char *text, u8 *out, u32 size,
		const char **at, struct str *want);

#endif
