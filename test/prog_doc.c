/* prog_doc.c - writes docs/programs.md from type.def, prog_rule.def, hook.def and
 * iter.def
 */
#include <stdio.h>
#include "hook.h"
#include "rules.h"

static const struct {
	const char *name;
	const struct hook *hook;
} hooks[] = {
#define HOOK(symbol) {#symbol, &hook_##symbol},
#define SAME	     HOOK
#include "hook.def"
#undef SAME
#undef HOOK
};

static const char *const kinds[] = {
	[test_packet] = "on a packet",	[test_frame] = "on frames",
	[test_fields] = "on a context", [test_args] = "with arguments",
	[test_call] = "as a call",	[test_traced] = "does nothing",
};

static void print_hooks(u32 type)
{
	u32 n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].hook->prog_type == type)
			printf("%s%s", n++ ? ", " : "", hooks[i].name);
	printf(" |\n");
}

static void print_type(u32 type)
{
	const struct rule_prog *rule = rules_prog(type);
	const struct prog_type *t = prog_type(type);

	printf("| %u | %s | %u.%u | %s | %s | ", type, t->name, rule->since >> 8,
	       rule->since & 255, t->ctx_name, t->test ? kinds[t->test->kind] : "none");
	print_hooks(type);
}

static const char intro[] =
	"# Program types\n"
	"\n"
	"Generated from `src/engine/prog/type.def`. What programs of a type may read, write,\n"
	"call and return, and which `expected_attach_type` loads, is as in Linux 6.18.\n"
	"\n"
	"*test run* is what `BPF_PROG_TEST_RUN` does; *none* is `ENOTSUPP`, as on Linux.\n"
	"*links* are what attaches programs of the type to an event of the engine. Programs of\n"
	"all types run in an application that embeds the engine: `skep_run()` takes a context\n"
	"in the kernel's layout.\n"
	"\n"
	"| number | type | since Linux | context | test run | links |\n"
	"|---|---|---|---|---|---|\n";

static const char notes[] =
	"\n"
	"## Test runs\n"
	"\n"
	"Checks, their order and their errors are the kernel's.\n"
	"\n"
	"- *on a packet*: `data_in` is an Ethernet frame; `repeat` times; `data_out` is what the\n"
	"  program made of it, of flow_dissector the flow keys, of netfilter nothing; `ctx_in` and\n"
	"  `ctx_out` are a `struct __sk_buff`, of flow_dissector flow keys with flags, of\n"
	"  netfilter a `struct nf_hook_state`. The socket of a packet\n"
	"  is a closed one with its addresses. With `BPF_F_TEST_SKB_CHECKSUM_COMPLETE` the packet\n"
	"  comes with its checksum, and a program that lets it become wrong is `EBADMSG`.\n"
	"- *on frames*: the same with `struct xdp_md`, and fragments. With\n"
	"  `BPF_F_TEST_XDP_LIVE_FRAMES` each run has a frame of its own, which then goes nowhere,\n"
	"  whatever the program says: the engine has no devices.\n"
	"- *on a context*: `ctx_in` is a `struct bpf_sk_lookup`. No socket is ever selected.\n"
	"- *with arguments*: `ctx_in` is the array of them. With `BPF_F_TEST_RUN_ON_CPU` `cpu` is\n"
	"  one of the engine's CPU slots; `EBUSY` if somebody has it for a second.\n"
	"- *as a call*: `ctx_in` is the program's to read and write.\n"
	"- *does nothing*: the kernel calls functions of its own (bpf_fentry_test1 and so on), so\n"
	"  that fentry and fexit programs attached to them run, and tells nothing of it:\n"
	"  `retval` is 0. The engine has no functions of a kernel. fentry and fexit programs load,\n"
	"  verified against the running kernel's types, and nothing ever calls them; fmod_ret\n"
	"  programs do not load, since BTF does not say which functions they may replace. For\n"
	"  other attach types it is `EFAULT`, as on Linux.\n"
	"\n"
	"`raw_tracepoint` links take raw_tracepoint_writable programs as well, unless they use a\n"
	"buffer: the engine's tracepoints have none.\n"
	"\n"
	"A signal ends a test run that repeats with `EINTR`, as on Linux; it is handled then.\n"
	"\n"
	"## Iterators\n"
	"\n"
	"`LINK_CREATE` attaches a program to an iterator; `ITER_CREATE`, or open(2) of the\n"
	"link's pin, gives a descriptor from which read(2) reads what the program writes. As in\n"
	"Linux it runs while somebody reads, once for each object and once without one, as far\n"
	"as the reader wants to read or 32 KiB; an object that does not fit is shown again, one\n"
	"that writes more than that is `E2BIG`, one for which the program returns 1 `EAGAIN`.\n"
	"\n"
	"Objects are shown as structs of the running kernel, by its BTF, in the order of their\n"
	"ids. What is not listed here is 0; reference counts are 1; a load through a pointer\n"
	"that leads nowhere gives 0, as on Linux.\n"
	"\n"
	"| iterator | what programs find |\n"
	"|---|---|\n";

static const char refusals[] =
	"\n"
	"- A descriptor of `ITER_CREATE` is read through the engine: by programs under `skep\n"
	"  engine` that call read(2) themselves, or through `struct skep_sys`. Others find it\n"
	"  empty. A pin that is opened under `skep engine` is read to its end at once, into a\n"
	"  file in memory that everybody can read.\n"
	"- A read(2) ends with `EFAULT` where the program writes to values of a map with\n"
	"  `BPF_F_RDONLY_PROG`, and where `LINK_UPDATE` brought one that takes keys or values for\n"
	"  larger than they are. Linux 6.18 lets both.\n"
	"- Typed pointers that an iterator gives mean nothing to helpers that want a task.\n"
	"\n"
	"`LINK_CREATE` refuses the others with `EOPNOTSUPP`: they would show what only a kernel\n"
	"has.\n"
	"\n";

static const char notes_end[] =
	"\n"
	"## Not there, and why\n"
	"\n"
	"Loading them is `EINVAL`, as on a kernel that is built without them.\n"
	"\n";

int main(void)
{
	printf("%s", intro);
	for (u32 type = 0; type < 64; type++)
		if (prog_type(type))
			print_type(type);
	printf("%s", notes);
#define ITER(name, shows) printf("| " #name " | %s |\n", shows);
#define REFUSED(name, sleeps, why)
#include "iter.def"
#undef ITER
#undef REFUSED
	printf("%s", refusals);
#define ITER(name, shows)
#define REFUSED(name, sleeps, why) printf("- " #name ": %s.\n", why);
#include "iter.def"
#undef ITER
#undef REFUSED
	printf("%s", notes_end);
	for (u32 type = 0; type < 64; type++)
		if (prog_type_refusal(type))
			printf("- %s.\n", prog_type_refusal(type));
	return 0;
}
