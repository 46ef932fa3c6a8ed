/* heap_graph.h - lists and trees of objects that programs make
 *
 * A bpf_list_head or bpf_rb_root lies in a map's value or in an object; the objects that
 * it owns are linked by their nodes. Programs have the lock beside it while they call
 * what follows. All that counts is one chain, from the first node by `next`: a node comes
 * in and leaves by one store to it. The ways back and the tree, which is a red-black tree
 * of the kernel's shape, are made again from it by who takes the lock from a dead owner.
 *
 * Nodes are named by their addresses, as programs see them.
 */
#ifndef HEAP_GRAPH_H
#define HEAP_GRAPH_H

#include "heap.h"

/* The bytes of a bpf_list_head and of a bpf_rb_root. */
struct heap_root {
	u32 first, last; /* links: the address's place in the heap, in 8 bytes */
	u32 tree;
	u32 pad;
};

/* A list or tree that is worked on. */
struct graph {
	struct store *store;
	struct heap_root *root;
	u64 name; /* that its nodes have as their owner: never 0 */
	bool is_tree;
};

/* The node is in no list or tree, and is this one's from now on: it is to be put into it.
 * false: it is in one. */
bool graph_claim(const struct graph *g, u64 node);
void graph_disclaim(const struct graph *g, u64 node);
bool graph_has(const struct graph *g, u64 node);

/* Puts a claimed node at the list's begin or end. */
void graph_push(const struct graph *g, u64 node, bool back);
/* Puts one into the tree below `parent` (0: it is empty), on that side. */
void graph_insert(const struct graph *g, u64 node, u64 parent, bool right);
/* Takes one out. */
void graph_remove(const struct graph *g, u64 node);

/* Nodes; 0: there is none. */
u64 graph_end(const struct graph *g, bool back);
u64 graph_top(const struct graph *g);
u64 graph_child(const struct graph *g, u64 node, bool right);

/* Who had the lock died with it. */
void graph_repair(struct store *store, u32 kind, struct heap_root *root);

/* ---- for heap.c ---- */

/* The list or tree is empty now; what was in it: its first node. */
u64 graph_detach(struct heap_root *root);
/* Such a node is in none any more; the one behind it. */
u64 graph_leave(struct store *store, u64 node);

#endif
