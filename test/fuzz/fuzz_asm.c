/* Any text to the assembler and to the reader of classic BPF: a program or a message. */
#include <skep/isa.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void classic(const char *text, size_t size, struct skep_log *log)
{
	static struct skep_filter f[600];
	static struct skep_insn code[4000];
	static char out[40000];
	struct skep_cbpf_packet packet = {.size = sizeof(packet),
					  .data = text,
					  .len = (uint32_t)size,
					  .wire_len = (uint32_t)size};
	int n = skep_cbpf_parse(text, size, f, 600, log);

	if (n < 0 || n > 600)
		return;
	if (skep_cbpf_print(f, (uint32_t)n, out, sizeof(out), NULL) < 0)
		return;
	if (skep_cbpf_check(f, (uint32_t)n, NULL))
		return;
	skep_cbpf_run(f, (uint32_t)n, &packet);
	skep_cbpf_translate(f, (uint32_t)n, code, 4000, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct skep_insn code[1000];
	char why[600] = "";
	struct skep_log log = {.buf = why, .size = sizeof(why)};
	int n = skep_asm((const char *)data, size, NULL, code, 1000, &log);

	if (n < 0 && !log.len)
		abort();
	if (n > 0 && n <= 1000)
		skep_disasm(code, (uint32_t)n, NULL, why, sizeof(why), NULL);
	log.len = 0;
	classic((const char *)data, size, &log);
	return 0;
}
