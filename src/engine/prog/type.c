#include "type.h"

/* clang-format off */
#define MEMORY(size, name)  .ctx_size = size, .ctx_name = name
#define CTX(ours, theirs)   MEMORY(sizeof(struct skep_##ours), "struct " #theirs)
#define SKB_OF(fill)        CTX(sk_buff, __sk_buff), .packet = true, .skb = true, .setup = fill
#define SKB                 SKB_OF(skb_setup)
/* one u64 each, twelve at most */
#define ARGUMENTS           MEMORY(12 * 8, "struct bpf_raw_tracepoint_args")

static const struct prog_type types[] = {
#define TYPE(symbol, abi, ...) \
	[SKEP_PROG_TYPE_##abi] = {.name = #symbol, __VA_ARGS__},
#define REFUSED(symbol, abi, why)
#include "type.def"
#undef TYPE
#undef REFUSED
};

static const char *const refusals[] = {
#define TYPE(...)
#define REFUSED(symbol, abi, why) [SKEP_PROG_TYPE_##abi] = #symbol " programs " why,
#include "type.def"
};
/* clang-format on */

const struct prog_test args_test = {.kind = test_args};
const struct prog_test call_test = {.kind = test_call};
const struct prog_test traced_test = {.kind = test_traced};

const struct prog_type *prog_type(u32 type)
{
	return type < ARRAY_SIZE(types) && types[type].name ? &types[type] : NULL;
}

const char *prog_type_refusal(u32 type)
{
	return type < ARRAY_SIZE(refusals) ? refusals[type] : NULL;
}
