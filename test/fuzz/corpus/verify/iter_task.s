; type 26 28 0 @bpf_iter_task: an iterator's task, which may be none
r6 = *(u64 *)(r1 + 0)
r7 = *(u64 *)(r1 + 8)
if r7 == 0 goto out
r3 = *(u32 *)(r7 + 100)
*(u64 *)(r10 - 8) = r3
r1 = *(u64 *)(r6 + 0)
r2 = r10
r2 += -8
r3 = 8
call seq_write
out:
r0 = 0
exit
