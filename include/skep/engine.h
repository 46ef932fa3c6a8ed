/* skep/engine.h - the engine: bpf(2) in user space
 *
 * An engine keeps maps, programs, BTF, links and perf events and runs programs on
 * events. skep_engine_sys() is its bpf(2); the rest of this header is what user space
 * needs that a kernel does by itself: where objects are kept, who runs a program, on
 * which event.
 *
 * A private engine keeps its objects in anonymous memory. A shared engine keeps them as
 * files in a directory that its user owns, so that other processes find them by id and
 * by pin. After fork(2) both processes have the objects that existed, shared; what one
 * of them makes later in a private engine is its own. Threads may share an engine; a
 * child that was forked while another thread was inside a call of it opens an engine
 * anew.
 *
 * An object lives as long as a descriptor of it is open in any process (dup(2), fork(2)
 * and SCM_RIGHTS included), or a mapping of it, a pin, or an object that refers to it.
 */
#ifndef SKEP_ENGINE_H
#define SKEP_ENGINE_H

#include <signal.h>
#include <stdbool.h>
#include <skep/api.h>
#include <skep/log.h>
#include <skep/sys.h>

struct skep_engine;

struct skep_engine_opts {
	size_t size;	 /* sizeof(struct skep_engine_opts) */
	bool shared;	 /* false: private */
	const char *dir; /* of a shared engine; NULL: skep_engine_dir() */
	uint32_t slots;	 /* CPU slots of a new engine, 1 to 1024; 0: the machine's
			    possible CPUs, which is what libbpf programs expect */
	uint64_t budget; /* most instructions that one run may take; 0: 2^27. Native code
			    is not counted: it runs what the verifier found to end */
	struct skep_log *log; /* what went wrong while opening; may be NULL */
	bool unverified;      /* BPF_PROG_LOAD does not verify: for tests */
	bool unprivileged; /* limits and errnos are those of a user without capabilities
			      where kernel.unprivileged_bpf_disabled is 0 */
	bool native;	   /* programs become native code; also with SKEP_NATIVE in the
			      environment. New: what cannot be compiled is interpreted */
};

/* Opens an engine; opts may be NULL (private, all defaults). 0 or -errno: -EACCES when
 * the directory is not the user's own or not of mode 0700, -EPROTO when it holds another
 * layout version. */
SKEP_API int skep_engine_open(const struct skep_engine_opts *opts,
			      struct skep_engine **out);

/* Lets go of what this process holds through the engine itself; descriptors that the
 * caller still has keep their objects. */
SKEP_API void skep_engine_close(struct skep_engine *engine);

/* Where the user's shared engine lives: $SKEP_DIR, else $XDG_RUNTIME_DIR/skep, else
 * /dev/shm/skep-UID. Returns the length, as snprintf does. */
SKEP_API int skep_engine_dir(char *buf, size_t size);

/* The engine's side of the seam. Lives as long as the engine. */
SKEP_API struct skep_sys *skep_engine_sys(struct skep_engine *engine);

/* The task that an event happens to: what bpf_get_current_*() and the probe reads see.
 * The caller fills it in; it lives as long as the run. */
struct skep_task {
	uint32_t pid;  /* the thread; the kernel's meaning of the word */
	uint32_t tgid; /* the process */
	uint32_t uid, gid;
	uint64_t cgroup; /* id; 0: not known */
	char comm[16];
	/* Copies `len` bytes of the task's memory at `addr`; 0, or -EFAULT and an
	 * undefined part of dst written. NULL: the task has no readable memory. */
	int (*read)(struct skep_task *task, uint64_t addr, void *dst, uint32_t len);
	/* Sends a signal (0 to 64) to the process, or to the thread alone; 0 or -errno.
	 * NULL: programs may send the task none. */
	int (*signal)(struct skep_task *task, int sig, bool thread);
	void *arg; /* for read and signal */
	/* Where it is in user space: the address of its instruction, and its frame
	 * pointer, by which its stack is walked. 0, or -errno: there is none. NULL: the
	 * task has no stack that one can see. */
	int (*where)(struct skep_task *task, uint64_t *ip, uint64_t *fp);
	/* When the thread began, proc(5)'s starttime: pid and this name it for ever. 0:
	 * not known, /proc is read where it is asked for. */
	uint64_t since;
};

