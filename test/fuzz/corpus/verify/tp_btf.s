; type 26 23 0 @btf_trace_sched_switch: a task's members
r6 = *(u64 *)(r1 + 8)
r7 = *(u64 *)(r1 + 16)
call kfunc#@bpf_rcu_read_lock
r1 = *(u32 *)(r6 + 100)
r2 = *(u64 *)(r7 + 64)
r1 += r2
*(u64 *)(r10 - 8) = r1
call kfunc#@bpf_rcu_read_unlock
r0 = 0
exit
