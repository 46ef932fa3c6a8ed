/* skep/abi_func.h - the helpers of Linux 6.18 and what they take
 *
 * The list of helpers is closed: what came later are kfuncs, called by BTF id. Included
 * by skep/abi.h.
 */
#ifndef SKEP_ABI_FUNC_H
#define SKEP_ABI_FUNC_H

#include <stdint.h>

/* clang-format off */

enum skep_func_id {
	SKEP_FUNC_unspec = 0, SKEP_FUNC_map_lookup_elem = 1,
	SKEP_FUNC_map_update_elem = 2, SKEP_FUNC_map_delete_elem = 3,
	SKEP_FUNC_probe_read = 4, SKEP_FUNC_ktime_get_ns = 5, SKEP_FUNC_trace_printk = 6,
	SKEP_FUNC_get_prandom_u32 = 7, SKEP_FUNC_get_smp_processor_id = 8,
	SKEP_FUNC_skb_store_bytes = 9, SKEP_FUNC_l3_csum_replace = 10,
	SKEP_FUNC_l4_csum_replace = 11, SKEP_FUNC_tail_call = 12,
	SKEP_FUNC_clone_redirect = 13, SKEP_FUNC_get_current_pid_tgid = 14,
	SKEP_FUNC_get_current_uid_gid = 15, SKEP_FUNC_get_current_comm = 16,
	SKEP_FUNC_get_cgroup_classid = 17, SKEP_FUNC_skb_vlan_push = 18,
	SKEP_FUNC_skb_vlan_pop = 19, SKEP_FUNC_skb_get_tunnel_key = 20,
	SKEP_FUNC_skb_set_tunnel_key = 21, SKEP_FUNC_perf_event_read = 22,
	SKEP_FUNC_redirect = 23, SKEP_FUNC_get_route_realm = 24,
	SKEP_FUNC_perf_event_output = 25, SKEP_FUNC_skb_load_bytes = 26,
	SKEP_FUNC_get_stackid = 27, SKEP_FUNC_csum_diff = 28,
	SKEP_FUNC_skb_get_tunnel_opt = 29, SKEP_FUNC_skb_set_tunnel_opt = 30,
	SKEP_FUNC_skb_change_proto = 31, SKEP_FUNC_skb_change_type = 32,
	SKEP_FUNC_skb_under_cgroup = 33, SKEP_FUNC_get_hash_recalc = 34,
	SKEP_FUNC_get_current_task = 35, SKEP_FUNC_probe_write_user = 36,
	SKEP_FUNC_current_task_under_cgroup = 37, SKEP_FUNC_skb_change_tail = 38,
	SKEP_FUNC_skb_pull_data = 39, SKEP_FUNC_csum_update = 40,
	SKEP_FUNC_set_hash_invalid = 41, SKEP_FUNC_get_numa_node_id = 42,
	SKEP_FUNC_skb_change_head = 43, SKEP_FUNC_xdp_adjust_head = 44,
	SKEP_FUNC_probe_read_str = 45, SKEP_FUNC_get_socket_cookie = 46,
	SKEP_FUNC_get_socket_uid = 47, SKEP_FUNC_set_hash = 48, SKEP_FUNC_setsockopt = 49,
	SKEP_FUNC_skb_adjust_room = 50, SKEP_FUNC_redirect_map = 51,
	SKEP_FUNC_sk_redirect_map = 52, SKEP_FUNC_sock_map_update = 53,
	SKEP_FUNC_xdp_adjust_meta = 54, SKEP_FUNC_perf_event_read_value = 55,
	SKEP_FUNC_perf_prog_read_value = 56, SKEP_FUNC_getsockopt = 57,
	SKEP_FUNC_override_return = 58, SKEP_FUNC_sock_ops_cb_flags_set = 59,
	SKEP_FUNC_msg_redirect_map = 60, SKEP_FUNC_msg_apply_bytes = 61,
	SKEP_FUNC_msg_cork_bytes = 62, SKEP_FUNC_msg_pull_data = 63, SKEP_FUNC_bind = 64,
	SKEP_FUNC_xdp_adjust_tail = 65, SKEP_FUNC_skb_get_xfrm_state = 66,
	SKEP_FUNC_get_stack = 67, SKEP_FUNC_skb_load_bytes_relative = 68,
	SKEP_FUNC_fib_lookup = 69, SKEP_FUNC_sock_hash_update = 70,
	SKEP_FUNC_msg_redirect_hash = 71, SKEP_FUNC_sk_redirect_hash = 72,
	SKEP_FUNC_lwt_push_encap = 73, SKEP_FUNC_lwt_seg6_store_bytes = 74,
	SKEP_FUNC_lwt_seg6_adjust_srh = 75, SKEP_FUNC_lwt_seg6_action = 76,
	SKEP_FUNC_rc_repeat = 77, SKEP_FUNC_rc_keydown = 78, SKEP_FUNC_skb_cgroup_id = 79,
	SKEP_FUNC_get_current_cgroup_id = 80, SKEP_FUNC_get_local_storage = 81,
	SKEP_FUNC_sk_select_reuseport = 82, SKEP_FUNC_skb_ancestor_cgroup_id = 83,
	SKEP_FUNC_sk_lookup_tcp = 84, SKEP_FUNC_sk_lookup_udp = 85,
	SKEP_FUNC_sk_release = 86, SKEP_FUNC_map_push_elem = 87,
	SKEP_FUNC_map_pop_elem = 88, SKEP_FUNC_map_peek_elem = 89,
	SKEP_FUNC_msg_push_data = 90, SKEP_FUNC_msg_pop_data = 91,
	SKEP_FUNC_rc_pointer_rel = 92, SKEP_FUNC_spin_lock = 93,
	SKEP_FUNC_spin_unlock = 94, SKEP_FUNC_sk_fullsock = 95, SKEP_FUNC_tcp_sock = 96,
	SKEP_FUNC_skb_ecn_set_ce = 97, SKEP_FUNC_get_listener_sock = 98,
	SKEP_FUNC_skc_lookup_tcp = 99, SKEP_FUNC_tcp_check_syncookie = 100,
	SKEP_FUNC_sysctl_get_name = 101, SKEP_FUNC_sysctl_get_current_value = 102,
	SKEP_FUNC_sysctl_get_new_value = 103, SKEP_FUNC_sysctl_set_new_value = 104,
	SKEP_FUNC_strtol = 105, SKEP_FUNC_strtoul = 106, SKEP_FUNC_sk_storage_get = 107,
	SKEP_FUNC_sk_storage_delete = 108, SKEP_FUNC_send_signal = 109,
	SKEP_FUNC_tcp_gen_syncookie = 110, SKEP_FUNC_skb_output = 111,
	SKEP_FUNC_probe_read_user = 112, SKEP_FUNC_probe_read_kernel = 113,
	SKEP_FUNC_probe_read_user_str = 114, SKEP_FUNC_probe_read_kernel_str = 115,
	SKEP_FUNC_tcp_send_ack = 116, SKEP_FUNC_send_signal_thread = 117,
	SKEP_FUNC_jiffies64 = 118, SKEP_FUNC_read_branch_records = 119,
	SKEP_FUNC_get_ns_current_pid_tgid = 120, SKEP_FUNC_xdp_output = 121,
	SKEP_FUNC_get_netns_cookie = 122, SKEP_FUNC_get_current_ancestor_cgroup_id = 123,
	SKEP_FUNC_sk_assign = 124, SKEP_FUNC_ktime_get_boot_ns = 125,
	SKEP_FUNC_seq_printf = 126, SKEP_FUNC_seq_write = 127,
	SKEP_FUNC_sk_cgroup_id = 128, SKEP_FUNC_sk_ancestor_cgroup_id = 129,
	SKEP_FUNC_ringbuf_output = 130, SKEP_FUNC_ringbuf_reserve = 131,
	SKEP_FUNC_ringbuf_submit = 132, SKEP_FUNC_ringbuf_discard = 133,
	SKEP_FUNC_ringbuf_query = 134, SKEP_FUNC_csum_level = 135,
	SKEP_FUNC_skc_to_tcp6_sock = 136, SKEP_FUNC_skc_to_tcp_sock = 137,
	SKEP_FUNC_skc_to_tcp_timewait_sock = 138, SKEP_FUNC_skc_to_tcp_request_sock = 139,
	SKEP_FUNC_skc_to_udp6_sock = 140, SKEP_FUNC_get_task_stack = 141,
	SKEP_FUNC_load_hdr_opt = 142, SKEP_FUNC_store_hdr_opt = 143,
	SKEP_FUNC_reserve_hdr_opt = 144, SKEP_FUNC_inode_storage_get = 145,
	SKEP_FUNC_inode_storage_delete = 146, SKEP_FUNC_d_path = 147,
	SKEP_FUNC_copy_from_user = 148, SKEP_FUNC_snprintf_btf = 149,
	SKEP_FUNC_seq_printf_btf = 150, SKEP_FUNC_skb_cgroup_classid = 151,
	SKEP_FUNC_redirect_neigh = 152, SKEP_FUNC_per_cpu_ptr = 153,
	SKEP_FUNC_this_cpu_ptr = 154, SKEP_FUNC_redirect_peer = 155,
	SKEP_FUNC_task_storage_get = 156, SKEP_FUNC_task_storage_delete = 157,
	SKEP_FUNC_get_current_task_btf = 158, SKEP_FUNC_bprm_opts_set = 159,
	SKEP_FUNC_ktime_get_coarse_ns = 160, SKEP_FUNC_ima_inode_hash = 161,
	SKEP_FUNC_sock_from_file = 162, SKEP_FUNC_check_mtu = 163,
	SKEP_FUNC_for_each_map_elem = 164, SKEP_FUNC_snprintf = 165,
	SKEP_FUNC_sys_bpf = 166, SKEP_FUNC_btf_find_by_name_kind = 167,
	SKEP_FUNC_sys_close = 168, SKEP_FUNC_timer_init = 169,
	SKEP_FUNC_timer_set_callback = 170, SKEP_FUNC_timer_start = 171,
	SKEP_FUNC_timer_cancel = 172, SKEP_FUNC_get_func_ip = 173,
	SKEP_FUNC_get_attach_cookie = 174, SKEP_FUNC_task_pt_regs = 175,
	SKEP_FUNC_get_branch_snapshot = 176, SKEP_FUNC_trace_vprintk = 177,
	SKEP_FUNC_skc_to_unix_sock = 178, SKEP_FUNC_kallsyms_lookup_name = 179,
	SKEP_FUNC_find_vma = 180, SKEP_FUNC_loop = 181, SKEP_FUNC_strncmp = 182,
	SKEP_FUNC_get_func_arg = 183, SKEP_FUNC_get_func_ret = 184,
	SKEP_FUNC_get_func_arg_cnt = 185, SKEP_FUNC_get_retval = 186,
	SKEP_FUNC_set_retval = 187, SKEP_FUNC_xdp_get_buff_len = 188,
	SKEP_FUNC_xdp_load_bytes = 189, SKEP_FUNC_xdp_store_bytes = 190,
	SKEP_FUNC_copy_from_user_task = 191, SKEP_FUNC_skb_set_tstamp = 192,
	SKEP_FUNC_ima_file_hash = 193, SKEP_FUNC_kptr_xchg = 194,
	SKEP_FUNC_map_lookup_percpu_elem = 195, SKEP_FUNC_skc_to_mptcp_sock = 196,
	SKEP_FUNC_dynptr_from_mem = 197, SKEP_FUNC_ringbuf_reserve_dynptr = 198,
	SKEP_FUNC_ringbuf_submit_dynptr = 199, SKEP_FUNC_ringbuf_discard_dynptr = 200,
	SKEP_FUNC_dynptr_read = 201, SKEP_FUNC_dynptr_write = 202,
	SKEP_FUNC_dynptr_data = 203, SKEP_FUNC_tcp_raw_gen_syncookie_ipv4 = 204,
	SKEP_FUNC_tcp_raw_gen_syncookie_ipv6 = 205,
	SKEP_FUNC_tcp_raw_check_syncookie_ipv4 = 206,
	SKEP_FUNC_tcp_raw_check_syncookie_ipv6 = 207, SKEP_FUNC_ktime_get_tai_ns = 208,
	SKEP_FUNC_user_ringbuf_drain = 209, SKEP_FUNC_cgrp_storage_get = 210,
	SKEP_FUNC_cgrp_storage_delete = 211,
};

