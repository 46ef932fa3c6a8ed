#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "cbpf_random.h"
#include "skip.h"

static u32 parse(const char *text, struct skep_filter *out, u32 room)
{
	char buf[300] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	int n = skep_cbpf_parse(text, strlen(text), out, room, &log);

	if (n < 0)
		fail_msg("%s: %s", text, buf);
	return (u32)n;
}

static void what_is_printed_reads_back(void **state)
{
	struct skep_filter f[60], again[60];
	char text[8000];

	for (int i = 0; i < 2000; i++) {
		u32 n = good_filter(f, ARRAY_SIZE(f));
		int len = skep_cbpf_print(f, n, text, sizeof(text), NULL);

		for (u32 at = 0; at < n; at++) {
			if (cbpf_of(&f[at])->kind != CBPF_JMP_OP)
				f[at].jt = f[at].jf = 0;
			if (!strchr(cbpf_of(&f[at])->operand, '%'))
				f[at].k = 0;
		}
		assert_in_range(len, 10, sizeof(text) - 1);
		assert_int_equal(parse(text, again, ARRAY_SIZE(again)), n);
		assert_memory_equal(f, again, n * sizeof(*f));
	}
}

static void printed_as_libpcap_does(void **state)
{
	void *lib = dlopen("libpcap.so.0.8", RTLD_NOW);
	char *(*image)(const struct skep_filter *, int) = NULL;
	char ours[100];

	if (lib)
		*(void **)&image = dlsym(lib, "bpf_image");
	if (!image)
		test_skip(__func__, "libpcap is missing (Debian: libpcap0.8)");
	for (u32 i = 0; i < 20000; i++) {
		struct skep_filter f = {(u16)(i & 255), (u8)rnd(), (u8)rnd(), (u32)rnd()};

		if (rnd() & 1)
			f.k = CBPF_AD_OFF + (rnd() & 63);
		/* libpcap has no name for what ldx #pktlen encodes */
		if (cbpf_of(&f)->kind == CBPF_BAD || f.code == 0x81)
			continue;
		skep_cbpf_print(&f, 1, ours, sizeof(ours), NULL);
		ours[strcspn(ours, "\n")] = '\0';
		assert_string_equal(ours, image(&f, 0));
	}
	dlclose(lib);
}

static const char *const expressions[] = {
	"",
	"tcp",
	"udp",
	"ip",
	"ip6",
	"arp",
	"icmp",
	"icmp6",
	"port 53",
	"tcp port 80",
	"src port 1024",
	"portrange 20-25",
	"host 192.0.2.1",
	"net 192.0.2.0/24",
	"src net 2001:db8::/32",
	"ether host 02:00:00:00:00:01",
	"ether broadcast",
	"ip multicast",
	"vlan",
	"vlan 7 and tcp",
	"mpls",
	"len > 100",
	"less 64",
	"greater 1000 and not tcp",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
	"ip[2:2] - ((ip[0] & 0xf) << 2) > 3",
	"ip[6:2] & 0x1fff = 0",
	"ip proto 47",
	"udp[4:2] * 2 / 3 % 5 = 1",
	"ip6 protochain 6",
	"not host 192.0.2.1 or port 22",
	"ether[0] ^ ether[1] = 3",
	"(tcp or udp) and dst port 443 and src host 192.0.2.9",
};

static bool tcpdump(const char *how, const char *expression, char *out, size_t size)
{
	char cmd[300];
	size_t len;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "tcpdump %s '%s' 2>/dev/null", how, expression);
	f = popen(cmd, "r");
	assert_non_null(f);
	len = fread(out, 1, size - 1, f);
	out[len] = '\0';
	return pclose(f) == 0;
}

