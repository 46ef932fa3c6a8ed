; type 3 0 0 0: a dynptr of a map's value, written and read
*(u32 *)(r10 - 4) = 0
r1 = map[idx:1]
r2 = r10
r2 += -4
call map_lookup_elem
if r0 == 0 goto out
r1 = r0
r2 = 64
r3 = 0
r4 = r10
r4 += -24
call dynptr_from_mem
*(u64 *)(r10 - 32) = 7
r1 = r10
r1 += -24
r2 = 0
r3 = r10
r3 += -32
r4 = 8
r5 = 0
call dynptr_write
r1 = r10
r1 += -24
r2 = 0
r3 = 8
call dynptr_data
if r0 == 0 goto out
r0 = *(u32 *)(r0 + 4)
exit
out:
r0 = 0
exit
