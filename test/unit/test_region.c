#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include "rules.h"
#include "run.h"

/* Values of 4 bytes, 8 apart, as an array map has them. */
static u64 storage[4] = {10, 11, 12, 13};

struct world {
	struct run run;
	struct prog prog;
	struct prog_type type;
	struct map map;
	struct skep_event event;
	struct skep_world world;
	struct skep_packet packet;
	struct run_value values[RUN_VALUES];
	struct skep_log log;
	char text[512];
	u8 data[256];
};

static const struct rule_field fields[] = {
	{.off = 0, .len = 8, .read = 7, .type = reg_scalar},
	{.off = 8, .len = 4, .read = 4, .type = reg_packet},
	{.off = 12, .len = 4, .read = 4, .type = reg_packet_end},
	{.off = 16, .len = 4, .read = 7, .write = 4, .type = reg_scalar},
	{.off = 20, .len = 20, .read = 15, .write = 15, .type = reg_scalar},
	{.off = 48, .len = 8, .read = 8, .type = reg_scalar},
};
static const struct rule_ctx all_fields = {.fields = fields,
					   .nfields = ARRAY_SIZE(fields)};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	w->type = (struct prog_type){.name = "test", .ctx_name = "struct test"};
	w->packet = (struct skep_packet){.head = w->data,
					 .data = w->data + 64,
					 .tail = w->data + 124,
					 .end = w->data + 256};
	memcpy(w->map.info.name, "counts", 7);
	w->map.info.value_size = 4;
	w->map.info.size = sizeof(storage);
	w->map.storage = (u8 *)storage;
	w->map.values = (struct map_values){
		.lo = u64_of(storage), .hi = u64_of(storage + 4), .stride = 8, .size = 4};
	w->prog.type = &w->type;
	w->prog.nmaps = 1;
	w->prog.maps[0] = &w->map;
	w->log = (struct skep_log){.buf = w->text, .size = sizeof(w->text)};
	w->run.prog = &w->prog;
	w->run.event = &w->event;
	w->event.world = &w->world;
	w->run.values = w->values;
	w->run.log = &w->log;
	w->run.number = 1;
	w->run.pc = 7;
	run_begin(&w->run);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void begin_packet(struct world *w)
{
	w->type.packet = w->prog.packet_write = true;
	w->event.packet = &w->packet;
	run_begin(&w->run);
}

static void begin_ctx(struct world *w)
{
	w->prog.fields = &all_fields;
	w->type.skb = true;
	w->type.ctx_size = 56;
	w->event.ctx = w->data;
	w->event.ctx_len = 56;
	begin_packet(w);
}

/* The access is refused with exactly this sentence. */
static void refused(struct world *w, const void *at, u64 len, enum access access,
		    const char *text)
{
	w->run.fault = 0;
	w->log.len = 0;
	assert_null(run_mem(&w->run, u64_of(at), len, access, "r1+14"));
	assert_int_equal(w->run.fault, -EFAULT);
	assert_string_equal(w->text, text);
	w->run.fault = 0;
	w->log.len = 0;
	w->text[0] = 0;
}

static void allowed(struct world *w, const void *at, u64 len, enum access access)
{
	assert_ptr_equal(run_mem(&w->run, u64_of(at), len, access, "r1"), at);
	assert_int_equal(w->run.fault, 0);
}

static void stack_is_the_live_frames(void **state)
{
	struct world *w = *state;
	u8 *top = w->run.stack + RUN_STACK;

	allowed(w, top - 512, 512, access_write);
	refused(w, top - 4, 8, access_read,
		"instruction 7: reads 8 bytes at r1+14, 4 bytes beyond the end of the stack "
		"(512 bytes) [R002]\n");
	refused(w, top - 520, 8, access_write,
		"instruction 7: writes 8 bytes at r1+14, in a stack frame that is not live: 8 "
		"bytes below the frame of the running function; a pointer to the stack ends "
		"with its function [R008]\n");
	w->run.frame = 1;
	allowed(w, top - 1024, 1024, access_write);
	w->run.frame = 7;
	allowed(w, w->run.stack, RUN_STACK, access_write);
	refused(w, w->run.stack - 8, 8, access_read,
		"instruction 7: reads 8 bytes at r1+14, which begins 8 bytes before the start "
		"of the stack (4096 bytes) [R003]\n");
}

