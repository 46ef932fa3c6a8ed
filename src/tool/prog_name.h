/* prog_name.h - program, attach and link types as bpftool names them */
#ifndef PROG_NAME_H
#define PROG_NAME_H

#include <stdint.h>

/* "sched_cls"; "unknown". */
const char *prog_type_name(uint32_t type);
/* "tcx_ingress" */
const char *attach_type_name(uint32_t type);
/* "raw_tracepoint" */
const char *link_type_name(uint32_t type);

#endif
