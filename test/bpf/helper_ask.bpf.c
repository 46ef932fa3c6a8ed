/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What helpers and kernel functions answer that ask about types, tasks and where packets
 * come from, the same on the kernel and on the engine: test_helper_kfuncs.c compares `out`.
 * Needs no headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define KSYM	  __attribute__((section(".ksyms")))
#define NULL	  ((void *)0)

struct task_struct;

struct bpf_dynptr {
	u64 inside[2];
};

static u64 (*get_current_task)(void) = (void *)35;
static u64 (*get_netns_cookie)(void *ctx) = (void *)122;
static long (*skb_get_tunnel_key)(void *skb, void *key, u32 size,
				  u64 flags) = (void *)20;
static long (*skb_get_tunnel_opt)(void *skb, void *opt, u32 size) = (void *)29;
static long (*skb_get_xfrm_state)(void *skb, u32 index, void *state, u32 size,
				  u64 flags) = (void *)66;
static u64 (*get_current_cgroup_id)(void) = (void *)80;
static u64 (*get_current_ancestor_cgroup_id)(int level) = (void *)123;
static struct task_struct *(*get_current_task_btf)(void) = (void *)158;
static long (*btf_find_by_name_kind)(const char *name, int size, u32 kind,
				     int flags) = (void *)167;
static long (*copy_from_user_task)(void *to, u32 size, const void *from,
				   struct task_struct *task, u64 flags) = (void *)191;
static long (*dynptr_from_mem)(void *at, u64 size, u64 flags,
			       struct bpf_dynptr *d) = (void *)197;

static long (*tcp_raw_gen_syncookie_ipv4)(void *ip, void *tcp, u32 len) = (void *)204;
static long (*tcp_raw_gen_syncookie_ipv6)(void *ip, void *tcp, u32 len) = (void *)205;
static long (*tcp_raw_check_syncookie_ipv4)(void *ip, void *tcp) = (void *)206;
static long (*tcp_raw_check_syncookie_ipv6)(void *ip, void *tcp) = (void *)207;

extern struct task_struct *bpf_task_acquire(struct task_struct *task) KSYM;
extern void bpf_task_release(struct task_struct *task) KSYM;
extern int bpf_send_signal_task(struct task_struct *task, int sig, u32 type,
				u64 value) KSYM;
extern int bpf_copy_from_user_task_str(void *to, u32 size, const void *from,
				       struct task_struct *task, u64 flags) KSYM;
extern int bpf_copy_from_user_task_dynptr(struct bpf_dynptr *d, u32 off, u32 size,
					  const void *from,
					  struct task_struct *task) KSYM;
extern int bpf_copy_from_user_task_str_dynptr(struct bpf_dynptr *d, u32 off, u32 size,
					      const void *from,
					      struct task_struct *task) KSYM;

/* One variable, so that the test knows where each part is. */
struct {
	u64 out[64];
	/* 4,096 bytes of the task behind which nothing is; at 4,000 a text of 20 bytes. */
	const u8 *user;
	u64 cookie; /* of the network namespace */
	u8 memory[64];
} all;

#define out    all.out
#define memory all.memory

#define USER ((const void *)16)

/* Only whether it is one: they differ from machine to machine. */
static u64 known(long id)
{
	return id > 0 ? 1 : id;
}

