#include "heap_graph.h"

enum {
	UNIT = 8,
	STEPS = 256,		/* of ways through a tree: hostile ones end */
	NODES = HEAP_SIZE / 32, /* there are never more */
	DEPTH = 40,
};

/* A bpf_rb_node; a bpf_list_node ends behind the owner. */
struct node {
	u32 next, prev;
	u64 owner;
	u32 up, left, right, red;
};

enum { LIST_NODE = 24 };

static u64 address_of(u32 link)
{
	return link ? HEAP_BASE + (u64)link * UNIT : 0;
}

static u32 link_of(u64 addr)
{
	return heap_is_address(addr) ? (u32)((addr - HEAP_BASE) / UNIT) : 0;
}

/* What a link leads to; a node of its own where it leads nowhere, which other processes
 * may have brought about. */
static struct node *at(const struct graph *g, u32 link)
{
	static _Thread_local struct node nowhere;
	void *p = link ? heap_at(g->store, address_of(link),
				 g->is_tree ? sizeof(struct node) : LIST_NODE, true)
		       : NULL;

	if (!p)
		nowhere = (struct node){0};
	return p ? p : &nowhere;
}

static u32 load(const u32 *link)
{
	return __atomic_load_n(link, __ATOMIC_ACQUIRE);
}

/* What the chain is made of. */
static void commit(u32 *link, u32 to)
{
	__atomic_store_n(link, to, __ATOMIC_RELEASE);
}

/* ---- owners ---- */

