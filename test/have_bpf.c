/* have_bpf.c - have-bpf: exits with 0 where the kernel's bpf(2) serves this user, else
 * prints why it does not and exits with 77, as a test that is skipped */
#include <stdio.h>
#include "unit/no_bpf.h"

int main(void)
{
	const char *why = no_bpf();

	if (!why)
		return 0;
	printf("%s\n", why);
	return 77;
}
