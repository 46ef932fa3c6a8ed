#include "tool.h"
#include "mem.h"
#include "tool_msg.h"
#include <skep/isa.h>

enum { FILTER_MOST = 4096 }; /* BPF_MAXINSNS, <linux/bpf_common.h> */

static int filter_of_bytes(const char *path, const void *data, size_t len,
			   struct skep_filter *out)
{
	size_t n = len / sizeof(*out);

	if (len % sizeof(*out))
		tool_error(msg_odd_bytes, input_name(path), len);
	else if (n > FILTER_MOST)
		tool_error(msg_filter_long, input_name(path), n);
	else
		memcpy(out, data, len);
	return len % sizeof(*out) || n > FILTER_MOST ? -1 : (int)n;
}

int filter_read(const char *path, const void *data, size_t len, struct skep_filter **out)
{
	int n;

	*out = mem_alloc(FILTER_MOST, sizeof(**out));
	if (!*out) {
		tool_error(msg_no_memory);
		return -1;
	}
	/* No text has a 0 byte; every filter has one, in its codes. */
	if (memchr(data, 0, len))
		return filter_of_bytes(path, data, len, *out);
	n = skep_cbpf_parse(data, len, *out, FILTER_MOST, tool_log());
	if (n > FILTER_MOST)
		tool_error(msg_filter_long, input_name(path), (size_t)n);
	tool_log_show(input_name(path));
	return n < 0 || n > FILTER_MOST ? -1 : n;
}
