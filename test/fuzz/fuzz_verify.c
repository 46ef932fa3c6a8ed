/* Any program, maps, BTF and info records through verify() and verify_explain().
 *
 * An input is a struct head, its maps, BTF, func_info and line_info, and instructions to
 * the end; parts that the input is too short for are cut. Or it is text, "; type N" and
 * instructions, with a ring buffer and an array as its maps. "@name" is a function,
 * variable or target of the kernel: a negative number, since ids differ from kernel to
 * kernel. What no function under test can rely on is true here too: blocks of just
 * their length, so that ASan sees what is read beside them, the log's among them. Few
 * instructions may be processed, so that each input ends soon; where the head says so, an
 * allocation fails.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <skep/isa.h>
#include "explain.h"
#include "insn_mutate.h"
#include "mem.h"
#include "verify.h"

enum { MOST_INSNS = 4000, MOST_MAPS = 8, LOG = 1 << 16, FROZEN_MOST = 4096 };
enum {
	HEAD_GPL = 1,
	HEAD_VMLINUX = 2,
	HEAD_NO_MEMORY = 4,
	HEAD_EXPLAIN = 8,
	HEAD_VARIABLES = 16,
};
enum { CAP_BPF = 1, CAP_PERFMON = 2, CAP_NET_ADMIN = 4, CAP_ADMIN = 8 };

struct head {
	u8 level, caps, how, nmaps; /* how: HEAD_GPL... */
	u32 type, attach_type, flags, attach_btf_id;
	u32 btf_len, func_len, line_len;
	u16 func_size, line_size;
	u16 fail;     /* with HEAD_NO_MEMORY: which allocation */
	u16 log_size; /* 0: LOG */
};

struct head_map {
	u32 type, key_size, value_size, max_entries, flags, key_type, value_type;
	u8 inner, btf, frozen, pad; /* inner: an earlier map + 1 */
};

struct input {
	struct head head;
	struct head_map maps[MOST_MAPS];
	struct part {
		u8 *at; /* a block of its own */
		u32 len;
	} btf, func, line, code;
};

static struct {
	u64 inputs, accepted, refused, no_memory, explained;
} count;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "fuzz_verify: %s\n", what);
	abort();
}

static void say(void)
{
	printf("%llu programs: %llu accepted, %llu refused (%llu explained), %llu out of "
	       "memory\n",
	       (unsigned long long)count.inputs, (unsigned long long)count.accepted,
	       (unsigned long long)count.refused, (unsigned long long)count.explained,
	       (unsigned long long)count.no_memory);
}

/* ---- what the kernel has a name for ---- */

struct name {
	const char *name;
	u32 kind, id; /* id: found already; UINT32_MAX: there is none */
};

static struct name functions[] = {
#define KFUNC(name, ...) {#name, SKEP_BTF_KIND_FUNC, 0},
#include "kfunc.def"
};

static struct name variables[] = {
	{"runqueues", SKEP_BTF_KIND_VAR, 0},  {"bpf_prog_active", SKEP_BTF_KIND_VAR, 0},
	{"cpu_number", SKEP_BTF_KIND_VAR, 0}, {"this_cpu_off", SKEP_BTF_KIND_VAR, 0},
	{"jiffies", SKEP_BTF_KIND_VAR, 0},    {"schedule", SKEP_BTF_KIND_FUNC, 0},
};

