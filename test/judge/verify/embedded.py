#!/usr/bin/env python3
"""embedded.py OUT FILE... - the BPF objects inside other files, each as OUT/NAME[-N].o

An object file comes out as it is; of a program that carries objects (the skeletons of
libbpf) each ELF header of machine 247 begins one, whose section table says its length.
"""
import os
import struct
import sys

MACHINE = 247
HEADER = b'\x7fELF\x02\x01'


def length(data, at):
    """Bytes of the ELF file at an offset, 0: there is none."""
    if at + 64 > len(data):
        return 0
    kind, machine = struct.unpack_from('<HH', data, at + 16)
    shoff = struct.unpack_from('<Q', data, at + 40)[0]
    shentsize, shnum = struct.unpack_from('<HH', data, at + 58)
    if kind != 1 or machine != MACHINE or shentsize != 64 or not shnum:
        return 0
    end = shoff + shnum * shentsize
    if at + end > len(data):
        return 0
    for i in range(shnum):
        section = at + shoff + i * shentsize
        kind = struct.unpack_from('<I', data, section + 4)[0]
        offset, size = struct.unpack_from('<QQ', data, section + 24)
        if kind != 8:  # NOBITS
            end = max(end, offset + size)
    return end if at + end <= len(data) else 0


def objects(data):
    at = data.find(HEADER)
    while at >= 0:
        size = length(data, at)
        if size:
            yield data[at:at + size]
        at = data.find(HEADER, at + max(size, 1))


def main():
    out, files = sys.argv[1], sys.argv[2:]
    for path in files:
        with open(path, 'rb') as f:
            data = f.read()
        stem = os.path.basename(path).removesuffix('.o').removesuffix('.bpf')
        for i, obj in enumerate(objects(data)):
            os.makedirs(out, exist_ok=True)
            name = f'{stem}-{i}' if i else stem
            with open(os.path.join(out, name + '.o'), 'wb') as f:
                f.write(obj)


if __name__ == '__main__':
    main()