/* ---- flags, by helper ---- */

/* skb_store_bytes */
enum skep_store_bytes_flag {
	SKEP_F_RECOMPUTE_CSUM = 1u << 0,
	SKEP_F_INVALIDATE_HASH = 1u << 1,
};
/* l3_csum_replace, l4_csum_replace; the low bits are the field's size */
enum skep_csum_flag {
	SKEP_F_HDR_FIELD_MASK = 0xf,
	SKEP_F_PSEUDO_HDR = 1u << 4,
	SKEP_F_MARK_MANGLED_0 = 1u << 5,
	SKEP_F_MARK_ENFORCE = 1u << 6,
	SKEP_F_IPV6 = 1u << 7, /* l4_csum_replace, since 6.15 */
};
/* csum_level */
enum skep_csum_level {
	SKEP_CSUM_LEVEL_QUERY = 0, SKEP_CSUM_LEVEL_INC = 1, SKEP_CSUM_LEVEL_DEC = 2,
	SKEP_CSUM_LEVEL_RESET = 3,
};
/* skb_get_tunnel_key and skb_set_tunnel_key */
enum skep_tunnel_flag {
	SKEP_F_TUNINFO_IPV6 = 1u << 0,
	SKEP_F_ZERO_CSUM_TX = 1u << 1,
	SKEP_F_DONT_FRAGMENT = 1u << 2,
	SKEP_F_SEQ_NUMBER = 1u << 3,
	SKEP_F_TUNINFO_FLAGS = 1u << 4, /* get */
	SKEP_F_NO_TUNNEL_KEY = 1u << 4, /* set */
};
/* get_stackid, get_stack; the low bits are the number of frames to skip */
enum skep_stack_flag {
	SKEP_F_SKIP_FIELD_MASK = 255,
	SKEP_F_USER_STACK = 1u << 8,
	SKEP_F_FAST_STACK_CMP = 1u << 9,
	SKEP_F_REUSE_STACKID = 1u << 10,
	SKEP_F_USER_BUILD_ID = 1u << 11,
};
/* perf_event_output, perf_event_read; CTXLEN: skb_output, xdp_output */
#define SKEP_F_INDEX_MASK  0xffffffffull
#define SKEP_F_CURRENT_CPU SKEP_F_INDEX_MASK
#define SKEP_F_CTXLEN_MASK (0xfffffull << 32)
/* sk_lookup_tcp, skc_lookup_tcp, sk_lookup_udp: netns */
enum skep_lookup_netns { SKEP_F_CURRENT_NETNS = -1 };
/* skb_adjust_room */
enum skep_adj_room_mode { SKEP_ADJ_ROOM_NET = 0, SKEP_ADJ_ROOM_MAC = 1 };
enum skep_adj_room_flag {
	SKEP_F_ADJ_ROOM_FIXED_GSO = 1u << 0,
	SKEP_F_ADJ_ROOM_ENCAP_L3_IPV4 = 1u << 1,
	SKEP_F_ADJ_ROOM_ENCAP_L3_IPV6 = 1u << 2,
	SKEP_F_ADJ_ROOM_ENCAP_L4_GRE = 1u << 3,
	SKEP_F_ADJ_ROOM_ENCAP_L4_UDP = 1u << 4,
	SKEP_F_ADJ_ROOM_NO_CSUM_RESET = 1u << 5,
	SKEP_F_ADJ_ROOM_ENCAP_L2_ETH = 1u << 6,
	SKEP_F_ADJ_ROOM_DECAP_L3_IPV4 = 1u << 7,
	SKEP_F_ADJ_ROOM_DECAP_L3_IPV6 = 1u << 8,
};
enum skep_adj_room_l2 {
	SKEP_ADJ_ROOM_ENCAP_L2_MASK = 255, SKEP_ADJ_ROOM_ENCAP_L2_SHIFT = 56,
};
#define SKEP_F_ADJ_ROOM_ENCAP_L2(len) \
	(((uint64_t)(len) & SKEP_ADJ_ROOM_ENCAP_L2_MASK) << SKEP_ADJ_ROOM_ENCAP_L2_SHIFT)
