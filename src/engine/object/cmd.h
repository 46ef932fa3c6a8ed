/* cmd.h - the handlers of bpf(2)'s commands, see cmd.def
 *
 * All return what bpf(2) returns, -errno for errors. They take pointers of the user from
 * attr with user_copy_*() only.
 */
#ifndef CMD_H
#define CMD_H

#include "log.h"
#include "object.h"

#define CMD(name, function, last, since) \
	int cmd_##function(struct store *store, union skep_attr *attr);
#define REFUSED(name, err, why)
#include "cmd.def"
#undef REFUSED
#undef CMD

/* What the engine refuses of a command with this errno; NULL: nothing. */
const char *cmd_refusal(u32 cmd, int err);

/* What bpf(2) asks of a log that a user wants, and what becomes of it. */
struct user_log {
	struct skep_log log;
	struct skep_log_window window;
	u64 to;
	u32 size, level;
};

/* Checks level, buffer and size together: -EINVAL, -ENOMEM. level 0: log is empty, and
 * messages are thrown away. `ul` stays where it is, and ends with user_log_finish. */
int user_log_open(struct user_log *ul, u32 level, u64 to, u32 size);

/* Copies the log out: its end if it does not fit, unless level has the bit for "fixed".
 * *true_size is the size that it needed. Returns `ret`, an fd or -errno, or closes it and
 * returns -ENOSPC or -EFAULT instead. */
int user_log_finish(struct user_log *ul, int ret, u32 *true_size);

#endif
