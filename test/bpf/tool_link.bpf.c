/* tool_link.bpf.c - programs that get a link each, for test/judge/bpftool.py */
#define SEC(name) __attribute__((section(name), used))

SEC("raw_tp/sys_enter") int on_enter(void *ctx)
{
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_chdir") int on_chdir(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
