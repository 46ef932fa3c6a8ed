/* text.bpf.c - a function in .text, as the bpf_conformance suite makes its objects */
int entry(const unsigned char *memory)
{
	return memory[3] + 1;
}
