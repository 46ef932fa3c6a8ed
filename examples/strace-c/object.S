/* The program, inside the front; OBJECT is its file. */
	.section .rodata
	.balign 8
	.globl object_start, object_end
object_start:
	.incbin OBJECT
object_end:
	.section .note.GNU-stack, "", @progbits
