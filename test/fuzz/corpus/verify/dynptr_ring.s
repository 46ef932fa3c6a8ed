; type 3 0 0 0: a record of a ring buffer, by dynptr
r7 = r1
r1 = map[idx:0]
r2 = 64
r3 = 0
r4 = r10
r4 += -24
call ringbuf_reserve_dynptr
if r0 != 0 goto out
r1 = r10
r1 += -24
call kfunc#@bpf_dynptr_size
r6 = r0
r1 = r10
r1 += -24
r2 = 1
r3 = 32
call kfunc#@bpf_dynptr_adjust
r1 = r10
r1 += -24
r2 = 4
r3 = 8
call dynptr_data
if r0 == 0 goto out
*(u64 *)(r0 + 0) = r6
*(u64 *)(r10 - 40) = 0
r1 = r10
r1 += -40
r2 = 8
r3 = r10
r3 += -24
r4 = 0
r5 = 0
call dynptr_read
out:
r1 = r10
r1 += -24
r2 = 0
call ringbuf_submit_dynptr
r0 = 0
exit
