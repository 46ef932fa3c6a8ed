; type 3: tail calls to itself and to the program before it, from a function
r6 = r1
r7 = *(u64 *)(r1 + 16)
*(u32 *)(r10 - 4) = 0
r1 = map[idx:0]
r2 = r10
r2 += -4
call map_lookup_elem
if r0 == 0 goto out
w1 = *(u32 *)(r0 + 4)
w1 += 1
*(u32 *)(r0 + 4) = w1
w1 &= 1
r2 = r6
call local none
r1 = r6
r2 = map[idx:7]
r3 = 0
call tail_call
r1 = r6
r2 = map[idx:7]
r3 = 1
call tail_call
out:
r0 = 1
exit
none:
*(u64 *)(r10 - 8) = r2
if w1 != 0 goto odd
r1 = r2
r2 = map[idx:7]
r3 = 1
call tail_call
odd:
r0 = 4
exit
