#include "type.h"

#define TYPE(symbol, name, since) extern const struct prog_type type_##symbol;
#include "type.def"
#undef TYPE

static const struct prog_type *const types[] = {
#define TYPE(symbol, name, since) [SKEP_PROG_TYPE_##name] = &type_##symbol,
#include "type.def"
#undef TYPE
};

const struct prog_type *prog_type(u32 type)
{
	return type < ARRAY_SIZE(types) ? types[type] : NULL;
}