/* skb_load_bytes_relative */
enum skep_hdr_start_off { SKEP_HDR_START_MAC = 0, SKEP_HDR_START_NET = 1 };
/* lwt_push_encap */
enum skep_lwt_encap_mode {
	SKEP_LWT_ENCAP_SEG6 = 0, SKEP_LWT_ENCAP_SEG6_INLINE = 1, SKEP_LWT_ENCAP_IP = 2,
};
/* sysctl_get_name */
enum skep_sysctl_flag { SKEP_F_SYSCTL_BASE_NAME = 1u << 0 };
/* sk_storage_get and the other *_storage_get */
enum skep_local_storage_flag {
	SKEP_LOCAL_STORAGE_GET_F_CREATE = 1u << 0,
	SKEP_SK_STORAGE_GET_F_CREATE = 1u << 0,
};
/* read_branch_records */
enum skep_branch_flag { SKEP_F_GET_BRANCH_RECORDS_SIZE = 1u << 0 };
/* ringbuf_output, ringbuf_submit, ringbuf_discard, user_ringbuf_drain */
enum skep_ringbuf_flag { SKEP_RB_NO_WAKEUP = 1u << 0, SKEP_RB_FORCE_WAKEUP = 1u << 1 };
/* ringbuf_query */
enum skep_ringbuf_query {
	SKEP_RB_AVAIL_DATA = 0, SKEP_RB_RING_SIZE = 1, SKEP_RB_CONS_POS = 2,
	SKEP_RB_PROD_POS = 3,
};
/* sk_assign */
enum skep_sk_lookup_flag {
	SKEP_SK_LOOKUP_F_REPLACE = 1u << 0,
	SKEP_SK_LOOKUP_F_NO_REUSEPORT = 1u << 1,
};
/* bprm_opts_set */
enum skep_bprm_flag { SKEP_F_BPRM_SECUREEXEC = 1u << 0 };
/* redirect, clone_redirect, redirect_map */
enum skep_redirect_flag {
	SKEP_F_INGRESS = 1u << 0,
	SKEP_F_BROADCAST = 1u << 3,
	SKEP_F_EXCLUDE_INGRESS = 1u << 4,
};
#define SKEP_F_REDIRECT_FLAGS (SKEP_F_INGRESS | SKEP_F_BROADCAST | SKEP_F_EXCLUDE_INGRESS)
/* load_hdr_opt */
enum skep_load_hdr_opt_flag { SKEP_LOAD_HDR_OPT_TCP_SYN = 1u << 0 };
/* timer_start */
enum skep_timer_flag { SKEP_F_TIMER_ABS = 1u << 0, SKEP_F_TIMER_CPU_PIN = 1u << 1 };
/* copy_from_user_str and its kin, kfuncs */
enum skep_kfunc_flag { SKEP_F_PAD_ZEROS = 1u << 0 };
/* check_mtu */
enum skep_check_mtu_flag { SKEP_MTU_CHK_SEGS = 1u << 0 };
enum skep_check_mtu_ret {
	SKEP_MTU_CHK_RET_SUCCESS = 0, SKEP_MTU_CHK_RET_FRAG_NEEDED = 1,
	SKEP_MTU_CHK_RET_SEGS_TOOBIG = 2,
};
/* fib_lookup */
enum skep_fib_lookup_flag {
	SKEP_FIB_LOOKUP_DIRECT = 1u << 0,
	SKEP_FIB_LOOKUP_OUTPUT = 1u << 1,
	SKEP_FIB_LOOKUP_SKIP_NEIGH = 1u << 2,
	SKEP_FIB_LOOKUP_TBID = 1u << 3,
	SKEP_FIB_LOOKUP_SRC = 1u << 4,
	SKEP_FIB_LOOKUP_MARK = 1u << 5,
};
enum skep_fib_lookup_ret {
	SKEP_FIB_LKUP_RET_SUCCESS = 0, SKEP_FIB_LKUP_RET_BLACKHOLE = 1,
	SKEP_FIB_LKUP_RET_UNREACHABLE = 2, SKEP_FIB_LKUP_RET_PROHIBIT = 3,
	SKEP_FIB_LKUP_RET_NOT_FWDED = 4, SKEP_FIB_LKUP_RET_FWD_DISABLED = 5,
	SKEP_FIB_LKUP_RET_UNSUPP_LWT = 6, SKEP_FIB_LKUP_RET_NO_NEIGH = 7,
	SKEP_FIB_LKUP_RET_FRAG_NEEDED = 8, SKEP_FIB_LKUP_RET_NO_SRC_ADDR = 9,
};
/* setsockopt, getsockopt: optname at level SOL_TCP, SOL_SOCKET */
enum skep_tcp_option {
	SKEP_TCP_BPF_IW = 1001, SKEP_TCP_BPF_SNDCWND_CLAMP = 1002,
	SKEP_TCP_BPF_DELACK_MAX = 1003, SKEP_TCP_BPF_RTO_MIN = 1004,
	SKEP_TCP_BPF_SYN = 1005, SKEP_TCP_BPF_SYN_IP = 1006, SKEP_TCP_BPF_SYN_MAC = 1007,
	SKEP_TCP_BPF_SOCK_OPS_CB_FLAGS = 1008,
	SKEP_SK_BPF_CB_FLAGS = 1009,
};
enum { SKEP_SK_BPF_CB_TX_TIMESTAMPING = 1 };
/* snprintf_btf, seq_printf_btf */
enum skep_btf_flag {
	SKEP_BTF_F_COMPACT = 1u << 0,
	SKEP_BTF_F_NONAME = 1u << 1,
	SKEP_BTF_F_PTR_RAW = 1u << 2,
	SKEP_BTF_F_ZERO = 1u << 3,
};

