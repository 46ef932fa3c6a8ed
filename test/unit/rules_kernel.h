/* rules_kernel.h - tests that compare the verifier's rule tables with the kernel */
#ifndef RULES_KERNEL_H
#define RULES_KERNEL_H

#include <stdlib.h>
#include <sys/utsname.h>
#include <skep/btf.h>
#include "../judge/verify_mine.h"
#include "rules.h"
#include "skip.h"

enum { LAST_HELPER = SKEP_FUNC_cgrp_storage_delete };

static struct mine_types types;

/* NULL: the kernel does not say. */
static struct skep_btf *kernel_btf(void)
{
	enum { MOST = 64 << 20 };
	FILE *f = fopen("/sys/kernel/btf/vmlinux", "r");
	struct skep_btf *btf = NULL;
	char *data = malloc(MOST);

	if (f && data)
		skep_btf_parse(&btf, data, fread(data, 1, MOST, f), NULL, "vmlinux",
			       NULL);
	free(data);
	if (f)
		fclose(f);
	return btf;
}

static u32 kernel_type(const char *name, u32 kind)
{
	struct skep_btf *btf = kernel_btf();
	u32 id = btf ? skep_btf_find(btf, name, kind) : 0;

	skep_btf_free(btf);
	return id;
}

static void need_kernel(const char *name)
{
	struct utsname u;

	if (no_bpf())
		test_skip(name, "%s", no_bpf());
	uname(&u);
	if (strncmp(u.release, "6.18.", 5) != 0)
		test_skip(name, "the tables are those of Linux 6.18, this is %s",
			  u.release);
	mine_types(&types, kernel_type("btf_trace_sched_switch", SKEP_BTF_KIND_TYPEDEF),
		   kernel_type("bpf_iter_task", SKEP_BTF_KIND_FUNC));
	assert_int_equal(types.ntyped, 2);
}

#endif