/* What a run sees of the world beside its context. */
struct skep_world {
	struct skep_task *task;	       /* NULL: the calling thread */
	uint64_t (*clock)(void *arg);  /* ns, bpf_ktime_get_ns; NULL: CLOCK_MONOTONIC */
	uint32_t (*random)(void *arg); /* bpf_get_prandom_u32; NULL: the engine's own */
	/* A line of bpf_trace_printk and bpf_trace_vprintk, `len` bytes and a 0 behind
	 * them, newline as the program gave it; NULL: thrown away. Must be safe where
	 * the run is. */
	void (*print)(void *arg, const char *line, size_t len);
	void *arg; /* of clock, random and print */
};

/* Memory beside its context that a program may touch (write false) or only read with
 * the probe helpers (probe true), such as the struct pt_regs that a raw_tp points to. */
struct skep_region {
	void *at;
	uint32_t len;
	bool write, probe;
	/* Fills the memory in when a program first looks at it, perhaps again; 0, or
	 * -errno: there is none. NULL: it is filled in. */
	int (*fill)(const struct skep_region *region);
	void *arg; /* for fill */
};

/* A packet. [head, end) is the caller's memory, changed in place; data lies within. What
 * is 0 or NULL is taken from the rest. A run leaves data, tail and meta as the program
 * moved them. */
struct skep_packet {
	uint8_t *head, *data, *tail,
		*end;	   /* room before data, and between tail and end */
	uint8_t *meta;	   /* XDP's metadata is [meta, data); NULL: none */
	uint8_t *mac;	   /* the Ethernet header; NULL: data */
	uint32_t wire_len; /* before the capture cut it; 0: all is there */
	uint32_t ifindex, rx_queue;
	uint16_t protocol;    /* ethertype in network order; 0: read it from
				 the Ethernet header */
	uint64_t tstamp;      /* ns */
	struct skep_sock *sk; /* whose packet it is; NULL: not known */
	/* The sum of the 16-bit words from the network header on, as devices tell it
	 * (CHECKSUM_COMPLETE): kept up to date by helpers, as far as they are told to. */
	uint32_t csum;
	bool has_csum;
	/* What follows [data, tail) of a large packet, as XDP's fragments: programs reach
	 * it through helpers, which may take bytes from its begin, for the other part,
	 * and from its end, and give back there as many as its last page has. The pages,
	 * of 4,096 bytes, are counted backwards from the end of its room. */
	uint8_t *rest;
	uint32_t rest_len, rest_room;
};

struct skep_event {
	void *ctx; /* in the kernel's layout for the program type,
		      or NULL where `packet` says it all */
	uint32_t ctx_len;
	struct skep_packet *packet;	   /* packet program types */
	const struct skep_region *regions; /* at most 4 */
	uint32_t nregions;
	uint64_t cookie;		/* bpf_get_attach_cookie */
	const struct skep_world *world; /* NULL: all defaults */
};

/* A program, held for running: it and its maps stay in this process, also when the last
 * descriptor is closed and others no longer find it by its id. */
struct skep_prog;

/* `fd` is a program's. -EBADF, -EINVAL (no program). Back before skep_engine_close. */
SKEP_API int skep_prog_get(struct skep_engine *engine, int fd, struct skep_prog **out);
SKEP_API void skep_prog_put(struct skep_prog *prog);

struct skep_cpu; /* a CPU slot: two runs do not share a per-CPU value at a time */

/* Takes a free slot for a batch of runs by this thread, waiting for one if need be; dead
 * processes' slots are taken back. NULL: the thread holds one already, which the engine
 * counts as recursion. skep_leave gives it back. */
SKEP_API struct skep_cpu *skep_enter(struct skep_engine *engine);
SKEP_API void skep_leave(struct skep_cpu *cpu);

/* Runs a program once. Returns 0 and r0 in *ret, or -EFAULT when the program did what it
 * must not, with a sentence in `log`; -ELOOP when its instruction budget ran out; -EBUSY
 * when the slot runs a program already. May be called in a signal handler. */
SKEP_API int skep_run(struct skep_cpu *cpu, struct skep_prog *prog,
		      const struct skep_event *event, uint64_t *ret,
		      struct skep_log *log);

/* Runs a program on `n` events in turn, cheaper than n calls of skep_run(). rets[]: r0 of
 * each, 0 where it failed. Returns 0, or the first failure's error, after all have run.
 */
SKEP_API int skep_run_batch(struct skep_cpu *cpu, struct skep_prog *prog,
			    const struct skep_event *events, uint32_t n, uint64_t *rets,
			    struct skep_log *log);

