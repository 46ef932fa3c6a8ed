/* xdp.bpf.c - the same on a packet */
struct xdp_md {
	unsigned data, data_end;
};

__attribute__((section("xdp"), used)) int entry(struct xdp_md *ctx)
{
	const unsigned char *p = (const unsigned char *)(long)ctx->data;

	return p + 4 > (const unsigned char *)(long)ctx->data_end ? 0 : p[3] + 1;
}
