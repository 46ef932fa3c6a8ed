/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One type of each kind, in use so that the compiler describes it. */
#define SEC(name) __attribute__((section(name), used))
#define __tag(s)  __attribute__((btf_decl_tag(s)))

enum plain { ZERO, ONE, MINUS = -1 };
enum wide { BIG = 0x100000000 };
struct forward;
union both {
	int i;
	float f;
	double d;
};
typedef int (*callback)(const char *name, ...);
typedef volatile long counter;
struct nested {
	struct nested *next;
	struct forward *forward;
	union {
		struct {
			short low, high;
		};
		int word;
	};
};

struct all {
	_Bool yes;
	char text[4];
	unsigned char bytes[2][3];
	unsigned int a : 3, b : 7;
	enum plain plain : 4;
	enum wide wide;
	union both both;
	callback fn;
	counter count;
	struct nested nested __tag("tagged");
	int *restrict pointer;
	__int128 huge;
	long flexible[];
} __tag("whole");

struct all *everything;
static volatile const int constant = 3;

static __attribute__((noinline)) int helper(struct all *x, int n)
{
	return n + constant;
}

__attribute__((noinline)) int global_function(int n)
{
	return helper(everything, n);
}

SEC("socket")
int prog(void *ctx)
{
	return global_function(1);
}

char _license[] SEC("license") = "GPL";
