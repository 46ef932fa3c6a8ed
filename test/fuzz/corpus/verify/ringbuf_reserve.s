; type 6 0 0 0: a reservation, on two paths
r7 = r1
r1 = map[idx:0]
r2 = 16
r3 = 0
call ringbuf_reserve
if r0 == 0 goto out
r6 = r0
r1 = *(u32 *)(r7 + 0)
r2 = *(u32 *)(r7 + 4)
r3 = r1
r3 += 14
if r3 > r2 goto discard
r4 = *(u16 *)(r1 + 12)
*(u64 *)(r6 + 0) = r4
r1 = r6
r2 = 0
call ringbuf_submit
goto out
discard:
r1 = r6
r2 = 0
call ringbuf_discard
out:
r0 = 2
exit