bool graph_claim(const struct graph *g, u64 node)
{
	u64 none = 0;

	return __atomic_compare_exchange_n(&at(g, link_of(node))->owner, &none, g->name,
					   false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void graph_disclaim(const struct graph *g, u64 node)
{
	__atomic_store_n(&at(g, link_of(node))->owner, 0, __ATOMIC_RELEASE);
}

bool graph_has(const struct graph *g, u64 node)
{
	return __atomic_load_n(&at(g, link_of(node))->owner, __ATOMIC_ACQUIRE) == g->name;
}

/* ---- the chain ---- */

static void chain_in(const struct graph *g, u32 n, u32 before, u32 behind)
{
	struct heap_root *root = g->root;
	struct node *node = at(g, n);

	node->next = behind;
	node->prev = before;
	commit(before ? &at(g, before)->next : &root->first, n);
	if (behind)
		at(g, behind)->prev = n;
	else
		root->last = n;
}

static void chain_out(const struct graph *g, u32 n)
{
	const struct node node = *at(g, n);

	commit(node.prev ? &at(g, node.prev)->next : &g->root->first, node.next);
	if (node.next)
		at(g, node.next)->prev = node.prev;
	else
		g->root->last = node.prev;
}

void graph_push(const struct graph *g, u64 node, bool back)
{
	if (back)
		chain_in(g, link_of(node), g->root->last, 0);
	else
		chain_in(g, link_of(node), 0, g->root->first);
}

u64 graph_end(const struct graph *g, bool back)
{
	return address_of(back ? g->root->last : g->root->first);
}

/* ---- the tree: Cormen, Leiserson, Rivest, Stein: Introduction to Algorithms, 13 ---- */

static u32 *side(const struct graph *g, u32 n, bool right)
{
	struct node *node = at(g, n);

	return right ? &node->right : &node->left;
}

static bool is_red(const struct graph *g, u32 n)
{
	return n && at(g, n)->red;
}

static void paint(const struct graph *g, u32 n, bool red)
{
	if (n)
		at(g, n)->red = red;
}

static void set_up(const struct graph *g, u32 n, u32 up)
{
	if (n)
		at(g, n)->up = up;
}

/* What `old` was to its parent `n` is. */
static void replace(const struct graph *g, u32 up, u32 old, u32 n)
{
	if (!up)
		g->root->tree = n;
	else
		*side(g, up, at(g, up)->right == old) = n;
}

/* n goes down to that side, its other child takes its place. */
static void rotate(const struct graph *g, u32 n, bool right)
{
	const u32 child = *side(g, n, !right), up = at(g, n)->up,
		  inner = *side(g, child, right);

	*side(g, n, !right) = inner;
	set_up(g, inner, n);
	set_up(g, child, up);
	replace(g, up, n, child);
	*side(g, child, right) = n;
	set_up(g, n, child);
}

static void mend_insertion(const struct graph *g, u32 n)
{
	for (u32 i = 0, up; i < STEPS && is_red(g, up = at(g, n)->up); i++) {
		const u32 above = at(g, up)->up;
		const bool right = at(g, above)->right == up;
		const u32 uncle = *side(g, above, !right);

		if (is_red(g, uncle)) {
			paint(g, up, false);
			paint(g, uncle, false);
			paint(g, above, true);
			n = above;
			continue;
		}
		if (n == *side(g, up, !right)) {
			rotate(g, up, right);
			n = up;
			up = at(g, n)->up;
		}
		paint(g, up, false);
		paint(g, above, true);
		rotate(g, above, !right);
		break;
	}
	paint(g, g->root->tree, false);
}

void graph_insert(const struct graph *g, u64 node, u64 parent, bool right)
{
	const u32 n = link_of(node), up = link_of(parent);
	struct node *new = at(g, n);

	chain_in(g, n,
		 !up	 ? 0
		 : right ? up
			 : at(g, up)->prev,
		 !up	 ? 0
		 : right ? at(g, up)->next
			 : up);
	new->left = new->right = 0;
	new->up = up;
	new->red = true;
	if (up)
		*side(g, up, right) = n;
	else
		g->root->tree = n;
	mend_insertion(g, n);
}

/* Below `up` the side of n has one black node less than the other. */
static void mend_removal(const struct graph *g, u32 n, u32 up)
{
	for (u32 i = 0; i < STEPS && up && !is_red(g, n); i++) {
		const bool right = at(g, up)->left != n;
		u32 other = *side(g, up, !right);

		if (is_red(g, other)) {
			paint(g, other, false);
			paint(g, up, true);
			rotate(g, up, right);
			other = *side(g, up, !right);
		}
		if (!is_red(g, *side(g, other, false)) &&
		    !is_red(g, *side(g, other, true))) {
			paint(g, other, true);
			n = up;
			up = at(g, n)->up;
			continue;
		}
		if (!is_red(g, *side(g, other, !right))) {
			paint(g, *side(g, other, right), false);
			paint(g, other, true);
			rotate(g, other, !right);
			other = *side(g, up, !right);
		}
		paint(g, other, is_red(g, up));
		paint(g, up, false);
		paint(g, *side(g, other, !right), false);
		rotate(g, up, right);
		n = g->root->tree;
		break;
	}
	paint(g, n, false);
}

static u32 leftmost(const struct graph *g, u32 n)
{
	for (u32 i = 0; i < STEPS && at(g, n)->left; i++)
		n = at(g, n)->left;
	return n;
}

/* The next node, which has no left child, comes to where n was. */
static u32 take_place(const struct graph *g, u32 n, u32 next)
{
	const struct node old = *at(g, n);
	const u32 child = at(g, next)->right;
	u32 up = next;

	if (next != old.right) {
		up = at(g, next)->up;
		at(g, up)->left = child;
		set_up(g, child, up);
		at(g, next)->right = old.right;
		set_up(g, old.right, next);
	}
	at(g, next)->left = old.left;
	set_up(g, old.left, next);
	replace(g, old.up, n, next);
	set_up(g, next, old.up);
	paint(g, next, old.red);
	return up;
}

static void erase(const struct graph *g, u32 n)
{
	const struct node old = *at(g, n);
	u32 child = old.left ? old.left : old.right, up = old.up;
	bool black = !old.red;

	if (old.left && old.right) {
		const u32 next = leftmost(g, old.right);

		black = !is_red(g, next);
		child = at(g, next)->right;
		up = take_place(g, n, next);
	} else {
		replace(g, up, n, child);
		set_up(g, child, up);
	}
	if (black)
		mend_removal(g, child, up);
}

void graph_remove(const struct graph *g, u64 node)
{
	const u32 n = link_of(node);

	chain_out(g, n);
	if (g->is_tree)
		erase(g, n);
	graph_disclaim(g, node);
}

u64 graph_top(const struct graph *g)
{
	return address_of(g->root->tree);
}

u64 graph_child(const struct graph *g, u64 node, bool right)
{
	return address_of(*side(g, link_of(node), right));
}

/* ---- after a death ---- */

static u32 put_ways_back(const struct graph *g)
{
	u32 n = 0, last = 0;

	for (u32 l = load(&g->root->first); l && n < NODES; l = load(&at(g, l)->next)) {
		at(g, l)->prev = last;
		last = l;
		n++;
	}
	g->root->last = last;
	if (last)
		at(g, last)->next = 0;
	return n;
}

/* A tree of the n nodes from *next on, whose deepest level is red. */
static u32 build(const struct graph *g, u32 *next, u32 n, u32 depth, u32 deepest)
{
	u32 left, right, top;

	if (!n || depth > DEPTH)
		return 0;
	left = build(g, next, n / 2, depth + 1, deepest);
	top = *next;
	*next = at(g, top)->next;
	right = build(g, next, n - n / 2 - 1, depth + 1, deepest);
	at(g, top)->left = left;
	at(g, top)->right = right;
	at(g, top)->red = depth && depth == deepest;
	set_up(g, left, top);
	set_up(g, right, top);
	return top;
}

void graph_repair(struct store *store, u32 kind, struct heap_root *root)
{
	const struct graph g = {
		.store = store, .root = root, .is_tree = kind == field_rb_root};
	u32 n = put_ways_back(&g), next = root->first;

	if (!g.is_tree)
		return;
	root->tree = build(&g, &next, n, 0, n ? 31 - (u32)__builtin_clz(n) : 0);
	set_up(&g, root->tree, 0);
}

/* ---- for heap.c ---- */

u64 graph_detach(struct heap_root *root)
{
	const u32 first = __atomic_exchange_n(&root->first, 0, __ATOMIC_ACQ_REL);

	root->last = root->tree = 0;
	return address_of(first);
}

u64 graph_leave(struct store *store, u64 node)
{
	const struct graph g = {.store = store};
	const u32 next = at(&g, link_of(node))->next;

	graph_disclaim(&g, node);
	return address_of(next);
}
