#include "cmd.h"
#include "prog.h"
#include <errno.h>

/* PROG_STREAM_READ_BY_FD. A program has two streams, for output and for errors; only
 * bpf_stream_vprintk() writes there, which no program of the engine may call, so both
 * are at their end. */
int cmd_prog_stream_read(struct store *store, union skep_attr *attr)
{
	struct object *prog;
	u32 id = attr->prog_stream_read.stream_id;
	int err = object_get(store, (int)attr->prog_stream_read.prog_fd, OBJECT_PROG,
			     &prog, NULL);

	if (err)
		return err;
	object_put(prog);
	return id == SKEP_STDOUT || id == SKEP_STDERR ? 0 : -ENOENT;
}
