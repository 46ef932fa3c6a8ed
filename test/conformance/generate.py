#!/usr/bin/env python3
"""generate.py DIR: writes the conformance suite; `generate.py --check DIR` compares.

The format is that of the public bpf_conformance suite (sections `-- asm`, `-- raw`,
`-- mem`, `-- result`, `-- error`). Expected results come from Python's integers
(meaning.py) and from plain Python programs (programs.py), never from skep.

A file's name begins with the row of src/isa/insn.def that it is about. A comment `kernel
refuses: ...` marks what Linux does not load; there the kernel's refusal is the check.
"""
import os
import sys

import programs
from assemble import Program
from meaning import M32, M64, alu, atomic, mask, movsx, signed, swap, taken

DIRTY = 0xdeadbeef << 32  # upper half that a 32-bit operation must not look at
MAX64, MIN64 = M64 >> 1, 1 << 63
MAX32, MIN32 = M32 >> 1, 1 << 31


class Suite:
    def __init__(self):
        self.files = {}

    def add(self, name, about, p, result=None, error=None, mem=None, raw=True, refuses=None):
        assert name not in self.files, name
        out = [f"# {about}"]
        if refuses:
            out.append(f"# kernel refuses: {refuses}")
        if isinstance(p, list):
            words = p
        else:
            words = p.encode()
            out += ["-- asm", *p.text]
        if raw:
            out += ["-- raw", *(f"0x{w:016x}" for w in words)]
        if mem is not None:
            out += ["-- mem", *(mem[i:i + 16].hex(" ") for i in range(0, len(mem), 16))]
        out += ["-- error", error] if error else ["-- result", f"0x{result:x}"]
        self.files[name + ".data"] = "\n".join(out) + "\n"


def fits_imm(s, bits):
    """Is the operand what a sign-extended 32-bit immediate can be?"""
    return bits == 32 or -MIN32 <= signed(s, 64) < MIN32


def checked(p, case, reg, expected):
    """Goes on when reg is what it must be; else the program returns the case's number."""
    p.mov(6, case).lddw(5, expected).jump("jne", reg, "wrong", reg=5)


def all_passed(p):
    p.mov(0, 0).exit()
    p.label("wrong").mov(0, reg=6).exit()


# Per operation: name, left, right; as 64-bit words (32-bit forms take the lower halves).
def alu_edges(op, bits):
    top, low, minus1 = (MAX64, MIN64, M64) if bits == 64 else (MAX32, MIN32, M32)
    w = bits
    return {
        "add": [("wraps", minus1, 1), ("signed-overflow", top, 1), ("negative", 5, minus1),
                ("most-negative", low, low)],
        "sub": [("borrows", 0, 1), ("signed-overflow", low, 1), ("negative", 5, -7 & minus1),
                ("equal", 0x1234, 0x1234)],
        "mul": [("wraps", minus1, minus1), ("high", 0x10001, 0x10001), ("negative", 7, minus1),
                ("most-negative", low, minus1), ("zero", minus1, 0)],
        "div": [("by-zero", 7, 0), ("unsigned", minus1, 2), ("by-largest", minus1 - 1, minus1),
                ("by-itself", low, low), ("by-one", minus1, 1)],
        "sdiv": [("by-zero", 7, 0), ("most-negative-by-minus-one", low, minus1),
                 ("truncates", -7 & minus1, 2), ("by-negative", 7, -2 & minus1),
                 ("both-negative", -7 & minus1, -2 & minus1), ("by-minus-one", 9, minus1)],
        "or": [("all", low, minus1), ("disjoint", 0x0f0f0f0f, 0x70f0f0f0), ("zero", low, 0)],
        "and": [("all", 0x123456789abcdef0, minus1), ("none", 0x0f0f0f0f, 0x70f0f0f0),
                ("negative", 0xfedcba9876543210, -256 & minus1)],
        "xor": [("all", 0x123456789abcdef0, minus1), ("itself", 0x5a5a5a5a, 0x5a5a5a5a),
                ("zero", minus1, 0)],
        "lsh": [("by-zero", minus1, 0), ("by-width-less-one", minus1, w - 1),
                ("by-width", 0x1234567, w), ("by-more", 1, w + 5), ("by-negative", 1, minus1)],
        "rsh": [("by-zero", minus1, 0), ("by-width-less-one", minus1, w - 1),
                ("by-width", minus1, w), ("by-more", low, w + 5), ("no-sign", low, 4)],
        "arsh": [("by-zero", minus1, 0), ("by-width-less-one", low, w - 1),
                 ("by-width", low, w), ("by-more", low, w + 5), ("sign", low, 4),
                 ("positive", top, 4)],
        "mod": [("by-zero", 7, 0), ("unsigned", minus1, 10), ("smaller", 3, minus1),
                ("by-one", minus1, 1)],
        "smod": [("by-zero", -7 & minus1, 0), ("most-negative-by-minus-one", low, minus1),
                 ("sign-of-dividend", -7 & minus1, 2), ("by-negative", 7, -2 & minus1),
                 ("both-negative", -7 & minus1, -4 & minus1)],
        "mov": [("negative", 1, minus1), ("largest", 0, MAX32),
                ("most-negative", 0, -MIN32 & minus1)],
    }[op]


