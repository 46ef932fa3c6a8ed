/* Pointers that may be NULL: which of them are, after a branch. */
#include "alu.h"
#include "object_fields.h"

static bool has_timer(const struct verify_map *map)
{
	for (u32 i = 0; i < map->nfields; i++)
		if (map->fields[i].kind == field_timer ||
		    map->fields[i].kind == field_wq ||
		    map->fields[i].kind == field_task_work)
			return true;
	return false;
}

void null_lift(struct verifier *v, struct reg *r)
{
	const struct verify_map *map;

	r->flags &= ~(u32)flag_null;
	if (r->type != reg_value)
		return;
	map = reg_map_of(v, r);
	if (map->inner) {
		r->type = reg_map;
		r->inner = map->inner;
		if (has_timer(map->inner))
			r->map_uid = r->id;
		return;
	}
	r->type = (u8)rules_map_lookup(map->type);
	/* the kernel does not forget the map either: sockets from different ones, or from
	 * none, are different when states are compared */
	if (r->type != reg_value)
		r->inner = map;
}

static void mark(struct verifier *v, struct reg *r, bool is_null)
{
	u32 id = r->id;

	if (is_null) {
		reg_set_const(r, 0);
		return;
	}
	null_lift(v, r);
	/* a lock is known by its value's id */
	r->id = object_may_lock(object_fields_of(v, r)) ? id : 0;
}

/* What was to be released is NULL: nothing is held. */
static void drop_ref(struct state *s, u32 id)
{
	for (u32 i = 0; i < s->nrefs; i++) {
		if (s->refs[i].kind != ref_pointer || s->refs[i].id != id)
			continue;
		s->nrefs--;
		memmove(&s->refs[i], &s->refs[i + 1],
			(s->nrefs - i) * sizeof(s->refs[0]));
		return;
	}
}

void null_mark(struct verifier *v, struct state *s, u32 regno, bool is_null)
{
	const struct reg *known = &frame_of(s)->r[regno];
	u32 id = known->id, ref = known->ref;
	struct reg *r;

	if (is_null && ref && ref == id)
		drop_ref(s, ref);
	state_each_reg(s, walk, r) if ((r->flags & flag_null) && r->id == id &&
				       reg_is_pointer(r)) mark(v, r, is_null);
}
