#include "helper_dynptr.h"
#include "helper_fn.h"
#include "helper_row.h"
#include "heap.h"
#include "map_field.h"
#include "msg.h"
#include <errno.h>
#include <stdio.h>

enum { SIZE_MOST = 1 << 29 };

#define HELPER(id, from, flags, returns, args) \
	[SKEP_FUNC_##id] = {.name = #id, \
			    .ret = returns, \
			    .arg = args, \
			    .gpl_only = (flags)&GPL, \
			    .may_sleep = (flags)&SLEEPS, \
			    .since = from, \
			    .fn = helper_##id},
#define REFUSED(name, why)
static const struct helper helpers[] = {
#include "helper.def"
};
#undef HELPER
#undef REFUSED

#define HELPER(name, ...)
#define REFUSED(name, why) [SKEP_FUNC_##name] = "bpf_" #name " " why,
static const char *const refusals[] = {
#include "helper.def"
};
#undef HELPER
#undef REFUSED

const struct helper *helper_of(u32 id)
{
	return id < ARRAY_SIZE(helpers) && helpers[id].fn ? &helpers[id] : NULL;
}

const char *helper_refusal(u32 id)
{
	return id < ARRAY_SIZE(refusals) ? refusals[id] : NULL;
}

u64 helper_map_handle(const struct run *run, const struct map *map)
{
	const struct prog *prog = run->prog;

	for (u32 i = 0; i < prog->nmaps; i++)
		if (prog->maps[i] == map)
			return u64_of(&prog->maps[i]);
	for (u32 i = 0; i < run->ninners; i++)
		if (run->inners[i].map == map)
			return u64_of(&run->inners[i]);
	return 0;
}

u64 helper_room(struct run *run, u64 addr)
{
	struct region region;

	return run_find(run, addr, 1, access_read, &region) ? region.hi - addr : 0;
}

/* ---- checking arguments ---- */

struct call {
	struct run *run;
	const struct helper *helper;
	const u64 *r;
	u64 arg[5];
	struct map *map;
};

static bool bad(struct call *c, u32 i, const char *fmt)
{
	run_fault(c->run, EFAULT, fmt, i + 1, c->helper->name,
		  (unsigned long long)c->r[i]);
	return false;
}

static bool check_mem(struct call *c, u32 i, u64 len, enum access access)
{
	struct region region;
	char what[80];

	/* libc wants a pointer even to no bytes */
	if (!len)
		c->arg[i] = u64_of(c->run->stack);
	run_pay(c->run, len);
	if (!len || run_in_stack(c->run, c->r[i], len) ||
	    run_find(c->run, c->r[i], len, access, &region))
		return true;
	snprintf(what, sizeof(what), "argument %u of bpf_%s", i + 1, c->helper->name);
	run_fault_access(c->run, c->r[i], len, access, what);
	return false;
}

/* Memory whose size is the next argument. */
static bool check_sized(struct call *c, u32 i, enum access access, bool may_be_null)
{
	u64 size = c->r[i + 1];
	u32 least = c->helper->arg[i + 1] == arg_size;

	if (size < least || size > SIZE_MOST) {
		run_fault(c->run, EFAULT, msg_helper_size, i + 2, c->helper->name,
			  (long long)size, least, SIZE_MOST);
		return false;
	}
	if (may_be_null && !c->r[i])
		return size ? check_mem(c, i, size, access) : true;
	return check_mem(c, i, size, access);
}

/* The one type of map that an argument may be; 0: it depends. */
static u32 type_of(u32 kind)
{
	switch (kind) {
	case arg_ringbuf: return SKEP_MAP_TYPE_RINGBUF;
	case arg_prog_array: return SKEP_MAP_TYPE_PROG_ARRAY;
	case arg_perf_array: return SKEP_MAP_TYPE_PERF_EVENT_ARRAY;
	case arg_user_ringbuf: return SKEP_MAP_TYPE_USER_RINGBUF;
	case arg_stack_trace: return SKEP_MAP_TYPE_STACK_TRACE;
	case arg_task_storage: return SKEP_MAP_TYPE_TASK_STORAGE;
	case arg_cgrp_storage: return SKEP_MAP_TYPE_CGRP_STORAGE;
	default: return 0;
	}
}

static bool check_map(struct call *c, u32 i, u32 kind)
{
	struct map *map = run_map(c->run, c->r[i]);
	u32 type = type_of(kind);

	if (!map)
		return bad(c, i, msg_helper_map);
	if (kind == arg_any_map	     ? false
	    : kind == arg_queue	     ? !map->ops->pushes
	    : kind == arg_map_of_any ? map->ops->no_value_ptr && !map->ops->of_maps
	    : type		     ? map->info.type != type
				     : map->ops->no_value_ptr) {
		run_fault(c->run, EFAULT, msg_helper_map_type, i + 1, c->helper->name,
			  map->info.name, map->ops->name);
		return false;
	}
	c->map = map;
	c->arg[i] = u64_of(map);
	return true;
}

static bool check_func(struct call *c, u32 i)
{
	const struct prog *prog = c->run->prog;

	for (u32 k = 0; k < prog->nfuncs; k++) {
		if (c->r[i] == PROG_FUNC_BASE + prog->funcs[k].start)
			return true;
	}
	return bad(c, i, msg_helper_func);
}

static bool check_str(struct call *c, u32 i)
{
	if (!check_mem(c, i, 1, access_read))
		return false;
	if (memchr(ptr_of(c->r[i]), 0, helper_room(c->run, c->r[i])))
		return true;
	return bad(c, i, msg_helper_str);
}

bool helper_is_record(const struct run *run, u64 addr)
{
	for (u32 k = 0; k < run->ngiven; k++) {
		if (run->given[k].lo == addr && run->given[k].map)
			return true;
	}
	return false;
}

static bool check_record(struct call *c, u32 i)
{
	return helper_is_record(c->run, c->r[i]) || bad(c, i, msg_helper_record);
}

/* The field of `kinds` that an object has at that address; NULL: none. */
static void *object_field(const struct run *run, u64 addr, u32 kinds)
{
	const u64 object = heap_object_of(run->store, addr);
	const struct heap_type *t = heap_object(run->store, object);

	for (u32 i = 0; t && i < MIN(t->n, (u32)BTF_FIELDS); i++)
		if (object + t->at[i].off == addr && t->at[i].kind < FIELD_KINDS &&
		    kinds >> t->at[i].kind & 1)
			return heap_at(run->store, addr, btf_size_of_field(t->at[i].kind),
				       true);
	return NULL;
}

void *helper_field(struct run *run, u64 addr, u32 kinds, u64 *name)
{
	struct region r;

	*name = addr;
	if (heap_is_address(addr))
		return object_field(run, addr, kinds);
	if (!run_find(run, addr, 1, access_read, &r) || r.kind != region_value ||
	    !map_field_at(r.map, addr - r.lo, kinds))
		return NULL;
	*name = 1ull << 63 | (u64)r.map->obj.id << 32 |
		(u32)((addr - u64_of(r.map->storage)) / 8);
	return ptr_of(addr);
}

/* A field of a value, or of an object, that only helpers touch. */
static bool check_field(struct call *c, u32 i, u32 kinds)
{
	u64 name;

	c->arg[i] = u64_of(helper_field(c->run, c->r[i], kinds, &name));
	return c->arg[i] || bad(c, i, msg_helper_field);
}

/* The same, where the function wants to know what the program calls it. */
static bool check_named(struct call *c, u32 i, u32 kinds)
{
	const bool good = check_field(c, i, kinds);

	c->arg[i] = c->r[i];
	return good;
}

/* Netfilter programs find their packet in their context. */
static bool check_skb(struct call *c, u32 i)
{
	const struct run *run = c->run;
	const struct prog_type *type = run->prog->type;

	return (type->skb && c->r[i] == u64_of(run->ctx)) ||
	       (type->packet && c->r[i] == u64_of(&run->packet)) ||
	       bad(c, i, msg_helper_ctx);
}

static bool check_seq(struct call *c, u32 i)
{
	struct run_seq *seq = c->run->seq;

	if (!seq || c->r[i] != seq->image)
		return bad(c, i, msg_helper_seq);
	c->arg[i] = u64_of(seq);
	return true;
}

bool helper_takes_map(enum helper_arg kind)
{
	switch (kind) {
	case arg_map:
	case arg_map_of_any:
	case arg_any_map:
	case arg_ringbuf:
	case arg_prog_array:
	case arg_queue:
	case arg_perf_array:
	case arg_stack_trace:
	case arg_task_storage:
	case arg_cgrp_storage:
	case arg_user_ringbuf: return true;
	default: return false;
	}
}

static bool check_arg(struct call *c, u32 i)
{
	u32 kind = c->helper->arg[i];

	if (helper_takes_map(kind))
		return check_map(c, i, kind);
	switch ((enum helper_arg)kind) {
	case arg_none:
	case arg_any:
	case arg_size: /* checked with its memory */
	case arg_size0: return true;
	case arg_ctx_null:
		return !c->r[i] || c->r[i] == u64_of(c->run->ctx) ||
		       bad(c, i, msg_helper_ctx);
	case arg_ctx: return c->r[i] == u64_of(c->run->ctx) || bad(c, i, msg_helper_ctx);
	case arg_key: return check_mem(c, i, c->map->info.key_size, access_read);
	case arg_value: return check_mem(c, i, c->map->info.value_size, access_read);
	case arg_value_null:
		return !c->r[i] || check_mem(c, i, c->map->info.value_size, access_read);
	case arg_value_out:
		return check_mem(c, i, c->map->info.value_size,
				 c->map->ops->asks ? access_read : access_write);
	case arg_mem20: return check_mem(c, i, 20, access_read);
	case arg_mem40: return check_mem(c, i, 40, access_read);
	case arg_mem: return check_sized(c, i, access_read, false);
	case arg_mem_null: return check_sized(c, i, access_read, true);
	case arg_out: return check_sized(c, i, access_write, false);
	case arg_out_null: return check_sized(c, i, access_write, true);
	case arg_record: return check_record(c, i);
	case arg_func: return check_func(c, i);
	case arg_str: return check_str(c, i);
	case arg_out_opt: return !c->r[i] || check_sized(c, i, access_write, false);
	case arg_u64_out: return check_mem(c, i, 8, access_write);
	case arg_dynptr: return check_mem(c, i, sizeof(struct dynptr), access_read);
	case arg_task:
	case arg_task_null:
		return helper_is_task(c->r[i]) || (kind == arg_task_null && !c->r[i]) ||
		       bad(c, i, msg_helper_task);
	case arg_cgroup_null:
		return helper_is_cgroup(c->r[i]) || !c->r[i] ||
		       bad(c, i, msg_helper_cgroup);
	case arg_own8: return check_mem(c, i, 8, access_read | access_write);
	case arg_seq: return check_seq(c, i);
	case arg_own16:
	case arg_dynptr_own: return check_mem(c, i, 16, access_read | access_write);
	case arg_spin_lock: return check_field(c, i, 1 << field_spin_lock);
	case arg_timer: return check_field(c, i, 1 << field_timer);
	case arg_wq: return check_field(c, i, 1 << field_wq);
	case arg_kptr: return check_field(c, i, FIELD_KPTRS);
	case arg_list: return check_named(c, i, 1 << field_list_head);
	case arg_list_node: return check_named(c, i, 1 << field_list_node);
	case arg_tree: return check_named(c, i, 1 << field_rb_root);
	case arg_tree_node: return check_named(c, i, 1 << field_rb_node);
	case arg_object:
	case arg_object_null:
		return (kind == arg_object_null && !c->r[i]) ||
		       heap_object(c->run->store, c->r[i]) ||
		       bad(c, i, msg_helper_object);
	case arg_dynptr_new: return check_mem(c, i, sizeof(struct dynptr), access_write);
	case arg_skb: return check_skb(c, i);
	default: return false;
	}
}

u64 helper_call(struct run *run, const struct helper *helper, const u64 r[5])
{
	struct call c; /* not cleared: a row sets what its later arguments read */
	u64 result;

	if (!helper || (helper->types && !(helper->types & run->prog->type_bit))) {
		run_fault(run, EINVAL, msg_helper_none);
		return 0;
	}
	c.run = run;
	c.helper = helper;
	c.r = r;
	memcpy(c.arg, r, sizeof(c.arg));
	for (u32 i = 0; i < 5 && helper->arg[i]; i++) {
		if (helper->arg[i] != arg_any && !check_arg(&c, i))
			return 0;
	}
	result = helper->fn(run, c.arg[0], c.arg[1], c.arg[2], c.arg[3], c.arg[4]);
	if (helper->ret == ret_value && result && !c.map->ops->of_maps)
		run_give_value(run, c.map, ptr_of(result), c.map->values.size);
	return result;
}