TABLE = [0, 1, 2, 3, M64, MAX64, MIN64, MIN32, MAX32, M32, 0x100000000, 0xffffffff80000000,
         0x123456789abcdef0]


def why_kernel_refuses(op, s, bits, form):
    if form == "imm" and op in ("div", "mod", "sdiv", "smod") and s & mask(bits) == 0:
        return "division by a zero immediate"
    if form == "imm" and op in ("lsh", "rsh", "arsh") and not 0 <= signed(s, bits) < bits:
        return "shift by an immediate beyond the width"
    return None


def imm_of(s):
    """The signed number that stands in the text and in the field."""
    return signed(s, 32)


def alu_files(suite, op):
    for bits in (64, 32):
        dirty = DIRTY if bits == 32 else 0
        for form in ("reg", "imm"):
            for edge, d, s in alu_edges(op, bits):
                if form == "imm" and not fits_imm(s, bits):
                    continue
                p = Program().lddw(0, d & mask(bits) | dirty)
                if form == "reg":
                    p.lddw(1, s & mask(bits) | dirty).alu(op, 0, reg=1, bits=bits)
                else:
                    p.alu(op, 0, imm_of(s), bits=bits)
                suite.add(f"{op}-{bits}-{form}-{edge}", f"{op}, {bits} bits: {edge}", p.exit(),
                          alu(op, d, s, bits), refuses=why_kernel_refuses(op, s, bits, form))
            alu_table(suite, op, bits, form)
    p = Program().lddw(0, 0x8000000000000003).alu(op, 0, reg=0).exit()
    suite.add(f"{op}-same-register", f"{op} of a register with itself", p,
              alu(op, 0x8000000000000003, 0x8000000000000003, 64))


def alu_table(suite, op, bits, form):
    p, case = Program(), 0
    for i, d in enumerate(TABLE):
        s = TABLE[(i * 5 + 3) % len(TABLE)]
        if form == "imm":
            s = signed(s, 32)
            if why_kernel_refuses(op, s, bits, form):
                s = 7 + i
        case += 1
        p.lddw(1, d)
        if form == "reg":
            p.lddw(2, s).alu(op, 1, reg=2, bits=bits)
        else:
            p.alu(op, 1, s, bits=bits)
        checked(p, case, 1, alu(op, d, s, bits))
    all_passed(p)
    suite.add(f"{op}-{bits}-{form}-table", f"{op}, {bits} bits: many operands; 0 when all are "
              "right, else which is wrong", p, 0, raw=False)


