#include "btf_ext.h"
#include <errno.h>
#include "msg.h"

static const struct {
	const char *name;
	u32 header_at, least;
} parts[BTF_EXT_PARTS] = {
	[BTF_EXT_FUNC] = {"func_info", 8, sizeof(struct skep_func_info)},
	[BTF_EXT_LINE] = {"line_info", 16, sizeof(struct skep_line_info)},
	[BTF_EXT_CORE] = {"core_relo", 24, sizeof(struct btf_core_relo)},
};

#define fail(log, ...) (log_printf(log, __VA_ARGS__), -EINVAL)

/* A section's name and number of records. */
enum { SEC_HDR = 8 };

static int check_sections(struct btf_ext *x, int i, const char *name,
			  struct skep_log *log)
{
	const struct skep_btf *b = x->btf;
	u32 at = 0, len = x->part[i].len, each = x->part[i].record_size;

	while (at < len) {
		u32 n = len - at >= SEC_HDR ? load32(x->part[i].data + at + 4) : 0;
		u32 left = len - at - MIN(len - at, (u32)SEC_HDR);

		if (!n || n > left / each)
			return fail(log, msg_ext_sec, name, parts[i].name, at, n, each,
				    len - at);
		if (!skep_btf_string(b, load32(x->part[i].data + at)))
			return fail(log, msg_ext_sec_name, name, parts[i].name, at,
				    load32(x->part[i].data + at));
		at += SEC_HDR + n * each;
	}
	return 0;
}

static int open_part(struct btf_ext *x, int i, const u8 *d, size_t len, const char *name,
		     struct skep_log *log)
{
	u32 hdr_len = load32(d + 4), at, n;
	size_t rest = len - hdr_len;

	if (hdr_len < parts[i].header_at + 8)
		return 0;
	at = load32(d + parts[i].header_at);
	n = load32(d + parts[i].header_at + 4);
	if (!n)
		return 0;
	if (at > rest || n > rest - at || at % 4 || n % 4)
		return fail(log, msg_ext_range, name, parts[i].name, n, at, rest);
	d += hdr_len + at;
	x->part[i].record_size = load32(d);
	x->part[i].data = d + 4;
	x->part[i].len = n - 4;
	if (load32(d) < parts[i].least || load32(d) % 4)
		return fail(log, msg_ext_rec_size, name, parts[i].name, at, load32(d),
			    parts[i].least);
	return check_sections(x, i, name, log);
}

int btf_ext_open(struct btf_ext *x, const void *data, size_t len,
		 const struct skep_btf *btf, const char *name, struct skep_log *log)
{
	const u8 *d = data;
	int err = 0;

	*x = (struct btf_ext){.btf = btf};
	if (len < sizeof(struct skep_btf_header))
		return fail(log, msg_ext_short, name, len);
	if (load16(d) != SKEP_BTF_MAGIC || d[2] != 1 ||
	    load32(d + 4) < sizeof(struct skep_btf_header) || load32(d + 4) > len)
		return fail(log, msg_ext_header, name, load16(d), d[2], load32(d + 4),
			    len);
	for (int i = 0; !err && i < BTF_EXT_PARTS; i++)
		err = open_part(x, i, d, len, name, log);
	return err;
}

bool btf_ext_next(const struct btf_ext *x, enum btf_ext_part part, u32 *at,
		  struct btf_ext_sec *sec)
{
	const u8 *d;

	if (*at >= x->part[part].len)
		return false;
	d = x->part[part].data + *at;
	*sec = (struct btf_ext_sec){
		.section = skep_btf_string(x->btf, load32(d)),
		.records = d + SEC_HDR,
		.n = load32(d + 4),
		.record_size = x->part[part].record_size,
	};
	*at += SEC_HDR + sec->n * sec->record_size;
	return true;
}
