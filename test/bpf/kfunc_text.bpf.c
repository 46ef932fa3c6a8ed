/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel's functions for strings answer, the same on the kernel and on the
 * engine: test_helper_kfuncs.c compares `out`. Needs no headers. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#define KSYM	  __attribute__((section(".ksyms")))

extern int bpf_strcmp(const char *a, const char *b) KSYM;
extern int bpf_strcasecmp(const char *a, const char *b) KSYM;
extern int bpf_strchr(const char *s, char c) KSYM;
extern int bpf_strnchr(const char *s, u64 count, char c) KSYM;
extern int bpf_strchrnul(const char *s, char c) KSYM;
extern int bpf_strrchr(const char *s, int c) KSYM;
extern int bpf_strlen(const char *s) KSYM;
extern int bpf_strnlen(const char *s, u64 count) KSYM;
extern int bpf_strspn(const char *s, const char *accept) KSYM;
extern int bpf_strcspn(const char *s, const char *reject) KSYM;
extern int bpf_strstr(const char *s, const char *find) KSYM;
extern int bpf_strnstr(const char *s, const char *find, u64 len) KSYM;

u64 out[64];

/* As many bytes as no string may have, and the most that one may. */
char endless[65537] SEC(".data.endless") = {[0 ... 65535] = 'a'};
char longest[65536] SEC(".data.longest") = {[0 ... 65534] = 'a'};

#define MANY  ((u64)1 << 40)
#define USER  ((const char *)4096)
#define WRONG ((const char *)-4096l)
#define ODD   ((const char *)0x8000000000000000)

SEC("tc") int compare(void *ctx)
{
	u32 n = 0;

	out[n++] = bpf_strcmp("one", "one");
	out[n++] = bpf_strcmp("one", "two");
	out[n++] = bpf_strcmp("two", "one");
	out[n++] = bpf_strcmp("one", "ones");
	out[n++] = bpf_strcmp("", "");
	out[n++] = bpf_strcmp("\xff", "a");
	out[n++] = bpf_strcmp("Abc", "abc");
	out[n++] = bpf_strcasecmp("Abc", "aBC");
	out[n++] = bpf_strcasecmp("ABD", "abc");
	out[n++] = bpf_strcasecmp("a[", "A{");
	out[n++] = bpf_strcasecmp("\xc4", "\xe4");
	out[n++] = bpf_strcasecmp("\xd7", "\xf7");
	out[n++] = bpf_strcasecmp("\xdf", "\xff");
	out[n++] = bpf_strcmp(endless, endless);
	out[n++] = bpf_strcmp(endless, longest);
	out[n++] = bpf_strcmp(longest, longest);
	out[n++] = bpf_strcasecmp(endless, endless);
	out[n++] = bpf_strcmp(0, "one");
	out[n++] = bpf_strcmp("one", USER);
	out[n++] = bpf_strcmp(USER, WRONG);
	out[n++] = bpf_strcmp(WRONG, USER);
	out[n++] = bpf_strcmp("one", WRONG);
	out[n++] = bpf_strcasecmp("one", ODD);
	out[n++] = bpf_strcasecmp(WRONG, "one");
	return 0;
}

SEC("tc") int look(void *ctx)
{
	u32 n = 0;

	out[n++] = bpf_strchr("abcabc", 'c');
	out[n++] = bpf_strchr("abcabc", 'x');
	out[n++] = bpf_strchr("abcabc", 0);
	out[n++] = bpf_strchr("", 'a');
	out[n++] = bpf_strchr("\xe9", (char)0xe9);
	out[n++] = bpf_strchr(endless, 'x');
	out[n++] = bpf_strchr(longest, 'x');
	out[n++] = bpf_strchr(longest, 0);
	out[n++] = bpf_strchr(USER, 'a');
	out[n++] = bpf_strchr(WRONG, 'a');
	out[n++] = bpf_strnchr("abc", 2, 'c');
	out[n++] = bpf_strnchr("abc", 3, 'c');
	out[n++] = bpf_strnchr("abc", 4, 0);
	out[n++] = bpf_strnchr("abc", 3, 0);
	out[n++] = bpf_strnchr("abc", 0, 'a');
	out[n++] = bpf_strnchr(USER, 0, 'a');
	out[n++] = bpf_strnchr(WRONG, 0, 'a');
	out[n++] = bpf_strnchr(endless, MANY, 'x');
	out[n++] = bpf_strnchr(endless, 65535, 'x');
	out[n++] = bpf_strnchr(endless, 65536, 'x');
	out[n++] = bpf_strchrnul("abc", 'b');
	out[n++] = bpf_strchrnul("abc", 'x');
	out[n++] = bpf_strchrnul(endless, 'x');
	out[n++] = bpf_strchrnul(longest, 'x');
	out[n++] = bpf_strchrnul(USER, 'x');
	out[n++] = bpf_strchrnul(WRONG, 'x');
	out[n++] = bpf_strrchr("abcabc", 'b');
	out[n++] = bpf_strrchr("abcabc", 'x');
	out[n++] = bpf_strrchr("abcabc", 0);
	out[n++] = bpf_strrchr("abcabc", 0x100 | 'b');
	out[n++] = bpf_strrchr("\xe9", 0xe9);
	out[n++] = bpf_strrchr("\xe9", (char)0xe9);
	out[n++] = bpf_strrchr(endless, 'a');
	out[n++] = bpf_strrchr(longest, 'a');
	out[n++] = bpf_strrchr(USER, 'a');
	out[n++] = bpf_strrchr(WRONG, 'a');
	return 0;
}

