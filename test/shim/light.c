/* A program with a light skeleton: what loads it is a program itself, of type syscall,
 * which calls bpf(2). What it prints must not depend on which bpf(2) it runs on. */
#include <errno.h>
#include <stdio.h>
#include "light.skel.h" /* needs errno.h */

static void run(struct light *skel, __u32 len)
{
	char packet[256] = "packet";
	union bpf_attr attr = {0};
	int err;

	attr.test.prog_fd = (__u32)skel->progs.count.prog_fd;
	attr.test.data_in = (unsigned long)packet;
	attr.test.data_size_in = len;
	err = skel_sys_bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	printf("run %u: %d, retval %u\n", len, err, attr.test.retval);
}

static void look_up(struct light *skel, __u32 len)
{
	union bpf_attr attr = {0};
	__u64 value = 0;
	int err;

	attr.map_fd = (__u32)skel->maps.lengths.map_fd;
	attr.key = (unsigned long)&len;
	attr.value = (unsigned long)&value;
	err = skel_sys_bpf(BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
	printf("length %u: %d, %llu\n", len, err, value);
}

int main(void)
{
	struct light *skel = light__open();
	int err;

	if (!skel)
		return 1;
	skel->rodata->every = 2;
	err = light__load(skel);
	printf("load: %d\n", err);
	if (err)
		return 1;
	for (__u32 len = 60; len < 140; len += 20) {
		run(skel, len);
		run(skel, len);
	}
	skel->data->limit = 10;
	run(skel, 60);
	look_up(skel, 60);
	look_up(skel, 61);
	look_up(skel, 120);
	printf("%llu packets, %llu bytes, %llu lost, every %u\n", skel->bss->packets,
	       skel->bss->bytes, skel->bss->lost, skel->rodata->every);
	light__destroy(skel);
	return 0;
}
