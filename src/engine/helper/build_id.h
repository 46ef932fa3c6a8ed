/* build_id.h - in which file, and where in it, a process's addresses lie
 *
 * A file is named by its GNU build id, as perf and bpf_get_stackid() name it. It is read
 * from the process's memory, in which the loader put the file's first page, so that
 * nothing is opened but /proc/PID/maps; where that page is not mapped, or the file has no
 * build id, or the memory is no file's, the address itself is given. Nothing is
 * allocated.
 */
#ifndef BUILD_ID_H
#define BUILD_ID_H

#include <skep/abi.h>
#include <sys/types.h>
#include "bits.h"

/* Of process `pid`, 0: this one, whose memory `read` reads: 0, or -EFAULT. out[] has n.
 */
void build_id_find(pid_t pid, int (*read)(void *arg, u64 addr, void *dst, u32 len),
		   void *arg, const u64 *ips, u32 n, struct skep_stack_build_id *out);

#endif
