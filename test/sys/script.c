/* script.c - runs a bpf(2) script on one side of the seam
 *
 * A line of a script is one of
 *
 *     [NAME =] COMMAND field=VALUE ... [size=N] -> WANT [field=VALUE ...]
 *     buffer NAME SIZE [BYTES]     memory of that size, and what stands in it; the rest 0
 *     expect NAME OFFSET BYTES     what must stand there
 *     get NAME = BUFFER OFFSET     the 32-bit word there
 *     set NAME = VALUE
 *     program NAME INSN; INSN...   a buffer with these instructions, and a variable that
 *                                  says how many; in them $NAME is a variable, %NAME as
 *                                  below
 *     put BUFFER OFFSET VALUE      writes 8 bytes
 *     info FD FIELD=VALUE ...      a map's info, as of struct skep_map_info
 *     fill FD FROM TO SIZE FLAGS -> WANT  updates with the u32 keys [FROM, TO), up to the
 *                                  first error
 *     keys FD COUNT SUM            the u32 keys that an iteration gives
 *     NAME = mmap FD LEN PROT FLAGS OFFSET [at ADDRESS] -> WANT | munmap ADDRESS LEN
 *     peek ADDRESS MEMORY | poke ADDRESS MEMORY | poll FD EVENTS
 *     touch ADDRESS -> ok | SIGSEGV | SIGBUS  reads there
 *     close VALUE | NAME = dup VALUE | NAME = null | flags VALUE VALUE
 *     NAME = open PATH -> WANT | NAME = decimal FD      a file that holds a number
 *     read FD ADDRESS LEN -> WANT
 *     NAME = folder PATH | NAME = child | end PID       a process that waits for its end
 *     NAME = cgroup                the folder of one; where there is none, the script
 * ends NAME = pidfd PID FLAGS -> WANT NAME = perf ATTR PID CPU GROUP FLAGS -> WANT
 * perf_event_open(2) ioctl FD REQUEST ARG -> WANT
 *
 *     every [field=VALUE ...] [size=N] [attr=VALUE] -> WANT   each command there is
 *     tails                        a byte that is not 0 behind what each command knows
 *     sizes                        each command does with any length of an attr of zeros
 *                                  what it does with all of it
 *
 * COMMAND is a name of cmd.def, or a number; a field is one of field.def, or +N for the
 * byte at offset N. VALUE is a number, $NAME (a variable), %NAME (the id of a function,
 * of a tracepoint's btf_trace_NAME, of a struct_NAME, in the running kernel's BTF), a
 * name of constant.def, `cpus`, `page`, `pid`, such joined by + - * or | from left to
 * right,
 * @NAME (the address of a buffer), "text" (the address of one; for an array, the text),
 * MEMORY (its address), or ?MEMORY (the address of as many bytes, which must be these if
 * the call succeeds). MEMORY is [VALUE:SIZE,...], little-endian integers of SIZE bytes,
 * or
 * [...]*VALUE. BYTES are pairs of hex digits or .. for any. WANT is the name of an errno,
 * "ok" (0 or more), or a number; the fields behind it are checked in attr after the call.
 * A line that begins with "engine:" or "kernel:" is for that side alone, with the reason
 * why above it.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <skep/btf.h>
#include <skep/isa.h>
#include <skep/sys.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "coverage.h"
#include "script.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct field {
	const char *name;
	size_t off, size;
};

static const struct field fields[] = {
#define FIELD(name, member) \
	{#name, offsetof(union skep_attr, member), \
	 sizeof(((union skep_attr *)0)->member)},
#include "field.def"
#undef FIELD
};

static const struct {
	const char *name;
	int cmd;
	size_t end; /* of the last member of attr that it knows */
} cmds[] = {
#define REFUSED(name, err, why)
#define CMD(name, function, last, since) \
	{#name, SKEP_##name, \
	 offsetof(union skep_attr, last) + sizeof(((union skep_attr *)0)->last)},
#include "cmd.def"
#undef CMD
#undef REFUSED
};

static const struct {
	const char *name;
	unsigned long value;
} constants[] = {
#define CONSTANT(name) {#name, SKEP_##name},
#define SYSTEM(name)   {#name, name},
#include "constant.def"
#undef CONSTANT
#undef SYSTEM
};

