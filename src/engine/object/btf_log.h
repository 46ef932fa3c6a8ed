/* btf_log.h - what BPF_BTF_LOAD writes into its log */
#ifndef BTF_LOG_H
#define BTF_LOG_H

#include <skep/log.h>
#include "bits.h"

/* Writes the log of `len` bytes at `data`, which may be anything and is aligned to 4; at[]
 * has room for len / 12 numbers. false: the log says what is wrong with them. */
bool btf_log(const void *data, u32 len, u32 *at, struct skep_log *log);

#endif
