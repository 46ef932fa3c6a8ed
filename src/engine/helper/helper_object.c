/* Objects that programs make: who has one, and where it is kept. */
#include "heap_graph.h"
#include "helper_fn.h"
#include "msg.h"
#include "verify.h"
#include <errno.h>

/* What the verifier has found that the program makes. */
u32 helper_made_type(const struct run *run, u64 id)
{
	const struct prog *prog = run->prog;

	for (u32 i = 0; i < prog->nmade; i++)
		if (prog->made[i].btf_id == id)
			return prog->made[i].type;
	return 0;
}

static u64 make(struct run *run, u64 id, u32 percpu, const char *name)
{
	const u32 type = helper_made_type(run, (u32)id | percpu);

	run->state |= RUN_DIRTY;
	if (type)
		return heap_new(run->store, run->slot, type);
	run_fault(run, EINVAL, msg_helper_no_type, name, (unsigned long long)id);
	return 0;
}

KFUNC_FN(obj_new_impl)
{
	return make(run, a, 0, "obj_new_impl");
}

KFUNC_FN(percpu_obj_new_impl)
{
	return make(run, a, VERIFY_PERCPU, "percpu_obj_new_impl");
}

static u64 give_up(struct run *run, u64 object, const char *name)
{
	if (!heap_drop(run->store, run->slot, object))
		run_fault(run, EINVAL, msg_helper_not_held, name,
			  (unsigned long long)object);
	return 0;
}

KFUNC_FN(obj_drop_impl)
{
	return give_up(run, a, "obj_drop_impl");
}

KFUNC_FN(percpu_obj_drop_impl)
{
	return give_up(run, a, "percpu_obj_drop_impl");
}

/* ---- what each CPU has its own of ---- */

static u64 copy_of(struct run *run, u64 object, u64 cpu)
{
	const struct heap_type *t = heap_object(run->store, object);

	return cpu < t->copies ? object + cpu * t->size : 0;
}

HELPER_FN(per_cpu_ptr)
{
	return copy_of(run, a, (u32)b);
}

HELPER_FN(this_cpu_ptr)
{
	return copy_of(run, a, run->slot);
}

KFUNC_FN(refcount_acquire_impl)
{
	run->state |= RUN_DIRTY;
	return heap_hold(run->store, run->slot, a) ? a : 0;
}

/* ---- lists and trees: their lock is held ---- */

static struct graph graph_of(struct run *run, u64 root, bool is_tree)
{
	static _Thread_local struct heap_root nothing;
	struct graph g = {.store = run->store, .is_tree = is_tree};

	/* its argument was checked: another process may have changed the type since */
	g.root = helper_field(run, root,
			      1u << (is_tree ? field_rb_root : field_list_head), &g.name);
	if (!g.root) {
		nothing = (struct heap_root){0};
		g.root = &nothing;
	}
	return g;
}

/* The node is to be the list's or tree's; false: *ret is what the program gets. */
static bool claim(struct run *run, const struct graph *g, u64 node, u64 *ret)
{
	const u64 object = heap_object_of(run->store, node);

	*ret = 0;
	if (graph_claim(g, node))
		return true;
	*ret = (u64)-EINVAL;
	give_up(run, object, g->is_tree ? "rbtree_add_impl" : "list_push_impl");
	return false;
}

/* The run's reference becomes the list's or tree's. */
static bool give(struct run *run, const struct graph *g, u64 node)
{
	const u64 object = heap_object_of(run->store, node);

	if (heap_unhold(run->store, run->slot, object))
		return true;
	graph_disclaim(g, node);
	run_fault(run, EINVAL, msg_helper_not_held,
		  g->is_tree ? "rbtree_add_impl" : "list_push_impl",
		  (unsigned long long)object);
	return false;
}

static u64 push(struct run *run, u64 root, u64 node, bool back)
{
	const struct graph g = graph_of(run, root, false);
	u64 ret;

	if (claim(run, &g, node, &ret) && give(run, &g, node))
		graph_push(&g, node, back);
	return ret;
}

KFUNC_FN(list_push_front_impl)
{
	return push(run, a, b, false);
}

KFUNC_FN(list_push_back_impl)
{
	return push(run, a, b, true);
}

/* A node leaves, and its object is the run's. */
static u64 take(struct run *run, const struct graph *g, u64 node)
{
	run->state |= RUN_DIRTY;
	if (!node || !graph_has(g, node))
		return 0;
	if (!heap_take(run->store, run->slot, heap_object_of(run->store, node))) {
		run_fault(run, E2BIG, msg_helper_many_objects,
			  g->is_tree ? "rbtree_remove" : "list_pop");
		return 0;
	}
	graph_remove(g, node);
	return node;
}

static u64 pop(struct run *run, u64 root, bool back)
{
	const struct graph g = graph_of(run, root, false);

	return take(run, &g, graph_end(&g, back));
}

KFUNC_FN(list_pop_front)
{
	return pop(run, a, false);
}

KFUNC_FN(list_pop_back)
{
	return pop(run, a, true);
}

KFUNC_FN(list_front)
{
	const struct graph g = graph_of(run, a, false);

	return graph_end(&g, false);
}

KFUNC_FN(list_back)
{
	const struct graph g = graph_of(run, a, false);

	return graph_end(&g, true);
}

enum { DEPTH = 256 };

/* Where the node belongs: below *parent, on which side. */
static bool find_place(struct run *run, const struct graph *g, u64 node, u64 less,
		       u64 *parent)
{
	u64 at = graph_top(g);
	bool right = false;

	*parent = 0;
	for (u32 i = 0; at && i < DEPTH && !run->fault; i++) {
		const u64 args[5] = {node, at};

		*parent = at;
		right = !run->callback(run, less, args);
		at = graph_child(g, at, right);
	}
	return right;
}

KFUNC_FN(rbtree_add_impl)
{
	const struct graph g = graph_of(run, a, true);
	u64 parent, ret;
	bool right;

	if (!claim(run, &g, b, &ret))
		return ret;
	right = find_place(run, &g, b, c, &parent);
	if (run->fault)
		graph_disclaim(&g, b);
	else if (give(run, &g, b))
		graph_insert(&g, b, parent, right);
	return 0;
}

KFUNC_FN(rbtree_remove)
{
	const struct graph g = graph_of(run, a, true);

	return take(run, &g, b);
}

KFUNC_FN(rbtree_first)
{
	const struct graph g = graph_of(run, a, true);

	return graph_end(&g, false);
}

KFUNC_FN(rbtree_root)
{
	const struct graph g = graph_of(run, a, true);

	return graph_top(&g);
}

static u64 child(struct run *run, u64 root, u64 node, bool right)
{
	const struct graph g = graph_of(run, root, true);

	return graph_has(&g, node) ? graph_child(&g, node, right) : 0;
}

KFUNC_FN(rbtree_left)
{
	return child(run, a, b, false);
}

KFUNC_FN(rbtree_right)
{
	return child(run, a, b, true);
}

/* ---- kept in a value or an object ---- */

HELPER_FN(kptr_xchg)
{
	u64 old = 0;

	run->state |= RUN_DIRTY;
	if (heap_exchange(run->store, run->slot, ptr_of(a), b, &old))
		return old;
	if (b)
		run_fault(run, EINVAL, msg_helper_not_held, "kptr_xchg",
			  (unsigned long long)b);
	else
		run_fault(run, E2BIG, msg_helper_many_objects, "kptr_xchg");
	return 0;
}

void helper_drop_objects(struct run *run)
{
	if (heap_holds(run->store, run->slot))
		heap_release(run->store, run->slot);
}
