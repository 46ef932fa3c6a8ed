; type 0: counts packets by protocol in a hash and in a per-CPU array
r6 = r1
r2 = *(u32 *)(r6 + 0)
r3 = *(u32 *)(r6 + 4)
r4 = r2
r4 += 34
if r4 > r3 goto out
w5 = *(u8 *)(r2 + 23)
*(u32 *)(r10 - 4) = w5
*(u64 *)(r10 - 16) = 1
*(u64 *)(r10 - 24) = 7
r1 = map[idx:2]
r2 = r10
r2 += -4
call map_lookup_elem
if r0 != 0 goto found
r1 = map[idx:2]
r2 = r10
r2 += -4
r3 = r10
r3 += -24
r4 = 1
call map_update_elem
if r0 != 0 goto out
goto array
found:
r1 = 1
lock *(u64 *)(r0 + 0) += r1
r1 = atomic64_fetch_or((u64 *)(r0 + 0), r1)
array:
*(u32 *)(r10 - 4) = 1
r1 = map[idx:3]
r2 = r10
r2 += -4
call map_lookup_elem
if r0 == 0 goto out
r1 = *(u64 *)(r0 + 0)
r1 += 1
*(u64 *)(r0 + 0) = r1
r1 = map[idx:2]
r2 = r10
r2 += -4
call map_delete_elem
out:
r0 = 2
exit
