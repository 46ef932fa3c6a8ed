/* skep/abi.h - bpf(2) as Linux 6.18 has it
 *
 * Command numbers, structs and layouts are the kernel's; the names are ours, so that
 * this header can stand beside <linux/bpf.h>. test/unit/test_abi.c compares both. What
 * a field means is said by bpf(2) and Documentation/bpf in the kernel's tree.
 */
#ifndef SKEP_ABI_H
#define SKEP_ABI_H

#include <stdint.h>

struct skep_insn {
	uint8_t code;
	uint8_t dst_reg: 4;
	uint8_t src_reg: 4;
	int16_t off;
	int32_t imm;
};

enum skep_cmd {
	SKEP_MAP_CREATE = 0,
	SKEP_MAP_LOOKUP_ELEM = 1,
	SKEP_MAP_UPDATE_ELEM = 2,
	SKEP_MAP_DELETE_ELEM = 3,
	SKEP_MAP_GET_NEXT_KEY = 4,
	SKEP_PROG_LOAD = 5,
	SKEP_OBJ_PIN = 6,
	SKEP_OBJ_GET = 7,
	SKEP_PROG_ATTACH = 8,
	SKEP_PROG_DETACH = 9,
	SKEP_PROG_TEST_RUN = 10,
	SKEP_PROG_RUN = 10,
	SKEP_PROG_GET_NEXT_ID = 11,
	SKEP_MAP_GET_NEXT_ID = 12,
	SKEP_PROG_GET_FD_BY_ID = 13,
	SKEP_MAP_GET_FD_BY_ID = 14,
	SKEP_OBJ_GET_INFO_BY_FD = 15,
	SKEP_PROG_QUERY = 16,
	SKEP_RAW_TRACEPOINT_OPEN = 17,
	SKEP_BTF_LOAD = 18,
	SKEP_BTF_GET_FD_BY_ID = 19,
	SKEP_TASK_FD_QUERY = 20,
	SKEP_MAP_LOOKUP_AND_DELETE_ELEM = 21,
	SKEP_MAP_FREEZE = 22,
	SKEP_BTF_GET_NEXT_ID = 23,
	SKEP_MAP_LOOKUP_BATCH = 24,
	SKEP_MAP_LOOKUP_AND_DELETE_BATCH = 25,
	SKEP_MAP_UPDATE_BATCH = 26,
	SKEP_MAP_DELETE_BATCH = 27,
	SKEP_LINK_CREATE = 28,
	SKEP_LINK_UPDATE = 29,
	SKEP_LINK_GET_FD_BY_ID = 30,
	SKEP_LINK_GET_NEXT_ID = 31,
	SKEP_ENABLE_STATS = 32,
	SKEP_ITER_CREATE = 33,
	SKEP_LINK_DETACH = 34,
	SKEP_PROG_BIND_MAP = 35,
	SKEP_TOKEN_CREATE = 36,
	SKEP_PROG_STREAM_READ_BY_FD = 37,
};

enum skep_map_type {
	SKEP_MAP_TYPE_UNSPEC = 0,
	SKEP_MAP_TYPE_HASH = 1,
	SKEP_MAP_TYPE_ARRAY = 2,
	SKEP_MAP_TYPE_PROG_ARRAY = 3,
	SKEP_MAP_TYPE_PERF_EVENT_ARRAY = 4,
	SKEP_MAP_TYPE_PERCPU_HASH = 5,
	SKEP_MAP_TYPE_PERCPU_ARRAY = 6,
	SKEP_MAP_TYPE_STACK_TRACE = 7,
	SKEP_MAP_TYPE_CGROUP_ARRAY = 8,
	SKEP_MAP_TYPE_LRU_HASH = 9,
	SKEP_MAP_TYPE_LRU_PERCPU_HASH = 10,
	SKEP_MAP_TYPE_LPM_TRIE = 11,
	SKEP_MAP_TYPE_ARRAY_OF_MAPS = 12,
	SKEP_MAP_TYPE_HASH_OF_MAPS = 13,
	SKEP_MAP_TYPE_DEVMAP = 14,
	SKEP_MAP_TYPE_SOCKMAP = 15,
	SKEP_MAP_TYPE_CPUMAP = 16,
	SKEP_MAP_TYPE_XSKMAP = 17,
	SKEP_MAP_TYPE_SOCKHASH = 18,
	SKEP_MAP_TYPE_CGROUP_STORAGE_DEPRECATED = 19,
	SKEP_MAP_TYPE_CGROUP_STORAGE = 19,
	SKEP_MAP_TYPE_REUSEPORT_SOCKARRAY = 20,
	SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE_DEPRECATED = 21,
	SKEP_MAP_TYPE_PERCPU_CGROUP_STORAGE = 21,
	SKEP_MAP_TYPE_QUEUE = 22,
	SKEP_MAP_TYPE_STACK = 23,
	SKEP_MAP_TYPE_SK_STORAGE = 24,
	SKEP_MAP_TYPE_DEVMAP_HASH = 25,
	SKEP_MAP_TYPE_STRUCT_OPS = 26,
	SKEP_MAP_TYPE_RINGBUF = 27,
	SKEP_MAP_TYPE_INODE_STORAGE = 28,
	SKEP_MAP_TYPE_TASK_STORAGE = 29,
	SKEP_MAP_TYPE_BLOOM_FILTER = 30,
	SKEP_MAP_TYPE_USER_RINGBUF = 31,
	SKEP_MAP_TYPE_CGRP_STORAGE = 32,
	SKEP_MAP_TYPE_ARENA = 33,
};

