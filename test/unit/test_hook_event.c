/* Event numbers and formats; as root the kernel's own format files are the judge. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <cmocka.h>
#include "event.h"
#include "mem.h"
#include "os.h"
#include "skip.h"

#define TRACEFS "/sys/kernel/tracing/events"

static void events_have_numbers_and_names(void **state)
{
	u32 enter = event_find("syscalls", "sys_enter_openat");
	u32 leave = event_find("syscalls", "sys_exit_openat");
	struct str name = {0};

	assert_int_equal(enter, event_call_enter(SYS_openat));
	assert_int_equal(leave, event_call_exit(SYS_openat));
	assert_int_equal(event_size(enter), 16 + 4 * 8);
	assert_int_equal(event_size(leave), 24);
	assert_int_equal(event_size(event_find("syscalls", "sys_enter_getpid")), 16);
	assert_int_equal(event_size(event_find("raw_syscalls", "sys_enter")), 64);
	assert_int_equal(event_size(event_find("raw_syscalls", "sys_exit")), 24);
	event_name(&name, enter);
	event_name(&name, leave);
	event_name(&name, EVENT_RAW_EXIT);
	assert_string_equal(name.s, "sys_enter_openatsys_exit_openatsys_exit");
	str_free(&name);
}

static void what_is_no_event_has_none(void **state)
{
	static const char *const bad[][2] = {
		{"syscalls", "sys_enter_nosuch"},
		{"syscalls", "sys_enter"},
		{"syscalls", "openat"},
		{"sched", "sched_switch"},
		{"raw_syscalls", "sys_exit_read"},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(event_find(bad[i][0], bad[i][1]), EVENT_NONE);
	assert_int_equal(event_find_raw_tp("sched_switch"), EVENT_NONE);
	assert_int_equal(event_find_raw_tp("sys_enter"), EVENT_RAW_TP_ENTER);
	for (u64 event = 0; event < EVENTS; event++)
		if (event_is_tracepoint(event))
			assert_true(event_size((u32)event) >= 16);
	assert_false(event_is_tracepoint(EVENT_NONE));
	assert_false(event_is_tracepoint(EVENT_RAW_TP_ENTER));
	assert_false(event_is_tracepoint(EVENTS));
	assert_false(event_is_tracepoint(1ull << 32 | EVENT_RAW_ENTER));
}

/* ---- the kernel ---- */

static char *kernels_format(const char *category, const char *name)
{
	char path[160];
	void *text;
	size_t len;

	snprintf(path, sizeof(path), TRACEFS "/%s/%s/format", category, name);
	return os_read_file(path, 1 << 16, &text, &len) ? NULL : text;
}

/* Both texts without the line that numbers the event. */
static void cut_id(char *text)
{
	char *id = strstr(text, "ID: "), *end;

	assert_non_null(id);
	end = strchr(id, '\n');
	memmove(id, end, strlen(end) + 1);
}

static bool compare(u32 event, const char *category)
{
	struct str name = {0}, format = {0};
	char *theirs;

	event_name(&name, event);
	event_format(&format, event);
	assert_int_equal(event_find(category, name.s), event);
	theirs = kernels_format(category, name.s);
	if (theirs) {
		cut_id(theirs);
		cut_id(format.s);
		assert_string_equal(format.s, theirs);
	}
	mem_free(theirs);
	str_free(&name);
	str_free(&format);
	return theirs;
}

static void formats_are_the_kernels(void **state)
{
	struct utsname os;
	u32 compared = 0;

	uname(&os);
	if (strncmp(os.release, "6.18.", 5))
		test_skip(__func__, "the table is that of Linux 6.18, this is %s",
			  os.release);
	if (geteuid())
		test_skip(__func__, "tracefs needs root");
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		test_skip(__func__, "this root may not mount");
	if (access(TRACEFS, F_OK) &&
	    mount("none", "/sys/kernel/tracing", "tracefs", 0, NULL))
		test_skip(__func__, "tracefs cannot be mounted");
	for (u32 event = EVENT_FIRST_CALL; event < EVENTS; event++)
		if (event_is_tracepoint(event))
			compared += compare(event, "syscalls");
	compared += compare(EVENT_RAW_ENTER, "raw_syscalls");
	compared += compare(EVENT_RAW_EXIT, "raw_syscalls");
	print_message("%u formats compared\n", compared);
	assert_in_range(compared, 500, EVENTS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_have_numbers_and_names),
		cmocka_unit_test(what_is_no_event_has_none),
		cmocka_unit_test(formats_are_the_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
