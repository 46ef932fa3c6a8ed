/* SYN cookies for programs that answer in the place of a server: what they say is a hash
 * of the flow with a secret, the minute, and which size of segments was asked for, as
 * Bernstein and Schenk had it in 1996 and Linux does it. */
#include "helper_fn.h"
#include "htab.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
	SIZES = 4,
	PERIODS = 2, /* that a cookie is good for */
	TCP = 20,
	LOW = 0xffffff,
	BOOT_ID = 36, /* characters */
};
#define PERIOD 60000000000ull /* ns */

struct family {
	u32 addresses, len; /* of the two, in the IP header */
	u16 usual;	    /* where no size is asked for */
	u16 sizes[SIZES];
};

static const struct family ipv4 = {12, 8, 536, {536, 1300, 1440, 1460}},
			   ipv6 = {8, 32, 1220, {1220, 1420, 1440, 8940}};

static u32 word(const u8 *at)
{
	return __builtin_bswap32(load32(at));
}

/* The machine's until it boots anew, as the kernel's own is: all processes of all engines
 * give cookies that the others know. 0: it cannot be read. */
static u64 secret(struct run *run)
{
	u8 id[BOOT_ID];
	int fd;

	if (likely(run->secret))
		return run->secret;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, id, sizeof(id)) == sizeof(id))
		run->secret = (u64)htab_hash(1, id, sizeof(id)) << 32 |
			      htab_hash(2, id, sizeof(id)) | 1;
	close(fd);
	return run->secret;
}

/* Of addresses and ports; the minute, which is 0 in one of a cookie's two hashes. */
static u32 hash(struct run *run, const struct family *f, const u8 *ip, const u8 *tcp,
		u32 minute)
{
	u8 flow[40];

	memcpy(flow, ip + f->addresses, f->len);
	memcpy(flow + f->len, tcp, 4);
	store32(flow + f->len + 4, minute);
	return htab_hash(secret(run) + !minute, flow, f->len + 8);
}

static u32 minute_of(struct run *run)
{
	return (u32)(run_clock(run) / PERIOD) + 1;
}

/* RFC 9293 section 3.2: the size that an option asks for; 0: none does. */
static u32 asked_size(const u8 *tcp, u32 len)
{
	u32 size = 0;

	for (u32 i = TCP; i < len && tcp[i];) {
		u32 n = tcp[i] == 1 ? 1 : i + 1 < len ? tcp[i + 1] : 0;

		if (!n || (tcp[i] != 1 && n < 2) || n > len - i)
			break;
		if (tcp[i] == 2 && n == 4 && (tcp[i + 2] || tcp[i + 3]))
			size = (u32)tcp[i + 2] << 8 | tcp[i + 3];
		i += n;
	}
	return size;
}

static u64 make(struct run *run, const struct family *f, const u8 *ip, const u8 *tcp,
		u32 len)
{
	u32 minute = minute_of(run), size, i = SIZES - 1;

	if (len < TCP || len != (tcp[12] >> 4) * 4u)
		return (u64)-EINVAL;
	if (!secret(run))
		return (u64)-EOPNOTSUPP;
	size = asked_size(tcp, len);
	if (!size)
		size = f->usual;
	while (i && size < f->sizes[i])
		i--;
	return (u64)f->sizes[i] << 32 |
	       (u32)(hash(run, f, ip, tcp, 0) + word(tcp + 4) + (minute << 24) +
		     ((hash(run, f, ip, tcp, minute) + i) & LOW));
}

static u64 check(struct run *run, const struct family *f, const u8 *ip, const u8 *tcp)
{
	u32 minute = minute_of(run), age;
	u32 cookie = word(tcp + 8) - 1 - hash(run, f, ip, tcp, 0) - (word(tcp + 4) - 1);

	age = (minute - (cookie >> 24)) & 0xff;
	if (!secret(run) || age >= PERIODS ||
	    ((cookie - hash(run, f, ip, tcp, minute - age)) & LOW) >= SIZES)
		return (u64)-EACCES;
	return 0;
}

HELPER_FN(tcp_raw_gen_syncookie_ipv4)
{
	return make(run, &ipv4, ptr_of(a), ptr_of(b), (u32)c);
}

HELPER_FN(tcp_raw_gen_syncookie_ipv6)
{
	return make(run, &ipv6, ptr_of(a), ptr_of(b), (u32)c);
}

HELPER_FN(tcp_raw_check_syncookie_ipv4)
{
	return check(run, &ipv4, ptr_of(a), ptr_of(b));
}

HELPER_FN(tcp_raw_check_syncookie_ipv6)
{
	return check(run, &ipv6, ptr_of(a), ptr_of(b));
}
