/* skep/abi_ctx.h - what a program is given and what it returns, as Linux 6.18 has it
 *
 * The structs are what a program sees; the kernel rewrites each access to them.
 * Addresses and ports are in network order, except local ports. Included by skep/abi.h.
 */
#ifndef SKEP_ABI_CTX_H
#define SKEP_ABI_CTX_H

#include <stdint.h>

/* clang-format off */

/* socket_filter, sched_cls, sched_act, cgroup_skb, lwt_*, sk_skb, flow_dissector */
struct skep_sk_buff {
	uint32_t len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci;
	uint32_t vlan_proto, priority, ingress_ifindex, ifindex, tc_index, cb[5], hash;
	uint32_t tc_classid, data, data_end, napi_id, family, remote_ip4, local_ip4;
	uint32_t remote_ip6[4], local_ip6[4], remote_port, local_port, data_meta;
	struct skep_flow_keys *flow_keys;
	uint64_t tstamp;
	uint32_t wire_len, gso_segs;
	struct skep_sock *sk;
	uint32_t gso_size;
	uint8_t tstamp_type;
	uint64_t hwtstamp;
};
enum skep_skb_clock {
	SKEP_SKB_TSTAMP_UNSPEC = 0, SKEP_SKB_TSTAMP_DELIVERY_MONO = 1,
	SKEP_SKB_CLOCK_REALTIME = 0, SKEP_SKB_CLOCK_MONOTONIC = 1, SKEP_SKB_CLOCK_TAI = 2,
};
enum skep_ret_code {
	SKEP_OK = 0, SKEP_DROP = 2, SKEP_REDIRECT = 7, SKEP_LWT_REROUTE = 128,
	SKEP_FLOW_DISSECTOR_CONTINUE = 129,
};
enum skep_tcx_action {
	SKEP_TCX_NEXT = -1, SKEP_TCX_PASS = 0, SKEP_TCX_DROP = 2, SKEP_TCX_REDIRECT = 7,
};

/* flow_dissector: sk_buff.flow_keys */
struct skep_flow_keys {
	uint16_t nhoff, thoff, addr_proto;
	uint8_t is_frag, is_first_frag, is_encap, ip_proto;
	uint16_t n_proto, sport, dport;
	union {
		struct {
			uint32_t ipv4_src, ipv4_dst;
		};
		struct {
			uint32_t ipv6_src[4], ipv6_dst[4];
		};
	};
	uint32_t flags, flow_label;
};
enum skep_flow_dissector_flag {
	SKEP_FLOW_DISSECTOR_F_PARSE_1ST_FRAG = 1u << 0,
	SKEP_FLOW_DISSECTOR_F_STOP_AT_FLOW_LABEL = 1u << 1,
	SKEP_FLOW_DISSECTOR_F_STOP_AT_ENCAP = 1u << 2,
};

/* xdp */
struct skep_xdp_md {
	uint32_t data, data_end, data_meta, ingress_ifindex, rx_queue_index;
	uint32_t egress_ifindex;
};
enum skep_xdp_action {
	SKEP_XDP_ABORTED = 0, SKEP_XDP_DROP = 1, SKEP_XDP_PASS = 2, SKEP_XDP_TX = 3,
	SKEP_XDP_REDIRECT = 4,
};
enum { SKEP_XDP_PACKET_HEADROOM = 256 };

/* perf_event; kprobe and uprobe are given the registers alone. The names are those of
 * the architecture's <asm/ptrace.h>. */
#if defined(__x86_64__)
struct skep_pt_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t orig_rax, rip, cs, eflags, rsp, ss;
};
#elif defined(__aarch64__)
struct skep_pt_regs {
	uint64_t regs[31], sp, pc, pstate;
};
#endif
#if defined(__x86_64__) || defined(__aarch64__)
struct skep_perf_event_data {
	struct skep_pt_regs regs;
	uint64_t sample_period, addr;
};
#endif

/* raw_tracepoint and tracing programs: the arguments, as many as there are */
struct skep_raw_tracepoint_args { uint64_t args[0]; };

/* sk_msg, sk_skb, sk_reuseport, sk_lookup: the verdict */
enum skep_sk_action { SKEP_SK_DROP = 0, SKEP_SK_PASS = 1 };

/* sk_msg */
struct skep_sk_msg_md {
	void *data;
	void *data_end;
	uint32_t family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4];
	uint32_t remote_port, local_port, size;
	struct skep_sock *sk;
};

/* sk_reuseport */
struct skep_sk_reuseport_md {
	void *data;
	void *data_end;
	uint32_t len, eth_protocol, ip_protocol, bind_inany, hash;
	struct skep_sock *sk;
	struct skep_sock *migrating_sk;
};

/* sk_lookup */
struct skep_sk_lookup {
	union {
		struct skep_sock *sk;
		uint64_t cookie;
	};
	uint32_t family, protocol, remote_ip4, remote_ip6[4];
	uint16_t remote_port;
	uint32_t local_ip4, local_ip6[4], local_port, ingress_ifindex;
};

/* cgroup_sock */
struct skep_sock {
	uint32_t bound_dev_if, family, type, protocol, mark, priority, src_ip4;
	uint32_t src_ip6[4], src_port;
	uint16_t dst_port;
	uint32_t dst_ip4, dst_ip6[4], state;
	int32_t rx_queue_mapping;
};

/* cgroup_sock_addr */
struct skep_sock_addr {
	uint32_t user_family, user_ip4, user_ip6[4], user_port, family, type, protocol;
	uint32_t msg_src_ip4, msg_src_ip6[4];
	struct skep_sock *sk;
};

