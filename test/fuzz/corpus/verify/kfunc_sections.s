; type 3 0 0 0: sections, and a function that enters one
call kfunc#@bpf_rcu_read_lock
call kfunc#@bpf_preempt_disable
call local f
call kfunc#@bpf_preempt_enable
call kfunc#@bpf_rcu_read_unlock
r0 = 0
exit
f:
call kfunc#@bpf_rcu_read_lock
call kfunc#@bpf_rcu_read_unlock
r0 = 1
exit