static void printed_as_tcpdump_does(void **state)
{
	static char text[20000], numbers[20000], c_form[20000], ours[20000];
	static struct skep_filter f[500], g[500];

	if (system("command -v tcpdump >/dev/null"))
		test_skip(__func__, "tcpdump is not installed (Debian: tcpdump)");
	for (u32 i = 0; i < ARRAY_SIZE(expressions) * 2; i++) {
		const char *e = expressions[i / 2];
		u32 n;

		assert_true(tcpdump(i & 1 ? "-O -d" : "-d", e, text, sizeof(text)));
		assert_true(
			tcpdump(i & 1 ? "-O -ddd" : "-ddd", e, numbers, sizeof(numbers)));
		assert_true(tcpdump(i & 1 ? "-O -dd" : "-dd", e, c_form, sizeof(c_form)));
		n = parse(numbers, f, ARRAY_SIZE(f));
		assert_in_range(n, 1, ARRAY_SIZE(f));
		assert_true(skep_cbpf_print(f, n, ours, sizeof(ours), NULL) > 0);
		assert_string_equal(ours, text);
		/* protochain jumps backwards, which Linux refuses */
		assert_int_equal(skep_cbpf_check(f, n, NULL),
				 strstr(e, "protochain") ? -EINVAL : 0);
		/* the text does not have a k that means nothing, as tax may */
		assert_int_equal(parse(text, g, ARRAY_SIZE(g)), n);
		assert_true(skep_cbpf_print(g, n, ours, sizeof(ours), NULL) > 0);
		assert_string_equal(ours, text);
		assert_int_equal(parse(c_form, g, ARRAY_SIZE(g)), n);
		assert_memory_equal(f, g, n * sizeof(*f));
	}
}

/* Linux attaches a filter to any socket, without root. */
static int attach(int fd, const struct skep_filter *code, u32 n)
{
	static u32 attached;
	struct {
		unsigned short len;
		const struct skep_filter *filter;
	} prog = {(unsigned short)n, code};

	/* Linux frees the filter before this one later, in a work queue that has room for
	 * 1,024 on a processor and can hang for good when that is full. */
	if (++attached % 128 == 0)
		usleep(1000);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* ./check says so of a kernel that hangs where it compiles a filter. */
static void needs_filters(const char *test)
{
	if (getenv("SKEP_NO_SECCOMP"))
		test_skip(test,
			  "SKEP_NO_SECCOMP: this kernel's filters are not to be used");
}

static void checked_as_linux_does(void **state)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	u32 good = 0;

	assert_true(fd >= 0);
	needs_filters(__func__);
	for (int i = 0; i < 60000; i++) {
		struct skep_filter f[9];
		u32 n = 1 + rnd() % 7;
		char text[600] = "", why[300] = "";
		struct skep_log log = {.buf = why, .size = sizeof(why)};
		int ours, kernels;

		for (u32 at = 0; at < n; at++)
			f[at] = any_filter_insn(n - at);
		if (rnd() % 8)
			f[n - 1] = (struct skep_filter){rnd() & 1 ? 0x06 : 0x16, 0, 0, 0};
		ours = skep_cbpf_check(f, n, &log);
		kernels = attach(fd, f, n) ? -errno : 0;
		good += !kernels;
		if (ours == kernels)
			continue;
		skep_cbpf_print(f, n, text, sizeof(text), NULL);
		fail_msg("we say %d, the kernel %d\n%s%s", ours, kernels, text, why);
	}
	close(fd);
	assert_true(good > 2000);
}

/* What a filter returns is how many bytes of a datagram arrive. */
static void run_as_linux_does(void **state)
{
	u8 data[300], got[301];
	struct skep_cbpf_packet packet = {.size = sizeof(packet),
					  .data = data,
					  .len = sizeof(data),
					  .wire_len = sizeof(data)};
	int fds[2];

	needs_filters(__func__);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	for (int i = 0; i < 20000; i++) {
		struct skep_filter f[60];
		u32 n = good_filter(f, ARRAY_SIZE(f) - 1);
		char text[8000];
		s64 ours;
		ssize_t kernels;

		/* any 8 bits of the result */
		f[n - 1] = (struct skep_filter){0x74, 0, 0, rnd() % 25};
		f[n++] = (struct skep_filter){0x54, 0, 0, 0xff};
		f[n++] = (struct skep_filter){0x16, 0, 0, 0};
		for (u32 b = 0; b < sizeof(data); b++)
			data[b] = (u8)rnd();
		ours = skep_cbpf_run(f, n, &packet);
		assert_int_equal(attach(fds[1], f, n), 0);
		send(fds[0], data, sizeof(data), 0);
		kernels = recv(fds[1], got, sizeof(got), MSG_DONTWAIT);
		if (kernels == (ours ? ours : -1))
			continue;
		skep_cbpf_print(f, n, text, sizeof(text), NULL);
		fail_msg("we say %lld, the kernel %zd\n%s", (long long)ours, kernels,
			 text);
	}
	close(fds[0]);
	close(fds[1]);
}

