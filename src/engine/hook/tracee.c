#include "tracer.h"
#include "mem.h"
#include "task_storage.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int read_memory(struct skep_task *task, uint64_t addr, void *dst, uint32_t len)
{
	struct iovec to = {dst, len}, from = {ptr_of(addr), len};
	ssize_t n = process_vm_readv((pid_t)task->pid, &to, 1, &from, 1, 0);

	return n == (ssize_t)len ? 0 : -EFAULT;
}

static int send_signal(struct skep_task *task, int sig, bool thread)
{
	int err = thread ? (int)syscall(SYS_tgkill, task->tgid, task->pid, sig)
			 : kill((pid_t)task->tgid, sig);

	return err ? -errno : 0;
}

static int where(struct skep_task *task, uint64_t *ip, uint64_t *fp)
{
	u64 regs[TRACER_REGS];
	int err = tracer_regs(container_of(task, struct tracee, task), regs);

	if (err)
		return err;
	*ip = regs[TRACER_REG_IP];
	*fp = regs[TRACER_REG_FP];
	return 0;
}

/* proc(5): in the Name line of status, a newline and a backslash are escaped. */
static void copy_comm(char comm[16], const char *name)
{
	size_t n = 0;

	memset(comm, 0, 16);
	for (; *name && *name != '\n' && n < 15; name++) {
		if (*name == '\\' && name[1]) {
			name++;
			comm[n++] = *name == 'n' ? '\n' : *name;
		} else {
			comm[n++] = *name;
		}
	}
}

static const char *field(const char *status, const char *name)
{
	const char *at = strstr(status, name);

	return at ? at + strlen(name) : "";
}

void tracee_refresh(struct tracee *t)
{
	char path[40], status[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/status", t->task.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = read(fd, status, sizeof(status) - 1);
	close(fd);
	if (n <= 0)
		return;
	status[n] = '\0';
	copy_comm(t->task.comm, field(status, "Name:\t"));
	t->task.tgid = (u32)strtoul(field(status, "\nTgid:\t"), NULL, 10);
	t->task.uid = (u32)strtoul(field(status, "\nUid:\t"), NULL, 10);
	t->task.gid = (u32)strtoul(field(status, "\nGid:\t"), NULL, 10);
}

bool tracee_renames(u64 nr)
{
	switch (nr) {
	case SYS_prctl:
	case SYS_setuid:
	case SYS_setgid:
	case SYS_setreuid:
	case SYS_setregid:
	case SYS_setresuid:
	case SYS_setresgid: return true;
	default: return false;
	}
}

struct tracee *tracee_find(struct tracer *t, pid_t tid)
{
	struct tracee *p = t->last;

	if (p && p->task.pid == (u32)tid)
		return p;
	for (p = t->buckets[(u32)tid % TRACER_BUCKETS]; p; p = p->next) {
		if (p->task.pid == (u32)tid) {
			t->last = p;
			return p;
		}
	}
	return NULL;
}

struct tracee *tracee_add(struct tracer *t, pid_t tid)
{
	struct tracee *p = mem_alloc(1, sizeof(*p));
	struct local_owner self;

	if (!p)
		return NULL;
	p->task.pid = (u32)tid;
	p->task.tgid = (u32)tid;
	p->task.read = read_memory;
	p->task.signal = send_signal;
	p->task.where = where;
	p->first = true;
	tracee_refresh(p);
	if (!task_storage_owner((u32)tid, &self))
		p->task.since = self.since;
	p->next = t->buckets[(u32)tid % TRACER_BUCKETS];
	t->buckets[(u32)tid % TRACER_BUCKETS] = p;
	t->ntracees++;
	t->threads++;
	return p;
}

void tracee_remove(struct tracer *t, pid_t tid)
{
	struct tracee **at = &t->buckets[(u32)tid % TRACER_BUCKETS], *p;

	while (*at && (*at)->task.pid != (u32)tid)
		at = &(*at)->next;
	p = *at;
	if (!p)
		return;
	*at = p->next;
	if (t->last == p)
		t->last = NULL;
	t->ntracees--;
	mem_free(p);
}

void tracee_free_all(struct tracer *t)
{
	struct tracee *p;
	int i;

	for (i = 0; i < TRACER_BUCKETS; i++)
		while ((p = t->buckets[i]))
			tracee_remove(t, (pid_t)p->task.pid);
}

int tracer_regs(struct tracee *t, u64 regs[TRACER_REGS])
{
	struct iovec to = {regs, TRACER_REGS * sizeof(regs[0])};

	if (ptrace(PTRACE_GETREGSET, (pid_t)t->task.pid, NT_PRSTATUS, &to) < 0)
		return -errno;
	return 0;
}