enum skep_prog_type {
	SKEP_PROG_TYPE_UNSPEC = 0,
	SKEP_PROG_TYPE_SOCKET_FILTER = 1,
	SKEP_PROG_TYPE_KPROBE = 2,
	SKEP_PROG_TYPE_SCHED_CLS = 3,
	SKEP_PROG_TYPE_SCHED_ACT = 4,
	SKEP_PROG_TYPE_TRACEPOINT = 5,
	SKEP_PROG_TYPE_XDP = 6,
	SKEP_PROG_TYPE_PERF_EVENT = 7,
	SKEP_PROG_TYPE_CGROUP_SKB = 8,
	SKEP_PROG_TYPE_CGROUP_SOCK = 9,
	SKEP_PROG_TYPE_LWT_IN = 10,
	SKEP_PROG_TYPE_LWT_OUT = 11,
	SKEP_PROG_TYPE_LWT_XMIT = 12,
	SKEP_PROG_TYPE_SOCK_OPS = 13,
	SKEP_PROG_TYPE_SK_SKB = 14,
	SKEP_PROG_TYPE_CGROUP_DEVICE = 15,
	SKEP_PROG_TYPE_SK_MSG = 16,
	SKEP_PROG_TYPE_RAW_TRACEPOINT = 17,
	SKEP_PROG_TYPE_CGROUP_SOCK_ADDR = 18,
	SKEP_PROG_TYPE_LWT_SEG6LOCAL = 19,
	SKEP_PROG_TYPE_LIRC_MODE2 = 20,
	SKEP_PROG_TYPE_SK_REUSEPORT = 21,
	SKEP_PROG_TYPE_FLOW_DISSECTOR = 22,
	SKEP_PROG_TYPE_CGROUP_SYSCTL = 23,
	SKEP_PROG_TYPE_RAW_TRACEPOINT_WRITABLE = 24,
	SKEP_PROG_TYPE_CGROUP_SOCKOPT = 25,
	SKEP_PROG_TYPE_TRACING = 26,
	SKEP_PROG_TYPE_STRUCT_OPS = 27,
	SKEP_PROG_TYPE_EXT = 28,
	SKEP_PROG_TYPE_LSM = 29,
	SKEP_PROG_TYPE_SK_LOOKUP = 30,
	SKEP_PROG_TYPE_SYSCALL = 31,
	SKEP_PROG_TYPE_NETFILTER = 32,
};

enum skep_attach_type {
	SKEP_CGROUP_INET_INGRESS = 0,
	SKEP_CGROUP_INET_EGRESS = 1,
	SKEP_CGROUP_INET_SOCK_CREATE = 2,
	SKEP_CGROUP_SOCK_OPS = 3,
	SKEP_SK_SKB_STREAM_PARSER = 4,
	SKEP_SK_SKB_STREAM_VERDICT = 5,
	SKEP_CGROUP_DEVICE = 6,
	SKEP_SK_MSG_VERDICT = 7,
	SKEP_CGROUP_INET4_BIND = 8,
	SKEP_CGROUP_INET6_BIND = 9,
	SKEP_CGROUP_INET4_CONNECT = 10,
	SKEP_CGROUP_INET6_CONNECT = 11,
	SKEP_CGROUP_INET4_POST_BIND = 12,
	SKEP_CGROUP_INET6_POST_BIND = 13,
	SKEP_CGROUP_UDP4_SENDMSG = 14,
	SKEP_CGROUP_UDP6_SENDMSG = 15,
	SKEP_LIRC_MODE2 = 16,
	SKEP_FLOW_DISSECTOR = 17,
	SKEP_CGROUP_SYSCTL = 18,
	SKEP_CGROUP_UDP4_RECVMSG = 19,
	SKEP_CGROUP_UDP6_RECVMSG = 20,
	SKEP_CGROUP_GETSOCKOPT = 21,
	SKEP_CGROUP_SETSOCKOPT = 22,
	SKEP_TRACE_RAW_TP = 23,
	SKEP_TRACE_FENTRY = 24,
	SKEP_TRACE_FEXIT = 25,
	SKEP_MODIFY_RETURN = 26,
	SKEP_LSM_MAC = 27,
	SKEP_TRACE_ITER = 28,
	SKEP_CGROUP_INET4_GETPEERNAME = 29,
	SKEP_CGROUP_INET6_GETPEERNAME = 30,
	SKEP_CGROUP_INET4_GETSOCKNAME = 31,
	SKEP_CGROUP_INET6_GETSOCKNAME = 32,
	SKEP_XDP_DEVMAP = 33,
	SKEP_CGROUP_INET_SOCK_RELEASE = 34,
	SKEP_XDP_CPUMAP = 35,
	SKEP_SK_LOOKUP = 36,
	SKEP_XDP = 37,
	SKEP_SK_SKB_VERDICT = 38,
	SKEP_SK_REUSEPORT_SELECT = 39,
	SKEP_SK_REUSEPORT_SELECT_OR_MIGRATE = 40,
	SKEP_PERF_EVENT = 41,
	SKEP_TRACE_KPROBE_MULTI = 42,
	SKEP_LSM_CGROUP = 43,
	SKEP_STRUCT_OPS = 44,
	SKEP_NETFILTER = 45,
	SKEP_TCX_INGRESS = 46,
	SKEP_TCX_EGRESS = 47,
	SKEP_TRACE_UPROBE_MULTI = 48,
	SKEP_CGROUP_UNIX_CONNECT = 49,
	SKEP_CGROUP_UNIX_SENDMSG = 50,
	SKEP_CGROUP_UNIX_RECVMSG = 51,
	SKEP_CGROUP_UNIX_GETPEERNAME = 52,
	SKEP_CGROUP_UNIX_GETSOCKNAME = 53,
	SKEP_NETKIT_PRIMARY = 54,
	SKEP_NETKIT_PEER = 55,
	SKEP_TRACE_KPROBE_SESSION = 56,
	SKEP_TRACE_UPROBE_SESSION = 57,
};

