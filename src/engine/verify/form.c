/* Forms: one number for all registers that differ in nothing but ids and precision */
#include "path.h"

static u32 hash_words(const u64 *w, u32 n)
{
	u64 h = 0;

	for (u32 i = 0; i < n; i++) {
		h = (h ^ w[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return (u32)(h ^ h >> 32);
}

/* All that makes the form, without padding. A scalar's union has no meaning. */
struct words {
	u64 w[13];
};

static struct words words_of(const struct reg *r)
{
	struct words k;

	memcpy(k.w, &r->n, sizeof(r->n));
	k.w[8] = r->type | r->frame << 8 | r->dynptr << 16 | (u64)r->flags << 32;
	k.w[9] = (u32)r->off | (u64)r->ref << 32;
	if (r->type == reg_scalar)
		memset(&k.w[10], 0, sizeof(r->raw));
	else
		memcpy(&k.w[10], r->raw, sizeof(r->raw));
	return k;
}

static bool is_form(const struct reg *form, const struct reg *r)
{
	return !memcmp(&form->n, &r->n, sizeof(r->n)) && form->type == r->type &&
	       form->frame == r->frame && form->dynptr == r->dynptr &&
	       form->flags == r->flags && form->off == r->off && form->ref == r->ref &&
	       (r->type == reg_scalar || !memcmp(form->raw, r->raw, sizeof(r->raw)));
}

static struct form_slot *find(const struct forms *f, const struct reg *r, u32 hash)
{
	u32 i = hash;

	for (;; i++) {
		struct form_slot *s = &f->table[i & f->mask];

		if (!s->form || (s->hash == hash && is_form(form_reg(f, s->form), r)))
			return s;
	}
}

static void make_table(struct forms *f, struct pass *pass, u32 size)
{
	struct form_slot *old = f->table;
	u32 n = old ? f->mask + 1 : 0;

	f->table = pass_alloc(pass, size, sizeof(*f->table));
	f->mask = size - 1;
	for (u32 i = 0; i < n; i++) {
		u32 at = old[i].hash;

		if (!old[i].form)
			continue;
		while (f->table[at & f->mask].form)
			at++;
		f->table[at & f->mask] = old[i];
	}
}

static u32 add(struct forms *f, struct pass *pass, const struct reg *r)
{
	struct reg *form;

	if (f->n / FORM_CHUNK == f->room) {
		struct reg **chunks =
			pass_alloc(pass, (size_t)f->room * 2 + 16, sizeof(struct reg *));

		if (f->room)
			memcpy(chunks, f->chunks, f->room * sizeof(struct reg *));
		f->chunks = chunks;
		f->room = f->room * 2 + 16;
	}
	if (!f->chunks[f->n / FORM_CHUNK])
		f->chunks[f->n / FORM_CHUNK] =
			pass_alloc(pass, FORM_CHUNK, sizeof(struct reg));
	form = &f->chunks[f->n / FORM_CHUNK][f->n % FORM_CHUNK];
	*form = *r;
	form->id = 0;
	form->precise = false;
	form->form = f->n;
	if (r->type == reg_scalar)
		memset(form->raw, 0, sizeof(form->raw));
	return f->n++;
}

void forms_init(struct forms *f, struct pass *pass)
{
	const struct reg none = {.n = scalar_unknown};

	make_table(f, pass, 1024);
	add(f, pass, &none);
}

u32 form_of(struct forms *f, struct pass *pass, struct reg *r)
{
	struct form_slot *s;
	struct words k;
	u32 hash;

	if (r->type == reg_none)
		return FORM_NONE;
	if (r->form && is_form(form_reg(f, r->form), r))
		return r->form;
	k = words_of(r);
	hash = hash_words(k.w, ARRAY_SIZE(k.w));
	s = find(f, r, hash);
	if (!s->form) {
		*s = (struct form_slot){hash, add(f, pass, r)};
		r->form = s->form;
		if (f->n > f->mask / 2)
			make_table(f, pass, (f->mask + 1) * 2);
		return r->form;
	}
	return r->form = s->form;
}
