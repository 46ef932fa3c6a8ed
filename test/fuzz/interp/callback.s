; type 3: a loop, a walk over a map, in each other
r6 = r1
*(u64 *)(r10 - 8) = 0
*(u32 *)(r10 - 12) = 3
*(u64 *)(r10 - 24) = 0
r1 = map[idx:2]
r2 = r10
r2 += -12
r3 = r10
r3 += -24
r4 = 0
call map_update_elem
r1 = 10
r2 = subprog[walk]
r3 = r10
r3 += -8
r4 = 0
call loop
r0 = *(u64 *)(r10 - 8)
exit
walk:
r3 = *(u64 *)(r2 + 0)
r3 += r1
*(u64 *)(r2 + 0) = r3
r1 = map[idx:2]
r3 = r2
r2 = subprog[add]
r4 = 0
call for_each_map_elem
r0 = 0
if r0 s> 6 goto stop
exit
stop:
r0 = 1
exit
add:
r5 = *(u32 *)(r2 + 0)
r0 = *(u64 *)(r3 + 0)
r0 += r5
*(u64 *)(r3 + 0) = r0
r1 = *(u64 *)(r4 + 0)
r1 ^= r0
*(u64 *)(r4 + 0) = r1
r0 = 0
exit