enum skep_link_type {
	SKEP_LINK_TYPE_UNSPEC = 0,
	SKEP_LINK_TYPE_RAW_TRACEPOINT = 1,
	SKEP_LINK_TYPE_TRACING = 2,
	SKEP_LINK_TYPE_CGROUP = 3,
	SKEP_LINK_TYPE_ITER = 4,
	SKEP_LINK_TYPE_NETNS = 5,
	SKEP_LINK_TYPE_XDP = 6,
	SKEP_LINK_TYPE_PERF_EVENT = 7,
	SKEP_LINK_TYPE_KPROBE_MULTI = 8,
	SKEP_LINK_TYPE_STRUCT_OPS = 9,
	SKEP_LINK_TYPE_NETFILTER = 10,
	SKEP_LINK_TYPE_TCX = 11,
	SKEP_LINK_TYPE_UPROBE_MULTI = 12,
	SKEP_LINK_TYPE_NETKIT = 13,
	SKEP_LINK_TYPE_SOCKMAP = 14,
};

enum skep_perf_event_type {
	SKEP_PERF_EVENT_UNSPEC = 0,
	SKEP_PERF_EVENT_UPROBE = 1,
	SKEP_PERF_EVENT_URETPROBE = 2,
	SKEP_PERF_EVENT_KPROBE = 3,
	SKEP_PERF_EVENT_KRETPROBE = 4,
	SKEP_PERF_EVENT_TRACEPOINT = 5,
	SKEP_PERF_EVENT_EVENT = 6,
};

enum skep_task_fd_type {
	SKEP_FD_TYPE_RAW_TRACEPOINT = 0,
	SKEP_FD_TYPE_TRACEPOINT = 1,
	SKEP_FD_TYPE_KPROBE = 2,
	SKEP_FD_TYPE_KRETPROBE = 3,
	SKEP_FD_TYPE_UPROBE = 4,
	SKEP_FD_TYPE_URETPROBE = 5,
};