static struct name targets[] = {
	{"btf_trace_sched_switch", SKEP_BTF_KIND_TYPEDEF, 0},
	{"btf_trace_kfree_skb", SKEP_BTF_KIND_TYPEDEF, 0},
	{"btf_trace_sys_enter", SKEP_BTF_KIND_TYPEDEF, 0},
	{"bpf_iter_task", SKEP_BTF_KIND_FUNC, 0},
	{"bpf_iter_tcp", SKEP_BTF_KIND_FUNC, 0},
	{"bpf_iter_bpf_map_elem", SKEP_BTF_KIND_FUNC, 0},
	{"bpf_iter_cgroup", SKEP_BTF_KIND_FUNC, 0},
	{"bpf_fentry_test1", SKEP_BTF_KIND_FUNC, 0},
	{"do_unlinkat", SKEP_BTF_KIND_FUNC, 0},
	{"security_file_open", SKEP_BTF_KIND_FUNC, 0},
	{"bpf_lsm_file_open", SKEP_BTF_KIND_FUNC, 0},
	{"bpf_lsm_bprm_committed_creds", SKEP_BTF_KIND_FUNC, 0},
	{"tcp_congestion_ops", SKEP_BTF_KIND_STRUCT, 0},
};

static bool write_number(const char *name, const struct name *names, u32 n, char to[16])
{
	for (u32 i = 0; i < n; i++)
		if (!strcmp(name, names[i].name))
			return sprintf(to, "%d", ~i);
	return false;
}

/* A copy in which "@name" is a number; false: there is no room, or no such name. */
static bool number_names(const u8 *at, size_t left, char *to, size_t room)
{
	char name[64], number[16];
	size_t n = 0, len;

	for (; left; at++, left--) {
		if (n + sizeof(number) >= room)
			return false;
		if (*at != '@') {
			to[n++] = (char)*at;
			continue;
		}
		for (len = 0; left > 1 && len < sizeof(name) - 1 &&
			      (isalnum(at[1]) || at[1] == '_');
		     at++, left--)
			name[len++] = (char)at[1];
		name[len] = 0;
		if (!write_number(name, functions, ARRAY_SIZE(functions), number) &&
		    !write_number(name, variables, ARRAY_SIZE(variables), number) &&
		    !write_number(name, targets, ARRAY_SIZE(targets), number))
			return false;
		n += (size_t)sprintf(to + n, "%s", number);
	}
	to[n] = 0;
	return true;
}

/* ---- bytes to an input ---- */

static void take(const u8 **at, size_t *left, void *to, size_t len)
{
	len = MIN(len, *left);
	memcpy(to, *at, len);
	*at += len;
	*left -= len;
}

static void take_part(const u8 **at, size_t *left, struct part *part, size_t len)
{
	part->len = (u32)MIN(len, *left);
	part->at = malloc(part->len ? part->len : 1);
	must(part->at, "no memory");
	take(at, left, part->at, part->len);
}

/* False: it is no text, or none that is a program. */
static bool input_assemble(struct input *in, const u8 *at, size_t left)
{
	static struct skep_insn code[2 * MUTATE_MOST];
	char text[1 << 14];
	const u8 *bytes = (const u8 *)code;
	size_t len;
	int n;

	if (left < 7 || memcmp(at, "; type ", 7) ||
	    !number_names(at, left, text, sizeof(text)))
		return false;
	n = skep_asm(text, strlen(text), NULL, code, ARRAY_SIZE(code), NULL);
	if (n <= 0)
		return false;
	len = (size_t)n * sizeof(code[0]);
	in->head =
		(struct head){.level = 2,
			      .caps = CAP_BPF | CAP_PERFMON | CAP_NET_ADMIN | CAP_ADMIN,
			      .how = HEAD_GPL | HEAD_VMLINUX | HEAD_VARIABLES,
			      .nmaps = 2};
	sscanf(text, "; type %u %u %x %d", &in->head.type, &in->head.attach_type,
	       &in->head.flags, (int *)&in->head.attach_btf_id);
	in->maps[0] =
		(struct head_map){.type = SKEP_MAP_TYPE_RINGBUF, .max_entries = 4096};
	in->maps[1] = (struct head_map){.type = SKEP_MAP_TYPE_ARRAY,
					.key_size = 4,
					.value_size = 64,
					.max_entries = 1};
	take_part(&bytes, &len, &in->code, len);
	return true;
}

