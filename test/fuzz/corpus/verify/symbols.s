; type 3 0 0 0: variables of the kernel, of each CPU
r1 = btf[id:@runqueues][fd:0]
r2 = 0
call per_cpu_ptr
if r0 == 0 goto out
r6 = *(u32 *)(r0 + 0)
r1 = btf[id:@bpf_prog_active][fd:0]
call this_cpu_ptr
r0 = *(u32 *)(r0 + 0)
r0 += r6
exit
out:
r0 = 0
exit
