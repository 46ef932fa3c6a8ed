/* Registers alone: what they are set to, how they are called, who may touch them. */
#include "verifier.h"
#include <stdio.h>

void reg_set_none(struct reg *r)
{
	*r = (struct reg){.n = scalar_unknown};
}

void reg_set_unknown(struct reg *r)
{
	*r = (struct reg){.n = scalar_unknown, .type = reg_scalar};
}

void reg_set_const(struct reg *r, u64 value)
{
	*r = (struct reg){.n = scalar_const(value), .type = reg_scalar};
}

void reg_set_pointer(struct reg *r, enum reg_type type, u32 flags)
{
	*r = (struct reg){.n = scalar_const(0), .type = (u8)type, .flags = flags};
}

const struct verify_map *reg_map_of(const struct verifier *v, const struct reg *r)
{
	return r->inner ? r->inner : &v->prog->maps[r->map];
}

const char *reg_type_name(const struct verifier *v, const struct reg *r, char buf[64])
{
	static const char *const names[reg_types] = {
		[reg_none] = "?",
		[reg_scalar] = "scalar",
		[reg_ctx] = "ctx",
		[reg_map] = "map_ptr",
		[reg_value] = "map_value",
		[reg_key] = "map_key",
		[reg_stack] = "fp",
		[reg_packet_meta] = "pkt_meta",
		[reg_packet] = "pkt",
		[reg_packet_end] = "pkt_end",
		[reg_flow_keys] = "flow_keys",
		[reg_socket] = "sock",
		[reg_sock_common] = "sock_common",
		[reg_tcp_sock] = "tcp_sock",
		[reg_tp_buffer] = "tp_buffer",
		[reg_xdp_sock] = "xdp_sock",
		[reg_btf] = "ptr_",
		[reg_mem] = "mem",
		[reg_arena] = "arena",
		[reg_buf] = "buf",
		[reg_func] = "func",
		[reg_dynptr] = "dynptr_ptr",
	};
	static const struct {
		u32 flag;
		const char *text;
	} prefixes[] = {
		{flag_rdonly, "rdonly_"},   {flag_ringbuf, "ringbuf_"},
		{flag_user, "user_"},	    {flag_percpu, "percpu_"},
		{flag_rcu, "rcu_"},	    {flag_untrusted, "untrusted_"},
		{flag_trusted, "trusted_"},
	};
	const char *null = !(r->flags & flag_null) ? ""
			   : r->type == reg_btf	   ? "or_null_"
						   : "_or_null";
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (r->flags & prefixes[i].flag)
			at += (size_t)snprintf(buf + at, 64 - at, "%s", prefixes[i].text);
	snprintf(buf + at, 64 - at, "%s%s", names[r->type], null);
	return buf;
}

struct reg *reg_read(struct verifier *v, u32 regno)
{
	struct reg *r = &regs_of(v)[regno];

	if (r->type == reg_none)
		refuse(v, read_uninit, regno);
	return r;
}

struct reg *reg_write(struct verifier *v, u32 regno)
{
	if (regno == FP)
		refuse(v, write_frame_pointer);
	return &regs_of(v)[regno];
}

struct reg *reg_walk(struct reg_walk *w)
{
	for (; w->frame <= w->state->depth; w->frame++, w->index = 0) {
		struct frame *f = w->state->frame[w->frame];

		if (w->index < REGS)
			return &f->r[w->index++];
		for (; w->index < REGS + f->nslots; w->index++)
			if (slot_is_spilled(&f->slot[w->index - REGS]))
				return &f->slot[w->index++ - REGS].reg;
	}
	return NULL;
}