static void packet_is_data_to_tail(void **state)
{
	struct world *w = *state;

	begin_packet(w);
	allowed(w, w->packet.data, 60, access_write);
	refused(w, w->packet.data + 58, 4, access_read,
		"instruction 7: reads 4 bytes at r1+14, 2 bytes beyond the end of the packet "
		"(60 bytes) [R002]\n");
	refused(w, w->packet.data - 1, 4, access_write,
		"instruction 7: writes 4 bytes at r1+14, which begins 1 bytes before the start "
		"of the packet (60 bytes) [R003]\n");
	w->run.packet.meta -= 4;
	run_packet_changed(&w->run);
	allowed(w, w->packet.data - 4, 8, access_write);
	w->prog.packet_write = false;
	run_packet_changed(&w->run);
	allowed(w, w->packet.data, 4, access_read);
	refused(w, w->packet.data, 4, access_write,
		"instruction 7: writes 4 bytes at r1+14: the packet is read-only [R005]\n");
}

static void a_value_is_not_its_neighbour(void **state)
{
	struct world *w = *state;

	refused(w, &storage[1], 4, access_read,
		"instruction 7: reads 4 bytes at r1+14, in value 1 of map 'counts', which this "
		"run has not looked up; a pointer to a value may not leave its 4 bytes "
		"[R009]\n");
	run_give_value(&w->run, &w->map, &storage[1], 4);
	allowed(w, &storage[1], 4, access_write);
	refused(w, (u8 *)&storage[1] + 2, 4, access_read,
		"instruction 7: reads 4 bytes at r1+14, 2 bytes beyond the end of the value of "
		"map 'counts' (4 bytes) [R002]\n");
	refused(w, (u8 *)&storage[1] + 4, 4, access_read,
		"instruction 7: reads 4 bytes at r1+14, 4 bytes beyond the end of the value of "
		"map 'counts' (4 bytes) [R002]\n");
	refused(w, &storage[2], 4, access_write,
		"instruction 7: writes 4 bytes at r1+14, in value 2 of map 'counts', which this "
		"run has not looked up; a pointer to a value may not leave its 4 bytes "
		"[R009]\n");
	w->run.number++; /* another run has looked up nothing */
	assert_null(run_mem(&w->run, u64_of(&storage[1]), 4, access_read, "r1"));
}

static void a_map_s_flags_bind_the_program(void **state)
{
	struct world *w = *state;

	run_give_value(&w->run, &w->map, &storage[0], 4);
	w->map.info.flags = SKEP_F_RDONLY_PROG;
	allowed(w, storage, 4, access_read);
	refused(w, storage, 4, access_write,
		"instruction 7: writes 4 bytes at r1+14: the value of map 'counts' is read-only "
		"[R005]\n");
	w->map.info.flags = SKEP_F_WRONLY_PROG;
	allowed(w, storage, 4, access_write);
	refused(w, storage, 4, access_read,
		"instruction 7: reads 4 bytes at r1+14: the value of map 'counts' is write-only "
		"for programs [R006]\n");
}

/* More values than the table holds: none of them may be refused. */
static void many_values_are_all_good(void **state)
{
	enum { N = 4 * RUN_VALUES };
	static u64 many[N];
	struct world *w = *state;

	w->map.values = (struct map_values){
		.lo = u64_of(many), .hi = u64_of(many + N), .stride = 8, .size = 8};
	for (u32 i = 0; i < N; i++) {
		run_give_value(&w->run, &w->map, &many[i], 8);
		for (u32 k = 0; k <= i; k += 97)
			allowed(w, &many[k], 8, access_read);
	}
	assert_true(w->run.values_lost);
}

