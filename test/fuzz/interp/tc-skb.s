; type 2: helpers of packets as struct __sk_buff
r6 = r1
w1 = *(u32 *)(r6 + 0)
w2 = *(u32 *)(r6 + 16)
*(u32 *)(r6 + 8) = w1
*(u32 *)(r6 + 48) = w2
*(u16 *)(r6 + 52) = 9
r7 = *(u32 *)(r6 + 76)
r8 = *(u32 *)(r6 + 80)
r1 = r7
r1 += 20
if r1 > r8 goto out
*(u8 *)(r7 + 3) = 4
r1 = r6
r2 = 14
r3 = r10
r3 += -24
r4 = 20
call skb_load_bytes
r1 = r6
r2 = 26
r3 = r10
r3 += -24
r4 = 4
r5 = 1
call skb_store_bytes
r1 = r6
r2 = 24
r3 = 7
r4 = 8
r5 = 2
call l3_csum_replace
r1 = r6
r2 = 40
r3 = 0
r4 = 8
r5 = 0x14
call l4_csum_replace
r1 = r6
r2 = 60
r3 = 0
call skb_change_tail
r1 = r6
r2 = 14
r3 = 0
call skb_change_head
r1 = r6
r2 = 32
call skb_pull_data
r1 = r6
r2 = 0
r3 = r10
r3 += -24
r4 = 8
r5 = 1
call skb_load_bytes_relative
r1 = r6
call get_hash_recalc
r1 = r6
r2 = 1
call skb_change_type
out:
r0 = 0
exit