/* cgroup_device */
struct skep_cgroup_dev_ctx { uint32_t access_type, major, minor; };
enum skep_devcg_access {
	SKEP_DEVCG_ACC_MKNOD = 1, SKEP_DEVCG_ACC_READ = 2, SKEP_DEVCG_ACC_WRITE = 4,
};
enum skep_devcg_dev { SKEP_DEVCG_DEV_BLOCK = 1, SKEP_DEVCG_DEV_CHAR = 2 };

/* cgroup_sysctl */
struct skep_sysctl { uint32_t write, file_pos; };

/* cgroup_sockopt */
struct skep_sockopt {
	struct skep_sock *sk;
	void *optval;
	void *optval_end;
	int32_t level, optname, optlen, retval;
};

/* sock_ops */
struct skep_sock_ops {
	uint32_t op;
	union {
		uint32_t args[4], reply, replylong[4];
	};
	uint32_t family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4];
	uint32_t remote_port, local_port, is_fullsock, snd_cwnd, srtt_us;
	uint32_t bpf_sock_ops_cb_flags, state, rtt_min, snd_ssthresh, rcv_nxt, snd_nxt;
	uint32_t snd_una, mss_cache, ecn_flags, rate_delivered, rate_interval_us;
	uint32_t packets_out, retrans_out, total_retrans, segs_in, data_segs_in;
	uint32_t segs_out, data_segs_out, lost_out, sacked_out, sk_txhash;
	uint64_t bytes_received, bytes_acked;
	struct skep_sock *sk;
	void *skb_data;
	void *skb_data_end;
	uint32_t skb_len, skb_tcp_flags;
	uint64_t skb_hwtstamp;
};
/* sock_ops.op */
enum skep_sock_op {
	SKEP_SOCK_OPS_VOID = 0, SKEP_SOCK_OPS_TIMEOUT_INIT = 1,
	SKEP_SOCK_OPS_RWND_INIT = 2, SKEP_SOCK_OPS_TCP_CONNECT_CB = 3,
	SKEP_SOCK_OPS_ACTIVE_ESTABLISHED_CB = 4, SKEP_SOCK_OPS_PASSIVE_ESTABLISHED_CB = 5,
	SKEP_SOCK_OPS_NEEDS_ECN = 6, SKEP_SOCK_OPS_BASE_RTT = 7, SKEP_SOCK_OPS_RTO_CB = 8,
	SKEP_SOCK_OPS_RETRANS_CB = 9, SKEP_SOCK_OPS_STATE_CB = 10,
	SKEP_SOCK_OPS_TCP_LISTEN_CB = 11, SKEP_SOCK_OPS_RTT_CB = 12,
	SKEP_SOCK_OPS_PARSE_HDR_OPT_CB = 13, SKEP_SOCK_OPS_HDR_OPT_LEN_CB = 14,
	SKEP_SOCK_OPS_WRITE_HDR_OPT_CB = 15, SKEP_SOCK_OPS_TSTAMP_SCHED_CB = 16,
	SKEP_SOCK_OPS_TSTAMP_SND_SW_CB = 17, SKEP_SOCK_OPS_TSTAMP_SND_HW_CB = 18,
	SKEP_SOCK_OPS_TSTAMP_ACK_CB = 19, SKEP_SOCK_OPS_TSTAMP_SENDMSG_CB = 20,
};
/* sock_ops.bpf_sock_ops_cb_flags */
enum skep_sock_ops_flag {
	SKEP_SOCK_OPS_RTO_CB_FLAG = 1u << 0,
	SKEP_SOCK_OPS_RETRANS_CB_FLAG = 1u << 1,
	SKEP_SOCK_OPS_STATE_CB_FLAG = 1u << 2,
	SKEP_SOCK_OPS_RTT_CB_FLAG = 1u << 3,
	SKEP_SOCK_OPS_PARSE_ALL_HDR_OPT_CB_FLAG = 1u << 4,
	SKEP_SOCK_OPS_PARSE_UNKNOWN_HDR_OPT_CB_FLAG = 1u << 5,
	SKEP_SOCK_OPS_WRITE_HDR_OPT_CB_FLAG = 1u << 6,
	SKEP_SOCK_OPS_ALL_CB_FLAGS = 127,
};
/* sock_ops.args[0] of HDR_OPT_LEN_CB and WRITE_HDR_OPT_CB */
enum skep_write_hdr_tcp {
	SKEP_WRITE_HDR_TCP_CURRENT_MSS = 1, SKEP_WRITE_HDR_TCP_SYNACK_COOKIE = 2,
};
/* sock_ops.args of STATE_CB, sock.state */
enum skep_tcp_state {
	SKEP_TCP_ESTABLISHED = 1, SKEP_TCP_SYN_SENT = 2, SKEP_TCP_SYN_RECV = 3,
	SKEP_TCP_FIN_WAIT1 = 4, SKEP_TCP_FIN_WAIT2 = 5, SKEP_TCP_TIME_WAIT = 6,
	SKEP_TCP_CLOSE = 7, SKEP_TCP_CLOSE_WAIT = 8, SKEP_TCP_LAST_ACK = 9,
	SKEP_TCP_LISTEN = 10, SKEP_TCP_CLOSING = 11, SKEP_TCP_NEW_SYN_RECV = 12,
	SKEP_TCP_BOUND_INACTIVE = 13,
};

/* clang-format on */

#endif
