/* case_tally.h - many results as one table */
#ifndef CASE_TALLY_H
#define CASE_TALLY_H

#include "case_sides.h"

/* How a case ended for the table; wrong_accept is the worst. */
enum verdict {
	verdict_agrees,
	verdict_wrong_accept,
	verdict_wrong_reject,
	verdict_unjudged, /* the kernel refused before it verified */
	verdict_broken,	  /* not asked, or its process died */
	VERDICTS,
};

/* Which side is judged by which. */
struct tally_sides {
	bool by_kernel;	   /* as asked now, else as recorded */
	bool judge_kernel; /* the kernel now, by what was recorded */
	bool details;	   /* list those, too, that agree but in words or stack */
};

enum verdict tally_verdict(const struct case_result *r, struct tally_sides sides);

/* Prints the table; true: nothing accepted wrongly, nothing broken. */
bool tally_print(const struct case_result *results, size_t n, struct tally_sides sides);

/* Each case that was judged and does not agree, with both messages. */
void tally_list(const struct case_result *results, size_t n, struct tally_sides sides);

#endif
