/* btf_log.h - what BPF_BTF_LOAD writes into its log
 */
#ifndef BTF_LOG_H
#define BTF_LOG_H

#include <skep/log.h>
#include "bits.h"

enum { BTF_LOG_FAULT = 1 };

/* Writes the log of `len` bytes at `data`, which may be anything and is aligned to 4;
 * room is for 4 * (len / 12 + 1) numbers, zero. BTF_LOG_FAULT: it says what is wrong with
 * the header or the sections. -errno: it says what is wrong with a type, and that is
 * Linux's errno. 0: neither. */
int btf_log(const void *data, u32 len, u32 *room, struct skep_log *log);

#endif
