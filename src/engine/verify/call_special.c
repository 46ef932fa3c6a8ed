/* Helpers with rules of their own, beyond their prototypes. */
#include "call.h"
#include <ctype.h>

/* ---- the formats of bpf_snprintf ---- */

static bool ends_specifier(char c)
{
	return !c || isspace((unsigned char)c) || ispunct((unsigned char)c);
}

/* What follows "%p". NULL: nothing that is known; else the end of it. */
static const char *skip_pointer(const char *s)
{
	if (ends_specifier(*s))
		return s;
	if ((*s == 'k' || *s == 'u') && s[1] == 's')
		return ends_specifier(s[2]) ? s + 2 : NULL;
	if (strchr("KxsSB", *s))
		return s + 1;
	if ((*s == 'i' || *s == 'I') && (s[1] == '4' || s[1] == '6'))
		return s + 2;
	return NULL;
}

/* What follows '%': NULL for what takes no argument of 8 bytes in a way that is known. */
static const char *skip_specifier(const char *s)
{
	s += strspn(s, "0+- ");
	if (*s >= '1' && *s <= '9')
		s += strspn(s, "0123456789");
	if (*s == 'p')
		return skip_pointer(s + 1);
	if (*s == 's')
		return ends_specifier(s[1]) ? s + 1 : NULL;
	if (*s == 'c')
		return s + 1;
	if (*s == 'l')
		s++;
	if (*s == 'l')
		s++;
	return *s && strchr("iduxX", *s) ? s + 1 : NULL;
}

static bool format_fits(const char *s, u64 nargs)
{
	while (*s) {
		if ((unsigned char)*s > 127 ||
		    (!isprint((unsigned char)*s) && !isspace((unsigned char)*s)))
			return false;
		if (*s++ != '%')
			continue;
		if (*s == '%') {
			s++;
			continue;
		}
		if (!nargs--)
			return false;
		s = skip_specifier(s);
		if (!s)
			return false;
	}
	return true;
}

/* arg_check() has seen that the format is constant and ends. */
static void check_snprintf(struct verifier *v)
{
	const struct reg *format = &regs_of(v)[3], *size = &regs_of(v)[5];
	const struct verify_map *map = reg_map_of(v, format);
	u64 at = format->n.bits.value + (u64)format->off;

	if (size->n.bits.value % 8)
		refuse(v, snprintf_size);
	if (!format_fits((const char *)map->frozen + at, size->n.bits.value / 8))
		refuse(v, snprintf_format);
}

/* ---- callbacks ---- */

static bool flags_are_zero(struct verifier *v)
{
	if (!reg_is_zero(&regs_of(v)[4]))
		return false;
	precise_reg(v, 4);
	return true;
}

static void note_loop(struct verifier *v, u32 func)
{
	struct loop_note *note = &calls_of(v)->loop[v->insn];

	if (note->fit == loop_unseen) {
		note->func = (u8)func;
		note->fit = flags_are_zero(v) ? loop_fits : loop_unfit;
	} else if (note->fit == loop_fits) {
		if (!flags_are_zero(v) || note->func != func)
			note->fit = loop_unfit;
	}
}

/* As many iterations as r1 says are walked, unless a state comes back before. */
static void call_loop(struct verifier *v, const struct call *call)
{
	note_loop(v, call->func);
	if (reg_is_pointer(&regs_of(v)[1])) /* a number of rounds that Linux overlooks */
		refuse(v, path_bug, "backtracking misuse");
	precise_reg(v, 1);
	if (frame_of(v->cur)->callback_depth < regs_of(v)[1].n.umax) {
		callback_push(v, call);
		return;
	}
	frame_of(v->cur)->callback_depth = 0;
	if (v->log_level & 2)
		verify_print(v, "frame%u bpf_loop iteration limit reached\n",
			     v->cur->depth);
}

/* ---- who may ask for the function's address ---- */

static void check_func_ip(struct verifier *v)
{
	const struct verify_prog *p = v->prog;

	if (p->type == SKEP_PROG_TYPE_TRACING) {
		if (p->attach_type != SKEP_TRACE_FENTRY &&
		    p->attach_type != SKEP_TRACE_FEXIT &&
		    p->attach_type != SKEP_MODIFY_RETURN)
			refuse(v, func_ip_attach);
	} else if (p->type != SKEP_PROG_TYPE_KPROBE) {
		refuse(v, func_ip_type, p->type);
	}
}

static void check_dynptr_memory(struct verifier *v)
{
	char name[64];

	if (regs_of(v)[1].type != reg_value || regs_of(v)[1].flags)
		refuse(v, dynptr_memory, reg_type_name(v, &regs_of(v)[1], name));
}

void call_special(struct verifier *v, struct call *call)
{
	switch (call->proto->id) {
	case SKEP_FUNC_tail_call: ref_check_none(v, false, "tail_call"); break;
	case SKEP_FUNC_get_local_storage:
		if (!reg_is_zero(&regs_of(v)[2]))
			refuse(v, storage_flags);
		break;
	case SKEP_FUNC_loop: call_loop(v, call); break;
	case SKEP_FUNC_for_each_map_elem:
	case SKEP_FUNC_timer_set_callback:
	case SKEP_FUNC_find_vma:
	case SKEP_FUNC_user_ringbuf_drain: callback_push(v, call); break;
	case SKEP_FUNC_snprintf: check_snprintf(v); break;
	case SKEP_FUNC_get_func_ip: check_func_ip(v); break;
	case SKEP_FUNC_dynptr_from_mem: check_dynptr_memory(v); break;
	case SKEP_FUNC_set_retval:
		if (v->prog->type == SKEP_PROG_TYPE_LSM)
			refuse(v, later_btf_prog);
		break;
	}
}
