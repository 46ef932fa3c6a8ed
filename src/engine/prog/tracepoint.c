#include "type.h"

/* The first 8 bytes of a record (common_type to common_pid) are not the program's. */
const struct prog_type type_tracepoint = {
	.name = "tracepoint",
	.ctx_name = "the tracepoint's record",
	.ctx_size = 8192,
	.ctx_hidden = 8,
	.groups = group_base | group_trace | group_attach,
};
