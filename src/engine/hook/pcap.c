/* Capture files through libpcap, which is looked for when the first one is opened: skep
 * itself links libc alone. */
#include <skep/engine.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>
#include "bits.h"
#include "mem.h"
#include "msg.h"

enum {
	ERRBUF = 256,	/* PCAP_ERRBUF_SIZE */
	NANO = 1,	/* PCAP_TSTAMP_PRECISION_NANO: tv_usec has nanoseconds */
	MOST = 1 << 18, /* libpcap's own limit of a packet */
	ETHERNET = 14,
	ETH_IP = 0x0800,
	ETH_IPV6 = 0x86dd,
};

/* libpcap's ABI, as <pcap/pcap.h> has it. */
struct pcap;
struct pcap_header {
	struct timeval ts;
	u32 caplen, len;
};

struct libpcap {
	void *handle;
	struct pcap *(*open)(const char *path, unsigned precision, char *errbuf);
	int (*datalink)(struct pcap *p);
	const char *(*datalink_name)(int dlt);
	int (*next)(struct pcap *p, struct pcap_header **header, const u8 **data);
	char *(*geterr)(struct pcap *p);
	void (*close)(struct pcap *p);
};

/* How a link layer becomes Ethernet: what is cut off, and where the protocol and the
 * sender stand in that. */
struct layer {
	int dlt;
	u32 header;
	u32 (*protocol)(const u8 *packet); /* 0: none that Ethernet knows */
	u32 sender, sender_len; /* offsets of the address and of its length's low
				   byte; 0: it has none */
};

struct skep_capture {
	struct libpcap lib;
	struct pcap *pcap;
	const struct layer *layer; /* NULL: Ethernet */
	struct skep_log *log;
	u64 packets, skipped;
	bool ended;
	u8 *made; /* a frame with a header that is made up */
	char path[];
};

/* ---- link layers ---- */

static u32 big16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static u32 ip_version(const u8 *p)
{
	return p[0] >> 4 == 4 ? ETH_IP : p[0] >> 4 == 6 ? ETH_IPV6 : 0;
}

/* The address family in the byte order of the machine that captured: AF_INET is 2
 * everywhere, AF_INET6 differs. */
static u32 bsd_family(const u8 *p)
{
	u32 family = load32(p);

	if (family > 0xffff)
		family = __builtin_bswap32(family);
	switch (family) {
	case 2: return ETH_IP;
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */ return ETH_IPV6;
	default: return 0;
	}
}

/* Below 0x600 stand numbers for what is no network protocol. */
static u32 at_least(u32 protocol)
{
	return protocol >= 0x600 ? protocol : 0;
}

static u32 cooked(const u8 *p)
{
	return at_least(big16(p + 14));
}

static u32 cooked2(const u8 *p)
{
	return at_least(big16(p));
}

static const struct layer layers[] = {
	{12, 0, ip_version, 0, 0},  /* DLT_RAW */
	{14, 0, ip_version, 0, 0},  /* DLT_RAW on OpenBSD */
	{228, 0, ip_version, 0, 0}, /* DLT_IPV4 */
	{229, 0, ip_version, 0, 0}, /* DLT_IPV6 */
	{0, 4, bsd_family, 0, 0},   /* DLT_NULL */
	{108, 4, bsd_family, 0, 0}, /* DLT_LOOP */
	{113, 16, cooked, 6, 5},    /* DLT_LINUX_SLL */
	{276, 20, cooked2, 12, 11}, /* DLT_LINUX_SLL2 */
};

static bool make_up(struct skep_capture *c, struct skep_frame *f)
{
	const struct layer *layer = c->layer;
	u32 least = layer->header ? layer->header : 1, protocol;

	if (f->caplen < least || f->caplen > MOST || f->len < f->caplen)
		return false;
	protocol = layer->protocol(f->data);
	if (!protocol)
		return false;
	memset(c->made, 0, ETHERNET);
	if (layer->sender && f->data[layer->sender_len] == 6)
		memcpy(c->made + 6, f->data + layer->sender, 6);
	c->made[12] = (u8)(protocol >> 8);
	c->made[13] = (u8)protocol;
	memcpy(c->made + ETHERNET, f->data + layer->header, f->caplen - layer->header);
	f->data = c->made;
	f->caplen += ETHERNET - layer->header;
	f->len += ETHERNET - layer->header;
	f->made_up = true;
	return true;
}