enum skep_func_id {
	SKEP_FUNC_unspec = 0,
	SKEP_FUNC_map_lookup_elem = 1,
	SKEP_FUNC_map_update_elem = 2,
	SKEP_FUNC_map_delete_elem = 3,
	SKEP_FUNC_probe_read = 4,
	SKEP_FUNC_ktime_get_ns = 5,
	SKEP_FUNC_trace_printk = 6,
	SKEP_FUNC_get_prandom_u32 = 7,
	SKEP_FUNC_get_smp_processor_id = 8,
	SKEP_FUNC_skb_store_bytes = 9,
	SKEP_FUNC_l3_csum_replace = 10,
	SKEP_FUNC_l4_csum_replace = 11,
	SKEP_FUNC_tail_call = 12,
	SKEP_FUNC_clone_redirect = 13,
	SKEP_FUNC_get_current_pid_tgid = 14,
	SKEP_FUNC_get_current_uid_gid = 15,
	SKEP_FUNC_get_current_comm = 16,
	SKEP_FUNC_get_cgroup_classid = 17,
	SKEP_FUNC_skb_vlan_push = 18,
	SKEP_FUNC_skb_vlan_pop = 19,
	SKEP_FUNC_skb_get_tunnel_key = 20,
	SKEP_FUNC_skb_set_tunnel_key = 21,
	SKEP_FUNC_perf_event_read = 22,
	SKEP_FUNC_redirect = 23,
	SKEP_FUNC_get_route_realm = 24,
	SKEP_FUNC_perf_event_output = 25,
	SKEP_FUNC_skb_load_bytes = 26,
	SKEP_FUNC_get_stackid = 27,
	SKEP_FUNC_csum_diff = 28,
	SKEP_FUNC_skb_get_tunnel_opt = 29,
	SKEP_FUNC_skb_set_tunnel_opt = 30,
	SKEP_FUNC_skb_change_proto = 31,
	SKEP_FUNC_skb_change_type = 32,
	SKEP_FUNC_skb_under_cgroup = 33,
	SKEP_FUNC_get_hash_recalc = 34,
	SKEP_FUNC_get_current_task = 35,
	SKEP_FUNC_probe_write_user = 36,
	SKEP_FUNC_current_task_under_cgroup = 37,
	SKEP_FUNC_skb_change_tail = 38,
	SKEP_FUNC_skb_pull_data = 39,
	SKEP_FUNC_csum_update = 40,
	SKEP_FUNC_set_hash_invalid = 41,
	SKEP_FUNC_get_numa_node_id = 42,
	SKEP_FUNC_skb_change_head = 43,
	SKEP_FUNC_xdp_adjust_head = 44,
	SKEP_FUNC_probe_read_str = 45,
	SKEP_FUNC_get_socket_cookie = 46,
	SKEP_FUNC_get_socket_uid = 47,
	SKEP_FUNC_set_hash = 48,
	SKEP_FUNC_setsockopt = 49,
	SKEP_FUNC_skb_adjust_room = 50,
	SKEP_FUNC_redirect_map = 51,
	SKEP_FUNC_sk_redirect_map = 52,
	SKEP_FUNC_sock_map_update = 53,
	SKEP_FUNC_xdp_adjust_meta = 54,
	SKEP_FUNC_perf_event_read_value = 55,
	SKEP_FUNC_perf_prog_read_value = 56,
	SKEP_FUNC_getsockopt = 57,
	SKEP_FUNC_override_return = 58,
	SKEP_FUNC_sock_ops_cb_flags_set = 59,
	SKEP_FUNC_msg_redirect_map = 60,
	SKEP_FUNC_msg_apply_bytes = 61,
	SKEP_FUNC_msg_cork_bytes = 62,
	SKEP_FUNC_msg_pull_data = 63,
	SKEP_FUNC_bind = 64,
	SKEP_FUNC_xdp_adjust_tail = 65,
	SKEP_FUNC_skb_get_xfrm_state = 66,
	SKEP_FUNC_get_stack = 67,
	SKEP_FUNC_skb_load_bytes_relative = 68,
	SKEP_FUNC_fib_lookup = 69,
	SKEP_FUNC_sock_hash_update = 70,
	SKEP_FUNC_msg_redirect_hash = 71,
	SKEP_FUNC_sk_redirect_hash = 72,
	SKEP_FUNC_lwt_push_encap = 73,
	SKEP_FUNC_lwt_seg6_store_bytes = 74,
	SKEP_FUNC_lwt_seg6_adjust_srh = 75,
	SKEP_FUNC_lwt_seg6_action = 76,
	SKEP_FUNC_rc_repeat = 77,
	SKEP_FUNC_rc_keydown = 78,
	SKEP_FUNC_skb_cgroup_id = 79,
	SKEP_FUNC_get_current_cgroup_id = 80,
	SKEP_FUNC_get_local_storage = 81,
	SKEP_FUNC_sk_select_reuseport = 82,
	SKEP_FUNC_skb_ancestor_cgroup_id = 83,
	SKEP_FUNC_sk_lookup_tcp = 84,
	SKEP_FUNC_sk_lookup_udp = 85,
	SKEP_FUNC_sk_release = 86,
	SKEP_FUNC_map_push_elem = 87,
	SKEP_FUNC_map_pop_elem = 88,
	SKEP_FUNC_map_peek_elem = 89,
	SKEP_FUNC_msg_push_data = 90,
	SKEP_FUNC_msg_pop_data = 91,
	SKEP_FUNC_rc_pointer_rel = 92,
	SKEP_FUNC_spin_lock = 93,
	SKEP_FUNC_spin_unlock = 94,
	SKEP_FUNC_sk_fullsock = 95,
	SKEP_FUNC_tcp_sock = 96,
	SKEP_FUNC_skb_ecn_set_ce = 97,
	SKEP_FUNC_get_listener_sock = 98,
	SKEP_FUNC_skc_lookup_tcp = 99,
	SKEP_FUNC_tcp_check_syncookie = 100,
	SKEP_FUNC_sysctl_get_name = 101,
	SKEP_FUNC_sysctl_get_current_value = 102,
	SKEP_FUNC_sysctl_get_new_value = 103,
	SKEP_FUNC_sysctl_set_new_value = 104,
	SKEP_FUNC_strtol = 105,
	SKEP_FUNC_strtoul = 106,
	SKEP_FUNC_sk_storage_get = 107,
	SKEP_FUNC_sk_storage_delete = 108,
	SKEP_FUNC_send_signal = 109,
	SKEP_FUNC_tcp_gen_syncookie = 110,
	SKEP_FUNC_skb_output = 111,
	SKEP_FUNC_probe_read_user = 112,
	SKEP_FUNC_probe_read_kernel = 113,
	SKEP_FUNC_probe_read_user_str = 114,
	SKEP_FUNC_probe_read_kernel_str = 115,
	SKEP_FUNC_tcp_send_ack = 116,
	SKEP_FUNC_send_signal_thread = 117,
	SKEP_FUNC_jiffies64 = 118,
	SKEP_FUNC_read_branch_records = 119,
	SKEP_FUNC_get_ns_current_pid_tgid = 120,
	SKEP_FUNC_xdp_output = 121,
	SKEP_FUNC_get_netns_cookie = 122,
	SKEP_FUNC_get_current_ancestor_cgroup_id = 123,
	SKEP_FUNC_sk_assign = 124,
	SKEP_FUNC_ktime_get_boot_ns = 125,
	SKEP_FUNC_seq_printf = 126,
	SKEP_FUNC_seq_write = 127,
	SKEP_FUNC_sk_cgroup_id = 128,
	SKEP_FUNC_sk_ancestor_cgroup_id = 129,
	SKEP_FUNC_ringbuf_output = 130,
	SKEP_FUNC_ringbuf_reserve = 131,
	SKEP_FUNC_ringbuf_submit = 132,
	SKEP_FUNC_ringbuf_discard = 133,
	SKEP_FUNC_ringbuf_query = 134,
	SKEP_FUNC_csum_level = 135,
	SKEP_FUNC_skc_to_tcp6_sock = 136,
	SKEP_FUNC_skc_to_tcp_sock = 137,
	SKEP_FUNC_skc_to_tcp_timewait_sock = 138,
	SKEP_FUNC_skc_to_tcp_request_sock = 139,
	SKEP_FUNC_skc_to_udp6_sock = 140,
	SKEP_FUNC_get_task_stack = 141,
	SKEP_FUNC_load_hdr_opt = 142,
	SKEP_FUNC_store_hdr_opt = 143,
	SKEP_FUNC_reserve_hdr_opt = 144,
	SKEP_FUNC_inode_storage_get = 145,
	SKEP_FUNC_inode_storage_delete = 146,
	SKEP_FUNC_d_path = 147,
	SKEP_FUNC_copy_from_user = 148,
	SKEP_FUNC_snprintf_btf = 149,
	SKEP_FUNC_seq_printf_btf = 150,
	SKEP_FUNC_skb_cgroup_classid = 151,
	SKEP_FUNC_redirect_neigh = 152,
	SKEP_FUNC_per_cpu_ptr = 153,
	SKEP_FUNC_this_cpu_ptr = 154,
	SKEP_FUNC_redirect_peer = 155,
	SKEP_FUNC_task_storage_get = 156,
	SKEP_FUNC_task_storage_delete = 157,
	SKEP_FUNC_get_current_task_btf = 158,
	SKEP_FUNC_bprm_opts_set = 159,
	SKEP_FUNC_ktime_get_coarse_ns = 160,
	SKEP_FUNC_ima_inode_hash = 161,
	SKEP_FUNC_sock_from_file = 162,
	SKEP_FUNC_check_mtu = 163,
	SKEP_FUNC_for_each_map_elem = 164,
	SKEP_FUNC_snprintf = 165,
	SKEP_FUNC_sys_bpf = 166,
	SKEP_FUNC_btf_find_by_name_kind = 167,
	SKEP_FUNC_sys_close = 168,
	SKEP_FUNC_timer_init = 169,
	SKEP_FUNC_timer_set_callback = 170,
	SKEP_FUNC_timer_start = 171,
	SKEP_FUNC_timer_cancel = 172,
	SKEP_FUNC_get_func_ip = 173,
	SKEP_FUNC_get_attach_cookie = 174,
	SKEP_FUNC_task_pt_regs = 175,
	SKEP_FUNC_get_branch_snapshot = 176,
	SKEP_FUNC_trace_vprintk = 177,
	SKEP_FUNC_skc_to_unix_sock = 178,
	SKEP_FUNC_kallsyms_lookup_name = 179,
	SKEP_FUNC_find_vma = 180,
	SKEP_FUNC_loop = 181,
	SKEP_FUNC_strncmp = 182,
	SKEP_FUNC_get_func_arg = 183,
	SKEP_FUNC_get_func_ret = 184,
	SKEP_FUNC_get_func_arg_cnt = 185,
	SKEP_FUNC_get_retval = 186,
	SKEP_FUNC_set_retval = 187,
	SKEP_FUNC_xdp_get_buff_len = 188,
	SKEP_FUNC_xdp_load_bytes = 189,
	SKEP_FUNC_xdp_store_bytes = 190,
	SKEP_FUNC_copy_from_user_task = 191,
	SKEP_FUNC_skb_set_tstamp = 192,
	SKEP_FUNC_ima_file_hash = 193,
	SKEP_FUNC_kptr_xchg = 194,
	SKEP_FUNC_map_lookup_percpu_elem = 195,
	SKEP_FUNC_skc_to_mptcp_sock = 196,
	SKEP_FUNC_dynptr_from_mem = 197,
	SKEP_FUNC_ringbuf_reserve_dynptr = 198,
	SKEP_FUNC_ringbuf_submit_dynptr = 199,
	SKEP_FUNC_ringbuf_discard_dynptr = 200,
	SKEP_FUNC_dynptr_read = 201,
	SKEP_FUNC_dynptr_write = 202,
	SKEP_FUNC_dynptr_data = 203,
	SKEP_FUNC_tcp_raw_gen_syncookie_ipv4 = 204,
	SKEP_FUNC_tcp_raw_gen_syncookie_ipv6 = 205,
	SKEP_FUNC_tcp_raw_check_syncookie_ipv4 = 206,
	SKEP_FUNC_tcp_raw_check_syncookie_ipv6 = 207,
	SKEP_FUNC_ktime_get_tai_ns = 208,
	SKEP_FUNC_user_ringbuf_drain = 209,
	SKEP_FUNC_cgrp_storage_get = 210,
	SKEP_FUNC_cgrp_storage_delete = 211,
};

