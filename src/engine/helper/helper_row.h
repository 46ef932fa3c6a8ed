/* helper_row.h - how rows of helper.def and helper_kfunc.def become struct helper */
#ifndef HELPER_ROW_H
#define HELPER_ROW_H

enum { GPL = 1, SLEEPS = 2 };

#define A0() \
	{ \
		0 \
	}
#define A1(a) \
	{ \
		arg_##a \
	}
#define A2(a, b) \
	{ \
		arg_##a, arg_##b \
	}
#define A3(a, b, c) \
	{ \
		arg_##a, arg_##b, arg_##c \
	}
#define A4(a, b, c, d) \
	{ \
		arg_##a, arg_##b, arg_##c, arg_##d \
	}
#define A5(a, b, c, d, e) \
	{ \
		arg_##a, arg_##b, arg_##c, arg_##d, arg_##e \
	}

#endif
