/* btf_fuzz.c - BPF_BTF_LOAD on the kernel (as root) and on the engine: the same errno and
 * the same log for N random blobs
 *
 * BUILD/test/judge/btf_fuzz [-n N] [-s SEED] [-i INDEX] [-l]: a blob is a table of random
 * types, most of which fit together, of which some words are changed. -i asks about that
 * blob alone and prints both logs; -l compares the logs, too. Exits with 1 where the two
 * differ.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <skep/engine.h>
#include "bits.h"

enum { TYPES = 24, TEXT = 1 << 16, SHOWN = 20 };

struct blob {
	struct skep_btf_header head;
	u32 words[1024];
	char names[64];
	u32 n; /* of words */
};

static u64 state;
static u32 rare;

static u32 below(u32 n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (u32)(state >> 20) % n;
}

static bool one_in(u32 n)
{
	return !below(n);
}

/* What is most likely a fault: in every second blob hardly ever. */
static bool odd_one_in(u32 n)
{
	return one_in(n * rare);
}

static void put(struct blob *b, u32 word)
{
	if (b->n < ARRAY_SIZE(b->words))
		b->words[b->n++] = word;
}

/* "", "a", "b", "int", ".data", "1x" */
static const char names[] = "\0a\0b\0int\0.data\0c1\0_d\0001x";

static u32 a_name(void)
{
	static const u8 at[] = {0, 1, 3, 5, 9, 15, 18};

	return odd_one_in(40) ? below(sizeof(names) + 2) : at[1 + below(5)];
}

static u32 a_type(u32 i)
{
	return odd_one_in(30) ? below(TYPES + 4)
	       : one_in(3)    ? below(TYPES)
			      : below(i + 1);
}

static void put_head(struct blob *b, u32 name, u32 kind, u32 vlen, bool flag, u32 size)
{
	put(b, name);
	put(b, (u32)flag << 31 | kind << 24 | vlen);
	put(b, size);
}

static u32 a_size(void)
{
	static const u8 sizes[] = {1, 2, 4, 8, 16, 4, 8, 3, 0, 32};

	return sizes[below(ARRAY_SIZE(sizes))];
}

static void put_members(struct blob *b, u32 i, u32 vlen, bool flag)
{
	for (u32 m = 0, at = 0; m < vlen; m++, at += 8 * below(9)) {
		u32 bits = flag && one_in(2) ? below(33) : 0;

		put(b, a_name());
		put(b, a_type(i));
		put(b, flag ? bits << 24 | at : odd_one_in(10) ? below(300) : at);
	}
}

static void put_type(struct blob *b, u32 i)
{
	u32 kind = 1 + below(SKEP_BTF_KIND_ENUM64 + odd_one_in(50)), vlen = below(4);
	bool flag = one_in(4);

	switch (kind) {
	case SKEP_BTF_KIND_INT:
		put_head(b, a_name(), kind, odd_one_in(20), odd_one_in(20), a_size());
		put(b, (one_in(4) ? 1u << below(4) : 0) << 24 |
			       (odd_one_in(20) ? below(64) : 0) << 16 |
			       (odd_one_in(10) ? below(140) : 8 * a_size()));
		return;
	case SKEP_BTF_KIND_ARRAY:
		put_head(b, odd_one_in(20) ? a_name() : 0, kind, 0, odd_one_in(30),
			 odd_one_in(30));
		put(b, a_type(i));
		put(b, a_type(i));
		put(b, one_in(8) ? UINT32_MAX / (1 + below(9)) : below(9));
		return;
	case SKEP_BTF_KIND_STRUCT:
	case SKEP_BTF_KIND_UNION:
		put_head(b, a_name(), kind, vlen, flag, one_in(3) ? a_size() : below(80));
		put_members(b, i, vlen, flag);
		return;
	case SKEP_BTF_KIND_ENUM:
	case SKEP_BTF_KIND_ENUM64:
		put_head(b, a_name(), kind, vlen, flag, one_in(4) ? a_size() : 4);
		for (u32 m = 0; m < vlen; m++) {
			put(b, a_name());
			put(b, below(100));
			if (kind == SKEP_BTF_KIND_ENUM64)
				put(b, 0);
		}
		return;
	case SKEP_BTF_KIND_FUNC_PROTO:
		put_head(b, odd_one_in(20) ? a_name() : 0, kind, vlen, odd_one_in(30),
			 a_type(i));
		for (u32 m = 0; m < vlen; m++) {
			put(b, a_name());
			put(b, a_type(i));
		}
		return;
	case SKEP_BTF_KIND_VAR:
		put_head(b, a_name(), kind, odd_one_in(30), odd_one_in(30), a_type(i));
		put(b, odd_one_in(10) ? below(5) : below(2));
		return;
	case SKEP_BTF_KIND_DATASEC:
		put_head(b, a_name(), kind, vlen, odd_one_in(30), below(40));
		for (u32 m = 0, at = 0; m < vlen; m++, at += below(9)) {
			put(b, a_type(i));
			put(b, at);
			put(b, a_size());
		}
		return;
	case SKEP_BTF_KIND_DECL_TAG:
		put_head(b, a_name(), kind, odd_one_in(30), odd_one_in(10), a_type(i));
		put(b, one_in(2) ? UINT32_MAX : below(4) - one_in(8));
		return;
	case SKEP_BTF_KIND_FWD:
		put_head(b, a_name(), kind, odd_one_in(30), one_in(2), odd_one_in(30));
		return;
	case SKEP_BTF_KIND_FUNC:
		put_head(b, a_name(), kind, below(3 + odd_one_in(20)), odd_one_in(30),
			 a_type(i));
		return;
	case SKEP_BTF_KIND_FLOAT:
		put_head(b, a_name(), kind, odd_one_in(30), odd_one_in(30), a_size());
		return;
	case SKEP_BTF_KIND_TYPEDEF:
	case SKEP_BTF_KIND_TYPE_TAG:
		put_head(b, a_name(), kind, odd_one_in(30), odd_one_in(20), a_type(i));
		return;
	default:
		put_head(b, odd_one_in(20) ? a_name() : 0, kind, odd_one_in(30),
			 odd_one_in(30), a_type(i));
	}
}

