#include "pinned.h"
#include "tool_msg.h"
#include "vec.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

const char *req_next(struct request *r)
{
	if (!r->n)
		return NULL;
	r->n--;
	return *r->at++;
}

bool req_is(struct request *r, const char *word)
{
	if (!r->n || strcmp(*r->at, word))
		return false;
	req_next(r);
	return true;
}

const char *req_need(struct request *r, const char *what)
{
	if (!r->n)
		tool_error(msg_word_missing, what, r->cmd);
	return req_next(r);
}

static bool number_of(const char *text, u64 most, u64 *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *out <= most;
}

bool req_number(struct request *r, const char *what, u64 most, u64 *out)
{
	const char *text = req_need(r, what);

	if (text && !number_of(text, most, out)) {
		tool_error(msg_word_number, what, text, (unsigned long long)most);
		return false;
	}
	return text;
}

int req_end(struct request *r)
{
	if (!r->n)
		return exit_ok;
	tool_error(msg_arg_extra, *r->at, r->cmd);
	return exit_usage;
}

/* ---- a subcommand ---- */

static const struct verb *verb_find(const struct request *r, const struct verb *verbs)
{
	const char *near;
	size_t n = 0;

	for (; verbs[n].name; n++)
		if (!strcmp(verbs[n].name, r->verb))
			return &verbs[n];
	near = nearest(r->verb, &verbs->name, sizeof(*verbs), n);
	if (near)
		tool_error(msg_verb_near, r->cmd, r->verb, near);
	else
		tool_error(msg_verb_unknown, r->cmd, r->verb);
	return NULL;
}

int request_run(struct request *r, int argc, char **argv, const struct verb *verbs)
{
	const char *on = NULL;
	const struct opt opts[] = {{"on", 0, opt_text, &on},
				   {"json", 'j', opt_flag, &r->json},
				   {"pretty", 'p', opt_flag, &r->pretty},
				   {"all", 'a', opt_flag, &r->all},
				   {"bpffs", 'f', opt_flag, &r->bpffs},
				   {0}};
	const struct verb *verb;
	struct args args;
	int code = opt_parse(&args, argc, argv, opts, 1, INT_MAX);

	if (code >= 0)
		return code;
	r->cmd = argv[0];
	r->at = args.at;
	r->n = args.n + args.n_rest; /* they stand behind one another */
	r->json |= r->pretty;
	r->verb = req_next(r);
	verb = verb_find(r, verbs);
	if (!verb)
		return exit_usage;
	code = side_open(&r->side, on, false);
	if (code)
		return code;
	r->sys = r->side.sys;
	code = verb->run(r);
	pinned_free(r);
	side_close(&r->side);
	if (!r->json || code != exit_ok)
		str_free(&r->out.s);
	else if (!r->out.s.len)
		json_null(&r->out, NULL);
	if (r->out.s.len && !json_print(&r->out, stdout, r->pretty)) {
		tool_error(msg_no_memory);
		return exit_failed;
	}
	return code;
}

/* ---- objects ---- */

static const struct {
	const char *word;
	enum skep_cmd next, open;
} kinds[] = {
	[which_map] = {"map", SKEP_MAP_GET_NEXT_ID, SKEP_MAP_GET_FD_BY_ID},
	[which_prog] = {"program", SKEP_PROG_GET_NEXT_ID, SKEP_PROG_GET_FD_BY_ID},
	[which_link] = {"link", SKEP_LINK_GET_NEXT_ID, SKEP_LINK_GET_FD_BY_ID},
	[which_btf] = {"BTF object", SKEP_BTF_GET_NEXT_ID, SKEP_BTF_GET_FD_BY_ID},
};

int which_failed(const struct request *r, const char *what, int err)
{
	tool_error(msg_which_failed, r->cmd, r->verb, what, strerror(-err));
	return exit_failed;
}

int which_by_id(struct skep_sys *sys, enum which kind, u32 id)
{
	union skep_attr attr = {.map_id = id};

	return sys->bpf(sys, kinds[kind].open, &attr, sizeof(attr));
}

static int by_pinned_path(struct skep_sys *sys, const char *path)
{
	union skep_attr attr = {.pathname = (uintptr_t)path};

	return sys->bpf(sys, SKEP_OBJ_GET, &attr, sizeof(attr));
}