SEC("syscall") int types(void *ctx)
{
	char sk_buff[] = "sk_buff", cut[4] = {'i', 'n', 't', '4'}, none[] = "no_such_type";
	char function[] = "vfs_read", number[] = "int";
	u32 n = 0;

	out[n++] = known(btf_find_by_name_kind(sk_buff, sizeof(sk_buff), 4, 0));
	out[n++] = known(btf_find_by_name_kind(function, sizeof(function), 12, 0));
	out[n++] = known(btf_find_by_name_kind(number, sizeof(number), 1, 0));
	out[n++] = btf_find_by_name_kind(sk_buff, sizeof(sk_buff), 12, 0);
	out[n++] = btf_find_by_name_kind(none, sizeof(none), 4, 0);
	out[n++] = btf_find_by_name_kind(sk_buff, sizeof(sk_buff), 4, 1);
	out[n++] = btf_find_by_name_kind(cut, sizeof(cut), 1, 0);
	out[n++] = btf_find_by_name_kind(sk_buff, 1, 4, 0);
	out[n++] = btf_find_by_name_kind(sk_buff, sizeof(sk_buff), 0, 0);
	out[n++] = btf_find_by_name_kind(sk_buff, sizeof(sk_buff), 100, 0);
	out[n++] = known(btf_find_by_name_kind(sk_buff, sizeof(sk_buff), 0x104, 0));
	return 0;
}

SEC("syscall") int current(void *ctx)
{
	struct task_struct *task = get_current_task_btf(), *held;
	const u8 *text = all.user + 4000;
	u32 n = 0;

	out[n++] = get_current_task() == (u64)task;
	held = bpf_task_acquire(task);
	out[n++] = held == task;
	if (held)
		bpf_task_release(held);
	out[n++] = copy_from_user_task(memory, 8, text, task, 0);
	out[n++] = *(u64 *)memory;
	out[n++] = copy_from_user_task(memory, 8, text, task, 1);
	out[n++] = copy_from_user_task(memory, 0, USER, task, 0);
	out[n++] = copy_from_user_task(memory, 8, USER, task, 0);
	out[n++] = *(u64 *)memory;
	return 0;
}

SEC("syscall") int cgroups(void *ctx)
{
	u64 own = get_current_cgroup_id();

	out[0] = !own || get_current_ancestor_cgroup_id(0) == own ||
		 get_current_ancestor_cgroup_id(1) == own ||
		 get_current_ancestor_cgroup_id(2) == own ||
		 get_current_ancestor_cgroup_id(3) == own ||
		 get_current_ancestor_cgroup_id(4) == own;
	out[1] = !get_current_ancestor_cgroup_id(0) == !own;
	out[2] = get_current_ancestor_cgroup_id(-1);
	out[3] = get_current_ancestor_cgroup_id(1000);
	return 0;
}

SEC("syscall") int task_strings(void *ctx)
{
	struct task_struct *task = get_current_task_btf();
	const u8 *text = all.user + 4000;
	struct bpf_dynptr d;
	u32 n = 0;

	dynptr_from_mem(memory, 64, 0, &d);
	out[n++] = bpf_send_signal_task(task, 0, 2, 0);
	out[n++] = bpf_copy_from_user_task_str(memory, 64, text, task, 0);
	out[n++] = *(u64 *)memory;
	out[n++] = bpf_copy_from_user_task_str(memory, 8, text, task, 0);
	out[n++] = *(u64 *)memory;
	out[n++] = bpf_copy_from_user_task_str(memory, 8, text, task, 2);
	out[n++] = bpf_copy_from_user_task_str(memory, 0, USER, task, 0);
	out[n++] = bpf_copy_from_user_task_str(memory, 8, USER, task, 1);
	out[n++] = *(u64 *)memory;
	out[n++] = bpf_copy_from_user_task_dynptr(&d, 8, 8, text, task);
	out[n++] = *(u64 *)(memory + 8);
	out[n++] = bpf_copy_from_user_task_dynptr(&d, 60, 8, text, task);
	out[n++] = bpf_copy_from_user_task_dynptr(&d, 8, 8, USER, task);
	out[n++] = bpf_copy_from_user_task_str_dynptr(&d, 16, 6, text, task);
	out[n++] = *(u64 *)(memory + 16) & 0xffffffffffff;
	out[n++] = bpf_copy_from_user_task_str_dynptr(&d, 16, 48, text, task);
	out[n++] = bpf_copy_from_user_task_str_dynptr(&d, 16, 48, USER, task);
	return 0;
}

