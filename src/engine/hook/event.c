#include "event.h"

enum { RECORD = 16 }; /* bytes before the arguments: the common header and the number */

static const struct call {
	const char *name;
	int nr;
	const char *arguments;
} calls[] = {
#if defined(__x86_64__)
#define CALL(name, x86_64, arm64, arguments) {#name, x86_64, arguments},
#elif defined(__aarch64__)
#define CALL(name, x86_64, arm64, arguments) {#name, arm64, arguments},
#endif
#include "syscall.def"
#undef CALL
};

static const struct {
	u32 event;
	const char *name;
} raws[] = {
	{EVENT_RAW_ENTER, "sys_enter"},
	{EVENT_RAW_EXIT, "sys_exit"},
	{EVENT_RAW_TP_ENTER, "sys_enter"},
	{EVENT_RAW_TP_EXIT, "sys_exit"},
};

static bool is_exit(u32 event)
{
	return event < EVENT_FIRST_CALL
		       ? event == EVENT_RAW_EXIT || event == EVENT_RAW_TP_EXIT
		       : event % 2;
}

static const struct call *call_of(u64 event)
{
	int nr = (int)((event - EVENT_FIRST_CALL) / 2);

	if (event < EVENT_FIRST_CALL || event >= EVENTS)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

static u32 find_call(const char *name)
{
	bool enter = !strncmp(name, "sys_enter_", 10);

	if (!enter && strncmp(name, "sys_exit_", 9))
		return EVENT_NONE;
	name += enter ? 10 : 9;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr >= 0 && !strcmp(calls[i].name, name))
			return enter ? event_call_enter((u64)calls[i].nr)
				     : event_call_exit((u64)calls[i].nr);
	return EVENT_NONE;
}

static u32 find_raw(const char *name, size_t from)
{
	for (size_t i = from; i < from + 2; i++)
		if (!strcmp(raws[i].name, name))
			return raws[i].event;
	return EVENT_NONE;
}

u32 event_find(const char *category, const char *name)
{
	if (!strcmp(category, "syscalls"))
		return find_call(name);
	if (!strcmp(category, "raw_syscalls"))
		return find_raw(name, 0);
	return EVENT_NONE;
}

u32 event_find_raw_tp(const char *name)
{
	return find_raw(name, 2);
}

bool event_is_tracepoint(u64 event)
{
	return event == EVENT_RAW_ENTER || event == EVENT_RAW_EXIT || call_of(event);
}

void event_name(struct str *out, u32 event)
{
	const struct call *call = call_of(event);

	str_printf(out, "sys_%s", is_exit(event) ? "exit" : "enter");
	if (call)
		str_printf(out, "_%s", call->name);
}

static u32 count_arguments(const struct call *call)
{
	u32 n = *call->arguments != '\0';

	for (const char *at = call->arguments; *at; at++)
		n += *at == ',';
	return n;
}

u32 event_size(u32 event)
{
	const struct call *call = call_of(event);

	if (is_exit(event))
		return RECORD + 8;
	return RECORD + 8 * (call ? count_arguments(call) : 6);
}

/* ---- the format file ---- */

static void field(struct str *out, const char *type, int len, u32 off, u32 size,
		  bool sign)
{
	str_printf(out, "\tfield:%.*s;\toffset:%u;\tsize:%u;\tsigned:%d;\n", len, type,
		   off, size, sign);
}

static void plain_field(struct str *out, const char *type, u32 off, u32 size, bool sign)
{
	field(out, type, (int)strlen(type), off, size, sign);
}

/* The next argument and its length; NULL: none. */
static const char *next_argument(const char **rest, int *len)
{
	const char *at = *rest, *end = strchr(at, ',');

	if (!*at)
		return NULL;
	*len = end ? (int)(end - at) : (int)strlen(at);
	*rest = end ? end + 2 : at + *len;
	return at;
}

/* "const char * filename": the last word. */
static const char *argument_name(const char *at, int len, int *name_len)
{
	const char *name = at + len;

	while (name > at && name[-1] != ' ')
		name--;
	*name_len = (int)(at + len - name);
	return name;
}

static void enter_fields(struct str *out, const struct call *call)
{
	const char *rest = call->arguments, *at;
	u32 off = RECORD;
	int len;

	for (; (at = next_argument(&rest, &len)); off += 8)
		field(out, at, len, off, 8, false);
}

static void enter_print(struct str *out, const struct call *call)
{
	const char *rest = call->arguments, *at, *name;
	int len;

	for (int i = 0; (at = next_argument(&rest, &len)); i++) {
		name = argument_name(at, len, &len);
		str_printf(out, "%s%.*s: 0x%%08lx", i ? ", " : "", len, name);
	}
	str_printf(out, "\"");
	for (rest = call->arguments; (at = next_argument(&rest, &len));) {
		name = argument_name(at, len, &len);
		str_printf(out, ", ((unsigned long)(REC->%.*s))", len, name);
	}
}

static void raw_format(struct str *out, u32 event)
{
	plain_field(out, "long id", 8, 8, true);
	if (event == EVENT_RAW_EXIT) {
		plain_field(out, "long ret", RECORD, 8, true);
		str_printf(out, "\nprint fmt: \"NR %%ld = %%ld\", REC->id, REC->ret\n");
		return;
	}
	plain_field(out, "unsigned long args[6]", RECORD, 48, false);
	str_printf(out, "\nprint fmt: \"NR %%ld (%%lx, %%lx, %%lx, %%lx, %%lx, %%lx)\", "
			"REC->id");
	for (int i = 0; i < 6; i++)
		str_printf(out, ", REC->args[%d]", i);
	str_printf(out, "\n");
}

static void call_format(struct str *out, u32 event, const struct call *call)
{
	plain_field(out, "int __syscall_nr", 8, 4, true);
	if (is_exit(event)) {
		plain_field(out, "long ret", RECORD, 8, true);
		str_printf(out, "\nprint fmt: \"0x%%lx\", REC->ret\n");
		return;
	}
	enter_fields(out, call);
	str_printf(out, "\nprint fmt: \"");
	enter_print(out, call);
	str_printf(out, "\n");
}

void event_format(struct str *out, u32 event)
{
	const struct call *call = call_of(event);

	str_printf(out, "name: ");
	event_name(out, event);
	str_printf(out, "\nID: %u\nformat:\n", event);
	plain_field(out, "unsigned short common_type", 0, 2, false);
	plain_field(out, "unsigned char common_flags", 2, 1, false);
	plain_field(out, "unsigned char common_preempt_count", 3, 1, false);
	plain_field(out, "int common_pid", 4, 4, true);
	str_printf(out, "\n");
	if (call)
		call_format(out, event, call);
	else
		raw_format(out, event);
}
