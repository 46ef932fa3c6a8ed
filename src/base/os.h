/* os.h - files and time, without surprises
 *
 * Everything restarts after EINTR and returns -errno.
 */
#ifndef OS_H
#define OS_H

#include <sys/types.h>
#include "bits.h"

/* The whole file in one block that the caller frees with mem_free, with a 0 byte
 * behind it. Larger than `most` bytes: -EFBIG. */
int os_read_file(const char *path, size_t most, void **data, size_t *len);
int os_read_fd(int fd, size_t most, void **data, size_t *len);

/* Exactly `len` bytes, or -errno, or -EIO at an early end. */
int os_read_full(int fd, void *buf, size_t len);
int os_write_full(int fd, const void *buf, size_t len);

/* A new file in memory with those bytes, to be read from its start: an fd, close-on-exec,
 * or -errno. */
int os_memory_file(const void *data, size_t len);

/* Whether the running kernel tells the names of its variables (CONFIG_KALLSYMS_ALL), not
 * only of its functions. Reads megabytes where it does not. */
bool os_names_variables(void);

/* A new block of zero bytes from the system, or NULL; round `len` to pages yourself. */
void *os_map_anon(size_t len);

/* CLOCK_MONOTONIC, in nanoseconds. */
u64 os_clock_ns(void);

#endif
