#include "legacy.h"
#include <linux/perf_event.h>

int legacy_perf_attach(struct skep_sys *sys, int perf_fd, int prog_fd)
{
	return sys->ioctl(sys, perf_fd, PERF_EVENT_IOC_SET_BPF, (unsigned long)prog_fd);
}
