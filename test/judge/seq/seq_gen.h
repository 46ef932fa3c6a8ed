/* seq_gen.h - what the files that generate sequences share
 *
 * gen_begin() adds a call, gen_*() its arguments. What a call is about is one of the
 * objects that earlier calls make if they succeed.
 */
#ifndef SEQ_GEN_H
#define SEQ_GEN_H

#include "random_number.h"
#include "seq.h"

/* seq_made.type of BTF: plain types, those with special fields, functions */
enum { BTF_PLAIN, BTF_FIELDS, BTF_FUNCS };

struct gen {
	struct seq *seq;
	u64 rng, types;
	struct seq_op *op;
	u16 slots[KINDS][SEQ_OPS]; /* calls that make an object of each kind */
	u32 nslots[KINDS];
	u16 mappings[SEQ_OPS];
	u32 nmappings;
	u32 child_end;	      /* calls before this one are a child's */
	s16 pinned[SEQ_PINS]; /* the call that made what is there, or -1 */
};

u32 gen_below(struct gen *g, u32 n);
bool gen_one_in(struct gen *g, u32 n);

/* One of the numbers behind `n`. */
#define gen_one_of(g, ...) \
	gen_choose(g, (const u64[]){__VA_ARGS__}, sizeof((u64[]){__VA_ARGS__}) / 8)
u64 gen_choose(struct gen *g, const u64 *from, u32 n);

/* False when there is no room for more. */
bool gen_begin(struct gen *g, enum seq_verb verb, enum skep_cmd cmd);
void gen_number(struct gen *g, u8 field, u64 n);
void gen_fd(struct gen *g, u8 field, u16 slot);
void gen_id(struct gen *g, u8 field, u16 slot, int more);
struct seq_arg *gen_bytes(struct gen *g, u8 field, const void *bytes, u32 len);
void gen_fix(struct gen *g, struct seq_arg *arg, u32 off, u16 slot);
void gen_name(struct gen *g, u8 field, const void *bytes);
void gen_room(struct gen *g, u8 field, u32 len, enum seq_room room);
void gen_token(struct gen *g, u8 field, u16 slot);
/* Where no memory is, or what is not the user's. */
u64 gen_bad(struct gen *g);
/* What the call makes. */
void gen_makes(struct gen *g, const struct seq_made *made);
/* A call that made such an object; sometimes one of another kind, or none at all. -1. */
int gen_any(struct gen *g, enum seq_kind kind);
const struct seq_made *gen_made(struct gen *g, int slot);
u16 gen_slot(const struct gen *g);

/* Key and value bytes by small numbers; a key is at most 600 bytes. */
void gen_key_bytes(const struct seq_made *map, u32 n, u8 *to);
void gen_key(struct gen *g, u8 field, const struct seq_made *map);
void gen_value(struct gen *g, u8 field, const struct seq_made *map);
void gen_values(struct gen *g, u8 field, const struct seq_made *map, u32 n);

void gen_map(struct gen *g, bool good);
void gen_batch(struct gen *g);
void gen_prog(struct gen *g);
void gen_test_run(struct gen *g);
void gen_btf(struct gen *g);
void gen_task(struct gen *g, bool cgroup);
void gen_pid(struct gen *g, u8 field);
void gen_link(struct gen *g);
void gen_link_change(struct gen *g);

#endif
