#include "type.h"

/* Its context is what BPF_PROG_TEST_RUN passes as ctx_in, and it may write there. */
const struct prog_type type_syscall = {
	.name = "syscall",
	.ctx_name = "the caller's ctx_in",
	.ctx_size = 65535,
	.ctx_write = true,
	.sleepable = true,
	.groups = group_base | group_trace | group_syscall,
	.test_run = true,
};
