#include "doctor.h"
#include "mem.h"
#include "os.h"
#include <skep/sys.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int sys_bpf(enum skep_cmd cmd, union skep_attr *attr)
{
	struct skep_sys *sys = skep_sys_kernel();

	return sys->bpf(sys, cmd, attr, sizeof(*attr));
}

static int map_new(u32 value_size, u32 max_entries)
{
	union skep_attr attr = {
		.map_type = SKEP_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = value_size,
		.max_entries = max_entries,
	};

	return sys_bpf(SKEP_MAP_CREATE, &attr);
}

static u64 map_count(int fd)
{
	u32 key = 0;
	u64 value = 0;
	union skep_attr attr = {.map_fd = fd, .key = u64_of(&key)};

	attr.value = u64_of(&value);
	return sys_bpf(SKEP_MAP_LOOKUP_ELEM, &attr) ? 0 : value;
}

static int prog_load(u32 type, const struct skep_insn *insns, u32 n)
{
	union skep_attr attr = {
		.prog_type = type,
		.insn_cnt = n,
		.insns = u64_of(insns),
		.license = u64_of("GPL"),
	};

	return sys_bpf(SKEP_PROG_LOAD, &attr);
}

/* A program that adds 1 to the first value of an array map and returns `result`. */
static int prog_counting(u32 type, int map_fd, int result)
{
	const struct skep_insn insns[] = {
		{SKEP_LD | SKEP_IMM | SKEP_DW, 1, SKEP_PSEUDO_MAP_VALUE, 0, map_fd},
		{0},
		{SKEP_ALU64 | SKEP_MOV | SKEP_K, 2, 0, 0, 1},
		{SKEP_STX | SKEP_ATOMIC | SKEP_DW, 1, 2, 0, SKEP_ADD},
		{SKEP_ALU64 | SKEP_MOV | SKEP_K, 0, 0, 0, result},
		{SKEP_JMP | SKEP_EXIT, 0, 0, 0, 0},
	};

	return prog_load(type, insns, ARRAY_SIZE(insns));
}

static int link_new(int prog_fd, int target_fd, u32 attach_type, u32 flags)
{
	union skep_attr attr = {.link_create = {
					.prog_fd = prog_fd,
					.target_fd = target_fd,
					.attach_type = attach_type,
					.flags = flags,
				}};

	return sys_bpf(SKEP_LINK_CREATE, &attr);
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* ---- why it was refused ---- */

static bool has_cap(int bit)
{
	u64 caps = status_number("CapEff", 16);

	return caps >> bit & 1 || (bit != CAP_NET_ADMIN && caps >> CAP_SYS_ADMIN & 1);
}

static bool in_user_namespace(void)
{
	char link[64] = "";

	/* The first user namespace has this inode: PROC_USER_INIT_INO,
	 * include/linux/proc_ns.h. */
	return readlink("/proc/self/ns/user", link, sizeof(link) - 1) > 0 &&
	       strcmp(link, "user:[4026531837]");
}

static void advise_on_eperm(struct finding *f, int cap, const char *cap_name)
{
	if (!has_cap(cap))
		advise(f, "be root, or once: setcap %s+ep on the skep binary", cap_name);
	else if (status_number("Seccomp", 10) == 2)
		advise(f,
		       "a seccomp filter is on: start the container with a profile that "
		       "allows bpf(2) and perf_event_open(2), such as seccomp=unconfined");
	else if (in_user_namespace())
		advise(f,
		       "this root is one of a user namespace: run outside of it, or have a "
		       "BPF token delegated (Linux 6.9)");
	else
		advise(f, "a security module refuses: see /sys/kernel/security/lockdown, "
			  "/sys/kernel/security/lsm and the kernel's log");
}

/* `what` could not be done, with -errno. */
static void refused(struct finding *f, const char *what, int err, int cap,
		    const char *cap_name)
{
	found(f, verdict_no, "%s: %s", what, strerror(-err));
	if (err == -EPERM || err == -EACCES)
		advise_on_eperm(f, cap, cap_name);
	else if (err == -ENOSYS)
		advise(f,
		       "a kernel with CONFIG_BPF_SYSCALL, or a container that passes bpf(2) on");
}

/* ---- bpf(2) itself ---- */

void check_kernel_bpf(struct finding *f)
{
	int fds[2] = {map_new(8, 1), -1};

	if (fds[0] >= 0)
		fds[1] = prog_counting(SKEP_PROG_TYPE_SOCKET_FILTER, fds[0], 0);
	if (fds[0] < 0)
		refused(f, "no map can be made", fds[0], CAP_BPF, "cap_bpf,cap_perfmon");
	else if (fds[1] < 0)
		refused(f, "no program can be loaded", fds[1], CAP_BPF,
			"cap_bpf,cap_perfmon");
	else
		found(f, verdict_yes, "a map was made, a program was checked and loaded");
	close_all(fds, 2);
}

/* Without capabilities, in a child: does MAP_CREATE work? */
static int without_caps(void *arg)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	int err = syscall(SYS_capset, &head, none) ? -errno : map_new(8, 1);

	return err < 0 ? -err : 0;
}

