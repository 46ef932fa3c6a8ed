/* kernels.h as native code: compiled by bench_jit with clang. */
#include "kernels.h"

#define NATIVE(name) \
	u32 native_##name(u8 *p); \
	u32 native_##name(u8 *p) \
	{ \
		return name(p); \
	}
EACH_KERNEL(NATIVE)
