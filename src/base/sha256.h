/* sha256.h - SHA-256 (FIPS 180-4) of a block of memory */
#ifndef SHA256_H
#define SHA256_H

#include "bits.h"

void sha256(const void *data, size_t len, u8 out[32]);

#endif
