# The C array compiles, and its bytes are the assembler's.

% command -v cc # there is no compiler called cc (Debian: gcc)
@ first.s
| r0 = 1
| r2 = 0x1122334455667788 ll
| *(u16 *)(r10 -2) = r2
| r0 = *(s8 *)(r10 -1)
| exit
@ main.c
| #include <stdio.h>
| struct skep_insn { unsigned char code, dst : 4, src : 4; short off; int imm; };
| #include "first.h"
| int main(void) { fwrite(program, sizeof(program), 1, stdout); return 0; }
$ skep asm --c -o first.h first.s && cc main.c -o main && ./main >bytes
$ skep asm first.s | cmp - bytes && skep disasm bytes
= r0 = 1
= r2 = 0x1122334455667788 ll
= *(u16 *)(r10 -2) = r2
= r0 = *(s8 *)(r10 -1)
= exit
