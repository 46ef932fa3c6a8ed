/* rules_ctx.c - contexts, and objects that programs read like one */
#include "rules.h"

/* clang-format off */
#define GIVES_scalar           .type = reg_scalar
#define GIVES_packet           .type = reg_packet
#define GIVES_packet_end       .type = reg_packet_end
#define GIVES_packet_meta      .type = reg_packet_meta
#define GIVES_flow_keys        .type = reg_flow_keys
#define GIVES_tp_buffer        .type = reg_tp_buffer
#define GIVES_socket           .type = reg_socket
#define GIVES_socket_null      .type = reg_socket, .flags = flag_null
#define GIVES_sock_common_null .type = reg_sock_common, .flags = flag_null
#define GIVES_btf              .type = reg_btf, .flags = flag_trusted

#define F(first, bytes, reads, writes, gives, ...) \
	{.off = first, .len = bytes, .read = reads, .write = writes, \
	 GIVES_##gives, ##__VA_ARGS__},
#define LAYOUT(name, ...) static const struct rule_field name##_fields[] = {__VA_ARGS__};
#define CTX(...)
#include "ctx_rule.def"
#undef LAYOUT
#undef CTX
/* clang-format on */

#define LAYOUT_OF(name) \
	{ \
		name##_fields, ARRAY_SIZE(name##_fields), false \
	}
#define ANY	   (~0ull)
#define AT(attach) (1ull << SKEP_##attach)

static const struct {
	u32 prog_type;
	u64 attach_types;
	struct rule_ctx rule;
} contexts[] = {
#define LAYOUT(...)
#define CTX(type, attaches, name) {SKEP_PROG_TYPE_##type, attaches, LAYOUT_OF(name)},
#include "ctx_rule.def"
};

static const struct rule_ctx btf = {NULL, 0, true};

static bool is_btf(u32 prog_type)
{
	const struct rule_prog *rule = rules_prog(prog_type);

	return rule && rule->btf;
}

const struct rule_ctx *rules_ctx(u32 prog_type, u32 attach_type)
{
	for (u32 i = 0; i < ARRAY_SIZE(contexts); i++) {
		u64 attaches = contexts[i].attach_types;

		if (contexts[i].prog_type == prog_type &&
		    (attaches == ANY ||
		     (attach_type < 64 && attaches >> attach_type & 1)))
			return &contexts[i].rule;
	}
	return is_btf(prog_type) ? &btf : NULL;
}

bool rules_ctx_is_plain(u32 prog_type)
{
	switch (prog_type) {
	case SKEP_PROG_TYPE_KPROBE:
	case SKEP_PROG_TYPE_TRACEPOINT:
	case SKEP_PROG_TYPE_RAW_TRACEPOINT:
	case SKEP_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case SKEP_PROG_TYPE_TRACING:
	case SKEP_PROG_TYPE_LSM:
	case SKEP_PROG_TYPE_STRUCT_OPS:
	case SKEP_PROG_TYPE_CGROUP_DEVICE:
	case SKEP_PROG_TYPE_LIRC_MODE2:
	case SKEP_PROG_TYPE_SYSCALL:
	case SKEP_PROG_TYPE_NETFILTER: return true;
	default: return false;
	}
}

const struct rule_ctx *rules_object(enum reg_type type)
{
	static const struct rule_ctx rules[] = {LAYOUT_OF(socket), LAYOUT_OF(sock_common),
						LAYOUT_OF(tcp_sock), LAYOUT_OF(xdp_sock)};

	switch (type) {
	case reg_socket: return &rules[0];
	case reg_sock_common: return &rules[1];
	case reg_tcp_sock: return &rules[2];
	case reg_xdp_sock: return &rules[3];
	default: return NULL;
	}
}

const struct rule_field *rules_ctx_field(const struct rule_ctx *rule, s32 off, u32 size,
					 bool write, const struct profile *profile)
{
	if (off < 0 || !is_pow2(size) || size > 8 || (u32)off % size)
		return NULL;
	for (u32 i = 0; i < rule->nfields; i++) {
		const struct rule_field *f = &rule->fields[i];

		if ((write ? f->write : f->read) & size && (u32)off >= f->off &&
		    (u64)(u32)off + size <= (u64)f->off + f->len &&
		    (profile->bpf || !(f->need_bpf >> write & 1)))
			return f;
	}
	return NULL;
}