void check_kernel_unprivileged(struct finding *f)
{
	long off = file_number("/proc/sys/kernel/unprivileged_bpf_disabled", -1);
	int err = in_child(without_caps, NULL);

	if (!err) {
		found(f, verdict_partly,
		      "a user without capabilities may load socket filters "
		      "and cgroup programs, and nothing else");
		return;
	}
	found(f, verdict_no, "a user without capabilities may not (%s)", strerror(err));
	if (off >= 0)
		advise(f,
		       "kernel.unprivileged_bpf_disabled is %ld%s; Linux's own advice is to "
		       "leave it and to use skep's engine",
		       off, off == 1 ? " until the next boot" : "");
}

/* Before 5.11 maps counted against RLIMIT_MEMLOCK, 64 KiB for most users. */
void check_kernel_memlock(struct finding *f)
{
	int fds[2] = {map_new(1 << 16, 128), map_new(8, 1)};

	if (fds[0] >= 0) {
		found(f, verdict_yes, "a map of 8 MiB was made");
	} else if (fds[1] >= 0) {
		found(f, verdict_partly, "a small map, but none of 8 MiB: %s",
		      strerror(-fds[0]));
		advise(f,
		       "ulimit -l unlimited (this kernel counts maps as locked memory)");
	} else {
		refused(f, "no map can be made", fds[0], CAP_BPF, "cap_bpf");
	}
	close_all(fds, 2);
}

static void lockdown_mode(char *mode, size_t size)
{
	void *data;
	size_t len;
	char *open;

	snprintf(mode, size, "unknown");
	if (os_read_file("/sys/kernel/security/lockdown", 4096, &data, &len))
		return;
	open = strchr(data, '[');
	if (open)
		snprintf(mode, size, "%.*s", (int)strcspn(open + 1, "]"), open + 1);
	mem_free(data);
}

void check_kernel_lockdown(struct finding *f)
{
	const struct skep_insn insns[] = {
		{SKEP_ALU64 | SKEP_MOV | SKEP_X, 1, 10, 0, 0},
		{SKEP_ALU64 | SKEP_ADD | SKEP_K, 1, 0, 0, -8},
		{SKEP_ALU64 | SKEP_MOV | SKEP_K, 2, 0, 0, 8},
		{SKEP_ALU64 | SKEP_MOV | SKEP_K, 3, 0, 0, 0},
		{SKEP_JMP | SKEP_CALL, 0, 0, 0, SKEP_FUNC_probe_read_kernel},
		{SKEP_ALU64 | SKEP_MOV | SKEP_K, 0, 0, 0, 0},
		{SKEP_JMP | SKEP_EXIT, 0, 0, 0, 0},
	};
	int fd = prog_load(SKEP_PROG_TYPE_TRACEPOINT, insns, ARRAY_SIZE(insns));
	char mode[32];

	lockdown_mode(mode, sizeof(mode));
	if (fd >= 0 && !strcmp(mode, "integrity")) {
		found(f, verdict_partly,
		      "reading is allowed; lockdown (integrity) refuses "
		      "bpf_probe_write_user and more");
		advise(f, "boot with lockdown=none, if Secure Boot does not insist");
	} else if (fd >= 0) {
		found(f, verdict_yes, "a program that reads it was loaded (lockdown: %s)",
		      mode);
	} else {
		refused(f, "a program that reads it is refused", fd, CAP_PERFMON,
			"cap_bpf,cap_perfmon");
		if (!strcmp(mode, "confidentiality"))
			advise(f,
			       "lockdown is 'confidentiality': boot with lockdown=integrity");
	}
	close_all(&fd, 1);
}

void check_kernel_btf(struct finding *f)
{
	const char *path = "/sys/kernel/btf/vmlinux";
	struct skep_btf_header h = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : os_read_full(fd, &h, sizeof(h));

	if (err) {
		found(f, verdict_no, "%s: %s", path, strerror(-err));
		advise(f,
		       "a kernel with CONFIG_DEBUG_INFO_BTF; only programs with CO-RE need it");
	} else if (h.magic != SKEP_BTF_MAGIC) {
		found(f, verdict_no, "%s does not begin like BTF", path);
	} else {
		found(f, verdict_yes, "%s, %u KiB of types", path, h.type_len >> 10);
	}
	close_all(&fd, 1);
}

