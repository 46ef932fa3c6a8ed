/* BPF_PROG_TEST_RUN, as Linux 6.18 does it (net/bpf/test_run.c's documented behaviour),
 * for every program type that the engine has. */
#include "cmd.h"
#include "exec.h"
#include "mem.h"
#include "os.h"
#include <errno.h>

enum {
	MOST_ARGS = 96, /* raw tracepoints: 12 arguments */
	KERNEL_ENOTSUPP = 524,
	PAGE = 4096, /* of a fragment */
};

struct test {
	struct prog *prog;
	union skep_attr *attr;
	u8 *data; /* test_room bytes, or NULL */
	u8 *ctx;  /* ctx_in, filled up with 0 to what the type knows */
	struct skep_packet packet;
	struct skep_event event;
};

static int check_pairs(const union skep_attr *attr)
{
	if (!attr->test.ctx_size_in != !attr->test.ctx_in ||
	    !attr->test.ctx_size_out != !attr->test.ctx_out)
		return -EINVAL;
	return 0;
}

/* What neither a raw tracepoint, which gets arguments, nor a syscall program, which may
 * change its context, knows of. */
static int check_plain(const struct test *t, u32 cpus)
{
	const union skep_attr *attr = t->attr;
	u32 flags = attr->test.flags, cpu = attr->test.cpu;

	if (attr->test.data_in || attr->test.data_out || attr->test.ctx_out ||
	    attr->test.duration || attr->test.repeat || attr->test.batch_size)
		return -EINVAL;
	if (t->prog->info->type != SKEP_PROG_TYPE_RAW_TRACEPOINT)
		return flags || attr->test.ctx_size_in > UINT16_MAX ? -EINVAL : 0;
	if (attr->test.ctx_size_in > MOST_ARGS)
		return -EINVAL;
	if (flags & SKEP_F_TEST_RUN_ON_CPU)
		return cpu >= cpus ? -ENXIO : 0;
	return cpu ? -EINVAL : 0;
}

static int copy_ctx(struct test *t)
{
	u32 size = t->attr->test.ctx_size_in, known = t->prog->type->ctx_size;
	int err;

	if (!size && !t->attr->test.ctx_size_out)
		return 0;
	t->ctx = mem_alloc(1, MAX(size, known));
	if (!t->ctx)
		return -ENOMEM;
	err = user_check_tail(t->attr->test.ctx_in, known, size);
	if (err)
		return err;
	t->event.ctx = t->ctx;
	t->event.ctx_len = t->prog->type->packet ? known : size;
	return size ? user_copy_in(t->ctx, t->attr->test.ctx_in, MIN(size, known)) : 0;
}

static int copy_data(struct test *t)
{
	const struct prog_type *type = t->prog->type;
	u32 size = t->attr->test.data_size_in, linear = MIN(size, type->test_most);
	u32 room = (u32)round_up(size - linear, PAGE);
	u8 *data;

	if (size < type->test_least || (size > linear && !type->test_frags))
		return -EINVAL;
	if (room > type->test_frags)
		return -ENOMEM;
	t->data = mem_alloc(1, type->test_room + room);
	if (!t->data)
		return -ENOMEM;
	data = t->data + type->test_head;
	t->packet = (struct skep_packet){
		.head = t->data,
		.mac = data,
		.data = data + type->test_pull,
		.tail = data + linear,
		.end = t->data + type->test_room,
		.rest = t->data + type->test_room,
		.rest_len = size - linear,
		.rest_room = room,
	};
	t->event.packet = &t->packet;
	if (user_copy_in(data, t->attr->test.data_in, linear))
		return -EFAULT;
	return user_copy_in(t->packet.rest, t->attr->test.data_in + linear,
			    size - linear);
}

