/* BPF_PROG_TEST_RUN, as Linux 6.18 does it (net/bpf/test_run.c's documented behaviour),
 * for every program type that has one. */
#include "cmd.h"
#include "exec.h"
#include "interrupt.h"
#include "mem.h"
#include "native.h"
#include "os.h"
#include <errno.h>

enum {
	MOST_ARGS = 96, /* raw tracepoints: 12 arguments */
	KERNEL_ENOTSUPP = 524,
	PAGE = 4096, /* of a fragment */
	MOST_BATCH = 256,
	LIVE_HEAD = 112, /* struct xdp_page_head, in each live frame's page */
};

/* Of this thread's call of bpf(2). */
static _Thread_local u64 caller[2];

void test_run_called_from(const void *frame)
{
	memcpy(caller, frame, sizeof(caller));
}

struct test {
	struct prog *prog;
	const struct prog_test *how;
	union skep_attr *attr;
	u8 *data; /* how->room bytes and the fragments, or NULL */
	u8 *copy; /* live frames: data as each finds it */
	u8 *ctx;  /* ctx_in, filled up with 0 to what the type knows */
	struct skep_packet packet, first; /* first: of live frames */
	struct skep_sock sock;		  /* its */
	u32 linear, before; /* of data_in: not in fragments; before data's place */
	struct skep_event event;
};

/* ---- what is given ---- */

static int check_pairs(const union skep_attr *attr)
{
	if (!attr->test.ctx_size_in != !attr->test.ctx_in ||
	    !attr->test.ctx_size_out != !attr->test.ctx_out)
		return -EINVAL;
	return 0;
}

/* Only raw tracepoints look at that flag, and at no other. */
static bool is_on_cpu(const struct test *t)
{
	return t->how->kind == test_args && t->attr->test.flags & SKEP_F_TEST_RUN_ON_CPU;
}

/* What neither a raw tracepoint, which gets arguments, nor a syscall program, which may
 * change its context, knows of. */
static int check_plain(const struct test *t)
{
	const union skep_attr *attr = t->attr;
	u32 cpu = attr->test.cpu, size = attr->test.ctx_size_in;

	if (attr->test.data_in || attr->test.data_out || attr->test.ctx_out ||
	    attr->test.duration || attr->test.repeat || attr->test.batch_size ||
	    size < t->prog->info->ctx_end)
		return -EINVAL;
	if (t->how->kind == test_call)
		return attr->test.flags || size > UINT16_MAX ? -EINVAL : 0;
	if (size > MOST_ARGS)
		return -EINVAL;
	return cpu && !is_on_cpu(t) ? -EINVAL : 0;
}

static bool is_live(const struct test *t)
{
	return t->how->kind == test_frame &&
	       t->attr->test.flags & SKEP_F_TEST_XDP_LIVE_FRAMES;
}

/* Programs that a device or CPU map runs see what no test run makes. */
static int check_frame(const struct test *t)
{
	const union skep_attr *attr = t->attr;
	u32 attach_type = t->prog->info->expected_attach_type;
	u32 batch = attr->test.batch_size;

	if (attach_type == SKEP_XDP_DEVMAP || attach_type == SKEP_XDP_CPUMAP ||
	    attr->test.flags & ~(u32)SKEP_F_TEST_XDP_LIVE_FRAMES)
		return -EINVAL;
	if (is_live(t))
		return batch > MOST_BATCH ? -E2BIG : 0;
	return batch ? -EINVAL : 0;
}

/* A live frame has no fragments. */
static int check_live(const struct test *t)
{
	const union skep_attr *attr = t->attr;
	u32 most = MIN(t->linear, t->how->most - LIVE_HEAD + t->before);

	if (t->ctx && (attr->test.data_out || attr->test.ctx_out))
		return -EINVAL;
	return attr->test.data_size_in > most ? -EINVAL : 0;
}

static int check_rest(const struct test *t)
{
	const union skep_attr *attr = t->attr;
	u32 known = t->how->sums ? SKEP_F_TEST_SKB_CHECKSUM_COMPLETE : 0;

	if (attr->test.flags & ~known || attr->test.cpu || attr->test.batch_size)
		return -EINVAL;
	if (t->how->kind == test_fields &&
	    (attr->test.data_in || attr->test.data_size_in || attr->test.data_out ||
	     attr->test.data_size_out))
		return -EINVAL;
	return 0;
}

/* What has a struct of its own is filled up with 0; the others get what there is. */
static int copy_ctx(struct test *t)
{
	u32 size = t->attr->test.ctx_size_in, known = t->how->ctx_size;
	int err;

	if (!size && !t->attr->test.ctx_size_out)
		return 0;
	if (!known)
		known = size;
	t->ctx = mem_alloc(1, MAX(size, known));
	if (!t->ctx)
		return -ENOMEM;
	err = user_check_tail(t->attr->test.ctx_in, known, size);
	if (err)
		return err;
	t->event.ctx = t->ctx;
	t->event.ctx_len = known;
	return size ? user_copy_in(t->ctx, t->attr->test.ctx_in, MIN(size, known)) : 0;
}