void check_kernel_bpffs(struct finding *f)
{
	char path[64];
	int fd = map_new(8, 1), err;
	union skep_attr attr = {.bpf_fd = fd};

	snprintf(path, sizeof(path), "/sys/fs/bpf/skep-doctor-%d", getpid());
	attr.pathname = u64_of(path);
	err = fd < 0 ? fd : sys_bpf(SKEP_OBJ_PIN, &attr);
	if (!err) {
		found(f, verdict_yes, "a map was pinned in /sys/fs/bpf and removed");
		unlink(path);
	} else if (fd < 0) {
		refused(f, "no map can be made to pin", fd, CAP_BPF, "cap_bpf");
	} else {
		refused(f, "no map can be pinned in /sys/fs/bpf", err, CAP_BPF,
			"cap_bpf");
		advise(f, "mount -t bpf bpf /sys/fs/bpf, and write access to it");
	}
	close_all(&fd, 1);
}

/* ---- events ---- */

/* The id of the tracepoint, or -errno. */
static int tracepoint_id(const char *event)
{
	static const char *const roots[] = {"/sys/kernel/tracing",
					    "/sys/kernel/debug/tracing"};
	int err = -ENOENT;
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		long id;

		snprintf(path, sizeof(path), "%s/events/%s/id", roots[i], event);
		id = file_number(path, -1);
		if (id >= 0)
			return (int)id;
		if (access(path, R_OK) && errno != ENOENT)
			err = -errno;
	}
	return err;
}

void check_kernel_tracefs(struct finding *f)
{
	int id = tracepoint_id("sched/sched_switch");

	if (id >= 0)
		found(f, verdict_yes, "the id of sched:sched_switch was read (%d)", id);
	else
		found(f, verdict_no, "the id of sched:sched_switch: %s", strerror(-id));
	if (id == -EACCES)
		advise(f,
		       "be root, or as root: mount -o remount,mode=755 /sys/kernel/tracing");
	else if (id < 0)
		advise(f, "mount -t tracefs tracefs /sys/kernel/tracing");
}

/* Did the program see the `n` events that were made? */
static void counted(struct finding *f, u64 count, u64 n, const char *what)
{
	if (count >= n)
		found(f, verdict_yes, "%s", what);
	else
		found(f, verdict_no, "attached, but of %llu events %llu arrived",
		      (unsigned long long)n, (unsigned long long)count);
}

static void make_syscalls(int n)
{
	while (n--)
		syscall(SYS_getppid);
}

static int perf_open(u32 type, u64 config, u64 freq)
{
	struct skep_sys *sys = skep_sys_kernel();
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof(attr),
		.config = config,
		.sample_freq = freq,
		.freq = !!freq,
	};

	return sys->perf_event_open(sys, &attr, 0, -1, -1, 0);
}

void check_kernel_tracepoint(struct finding *f)
{
	int id = tracepoint_id("syscalls/sys_enter_getppid");
	int fds[4] = {-1, -1, -1, -1};

	if (id < 0) {
		found(f, verdict_no, "the id of syscalls:sys_enter_getppid: %s",
		      strerror(-id));
		advise(f, "see tracefs above; a kernel with CONFIG_FTRACE_SYSCALLS");
		return;
	}
	fds[0] = map_new(8, 1);
	fds[1] = prog_counting(SKEP_PROG_TYPE_TRACEPOINT, fds[0], 0);
	fds[2] = perf_open(PERF_TYPE_TRACEPOINT, id, 0);
	if (fds[1] < 0)
		refused(f, "no program can be loaded", fds[1], CAP_PERFMON,
			"cap_bpf,cap_perfmon");
	else if (fds[2] < 0)
		refused(f, "no event can be opened", fds[2], CAP_PERFMON, "cap_perfmon");
	else
		fds[3] = link_new(fds[1], fds[2], SKEP_PERF_EVENT, 0);
	if (fds[3] >= 0) {
		make_syscalls(10);
		counted(f, map_count(fds[0]), 10,
			"10 calls of getppid were counted by a link");
	} else if (fds[1] >= 0 && fds[2] >= 0) {
		refused(f, "no link can be made", fds[3], CAP_PERFMON, "cap_perfmon");
		advise(f, "Linux 5.15 has links for tracepoints");
	}
	close_all(fds, 4);
}

