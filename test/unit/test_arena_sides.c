/* test/bpf/arena.bpf.c on the engine and on the kernel: programs and user space see the
 * same pages at the same place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include "sides.h"

#define ARENA TEST_BPF "/arena.bpf.c"

struct node {
	struct node *next;
	u64 value;
};

/* What the arena begins with. */
struct variables {
	u64 first, second;
	struct node *head;
};

/* Older compilers know no address spaces of BPF, older kernels no types. */
static u32 arena_sides(const char *name)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		test_skip(name, "the kernel tells no types (/sys/kernel/btf/vmlinux)");
	for (int i = 0; i < N_BPF_COMPILERS && !path[0]; i++) {
		if (!has_compiler(bpf_compilers[i]) ||
		    bpf_compile(bpf_compilers[i], ARENA, NULL, path))
			continue;
		unlink(path);
		path[0] = '\0';
	}
	if (!path[0])
		test_skip(name, "no compiler that knows arenas (Debian: clang-19)");
	compiled = ARENA;
	return sides(name, ARENA);
}

static const struct variables *variables(const struct side *s)
{
	return skep_object_find_map(s->obj, "pages")->data;
}

/* ... whose pointers are user space's. */
static u64 sum(const struct node *n)
{
	u64 all = 0;

	for (; n; n = n->next)
		all += n->value;
	return all;
}

static void list_is_shared(void **state)
{
	static const s64 made[] = {55, 0x1111, 2, 0x1116, 0x1112},
			 left[] = {10, 9, 0, 0, 0x1116, 1};
	union skep_attr attr = {0};
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, n = arena_sides(__func__); i < n; i++) {
		side_open(&s, i);
		assert_int_equal(variables(&s)->first, 0x1111);
		assert_int_equal(side_run(&s, "list", &attr, out), 10);
		same(&s, "list", out, made, 5);
		assert_int_equal(variables(&s)->first, 0x1116);
		assert_int_equal(sum(variables(&s)->head), 55);
		side_run(&s, "again", &attr, out);
		same(&s, "again", out, left, 6);
		assert_int_equal(sum(variables(&s)->head), 45);
		skep_object_close(s.obj);
	}
}

/* What user space writes programs find, in pages that it was the first to touch. */
static void user_space_makes_pages(void **state)
{
	union skep_attr attr = {0};
	struct variables *v;
	u64 out[OUT];
	struct side s;

	for (u32 i = 0, n = arena_sides(__func__); i < n; i++) {
		struct node *mine;

		side_open(&s, i);
		v = skep_object_find_map(s.obj, "pages")->data;
		mine = (struct node *)((u8 *)v + 50 * 4096);
		mine[0] = (struct node){.next = &mine[1], .value = 100};
		mine[1] = (struct node){.value = 1000};
		v->head = mine;
		side_run(&s, "list", &attr, out);
		assert_int_equal(out[0], 1155);
		assert_int_equal(sum(v->head), 1155);
		skep_object_close(s.obj);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_shared),
		cmocka_unit_test(user_space_makes_pages),
	};

	return cmocka_run_group_tests(tests, open_engine, close_engine);
}