enum skep_xdp_action {
	SKEP_XDP_ABORTED = 0,
	SKEP_XDP_DROP = 1,
	SKEP_XDP_PASS = 2,
	SKEP_XDP_TX = 3,
	SKEP_XDP_REDIRECT = 4,
};

union skep_attr {
	struct {
		uint32_t map_type;
		uint32_t key_size;
		uint32_t value_size;
		uint32_t max_entries;
		uint32_t map_flags;
		uint32_t inner_map_fd;
		uint32_t numa_node;
		char map_name[16];
		uint32_t map_ifindex;
		uint32_t btf_fd;
		uint32_t btf_key_type_id;
		uint32_t btf_value_type_id;
		uint32_t btf_vmlinux_value_type_id;
		uint64_t map_extra;
		int32_t value_type_btf_obj_fd;
		int32_t map_token_fd;
		uint64_t excl_prog_hash;
		uint32_t excl_prog_hash_size;
	};
	struct {
		uint32_t map_fd;
		uint64_t key;
		union {
			uint64_t value;
			uint64_t next_key;
		};
		uint64_t flags;
	};
	struct {
		uint64_t in_batch;
		uint64_t out_batch;
		uint64_t keys;
		uint64_t values;
		uint32_t count;
		uint32_t map_fd;
		uint64_t elem_flags;
		uint64_t flags;
	} batch;
	struct {
		uint32_t prog_type;
		uint32_t insn_cnt;
		uint64_t insns;
		uint64_t license;
		uint32_t log_level;
		uint32_t log_size;
		uint64_t log_buf;
		uint32_t kern_version;
		uint32_t prog_flags;
		char prog_name[16];
		uint32_t prog_ifindex;
		uint32_t expected_attach_type;
		uint32_t prog_btf_fd;
		uint32_t func_info_rec_size;
		uint64_t func_info;
		uint32_t func_info_cnt;
		uint32_t line_info_rec_size;
		uint64_t line_info;
		uint32_t line_info_cnt;
		uint32_t attach_btf_id;
		union {
			uint32_t attach_prog_fd;
			uint32_t attach_btf_obj_fd;
		};
		uint32_t core_relo_cnt;
		uint64_t fd_array;
		uint64_t core_relos;
		uint32_t core_relo_rec_size;
		uint32_t log_true_size;
		int32_t prog_token_fd;
		uint32_t fd_array_cnt;
		uint64_t signature;
		uint32_t signature_size;
		int32_t keyring_id;
	};
	struct {
		uint64_t pathname;
		uint32_t bpf_fd;
		uint32_t file_flags;
		int32_t path_fd;
	};
	struct {
		union {
			uint32_t target_fd;
			uint32_t target_ifindex;
		};
		uint32_t attach_bpf_fd;
		uint32_t attach_type;
		uint32_t attach_flags;
		uint32_t replace_bpf_fd;
		union {
			uint32_t relative_fd;
			uint32_t relative_id;
		};
		uint64_t expected_revision;
	};
	struct {
		uint32_t prog_fd;
		uint32_t retval;
		uint32_t data_size_in;
		uint32_t data_size_out;
		uint64_t data_in;
		uint64_t data_out;
		uint32_t repeat;
		uint32_t duration;
		uint32_t ctx_size_in;
		uint32_t ctx_size_out;
		uint64_t ctx_in;
		uint64_t ctx_out;
		uint32_t flags;
		uint32_t cpu;
		uint32_t batch_size;
	} test;
	struct {
		union {
			uint32_t start_id;
			uint32_t prog_id;
			uint32_t map_id;
			uint32_t btf_id;
			uint32_t link_id;
		};
		uint32_t next_id;
		uint32_t open_flags;
		int32_t fd_by_id_token_fd;
	};
	struct {
		uint32_t bpf_fd;
		uint32_t info_len;
		uint64_t info;
	} info;
	struct {
		union {
			uint32_t target_fd;
			uint32_t target_ifindex;
		};
		uint32_t attach_type;
		uint32_t query_flags;
		uint32_t attach_flags;
		uint64_t prog_ids;
		union {
			uint32_t prog_cnt;
			uint32_t count;
		};
		uint64_t prog_attach_flags;
		uint64_t link_ids;
		uint64_t link_attach_flags;
		uint64_t revision;
	} query;
	struct {
		uint64_t name;
		uint32_t prog_fd;
		uint64_t cookie;
	} raw_tracepoint;
	struct {
		uint64_t btf;
		uint64_t btf_log_buf;
		uint32_t btf_size;
		uint32_t btf_log_size;
		uint32_t btf_log_level;
		uint32_t btf_log_true_size;
		uint32_t btf_flags;
		int32_t btf_token_fd;
	};
	struct {
		uint32_t pid;
		uint32_t fd;
		uint32_t flags;
		uint32_t buf_len;
		uint64_t buf;
		uint32_t prog_id;
		uint32_t fd_type;
		uint64_t probe_offset;
		uint64_t probe_addr;
	} task_fd_query;
	struct {
		union {
			uint32_t prog_fd;
			uint32_t map_fd;
		};
		union {
			uint32_t target_fd;
			uint32_t target_ifindex;
		};
		uint32_t attach_type;
		uint32_t flags;
		union {
			uint32_t target_btf_id;
			struct {
				uint64_t iter_info;
				uint32_t iter_info_len;
			};
			struct {
				uint64_t bpf_cookie;
			} perf_event;
			struct {
				uint32_t flags;
				uint32_t cnt;
				uint64_t syms;
				uint64_t addrs;
				uint64_t cookies;
			} kprobe_multi;
			struct {
				uint32_t target_btf_id;
				uint64_t cookie;
			} tracing;
			struct {
				uint32_t pf;
				uint32_t hooknum;
				int32_t priority;
				uint32_t flags;
			} netfilter;
			struct {
				union {
					uint32_t relative_fd;
					uint32_t relative_id;
				};
				uint64_t expected_revision;
			} tcx;
			struct {
				uint64_t path;
				uint64_t offsets;
				uint64_t ref_ctr_offsets;
				uint64_t cookies;
				uint32_t cnt;
				uint32_t flags;
				uint32_t pid;
			} uprobe_multi;
			struct {
				union {
					uint32_t relative_fd;
					uint32_t relative_id;
				};
				uint64_t expected_revision;
			} netkit;
			struct {
				union {
					uint32_t relative_fd;
					uint32_t relative_id;
				};
				uint64_t expected_revision;
			} cgroup;
		};
	} link_create;
	struct {
		uint32_t link_fd;
		union {
			uint32_t new_prog_fd;
			uint32_t new_map_fd;
		};
		uint32_t flags;
		union {
			uint32_t old_prog_fd;
			uint32_t old_map_fd;
		};
	} link_update;
	struct {
		uint32_t link_fd;
	} link_detach;
	struct {
		uint32_t type;
	} enable_stats;
	struct {
		uint32_t link_fd;
		uint32_t flags;
	} iter_create;
	struct {
		uint32_t prog_fd;
		uint32_t map_fd;
		uint32_t flags;
	} prog_bind_map;
	struct {
		uint32_t flags;
		uint32_t bpffs_fd;
	} token_create;
	struct {
		uint64_t stream_buf;
		uint32_t stream_buf_len;
		uint32_t stream_id;
		uint32_t prog_fd;
	} prog_stream_read;
};