static void input_open(struct input *in, const u8 *at, size_t left)
{
	struct head *h = &in->head;

	memset(in, 0, sizeof(*in));
	if (input_assemble(in, at, left))
		return;
	take(&at, &left, h, sizeof(*h));
	h->nmaps %= MOST_MAPS + 1;
	take(&at, &left, in->maps, h->nmaps * sizeof(in->maps[0]));
	take_part(&at, &left, &in->btf, h->btf_len);
	take_part(&at, &left, &in->func, h->func_len);
	take_part(&at, &left, &in->line, h->line_len);
	take_part(&at, &left, &in->code, left - left % sizeof(struct skep_insn));
}

static void input_close(struct input *in)
{
	free(in->btf.at);
	free(in->func.at);
	free(in->line.at);
	free(in->code.at);
}

/* ---- an input to what verify() takes ---- */

struct question {
	struct verify_prog prog;
	struct profile profile;
	struct verify_map maps[MOST_MAPS];
	struct btf_field fields[MOST_MAPS][BTF_FIELDS];
	struct skep_btf *btf;
	u8 *frozen; /* the value of each read-only array */
	struct skep_insn *code;
};

/* The kernel's types, where it shows them; their absence is no failure. */
static const struct skep_btf *vmlinux(void)
{
	enum { MOST = 64 << 20 };
	static struct skep_btf *btf;
	static bool asked;
	FILE *f = asked ? NULL : fopen("/sys/kernel/btf/vmlinux", "r");
	u8 *data = f ? malloc(MOST) : NULL;

	asked = true;
	if (data && skep_btf_parse(&btf, data, fread(data, 1, MOST, f), NULL, "", NULL))
		btf = NULL;
	free(data);
	if (f)
		fclose(f);
	return btf;
}

/* ---- what is named ---- */

/* The id that a negative number stands for: -1 for the first of the names. */
static u32 id_of(u32 number, struct name *names, size_t n)
{
	struct name *name = &names[~number % n];

	if ((s32)number >= 0 || !vmlinux())
		return number;
	if (!name->id)
		name->id = skep_btf_find(vmlinux(), name->name, name->kind);
	if (!name->id)
		name->id = UINT32_MAX;
	return name->id == UINT32_MAX ? 0 : name->id;
}

static void resolve_names(struct skep_insn *code, u32 n)
{
	for (u32 i = 0; i < n; i++) {
		bool call = code[i].code == (SKEP_JMP | SKEP_CALL);
		bool lddw = code[i].code == (SKEP_LD | SKEP_IMM | SKEP_DW);

		if (call && code[i].src_reg == SKEP_PSEUDO_KFUNC_CALL)
			code[i].imm = (s32)id_of((u32)code[i].imm, functions,
						 ARRAY_SIZE(functions));
		if (lddw && code[i].src_reg == SKEP_PSEUDO_BTF_ID)
			code[i].imm = (s32)id_of((u32)code[i].imm, variables,
						 ARRAY_SIZE(variables));
	}
}

static void describe_map(struct question *q, const struct head_map *from, u32 i)
{
	struct verify_map *to = &q->maps[i];

	to->type = from->type;
	to->key_size = from->key_size;
	to->value_size = from->value_size;
	to->max_entries = from->max_entries;
	to->flags = from->flags;
	to->inner = from->inner && from->inner <= i ? &q->maps[from->inner - 1] : NULL;
	to->btf = from->btf ? q->btf : NULL;
	to->key_type = from->key_type;
	to->value_type = from->value_type;
	if (from->frozen && from->value_size <= FROZEN_MOST)
		to->frozen = q->frozen;
	verify_find_fields(to, q->fields[i]);
	must(to->nfields <= BTF_FIELDS, "a map has too many fields");
}

