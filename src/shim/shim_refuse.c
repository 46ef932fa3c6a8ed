/* What the engine refused because it has no such thing: a log of it, and the end of the
 * program if that is wanted. Calls that fail as they do on the kernel are no refusals. */
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>
#include "cmd.h"
#include "helper.h"
#include "map.h"
#include "mem.h"
#include "msg.h"
#include "os.h"
#include "rules.h"
#include "type.h"

enum { KINDS = 8, NUMBERS = 256, STRICT_EXIT = 125 };

/* ---- saying it ---- */

static void write_line(const char *line, size_t len)
{
	const char *path = getenv("SKEP_ENGINE_LOG");
	int fd = path && *path
			 ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)
			 : STDERR_FILENO;

	if (fd < 0)
		return;
	os_write_full(fd, line, len);
	if (fd != STDERR_FILENO)
		close(fd);
}

/* Whether it is the first time. */
static bool is_new(u32 kind, u32 number)
{
	static u64 said[KINDS][NUMBERS / 64];
	u64 bit = 1ull << number % 64;
	u64 *word = &said[kind % KINDS][number % NUMBERS / 64];

	return !(__atomic_fetch_or(word, bit, __ATOMIC_RELAXED) & bit);
}

void shim_say(u32 kind, u32 number, const char *fmt, ...)
{
	const char *strict = getenv("SKEP_ENGINE_STRICT");
	char text[512] = "skep: ";
	struct skep_log log = {.buf = text, .size = sizeof(text), .len = strlen(text)};
	va_list ap;

	if (!is_new(kind, number))
		return;
	va_start(ap, fmt);
	log_vprintf(&log, fmt, ap);
	va_end(ap);
	if (kind && strict && *strict)
		log_printf(&log, "skep: %s", msg_shim_strict);
	write_line(text, MIN(log.len, sizeof(text) - 1));
	if (kind && strict && *strict)
		_exit(STRICT_EXIT);
}

/* ---- what is missing ---- */

enum refusal { NO_ENGINE, NO_COMMAND, NO_MAP, NO_PROG, NO_HELPER, NO_KFUNC, NO_EVENT };

static const char *const commands[] = {
#define REFUSED(name, err, why)
#define CMD(name, function, last, since) [SKEP_##name] = #name,
#include "cmd.def"
#undef CMD
#undef REFUSED
};

static void refused_prog(const union skep_attr *attr, int err)
{
	const struct rule_prog *rule = rules_prog(attr->prog_type);
	u32 n = MIN(attr->insn_cnt, (u32)SKEP_MAX_INSNS);
	struct skep_insn in;

	if (rule && !prog_type(attr->prog_type)) {
		shim_say(NO_PROG, attr->prog_type, msg_shim_prog_type, rule->name,
			 attr->prog_type);
		return;
	}
	for (u32 i = 0; rule && i < n; i++) {
		if (user_copy_in(&in, attr->insns + i * sizeof(in), sizeof(in)))
			return;
		if (in.code != (SKEP_JMP | SKEP_CALL))
			continue;
		if (in.src_reg == SKEP_PSEUDO_KFUNC_CALL && err == -EOPNOTSUPP)
			shim_say(NO_KFUNC, 0, msg_shim_kfunc);
		else if (!in.src_reg && rules_helper((u32)in.imm) &&
			 !helper_of((u32)in.imm))
			shim_say(NO_HELPER, (u32)in.imm, msg_shim_helper,
				 rules_helper((u32)in.imm)->name, (u32)in.imm);
	}
}

static void refused_map(u32 type)
{
	const char *why;

	map_refusal(type, &why);
	if (why)
		shim_say(NO_MAP, type, msg_shim_map_type, type, why);
}

static void refused_raw_tp(const union skep_attr *attr)
{
	char name[64];

	if (user_copy_string(name, attr->raw_tracepoint.name, sizeof(name)) > 0)
		shim_say(NO_EVENT, (u32)name[0], msg_shim_raw_tp, name);
}

void shim_refused(int cmd, const union skep_attr *attr, u32 size, int err)
{
	const char *why = cmd_refusal((u32)cmd, -err);

	if ((u32)cmd >= ARRAY_SIZE(commands))
		return;
	if (why && err == -EOPNOTSUPP)
		shim_say(NO_COMMAND, (u32)cmd, msg_shim_command, commands[cmd], why);
	if (cmd == SKEP_MAP_CREATE)
		refused_map(attr->map_type);
	else if (cmd == SKEP_PROG_LOAD)
		refused_prog(attr, err);
	else if (cmd == SKEP_RAW_TRACEPOINT_OPEN && err == -ENOENT)
		refused_raw_tp(attr);
}
