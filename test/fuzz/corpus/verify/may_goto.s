; type 3 0 0 0: loops whose end is not in a counter
r6 = 0
r7 = r1
again:
may_goto out
r6 += 1
r1 = *(u32 *)(r7 + 0)
if r1 > 5 goto again
*(u64 *)(r10 - 8) = r6
r6 = *(u64 *)(r10 - 8)
call local f
goto again
out:
r0 = r6
exit
f:
r0 = 0
more:
may_goto done
r0 += 1
goto more
done:
exit
