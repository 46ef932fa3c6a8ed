#include "syntax.h"
#include <stdio.h>

u32 syntax_forms(u32 op, struct form out[SYNTAX_FORMS])
{
	const struct op_info *i = &op_info[op];
	u32 n = 0;

#define FORM(syntax, when, text) \
	if (i->legal && (when)) \
		out[n++] = (struct form){SKEP_SYNTAX_##syntax, text};
#include "syntax.def"
	return n;
}

static void mnemonic(const struct op_info *i, char out[SYNTAX_WORD])
{
	snprintf(out, SYNTAX_WORD, "%s", i->mnemonic);
	for (char *c = out; i->class == class_atomic && *c; c++)
		if (*c == '_')
			*c = ' ';
}

bool syntax_static(char item, u32 op, char out[SYNTAX_WORD])
{
	const struct op_info *i = &op_info[op];

	switch (item) {
	case 'o': snprintf(out, SYNTAX_WORD, "%s", i->text); return true;
	case 't':
		snprintf(out, SYNTAX_WORD, "%c%u", i->is_signed ? 's' : 'u', i->size * 8);
		return true;
	case 'm': mnemonic(i, out); return true;
	case 'b': snprintf(out, SYNTAX_WORD, "%u", i->size * 8); return true;
	case 'w': snprintf(out, SYNTAX_WORD, "%s", i->size == 8 ? "64" : ""); return true;
	default: return false;
	}
}

static const char *const helpers[] = {
#define FUNC(name, id) [id] = #name,
#include "func_names.h"
#undef FUNC
};

const char *helper_name(s32 id)
{
	return id > 0 && id < (s32)ARRAY_SIZE(helpers) ? helpers[id] : NULL;
}

s32 helper_id(const char *name, size_t len)
{
	if (len > 4 && !memcmp(name, "bpf_", 4)) {
		name += 4;
		len -= 4;
	}
	for (s32 id = 1; id < (s32)ARRAY_SIZE(helpers); id++)
		if (helpers[id] && strlen(helpers[id]) == len &&
		    !memcmp(helpers[id], name, len))
			return id;
	return -1;
}
