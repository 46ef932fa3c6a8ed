/* What an iterator's program writes: a read(2) of the iterator gives it to the user. */
#include "helper_fn.h"
#include "print.h"
#include <errno.h>

/* What does not fit is not there, and the iterator shows the object again, to the next
 * read(2). */
static u64 overflow(struct run_seq *seq)
{
	seq->count = seq->size;
	return (u64)-EOVERFLOW;
}

HELPER_FN(seq_printf)
{
	struct run_seq *seq = ptr_of(a);
	u32 room = seq->size - seq->count;
	u64 args[PRINT_ARGS];
	int n;

	if (!helper_take_args(args, d, e) || !memchr(ptr_of(b), 0, c))
		return (u64)-EINVAL;
	n = print_format(run, (char *)seq->buf + seq->count, room, ptr_of(b), c, args,
			 (u32)e / 8);
	if (n < 0)
		return (u64)(s64)n;
	if ((u32)n >= room)
		return overflow(seq);
	seq->count += (u32)n;
	return 0;
}

HELPER_FN(seq_write)
{
	struct run_seq *seq = ptr_of(a);

	if (c >= seq->size - seq->count)
		return overflow(seq);
	memcpy(seq->buf + seq->count, ptr_of(b), c);
	seq->count += (u32)c;
	run_pay(run, c);
	return 0;
}
