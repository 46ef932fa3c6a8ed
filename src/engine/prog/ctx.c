#include "run.h"
#include "msg.h"
#include <errno.h>

/* Contexts are mostly fields of 4 bytes without gaps: the first guess is good. */
static inline const struct ctx_field *field_of(const struct prog_type *type, u64 off)
{
	if (off / 4 < type->nfields && type->fields[off / 4].off == off)
		return &type->fields[off / 4];
	for (u32 i = 0; i < type->nfields; i++) {
		const struct ctx_field *f = &type->fields[i];

		if (off >= f->off && off < f->off + f->size)
			return f;
	}
	return NULL;
}

static bool is_pointer(const struct ctx_field *f)
{
	return f->kind == ctx_data || f->kind == ctx_data_end || f->kind == ctx_data_meta;
}

/* Why an access of `size` bytes at `off` is no access of the field; NULL: it is. */
static const char *bad_part(const struct ctx_field *f, u64 off, u32 size, bool write)
{
	bool whole = off == f->off && size == f->size;

	if (whole)
		return NULL;
	if (off % size)
		return "; it must be aligned";
	if (off + size > (u64)f->off + f->size)
		return "; it must lie within the field";
	if (f->kind == ctx_bytes)
		return NULL;
	if (write || f->kind == ctx_whole || is_pointer(f))
		return "; it must be the whole field";
	return NULL;
}

static const struct ctx_field *check(struct run *run, u64 addr, u32 size, bool write)
{
	const struct prog_type *type = run->prog->type;
	u64 off = addr - u64_of(run->ctx);
	const struct ctx_field *f = field_of(type, off);
	const char *verb = write ? "writes" : "reads", *bad;

	if (!f || (u32)f->off + f->size > run_ctx_len(run)) {
		run_fault(run, EFAULT, msg_ctx_no_field, verb, size,
			  (unsigned long long)off, type->ctx_name);
		return NULL;
	}
	if (write && !f->write) {
		run_fault(run, EFAULT, msg_ctx_read_only, f->name, type->ctx_name);
		return NULL;
	}
	bad = bad_part(f, off, size, write);
	if (bad) {
		run_fault(run, EFAULT, msg_ctx_part, verb, size, (unsigned long long)off,
			  type->ctx_name, f->name, f->size, f->off, bad);
		return NULL;
	}
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
	const struct ctx_field *f = check(run, addr, size, false);
	u32 len = (u32)(run->packet.tail - run->packet.data);

	if (!f)
		return false;
	switch (f->kind) {
	case ctx_data: *out = u64_of(run->packet.data); break;
	case ctx_data_end: *out = u64_of(run->packet.tail); break;
	case ctx_data_meta: *out = u64_of(run->packet.meta); break;
	case ctx_len:
		*out = load((u8 *)&len + (addr - u64_of(run->ctx) - f->off), size, sign);
		break;
	default: *out = load(ptr_of(addr), size, sign);
	}
	return true;
}

bool ctx_store(struct run *run, u64 addr, u32 size, u64 value)
{
	const struct ctx_field *f = check(run, addr, size, true);

	if (!f)
		return false;
	if (f->kind == ctx_queue && (u32)value >= 0xffff)
		return true;
	if (f->kind == ctx_low16)
		value = (u16)value;
	memcpy(ptr_of(addr), &value, size);
	return true;
}
