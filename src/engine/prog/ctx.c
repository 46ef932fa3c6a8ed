/* Contexts with fields: loads and stores, one by one, as rules_ctx() has them. */
#include "run.h"
#include "msg.h"
#include "rules.h"
#include <errno.h>

static const struct profile everything = {
	.bpf = true, .perfmon = true, .net_admin = true, .admin = true};

/* Stores into these fields of __sk_buff keep 16 bits; queue_mapping ignores the last. */
enum {
	QUEUE_MAPPING = offsetof(struct skep_sk_buff, queue_mapping),
	TC_INDEX = offsetof(struct skep_sk_buff, tc_index),
	TC_CLASSID = offsetof(struct skep_sk_buff, tc_classid),
	NO_QUEUE = 0xffff,
};

/* Whether there is any field at `off` that may be accessed like that. */
static bool has_field(const struct rule_ctx *rule, u64 off, bool write)
{
	for (u32 i = 0; i < rule->nfields; i++) {
		const struct rule_field *f = &rule->fields[i];

		if (off >= f->off && off - f->off < f->len &&
		    (write ? f->write : f->read))
			return true;
	}
	return false;
}

static void fault(struct run *run, u64 off, u32 size, bool write)
{
	const struct rule_ctx *rule = run->prog->fields;
	const char *name = run->prog->type->ctx_name, *verb = write ? "writes" : "reads";
	unsigned long long at = off;

	if (has_field(rule, off, write))
		run_fault(run, EFAULT, msg_ctx_part, verb, size, at, name);
	else if (has_field(rule, off, false))
		run_fault(run, EFAULT, msg_ctx_read_only, at, name);
	else
		run_fault(run, EFAULT, msg_ctx_no_field, verb, size, at, name);
}

static const struct rule_field *check(struct run *run, u64 addr, u32 size, bool write)
{
	u64 off = addr - u64_of(run->ctx);
	const struct rule_field *f =
		off + size <= run_ctx_len(run)
			? rules_ctx_field(run->prog->fields, (s32)off, size, write,
					  &everything)
			: NULL;

	if (!f)
		fault(run, off, size, write);
	return f;
}

static u64 load(const void *at, u32 size, bool sign)
{
	u32 shift = 64 - 8 * size;
	u64 v = 0;

	memcpy(&v, at, size);
	return sign ? (u64)((s64)(v << shift) >> shift) : v;
}

bool ctx_load(struct run *run, u64 addr, u32 size, bool sign, u64 *out)
{
	const struct rule_field *f = check(run, addr, size, false);
	const struct skep_packet *p = &run->packet;
	bool packet = run->prog->type->packet;
	u64 off = addr - u64_of(run->ctx);
	u32 len;

	if (!f)
		return false;
	switch (f->type) {
	case reg_packet: *out = packet ? u64_of(p->data) : 0; return true;
	case reg_packet_end: *out = packet ? u64_of(p->tail) : 0; return true;
	case reg_packet_meta: *out = u64_of(p->meta); return true;
	default: break;
	}
	if (!run->prog->type->skb || off >= sizeof(len)) {
		*out = load(ptr_of(addr), size, sign);
		return true;
	}
	len = (u32)(p->tail - p->data);
	*out = load((u8 *)&len + off, size, sign);
	return true;
}

bool ctx_store(struct run *run, u64 addr, u32 size, u64 value)
{
	u64 off = addr - u64_of(run->ctx);
	bool skb = run->prog->type->skb;

	if (!check(run, addr, size, true))
		return false;
	if (skb && off == QUEUE_MAPPING && (u32)value >= NO_QUEUE)
		return true;
	if (skb && (off == QUEUE_MAPPING || off == TC_INDEX || off == TC_CLASSID))
		value = (u16)value;
	memcpy(ptr_of(addr), &value, size);
	return true;
}

int ctx_place(const struct prog *prog, u64 off, u32 size, bool write)
{
	const struct rule_field *f =
		rules_ctx_field(prog->fields, (s32)off, size, write, &everything);
	bool skb = prog->type->skb;

	if (!f || !prog->type->packet)
		return CTX_CALL;
	if (write)
		return skb ? CTX_CALL : CTX_DIRECT;
	switch (f->type) {
	case reg_packet: return offsetof(struct run, packet.data);
	case reg_packet_end: return offsetof(struct run, packet.tail);
	case reg_packet_meta: return offsetof(struct run, packet.meta);
	default: return skb && off < sizeof(u32) ? CTX_CALL : CTX_DIRECT;
	}
}
