#include "arena_watch.h"
#include "mem.h"
#include "os.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct watch {
	int told; /* the userfaultfd */
	int file;
	u64 at, off, page;
};

/* Whether a signal would neither end the thread nor be seen by it: the kernel's own ends
 * the process then. */
static bool is_deaf(u32 tid)
{
	const u64 bit = (u64)1 << (SIGSEGV - 1);
	char path[48], *blocked, *ignored;
	bool deaf = false;
	size_t len;
	void *text;

	snprintf(path, sizeof(path), "/proc/self/task/%u/status", tid);
	if (os_read_file(path, 1 << 16, &text, &len))
		return false;
	blocked = strstr(text, "\nSigBlk:\t");
	ignored = strstr(text, "\nSigIgn:\t");
	if (blocked && ignored)
		deaf = (strtoull(blocked + 9, NULL, 16) |
			strtoull(ignored + 9, NULL, 16)) &
		       bit;
	mem_free(text);
	return deaf;
}

static bool is_there(const struct watch *w, u64 page)
{
	off_t at = (off_t)(w->off + page - w->at);

	return lseek(w->file, at, SEEK_DATA) == at;
}

static void send_signal(u64 addr, u64 page, u64 size, u32 tid)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = SIGSEGV;
	info.si_code = SI_QUEUE; /* a thread may send others no more than that */
	info.si_addr = ptr_of(addr);
	if (is_deaf(tid) || syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, SIGSEGV, &info))
		mprotect(ptr_of(page), size, PROT_NONE);
}

static void touched(const struct watch *w, const struct uffd_msg *msg)
{
	u64 addr = msg->arg.pagefault.address, page = addr / w->page * w->page;
	struct uffdio_range range = {.start = page, .len = w->page};

	if (!is_there(w, page))
		send_signal(addr, page, w->page, msg->arg.pagefault.feat.ptid);
	ioctl(w->told, UFFDIO_WAKE, &range);
}

static void end(struct watch *w)
{
	close(w->told);
	close(w->file);
	mem_free(w);
}

/* Until it is unmapped, be it in part, or something else is mapped there. */
static void *serve(void *arg)
{
	struct watch *w = arg;
	struct uffd_msg msg;
	ssize_t n;

	while ((n = read(w->told, &msg, sizeof(msg))) == sizeof(msg) ||
	       (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		if (msg.event == UFFD_EVENT_PAGEFAULT)
			touched(w, &msg);
		else
			break;
	}
	end(w);
	return NULL;
}

static int register_range(int told, void *at, u64 len)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_MISSING_SHMEM | UFFD_FEATURE_THREAD_ID |
			    UFFD_FEATURE_EXACT_ADDRESS | UFFD_FEATURE_EVENT_UNMAP};
	struct uffdio_register range = {.range = {.start = u64_of(at), .len = len},
					.mode = UFFDIO_REGISTER_MODE_MISSING};

	return ioctl(told, UFFDIO_API, &api) || ioctl(told, UFFDIO_REGISTER, &range);
}

/* The thread has no business with signals. */
static int start(struct watch *w)
{
	pthread_t thread;
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, serve, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!err)
		pthread_detach(thread);
	return err;
}

void arena_watch(void *at, u64 len, int fd, u64 off)
{
	struct watch *w = mem_alloc(1, sizeof(*w));

	if (!w)
		return;
	*w = (struct watch){
		.told = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY),
		.file = fcntl(fd, F_DUPFD_CLOEXEC, 3),
		.at = u64_of(at),
		.off = off,
		.page = (u64)sysconf(_SC_PAGESIZE),
	};
	if (w->told < 0 || w->file < 0 || register_range(w->told, at, len) || start(w))
		end(w);
}
