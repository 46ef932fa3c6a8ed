/* scalar_views.h - the rules for ranges, for 64 bits (add64...) and 32 (add32...)
 *
 * Private to scalar*.c.
 */
#ifndef SCALAR_VIEWS_H
#define SCALAR_VIEWS_H

#include "scalar.h"

/* Sharpens the ranges by the bits, and the bits if only one number is left. */
void scalar_narrow_by_bits(struct scalar *s);

/* Extends the low 1 or 2 bytes inside of the low half; the upper is left behind. */
void scalar_sign_extend32(struct scalar *s, u32 size);

#define W	 64
#define V(view)	 view
#define FN(name) name##64
#include "scalar_width.inc"

#define W	 32
#define V(view)	 view##32
#define FN(name) name##32
#include "scalar_width.inc"

#endif
