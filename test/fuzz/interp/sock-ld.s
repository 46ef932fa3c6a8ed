; type 1: legacy packet loads
r6 = r1
r0 = *(u16 *)skb[12]
if r0 == 0x86dd goto six
r0 = *(u8 *)skb[23]
r7 = r0
r2 = 14
r0 = *(u32 *)skb[r2 + 12]
r8 = r0
r2 = 2
r0 = *(u16 *)skb[r2]
r0 += r8
r0 = *(u8 *)skb[-1048576]
r0 = *(u32 *)skb[-2097152]
if r0 s> r7 goto six
r0 = 65535
exit
six:
r0 = 0
exit
