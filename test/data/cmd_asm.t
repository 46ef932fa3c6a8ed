# Text to bytecode in its three forms, and back to the same text.

@ first.s
| ; both spellings, mixed
| r0 = 1
| jsgt32 %r1, 5, out
| r2 = 0x1122334455667788 ll
| call map_lookup_elem
| out: exit
$ skep asm --hex first.s
= b7 00 00 00 01 00 00 00
= 66 01 03 00 05 00 00 00
= 18 02 00 00 88 77 66 55
= 00 00 00 00 44 33 22 11
= 85 00 00 00 01 00 00 00
= 95 00 00 00 00 00 00 00
$ skep asm --c first.s
= static const struct skep_insn program[] = {
= 	{ 0xb7, 0, 0, 0, 1 }, /* r0 = 1 */
= 	{ 0x66, 1, 0, 3, 5 }, /* if w1 s> 0x5 goto pc+3 */
= 	{ 0x18, 2, 0, 0, 1432778632 }, /* r2 = 0x1122334455667788 ll */
= 	{ 0x00, 0, 0, 0, 287454020 },
= 	{ 0x85, 0, 0, 0, 1 }, /* call bpf_map_lookup_elem#1 */
= 	{ 0x95, 0, 0, 0, 0 }, /* exit */
= };
$ skep asm first.s | od -An -tx1
=  b7 00 00 00 01 00 00 00 66 01 03 00 05 00 00 00
=  18 02 00 00 88 77 66 55 00 00 00 00 44 33 22 11
=  85 00 00 00 01 00 00 00 95 00 00 00 00 00 00 00
$ skep asm -o first.bin first.s && skep disasm first.bin
= r0 = 1
= if w1 s> 0x5 goto pc+3
= r2 = 0x1122334455667788 ll
= call bpf_map_lookup_elem#1
= exit
$ skep asm --hex -
< r3 = -1
< exit
= b7 03 00 00 ff ff ff ff
= 95 00 00 00 00 00 00 00
$ skep asm -o /nowhere/first first.s
! skep: cannot write /nowhere/first: No such file or directory [T013]
? 1

# Faults: each a sentence with the place, and exit code 1.
@ wrong.s
| r0 = 1
| r11 += 2
| exti
$ skep asm --hex wrong.s
! skep: wrong.s: line 2, column 1: unknown instruction 'r11'; docs/isa.md lists all [I021]
? 1
$ skep asm --hex missing.s
! skep: cannot read missing.s: No such file or directory [T011]
? 1
$ skep asm --hex
! skep: an argument is missing; see 'skep help asm' [T009]
? 2
$ skep asm --hex first.s second.s
! skep: 'second.s' is one argument too many; see 'skep help asm' [T010]
? 2
$ skep asm --output
! skep: option '--output' needs an argument; see 'skep help asm' [T005]
? 2
$ skep asm first.s >/dev/full
! skep: cannot write standard output: No space left on device [T013]
? 1
