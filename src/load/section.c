#include "section.h"

static const struct section_row rows[] = {
#define SECTION(name, match, type, attach, how, flags) \
	{name, #match[0] == 'e', SKEP_PROG_TYPE_##type, attach, section_##how, flags},
#include "section.def"
#undef SECTION
};

static const char *plain(const char *name)
{
	return name + (*name == '?');
}

const struct section_row *section_find(const char *name)
{
	name = plain(name);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].name);

		if (!strncmp(name, rows[i].name, len) &&
		    (!name[len] || (name[len] == '/' && !rows[i].exact)))
			return &rows[i];
	}
	return NULL;
}

const char *section_target(const struct section_row *row, const char *name)
{
	name = plain(name) + strlen(row->name);
	return *name == '/' ? name + 1 : name;
}
