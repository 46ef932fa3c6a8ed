/* Memory for code: written first, then made to run, never both. */
#include <errno.h>
#include <sys/mman.h>
#include "jit.h"
#include "os.h"

int jit_code_make(const void *bytes, size_t len, struct jit_code *out)
{
	size_t size = round_up(len, 4096);
	u8 *at = os_map_anon(size);

	if (!at)
		return -ENOMEM;
	memcpy(at, bytes, len);
	memset(at + len, 0xcc, size - len); /* int3, where no code is */
	if (mprotect(at, size, PROT_READ | PROT_EXEC)) {
		int err = -errno;

		munmap(at, size);
		return err;
	}
	*out = (struct jit_code){at, size};
	return 0;
}

void jit_code_free(struct jit_code *code)
{
	if (code->at)
		munmap(code->at, code->len);
	*code = (struct jit_code){0};
}