void check_kernel_raw_tracepoint(struct finding *f)
{
	int fds[3] = {map_new(8, 1), -1, -1};
	union skep_attr attr = {.raw_tracepoint = {.name = u64_of("sys_enter")}};

	fds[1] = prog_counting(SKEP_PROG_TYPE_RAW_TRACEPOINT, fds[0], 0);
	attr.raw_tracepoint.prog_fd = (u32)fds[1];
	if (fds[1] >= 0)
		fds[2] = sys_bpf(SKEP_RAW_TRACEPOINT_OPEN, &attr);
	if (fds[1] < 0)
		refused(f, "no program can be loaded", fds[1], CAP_PERFMON,
			"cap_bpf,cap_perfmon");
	else if (fds[2] < 0)
		refused(f, "sys_enter cannot be opened", fds[2], CAP_PERFMON,
			"cap_perfmon");
	if (fds[2] >= 0) {
		make_syscalls(10);
		counted(f, map_count(fds[0]), 10,
			"10 system calls were counted by sys_enter");
	}
	close_all(fds, 3);
}

/* Burns 20 ms of this CPU, for a sampling event to fire in. */
static void burn(void)
{
	u64 until = os_clock_ns() + 20000000;

	while (os_clock_ns() < until)
		;
}

void check_kernel_perf_event(struct finding *f)
{
	int fds[4] = {map_new(8, 1), -1, -1, -1};

	fds[1] = prog_counting(SKEP_PROG_TYPE_PERF_EVENT, fds[0], 0);
	fds[2] = perf_open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, 1000);
	if (fds[2] < 0) {
		refused(f, "no event can be opened", fds[2], CAP_PERFMON, "cap_perfmon");
		advise(f, "cap_perfmon, or kernel.perf_event_paranoid below its %ld",
		       file_number("/proc/sys/kernel/perf_event_paranoid", 2));
	} else if (fds[1] < 0) {
		refused(f, "no program can be loaded", fds[1], CAP_PERFMON,
			"cap_bpf,cap_perfmon");
	} else {
		fds[3] = link_new(fds[1], fds[2], SKEP_PERF_EVENT, 0);
	}
	if (fds[3] >= 0) {
		burn();
		counted(f, map_count(fds[0]), 1,
			"samples of cpu-clock reached a program");
	} else if (fds[1] >= 0 && fds[2] >= 0) {
		refused(f, "no link can be made", fds[3], CAP_PERFMON, "cap_perfmon");
	}
	close_all(fds, 4);
}

/* ---- XDP, on the loopback of a network of its own, so that nobody's traffic is touched
 * ---- */

enum xdp_step { xdp_load, xdp_netns, xdp_attach, xdp_packet, xdp_works };

struct xdp_try {
	int step, err; /* where it ended, and why */
};

static void loopback_send(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		return;
	for (int i = 0; i < 10; i++)
		sendto(fd, "skep", 4, 0, (struct sockaddr *)&to, sizeof(to));
	usleep(20000);
}

static struct xdp_try xdp_run(void)
{
	int map = map_new(8, 1), link;
	int prog = prog_counting(SKEP_PROG_TYPE_XDP, map, SKEP_XDP_PASS);

	if (prog < 0)
		return (struct xdp_try){xdp_load, -prog};
	if (unshare(CLONE_NEWNET))
		return (struct xdp_try){xdp_netns, errno};
	/* the loopback is interface 1; XDP_FLAGS_SKB_MODE, <linux/if_link.h> */
	link = link_new(prog, 1, SKEP_XDP, 1u << 1);
	if (link < 0)
		return (struct xdp_try){xdp_attach, -link};
	loopback_send();
	return (struct xdp_try){map_count(map) >= 10 ? xdp_works : xdp_packet, 0};
}

static int xdp_child(void *arg)
{
	struct xdp_try t = xdp_run();
	const int *pipe_fds = arg;

	return os_write_full(pipe_fds[1], &t, sizeof(t)) != 0;
}

void check_kernel_xdp(struct finding *f)
{
	static const char *const steps[] = {
		[xdp_load] = "no program can be loaded",
		[xdp_netns] =
			"loaded, but no network namespace to attach it in could be made",
		[xdp_attach] = "no link can be made",
		[xdp_packet] = "attached, but the packets did not arrive",
	};
	struct xdp_try t = {xdp_load, EIO};
	int fds[2];

	if (!pipe2(fds, O_CLOEXEC)) {
		in_child(xdp_child, fds);
		close(fds[1]);
		os_read_full(fds[0], &t, sizeof(t));
		close(fds[0]);
	}
	if (t.step == xdp_works) {
		found(f, verdict_yes, "10 packets on a loopback were seen by a link");
		return;
	}
	refused(f, steps[t.step], -t.err, CAP_NET_ADMIN, "cap_bpf,cap_net_admin");
	if (t.step == xdp_netns) {
		f->verdict = verdict_partly;
		advise(f,
		       "cap_sys_admin, to try it; attaching itself needs cap_net_admin");
	}
	if (t.step == xdp_attach && t.err == EINVAL)
		advise(f, "Linux 5.9 has links for XDP");
}