struct skep_map_info {
	uint32_t type;
	uint32_t id;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	uint32_t map_flags;
	char name[16];
	uint32_t ifindex;
	uint32_t btf_vmlinux_value_type_id;
	uint64_t netns_dev;
	uint64_t netns_ino;
	uint32_t btf_id;
	uint32_t btf_key_type_id;
	uint32_t btf_value_type_id;
	uint32_t btf_vmlinux_id;
	uint64_t map_extra;
	uint64_t hash;
	uint32_t hash_size;
};

struct skep_prog_info {
	uint32_t type;
	uint32_t id;
	uint8_t tag[8];
	uint32_t jited_prog_len;
	uint32_t xlated_prog_len;
	uint64_t jited_prog_insns;
	uint64_t xlated_prog_insns;
	uint64_t load_time;
	uint32_t created_by_uid;
	uint32_t nr_map_ids;
	uint64_t map_ids;
	char name[16];
	uint32_t ifindex;
	uint32_t gpl_compatible: 1;
	uint64_t netns_dev;
	uint64_t netns_ino;
	uint32_t nr_jited_ksyms;
	uint32_t nr_jited_func_lens;
	uint64_t jited_ksyms;
	uint64_t jited_func_lens;
	uint32_t btf_id;
	uint32_t func_info_rec_size;
	uint64_t func_info;
	uint32_t nr_func_info;
	uint32_t nr_line_info;
	uint64_t line_info;
	uint64_t jited_line_info;
	uint32_t nr_jited_line_info;
	uint32_t line_info_rec_size;
	uint32_t jited_line_info_rec_size;
	uint32_t nr_prog_tags;
	uint64_t prog_tags;
	uint64_t run_time_ns;
	uint64_t run_cnt;
	uint64_t recursion_misses;
	uint32_t verified_insns;
	uint32_t attach_btf_obj_id;
	uint32_t attach_btf_id;
};

