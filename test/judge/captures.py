#!/usr/bin/env python3
"""captures.py OUT ROUNDS LEAST MOST FILE...: joins captures into two.

OUT.pcap gets the packets of all FILEs (pcap and pcapng) that are Ethernet, or that become
so with a header in front: raw IP, BSD loopback and Linux cooked packets. OUT-fit.pcap
gets those of LEAST to MOST captured bytes, which is what a test run takes. All of it
ROUNDS times. A damaged file counts as far as it can be read. Prints what was done.
"""
import struct
import sys

ETHERNET, NULL, RAW, LOOP, SLL = 1, 0, 101, 108, 113
FAMILIES = {2: 0x0800, 10: 0x86dd, 24: 0x86dd, 28: 0x86dd, 30: 0x86dd}


def ethernet(link, data):
    """The packet as Ethernet has it, or None."""
    if link == ETHERNET:
        return data
    if link == SLL and len(data) >= 16:
        return bytes(12) + data[14:]
    if link == RAW and data:
        kind = {4: 0x0800, 6: 0x86dd}.get(data[0] >> 4)
    elif link in (NULL, LOOP) and len(data) >= 4:
        kind = FAMILIES.get(struct.unpack("<I", data[:4])[0]) or \
            FAMILIES.get(struct.unpack(">I", data[:4])[0])
        data = data[4:]
    else:
        return None
    return bytes(12) + struct.pack(">H", kind) + data if kind else None


def pcap(data, order, header):
    """Yields (link type, bytes, length on the wire)."""
    link = struct.unpack(order + "I", data[20:24])[0] & 0xffff
    at = 24
    while at + header <= len(data):
        cap, wire = struct.unpack(order + "II", data[at + 8:at + 16])
        at += header
        if cap > len(data) - at:
            return
        yield link, data[at:at + cap], wire
        at += cap


def pcapng(data):
    links, at, order = [], 0, "<"
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\n\r\r\n":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            links = []
        kind, size = struct.unpack(order + "II", data[at:at + 8])
        body = data[at + 8:at + size - 4]
        if size < 12 or size > len(data) - at:
            return
        if kind == 1 and len(body) >= 8:  # an interface
            links.append(struct.unpack(order + "H", body[:2])[0])
        elif kind == 6 and len(body) >= 20:  # a packet
            which, _, _, cap, wire = struct.unpack(order + "IIIII", body[:20])
            if which < len(links) and cap <= len(body) - 20:
                yield links[which], body[20:20 + cap], wire
        at += size


def packets(path):
    with open(path, "rb") as f:
        data = f.read()
    for order, magics in (("<", ("d4c3b2a1", "4d3cb2a1", "34cdb2a1")),
                          (">", ("a1b2c3d4", "a1b23c4d", "a1b2cd34"))):
        if data[:4].hex() in magics and len(data) >= 24:
            return pcap(data, order, 24 if "cd" in data[:4].hex() else 16)
    return pcapng(data) if data[:4] == b"\n\r\r\n" else iter(())


def write(path, frames):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 1 << 18, ETHERNET))
        for n, (data, wire) in enumerate(frames):
            f.write(struct.pack("<IIII", 1600000000 + n // 1000, n % 1000 * 1000, len(data),
                                max(wire, len(data))) + data)


def main():
    out, rounds, least, most = sys.argv[1], *map(int, sys.argv[2:5])
    frames, kinds, files, other = [], {}, 0, 0
    for path in sorted(sys.argv[5:]):
        found = False
        for link, data, wire in packets(path):
            data = ethernet(link, data)
            if data is None:
                other += 1
                continue
            found = True
            kinds[link] = kinds.get(link, 0) + 1
            frames.append((data, wire if link == ETHERNET else len(data)))
        files += found
    fit = [f for f in frames if least <= len(f[0]) <= most]
    write(out + ".pcap", frames * rounds)
    write(out + "-fit.pcap", fit * rounds)
    short = sum(len(f[0]) < least for f in frames)
    long = sum(len(f[0]) > most for f in frames)
    print(f"{files} captures: {kinds.get(ETHERNET, 0)} Ethernet packets, "
          f"{len(frames) - kinds.get(ETHERNET, 0)} given an Ethernet header, "
          f"{other} of other links left out; {rounds} times")
    print(f"{len(frames) * rounds} packets, of which {short * rounds} have less than "
          f"{least} bytes and {long * rounds} more than {most}, which no test run takes")


main()
