# skep run --pcap: the packets of a capture to an XDP program, by test run

% command -v clang # clang is not installed (Debian: clang)
% command -v python3 # python3 is not installed (Debian: python3)
% python3 -c 'import ctypes; ctypes.CDLL("libpcap.so.0.8")' # libpcap is not installed (Debian: libpcap0.8)
@ capture.py
| import struct, sys
| eth = bytes(12)
| packets = [eth + b"\x08\x00" + bytes(46)] * 3 + [eth + b"\x86\xdd" + bytes(50), eth + b"\x08\x06" + bytes(28), bytes(9)]
| out = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
| for i, p in enumerate(packets):
|     out += struct.pack("<IIII", i, 0, len(p), len(p)) + p
| sys.stdout.buffer.write(out)
@ types.bpf.c
| #define SEC(name) __attribute__((section(name), used))
| #define __uint(name, val) int(*name)[val]
| #define __type(name, val) typeof(val) *name
| struct xdp_md { unsigned data, data_end; };
| struct type { unsigned char bytes[2]; };
| struct event { struct type type; };
| struct event *unused; /* so that the types have it */
| static void *(*lookup)(void *, const void *) = (void *)1;
| static long (*update)(void *, const void *, const void *, unsigned long long) = (void *)2;
| static long (*output)(void *, void *, unsigned long long, unsigned long long) = (void *)130;
| struct {
| 	__uint(type, 1);
| 	__uint(max_entries, 16);
| 	__type(key, struct type);
| 	__type(value, unsigned);
| } types SEC(".maps");
| struct {
| 	__uint(type, 27);
| 	__uint(max_entries, 4096);
| } seen SEC(".maps");
| SEC("xdp") int by_type(struct xdp_md *ctx)
| {
| 	unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
| 	struct type type;
| 	unsigned one = 1, *count;
| 	if (data + 14 > end)
| 		return 0;
| 	type.bytes[0] = data[12];
| 	type.bytes[1] = data[13];
| 	count = lookup(&types, &type);
| 	if (count)
| 		++*count;
| 	else {
| 		update(&types, &type, &one, 0);
| 		{
| 		struct event event = { type };
| 		output(&seen, &event, sizeof(event), 0);
| 		}
| 	}
| 	return type.bytes[1] == 6 ? 1 : 2;
| }
| char _license[] SEC("license") = "Dual BSD/GPL";
$ clang -O2 -g -target bpf -c types.bpf.c -o types.bpf.o && python3 capture.py > capture.pcap
$ SKEP_DIR=$PWD/engine skep run types.bpf.o --on engine --pcap capture.pcap --events
= seen { .type = { .bytes = {8, 0} } }
= seen { .type = { .bytes = {134, 221} } }
= seen { .type = { .bytes = {8, 6} } }
= types (hash, 3 of 16 entries)
=   bytes       value
=   {8, 0}      3
=   {8, 6}      1
=   {134, 221}  1
= seen (ringbuf, 4096 bytes)
= .bss (global variables, all zero)
! skep: 1 packets were left out: shorter than an Ethernet header, or longer than a test run takes (xdp: 71 kB, others: 3.5 kB) [T057]
$ SKEP_DIR=$PWD/engine skep run types.bpf.o --on engine --pcap capture.pcap -v 2>&1 >/dev/null | sed 's/program [0-9]*/program N/; s/in [0-9.]* s/in T s/'
= object   types.bpf.o: programs 1, maps 3, instructions 44, license "Dual BSD/GPL"
= loaded   by_type: xdp, program N, 44 instructions
= checked  by_type: form and flow; the interpreter bounds every access
= returned by_type: DROP 1
= returned by_type: PASS 4
= skep: 1 packets were left out: shorter than an Ethernet header, or longer than a test run takes (xdp: 71 kB, others: 3.5 kB) [T057]
= ringbuf  seen: 3 records, 6 bytes; --events prints them
= events   6 in T s
= maps     3
$ SKEP_DIR=$PWD/engine skep run types.bpf.o --on engine --pcap types.bpf.c
! skep: cannot read the capture types.bpf.c: unknown file format [K017]
? 1
$ head -c 150 capture.pcap > cut.pcap; SKEP_DIR=$PWD/engine skep run types.bpf.o --on engine --pcap cut.pcap
= types (hash, 1 of 16 entries)
=   bytes   value
=   {8, 0}  1
= seen (ringbuf, 4096 bytes)
= .bss (global variables, all zero)
! skep: the capture cut.pcap is damaged after packet 1: truncated dump file; tried to read 60 captured bytes, only got 34; the packets before it were read [K019]
? 1
$ SKEP_DIR=$PWD/engine skep run types.bpf.o --on engine --pcap capture.pcap -- true
! skep: a command, --pcap and --pid exclude each other [T045]
? 2
