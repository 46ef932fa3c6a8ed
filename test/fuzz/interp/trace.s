; type 5: who, when, and what lies where a pointer points
r6 = *(u64 *)(r1 + 8)
r1 = r10
r1 += -16
r2 = 16
r3 = r6
call probe_read_kernel
r1 = r10
r1 += -32
r2 = 16
r3 = r6
call probe_read_kernel_str
r1 = r10
r1 += -32
r2 = 8
r3 = 4096
call probe_read_user
r1 = r10
r1 += -48
r2 = 16
call get_current_comm
call get_current_pid_tgid
*(u64 *)(r10 - 56) = r0
call get_current_uid_gid
call ktime_get_ns
call get_prandom_u32
call get_smp_processor_id
*(u64 *)(r10 - 64) = 6
r1 = map[idx:4]
r2 = r10
r2 += -56
r3 = r10
r3 += -48
r4 = 0
call map_update_elem
r1 = map[idx:4]
r2 = r10
r2 += -56
call map_lookup_elem
if r0 == 0 goto out
r0 = *(u64 *)(r0 + 8)
r1 = map[idx:6]
r2 = r10
r2 += -56
r3 = r10
r3 += -48
r4 = 2
call map_update_elem
*(u32 *)(r10 - 4) = 1
r1 = map[idx:3]
r2 = r10
r2 += -4
r3 = 1
call map_lookup_percpu_elem
if r0 == 0 goto out
r0 = *(u32 *)(r0 + 4)
out:
exit