static const struct field info_fields[] = {
#define INFO(name) \
	{#name, offsetof(struct skep_map_info, name), \
	 sizeof(((struct skep_map_info *)0)->name)},
#include "info.def"
#undef INFO
};

struct value {
	char name[64];
	long number;
};

struct buffer {
	char name[64];
	unsigned char *at;
	size_t size;
};

/* ?MEMORY of the running command. */
struct expected {
	unsigned char *at, *want;
	size_t size;
};

struct script {
	struct skep_sys *sys;
	const char *file;
	int line, failed;
	struct value values[64];
	struct buffer buffers[64];
	char *texts[4096]; /* and memory of literals */
	struct expected expected[4];
	int nvalues, nbuffers, ntexts, nexpected;
	struct skep_btf *vmlinux; /* the running kernel's types, once asked for */
	const char *skip;	  /* why the rest cannot be run */
	char *at;		  /* what is left of the line */
};

static void fail(struct script *s, const char *fmt, ...)
{
	va_list ap;

	printf("# %s:%d: ", s->file, s->line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	s->failed++;
}

static _Noreturn void broken(struct script *s, const char *what)
{
	printf("Bail out! %s:%d: %s near '%s'\n", s->file, s->line, what, s->at);
	exit(99);
}

/* ---- words and values ---- */

static void skip_blanks(struct script *s)
{
	while (*s->at == ' ' || *s->at == '\t')
		s->at++;
}

static bool at_end(struct script *s)
{
	skip_blanks(s);
	return !*s->at || *s->at == '#';
}

static void word(struct script *s, char out[64])
{
	size_t n = 0;

	skip_blanks(s);
	while (n < 63 && (isalnum((unsigned char)s->at[n]) || strchr("_+.", s->at[n])) &&
	       s->at[n])
		n++;
	memcpy(out, s->at, n);
	out[n] = '\0';
	s->at += n;
	skip_blanks(s);
}

static bool accept(struct script *s, const char *text)
{
	skip_blanks(s);
	if (strncmp(s->at, text, strlen(text)))
		return false;
	s->at += strlen(text);
	return true;
}

static struct value *variable(struct script *s, const char *name)
{
	for (int i = 0; i < s->nvalues; i++)
		if (!strcmp(s->values[i].name, name))
			return &s->values[i];
	if (s->nvalues == COUNT(s->values))
		broken(s, "too many variables");
	snprintf(s->values[s->nvalues].name, 64, "%s", name);
	return &s->values[s->nvalues++];
}

static struct buffer *buffer(struct script *s, const char *name)
{
	for (int i = 0; i < s->nbuffers; i++)
		if (!strcmp(s->buffers[i].name, name))
			return &s->buffers[i];
	broken(s, "no such buffer");
}

/* "text": a copy that lives as long as the script. */
static const char *text_value(struct script *s)
{
	size_t n = strcspn(++s->at, "\"");
	char *text = strndup(s->at, n);

	if (s->at[n] != '"' || s->ntexts == COUNT(s->texts))
		broken(s, "a text without end, or too many");
	s->at += n + 1;
	s->texts[s->ntexts++] = text;
	return text;
}

static unsigned long number(struct script *s);
static unsigned kernel_function(struct script *s, const char *name);

static unsigned char *memory(struct script *s, size_t size)
{
	unsigned char *at = calloc(1, size + 1);

	if (!at || s->ntexts == COUNT(s->texts))
		broken(s, "too much memory");
	s->texts[s->ntexts++] = (char *)at;
	return at;
}

/* [VALUE:SIZE,...] or [...]*VALUE */
static unsigned char *literal(struct script *s, size_t *size)
{
	unsigned char one[4096], *all;
	size_t n = 0, times = 1;

	for (s->at++; !accept(s, "]"); accept(s, ",")) {
		unsigned long value = number(s), len = accept(s, ":") ? number(s) : 8;

		if (n + len > sizeof(one))
			broken(s, "a literal too long");
		memset(one + n, 0, len);
		memcpy(one + n, &value, len < 8 ? len : 8);
		n += len;
	}
	if (accept(s, "*"))
		times = number(s);
	all = memory(s, n * times);
	for (size_t i = 0; i < times; i++)
		memcpy(all + i * n, one, n);
	*size = n * times;
	return all;
}

/* ?MEMORY: room for it, with a guard behind it that must stay. */
static unsigned char *room(struct script *s)
{
	struct expected *e = &s->expected[s->nexpected++];

	if (s->nexpected > (int)COUNT(s->expected))
		broken(s, "too many ?");
	e->want = literal(s, &e->size);
	e->at = memory(s, e->size + 8);
	memset(e->at, 0xaa, e->size + 8);
	return e->at;
}

static void check_expected(struct script *s, bool ok)
{
	static const unsigned char guard[8] = {0xaa, 0xaa, 0xaa, 0xaa,
					       0xaa, 0xaa, 0xaa, 0xaa};

	for (struct expected *e = s->expected; ok && e < s->expected + s->nexpected;
	     e++) {
		for (size_t i = 0; i < e->size; i++)
			if (e->at[i] != e->want[i]) {
				fail(s, "byte %zu is %02x, not %02x", i, e->at[i],
				     e->want[i]);
				break;
			}
		if (memcmp(e->at + e->size, guard, sizeof(guard)))
			fail(s, "more than %zu bytes were written", e->size);
	}
	s->nexpected = 0;
}

static unsigned long constant(struct script *s)
{
	size_t len = strspn(s->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_cpusageid");
	const char *name = s->at;

	s->at += len;
	for (size_t i = 0; i < COUNT(constants); i++)
		if (strlen(constants[i].name) == len &&
		    !strncmp(constants[i].name, name, len))
			return constants[i].value;
	if (len == 4 && !strncmp(name, "cpus", len))
		return (unsigned long)sysconf(_SC_NPROCESSORS_CONF);
	if (len == 4 && !strncmp(name, "page", len))
		return (unsigned long)sysconf(_SC_PAGESIZE);
	if (len == 3 && !strncmp(name, "pid", len))
		return (unsigned long)getpid();
	s->at -= len;
	broken(s, "expected a value");
}

static unsigned long term(struct script *s)
{
	char name[64], *end;
	unsigned long n;
	size_t len = 0;

	skip_blanks(s);
	if (*s->at == '"')
		return (unsigned long)text_value(s);
	if (*s->at == '[')
		return (unsigned long)literal(s, &len);
	if (accept(s, "?"))
		return (unsigned long)room(s);
	if (accept(s, "@")) {
		word(s, name);
		return (unsigned long)buffer(s, name)->at;
	}
	if (accept(s, "%")) {
		word(s, name);
		return kernel_function(s, name);
	}
	if (accept(s, "$")) {
		while (isalnum((unsigned char)s->at[len]) || s->at[len] == '_')
			len++;
		snprintf(name, sizeof(name), "%.*s", (int)len, s->at);
		s->at += len;
		return (unsigned long)variable(s, name)->number;
	}
	n = strtoul(s->at, &end, 0);
	if (end == s->at)
		return constant(s);
	s->at = end;
	return n;
}

static unsigned long number(struct script *s)
{
	unsigned long n = term(s);

	for (;;) {
		switch (isblank((unsigned char)s->at[-1]) ? 0 : *s->at) {
		case '+':
			s->at++;
			n += term(s);
			break;
		case '-':
			s->at++;
			n -= term(s);
			break;
		case '*':
			s->at++;
			n *= term(s);
			break;
		case '|':
			s->at++;
			n |= term(s);
			break;
		default: return n;
		}
	}
}

static void bytes(struct script *s, struct buffer *b, size_t off, bool check)
{
	for (; !at_end(s); off++) {
		char pair[3] = {s->at[0], s->at[1], 0};
		unsigned want = (unsigned)strtoul(pair, NULL, 16);

		s->at += 2;
		if (off >= b->size)
			broken(s, "behind the end of the buffer");
		if (!check)
			b->at[off] = (unsigned char)want;
		else if (strcmp(pair, "..") && b->at[off] != want)
			fail(s, "%s[%zu] is %02x, not %02x", b->name, off, b->at[off],
			     want);
	}
}

/* ---- commands ---- */

static struct field find_field(struct script *s, const char *name)
{
	if (name[0] == '+')
		return (struct field){name, (size_t)atoi(name + 1), 1};
	for (size_t i = 0; i < COUNT(fields); i++)
		if (!strcmp(fields[i].name, name))
			return fields[i];
	broken(s, "no such field");
}

static void set_field(struct script *s, const struct field *f, unsigned char *attr)
{
	size_t len;

	skip_blanks(s);
	if (f->size == 16 && *s->at == '[') {
		memcpy(attr + f->off, literal(s, &len), 16);
	} else if (f->size == 16) {
		strncpy((char *)attr + f->off, text_value(s), 16);
	} else {
		unsigned long n = number(s);

		memcpy(attr + f->off, &n, f->size);
	}
}

static void check_field(struct script *s, const struct field *f,
			const unsigned char *attr)
{
	unsigned long want = number(s), is = 0;

	memcpy(&is, attr + f->off, f->size);
	if (f->size < 8)
		want &= (1ul << (8 * f->size)) - 1;
	if (is != want)
		fail(s, "%s is %lu, not %lu", f->name, is, want);
}

static const char *result_name(long ret, char buf[32])
{
	const char *name = ret == -524 ? "ENOTSUPP"
			   : ret < 0   ? strerrorname_np((int)-ret)
				       : NULL;

	snprintf(buf, 32, "%ld", ret);
	return name ? name : buf;
}

static void check_result(struct script *s, long ret, const char *want)
{
	char buf[32];

	if (strcmp(want, "ok") ? strcmp(result_name(ret, buf), want) : ret < 0)
		fail(s, "%s, expected %s", result_name(ret, buf), want);
}

/* What bpf(2) is called with. */
struct call {
	unsigned char attr[8192] __attribute__((aligned(8)));
	unsigned long at, size;
};

static void take_call(struct script *s, struct call *call)
{
	char name[64];

	memset(call->attr, 0, sizeof(call->attr));
	call->at = (unsigned long)call->attr;
	call->size = sizeof(union skep_attr);
	while (!accept(s, "->")) {
		struct field f;

		word(s, name);
		if (!accept(s, "="))
			broken(s, "expected field=value or ->");
		if (!strcmp(name, "size") || !strcmp(name, "attr")) {
			*(name[0] == 's' ? &call->size : &call->at) = number(s);
			continue;
		}
		f = find_field(s, name);
		set_field(s, &f, call->attr);
	}
}

static long call_bpf(struct script *s, int cmd, const struct call *call)
{
	return s->sys->bpf(s->sys, (enum skep_cmd)cmd, (union skep_attr *)call->at,
			   (uint32_t)call->size);
}

static long run_command(struct script *s, int cmd)
{
	static struct call call, asked;
	unsigned char *attr = call.attr;
	char name[64], want[64];
	long ret;

	take_call(s, &call);
	asked = call;
	ret = call_bpf(s, cmd, &call);
	coverage_note(cmd, (union skep_attr *)asked.attr, ret);
	word(s, want);
	check_result(s, ret, want);
	check_expected(s, ret >= 0);
	while (!at_end(s)) {
		struct field f;

		word(s, name);
		f = find_field(s, name);
		if (accept(s, "=$?"))
			broken(s, "expected a value");
		accept(s, "=");
		check_field(s, &f, attr);
	}
	return ret;
}

static bool find_cmd(const char *name, int *cmd)
{
	*cmd = (int)strtoul(name, NULL, 0);
	for (size_t i = 0; i < COUNT(cmds); i++)
		if (!strcmp(cmds[i].name, name)) {
			*cmd = cmds[i].cmd;
			return true;
		}
	return isdigit((unsigned char)*name);
}

/* ---- each command there is ---- */

static void run_every(struct script *s)
{
	static struct call call, one;
	char want[64], buf[32];

	take_call(s, &call);
	word(s, want);
	for (size_t i = 0; i < COUNT(cmds); i++) {
		long ret;

		one = call;
		if (call.at == (unsigned long)call.attr)
			one.at = (unsigned long)one.attr;
		ret = call_bpf(s, cmds[i].cmd, &one);
		if (strcmp(result_name(ret, buf), want))
			fail(s, "%s: %s, expected %s", cmds[i].name,
			     result_name(ret, buf), want);
	}
}

/* The first byte behind, the last one, and the first that nobody knows. */
static void check_tails(struct script *s)
{
	const size_t all = sizeof(union skep_attr);
	static struct call call;

	for (size_t i = 0; i < COUNT(cmds); i++) {
		const size_t at[] = {cmds[i].end, all - 1, all};

		for (size_t k = 0; k < COUNT(at); k++) {
			long want = at[k] < all ? -EINVAL : -E2BIG, ret;

			if (at[k] < cmds[i].end)
				continue;
			memset(&call, 0, sizeof(call));
			call.at = (unsigned long)call.attr;
			call.size = all + 8;
			call.attr[at[k]] = 1;
			ret = call_bpf(s, cmds[i].cmd, &call);
			if (ret != want)
				fail(s, "%s with byte %zu: %ld", cmds[i].name, at[k],
				     ret);
		}
	}
}

/* All zeros: a new descriptor is closed. */
static long call_zeros(struct script *s, int cmd, size_t size)
{
	static struct call call;
	long ret;

	memset(&call, 0, sizeof(call));
	call.at = (unsigned long)call.attr;
	call.size = size;
	ret = call_bpf(s, cmd, &call);
	if (ret > 2)
		s->sys->close(s->sys, (int)ret);
	return ret < 0 ? ret : 0;
}

static void check_sizes(struct script *s)
{
	for (size_t i = 0; i < COUNT(cmds); i++) {
		long want = call_zeros(s, cmds[i].cmd, sizeof(union skep_attr));

		for (size_t size = 0; size <= 4096; size += size < 160 ? 1 : 328) {
			long ret = call_zeros(s, cmds[i].cmd, size);

			if (ret != want)
				fail(s, "%s: %ld with %zu bytes, %ld with all",
				     cmds[i].name, ret, size, want);
		}
	}
}

/* Lines about all commands; false: not one. */
static bool run_every_line(struct script *s, const char *verb)
{
	if (!strcmp(verb, "every"))
		run_every(s);
	else if (!strcmp(verb, "tails"))
		check_tails(s);
	else if (!strcmp(verb, "sizes"))
		check_sizes(s);
	else
		return false;
	return true;
}

/* ---- the other lines ---- */

static void make_buffer(struct script *s)
{
	struct buffer *b = &s->buffers[s->nbuffers];

	if (s->nbuffers++ == COUNT(s->buffers))
		broken(s, "too many buffers");
	word(s, b->name);
	b->size = number(s);
	b->at = calloc(1, b->size ? b->size : 1);
	bytes(s, b, 0, false);
}

/* 0: there is none. Without the kernel's types the script ends. */
static unsigned kernel_function(struct script *s, const char *name)
{
	FILE *f = s->vmlinux ? NULL : fopen("/sys/kernel/btf/vmlinux", "r");
	const size_t most = 64 << 20;
	char *data = f ? malloc(most) : NULL;

	if (data && skep_btf_parse(&s->vmlinux, data, fread(data, 1, most, f), NULL,
				   "vmlinux", NULL))
		s->vmlinux = NULL;
	free(data);
	if (f)
		fclose(f);
	if (!s->vmlinux)
		s->skip = "the kernel tells no types (/sys/kernel/btf/vmlinux)";
	if (!s->vmlinux)
		return 0;
	if (!strncmp(name, "struct_", 7))
		return skep_btf_find(s->vmlinux, name + 7, SKEP_BTF_KIND_STRUCT);
	return skep_btf_find(s->vmlinux, name,
			     strncmp(name, "btf_trace_", 10) ? SKEP_BTF_KIND_FUNC
							     : SKEP_BTF_KIND_TYPEDEF);
}

/* The text of a program, with the numbers that stand for names. */
static void program_text(struct script *s, char *to, size_t room)
{
	size_t n = 0;

	while (*s->at && n + 32 < room) {
		char mark = *s->at++, name[64];

		if (mark != '$' && mark != '%') {
			to[n++] = mark == ';' ? '\n' : mark;
			continue;
		}
		word(s, name);
		n += (size_t)snprintf(to + n, 32, "%ld",
				      mark == '$' ? variable(s, name)->number
						  : (long)kernel_function(s, name));
	}
	to[n] = '\0';
}

static void make_program(struct script *s)
{
	static char text[65536];
	char said[256] = "";
	struct skep_log log = {.buf = said, .size = sizeof(said)};
	struct buffer *b = &s->buffers[s->nbuffers];
	int n;

	if (s->nbuffers++ == COUNT(s->buffers))
		broken(s, "too many buffers");
	word(s, b->name);
	b->size = 512 * sizeof(struct skep_insn);
	b->at = calloc(1, b->size);
	program_text(s, text, sizeof(text));
	n = skep_asm(text, strlen(text), NULL, (struct skep_insn *)b->at, 512, &log);
	if (n < 0)
		broken(s, said);
	variable(s, b->name)->number = n;
}

static void check_buffer(struct script *s)
{
	struct buffer *b;
	char name[64];

	word(s, name);
	b = buffer(s, name);
	bytes(s, b, number(s), true);
}

static long get_word(struct script *s)
{
	char name[64];
	unsigned n = 0;
	struct buffer *b;
	size_t off;

	word(s, name);
	b = buffer(s, name);
	off = number(s);
	if (off + 4 > b->size)
		broken(s, "behind the end of the buffer");
	memcpy(&n, b->at + off, 4);
	return n;
}

/* "flags FD VALUE": the access mode, and that it is closed on exec. */
static void check_flags(struct script *s)
{
	int fd = (int)number(s), want = (int)number(s), fl = fcntl(fd, F_GETFL);

	if (fl < 0 || (fl & O_ACCMODE) != want)
		fail(s, "access mode %d, expected %d", fl < 0 ? fl : fl & O_ACCMODE,
		     want);
	if (!(fcntl(fd, F_GETFD) & FD_CLOEXEC))
		fail(s, "not closed on exec");
}

static void put_long(struct script *s)
{
	unsigned long off, n;
	struct buffer *b;
	char name[64];

	word(s, name);
	b = buffer(s, name);
	off = number(s);
	n = number(s);
	if (off + 8 > b->size)
		broken(s, "behind the end of the buffer");
	memcpy(b->at + off, &n, 8);
}

static long get_decimal(struct script *s)
{
	char text[32] = "";
	int fd = (int)number(s);

	if (s->sys->read(s->sys, fd, text, sizeof(text) - 1) <= 0 || !isdigit(text[0]))
		fail(s, "no number in the file");
	return atol(text);
}

/* The calls of the seam around bpf(2). */
static bool run_call(struct script *s, const char *verb, long *ret)
{
	struct skep_sys *sys = s->sys;
	unsigned long a[5] = {0};
	bool reads = !strcmp(verb, "read");
	int n = !strcmp(verb, "open")		  ? 1
		: !strcmp(verb, "ioctl") || reads ? 3
		: !strcmp(verb, "perf")		  ? 5
						  : 0;
	char want[64];

	for (int i = 0; i < n; i++)
		a[i] = number(s);
	if (n == 1)
		*ret = sys->open(sys, (const char *)a[0]);
	else if (reads)
		*ret = sys->read(sys, (int)a[0], (void *)a[1], a[2]);
	else if (n == 3)
		*ret = sys->ioctl(sys, (int)a[0], a[1], a[2]);
	else if (n == 5)
		*ret = sys->perf_event_open(sys, (struct perf_event_attr *)a[0],
					    (pid_t)a[1], (int)a[2], (int)a[3], a[4]);
	if (n && !accept(s, "->"))
		broken(s, "expected ->");
	if (n) {
		word(s, want);
		check_result(s, *ret, want);
	}
	return n;
}

/* ---- maps ---- */

static void check_info(struct script *s)
{
	union skep_attr attr = {0};
	struct skep_map_info info = {0};
	char name[64];
	int err;

	attr.info.bpf_fd = (unsigned)number(s);
	attr.info.info_len = sizeof(info);
	attr.info.info = (unsigned long)&info;
	err = s->sys->bpf(s->sys, SKEP_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
	check_result(s, err, "ok");
	while (!at_end(s)) {
		const struct field *f = info_fields;

		word(s, name);
		accept(s, "=");
		while (f < info_fields + COUNT(info_fields) && strcmp(f->name, name))
			f++;
		if (f == info_fields + COUNT(info_fields))
			broken(s, "no such field of a map's info");
		if (f->size == 16 && strcmp(info.name, text_value(s)))
			fail(s, "the name is '%s'", info.name);
		else if (f->size != 16)
			check_field(s, f, (unsigned char *)&info);
	}
}

static long elem(struct script *s, enum skep_cmd cmd, unsigned long fd, void *key,
		 void *value, unsigned long flags)
{
	union skep_attr attr = {0};
	long ret;

	attr.map_fd = (unsigned)fd;
	attr.key = (unsigned long)key;
	attr.value = (unsigned long)value;
	attr.flags = flags;
	ret = s->sys->bpf(s->sys, cmd, &attr, sizeof(attr));
	coverage_note((int)cmd, &attr, ret);
	return ret;
}

static long fill(struct script *s)
{
	unsigned long fd = number(s), from = number(s), to = number(s), size = number(s);
	unsigned long flags = number(s);
	void *value = memory(s, size);
	long ret = 0;

	for (unsigned key = (unsigned)from; key < to && !ret; key++) {
		memset(value, (int)key, size);
		ret = elem(s, SKEP_MAP_UPDATE_ELEM, fd, &key, value, flags);
	}
	return ret;
}

static void check_keys(struct script *s)
{
	unsigned long fd = number(s), count = number(s), sum = number(s), n = 0, is = 0;
	unsigned key, *at = NULL;
	long ret;

	while (!(ret = elem(s, SKEP_MAP_GET_NEXT_KEY, fd, at, &key, 0)) && n <= count) {
		at = &key;
		n++;
		is += key;
	}
	check_result(s, ret, "ENOENT");
	if (n != count || is != sum)
		fail(s, "%lu keys with sum %lu, not %lu with %lu", n, is, count, sum);
}

static long map_memory(struct script *s, long *at)
{
	unsigned long fd = number(s), len = number(s), prot = number(s),
		      flags = number(s);
	void *p = NULL;
	off_t off = (off_t)number(s);
	long ret;

	if (accept(s, "at"))
		p = (void *)number(s);
	ret = s->sys->mmap(s->sys, &p, len, (int)prot, (int)flags, (int)fd, off);
	*at = (long)p;
	return ret;
}

static void check_want(struct script *s, long ret)
{
	char want[64];

	if (!accept(s, "->"))
		broken(s, "expected ->");
	word(s, want);
	check_result(s, ret, want);
}

static void poke(struct script *s, bool check)
{
	unsigned char *at = (unsigned char *)number(s), *bytes;
	size_t size;

	skip_blanks(s);
	bytes = literal(s, &size);
	if (!check)
		memcpy(at, bytes, size);
	else if (memcmp(at, bytes, size))
		fail(s, "other bytes stand there");
}

static sigjmp_buf touched;
static siginfo_t fault;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	fault = *info;
	siglongjmp(touched, sig);
}

/* What comes of it, in a word. */
static const char *touch_at(const volatile char *at)
{
	int sig = sigsetjmp(touched, 1);

	if (!sig)
		*at;
	if (sig && fault.si_addr != (void *)at)
		return "elsewhere";
	return !sig ? "ok" : sig == SIGSEGV ? "SIGSEGV" : "SIGBUS";
}

static void touch(struct script *s)
{
	const volatile char *at = (const volatile char *)number(s);
	struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO}, bus,
			 segv;
	const char *found;
	char want[64];

	sigaction(SIGBUS, &act, &bus);
	sigaction(SIGSEGV, &act, &segv);
	found = touch_at(at);
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	if (!accept(s, "->"))
		broken(s, "expected ->");
	word(s, want);
	if (strcmp(want, found))
		fail(s, "%s, expected %s", found, want);
}

static void check_poll(struct script *s)
{
	struct pollfd p = {.fd = (int)number(s), .events = POLLIN | POLLOUT};
	unsigned long want = number(s);

	check_result(s, s->sys->poll(s->sys, &p, 1, 0), "ok");
	if ((unsigned long)p.revents != want)
		fail(s, "events %d, not %lu", p.revents, want);
}

/* Lines about maps; false: not one. */
static bool run_map_line(struct script *s, const char *verb)
{
	unsigned long at;

	if (!strcmp(verb, "info")) {
		check_info(s);
	} else if (!strcmp(verb, "fill")) {
		check_want(s, fill(s));
	} else if (!strcmp(verb, "keys")) {
		check_keys(s);
	} else if (!strcmp(verb, "munmap")) {
		at = number(s);
		check_result(s, s->sys->munmap(s->sys, (void *)at, number(s)), "ok");
	} else if (!strcmp(verb, "peek") || !strcmp(verb, "poke")) {
		poke(s, verb[1] == 'e');
	} else if (!strcmp(verb, "poll")) {
		check_poll(s);
	} else if (!strcmp(verb, "touch")) {
		touch(s);
	} else {
		return false;
	}
	return true;
}

static long make_child(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;)
		pause();
}

