/* verify_mine ctx|objects|helpers|maps|progs: what the running kernel's verifier allows,
 * as rows for the tables in src/engine/verify (see verify_mine.h); for whoever brings
 * them to a newer kernel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "verify_mine.h"

/* ---- contexts ---- */

/* A row that says: aligned accesses of these sizes within [off, off + len). */
struct row {
	u32 off, len, read, write;
	const char *type;
};

static const char *what(struct mine_ctx *c, bool write, u32 log2, u32 off)
{
	return off < MINE_CTX ? (write ? c->write : c->read)[log2][off] : "";
}

/* Whether every aligned access of this size in [off, off + len) gives `type`; there is
 * one. */
static bool all_give(struct mine_ctx *c, u32 off, u32 len, bool write, u32 log2,
		     const char *type)
{
	u32 size = 1u << log2, n = 0;

	for (u32 o = off; o + size <= off + len; o++) {
		if (o % size)
			continue;
		if (strcmp(what(c, write, log2, o), type))
			return false;
		n++;
	}
	return n;
}

/* How many accesses of the row are not in `done`; marks them when `mark`. */
static u32 covers(const struct row *r, u8 done[8][MINE_CTX], bool mark)
{
	u32 n = 0;

	for (u32 k = 0; k < 8; k++) {
		u32 size = 1u << (k & 3), mask = k & 4 ? r->write : r->read;

		for (u32 o = r->off; mask & size && o + size <= r->off + r->len; o++) {
			if (o % size)
				continue;
			n += !done[k][o];
			done[k][o] |= mark;
		}
	}
	return n;
}

static struct row row_of(struct mine_ctx *c, u32 off, u32 len, const char *type)
{
	struct row r = {.off = off, .len = len, .type = type};

	for (u32 log2 = 0; log2 < 4; log2++) {
		if (all_give(c, off, len, false, log2, type))
			r.read |= 1u << log2;
		if (!strcmp(type, "scalar") && all_give(c, off, len, true, log2, type))
			r.write |= 1u << log2;
	}
	return r;
}

/* The first access that no row has: its offset, and what it gives; NULL: none. */
static const char *first_open(struct mine_ctx *c, u8 done[8][MINE_CTX], u32 *off)
{
	for (*off = 0; *off < MINE_CTX; (*off)++) {
		for (u32 k = 8; k-- > 0;) {
			const char *type = what(c, k & 4, k & 3, *off);

			if (type[0] && !done[k][*off])
				return type;
		}
	}
	return NULL;
}

/* Greedy: from the first access that is left, the row that covers most. */
static u32 compress(struct mine_ctx *c, struct row rows[MINE_CTX])
{
	u8 done[8][MINE_CTX] = {0};
	const char *type;
	u32 n = 0, off;

	while ((type = first_open(c, done, &off))) {
		struct row best = {0};
		u32 most = 0;

		for (u32 len = 1; len <= MINE_CTX - off; len++) {
			struct row r = row_of(c, off, len, type);
			u32 new = covers(&r, done, false);

			if (new > most) {
				most = new;
				best = r;
			}
		}
		if (!most)
			break;
		covers(&best, done, true);
		rows[n++] = best;
	}
	return n;
}

/* As src/engine/verify/state.h names it. */
static void print_type(const char *name)
{
	static const char *const types[][2] = {
		{"scalar", "scalar"},
		{"pkt", "packet"},
		{"pkt_meta", "packet_meta"},
		{"pkt_end", "packet_end"},
		{"flow_keys", "flow_keys"},
		{"sock", "socket"},
		{"sock_or_null", "socket_null"},
		{"sock_common", "sock_common"},
		{"sock_common_or_null", "sock_common_null"},
		{"tp_buffer", "tp_buffer"},
		{"ctx", "ctx"},
	};
	static const char *btf = "trusted_ptr_";

	for (u32 i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(name, types[i][0])) {
			printf("%s)\n", types[i][1]);
			return;
		}
	}
	if (!strncmp(name, btf, strlen(btf)))
		printf("btf_trusted, .btf = \"%s\")\n", name + strlen(btf));
	else
		printf("?%s)\n", name);
}

static void print_rows(struct mine_ctx *c, const struct mine_who *who)
{
	struct row rows[MINE_CTX];
	u32 n = compress(c, rows);

	for (u32 i = 0; i < n; i++) {
		struct row *r = &rows[i];

		while (who && r->off + r->len >= MINE_CTX && r->len < 1 << 17 &&
		       mine_ctx_at(who, (s32)(r->off + r->len), 1, false))
			r->len++;
		printf("\tF(%u, %u, %u, %u, ", r->off, r->len, r->read, r->write);
		print_type(r->type);
	}
}

