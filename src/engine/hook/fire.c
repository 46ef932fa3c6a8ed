#include "fire.h"
#include <errno.h>
#include "os.h"

static void drop_progs(struct fire *f)
{
	struct fire_prog *p;

	vec_each(p, &f->progs)
		object_put(&p->prog->obj);
	vec_free(&f->progs);
	memset(f->first, 0, sizeof(f->first));
}

static int add_prog(struct fire *f, const struct attachment *a)
{
	struct fire_prog *p;
	struct object *obj;

	/* The link may have ended since we looked; its program too. */
	if (object_get_id(f->engine->store, OBJECT_PROG, a->prog_id, &obj))
		return 0;
	p = vec_push(&f->progs);
	if (!p) {
		object_put(obj);
		return -ENOMEM;
	}
	p->prog = container_of(obj, struct prog, obj);
	p->cookie = a->cookie;
	p->event = a->event;
	p->size = event_size(a->event);
	return 0;
}

/* In the order of events, with the index. */
static int fill(struct fire *f)
{
	struct attachment *a;
	int err = 0;

	for (u32 event = 0; event < EVENTS; event++) {
		f->first[event] = (u32)f->progs.n;
		vec_each(a, &f->now.all)
			if (!err && event && a->event == event)
				err = add_prog(f, a);
	}
	f->first[EVENTS] = (u32)f->progs.n;
	return err;
}

int fire_refresh(struct fire *f)
{
	struct attachments now = {{0}};
	u64 ns = os_clock_ns();
	size_t size;
	int err;

	if (f->again_ns && ns < f->again_ns)
		return 0;
	/* A command that is traced may work on this engine itself, and be stopped in the
	 * midst of it: who looks while it runs must not wait for it. */
	err = f->again_ns ? hook_try_attachments(f->engine->store, &now)
			  : hook_attachments(f->engine->store, &now);
	if (err == -EAGAIN) {
		vec_free(&now.all);
		return 0;
	}
	/* Looking takes a twentieth of the time at most, however many objects there are.
	 */
	f->again_ns = ns + MAX(FIRE_PERIOD_NS, 20 * (os_clock_ns() - ns));
	size = now.all.n * sizeof(*now.all.at);
	if (err || (now.all.n == f->now.all.n &&
		    (!size || !memcmp(now.all.at, f->now.all.at, size)))) {
		vec_free(&now.all);
		return err;
	}
	vec_free(&f->now.all);
	f->now = now;
	drop_progs(f);
	err = fill(f);
	return err ? err : 1;
}

void fire_free(struct fire *f)
{
	drop_progs(f);
	vec_free(&f->now.all);
}
