/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What programs write to their streams, the same on the kernel and on the engine:
 * test_helper_kfuncs.c reads it, and compares `out`. Needs no headers. */
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define NULL	  ((void *)0)

extern int bpf_stream_vprintk_impl(int id, const char *fmt, const void *args, u32 len,
				   void *aux) __attribute__((section(".ksyms")));

/* Texts of 1,000 bytes, of 999, 1, and of more than one may have. */
#define TEXT static const char
TEXT thousand[1001] SEC(".rodata.a") = {[0 ... 999] = 'a'};
TEXT less[1000] SEC(".rodata.b") = {[0 ... 998] = 'b'};
TEXT one[2] SEC(".rodata.c") = "c";
TEXT long_one[1031] SEC(".rodata.d") = {[0 ... 1029] = 'd'};
TEXT most[1025] SEC(".rodata.e") = {[0 ... 1023] = 'e'};
TEXT none[1] SEC(".rodata.f") = "";
TEXT numbers[] SEC(".rodata.g") = "%d, %llx and %s\n";

u64 out[64];

static int put(int id, const char *text)
{
	u64 arg = 0;

	return bpf_stream_vprintk_impl(id, text, &arg, 0, NULL);
}

SEC("tc") int fill(void *ctx)
{
	u32 n = 0;
	int err = 0;

	for (u32 i = 0; i < 200 && !err; i++) {
		err = put(1, thousand);
		out[0] = i;
	}
	n++;
	out[n++] = err;
	out[n++] = put(1, less);
	out[n++] = put(1, one);
	out[n++] = put(2, one);
	out[n++] = put(1, none);
	return 0;
}


SEC("tc") int odd(void *ctx)
{
	u64 args[13] = {-5, 255, (u64)one};
	u32 n = 0;

	out[n++] = put(0, one);
	out[n++] = put(3, one);
	out[n++] = put(-1, one);
	out[n++] = bpf_stream_vprintk_impl(2, numbers, args, 24, NULL);
	out[n++] = bpf_stream_vprintk_impl(2, numbers, args, 16, NULL);
	out[n++] = bpf_stream_vprintk_impl(2, numbers, args, 23, NULL);
	out[n++] = bpf_stream_vprintk_impl(2, numbers, args, 104, NULL);
	out[n++] = bpf_stream_vprintk_impl(3, numbers, args, 104, NULL);
	out[n++] = put(2, long_one);
	out[n++] = put(2, most);
	return 0;
}

char _license[] SEC("license") = "GPL";
