/* seq_print.c - a sequence's calls as lines of a script, test/sys/script.c */
#include "seq.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *name;
	int cmd;
} cmds[] = {
#define REFUSED(name, err, why)
#define CMD(name, function, last, since) {#name, SKEP_##name},
#include "cmd.def"
#undef CMD
#undef REFUSED
};

static void print_result(FILE *f, long ret)
{
	const char *name = ret == -524 ? "ENOTSUPP"
			   : ret < 0   ? strerrorname_np((int)-ret)
				       : "ok";

	if (name)
		fprintf(f, " -> %s", name);
	else
		fprintf(f, " -> %ld", ret);
}

static void print_number(FILE *f, u64 n)
{
	if (n > UINT32_MAX)
		fprintf(f, "0x%llx", (unsigned long long)n);
	else
		fprintf(f, "%llu", (unsigned long long)n);
}

/* `len` bytes, with what differs between the sides as a variable. */
static void print_bytes(FILE *f, const struct seq *seq, const struct seq_arg *arg,
			const u8 *at)
{
	fprintf(f, "[");
	for (u32 i = 0; i < arg->len;) {
		const struct seq_fix *fix = NULL;
		u32 n = MIN(arg->len - i, 8u);
		u64 v = 0;

		for (u32 x = arg->fix; x < (u32)arg->fix + arg->fixes; x++) {
			u32 off = seq->fixes[x].at - arg->at;

			if (off == i)
				fix = &seq->fixes[x];
			else if (off > i && off < i + n)
				n = off - i;
		}
		if (i)
			fprintf(f, ",");
		if (fix) {
			fprintf(f, "$%c%u:4", fix->id ? 'i' : 's', fix->slot);
			i += 4;
			continue;
		}
		memcpy(&v, at + i, n);
		print_number(f, v);
		fprintf(f, ":%u", n);
		i += n;
	}
	fprintf(f, "%s]", arg->len ? "" : "0:1");
}

static void print_name(FILE *f, const u8 *name)
{
	bool plain = !name[15];

	for (u32 i = 0; plain && name[i]; i++)
		plain = isalnum(name[i]) || name[i] == '_';
	if (plain) {
		fprintf(f, "\"%.16s\"", name);
		return;
	}
	fprintf(f, "[");
	for (u32 i = 0; i < 16; i++)
		fprintf(f, "%s%u:1", i ? "," : "", name[i]);
	fprintf(f, "]");
}

static const struct seq_room_at *room_at(const struct seq_result *r,
					 const struct seq_arg *arg)
{
	for (u32 i = 0; i < r->nrooms; i++)
		if (r->rooms[i].arg == arg)
			return &r->rooms[i];
	return NULL;
}

static void print_room(struct seq_state *st, const struct seq_op *op,
		       const struct seq_arg *arg)
{
	const struct seq_room_at *room = room_at(&st->result[0], arg);
	const struct seq_made *map = seq_map_of(st, op);
	const struct seq_type *type = map ? seq_type_of(map->type) : NULL;
	bool exact = arg->room == r_bytes || arg->room == r_element ||
		     (arg->room == r_next && type && !(type->traits & t_unordered));
	FILE *f = st->world->print;
	struct seq_arg all = *arg;

	if (type && (type->values == values_map || type->values == values_prog) &&
	    arg->room == r_element)
		exact = false;
	if (!exact || !room || st->result[0].ret < 0) {
		fprintf(f, "[0:1]*%u", room ? room->len : arg->len);
		return;
	}
	fprintf(f, "?");
	all.len = room->len;
	all.fixes = 0;
	print_bytes(f, st->seq, &all, room->at);
}

static void print_arg(struct seq_state *st, const struct seq_op *op,
		      const struct seq_arg *arg)
{
	const struct seq *seq = st->seq;
	FILE *f = st->world->print;

	if (arg->field == f_byte)
		fprintf(f, " +%u=", arg->slot);
	else
		fprintf(f, " %s=",
			arg->field == f_size ? "size" : seq_fields[arg->field].name);
	switch (arg->what) {
	case w_number: print_number(f, (u64)arg->number); break;
	case w_fd: fprintf(f, "$s%u", arg->slot); break;
	case w_id: fprintf(f, "$i%u%+d", arg->slot, (int)arg->number); break;
	case w_bytes: print_bytes(f, seq, arg, seq->pool + arg->at); break;
	case w_name: print_name(f, seq->pool + arg->at); break;
	case w_room: print_room(st, op, arg); break;
	case w_token: fprintf(f, "@tok%u", arg->slot); break;
	case w_pid: fprintf(f, "pid"); break;
	}
}