int which_info(struct skep_sys *sys, int fd, void *info, size_t size)
{
	union skep_attr attr = {0};

	attr.info.bpf_fd = (u32)fd;
	attr.info.info_len = (u32)size;
	attr.info.info = (uintptr_t)info;
	return sys->bpf(sys, SKEP_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

bool which_fdinfo(struct skep_sys *sys, int fd, const char *key, u64 *out)
{
	char path[64], text[4096], *line, *next;
	ssize_t n;
	int file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = sys->open(sys, path);
	if (file < 0)
		return false;
	n = sys->read(sys, file, text, sizeof(text) - 1);
	sys->close(sys, file);
	text[MAX(n, 0)] = 0;
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		next = next ? next + 1 : NULL;
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':') {
			*out = strtoull(line + strlen(key) + 1, NULL, 0);
			return true;
		}
	}
	return false;
}

/* A program's or map's own name; both infos begin differently. */
static bool has_name(struct skep_sys *sys, enum which kind, int fd, const char *name)
{
	struct skep_map_info map = {0};
	struct skep_prog_info prog = {0};

	if (kind == which_map)
		return !which_info(sys, fd, &map, sizeof(map)) &&
		       !strncmp(map.name, name, sizeof(map.name) - 1);
	return kind == which_prog && !which_info(sys, fd, &prog, sizeof(prog)) &&
	       !strncmp(prog.name, name, sizeof(prog.name) - 1);
}

static bool has_tag(struct skep_sys *sys, int fd, const char *tag)
{
	struct skep_prog_info info = {0};
	char text[2 * sizeof(info.tag) + 1];

	if (which_info(sys, fd, &info, sizeof(info)))
		return false;
	for (size_t i = 0; i < sizeof(info.tag); i++)
		snprintf(text + 2 * i, 3, "%02x", info.tag[i]);
	return !strcmp(text, tag);
}

/* What the words ask for. */
struct choice {
	enum which kind;
	enum { by_id, by_pin, by_name, by_tag, all } how;
	const char *what;
	u32 id;
};

static bool choose_alone(struct choice *c, const char *word, u64 id, bool number)
{
	c->what = word;
	c->id = (u32)id;
	c->how = number ? by_id : strchr(word, '/') ? by_pin : by_name;
	return true;
}

static bool choose(struct request *r, enum which kind, struct choice *c)
{
	static const char *const words[] = {"id", "pinned", "name", "tag"};
	const char *word = req_need(r, kinds[kind].word);
	size_t how = 0;
	u64 id = 0;

	*c = (struct choice){.kind = kind};
	if (!word)
		return false;
	while (how < ARRAY_SIZE(words) && strcmp(word, words[how]))
		how++;
	if (how == ARRAY_SIZE(words))
		return choose_alone(c, word, id, number_of(word, UINT32_MAX, &id));
	c->how = (int)how;
	if (how == by_id && !req_number(r, "an id", UINT32_MAX, &id))
		return false;
	c->what = how == by_id ? r->at[-1] : req_need(r, word);
	c->id = (u32)id;
	return c->what;
}

static bool fits(struct skep_sys *sys, const struct choice *c, int fd)
{
	if (c->how == by_name)
		return has_name(sys, c->kind, fd, c->what);
	return c->how == all || (c->kind == which_prog && has_tag(sys, fd, c->what));
}

/* fn owns the descriptor. Objects that go away between two calls are left out. */
static int walk(struct request *r, const struct choice *c,
		int (*fn)(struct request *r, int fd, void *arg), void *arg)
{
	union skep_attr attr = {0};
	int code = exit_ok;

	while (code == exit_ok) {
		int fd, err = r->sys->bpf(r->sys, kinds[c->kind].next, &attr,
					  sizeof(attr));

		if (err)
			return err == -ENOENT ? exit_ok : which_failed(r, "the ids", err);
		attr.start_id = attr.next_id;
		fd = which_by_id(r->sys, c->kind, attr.start_id);
		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return which_failed(r, "opening by id", fd);
		if (fits(r->sys, c, fd))
			code = fn(r, fd, arg);
		else
			r->sys->close(r->sys, fd);
	}
	return code;
}