static void ancillary_data_comes_from_the_context(void **state)
{
	struct skep_sk_buff ctx = {
		.protocol = 0xdd86, .pkt_type = 3, .ifindex = 7, .vlan_tci = 77};
	struct skep_cbpf_packet packet = {.size = sizeof(packet),
					  .data = "abcdefgh",
					  .len = 8,
					  .wire_len = 99,
					  .net = 4,
					  .cpu = 5,
					  .ctx = &ctx};
	static const struct {
		const char *load;
		s64 result;
	} rows[] = {
		{"ld [proto]", 0x86dd},
		{"ldb [type]", 3},
		{"ldh [ifidx]", 7},
		{"ld [vlan_tci]", 77},
		{"ld [cpu]", 5},
		{"ld #pktlen", 99},
		{"ld [poff]", -EOPNOTSUPP},
		{"ldb [-2097152]", 'a'},
		{"ldb [-1048576]", 'e'},
		{"ldb [-1048572]", 0},
		{"ldh [7]", 0},
	};
	struct skep_filter f[3];
	char text[60];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(text, sizeof(text), "%s\nret\n", rows[i].load);
		assert_int_equal(parse(text, f, 3), 2);
		assert_int_equal(skep_cbpf_run(f, 2, &packet), rows[i].result);
	}
}

/* The filter of the introductions, kept as tcpdump 4.99 prints it. */
static void the_example_takes_tcp(void **state)
{
	static const u8 tcp[60] = {[12] = 8, [23] = 6}, udp[60] = {[12] = 8, [23] = 17};
	struct skep_cbpf_packet packet = {.size = sizeof(packet), .data = tcp, .len = 60};
	char text[2000], again[2000];
	struct skep_filter f[20];
	FILE *file = fopen(EXAMPLES "/tcp.cbpf", "r");
	size_t len;
	u32 n;

	assert_non_null(file);
	len = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[len] = '\0';
	n = parse(text, f, ARRAY_SIZE(f));
	assert_int_equal(n, 12);
	skep_cbpf_print(f, n, again, sizeof(again), NULL);
	assert_string_equal(again, text);
	assert_int_equal(skep_cbpf_run(f, n, &packet), 262144);
	packet.data = udp;
	assert_int_equal(skep_cbpf_run(f, n, &packet), 0);
}

static void fault_is(const char *text, int err, const char *want)
{
	char buf[300] = "";
	struct skep_log log = {.buf = buf, .size = sizeof(buf)};
	struct skep_filter f[8];
	int n = skep_cbpf_parse(text, strlen(text), f, 8, &log);

	if (n >= 0)
		n = skep_cbpf_check(f, (u32)n, &log);
	assert_string_equal(buf, want);
	assert_int_equal(n, err);
}

static void faults_are_sentences(void **state)
{
	fault_is("", -EINVAL, "0 filter instructions; there must be 1 to 4096 [I040]\n");
	fault_is(
		"ldh [12]\nfoo", -EINVAL,
		"line 2: found 'foo'; expected an instruction as tcpdump -d, -dd or -ddd "
		"writes it [I051]\n");
	fault_is(
		"3\n6 0 0 0", -EINVAL,
		"the first line says 3 instructions, but 1 follow; is it cut off? [I052]\n");
	fault_is(
		"div #0\nret #0", -EINVAL,
		"filter instruction 0, { 0x34, 0, 0, 0x0 }: a division by 0; k must be another "
		"number [I046]\n");
	fault_is(
		"ja 7\nret #0", -EINVAL,
		"filter instruction 0, { 0x5, 0, 0, 0x6 }: k jumps that many instructions "
		"ahead, which is behind the last one, 1 [I044]\n");
	fault_is(
		"jeq #0x1 jt 1 jf 9\nret #0", -EINVAL,
		"filter instruction 0, { 0x15, 0, 8, 0x1 }: one of the branches goes behind "
		"the last instruction, 1; jt and jf are numbers of instructions to skip "
		"[I045]\n");
	fault_is(
		"ld M[3]\nret #0", -EINVAL,
		"filter instruction 0, { 0x60, 0, 0, 0x3 }: word k of M is read, but not "
		"written before on every way to here [I048]\n");
	fault_is(
		"ld #0", -EINVAL,
		"filter instruction 0, { 0x0, 0, 0, 0x0 }: the last instruction must be ret "
		"[I049]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_reads_back),
		cmocka_unit_test(printed_as_libpcap_does),
		cmocka_unit_test(printed_as_tcpdump_does),
		cmocka_unit_test(checked_as_linux_does),
		cmocka_unit_test(run_as_linux_does),
		cmocka_unit_test(ancillary_data_comes_from_the_context),
		cmocka_unit_test(the_example_takes_tcp),
		cmocka_unit_test(faults_are_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
