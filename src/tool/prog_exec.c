/* skep prog run: BPF_PROG_TEST_RUN with files. */
#include "prog_at.h"
#include "mem.h"
#include "tool_msg.h"
#include <errno.h>
#include <inttypes.h>

enum { OUT_DEFAULT = 32 << 10 }; /* bpftool's, for what has no size of its own */

struct exec {
	const char *data_in, *data_out, *ctx_in, *ctx_out;
	u64 data_size_out, ctx_size_out, repeat;
	void *data, *ctx, *to_data, *to_ctx;
	size_t data_len, ctx_len;
};

static bool exec_word(struct request *r, struct exec *e)
{
	const struct {
		const char *word, **to;
	} files[] = {{"data_in", &e->data_in},
		     {"data_out", &e->data_out},
		     {"ctx_in", &e->ctx_in},
		     {"ctx_out", &e->ctx_out}};
	const struct {
		const char *word;
		u64 *to;
	} numbers[] = {{"data_size_out", &e->data_size_out},
		       {"ctx_size_out", &e->ctx_size_out},
		       {"repeat", &e->repeat}};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (req_is(r, files[i].word)) {
			*files[i].to = req_need(r, "a file");
			return *files[i].to;
		}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (req_is(r, numbers[i].word))
			return req_number(r, "a number", UINT32_MAX, numbers[i].to);
	tool_error(msg_data_word,
		   "data_in, data_out, data_size_out, ctx_in, ctx_out, ctx_size_out or "
		   "repeat",
		   *r->at, r->cmd);
	return false;
}

static bool out_size(const struct request *r, const char *out, const char *word,
		     u64 *size)
{
	if (*size && !out) {
		tool_error(msg_prog_size, word, r->cmd);
		return false;
	}
	if (out && !*size)
		*size = OUT_DEFAULT;
	return true;
}

static int exec_words(struct request *r, struct exec *e)
{
	while (r->n)
		if (!exec_word(r, e))
			return exit_usage;
	if (!out_size(r, e->data_out, "data_size_out", &e->data_size_out) ||
	    !out_size(r, e->ctx_out, "ctx_size_out", &e->ctx_size_out))
		return exit_usage;
	if (e->data_in && e->ctx_in && !strcmp(e->data_in, "-") &&
	    !strcmp(e->ctx_in, "-")) {
		tool_error(msg_prog_stdin);
		return exit_usage;
	}
	return exit_ok;
}

static int exec_files(struct exec *e)
{
	if (e->data_in && input_read(e->data_in, &e->data, &e->data_len))
		return exit_failed;
	if (e->ctx_in && input_read(e->ctx_in, &e->ctx, &e->ctx_len))
		return exit_failed;
	e->to_data = mem_alloc(e->data_size_out + 1, 1);
	e->to_ctx = mem_alloc(e->ctx_size_out + 1, 1);
	if (e->to_data && e->to_ctx)
		return exit_ok;
	tool_error(msg_no_memory);
	return exit_failed;
}

static void hexdump(const u8 *p, u32 len)
{
	for (u32 i = 0; i < len; i++) {
		if (i % 16 == 0)
			printf("%s%07" PRIx32 "\t", i ? "\n" : "", i);
		printf(i % 2 || i % 16 == 0 ? "%02x" : " %02x", p[i]);
	}
	printf(len ? "\n" : "");
}

/* Into the file, or, for "-", beside the result. */
static int give(struct request *r, const char *path, const char *name, const void *data,
		u32 len)
{
	FILE *f;

	if (!path)
		return exit_ok;
	if (!strcmp(path, "-")) {
		if (r->json)
			json_bytes(&r->out, name, data, len);
		else
			hexdump(data, len);
		return exit_ok;
	}
	f = output_open(path);
	if (!f)
		return exit_failed;
	fwrite(data, 1, len, f);
	return output_close(f, path);
}

static int result(struct request *r, const struct exec *e, const union skep_attr *attr)
{
	int code;

	json_open(&r->out, NULL, '{');
	code = give(r, e->data_out, "data_out", e->to_data, attr->test.data_size_out);
	if (!code)
		code = give(r, e->ctx_out, "ctx_out", e->to_ctx, attr->test.ctx_size_out);
	json_number(&r->out, "retval", attr->test.retval);
	json_number(&r->out, "duration", attr->test.duration);
	json_close(&r->out, '}');
	if (!code && !r->json)
		printf("Return value: %" PRIu32 ", duration%s: %" PRIu32 "ns\n",
		       attr->test.retval, e->repeat > 1 ? " (average)" : "",
		       attr->test.duration);
	return code;
}

static int test_run(struct request *r, int fd, struct exec *e)
{
	union skep_attr attr = {0};
	int err;

	attr.test.prog_fd = (u32)fd;
	attr.test.data_in = (uintptr_t)e->data;
	attr.test.data_size_in = (u32)e->data_len;
	attr.test.ctx_in = (uintptr_t)e->ctx;
	attr.test.ctx_size_in = (u32)e->ctx_len;
	attr.test.data_out = e->data_out ? (uintptr_t)e->to_data : 0;
	attr.test.data_size_out = (u32)e->data_size_out;
	attr.test.ctx_out = e->ctx_out ? (uintptr_t)e->to_ctx : 0;
	attr.test.ctx_size_out = (u32)e->ctx_size_out;
	attr.test.repeat = (u32)e->repeat;
	err = r->sys->bpf(r->sys, SKEP_PROG_TEST_RUN, &attr, sizeof(attr));
	if (err == -ENOSPC) {
		tool_error(msg_prog_room, attr.test.data_size_out,
			   attr.test.ctx_size_out);
		return exit_failed;
	}
	if (err == -EINVAL && !e->data_in && !e->ctx_in) {
		tool_error(msg_prog_input);
		return exit_failed;
	}
	return err ? which_failed(r, "the test run", err) : result(r, e, &attr);
}

int prog_exec(struct request *r)
{
	struct exec e = {0};
	int fd = which_open(r, which_prog), code;

	if (fd < 0)
		return exit_failed;
	code = exec_words(r, &e);
	if (!code)
		code = exec_files(&e);
	if (!code)
		code = test_run(r, fd, &e);
	r->sys->close(r->sys, fd);
	mem_free(e.data);
	mem_free(e.ctx);
	mem_free(e.to_data);
	mem_free(e.to_ctx);
	return code;
}
