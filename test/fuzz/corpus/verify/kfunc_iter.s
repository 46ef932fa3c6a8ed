; type 3 0 0 0: an iterator over numbers, in one over numbers
r6 = 0
r1 = r10
r1 += -8
r2 = 0
r3 = 10
call kfunc#@bpf_iter_num_new
outer:
r1 = r10
r1 += -8
call kfunc#@bpf_iter_num_next
if r0 == 0 goto out
r1 = *(u32 *)(r0 + 0)
r6 += r1
r1 = r10
r1 += -16
r2 = 0
r3 = 5
call kfunc#@bpf_iter_num_new
inner:
r1 = r10
r1 += -16
call kfunc#@bpf_iter_num_next
if r0 != 0 goto inner
r1 = r10
r1 += -16
call kfunc#@bpf_iter_num_destroy
goto outer
out:
r1 = r10
r1 += -8
call kfunc#@bpf_iter_num_destroy
r0 = r6
exit