SEC("tc") int origin(void *skb)
{
	u32 n = 0;

	for (u32 i = 0; i < 64; i++)
		memory[i] = 0xee;
	out[n++] = skb_get_tunnel_key(skb, memory, 16, 0);
	out[n++] = memory[15];
	out[n++] = memory[16];
	out[n++] = skb_get_tunnel_opt(skb, memory + 16, 8);
	out[n++] = memory[23];
	out[n++] = skb_get_xfrm_state(skb, 0, memory + 24, 28, 0);
	out[n++] = memory[51];
	return 0;
}

SEC("cgroup_skb/ingress") int netns(void *skb)
{
	out[0] = get_netns_cookie(skb) == all.cookie;
	out[1] = get_netns_cookie(NULL) != 0;
	return 0;
}

/* ---- SYN cookies ---- */

/* A SYN and its options. */
struct tcp {
	unsigned short source, dest;
	u32 seq, ack;
	u8 doff, flags, rest[6];
	u8 options[8];
};

static u32 turned(u32 x)
{
	return __builtin_bswap32(x);
}

/* What comes back from who got the cookie. */
static void answer(struct tcp *tcp, long cookie)
{
	tcp->seq = turned(turned(tcp->seq) + 1);
	tcp->ack = turned((u32)cookie + 1);
}

SEC("xdp") int cookies(void *ctx)
{
	struct tcp tcp = {.source = 1, .dest = 2, .seq = 77, .doff = 0x50};
	u8 ip[40] = {0x45, [12] = 10, 0, 0, 1, 10, 0, 0, 2};
	long cookie, other;
	u32 n = 0;

	cookie = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 20);
	out[n++] = cookie >> 32;
	out[n++] = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 24);
	out[n++] = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 19);
	other = tcp_raw_gen_syncookie_ipv6(ip, &tcp, 20);
	out[n++] = other >> 32;
	answer(&tcp, cookie);
	out[n++] = tcp_raw_check_syncookie_ipv4(ip, &tcp);
	out[n++] = tcp_raw_check_syncookie_ipv6(ip, &tcp);
	ip[15]++;
	out[n++] = tcp_raw_check_syncookie_ipv4(ip, &tcp);
	ip[15]--;
	tcp.source++;
	out[n++] = tcp_raw_check_syncookie_ipv4(ip, &tcp);
	tcp.source--;
	tcp.ack = turned((u32)other + 1);
	out[n++] = tcp_raw_check_syncookie_ipv6(ip, &tcp);
	ip[39]++;
	out[n++] = tcp_raw_check_syncookie_ipv6(ip, &tcp);
	return 0;
}

/* Sizes that are asked for: 1,400, none, a part, 0 and 9,000. */
SEC("xdp") int cookie_sizes(void *ctx)
{
	struct tcp tcp = {.doff = 0x70, .options = {1, 2, 4, 1400 >> 8, 1400 & 255, 0, 2, 4}};
	u8 ip[40] = {0};
	u32 n = 0;

	out[n++] = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 28) >> 32;
	out[n++] = tcp_raw_gen_syncookie_ipv6(ip, &tcp, 28) >> 32;
	tcp.options[0] = 0;
	out[n++] = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 28) >> 32;
	tcp.options[0] = 8;
	tcp.options[1] = 9;
	out[n++] = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 28) >> 32;
	tcp.options[1] = 1;
	out[n++] = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 28) >> 32;
	tcp.options[0] = 2;
	tcp.options[1] = 4;
	tcp.options[2] = tcp.options[3] = 0;
	out[n++] = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 28) >> 32;
	tcp.options[2] = 9000 >> 8;
	tcp.options[3] = 9000 & 255;
	out[n++] = tcp_raw_gen_syncookie_ipv4(ip, &tcp, 28) >> 32;
	out[n++] = tcp_raw_gen_syncookie_ipv6(ip, &tcp, 28) >> 32;
	out[n++] = tcp_raw_gen_syncookie_ipv6(ip, &tcp, 24);
	return 0;
}

char _license[] SEC("license") = "GPL";