def unary_files(suite):
    for bits in (64, 32):
        for edge, d in (("one", 1), ("zero", 0), ("most-negative", MIN64 if bits == 64 else MIN32),
                        ("minus-one", M64), ("pattern", 0x123456789abcdef0)):
            p = Program().lddw(0, d).alu("neg", 0, bits=bits).exit()
            suite.add(f"neg-{bits}-{edge}", f"neg, {bits} bits: {edge}", p, alu("neg", d, 0, bits))
    for width, bits in ((8, 64), (16, 64), (32, 64), (8, 32), (16, 32)):
        for edge, s in (("positive", mask(width) >> 1), ("negative", 1 << (width - 1)),
                        ("above", M64 ^ mask(width)), ("ones", mask(width)),
                        ("pattern", 0x1234567890abcdef)):
            p = Program().lddw(1, s).movsx(width, 0, 1, bits).exit()
            suite.add(f"movsx{width}-{bits}-{edge}", f"mov that extends {width} bits: {edge}", p,
                      movsx(width, s, bits))
        p = Program().lddw(0, 0x8182838485868788).movsx(width, 0, 0, bits).exit()
        suite.add(f"movsx{width}-{bits}-same-register", "mov that extends, in place", p,
                  movsx(width, 0x8182838485868788, bits))
    for op in ("le", "be", "bswap"):
        for bits in (16, 32, 64):
            for edge, d in (("pattern", 0x0123456789abcdef), ("ones", M64), ("low-byte", 0x80),
                            ("above", M64 ^ mask(bits) if bits < 64 else MIN64)):
                p = Program().lddw(0, d).swap(op, bits, 0).exit()
                suite.add(f"{op}{bits}-{edge}", f"{op}{bits}: {edge}", p, swap(op, bits, d))
            p = Program().lddw(0, 0x0123456789abcdef).swap(op, bits, 0).swap(op, bits, 0).exit()
            suite.add(f"{op}{bits}-twice", f"{op}{bits} twice", p, 0x0123456789abcdef & mask(bits))


# Pairs of which some are taken and some are not, for every condition and width.
PAIRS = [(0, 0), (5, 7), (7, 5), (M64, 1), (1, M64), (MIN64, MAX64), (MAX64, MIN64), (M64, M64),
         (DIRTY | 5, 5), (DIRTY | 3, 5), (MIN32, MAX32), (MAX32, MIN32), (6, 1), (6, 2), (0, M64),
         (0xffffffff80000000, MIN32)]


def jump_files(suite, op):
    for bits in (64, 32):
        for form in ("reg", "imm"):
            pairs = [(d, signed(s, 32) & M64 if form == "imm" else s) for d, s in PAIRS]
            for want in (True, False):
                d, s = next(x for x in pairs if taken(op, *x, bits) == want)
                branch(suite, op, bits, form, d, s, want)
            for edge, pair in (("signs", 3), ("other-signs", 4), ("upper-half", 8)):
                branch(suite, op, bits, form, *pairs[pair],
                       taken(op, *pairs[pair], bits), "-" + edge)
            jump_table(suite, op, bits, form, pairs)


def branch(suite, op, bits, form, d, s, want, edge=""):
    p = Program().lddw(1, d)
    if form == "reg":
        p.lddw(2, s).jump(op, 1, "there", reg=2, bits=bits)
    else:
        p.jump(op, 1, "there", s=imm_of(s), bits=bits)
    p.mov(0, 1).exit().label("there").mov(0, 2).exit()
    verb = "taken" if want else "not-taken"
    suite.add(f"{op}-{bits}-{form}-{edge[1:] or verb}", f"{op}, {bits} bits: {verb} is 2 or 1", p,
              2 if want else 1)


