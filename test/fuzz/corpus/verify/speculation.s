; type 1 0 0 0: what a processor might do before a branch is decided
r6 = r1
*(u32 *)(r10 - 4) = 0
r1 = map[idx:1]
r2 = r10
r2 += -4
call map_lookup_elem
if r0 == 0 goto out
r1 = *(u32 *)(r0 + 0)
r2 = *(u32 *)(r0 + 4)
if r1 > 7 goto out
if r2 > 15 goto out
r3 = r0
r3 += r1
r3 += r2
r4 = *(u8 *)(r3 + 0)
*(u64 *)(r10 - 16) = r3
r5 = *(u64 *)(r10 - 16)
r5 -= r1
*(u8 *)(r5 + 1) = r4
out:
r0 = 0
exit
