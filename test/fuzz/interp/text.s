; type 3: strings and numbers
r6 = map[idx:1][0]+0
r1 = 0x3432203a64250a7a ll
*(u64 *)(r6 + 0) = r1
r1 = 0x20702520 ll
*(u64 *)(r6 + 8) = r1
r1 = 0x0a7325 ll
*(u64 *)(r6 + 16) = r1
*(u64 *)(r10 - 8) = r6
*(u64 *)(r10 - 16) = r6
*(u64 *)(r10 - 24) = -77
r1 = r6
r1 += 32
r2 = 32
r3 = r6
r4 = r10
r4 += -24
r5 = 24
call snprintf
r1 = r6
r1 += 2
r2 = 20
r3 = 5
r4 = 6
r5 = r6
call trace_printk
r1 = r6
r2 = 12
r3 = r6
r3 += 16
call strncmp
r1 = r6
r1 += 6
r2 = 10
r3 = 0
r4 = r10
r4 += -8
call strtol
r1 = r6
r1 += 6
r2 = 10
r3 = 16
r4 = r10
r4 += -8
call strtoul
r1 = r6
r2 = 24
r3 = r10
r3 += -24
r4 = 24
call trace_vprintk
r0 = 0
exit