static void print_id(FILE *f, u32 i, u8 kind)
{
	fprintf(f, "OBJ_GET_INFO_BY_FD info_fd=$s%u info=@info info_len=%u -> ok\n", i,
		kind == k_btf ? 32 : 8);
	fprintf(f, "get i%u = info %u\n", i, kind == k_btf ? 12 : 4);
}

static bool is_used(const struct seq *seq, u32 slot, enum seq_what what)
{
	for (u32 i = slot; i < seq->nops; i++)
		for (u32 a = 0; a < seq->ops[i].nargs; a++)
			if (!seq->ops[i].dropped && seq->ops[i].args[a].what == what &&
			    seq->ops[i].args[a].slot == slot)
				return true;
	return false;
}

static void print_bpf(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];
	FILE *f = st->world->print;
	const char *name = "?";

	for (u32 c = 0; c < ARRAY_SIZE(cmds); c++)
		if (cmds[c].cmd == op->cmd)
			name = cmds[c].name;
	if (op->made.kind != k_none)
		fprintf(f, "s%u = ", i);
	fprintf(f, "%s", name);
	for (u32 a = 0; a < op->nargs; a++)
		print_arg(st, op, &op->args[a]);
	print_result(f, st->result[0].ret);
	fprintf(f, "\n");
	if (op->made.kind != k_none && st->result[0].ret >= 0 &&
	    is_used(st->seq, i, w_id))
		print_id(f, i, op->made.kind);
}

static void print_mapping(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];
	const struct seq_arg *a = op->args;
	FILE *f = st->world->print;

	switch (op->verb) {
	case v_mmap:
		fprintf(f, "m%u = mmap $s%u %d %d %d %d", i, a[0].slot, (int)a[1].number,
			(int)a[2].number, (int)a[3].number, (int)a[4].number);
		print_result(f, st->result[0].ret);
		break;
	case v_munmap:
		fprintf(f, "munmap $m%u %d", a[0].slot,
			(int)st->seq->ops[a[0].slot].args[1].number);
		break;
	default:
		fprintf(f, "%s%s $m%u+%d ", st->result[0].ret ? "# " : "",
			op->verb == v_peek ? "peek" : "poke", a[0].slot,
			(int)a[1].number);
		print_bytes(f, st->seq, &a[2],
			    op->verb == v_peek && st->result[0].nrooms
				    ? st->result[0].rooms[0].at
				    : st->seq->pool + a[2].at);
	}
	fprintf(f, "\n");
}

void seq_print(struct seq_state *st, u32 i)
{
	const struct seq_op *op = &st->seq->ops[i];
	FILE *f = st->world->print;
	u32 slot = op->args[0].slot;

	switch (op->verb) {
	case v_bpf: print_bpf(st, i); break;
	case v_close: fprintf(f, "close $s%u\n", slot); break;
	case v_dup: fprintf(f, "s%u = dup $s%u\n", i, slot); break;
	case v_task:
		fprintf(f, "s%u = %s\n", i, op->count ? "cgroup" : "pidfd pid 0 -> ok");
		break;
	case v_perf:
		fprintf(f, "buffer perf%u 136 01000000 88000000 0a00000000000000 ", i);
		fprintf(f, "0100000000000000 %04x000000000000\n",
			__builtin_bswap16((u16)op->args[1].number));
		fprintf(f, "s%u = perf @perf%u -1 %d -1 8", i, i,
			(int)op->args[0].number);
		print_result(f, MIN(st->result[0].ret, 0));
		fprintf(f, "\n");
		break;
	case v_poll: fprintf(f, "poll $s%u %ld\n", slot, st->result[0].ret); break;
	case v_walk:
		fprintf(f, "# walk $s%u: %u elements\n", slot, (u32)st->result[0].walked);
		break;
	case v_ring: fprintf(f, "# consume $s%u\n", slot); break;
	case v_fill:
		fprintf(f, "# produce %d records of 0x%x in $s%u\n",
			(int)op->args[1].number, (u32)op->args[2].number, slot);
		break;
	case v_fork: fprintf(f, "# a child does %u calls\n", op->count); break;
	default: print_mapping(st, i);
	}
	fflush(f);
}

void seq_print_begin(FILE *f, const struct seq *seq)
{
	fprintf(f, "# seed %llu, %s engine\n", (unsigned long long)seq->seed,
		seq->shared ? "a shared" : "a private");
	fprintf(f, "buffer info 256\n");
	for (u32 i = 0; i < seq->nops; i++)
		if (is_used(seq, i, w_token))
			fprintf(f, "buffer tok%u %u\n", i, SEQ_TOKEN);
}