static void change(struct blob *b)
{
	u32 at = below(b->n);

	switch (below(4)) {
	case 0: b->words[at] ^= 1u << below(32); break;
	case 1: b->words[at] = below(TYPES); break;
	case 2: b->words[at] = b->words[below(b->n)]; break;
	default: b->words[at] += one_in(2) ? 1 : UINT32_MAX;
	}
}

/* The blob of a seed and an index; its length. */
static u32 make(struct blob *b, u64 seed, u64 index, u8 out[sizeof(struct blob)])
{
	u32 types, at = sizeof(b->head);

	state = (seed + 1) * 0x9e3779b97f4a7c15ull ^ (index + 1) * 0xbf58476d1ce4e5b9ull;
	for (int i = 0; i < 8; i++)
		below(2);
	b->n = 0;
	rare = one_in(2) ? 1 : 20;
	types = 1 + below(TYPES);
	for (u32 i = 1; i <= types; i++)
		put_type(b, i);
	for (u32 n = one_in(2) || rare > 1 ? 0 : 1 + below(3); n; n--)
		change(b);
	b->head = (struct skep_btf_header){.magic = SKEP_BTF_MAGIC,
					   .version = 1,
					   .hdr_len = sizeof(b->head),
					   .type_len = 4 * b->n,
					   .str_off = 4 * b->n,
					   .str_len = sizeof(names)};
	if (odd_one_in(30))
		((u32 *)&b->head)[below(sizeof(b->head) / 4)] ^= 1u << below(8);
	memcpy(out, &b->head, at);
	memcpy(out + at, b->words, 4 * b->n);
	at += 4 * b->n;
	memcpy(out + at, names, sizeof(names));
	return at + sizeof(names);
}

static int load(struct skep_sys *sys, const void *data, u32 len, char *text)
{
	union skep_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	*text = 0;
	attr.btf = u64_of(data);
	attr.btf_size = len;
	attr.btf_log_buf = u64_of(text);
	attr.btf_log_size = TEXT;
	attr.btf_log_level = 1;
	fd = sys->bpf(sys, SKEP_BTF_LOAD, &attr, sizeof(attr));
	if (fd >= 0)
		sys->close(sys, fd);
	return fd < 0 ? fd : 0;
}

static bool kernel_refuses(void)
{
	static char text[TEXT];
	int err = load(skep_sys_kernel(), "", 0, text);

	return err == -EPERM || err == -ENOSYS;
}

struct counts {
	u64 refused, errnos, logs;
};

static bool ask(struct skep_sys *engine, u64 seed, u64 index, bool say,
		struct counts *counts)
{
	static char ours[TEXT], theirs[TEXT];
	static u8 data[sizeof(struct blob)];
	static struct blob b;
	u32 len = make(&b, seed, index, data);
	int kernel = load(skep_sys_kernel(), data, len, theirs);
	int mine = load(engine, data, len, ours);
	bool log = strcmp(ours, theirs);

	counts->refused += kernel < 0;
	counts->errnos += kernel != mine;
	counts->logs += log;
	if (say)
		printf("kernel %d\n%s\nengine %d\n%s\n", kernel, theirs, mine, ours);
	return kernel != mine || log;
}

int main(int argc, char **argv)
{
	u64 n = 20000, seed = 1, only = UINT64_MAX, shown = 0;
	struct counts counts = {0};
	struct skep_engine *engine;
	bool logs = false;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:i:l")) != -1) {
		if (opt == 'n')
			n = strtoull(optarg, NULL, 0);
		else if (opt == 's')
			seed = strtoull(optarg, NULL, 0);
		else if (opt == 'i')
			only = strtoull(optarg, NULL, 0);
		else if (opt == 'l')
			logs = true;
		else
			return 2;
	}
	if (skep_engine_open(NULL, &engine))
		return 2;
	if (kernel_refuses()) {
		printf("SKIP: the kernel's BPF_BTF_LOAD needs root\n");
		return 77;
	}
	if (only != UINT64_MAX) {
		ask(skep_engine_sys(engine), seed, only, true, &counts);
		return counts.errnos || (logs && counts.logs);
	}
	for (u64 i = 0; i < n; i++) {
		struct counts before = counts;

		ask(skep_engine_sys(engine), seed, i, false, &counts);
		if ((counts.errnos > before.errnos ||
		     (logs && counts.logs > before.logs)) &&
		    shown++ < SHOWN)
			printf("blob %llu: %s\n", (unsigned long long)i,
			       counts.errnos > before.errnos ? "errno" : "log");
	}
	printf("%llu blobs, %llu refused; %llu differ in errno, %llu in the log\n",
	       (unsigned long long)n, (unsigned long long)counts.refused,
	       (unsigned long long)counts.errnos, (unsigned long long)counts.logs);
	skep_engine_close(engine);
	return counts.errnos || (logs && counts.logs);
}
