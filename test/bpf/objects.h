/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What programs of this folder need that make objects. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef _Bool bool;

enum { false, true };

#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __kptr		  __attribute__((btf_type_tag("kptr")))
#define __kptr_untrusted  __attribute__((btf_type_tag("kptr_untrusted")))
#define __percpu_kptr	  __attribute__((btf_type_tag("percpu_kptr")))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#define __ksym		  extern __attribute__((section(".ksyms")))
#define __noinline	  __attribute__((noinline))
#define NULL		  ((void *)0)

enum { ANY, NOEXIST, EXIST, LOCK = 4 };
enum { HASH = 1, ARRAY, PERCPU_HASH = 5, PERCPU_ARRAY, LRU_HASH = 9, LRU_PERCPU_HASH };

struct bpf_spin_lock {
	u32 val;
};
struct bpf_refcount {
	u32 opaque;
} __attribute__((aligned(4)));
struct bpf_list_head {
	u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_list_node {
	u64 opaque[3];
} __attribute__((aligned(8)));
struct bpf_rb_root {
	u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_rb_node {
	u64 opaque[4];
} __attribute__((aligned(8)));

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*map_update_elem)(void *map, const void *key, const void *value,
			       u64 flags) = (void *)2;
static long (*map_delete_elem)(void *map, const void *key) = (void *)3;
static u32 (*prandom)(void) = (void *)7;
static void (*spin_lock)(struct bpf_spin_lock *lock) = (void *)93;
static void (*spin_unlock)(struct bpf_spin_lock *lock) = (void *)94;
static long (*loop)(u32 n, void *fn, void *ctx, u64 flags) = (void *)181;
static void *(*kptr_xchg)(void *at, void *p) = (void *)194;
static void *(*map_lookup_percpu_elem)(void *map, const void *key, u32 cpu) =
	(void *)195;

__ksym void *bpf_obj_new_impl(u64 type, void *meta);
__ksym void bpf_obj_drop_impl(void *p, void *meta);
__ksym void *bpf_refcount_acquire_impl(void *p, void *meta);
__ksym int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node,
				    void *meta, u64 off);
__ksym int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node,
				   void *meta, u64 off);
__ksym struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head);
__ksym struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head);
__ksym struct bpf_list_node *bpf_list_front(struct bpf_list_head *head);
__ksym struct bpf_list_node *bpf_list_back(struct bpf_list_head *head);
__ksym int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			       bool (*less)(struct bpf_rb_node *a,
					    const struct bpf_rb_node *b),
			       void *meta, u64 off);
__ksym struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root,
					     struct bpf_rb_node *node);
__ksym struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root);
__ksym struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root);
__ksym struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root,
					   struct bpf_rb_node *node);
__ksym struct bpf_rb_node *bpf_rbtree_right(struct bpf_rb_root *root,
					    struct bpf_rb_node *node);
__ksym void bpf_rcu_read_lock(void);
__ksym void bpf_rcu_read_unlock(void);

__ksym void *bpf_percpu_obj_new_impl(u64 type, void *meta);
__ksym void bpf_percpu_obj_drop_impl(void *p, void *meta);
static void *(*per_cpu_ptr)(const void *p, u32 cpu) = (void *)153;
static void *(*this_cpu_ptr)(const void *p) = (void *)154;

#define percpu_obj_new(type) \
	((type *)bpf_percpu_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define percpu_obj_drop(p) bpf_percpu_obj_drop_impl(p, NULL)
#define obj_new(type) \
	((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define obj_drop(p)	    bpf_obj_drop_impl(p, NULL)
#define refcount_acquire(p) bpf_refcount_acquire_impl(p, NULL)
#define container_of(p, type, member) \
	((type *)((char *)(p) - __builtin_offsetof(type, member)))