static void null_and_nowhere_are_named(void **state)
{
	struct world *w = *state;

	refused(w, (void *)8, 4, access_read,
		"instruction 7: reads 4 bytes at r1+14, which is NULL + 8; check what a map "
		"lookup or a reserve returned against NULL before using it [R001]\n");
	refused(w, (void *)0x123456789000, 4, access_write,
		"instruction 7: writes 4 bytes at r1+14 (0x123456789000), which is no memory "
		"that this program may touch [R004]\n");
	refused(w, (void *)~0ull, 4, access_write,
		"instruction 7: writes 4 bytes at r1+14 (0xffffffffffffffff), which is no "
		"memory that this program may touch [R004]\n");
	w->run.fault = 0;
	w->map.values = (struct map_values){0};
	refused(w, &storage[1], 4, access_read,
		"instruction 7: reads 4 bytes at r1+14, inside map 'counts' but in nothing that "
		"a helper handed out and did not take back [R010]\n");
	assert_non_null(run_mem(&w->run, 0, 0, access_read, "r1"));
}

static void given_memory_is_good_until_taken(void **state)
{
	struct world *w = *state;
	struct region r;

	assert_true(run_give(&w->run, w->data, 16, access_read | access_write, &w->map));
	allowed(w, w->data + 8, 8, access_write);
	refused(w, w->data + 12, 8, access_read,
		"instruction 7: reads 8 bytes at r1+14, 4 bytes beyond the end of the record of "
		"map 'counts' (16 bytes) [R002]\n");
	assert_false(run_take(&w->run, u64_of(w->data) + 8, &r));
	assert_true(run_take(&w->run, u64_of(w->data), &r));
	assert_int_equal(r.hi - r.lo, 16);
	assert_ptr_equal(r.map, &w->map);
	assert_null(run_mem(&w->run, u64_of(w->data), 8, access_write, "r1"));
	for (u32 i = 0; i < RUN_GIVEN; i++)
		assert_true(run_give(&w->run, w->data + i, 1, access_read, NULL));
	assert_false(run_give(&w->run, w->data + 100, 1, access_read, NULL));
}

static void plain_context_has_a_hidden_part(void **state)
{
	struct world *w = *state;
	struct rule_field plain = {.off = 8};

	w->event.ctx = w->data;
	w->event.ctx_len = 64;
	w->type.ctx_size = 8192;
	w->prog.plain = &plain;
	run_begin(&w->run);
	allowed(w, w->data + 8, 56, access_read);
	refused(w, w->data, 8, access_read,
		"instruction 7: reads 8 bytes at r1+14, which begins 8 bytes before the start "
		"of the context (56 bytes) [R003]\n");
	refused(w, w->data + 8, 8, access_write,
		"instruction 7: writes 8 bytes at r1+14: the context is read-only [R005]\n");
	plain.write = 15;
	w->type.ctx_size = 16;
	run_begin(&w->run);
	allowed(w, w->data + 8, 8, access_write);
	assert_null(run_mem(&w->run, u64_of(w->data) + 16, 8, access_read, "r1"));
}

static void event_regions_may_be_for_probes_only(void **state)
{
	struct world *w = *state;
	const struct skep_region regions[] = {
		{.at = w->data, .len = 8, .write = true},
		{.at = w->data + 16, .len = 8},
		{.at = w->data + 32, .len = 8, .probe = true},
	};

	w->event.regions = regions;
	w->event.nregions = 3;
	run_begin(&w->run);
	allowed(w, w->data, 8, access_write);
	allowed(w, w->data + 16, 8, access_read);
	refused(w, w->data + 16, 8, access_write,
		"instruction 7: writes 8 bytes at r1+14: the event's memory is read-only "
		"[R005]\n");
	allowed(w, w->data + 32, 8, access_probe);
	refused(w, w->data + 32, 8, access_read,
		"instruction 7: reads 8 bytes at r1+14: the event's memory can only be read "
		"with bpf_probe_read_kernel() [R007]\n");
}

static u64 load(struct world *w, u32 off, u32 size, bool sign)
{
	u64 v = 0;

	assert_true(ctx_load(&w->run, u64_of(w->data) + off, size, sign, &v));
	return v;
}

static void ctx_refused(struct world *w, u32 off, u32 size, bool write, const char *text)
{
	u64 v, at = u64_of(w->data) + off;

	w->run.fault = 0;
	w->log.len = 0;
	assert_false(write ? ctx_store(&w->run, at, size, 1)
			   : ctx_load(&w->run, at, size, false, &v));
	assert_string_equal(w->text, text);
}