def jump_table(suite, op, bits, form, pairs):
    p = Program()
    for case, (d, s) in enumerate(pairs, 1):
        arg = {"reg": 2} if form == "reg" else {"s": imm_of(s)}
        p.mov(6, case).lddw(1, d)
        if form == "reg":
            p.lddw(2, s)
        if taken(op, d, s, bits):
            p.jump(op, 1, f"right{case}", bits=bits, **arg).ja("wrong").label(f"right{case}")
        else:
            p.jump(op, 1, "wrong", bits=bits, **arg)
    all_passed(p)
    suite.add(f"{op}-{bits}-{form}-table", f"{op}, {bits} bits: many operands; 0 when all are "
              "right, else which is wrong", p, 0, raw=False)


MEM = bytes.fromhex("01 82 83 04 85 06 07 88 f9 7a 8b 0c 9d 0e 8f f0")
WIDTHS = {"b": 1, "h": 2, "w": 4, "dw": 8}
FILL = 0xa1a2a3a4a5a6a7a8


def memory_files(suite):
    for size, n in WIDTHS.items():
        for off in (0, 1 * n, len(MEM) - n):
            v = int.from_bytes(MEM[off:off + n], "little")
            p = Program().load(size, 0, 1, off).exit()
            suite.add(f"{size}-ldx-{off}", f"load of {n} bytes at {off}", p, v, mem=MEM)
            if n < 8:
                p = Program().load(size, 0, 1, off, signed=True).exit()
                suite.add(f"{size}-ldxs-{off}", f"load of {n} bytes at {off}, sign-extended", p,
                          signed(v, 8 * n) & M64, mem=MEM)
        p = Program().mov(2, reg=10).alu("add", 2, -8).lddw(3, FILL).store("dw", 2, 0, 3)
        suite.add(f"{size}-ldx-negative", "load at a negative offset",
                  p.load(size, 0, 10, -8).exit(), FILL & mask(8 * n))
        p = Program().lddw(1, FILL).store("dw", 10, -8, 1).mov(1, reg=10)
        suite.add(f"{size}-ldx-same-register", "load into the base register",
                  p.load(size, 1, 1, -8).mov(0, reg=1).exit(), FILL & mask(8 * n))
        store_files(suite, size, n)


def stored(off, n, v):
    """FILL's bytes after a store of n bytes of v at off."""
    b = bytearray(FILL.to_bytes(8, "little"))
    b[off:off + n] = (v & mask(8 * n)).to_bytes(n, "little")
    return int.from_bytes(b, "little")


def store_files(suite, size, n):
    def stack():
        return Program().lddw(1, FILL).store("dw", 10, -16, 1).lddw(2, 0xc1c2c3c4c5c6c7c8)

    v = 0xc1c2c3c4c5c6c7c8
    for off in sorted({0, 8 - n}):
        p = stack().store(size, 10, off - 16, 2).load("dw", 0, 10, -16).exit()
        suite.add(f"{size}-stx-{off}", f"store of {n} bytes; its neighbours stay", p,
                  stored(off, n, v))
        for edge, imm in (("positive", 0x12345678), ("negative", -2)):
            p = stack().store_imm(size, 10, off - 16, imm).load("dw", 0, 10, -16).exit()
            suite.add(f"{size}-st-{edge}-{off}",
                      f"store of an immediate in {n} bytes, sign-extended", p,
                      stored(off, n, imm & M64))
        p = stack().release(size, 10, off - 16, 2).load("dw", 0, 10, -16).exit()
        suite.add(f"{size}-strel-{off}", f"store-release of {n} bytes", p, stored(off, n, v))
        p = stack().acquire(size, 0, 10, off - 16).exit()
        suite.add(f"{size}-ldacq-{off}", f"load-acquire of {n} bytes", p,
                  FILL >> 8 * off & mask(8 * n))
    p = Program().lddw(2, v).store(size, 1, 8, 2).load(size, 0, 1, 8).exit()
    suite.add(f"{size}-stx-memory", "store into the memory that the program is given", p,
              v & mask(8 * n), mem=bytes(16))
    p = Program().store_imm(size, 1, 8, -3).load(size, 0, 1, 8).exit()
    suite.add(f"{size}-st-memory", "store of an immediate into the given memory", p,
              -3 & mask(8 * n), mem=bytes(16))