/* What a trace did. */
struct skep_trace_stats {
	uint64_t events;  /* entries and exits of calls that some program listens to */
	uint64_t runs;	  /* of programs */
	uint64_t faults;  /* runs that failed; the log has the first of each program */
	uint64_t missed;  /* events without runs: this thread held a CPU slot already */
	uint64_t threads; /* followed */
	uint64_t foreign; /* 32-bit programs, whose calls are not seen */
};

struct skep_trace_opts {
	size_t size; /* sizeof(struct skep_trace_opts) */
	/* How often the user asked to stop, counted up by a signal handler without
	 * SA_RESTART, which should repeat itself (setitimer): a signal just before a wait
	 * does not end it. NULL: never. A process that was attached to is let go. A
	 * command, which the terminal's Ctrl-C reaches by itself, is waited for at 1,
	 * gets SIGTERM at 2 and SIGKILL at 3, with all that it started. */
	const volatile sig_atomic_t *stop;
	/* Lines of bpf_trace_printk, see struct skep_world; may be NULL. */
	void (*print)(void *arg, const char *line, size_t len);
	void *arg;			/* of print */
	struct skep_trace_stats *stats; /* filled in at the end; may be NULL */
	struct skep_log *log;
};

/* Runs a command, searched in PATH, until it and all that it started have ended, and runs
 * the programs that are attached to the tracepoints of its system calls. Works without
 * root, through ptrace(2), so it costs what strace costs. A link that is made or ended
 * meanwhile counts at the next event, 100 ms later at the latest. *status is the
 * command's wait status. The calling thread must have no other children. `opts` may be
 * NULL. 0, or -errno and a sentence: -ENOENT, -EACCES, ... of the command, -EPERM where
 * ptrace is forbidden. */
SKEP_API int skep_trace_command(struct skep_engine *engine, char *const argv[],
				const struct skep_trace_opts *opts, int *status);

/* The same for a process that runs, with all its threads, until it has ended or *stop.
 * -ESRCH, -EPERM. */
SKEP_API int skep_trace_process(struct skep_engine *engine, pid_t pid,
				const struct skep_trace_opts *opts);

/* ---- packets ---- */

/* A file of captured packets, read through libpcap (package libpcap0.8). */
struct skep_capture;

/* A packet of it, with an Ethernet header: where the capture has another link layer that
 * is known, the header is made up (addresses 0 if not known). */
struct skep_frame {
	const uint8_t *data; /* `caplen` bytes, until the next call */
	uint32_t caplen;     /* bytes captured */
	uint32_t len;	     /* bytes that were on the wire; at least caplen */
	uint64_t ns;	     /* since 1970 */
	bool made_up;	     /* the Ethernet header */
};

/* `path`: "-" is standard input. 0, or -errno and a sentence: -ENOENT and the like,
 * -ENOSYS without libpcap, -EINVAL for what is no capture, -EPROTONOSUPPORT for a link
 * layer that is neither Ethernet nor known how to be made so. */
SKEP_API int skep_capture_open(const char *path, struct skep_log *log,
			       struct skep_capture **out);

/* The next packet. 1; 0 at the end; -EINVAL and a sentence where the file is damaged,
 * after which there are no more. Packets without a network protocol are skipped and
 * counted. */
SKEP_API int skep_capture_next(struct skep_capture *capture, struct skep_frame *out);
SKEP_API uint64_t skep_capture_skipped(const struct skep_capture *capture);
SKEP_API void skep_capture_close(struct skep_capture *capture);

/* What became of packets. */
struct skep_feed_stats {
	uint64_t packets, bytes;
	uint64_t runs;	 /* of programs */
	uint64_t faults; /* runs that failed; the log has the first of each program */
	uint64_t xdp[5]; /* packets by XDP's verdict, XDP_ABORTED to XDP_REDIRECT; what is
			    none counts as XDP_ABORTED */
	uint64_t passed; /* by all programs, or without any */
};

struct skep_feed_opts {
	size_t size;			   /* sizeof(struct skep_feed_opts) */
	const volatile sig_atomic_t *stop; /* not 0: stop; may be NULL */
	void (*print)(void *arg, const char *line, size_t len); /* see skep_trace_opts */
	void *arg;						/* of print */
	struct skep_feed_stats *stats; /* added to; may be NULL */
	struct skep_log *log;
};

/* Feeds the rest of a capture to the engine's port, ifindex 1: each packet goes through
 * the XDP program that is attached there, then, if that lets it pass, through those of
 * traffic control's ingress. A program's clock is the capture's. `opts` may be NULL. 0,
 * or -errno: as skep_capture_next. */
SKEP_API int skep_feed(struct skep_engine *engine, struct skep_capture *capture,
		       const struct skep_feed_opts *opts);

#endif