static int fit(struct test *t)
{
	const struct prog_test *how = t->how;
	u32 size = t->attr->test.data_size_in;

	if (how->fit)
		return how->fit(t->ctx, size, &t->linear, &t->before);
	t->linear = size;
	return size < how->least || size > how->most ? -EINVAL : 0;
}

static int copy_data(struct test *t)
{
	const struct prog_test *how = t->how;
	u32 rest = t->attr->test.data_size_in - t->linear;
	u32 room = MIN((u32)round_up(rest, PAGE), how->frags);
	u8 *data;

	t->data = mem_alloc(1, how->room + room);
	if (!t->data)
		return -ENOMEM;
	data = t->data + how->head;
	t->packet = (struct skep_packet){
		.head = t->data,
		.mac = data,
		.data = data + how->pull - t->before,
		.tail = data + t->linear - t->before,
		.end = t->data + how->room,
		.rest = t->data + how->room,
		.rest_len = rest,
		.rest_room = room,
		.sk = t->prog->type->skb ? &t->sock : NULL,
		.has_csum = how->sums && t->attr->test.flags,
	};
	t->event.packet = &t->packet;
	return user_copy_in(data - t->before, t->attr->test.data_in, t->linear);
}

static int copy_frags(struct test *t)
{
	const struct skep_packet *p = &t->packet;

	if (p->rest_len > p->rest_room)
		return -ENOMEM;
	return user_copy_in(p->rest, t->attr->test.data_in + t->linear, p->rest_len);
}

static int take_over(struct test *t)
{
	return t->how->in(t->ctx, &t->packet);
}

/* XDP does not look at cpu, and takes the context first. */
static int prepare_frame(struct test *t)
{
	int err = check_frame(t);

	if (!err)
		err = copy_ctx(t);
	if (!err)
		err = fit(t);
	if (!err && is_live(t))
		err = check_live(t);
	if (!err)
		err = copy_data(t);
	if (!err)
		err = take_over(t);
	return err ? err : copy_frags(t);
}

static int prepare_packet(struct test *t)
{
	int err = check_rest(t);

	if (!err)
		err = fit(t);
	if (!err)
		err = copy_data(t);
	if (!err)
		err = copy_ctx(t);
	return err ? err : take_over(t);
}

static int prepare_fields(struct test *t)
{
	int err = check_rest(t);

	if (!err)
		err = copy_ctx(t);
	return err ? err : take_over(t);
}

/* It calls functions of the kernel that nothing is attached to here. */
static int prepare_traced(const struct test *t)
{
	u32 attach_type = t->prog->info->expected_attach_type;
	int err = check_rest(t);

	if (!err && attach_type != SKEP_TRACE_FENTRY && attach_type != SKEP_TRACE_FEXIT)
		err = -EFAULT;
	return err;
}

static int prepare(struct test *t)
{
	int err;

	t->how = t->prog->type->test;
	if (!t->how)
		return -KERNEL_ENOTSUPP;
	switch (t->how->kind) {
	case test_packet: return prepare_packet(t);
	case test_frame: return prepare_frame(t);
	case test_fields: return prepare_fields(t);
	case test_traced: return prepare_traced(t);
	case test_args:
	case test_call: break;
	}
	err = check_plain(t);
	return err ? err : copy_ctx(t);
}

/* ---- what is given back ---- */

/* The packet comes back as the program left it, with metadata before it. The header that
 * the program did not see comes back as 0 bytes. */
static u32 packet_out(const struct test *t, const void **at)
{
	u32 pull = t->how->pull;
	u8 *from = (t->packet.meta ? t->packet.meta : t->packet.data) - pull;

	memset(from, 0, pull);
	*at = from;
	return (u32)(t->packet.tail - from);
}

/* What the packet has in fragments comes back whole, behind as much of the rest as there
 * is room for. */
static int copy_out(struct test *t, const void *from, u32 copy)
{
	const struct skep_packet *packet = &t->packet;
	u64 to = t->attr->test.data_out;
	u32 rest = t->how->data ? 0 : packet->rest_len, linear = copy - rest;

	if (!to)
		return 0;
	if (rest > copy)
		return -ENOSPC;
	return user_copy_out(to, from, linear) ||
			       user_copy_out(to + linear, packet->rest, rest)
		       ? -EFAULT
		       : 0;
}

/* Less room than there is to give is -ENOSPC. */
static int give_data(struct test *t, const struct run *run, u32 ret, u32 duration)
{
	union skep_attr *attr = t->attr;
	const void *from = NULL;
	u32 size = 0, copy;
	int err;

	if (t->how->data)
		size = t->how->data(run, &from);
	else if (t->how->kind != test_fields)
		size = packet_out(t, &from) + t->packet.rest_len;
	copy = attr->test.data_size_out ? MIN(size, attr->test.data_size_out) : size;
	err = copy_out(t, from, copy);
	if (err)
		return copy < size ? -ENOSPC : err;
	attr->test.data_size_out = size;
	attr->test.retval = ret;
	attr->test.duration = duration;
	return copy < size ? -ENOSPC : 0;
}

