; type 5: calls of functions, eight deep at most
r6 = r1
r1 = 5
call local down
r7 = r0
r0 += r6
exit
down:
*(u64 *)(r10 - 8) = r1
r2 = r10
r2 += -8
if r1 s<= 0 goto leaf
r1 += -1
call local down
r1 = *(u64 *)(r10 - 8)
r0 += r1
exit
leaf:
r1 = r2
call local sum
exit
sum:
r0 = *(u64 *)(r1 + 0)
*(u32 *)(r1 + 4) = 9
lock *(u32 *)(r1 + 4) ^= w0
r0 += 3
exit
