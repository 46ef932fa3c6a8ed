# Bytecode to text in both spellings.

@ prog.hex
| bf 16 00 00 00 00 00 00
| 61 60 04 00 00 00 00 00
| 5500010000000000 b700000001000000 9500000000000000
$ skep disasm --hex prog.hex
= r6 = r1
= r0 = *(u32 *)(r6 +4)
= if r0 != 0x0 goto pc+1
= r0 = 1
= exit
$ skep disasm --hex --mnemonics prog.hex
= mov %r6, %r1
= ldxw %r0, [%r6+4]
= jne %r0, 0, +1
= mov %r0, 1
= exit
$ skep disasm --hex -n prog.hex
=    0: (bf) r6 = r1
=    1: (61) r0 = *(u32 *)(r6 +4)
=    2: (55) if r0 != 0x0 goto pc+1
=    3: (b7) r0 = 1
=    4: (95) exit
$ skep disasm --hex prog.hex | skep asm - | skep disasm -m - | skep asm --hex -
= bf 16 00 00 00 00 00 00
= 61 60 04 00 00 00 00 00
= 55 00 01 00 00 00 00 00
= b7 00 00 00 01 00 00 00
= 95 00 00 00 00 00 00 00

# Faults.
$ skep disasm --hex -
< b7 0
! skep: line 1: '0' begins no byte; expected two hexadecimal digits [T016]
? 1
$ skep disasm --hex -
< b7 00
< 0g
! skep: line 2: '0' begins no byte; expected two hexadecimal digits [T016]
? 1
$ skep disasm --hex -
< ff 00 00 00 00 00 00 00
! skep: standard input: instruction 0: there is no opcode 0xff [I001]
? 1
$ printf abcd | skep disasm -
! skep: standard input has 4 bytes; instructions have 8 each; is it text (--hex)? [T017]
? 1
$ skep disasm /nowhere
! skep: cannot read /nowhere: No such file or directory [T011]
? 1
$ skep disasm .
! skep: cannot read .: Is a directory [T011]
? 1
$ skep disasm --mnemonic --nubmers -
! skep: unknown option '--nubmers'; did you mean '--numbers'? [T004]
? 2
$ skep disasm -
