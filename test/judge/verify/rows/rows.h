/* rows.h - what the C that rows.py makes begins with */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;
#define SEC(name)	   __attribute__((section(name), used))
#define __naked		   __attribute__((naked))
#define __used		   __attribute__((used))
#define __noinline	   __attribute__((noinline))
#define __ksym		   __attribute__((section(".ksyms")))
#define __weak		   __attribute__((weak))
#define __kptr		   __attribute__((btf_type_tag("kptr")))
#define __tag(x)	   __attribute__((btf_decl_tag(x)))
#define __uint(name, val)  int(*name)[val]
#define __type(name, val)  typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val) enum { __unique_value##name = val } name
char _license[] SEC("license") = "GPL";
#define B(x) \
	asm volatile(x :: \
			     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", \
			       "r9", "memory"); \
	__builtin_unreachable()
