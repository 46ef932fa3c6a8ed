# Classic BPF: `tcp` as tcpdump writes it, in its three forms, as bytes, and translated.

@ tcp.d
| (000) ldh      [12]
| (001) jeq      #0x86dd          jt 2	jf 7
| (002) ldb      [20]
| (003) jeq      #0x6             jt 10	jf 4
| (004) jeq      #0x2c            jt 5	jf 11
| (005) ldb      [54]
| (006) jeq      #0x6             jt 10	jf 11
| (007) jeq      #0x800           jt 8	jf 11
| (008) ldb      [23]
| (009) jeq      #0x6             jt 10	jf 11
| (010) ret      #262144
| (011) ret      #0
@ small.dd
| { 0x28, 0, 0, 0x0000000c },
| { 0x15, 0, 1, 0x00000800 },
| { 0x6, 0, 0, 0x00040000 },
| { 0x6, 0, 0, 0x00000000 },
@ small.ddd
| 4
| 40 0 0 12
| 21 0 1 2048
| 6 0 0 262144
| 6 0 0 0
@ small.hex
| 28 00 00 00 0c 00 00 00  15 00 00 01 00 08 00 00
| 06 00 00 00 00 00 04 00  06 00 00 00 00 00 00 00
$ skep disasm --cbpf tcp.d >again.d; diff tcp.d again.d && wc -l <again.d
= 12
$ skep disasm --cbpf small.dd
= (000) ldh      [12]
= (001) jeq      #0x800           jt 2	jf 3
= (002) ret      #262144
= (003) ret      #0
$ skep disasm --cbpf small.ddd
= (000) ldh      [12]
= (001) jeq      #0x800           jt 2	jf 3
= (002) ret      #262144
= (003) ret      #0
$ skep disasm --cbpf --hex small.hex
= (000) ldh      [12]
= (001) jeq      #0x800           jt 2	jf 3
= (002) ret      #262144
= (003) ret      #0
$ skep asm --cbpf small.dd | skep disasm -
= r6 = r1
= w0 = 0
= w7 = 0
= r0 = *(u16 *)skb[12]
= if w0 == 0x800 goto pc+1
= goto pc+2
= w0 = 262144
= exit
= w0 = 0
= exit
$ skep asm --cbpf --hex small.ddd | wc -l
= 10

# Faults.
$ skep disasm --cbpf -
< (000) ldq [12]
! skep: standard input: line 1: found '(000) ldq [12]'; expected an instruction as tcpdump -d, -dd or -ddd writes it [I051]
? 1
$ skep asm --cbpf -
< { 0x28, 0, 0, 0x0000000c },
! skep: standard input: filter instruction 0, { 0x28, 0, 0, 0xc }: the last instruction must be ret [I049]
? 1
$ printf 'ab\0' | skep disasm --cbpf -
! skep: standard input has 3 bytes; instructions have 8 each; is it text (--hex)? [T017]
? 1
$ head -c 32776 /dev/zero | skep disasm --cbpf -
! skep: standard input: a filter of 4097 instructions; at most 4096 are allowed [T018]
? 1
