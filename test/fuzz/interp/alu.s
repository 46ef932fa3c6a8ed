; type 4: every kind of operation
r9 = 0x123456789abcdef ll
w1 = -1
r2 = 7
r9 *= r2
r9 /= 3
r9 s/= -5
r9 s%= r2
w9 s>>= 3
r3 = (s8)r9
w3 = (s16)w9
r3 = be16 r3
r9 = bswap64 r9
r9 = le32 r9
r3 = -r3
*(u64 *)(r10 - 8) = r9
*(u32 *)(r10 - 12) = w1
r0 = 5
r4 = 6
r0 = atomic64_cmpxchg((u64 *)(r10 - 8), r0, r4)
r4 = atomic64_xchg((u64 *)(r10 - 8), r4)
w4 = atomic_fetch_add((u32 *)(r10 - 12), w4)
r5 = load_acquire((u64 *)(r10 - 8))
store_release((u64 *)(r10 - 8), r5)
w6 = *(u16 *)(r10 - 7)
r6 = *(s32 *)(r10 - 12)
r5 = 20
again:
may_goto over
r5 += -1
if r5 != 0 goto again
over:
if w5 & 4 goto odd
gotol even
odd:
r0 += 1
even:
r0 ^= r6
exit