def atomic_file(suite, name, op, bits, fetch, d, s, r0, kind):
    """kind: what the program returns, of memory, fetched, untouched."""
    size = "dw" if bits == 64 else "w"
    p = Program().lddw(1, d).store("dw", 10, -8, 1).lddw(0, r0).lddw(2, s)
    p.atomic(op, 10, -8, 2, bits, fetch)
    new = atomic(op, d, s, r0, bits) | (d & ~mask(bits))
    if kind == "memory":
        p.load("dw", 0, 10, -8)
        want = new
    elif kind == "fetched":
        if op != "cmpxchg":
            p.mov(0, reg=2)
        want = d & mask(bits) if fetch or op in ("xchg", "cmpxchg") else s
    else:  # the other registers
        p.mov(0, reg=2)
        want = s
    suite.add(name, f"atomic {op} of {size}: {kind}", p.exit(), want)


def atomic_files(suite):
    d, s = 0xf1f2f3f48586f788, 0x0f0e0d0cff7b0a99
    for bits, size in ((64, "dw"), (32, "w")):
        for op in ("add", "or", "and", "xor"):
            for fetch in (False, True):
                row = ("fetch_" if fetch else "") + op
                for kind in ("memory", "fetched"):
                    atomic_file(suite, f"{row}-lock-{size}-{kind}", op, bits, fetch, d, s, 0,
                                kind)
                atomic_file(suite, f"{row}-lock-{size}-ones", op, bits, fetch, M64, 1, 0,
                            "memory")
        for kind in ("memory", "fetched"):
            atomic_file(suite, f"xchg-lock-{size}-{kind}", "xchg", bits, True, d, s, 0, kind)
            for edge, r0 in (("equal", d), ("differs", d ^ 1)):
                atomic_file(suite, f"cmpxchg-lock-{size}-{edge}-{kind}", "cmpxchg", bits, True,
                            d, s, r0, kind)
        atomic_file(suite, f"cmpxchg-lock-{size}-source-stays", "cmpxchg", bits, True, d, s, d,
                    "untouched")
    # a 32-bit comparison looks at the lower half of r0, and a failed one clears its upper half
    atomic_file(suite, "cmpxchg-lock-w-upper-half", "cmpxchg", 32, True, d, s, DIRTY | d & M32,
                "memory")
    atomic_file(suite, "cmpxchg-lock-w-upper-half-cleared", "cmpxchg", 32, True, d, s,
                DIRTY | 1, "fetched")


def main(args):
    check = args[:1] == ["--check"]
    if len(args) != 1 + check:
        sys.exit(__doc__.splitlines()[0])
    suite = Suite()
    for op in ("add", "sub", "mul", "div", "sdiv", "or", "and", "xor", "lsh", "rsh", "arsh", "mod",
               "smod", "mov"):
        alu_files(suite, op)
    unary_files(suite)
    for op in ("jeq", "jgt", "jge", "jset", "jne", "jsgt", "jsge", "jlt", "jle", "jslt", "jsle"):
        jump_files(suite, op)
    memory_files(suite)
    atomic_files(suite)
    programs.add_all(suite)
    write(args[-1], suite.files, check)


def write(folder, files, check):
    here = {f for f in os.listdir(folder) if f.endswith(".data")}
    wrong = sorted(here ^ set(files))
    for name in sorted(here & set(files)):
        with open(os.path.join(folder, name), encoding="ascii") as f:
            if f.read() != files[name]:
                wrong.append(name)
    if check:
        for name in wrong:
            print(f"FAIL {name}: differs from what generate.py writes; run "
                  f"test/conformance/generate.py test/conformance")
        sys.exit(1 if wrong else 0)
    for name in here - set(files):
        os.unlink(os.path.join(folder, name))
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="ascii") as f:
            f.write(text)
    print(f"{len(files)} files")


if __name__ == "__main__":
    main(sys.argv[1:])
