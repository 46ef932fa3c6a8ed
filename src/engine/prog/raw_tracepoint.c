#include "type.h"

/* One u64 an argument, twelve at most. */
const struct prog_type type_raw_tracepoint = {
	.name = "raw_tracepoint",
	.ctx_name = "struct bpf_raw_tracepoint_args",
	.ctx_size = 12 * 8,
	.groups = group_base | group_trace | group_attach,
	.test_run = true,
};
