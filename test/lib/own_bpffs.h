/* own_bpffs.h - what a judge that is root sees of the kernel alone
 */
#ifndef OWN_BPFFS_H
#define OWN_BPFFS_H

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <skep/sys.h>
#include "../unit/no_bpf.h"

/* The process gets a bpffs that nobody else sees, and a network of its own, so that a
 * program on its lo is in nobody's way. NULL, or why there is none. */
static const char *own_bpffs(void)
{
	union skep_attr attr = {0};
	struct skep_sys *sys = skep_sys_kernel();
	int err = sys->bpf(sys, SKEP_MAP_GET_NEXT_ID, &attr, sizeof(attr));

	if (err == -ENOSYS || err == -EPERM)
		return "the kernel does not let us use bpf(2) (needs root)";
	if (no_bpf())
		return no_bpf();
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL))
		return "cannot mount a bpffs of our own (needs root and namespaces)";
	return NULL;
}

#endif
