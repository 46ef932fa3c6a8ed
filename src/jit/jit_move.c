/* Moves that happen at once, one after the other. */
#include "jit.h"

static bool is_read(const struct jit_move *moves, u32 n, u16 where)
{
	for (u32 i = 0; i < n; i++)
		if (moves[i].from == where)
			return true;
	return false;
}

static void drop(struct jit_move *moves, u32 *n, u32 i)
{
	moves[i] = moves[--*n];
}

/* A move is good as soon as nobody wants what is in its way. Where none is, the rest goes
 * round: exchanging two ends one move at least. */
void jit_move_all(struct jit_move *moves, u32 n, const struct jit_mover *mover)
{
	u32 all = n, konsts, i = 0;

	/* Constants go last: they stand behind, moves[n] and on. */
	while (i < n) {
		struct jit_move m = moves[i];

		if (m.from != JIT_NONE && m.from != m.to) {
			i++;
			continue;
		}
		moves[i] = moves[--n];
		moves[n] = m;
	}
	konsts = n;

	while (n) {
		bool done = false;

		for (i = 0; i < n; i++) {
			if (is_read(moves, n, moves[i].to))
				continue;
			mover->move(mover->arg, moves[i].to, moves[i].from);
			drop(moves, &n, i);
			done = true;
			break;
		}
		if (done)
			continue;
		/* After it moves[0] is done, and who wanted what it overwrote finds it
		 * where moves[0] came from. */
		mover->swap(mover->arg, moves[0].to, moves[0].from);
		for (i = 1; i < n; i++)
			if (moves[i].from == moves[0].to)
				moves[i].from = moves[0].from;
			else if (moves[i].from == moves[0].from)
				moves[i].from = moves[0].to;
		drop(moves, &n, 0);
		for (i = 0; i < n;)
			if (moves[i].from == moves[i].to)
				drop(moves, &n, i);
			else
				i++;
	}
	for (i = konsts; i < all; i++)
		if (moves[i].from == JIT_NONE)
			mover->konst(mover->arg, moves[i].to, moves[i].imm);
}
