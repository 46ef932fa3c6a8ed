/* section.h - what the name of a program's section says, from section.def */
#ifndef SECTION_H
#define SECTION_H

#include <skep/load.h>
#include "bits.h"

enum section_how {
	section_none,
	section_run,
	section_tracepoint,
	section_raw_tp,
	section_xdp,
	section_tcx,
	section_perf_event,
	section_iter,
};

enum { NEEDS_BTF = 1u << 31 };

struct section_row {
	const char *name;
	bool exact;
	enum skep_prog_type type;
	enum skep_attach_type attach_type;
	enum section_how how;
	u32 flags; /* prog_flags and NEEDS_BTF */
};

/* The row of a section's name, or NULL. A leading '?' (do not load by itself) is not
 * part of it. */
const struct section_row *section_find(const char *name);

/* What follows the row's name and its '/', or "". */
const char *section_target(const struct section_row *row, const char *name);

#endif