/* ---- libpcap ---- */

static bool find(struct libpcap *lib)
{
	static const char *const names[] = {
		"pcap_open_offline_with_tstamp_precision",
		"pcap_datalink",
		"pcap_datalink_val_to_name",
		"pcap_next_ex",
		"pcap_geterr",
		"pcap_close",
	};
	void **const to[] = {
		(void **)&lib->open,	      (void **)&lib->datalink,
		(void **)&lib->datalink_name, (void **)&lib->next,
		(void **)&lib->geterr,	      (void **)&lib->close,
	};

	lib->handle = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		*to[i] = dlsym(lib->handle, names[i]);
		if (!*to[i])
			return false;
	}
	return true;
}

static int choose_layer(struct skep_capture *c)
{
	int dlt = c->lib.datalink(c->pcap);
	const char *name;

	if (dlt == 1) /* DLT_EN10MB */
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
		if (layers[i].dlt == dlt)
			c->layer = &layers[i];
	if (!c->layer) {
		name = c->lib.datalink_name(dlt);
		log_printf(c->log, msg_hook_capture_link, c->path,
			   name ? name : "unknown", dlt);
		return -EPROTONOSUPPORT;
	}
	c->made = mem_alloc(1, MOST + ETHERNET);
	return c->made ? 0 : -ENOMEM;
}

/* libpcap says what is wrong with a file, but not which errno it was. */
static int open_file(struct skep_capture *c)
{
	char errbuf[ERRBUF] = "";
	int err = -EINVAL;

	if (strcmp(c->path, "-") && access(c->path, R_OK)) {
		err = -errno;
		log_printf(c->log, msg_hook_capture_open, c->path, strerror(-err));
		return err;
	}
	c->pcap = c->lib.open(c->path, NANO, errbuf);
	if (c->pcap)
		return choose_layer(c);
	log_printf(c->log, msg_hook_capture_open, c->path, errbuf);
	return err;
}

int skep_capture_open(const char *path, struct skep_log *log, struct skep_capture **out)
{
	size_t len = strlen(path) + 1;
	struct skep_capture *c = mem_alloc(1, sizeof(*c) + len);
	const char *why;
	int err = -ENOSYS;

	*out = NULL;
	if (!c)
		return -ENOMEM;
	memcpy(c->path, path, len);
	c->log = log;
	if (find(&c->lib)) {
		err = open_file(c);
	} else {
		why = dlerror();
		log_printf(log, msg_hook_no_libpcap,
			   why ? why : "libpcap.so.0.8 is too old");
	}
	if (err)
		skep_capture_close(c);
	else
		*out = c;
	return err;
}

int skep_capture_next(struct skep_capture *c, struct skep_frame *out)
{
	struct pcap_header *header;
	const u8 *data;
	int n;

	while (!c->ended) {
		n = c->lib.next(c->pcap, &header, &data);
		if (n != 1) {
			c->ended = true;
			if (n == -2)
				break;
			log_printf(c->log, msg_hook_capture_bad, c->path,
				   (unsigned long long)c->packets,
				   c->lib.geterr(c->pcap));
			return -EINVAL;
		}
		c->packets++;
		*out = (struct skep_frame){
			.data = data,
			.caplen = header->caplen,
			.len = MAX(header->len, header->caplen),
			.ns = (u64)header->ts.tv_sec * 1000000000u +
			      (u64)header->ts.tv_usec,
		};
		if (!c->layer || make_up(c, out))
			return 1;
		c->skipped++;
	}
	return 0;
}

uint64_t skep_capture_skipped(const struct skep_capture *c)
{
	return c->skipped;
}

void skep_capture_close(struct skep_capture *c)
{
	if (!c)
		return;
	if (c->pcap)
		c->lib.close(c->pcap);
	if (c->lib.handle)
		dlclose(c->lib.handle);
	mem_free(c->made);
	mem_free(c);
}