static int prepare_packet(struct test *t)
{
	const struct prog_type *type = t->prog->type;
	int err;

	bool xdp = t->prog->info->type == SKEP_PROG_TYPE_XDP;
	const void *ctx;

	/* XDP does not look at cpu, and takes the context first. */
	if (t->attr->test.flags || (t->attr->test.cpu && !xdp) ||
	    t->attr->test.batch_size)
		return -EINVAL;
	err = xdp ? copy_ctx(t) : copy_data(t);
	if (!err)
		err = xdp ? copy_data(t) : copy_ctx(t);
	ctx = t->attr->test.ctx_size_in ? t->event.ctx : NULL;
	return err ? err : type->test_in(ctx, &t->packet);
}

static int prepare(struct test *t, u32 cpus)
{
	int err = check_pairs(t->attr);

	if (err)
		return err;
	if (!t->prog->type->test_run)
		return -KERNEL_ENOTSUPP;
	if (t->prog->type->packet)
		return prepare_packet(t);
	err = check_plain(t, cpus);
	return err ? err : copy_ctx(t);
}

/* The packet comes back as the program left it, with metadata before it; less room than
 * that is -ENOSPC. The header that the program did not see comes back as 0 bytes. */
static int give_data(struct test *t, const struct skep_packet *packet)
{
	union skep_attr *attr = t->attr;
	u32 pull = t->prog->type->test_pull, linear, size, copy;
	u8 *from = (packet->meta ? packet->meta : packet->data) - pull;
	u64 to = attr->test.data_out;

	memset(from, 0, pull);
	linear = (u32)(packet->tail - from);
	size = copy = linear + packet->rest_len;
	if (attr->test.data_size_out)
		copy = MIN(size, attr->test.data_size_out);
	if (to &&
	    (user_copy_out(to, from, MIN(copy, linear)) ||
	     (copy > linear && user_copy_out(to + linear, packet->rest, copy - linear))))
		return copy < size ? -ENOSPC : -EFAULT;
	attr->test.data_size_out = size;
	return copy < size ? -ENOSPC : 0;
}

static int give_ctx(struct test *t, const struct run *run)
{
	const struct prog_type *type = t->prog->type;
	union skep_attr *attr = t->attr;
	u32 size = type->ctx_size, copy = MIN(size, attr->test.ctx_size_out);

	if (t->prog->info->type == SKEP_PROG_TYPE_SYSCALL && t->event.ctx_len)
		return user_copy_out(attr->test.ctx_in, t->ctx, t->event.ctx_len);
	if (!attr->test.ctx_out)
		return 0;
	if (type->test_out)
		type->test_out(run, t->ctx);
	attr->test.ctx_size_out = size;
	if (user_copy_out(attr->test.ctx_out, t->ctx, copy))
		return copy < size ? -ENOSPC : -EFAULT;
	return copy < size ? -ENOSPC : 0;
}

static int run_it(struct test *t, struct skep_cpu *cpu)
{
	u32 repeat = MAX(t->attr->test.repeat, 1u);
	u64 begin = os_clock_ns(), ret = 0;
	int err = 0;

	for (u32 i = 0; i < repeat && !err; i++)
		err = skep_run(cpu, (struct skep_prog *)t->prog, &t->event, &ret, NULL);
	if (err)
		return err;
	t->attr->test.retval = (u32)ret;
	if (t->event.packet) {
		t->attr->test.duration = (u32)((os_clock_ns() - begin) / repeat);
		err = give_data(t, &t->packet);
	}
	return err ? err : give_ctx(t, &cpu->run);
}

static int test_run(struct test *t, struct runs *runs)
{
	struct skep_cpu *cpu = runs_enter(runs);
	int err;

	if (!cpu)
		return -EBUSY;
	err = run_it(t, cpu);
	skep_leave(cpu);
	return err;
}

int cmd_prog_test_run(struct store *store, union skep_attr *attr)
{
	struct test t = {.attr = attr};
	struct object *obj;
	int err = object_get(store, (int)attr->test.prog_fd, OBJECT_PROG, &obj, NULL);

	if (err)
		return err;
	t.prog = container_of(obj, struct prog, obj);
	err = prepare(&t, store_slots(store));
	if (!err)
		err = test_run(&t, store_runs(store));
	mem_free(t.data);
	mem_free(t.ctx);
	object_put(obj);
	return err;
}