static void describe_prog(struct question *q, const struct input *in)
{
	const struct head *h = &in->head;
	struct verify_prog *p = &q->prog;

	p->type = h->type;
	p->attach_type = h->attach_type;
	p->flags = h->flags;
	p->gpl = h->how & HEAD_GPL;
	p->code = q->code;
	p->n = in->code.len / sizeof(struct skep_insn);
	p->maps = q->maps;
	p->nmaps = h->nmaps;
	p->btf = q->btf;
	p->func_info = in->func.at;
	p->func_info_size = h->func_size;
	p->nfunc_info = in->func.len / MAX(h->func_size, 1);
	p->line_info = in->line.at;
	p->line_info_size = h->line_size;
	p->nline_info = in->line.len / MAX(h->line_size, 1);
	p->attach_btf_id = id_of(h->attach_btf_id, targets, ARRAY_SIZE(targets));
}

static void describe(struct question *q, const struct input *in)
{
	const struct head *h = &in->head;

	memset(q, 0, sizeof(*q));
	q->frozen = calloc(1, FROZEN_MOST);
	q->code = malloc(in->code.len ? in->code.len : 1);
	must(q->frozen && q->code, "no memory");
	memcpy(q->code, in->code.at, in->code.len);
	resolve_names(q->code, in->code.len / sizeof(q->code[0]));
	if (in->btf.len &&
	    btf_parse(&q->btf, in->btf.at, in->btf.len, NULL, BTF_RULES_LOAD, "", NULL))
		q->btf = NULL;
	for (u32 i = 0; i < h->nmaps; i++)
		describe_map(q, &in->maps[i], i);
	describe_prog(q, in);
	q->profile = (struct profile){.bpf = h->caps & CAP_BPF,
				      .perfmon = h->caps & CAP_PERFMON,
				      .net_admin = h->caps & CAP_NET_ADMIN,
				      .admin = h->caps & CAP_ADMIN,
				      .vmlinux = h->how & HEAD_VMLINUX ? vmlinux() : NULL,
				      .variables = h->how & HEAD_VARIABLES,
				      .max_insns = MOST_INSNS,
				      .cpus = 4};
}

static void explain(const struct question *q, const struct head *h)
{
	struct explained e = {0};
	int err;

	if (h->how & HEAD_NO_MEMORY)
		mem_fail_after(h->fail);
	err = verify_explain(&q->prog, &q->profile, &e);
	mem_fail_after(-1);
	must(!err || (err == -ENOMEM && h->how & HEAD_NO_MEMORY), "nothing is explained");
	count.explained += !err;
	arena_free(&e.arena);
}