/* ---- structs that helpers read and write ---- */

struct skep_perf_event_value { uint64_t counter, enabled, running; };
struct skep_pidns_info { uint32_t pid, tgid; };
struct skep_btf_ptr { void *ptr; uint32_t type_id, flags; };
struct skep_tunnel_key {
	uint32_t tunnel_id;
	union {
		uint32_t remote_ipv4, remote_ipv6[4];
	};
	uint8_t tunnel_tos, tunnel_ttl;
	union {
		uint16_t tunnel_ext, tunnel_flags;
	};
	uint32_t tunnel_label;
	union {
		uint32_t local_ipv4, local_ipv6[4];
	};
};
struct skep_xfrm_state {
	uint32_t reqid, spi;
	uint16_t family, ext;
	union {
		uint32_t remote_ipv4, remote_ipv6[4];
	};
};
struct skep_fib_lookup {
	uint8_t family, l4_protocol;
	uint16_t sport, dport;
	union {
		uint16_t tot_len, mtu_result;
	};
	uint32_t ifindex;
	union {
		uint8_t tos;
		uint32_t flowinfo, rt_metric;
	};
	union {
		uint32_t ipv4_src, ipv6_src[4];
	};
	union {
		uint32_t ipv4_dst, ipv6_dst[4];
	};
	union {
		struct {
			uint16_t h_vlan_proto, h_vlan_TCI;
		};
		uint32_t tbid;
	};
	union {
		struct {
			uint32_t mark;
		};
		struct {
			uint8_t smac[6], dmac[6];
		};
	};
};
struct skep_redir_neigh {
	uint32_t nh_family;
	union {
		uint32_t ipv4_nh, ipv6_nh[4];
	};
};
struct skep_sock_tuple {
	union {
		struct {
			uint32_t saddr, daddr;
			uint16_t sport, dport;
		} ipv4;
		struct {
			uint32_t saddr[4], daddr[4];
			uint16_t sport, dport;
		} ipv6;
	};
};
struct skep_tcp_sock {
	uint32_t snd_cwnd, srtt_us, rtt_min, snd_ssthresh, rcv_nxt, snd_nxt, snd_una;
	uint32_t mss_cache, ecn_flags, rate_delivered, rate_interval_us, packets_out;
	uint32_t retrans_out, total_retrans, segs_in, data_segs_in, segs_out;
	uint32_t data_segs_out, lost_out, sacked_out;
	uint64_t bytes_received, bytes_acked;
	uint32_t dsack_dups, delivered, delivered_ce, icsk_retransmits;
};
struct skep_xdp_sock { uint32_t queue_id; };

/* ---- fields of map values, objects on the stack: only helpers touch them ---- */

struct skep_spin_lock { uint32_t val; };
struct skep_timer { uint64_t opaque[2]; };
struct skep_wq { uint64_t opaque[2]; };
struct skep_task_work { uint64_t opaque; };
struct skep_dynptr { uint64_t opaque[2]; };
struct skep_list_head { uint64_t opaque[2]; };
struct skep_list_node { uint64_t opaque[3]; };
struct skep_rb_root { uint64_t opaque[2]; };
struct skep_rb_node { uint64_t opaque[4]; };
struct skep_refcount { uint32_t opaque[1]; };
struct skep_iter_num { uint64_t opaque[1]; };

/* clang-format on */

#endif
