/* btf_find.c - types by name
 *
 * The kernel's BTF has more than a hundred thousand types, of which a program needs a
 * few: they are searched for one by one. Who asks often gets an index, made once and
 * shared by all threads.
 */
#include "btf.h"
#include "mem.h"
#include <stdatomic.h>

enum {
	FEW_TYPES = 1024, /* are searched faster than indexed */
	FEW_SEARCHES = 32,
	HASHED = 64, /* bytes: long names that overlap cost no more */
};

struct btf_index {
	u32 *next; /* by id - first_id: the next type of the same hash, its id; 0: none */
	u32 mask;
	u32 first[]; /* by hash: the lowest id */
};

static u32 hash(const char *name)
{
	u32 h = 2166136261u;

	for (u32 i = 0; name[i] && i < HASHED; i++)
		h = (h ^ (u8)name[i]) * 16777619u;
	return h ^ h >> 15;
}

static struct btf_index *make(const struct skep_btf *b)
{
	const u32 n = b->end_id - b->first_id;
	struct btf_index *x;
	u32 buckets = 1;

	while (buckets < n)
		buckets *= 2;
	x = mem_alloc(1, sizeof(*x) + ((size_t)buckets + n) * sizeof(u32));
	if (!x)
		return NULL;
	x->mask = buckets - 1;
	x->next = x->first + buckets;
	for (u32 id = b->end_id; id-- > b->first_id;) {
		const struct skep_btf_type *t = btf_type(b, id);
		u32 *first = &x->first[hash(btf_str(b, t->name_off)) & x->mask];

		if (!t->name_off)
			continue;
		x->next[id - b->first_id] = *first;
		*first = id;
	}
	return x;
}

/* NULL: it is not worth while, or there is no memory. */
static const struct btf_index *index_of(const struct skep_btf *btf)
{
	struct skep_btf *b = (struct skep_btf *)btf; /* what is remembered of it */
	struct btf_index *x, *other = NULL;

	if (b->end_id - b->first_id < FEW_TYPES)
		return NULL;
	x = atomic_load_explicit(&b->index, memory_order_acquire);
	if (x || atomic_fetch_add(&b->searches, 1) < FEW_SEARCHES)
		return x;
	x = make(b);
	if (!x || atomic_compare_exchange_strong(&b->index, &other, x))
		return x;
	mem_free(x);
	return other;
}

static bool is(const struct skep_btf *b, u32 id, const char *name, u32 kind)
{
	const struct skep_btf_type *t = btf_type(b, id);

	return (!kind || btf_kind(t) == kind) && !strcmp(btf_str(b, t->name_off), name);
}

uint32_t skep_btf_find(const struct skep_btf *btf, const char *name,
		       enum skep_btf_kind kind)
{
	const struct btf_index *x = *name ? index_of(btf) : NULL;
	u32 id = btf->base ? skep_btf_find(btf->base, name, kind) : 0;

	if (id)
		return id;
	if (!x) {
		for (id = btf->first_id; id < btf->end_id; id++)
			if (is(btf, id, name, kind))
				return id;
		return 0;
	}
	id = x->first[hash(name) & x->mask];
	while (id && !is(btf, id, name, kind))
		id = x->next[id - btf->first_id];
	return id;
}

void btf_forget_index(struct skep_btf *b)
{
	mem_free(atomic_load(&b->index));
}