/* What was pinned may be of another kind, whose info would be misread: the object of the
 * same id and the right kind is another one then. Who may not open by id is trusted. */
static bool is_kind(struct skep_sys *sys, enum which kind, int fd)
{
	u32 a[16] = {0}, b[16] = {0}; /* type, id, ... of each info */
	int again, err = which_info(sys, fd, a, sizeof(a));

	if (err)
		return false;
	again = which_by_id(sys, kind, a[1]);
	if (again < 0)
		return again != -ENOENT;
	err = which_info(sys, again, b, sizeof(b));
	sys->close(sys, again);
	return !err && !memcmp(a, b, sizeof(a));
}

static int open_one(struct request *r, const struct choice *c)
{
	int fd = c->how == by_id ? which_by_id(r->sys, c->kind, c->id)
				 : by_pinned_path(r->sys, c->what);

	if (fd == -ENOENT) {
		tool_error(msg_which_none, kinds[c->kind].word, c->what, r->sys->name);
	} else if (fd < 0) {
		tool_error(msg_which_open, kinds[c->kind].word, c->what, strerror(-fd));
	} else if (c->how == by_pin && !is_kind(r->sys, c->kind, fd)) {
		tool_error(msg_which_kind, c->what, kinds[c->kind].word);
		r->sys->close(r->sys, fd);
		return -1;
	}
	return fd < 0 ? -1 : fd;
}

struct found {
	int fd;
	u32 n;
};

static int find(struct request *r, int fd, void *arg)
{
	struct found *f = arg;

	if (!f->n++)
		f->fd = fd;
	else
		r->sys->close(r->sys, fd);
	return exit_ok;
}

int which_open(struct request *r, enum which kind)
{
	struct found f = {.fd = -1};
	struct choice c;

	if (!choose(r, kind, &c))
		return -1;
	if (c.how == by_id || c.how == by_pin)
		return open_one(r, &c);
	if (walk(r, &c, find, &f) == exit_ok && f.n == 1)
		return f.fd;
	if (f.n)
		r->sys->close(r->sys, f.fd);
	if (f.n > 1)
		tool_error(msg_which_several, f.n, kinds[kind].word, c.what, r->cmd);
	else
		tool_error(msg_which_none, kinds[kind].word, c.what, r->sys->name);
	return -1;
}

struct each {
	int (*fn)(struct request *r, int fd);
	u32 n;
};

static int show(struct request *r, int fd, void *arg)
{
	struct each *e = arg;
	int code = e->fn(r, fd);

	e->n++;
	r->sys->close(r->sys, fd);
	return code;
}

/* One object that was named is not in an array, as bpftool has it. */
int which_each(struct request *r, enum which kind, int (*fn)(struct request *r, int fd))
{
	struct choice c = {.kind = kind, .how = all};
	struct each e = {.fn = fn};
	int fd, code;

	if (r->n && !choose(r, kind, &c))
		return exit_usage;
	if (req_end(r))
		return exit_usage;
	if (c.how == by_id || c.how == by_pin) {
		fd = open_one(r, &c);
		return fd < 0 ? exit_failed : show(r, fd, &e);
	}
	json_open(&r->out, NULL, '[');
	code = walk(r, &c, show, &e);
	json_close(&r->out, ']');
	if (code == exit_ok && c.how != all && !e.n) {
		tool_error(msg_which_none, kinds[kind].word, c.what, r->sys->name);
		return exit_failed;
	}
	return code;
}

int which_pin(struct request *r, enum which kind)
{
	int fd = which_open(r, kind), err = 0;
	const char *path = fd < 0 ? NULL : req_need(r, "a path");
	union skep_attr attr = {.pathname = (uintptr_t)path, .bpf_fd = (u32)fd};
	int code = !path || req_end(r) ? exit_usage : exit_ok;

	if (fd < 0)
		return exit_failed;
	if (code == exit_ok)
		err = r->sys->bpf(r->sys, SKEP_OBJ_PIN, &attr, sizeof(attr));
	r->sys->close(r->sys, fd);
	return err ? which_failed(r, path, err) : code;
}