static int give_ctx(struct test *t, const struct run *run)
{
	union skep_attr *attr = t->attr;
	u32 size = t->how->ctx_size, copy = MIN(size, attr->test.ctx_size_out);

	if (!attr->test.ctx_out || t->how->keeps)
		return 0;
	if (t->how->out)
		t->how->out(run, t->ctx);
	if (user_copy_out(attr->test.ctx_out, t->ctx, copy))
		return copy < size ? -ENOSPC : -EFAULT;
	attr->test.ctx_size_out = size;
	return copy < size ? -ENOSPC : 0;
}

/* ---- running ---- */

/* Each live frame is a packet of its own, as it was given; where the program sends it,
 * nothing is. */
static int keep_frame(struct test *t)
{
	t->first = t->packet;
	t->copy = mem_alloc(1, t->how->room);
	if (!t->copy)
		return -ENOMEM;
	memcpy(t->copy, t->data, t->how->room);
	return 0;
}

static int run_live(struct test *t, struct skep_cpu *cpu)
{
	u64 ret;
	int err = skep_run(cpu, (struct skep_prog *)t->prog, &t->event, &ret, NULL);

	t->packet = t->first;
	memcpy(t->data, t->copy, t->how->room);
	return err;
}

static int run_once(struct test *t, struct skep_cpu *cpu, u64 *ret)
{
	int err;

	if (is_live(t))
		return run_live(t, cpu);
	err = skep_run(cpu, (struct skep_prog *)t->prog, &t->event, ret, NULL);
	if (!err && t->how->ran)
		t->how->ran(&cpu->run);
	return err;
}

/* A signal ends what is not over yet. */
static int run_repeat(struct test *t, struct skep_cpu *cpu, u32 repeat, u64 *ret)
{
	struct interrupt in;
	int err = 0;

	if (repeat == 1)
		return run_once(t, cpu, ret);
	interrupt_begin(&in);
	for (u32 i = 0; i < repeat && !err; i++)
		err = i && interrupt_wanted(&in) ? -EINTR : run_once(t, cpu, ret);
	interrupt_end(&in);
	return err;
}

static int give(struct test *t, const struct run *run, u32 ret, u32 duration)
{
	union skep_attr *attr = t->attr;
	int err;

	switch (t->how->kind) {
	case test_args:
	case test_traced: attr->test.retval = ret; return 0;
	case test_call:
		attr->test.retval = ret;
		return t->ctx ? user_copy_out(attr->test.ctx_in, t->ctx, t->event.ctx_len)
			      : 0;
	default: break;
	}
	err = give_data(t, run, ret, duration);
	return err ? err : give_ctx(t, run);
}

static int run_it(struct test *t, struct skep_cpu *cpu)
{
	u32 repeat = MAX(t->attr->test.repeat, 1u);
	u64 begin = os_clock_ns(), ret = 0;
	int err = 0;

	if (is_live(t))
		err = keep_frame(t);
	if (!err && t->how->kind != test_traced)
		err = run_repeat(t, cpu, repeat, &ret);
	if (!err && t->how->sums && t->attr->test.flags && !t->how->sums(&cpu->run))
		err = -EBADMSG;
	if (err)
		return err;
	return give(t, &cpu->run, (u32)ret, (u32)((os_clock_ns() - begin) / repeat));
}

static int test_run(struct test *t, struct store *store)
{
	struct runs *runs = store_runs(store);
	u32 slot = t->attr->test.cpu;
	struct skep_cpu *cpu;
	int err;

	if (is_on_cpu(t) && slot >= store_slots(store))
		return -ENXIO;
	cpu = is_on_cpu(t) ? runs_enter_at(runs, slot) : runs_enter(runs);
	if (!cpu)
		return -EBUSY;
	cpu->run.caller = caller;
	err = run_it(t, cpu);
	cpu->run.caller = NULL;
	skep_leave(cpu);
	return err;
}

int cmd_prog_test_run(struct store *store, union skep_attr *attr)
{
	struct test t = {.attr = attr};
	struct object *obj;
	int err = check_pairs(attr);

	if (!err)
		err = object_get(store, (int)attr->test.prog_fd, OBJECT_PROG, &obj, NULL);
	if (err)
		return err;
	t.prog = container_of(obj, struct prog, obj);
	native_prepare(store_runs(store), (struct prog *)t.prog);
	err = prepare(&t);
	if (!err)
		err = test_run(&t, store);
	mem_free(t.data);
	mem_free(t.copy);
	mem_free(t.ctx);
	object_put(obj);
	return err;
}