SEC("tc") int measure(void *ctx)
{
	char here[8] = "stack";
	u32 n = 0;

	out[n++] = bpf_strlen("abc");
	out[n++] = bpf_strlen("");
	out[n++] = bpf_strlen(here);
	out[n++] = bpf_strlen(longest);
	out[n++] = bpf_strlen(endless);
	out[n++] = bpf_strlen(0);
	out[n++] = bpf_strlen(USER);
	out[n++] = bpf_strlen(WRONG);
	out[n++] = bpf_strlen(ODD);
	out[n++] = bpf_strnlen("abc", 2);
	out[n++] = bpf_strnlen("abc", 3);
	out[n++] = bpf_strnlen("abc", 4);
	out[n++] = bpf_strnlen("abc", 0);
	out[n++] = bpf_strnlen("abc", MANY);
	out[n++] = bpf_strnlen(longest, 65536);
	out[n++] = bpf_strnlen(endless, 65535);
	out[n++] = bpf_strnlen(endless, 65536);
	out[n++] = bpf_strnlen(endless, MANY);
	out[n++] = bpf_strnlen(USER, 0);
	out[n++] = bpf_strnlen(WRONG, 0);
	out[n++] = bpf_strnlen(WRONG, 1);
	out[n++] = bpf_strspn("abcx", "cba");
	out[n++] = bpf_strspn("abc", "cba");
	out[n++] = bpf_strspn("abc", "");
	out[n++] = bpf_strspn("", "abc");
	out[n++] = bpf_strspn("", WRONG);
	out[n++] = bpf_strspn("", USER);
	out[n++] = bpf_strspn("a", WRONG);
	out[n++] = bpf_strspn(longest, "a");
	out[n++] = bpf_strspn(endless, "a");
	out[n++] = bpf_strspn("x", endless);
	out[n++] = bpf_strspn(WRONG, "a");
	out[n++] = bpf_strcspn("abcx", "xyz");
	out[n++] = bpf_strcspn("abc", "xyz");
	out[n++] = bpf_strcspn("abc", "a");
	out[n++] = bpf_strcspn("abc", "");
	out[n++] = bpf_strcspn("", "abc");
	out[n++] = bpf_strcspn("", WRONG);
	out[n++] = bpf_strcspn(USER, "a");
	out[n++] = bpf_strcspn("a", WRONG);
	out[n++] = bpf_strcspn(longest, "x");
	out[n++] = bpf_strcspn(endless, "x");
	out[n++] = bpf_strcspn("x", endless);
	return 0;
}

SEC("tc") int within(void *ctx)
{
	u32 n = 0;

	out[n++] = bpf_strstr("one two three", "two");
	out[n++] = bpf_strstr("one two three", "tree");
	out[n++] = bpf_strstr("one", "one");
	out[n++] = bpf_strstr("one", "ones");
	out[n++] = bpf_strstr("one", "");
	out[n++] = bpf_strstr("", "");
	out[n++] = bpf_strstr("", "a");
	out[n++] = bpf_strstr("aaab", "aab");
	out[n++] = bpf_strstr(longest, "x");
	out[n++] = bpf_strstr(endless, "x");
	out[n++] = bpf_strstr(endless, longest);
	out[n++] = bpf_strstr("a", endless);
	out[n++] = bpf_strstr(endless, endless);
	out[n++] = bpf_strstr(USER, "");
	out[n++] = bpf_strstr("", USER);
	out[n++] = bpf_strstr("", WRONG);
	out[n++] = bpf_strstr(WRONG, "");
	out[n++] = bpf_strstr(WRONG, "a");
	out[n++] = bpf_strnstr("one two", "two", 7);
	out[n++] = bpf_strnstr("one two", "two", 6);
	out[n++] = bpf_strnstr("one two", "two", 8);
	out[n++] = bpf_strnstr("one two", "two", 2);
	out[n++] = bpf_strnstr("one two", "two", MANY);
	out[n++] = bpf_strnstr("one two", "", 0);
	out[n++] = bpf_strnstr("one two", "o", 0);
	out[n++] = bpf_strnstr("one", "one", 3);
	out[n++] = bpf_strnstr("one", "one", 2);
	out[n++] = bpf_strnstr("one", WRONG, 0);
	out[n++] = bpf_strnstr(WRONG, "", 0);
	out[n++] = bpf_strnstr(WRONG, "a", 0);
	out[n++] = bpf_strnstr(USER, "a", 0);
	out[n++] = bpf_strnstr(endless, "x", 65535);
	out[n++] = bpf_strnstr(endless, "x", 65536);
	return 0;
}

char _license[] SEC("license") = "GPL";