static void end_child(struct script *s)
{
	pid_t pid = (pid_t)number(s);

	if (kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid)
		fail(s, "no such child");
}

static long open_cgroup(struct script *s)
{
	FILE *f = setmntent("/proc/self/mounts", "r");
	struct mntent *m;
	int fd = -1;

	while (f && fd < 0 && (m = getmntent(f)))
		if (!strncmp(m->mnt_type, "cgroup", 6))
			fd = open(m->mnt_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f)
		endmntent(f);
	if (fd < 0)
		s->skip = "no cgroup is mounted here";
	return fd;
}

static long open_pidfd(struct script *s)
{
	pid_t pid = (pid_t)number(s);
	long ret = syscall(SYS_pidfd_open, pid, number(s));

	if (ret < 0)
		ret = -errno;
	check_want(s, ret);
	return ret;
}

static void run_named(struct script *s, const char *verb, const char *name)
{
	long ret = 0;
	int cmd;

	if (!strcmp(verb, "dup"))
		ret = dup((int)number(s));
	else if (!strcmp(verb, "null"))
		ret = open("/dev/null", O_RDWR | O_CLOEXEC);
	else if (!strcmp(verb, "folder"))
		ret = open((const char *)number(s), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (!strcmp(verb, "child"))
		ret = make_child();
	else if (!strcmp(verb, "cgroup"))
		ret = open_cgroup(s);
	else if (!strcmp(verb, "pidfd"))
		ret = open_pidfd(s);
	else if (!strcmp(verb, "mmap"))
		check_want(s, map_memory(s, &ret));
	else if (!strcmp(verb, "decimal"))
		ret = get_decimal(s);
	else if (find_cmd(verb, &cmd))
		ret = run_command(s, cmd);
	else if (!run_call(s, verb, &ret))
		broken(s, "no such command");
	if (name)
		variable(s, name)->number = ret;
}

static void run_line(struct script *s)
{
	char verb[64], name[64];

	word(s, verb);
	if (run_map_line(s, verb) || run_every_line(s, verb))
		;
	else if (!strcmp(verb, "buffer")) {
		make_buffer(s);
	} else if (!strcmp(verb, "program")) {
		make_program(s);
	} else if (!strcmp(verb, "expect")) {
		check_buffer(s);
	} else if (!strcmp(verb, "close")) {
		check_result(s, s->sys->close(s->sys, (int)number(s)), "ok");
	} else if (!strcmp(verb, "end")) {
		end_child(s);
	} else if (!strcmp(verb, "flags")) {
		check_flags(s);
	} else if (!strcmp(verb, "put")) {
		put_long(s);
	} else if (!strcmp(verb, "get") || !strcmp(verb, "set")) {
		word(s, name);
		accept(s, "=");
		variable(s, name)->number =
			verb[0] == 'g' ? get_word(s) : (long)number(s);
	} else if (accept(s, "=")) {
		word(s, name);
		run_named(s, name, verb);
	} else {
		run_named(s, verb, NULL);
	}
	if (!at_end(s))
		broken(s, "too much on the line");
}

static void run_lines(struct script *s, FILE *f)
{
	static char line[65536];

	while (!s->skip && fgets(line, sizeof(line), f)) {
		const char *side = s->sys->name;

		line[strcspn(line, "\n")] = '\0';
		s->line++;
		s->at = line;
		if (accept(s, "engine:") && strcmp(side, "engine"))
			continue;
		if (accept(s, "kernel:") && strcmp(side, "kernel"))
			continue;
		if (!at_end(s))
			run_line(s);
	}
}

int script_run(struct skep_sys *sys, const char *file, const char **skip)
{
	struct script *s = calloc(1, sizeof(*s));
	FILE *f = fopen(file, "r");
	int failed;

	if (!s || !f) {
		printf("Bail out! cannot read %s\n", file);
		exit(99);
	}
	s->sys = sys;
	s->file = file;
	run_lines(s, f);
	fclose(f);
	for (int i = 0; i < s->nbuffers; i++)
		free(s->buffers[i].at);
	for (int i = 0; i < s->ntexts; i++)
		free(s->texts[i]);
	skep_btf_free(s->vmlinux);
	failed = s->failed;
	*skip = s->skip;
	free(s);
	return failed;
}
