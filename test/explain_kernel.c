/* explain_kernel.c - explain-kernel OBJ...: what the running kernel says of objects
 *
 * Loads the programs of each and attaches nothing. Prints "FILE accepted" or "FILE
 * refused" and, after the latter, what loader and verifier say, up to the next such line.
 */
#include <skep/load.h>
#include <stdio.h>
#include <string.h>

/* Level 4 is for the numbers: the message is in the log, not each of a million steps, and
 * the loader need not ask a second time for it. */
static int load(const char *path, struct skep_log *log)
{
	const struct skep_load_opts opts = {.size = sizeof(opts), .log_level = 4};
	struct skep_object *obj;
	int err = skep_object_open(path, &obj, log);

	if (err)
		return err;
	err = skep_object_load(obj, skep_sys_kernel(), &opts, log);
	skep_object_close(obj);
	return err;
}

int main(int argc, char **argv)
{
	static char text[1 << 20];

	for (int i = 1; i < argc; i++) {
		struct skep_log log = {.buf = text, .size = sizeof(text)};
		const char *slash = strrchr(argv[i], '/');
		int err;

		*text = '\0';
		err = load(argv[i], &log);
		printf("%s %s\n", slash ? slash + 1 : argv[i],
		       err ? "refused" : "accepted");
		if (err)
			puts(text);
	}
	return argc < 2 ? 2 : 0;
}