static void context_fields_are_read_one_by_one(void **state)
{
	struct world *w = *state;

	begin_ctx(w);
	assert_true(run_in_ctx(&w->run, u64_of(w->data) + 55));
	assert_false(run_in_ctx(&w->run, u64_of(w->data) + 56));
	assert_int_equal(load(w, 0, 4, false), 60);
	assert_int_equal(load(w, 0, 1, false), 60);
	assert_int_equal(load(w, 1, 1, false), 0);
	store32(w->data + 4, 0xfffe8000);
	assert_int_equal(load(w, 4, 2, true), (u64)-32768);
	assert_int_equal(load(w, 4, 4, false), 0xfffe8000);
	assert_int_equal(load(w, 8, 4, false), u64_of(w->packet.data));
	assert_int_equal(load(w, 12, 4, false), u64_of(w->packet.tail));
	assert_true(ctx_store(&w->run, u64_of(w->data) + 16, 4, 77));
	assert_int_equal(load(w, 16, 4, false), 77);
	assert_true(ctx_store(&w->run, u64_of(w->data) + 22, 2, 0xabcd));
	assert_int_equal(load(w, 20, 4, false), 0xabcd0000);
}

static void context_faults_name_the_field(void **state)
{
	struct world *w = *state;

	begin_ctx(w);
	ctx_refused(
		w, 40, 4, false,
		"instruction 7: reads 4 bytes at byte 40 of the context (struct test), "
		"where there is no field that this program type has [R012]\n");
	ctx_refused(
		w, 5, 2, false,
		"instruction 7: reads 2 bytes at byte 5 of the context (struct test), which "
		"is not a whole field, nor a part that this program type may access alone "
		"[R013]\n");
	ctx_refused(
		w, 0, 8, false,
		"instruction 7: reads 8 bytes at byte 0 of the context (struct test), which "
		"is not a whole field, nor a part that this program type may access alone "
		"[R013]\n");
	ctx_refused(
		w, 8, 2, false,
		"instruction 7: reads 2 bytes at byte 8 of the context (struct test), which "
		"is not a whole field, nor a part that this program type may access alone "
		"[R013]\n");
	ctx_refused(
		w, 16, 2, true,
		"instruction 7: writes 2 bytes at byte 16 of the context (struct test), "
		"which is not a whole field, nor a part that this program type may access "
		"alone [R013]\n");
	ctx_refused(w, 4, 4, true,
		    "instruction 7: writes byte 4 of the context (struct test), which is "
		    "read-only for this program type [R014]\n");
	refused(w, w->data + 16, 4, access_read,
		"instruction 7: reads 4 bytes at r1+14, in the context (struct test); its "
		"fields can only be loaded and stored by instructions, one by one [R011]\n");
}

static u64 tick(void *arg)
{
	return ++*(u64 *)arg;
}

static u32 dice(void *arg)
{
	return 4;
}

static void time_and_chance_are_the_world_s(void **state)
{
	struct world *w = *state;
	u64 t = run_clock(&w->run), now = 41;

	assert_true(run_clock(&w->run) >= t);
	assert_true(run_random(&w->run) != run_random(&w->run));
	w->world = (struct skep_world){.clock = tick, .random = dice, .arg = &now};
	assert_int_equal(run_clock(&w->run), 42);
	assert_int_equal(run_random(&w->run), 4);
}

static void only_the_first_fault_is_said(void **state)
{
	struct world *w = *state;

	run_fault(&w->run, ELOOP, "first\n");
	run_fault(&w->run, EFAULT, "second\n");
	assert_int_equal(w->run.fault, -ELOOP);
	assert_string_equal(w->text, "instruction 7: first\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stack_is_the_live_frames),
		TEST(packet_is_data_to_tail),
		TEST(a_value_is_not_its_neighbour),
		TEST(a_map_s_flags_bind_the_program),
		TEST(many_values_are_all_good),
		TEST(null_and_nowhere_are_named),
		TEST(given_memory_is_good_until_taken),
		TEST(plain_context_has_a_hidden_part),
		TEST(event_regions_may_be_for_probes_only),
		TEST(context_fields_are_read_one_by_one),
		TEST(context_faults_name_the_field),
		TEST(time_and_chance_are_the_world_s),
		TEST(only_the_first_fault_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