static void judge(const struct question *q, const struct head *h)
{
	size_t size = h->log_size ? h->log_size : LOG;
	struct skep_log log = {.buf = malloc(size), .size = size};
	struct verify_result result;
	int err;

	must(log.buf, "no memory");
	log.buf[0] = 0;
	if (h->how & HEAD_NO_MEMORY)
		mem_fail_after(h->fail);
	err = verify(&q->prog, &q->profile, h->level & 7, &log, &result);
	mem_fail_after(-1);
	count.inputs++;
	count.accepted += !err;
	count.no_memory += err == -ENOMEM;
	count.refused += err && err != -ENOMEM;
	must(err <= 0, "an answer that is no error");
	must(err != -ENOMEM || h->how & HEAD_NO_MEMORY, "the memory was not enough");
	must(result.processed <= MOST_INSNS + 1, "too many instructions were processed");
	must(strnlen(log.buf, size) < size, "the log has no end");
	free(log.buf);
	if (result.code && h->how & HEAD_EXPLAIN)
		explain(q, h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool begun;
	struct question q;
	struct input in;

	if (!begun)
		atexit(say);
	begun = true;
	input_open(&in, data, len);
	describe(&q, &in);
	if (q.prog.n)
		judge(&q, &in.head);
	skep_btf_free(q.btf);
	free(q.frozen);
	free(q.code);
	input_close(&in);
	return 0;
}

/* ---- mutation ---- */

static u32 pick(u64 *state, u32 n)
{
	/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift
	 * generators" */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (u32)((*state * 0x2545f4914f6cdd1d) >> 32) % n;
}

static u32 number(u64 *state)
{
	static const u32 edges[] = {0,	8,   16,	4096,	    65536,
				    -1, -8u, INT32_MAX, 0x80000000, 1 << 29};

	return pick(state, 3) ? pick(state, 40) : edges[pick(state, ARRAY_SIZE(edges))];
}

static void mutate_head(struct input *in, u64 *state)
{
	struct head *h = &in->head;

	switch (pick(state, 10)) {
	case 0: h->type = pick(state, 34); break;
	case 1: h->attach_type = pick(state, 60); break;
	case 2: h->flags ^= 1u << pick(state, 8); break;
	case 3: h->caps = (u8)pick(state, 16); break;
	case 4: h->how ^= HEAD_GPL; break;
	case 5: h->fail = (u16)pick(state, 1u << pick(state, 16)); break;
	case 6: h->attach_btf_id = pick(state, 200000); break;
	case 7: h->func_size = (u16)number(state); break;
	case 8: h->line_size = (u16)number(state); break;
	case 9: h->attach_btf_id = ~pick(state, ARRAY_SIZE(targets)); break;
	}
}

static void mutate_map(struct input *in, u64 *state)
{
	struct head_map *m = &in->maps[pick(state, MOST_MAPS)];

	switch (pick(state, 8)) {
	case 0: m->type = pick(state, 36); break;
	case 1: m->key_size = number(state); break;
	case 2: m->value_size = number(state); break;
	case 3: m->max_entries = number(state); break;
	case 4: m->flags ^= 1u << pick(state, 18); break;
	case 5: m->value_type = pick(state, 64); break;
	case 6: m->inner = (u8)pick(state, MOST_MAPS); break;
	case 7: m->frozen ^= 1; break;
	}
}

/* Where functions begin, as calls and references to callbacks name them: sorted. */
static u32 find_starts(const struct skep_insn *code, u32 n, u32 *starts)
{
	static bool is_start[2 * MUTATE_MOST + 1];
	u32 found = 0;

	memset(is_start, 0, sizeof(is_start));
	is_start[0] = true;
	for (u32 i = 0; i < n; i++) {
		s64 to = (s64)i + 1 + code[i].imm;
		bool call = code[i].code == (SKEP_JMP | SKEP_CALL) &&
			    code[i].src_reg == SKEP_PSEUDO_CALL;
		bool ref = code[i].code == (SKEP_LD | SKEP_IMM | SKEP_DW) &&
			   code[i].src_reg == SKEP_PSEUDO_FUNC;

		if ((call || ref) && to >= 0 && to < n)
			is_start[to] = true;
	}
	for (u32 i = 0; i < n; i++)
		if (is_start[i])
			starts[found++] = i;
	return found;
}

/* Records of the old ones' types and names, for the functions that there are now. */
static u32 move_records(struct part *part, u32 size, const u32 *starts, u32 n)
{
	u32 had = size >= sizeof(u32) ? part->len / size : 0;
	u8 *now;

	if (!had)
		return part->len;
	now = malloc((size_t)n * size);
	must(now, "no memory");
	for (u32 i = 0; i < n; i++) {
		memcpy(now + (size_t)i * size, part->at + (size_t)(i % had) * size, size);
		memcpy(now + (size_t)i * size, &starts[i], sizeof(u32));
	}
	free(part->at);
	part->at = now;
	return part->len = n * size;
}

static void mutate_code(struct input *in, u64 *state)
{
	static struct skep_insn code[2 * MUTATE_MOST];
	static u32 starts[2 * MUTATE_MOST];
	struct head *h = &in->head;
	u32 n = MIN(in->code.len / (u32)sizeof(code[0]), (u32)MUTATE_MOST);

	memcpy(code, in->code.at, n * sizeof(code[0]));
	n = insn_mutate(code, n, state);
	if (!n)
		return;
	free(in->code.at);
	in->code.len = n * (u32)sizeof(code[0]);
	in->code.at = malloc(in->code.len);
	must(in->code.at, "no memory");
	memcpy(in->code.at, code, in->code.len);
	n = find_starts(code, n, starts);
	h->func_len = move_records(&in->func, h->func_size, starts, n);
	h->line_len = move_records(&in->line, h->line_size, starts, n);
}

/* A call becomes one of a kernel function, an lddw the address of a variable. */
static void mutate_names(struct input *in, u64 *state)
{
	struct skep_insn *code = (void *)in->code.at, *at;
	u32 n = in->code.len / (u32)sizeof(*code);

	for (u32 i = 0, begin = n ? pick(state, n) : 0; i < n; i++) {
		at = &code[(begin + i) % n];
		if (at->code == (SKEP_JMP | SKEP_CALL)) {
			at->src_reg = SKEP_PSEUDO_KFUNC_CALL;
			at->imm = (s32)~pick(state, ARRAY_SIZE(functions));
			at->off = 0;
			return;
		}
		if (at->code == (SKEP_LD | SKEP_IMM | SKEP_DW)) {
			at->src_reg = SKEP_PSEUDO_BTF_ID;
			at->imm = (s32)~pick(state, ARRAY_SIZE(variables));
			return;
		}
	}
}

/* A few words of BTF or of records: ids, sizes, offsets. */
static void mutate_words(struct part *part, u64 *state)
{
	for (u32 n = 1 + pick(state, 3); n-- && part->len >= 4;) {
		u32 at = pick(state, part->len / 4) * 4, old = load32(part->at + at);
		u32 edge = number(state);

		store32(part->at + at, pick(state, 2) ? old + pick(state, 5) - 2 : edge);
	}
}

static void put(u8 **to, const void *from, size_t len)
{
	if (len)
		memcpy(*to, from, len);
	*to += len;
}

/* 0: there is no room. */
static size_t give(const struct input *in, u8 *to, size_t most)
{
	size_t maps = in->head.nmaps * sizeof(in->maps[0]);
	u8 *begin = to;

	if (sizeof(in->head) + maps + in->btf.len + in->func.len + in->line.len +
		    in->code.len >
	    most)
		return 0;
	put(&to, &in->head, sizeof(in->head));
	put(&to, in->maps, maps);
	put(&to, in->btf.at, in->btf.len);
	put(&to, in->func.at, in->func.len);
	put(&to, in->line.at, in->line.len);
	put(&to, in->code.at, in->code.len);
	return (size_t)(to - begin);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
			       unsigned int seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	u64 state = ((u64)seed << 32 | seed) * 2 + 1;
	struct input in;

	input_open(&in, data, size);
	in.head.level = (u8)pick(&state, 8);
	in.head.log_size = pick(&state, 4) ? 0 : (u16)(1 + pick(&state, 600));
	in.head.how &= (u8) ~(HEAD_NO_MEMORY | HEAD_EXPLAIN);
	in.head.how |= pick(&state, 16) ? 0 : HEAD_NO_MEMORY;
	in.head.how |= pick(&state, 2) ? 0 : HEAD_EXPLAIN;
	if (!pick(&state, 6))
		mutate_head(&in, &state);
	if (!pick(&state, 4))
		mutate_map(&in, &state);
	if (pick(&state, 8))
		mutate_code(&in, &state);
	if (!pick(&state, 6))
		mutate_names(&in, &state);
	if (!pick(&state, 8))
		mutate_words(&in.btf, &state);
	if (!pick(&state, 8))
		mutate_words(pick(&state, 2) ? &in.func : &in.line, &state);
	size = give(&in, data, most);
	input_close(&in);
	return size;
}
