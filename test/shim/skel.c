/* A program as users of libbpf write them. What it prints must not depend on which
 * bpf(2) it runs on. */
#define _GNU_SOURCE /* sched_getcpu() */
#include "skel.skel.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

struct event {
	__u32 len, nr;
	char text[8];
};

static int on_event(void *arg, void *data, size_t size)
{
	const struct event *e = data;

	printf("event %u: %zu bytes, len %u, %s\n", e->nr, size, e->len, e->text);
	++*(int *)arg;
	return 0;
}

static void on_sample(void *arg, int cpu, void *data, __u32 size)
{
	__u64 nr;

	memcpy(&nr, data, sizeof(nr));
	printf("sample %llu: %u bytes, packet %02x\n", nr, size, ((__u8 *)data)[8]);
}

static void on_loss(void *arg, int cpu, __u64 n)
{
	printf("samples lost\n");
	*(__u64 *)arg += n;
}

static void run(struct skel_bpf *skel, __u32 len)
{
	char packet[256] = "packet", out[256];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = len,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = 1);
	int err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.count), &opts);

	printf("run %u: %d, retval %u, %u bytes out\n", len, err, opts.retval,
	       opts.data_size_out);
}

static int by_key(const void *a, const void *b)
{
	return *(const __u32 *)a < *(const __u32 *)b ? -1 : 1;
}

static void dump(struct skel_bpf *skel)
{
	struct bpf_map *map = skel->maps.lengths;
	__u32 keys[64], n = 0, *last = NULL;
	__u64 value;

	while (n < 64 && !bpf_map__get_next_key(map, last, &keys[n], sizeof(keys[n])))
		last = &keys[n++];
	qsort(keys, n, sizeof(keys[0]), by_key);
	for (__u32 i = 0; i < n; i++)
		if (!bpf_map__lookup_elem(map, &keys[i], 4, &value, 8, 0))
			printf("length %u: %llu\n", keys[i], value);
	printf("delete: %d\n", bpf_map__delete_elem(map, &keys[0], 4, 0));
	printf("again: %d\n", bpf_map__delete_elem(map, &keys[0], 4, 0));
}

static void say_infos(struct skel_bpf *skel)
{
	struct bpf_prog_info prog = {0};
	struct bpf_map_info map = {0};
	__u32 len = sizeof(prog);

	bpf_obj_get_info_by_fd(bpf_program__fd(skel->progs.count), &prog, &len);
	printf("program %s: type %u, %u runs\n", prog.name, prog.type,
	       (unsigned)prog.run_cnt);
	len = sizeof(map);
	bpf_obj_get_info_by_fd(bpf_map__fd(skel->maps.lengths), &map, &len);
	printf("map %s: type %u, %u/%u, %u entries, btf %s\n", map.name, map.type,
	       map.key_size, map.value_size, map.max_entries, map.btf_id ? "yes" : "no");
}

/* What another process, bpftool, says of the link. */
static void say_link(struct bpf_link *link)
{
	struct bpf_link_info info = {0};
	__u32 len = sizeof(info);
	char command[128];

	bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len);
	snprintf(command, sizeof(command),
		 "bpftool link list | sed -n 's/^%u: //p' | sed 's/ [0-9]* *$/ ID/'",
		 info.id);
	fflush(stdout);
	printf("bpftool: %d\n", system(command));
}

/* Stays on one CPU, so that samples come in one order. */
static void sample(struct skel_bpf *skel)
{
	struct perf_buffer *buffer;
	__u64 lost = 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);
	buffer = perf_buffer__new(bpf_map__fd(skel->maps.samples), 1, on_sample, on_loss,
				  &lost, NULL);
	printf("perf buffer: %s\n", buffer ? "yes" : "no");
	if (!buffer)
		return;
	printf("poll: %d\n", perf_buffer__poll(buffer, 10));
	for (int i = 0; i < 3; i++)
		run(skel, 64);
	printf("poll: %d\n", perf_buffer__poll(buffer, 1000));
	printf("poll: %d\n", perf_buffer__poll(buffer, 0));
	run(skel, 64);
	printf("poll: %d\n", perf_buffer__poll(buffer, 1000));
	printf("%llu lost\n", lost);
	perf_buffer__free(buffer);
}

static void ask(struct skel_bpf *skel)
{
	struct user_ring_buffer *ring =
		user_ring_buffer__new(bpf_map__fd(skel->maps.requests), NULL);
	char packet[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet,
		    .data_size_in = sizeof(packet));
	__u32 *request;
	int err;

	printf("user ring buffer: %s\n", ring ? "yes" : "no");
	for (__u32 i = 0; ring && i < 4; i++) {
		request = user_ring_buffer__reserve(ring, 4 + i);
		*request = i;
		if (i == 2)
			user_ring_buffer__discard(ring, request);
		else
			user_ring_buffer__submit(ring, request);
	}
	err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.drain), &opts);
	printf("drain: %d, retval %u, %llu taken\n", err, opts.retval, skel->bss->taken);
	request = ring ? user_ring_buffer__reserve_blocking(ring, 4080, 1000) : NULL;
	printf("room: %s\n", request ? "yes" : "no");
	user_ring_buffer__free(ring);
}

static int use(struct skel_bpf *skel)
{
	struct bpf_link *link;
	struct ring_buffer *ring;
	int n = 0;

	ring = ring_buffer__new(bpf_map__fd(skel->maps.events), on_event, &n, NULL);
	if (!ring)
		return 1;
	printf("empty: %d\n", ring_buffer__poll(ring, 10));
	run(skel, 64);
	run(skel, 128);
	printf("poll: %d\n", ring_buffer__poll(ring, 1000));
	skel->data->limit = 200;
	for (int i = 0; i < 8; i++)
		run(skel, 60 + 20 * (i % 4));
	printf("poll: %d\n", ring_buffer__poll(ring, 1000));
	printf("poll: %d\n", ring_buffer__poll(ring, 0));
	printf("%llu packets, %llu bytes, %llu lost, %d events\n", skel->bss->packets,
	       skel->bss->bytes, skel->bss->lost, n);
	ring_buffer__free(ring);
	dump(skel);
	sample(skel);
	ask(skel);
	say_infos(skel);
	link = bpf_program__attach(skel->progs.enter);
	printf("attached: %s\n", link ? "yes" : "no");
	if (link)
		say_link(link);
	bpf_link__destroy(link);
	return 0;
}

int main(void)
{
	struct skel_bpf *skel = skel_bpf__open();
	int err;

	if (!skel)
		return 1;
	skel->rodata->every = 2;
	err = skel_bpf__load(skel);
	printf("load: %d\n", err);
	err = err ? 1 : use(skel);
	skel_bpf__destroy(skel);
	return err;
}
