#include "os.h"
#include "mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static ssize_t read_again(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = read(fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int os_read_full(int fd, void *buf, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = read_again(fd, (char *)buf + at, len - at);

		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		at += (size_t)n;
	}
	return 0;
}

int os_write_full(int fd, const void *buf, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = write(fd, (const char *)buf + at, len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (size_t)n;
	}
	return 0;
}

/* Files of /proc and pipes have no size, so the block grows until the end. */
int os_read_fd(int fd, size_t most, void **data, size_t *len)
{
	size_t room = 4096;
	char *buf = NULL, *p;
	ssize_t n;

	*len = 0;
	for (;;) {
		p = mem_resize(buf, room + 1, 1);
		if (!p) {
			n = -ENOMEM;
			break;
		}
		buf = p;
		n = read_again(fd, buf + *len, room - *len);
		if (n <= 0)
			break;
		*len += (size_t)n;
		if (*len > most) {
			n = -EFBIG;
			break;
		}
		if (*len == room)
			room *= 2;
	}
	if (n < 0) {
		mem_free(buf);
		return (int)n;
	}
	buf[*len] = '\0';
	*data = buf;
	return 0;
}

int os_read_file(const char *path, size_t most, void **data, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = os_read_fd(fd, most, data, len);
	close(fd);
	return err;
}

void *os_map_anon(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	return p == MAP_FAILED ? NULL : p;
}

u64 os_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000000000u + (u64)ts.tv_nsec;
}

int os_memory_file(const void *data, size_t len)
{
	int fd = memfd_create("skep", MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = os_write_full(fd, data, len);
	if (!err && lseek(fd, 0, SEEK_SET) < 0)
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

bool os_names_variables(void)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, " d ") != NULL;
	if (f)
		fclose(f);
	return found;
}
