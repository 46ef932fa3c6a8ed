; type 2: helpers that move headers
r6 = r1
r1 = r6
r2 = 0x81
r3 = 5
call skb_vlan_push
r1 = r6
call skb_vlan_pop
r1 = r6
r2 = 20
r3 = 0
r4 = 0
call skb_adjust_room
r1 = r6
r2 = -8
r3 = 1
r4 = 0
call skb_adjust_room
r1 = r6
r2 = 0xdd86
r3 = 0
call skb_change_proto
r1 = r6
call skb_ecn_set_ce
r1 = r6
r2 = 77
r3 = 1
call skb_set_tstamp
r2 = *(u32 *)(r6 + 76)
r3 = *(u32 *)(r6 + 80)
r4 = r2
r4 += 14
if r4 > r3 goto out
r0 = *(u16 *)(r2 + 12)
r7 = *(u32 *)(r6 + 24)
r0 += r7
out:
exit
