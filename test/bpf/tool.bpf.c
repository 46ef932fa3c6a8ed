/* tool.bpf.c - a program with maps of many types, for test/judge/bpftool.py */
#define SEC(name)	  __attribute__((section(name), used))
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
static long (*update)(void *, const void *, const void *, unsigned long long) = (void *)2;
enum color { red, green = 5, blue = -1 };
struct in {
	int a;
	unsigned char b : 3, c : 5;
	_Bool d;
	char s[8];
	enum color e;
	union {
		short u;
		char v;
	};
	void *p;
	long long arr[2];
	char one;
	struct {
		int q;
	} named;
};
struct {
	__uint(type, 1);
	__uint(max_entries, 4);
	__type(key, unsigned);
	__type(value, struct in);
} h SEC(".maps");
struct {
	__uint(type, 6);
	__uint(max_entries, 2);
	__type(key, unsigned);
	__type(value, unsigned long);
} pc SEC(".maps");
struct {
	__uint(type, 3);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} pa SEC(".maps");
struct {
	__uint(type, 27);
	__uint(max_entries, 4096);
} rb SEC(".maps");
struct {
	__uint(type, 12);
	__uint(max_entries, 2);
	__type(key, unsigned);
	__uint(value_size, 4);
	struct {
		__uint(type, 2);
		__uint(max_entries, 1);
		__type(key, unsigned);
		__type(value, unsigned long);
	} * values[];
} mm SEC(".maps");
int glob = 7;
const volatile char ro[5] = "abc";
static int bs;
static __attribute__((noinline)) int sub(int x)
{
	if (x > 100)
		return 0;
	return x * glob + bs++;
}
SEC("xdp") int x(void *ctx)
{
	unsigned key = 11;
	struct in v = {.a = -4,
		       .b = 2,
		       .c = 9,
		       .d = 1,
		       .s = "hi\"x",
		       .e = green,
		       .u = 3,
		       .arr = {1, -2},
		       .one = 'c'};
	update(&h, &key, &v, 0);
	key = 1;
	unsigned long z = 3;
	update(&pc, &key, &z, 0);
	void *in = ((void *(*)(void *, void *))1)(&mm, &key);
	((void (*)(void *, void *, long))12)(ctx, &pa, 0);
	return sub(2) + ro[1] + (in ? 1 : 0);
}
char _license[] SEC("license") = "Dual BSD/GPL";