static void print_ctx(void)
{
	static struct mine_ctx all[64];
	static struct mine_who whose[64];
	struct mine_types types;
	struct mine_who who = {0};
	u32 n = 0;

	mine_types(&types, 0, 0);
	while (mine_next(&types, &who) && n < ARRAY_SIZE(all)) {
		u32 same = 0;

		whose[n] = who;
		mine_ctx(&who, &all[n]);
		while (memcmp(&all[same], &all[n], sizeof(all[n])))
			same++;
		printf("CTX(%u, %u) is %u/%u\n", who.type, who.attach, whose[same].type,
		       whose[same].attach);
		if (same == n)
			print_rows(&all[n++], &who);
	}
}

static void print_objects(void)
{
	static const char *const names[] = {"sock_common", "sock", "tcp_sock",
					    "xdp_sock"};
	static struct mine_ctx c;

	for (u32 i = 0; i < MINE_OBJECTS; i++) {
		printf("OBJECT(%s)\n", names[i]);
		mine_object((enum mine_object)i, &c);
		print_rows(&c, NULL);
	}
}

/* ---- helpers ---- */

enum { KINDS = 96, HELPERS = 211 };

struct helpers {
	struct mine_who who[KINDS];
	bool has[2][KINDS][HELPERS + 1]; /* with all capabilities, without CAP_PERFMON */
	u32 n;
};

static void ask_helpers(struct helpers *h)
{
	struct mine_types types;
	struct mine_who who = {0};

	mine_types(&types, 0, 0);
	while (mine_next(&types, &who) && h->n < KINDS) {
		for (u32 k = 0; k < 2; k++) {
			struct mine_who asks = who;

			asks.no_perfmon = k;
			for (u32 id = 1; id <= HELPERS; id++)
				h->has[k][h->n][id] = mine_helper(&asks, id);
		}
		h->who[h->n++] = who;
	}
}

/* The types that have it whatever the attach type; `some`: have it with some. */
static u64 types_of(struct helpers *h, u32 k, u32 id, u64 *some)
{
	u64 has = 0, lacks = 0;

	for (u32 i = 0; i < h->n; i++)
		*(h->has[k][i][id] ? &has : &lacks) |= 1ull << h->who[i].type;
	*some = has & lacks;
	return has & ~lacks;
}

static void print_helpers(void)
{
	static struct helpers h;
	u64 some, every = 0;

	ask_helpers(&h);
	for (u32 i = 0; i < h.n; i++)
		every |= 1ull << h.who[i].type;
	for (u32 id = 1; id <= HELPERS; id++) {
		u64 types = types_of(&h, 0, id, &some), less, unused;

		less = types_of(&h, 1, id, &unused);
		printf("ALLOW(%u, without perfmon %#llx, %s", id,
		       (unsigned long long)less, types == every ? "every" : "");
		for (u32 t = 0; types != every && t < MINE_TYPES; t++) {
			if (types >> t & 1)
				printf(" %u", t);
		}
		for (u32 i = 0; i < h.n; i++) {
			if (some >> h.who[i].type & 1 && h.has[0][i][id])
				printf(" %u/%u", h.who[i].type, h.who[i].attach);
		}
		printf(")\n");
	}
}

/* ---- maps, program types ---- */

static void print_maps(void)
{
	static const char marks[] = {'-', '+', '?', ' '};
	static struct mine_answer a;
	char gives[MINE_NAME];

	for (u32 type = 1; type < MINE_MAPS; type++) {
		mine_map_lookup(type, gives);
		printf("MAP(%u, direct%c sleeps%c, %s):", type,
		       marks[mine_map_direct(type)], marks[mine_map_sleepable(type)],
		       gives);
		for (u32 id = 1; id <= HELPERS; id++) {
			enum mine_verdict v = mine_map_helper(type, id, 0, &a);

			if (v == mine_yes)
				printf(" %u", id);
			else if (v == mine_unclear)
				printf(" %u?", id);
		}
		printf("\n");
	}
}

static void print_progs(void)
{
	struct mine_types types;
	struct mine_who who = {0};
	struct mine_prog p;

	mine_types(&types, 0, 0);
	while (mine_next(&types, &who)) {
		mine_prog(&who, &p);
		printf("PROG(%u/%u,%s%s%s%s", who.type, who.attach,
		       p.ld_abs ? " LD_ABS" : "", p.need_net_admin ? " NET_ADMIN" : "",
		       p.need_perfmon ? " PERFMON" : "", p.sleepable ? " SLEEPS" : "");
		if (p.range)
			printf(", %d, %d", p.min, p.max);
		printf(")\n");
	}
}

static const struct {
	const char *name;
	void (*print)(void);
} tables[] = {
	{"ctx", print_ctx},   {"objects", print_objects}, {"helpers", print_helpers},
	{"maps", print_maps}, {"progs", print_progs},
};

int main(int argc, char **argv)
{
	for (u32 i = 0; i < ARRAY_SIZE(tables) && argc == 2; i++) {
		if (!strcmp(argv[1], tables[i].name))
			return tables[i].print(), 0;
	}
	fprintf(stderr, "usage: verify_mine ctx|objects|helpers|maps|progs\n");
	return 2;
}
