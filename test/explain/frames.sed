s/static __attribute__((noinline)) int name/static __always_inline int name/
s/^#define NEXT/#define __always_inline inline __attribute__((always_inline))\n&/
