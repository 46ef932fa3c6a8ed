; type 0: moves both ends of the packet, then reads and writes it
r6 = r1
r1 = r6
r2 = -8
call xdp_adjust_head
r1 = r6
r2 = -8
call xdp_adjust_meta
r1 = r6
r2 = 12
call xdp_adjust_tail
r1 = *(u32 *)(r6 + 8)
r2 = *(u32 *)(r6 + 0)
r3 = r1
r3 += 8
if r3 > r2 goto out
*(u64 *)(r1 + 0) = 5
r3 = *(u32 *)(r6 + 4)
r4 = r2
r4 += 16
if r4 > r3 goto out
r5 = *(u64 *)(r2 + 0)
*(u64 *)(r2 + 8) = r5
r5 = *(s16 *)(r2 + 12)
*(u8 *)(r2 + 1) = 3
r1 = r6
r2 = 4
r3 = r10
r3 += -16
r4 = 16
call xdp_load_bytes
r1 = r6
r2 = 8
r3 = r10
r3 += -16
r4 = 12
call xdp_store_bytes
r1 = r6
call xdp_get_buff_len
r1 = 0
r2 = 0
r3 = r10
r3 += -16
r4 = 16
r5 = 1
call csum_diff
r1 = r10
r1 += -16
r2 = 8
r3 = r10
r3 += -8
r4 = 8
r5 = 9
call csum_diff
out:
r0 = 3
exit