struct skep_btf_info {
	uint64_t btf;
	uint32_t btf_size;
	uint32_t id;
	uint64_t name;
	uint32_t name_len;
	uint32_t kernel_btf;
};

struct skep_link_info {
	uint32_t type;
	uint32_t id;
	uint32_t prog_id;
	union {
		struct {
			uint64_t tp_name;
			uint32_t tp_name_len;
			uint64_t cookie;
		} raw_tracepoint;
		struct {
			uint32_t attach_type;
			uint32_t target_obj_id;
			uint32_t target_btf_id;
			uint64_t cookie;
		} tracing;
		struct {
			uint64_t cgroup_id;
			uint32_t attach_type;
		} cgroup;
		struct {
			uint64_t target_name;
			uint32_t target_name_len;
			union {
				struct {
					uint32_t map_id;
				} map;
			};
			union {
				struct {
					uint64_t cgroup_id;
					uint32_t order;
				} cgroup;
				struct {
					uint32_t tid;
					uint32_t pid;
				} task;
			};
		} iter;
		struct {
			uint32_t netns_ino;
			uint32_t attach_type;
		} netns;
		struct {
			uint32_t ifindex;
		} xdp;
		struct {
			uint32_t map_id;
		} struct_ops;
		struct {
			uint32_t pf;
			uint32_t hooknum;
			int32_t priority;
			uint32_t flags;
		} netfilter;
		struct {
			uint64_t addrs;
			uint32_t count;
			uint32_t flags;
			uint64_t missed;
			uint64_t cookies;
		} kprobe_multi;
		struct {
			uint64_t path;
			uint64_t offsets;
			uint64_t ref_ctr_offsets;
			uint64_t cookies;
			uint32_t path_size;
			uint32_t count;
			uint32_t flags;
			uint32_t pid;
		} uprobe_multi;
		struct {
			uint32_t type;
			union {
				struct {
					uint64_t file_name;
					uint32_t name_len;
					uint32_t offset;
					uint64_t cookie;
					uint64_t ref_ctr_offset;
				} uprobe;
				struct {
					uint64_t func_name;
					uint32_t name_len;
					uint32_t offset;
					uint64_t addr;
					uint64_t missed;
					uint64_t cookie;
				} kprobe;
				struct {
					uint64_t tp_name;
					uint32_t name_len;
					uint64_t cookie;
				} tracepoint;
				struct {
					uint64_t config;
					uint32_t type;
					uint64_t cookie;
				} event;
			};
		} perf_event;
		struct {
			uint32_t ifindex;
			uint32_t attach_type;
		} tcx;
		struct {
			uint32_t ifindex;
			uint32_t attach_type;
		} netkit;
		struct {
			uint32_t map_id;
			uint32_t attach_type;
		} sockmap;
	};
};

struct skep_func_info {
	uint32_t insn_off;
	uint32_t type_id;
};

struct skep_line_info {
	uint32_t insn_off;
	uint32_t file_name_off;
	uint32_t line_off;
	uint32_t line_col;
};

struct skep_sk_buff {
	uint32_t len;
	uint32_t pkt_type;
	uint32_t mark;
	uint32_t queue_mapping;
	uint32_t protocol;
	uint32_t vlan_present;
	uint32_t vlan_tci;
	uint32_t vlan_proto;
	uint32_t priority;
	uint32_t ingress_ifindex;
	uint32_t ifindex;
	uint32_t tc_index;
	uint32_t cb[5];
	uint32_t hash;
	uint32_t tc_classid;
	uint32_t data;
	uint32_t data_end;
	uint32_t napi_id;
	uint32_t family;
	uint32_t remote_ip4;
	uint32_t local_ip4;
	uint32_t remote_ip6[4];
	uint32_t local_ip6[4];
	uint32_t remote_port;
	uint32_t local_port;
	uint32_t data_meta;
	union {
		struct skep_flow_keys *flow_keys;
	};
	uint64_t tstamp;
	uint32_t wire_len;
	uint32_t gso_segs;
	union {
		struct skep_sock *sk;
	};
	uint32_t gso_size;
	uint8_t tstamp_type;
	uint64_t hwtstamp;
};

