#include "type.h"

#define REG(field) \
	{ \
		offsetof(struct skep_perf_event_data, regs.field), 8, ctx_whole, false, \
			#field \
	}
#define DATA(field) \
	{ \
		offsetof(struct skep_perf_event_data, field), 8, ctx_plain, false, \
			#field \
	}

/* clang-format off */
static const struct ctx_field fields[] = {
#if defined(__x86_64__)
	REG(r15), REG(r14), REG(r13), REG(r12), REG(rbp), REG(rbx), REG(r11), REG(r10),
	REG(r9), REG(r8), REG(rax), REG(rcx), REG(rdx), REG(rsi), REG(rdi), REG(orig_rax),
	REG(rip), REG(cs), REG(eflags), REG(rsp), REG(ss),
#else
	REG(regs[0]), REG(regs[1]), REG(regs[2]), REG(regs[3]), REG(regs[4]), REG(regs[5]),
	REG(regs[6]), REG(regs[7]), REG(regs[8]), REG(regs[9]), REG(regs[10]),
	REG(regs[11]), REG(regs[12]), REG(regs[13]), REG(regs[14]), REG(regs[15]),
	REG(regs[16]), REG(regs[17]), REG(regs[18]), REG(regs[19]), REG(regs[20]),
	REG(regs[21]), REG(regs[22]), REG(regs[23]), REG(regs[24]), REG(regs[25]),
	REG(regs[26]), REG(regs[27]), REG(regs[28]), REG(regs[29]), REG(regs[30]),
	REG(sp), REG(pc), REG(pstate),
#endif
	DATA(sample_period),
	DATA(addr),
};
/* clang-format on */

const struct prog_type type_perf_event = {
	.name = "perf_event",
	.ctx_name = "struct bpf_perf_event_data",
	.fields = fields,
	.nfields = ARRAY_SIZE(fields),
	.ctx_size = sizeof(struct skep_perf_event_data),
	.groups = group_base | group_trace | group_attach | group_perf_event,
};
