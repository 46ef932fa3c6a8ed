/* iter.c: iter.bpf.o over a map, read in parts, by a child, by a program that knows
 * nothing of BPF. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int make_map(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "elems", 4, 8, 4, NULL);

	for (unsigned k = 0; k < 4; k++) {
		unsigned long long value = 100 * k;

		if (bpf_map_update_elem(fd, &k, &value, 0))
			die("update");
	}
	return fd;
}

static struct bpf_link *attach(int map)
{
	union bpf_iter_link_info over = {.map.map_fd = (unsigned)map};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = &over,
		    .link_info_len = sizeof(over));
	struct bpf_object *obj = bpf_object__open_file("iter.bpf.o", NULL);
	struct bpf_link *link;

	if (!obj || bpf_object__load(obj))
		die("load");
	link = bpf_program__attach_iter(bpf_object__find_program_by_name(obj, "elements"),
					&opts);
	if (!link)
		die("attach");
	return link;
}

static void say(const char *who, int fd, size_t len)
{
	char text[256];
	ssize_t n = read(fd, text, len);

	printf("%s: %d, '%.*s'\n", who, (int)n, n > 0 ? (int)n : 0, text);
	fflush(stdout);
}

static void in_child(int fd)
{
	int status;

	if (!fork()) {
		say("child", fd, 5);
		_exit(0);
	}
	wait(&status);
}

int main(void)
{
	int map = make_map(), fd, again;
	struct bpf_link *link = attach(map);
	unsigned key = 3;
	unsigned long long value = 7;

	fd = bpf_iter_create(bpf_link__fd(link));
	again = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0 || again < 0)
		die("create");
	say("parent", fd, 4);
	in_child(fd);
	bpf_map_update_elem(map, &key, &value, 0);
	say("parent", dup(fd), 200);
	say("parent", fd, 200);
	close(map);
	bpf_link__destroy(link);
	if (dup2(again, 0) || read(again, NULL, 8) != -1 || errno != EFAULT)
		die("stdin");
	execlp("cat", "cat", NULL);
	die("cat");
}
