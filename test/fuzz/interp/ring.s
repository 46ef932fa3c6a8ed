; type 0: records of a ring buffer
r6 = r1
r1 = map[idx:5]
r2 = 16
r3 = 0
call ringbuf_reserve
if r0 == 0 goto out
r7 = r0
*(u64 *)(r7 + 0) = 1
*(u64 *)(r7 + 8) = 2
r1 = r7
r2 = 0
call ringbuf_submit
r1 = map[idx:5]
r2 = 40
r3 = 0
call ringbuf_reserve
if r0 == 0 goto out
r1 = r0
r2 = 1
call ringbuf_discard
*(u64 *)(r10 - 8) = 77
r1 = map[idx:5]
r2 = r10
r2 += -8
r3 = 8
r4 = 2
call ringbuf_output
r1 = map[idx:5]
r2 = 0
call ringbuf_query
out:
r0 = 0
exit