struct skep_xdp_md {
	uint32_t data;
	uint32_t data_end;
	uint32_t data_meta;
	uint32_t ingress_ifindex;
	uint32_t rx_queue_index;
	uint32_t egress_ifindex;
};

struct skep_perf_event_value {
	uint64_t counter;
	uint64_t enabled;
	uint64_t running;
};

struct skep_btf_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t hdr_len;
	uint32_t type_off;
	uint32_t type_len;
	uint32_t str_off;
	uint32_t str_len;
};

struct skep_btf_type {
	uint32_t name_off;
	uint32_t info;
	union {
		uint32_t size;
		uint32_t type;
	};
};

/* flags and constants that the kernel's header has as macros or anonymous enums */
enum skep_update_flag { SKEP_ANY = 0, SKEP_NOEXIST = 1, SKEP_EXIST = 2, SKEP_F_LOCK = 4 };

/* BPF_MAP_CREATE: map_flags */
enum skep_map_flag {
	SKEP_F_NO_PREALLOC = 1u << 0,
	SKEP_F_NO_COMMON_LRU = 1u << 1,
	SKEP_F_NUMA_NODE = 1u << 2,
	SKEP_F_RDONLY = 1u << 3,
	SKEP_F_WRONLY = 1u << 4,
	SKEP_F_STACK_BUILD_ID = 1u << 5,
	SKEP_F_ZERO_SEED = 1u << 6,
	SKEP_F_RDONLY_PROG = 1u << 7,
	SKEP_F_WRONLY_PROG = 1u << 8,
	SKEP_F_CLONE = 1u << 9,
	SKEP_F_MMAPABLE = 1u << 10,
	SKEP_F_PRESERVE_ELEMS = 1u << 11,
	SKEP_F_INNER_MAP = 1u << 12,
	SKEP_F_LINK = 1u << 13,
	SKEP_F_PATH_FD = 1u << 14,
	SKEP_F_VTYPE_BTF_OBJ_FD = 1u << 15,
	SKEP_F_TOKEN_FD = 1u << 16,
	SKEP_F_SEGV_ON_FAULT = 1u << 17,
	SKEP_F_NO_USER_CONV = 1u << 18,
	SKEP_F_RB_OVERWRITE = 1u << 19, /* after 6.18 */
};

/* BPF_PROG_LOAD: prog_flags */
enum skep_prog_flag {
	SKEP_F_STRICT_ALIGNMENT = 1u << 0,
	SKEP_F_ANY_ALIGNMENT = 1u << 1,
	SKEP_F_TEST_RND_HI32 = 1u << 2,
	SKEP_F_TEST_STATE_FREQ = 1u << 3,
	SKEP_F_SLEEPABLE = 1u << 4,
	SKEP_F_XDP_HAS_FRAGS = 1u << 5,
	SKEP_F_XDP_DEV_BOUND_ONLY = 1u << 6,
	SKEP_F_TEST_REG_INVARIANTS = 1u << 7,
};

/* BPF_PROG_TEST_RUN: test.flags */
enum skep_test_flag {
	SKEP_F_TEST_RUN_ON_CPU = 1u << 0,
	SKEP_F_TEST_XDP_LIVE_FRAMES = 1u << 1,
	SKEP_F_TEST_SKB_CHECKSUM_COMPLETE = 1u << 2,
};

/* the source register of an lddw: what its immediate is */
enum skep_pseudo_ld {
	SKEP_PSEUDO_CONST = 0,
	SKEP_PSEUDO_MAP_FD = 1,
	SKEP_PSEUDO_MAP_VALUE = 2,
	SKEP_PSEUDO_BTF_ID = 3,
	SKEP_PSEUDO_FUNC = 4,
	SKEP_PSEUDO_MAP_IDX = 5,
	SKEP_PSEUDO_MAP_IDX_VALUE = 6,
};

/* the source register of a call */
enum skep_pseudo_call {
	SKEP_PSEUDO_HELPER = 0,
	SKEP_PSEUDO_CALL = 1,
	SKEP_PSEUDO_KFUNC_CALL = 2,
};

/* bpf_ringbuf_*: flags, queries, the record header */
enum skep_ringbuf {
	SKEP_RB_NO_WAKEUP = 1u << 0,
	SKEP_RB_FORCE_WAKEUP = 1u << 1,
	SKEP_RB_AVAIL_DATA = 0,
	SKEP_RB_RING_SIZE = 1,
	SKEP_RB_CONS_POS = 2,
	SKEP_RB_PROD_POS = 3,
	SKEP_RINGBUF_BUSY_BIT = 1u << 31,
	SKEP_RINGBUF_DISCARD_BIT = 1u << 30,
	SKEP_RINGBUF_HDR_SZ = 8,
};

enum skep_stats_type { SKEP_STATS_RUN_TIME = 0 };

#define SKEP_F_INDEX_MASK  0xffffffffull
#define SKEP_F_CURRENT_CPU SKEP_F_INDEX_MASK
#define SKEP_F_CTXLEN_MASK (0xfffffull << 32)

enum skep_limit {
	SKEP_OBJ_NAME_LEN = 16,
	SKEP_TAG_SIZE = 8,
	SKEP_MAX_INSNS = 1000000,
	SKEP_MAX_STACK = 512,
	SKEP_MAX_FRAMES = 8,
	SKEP_MAX_TAIL_CALLS = 33,
	SKEP_MAX_LOOPS = 8 * 1024 * 1024,
	SKEP_MAX_USED_MAPS = 64,
	SKEP_MAX_USED_BTFS = 64,
	SKEP_MAX_SUBPROGS = 256,
};

#endif
