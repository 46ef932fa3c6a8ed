"""assemble.py: builds one program as mnemonics and, beside it, as instruction words.

The words are encoded here from the tables of RFC 9669 (sections 3 to 5), not by skep, so
that a file that has both checks skep's assembler too.
"""

M64 = (1 << 64) - 1
ALU = {"add": 0, "sub": 1, "mul": 2, "div": 3, "sdiv": 3, "or": 4, "and": 5, "lsh": 6,
       "rsh": 7, "neg": 8, "mod": 9, "smod": 9, "xor": 10, "mov": 11, "arsh": 12}
ALU_OFF = {"sdiv": 1, "smod": 1}
JMP = {"jeq": 1, "jgt": 2, "jge": 3, "jset": 4, "jne": 5, "jsgt": 6, "jsge": 7,
       "jlt": 10, "jle": 11, "jslt": 12, "jsle": 13}
SIZE = {"w": 0x00, "h": 0x08, "b": 0x10, "dw": 0x18}
ATOMIC = {"add": 0x00, "or": 0x40, "and": 0x50, "xor": 0xa0, "xchg": 0xe1, "cmpxchg": 0xf1}
SWAP = {"le": 0xd4, "be": 0xdc, "bswap": 0xd7}


def word(op, dst=0, src=0, off=0, imm=0):
    """One instruction slot as the 64-bit number that a little-endian machine reads."""
    return (op | dst << 8 | src << 12 | (off & 0xffff) << 16 | (imm & 0xffffffff) << 32)


def at(base, off):
    return f"[%r{base}{off:+d}]" if off else f"[%r{base}]"


class Program:
    def __init__(self):
        self.text = []   # lines
        self.words = []  # slots; a jump holds (word, label, "off" or "imm") until the end
        self.labels = {}

    def _add(self, text, *slots):
        self.text.append(text)
        self.words += slots
        return self

    def label(self, name):
        self.labels[name] = len(self.words)
        self.text.append(f"{name}:")
        return self

    def comment(self, text):
        self.text.append(f"# {text}")
        return self

    def alu(self, op, dst, s=None, reg=None, bits=64):
        """op dst, s (a number) or op dst, reg; neg has neither."""
        name = op + ("32" if bits == 32 else "")
        code = ALU[op] << 4 | (4 if bits == 32 else 7)
        off = ALU_OFF.get(op, 0)
        if reg is not None:
            return self._add(f"{name} %r{dst}, %r{reg}", word(code | 8, dst, reg, off))
        if s is None:
            return self._add(f"{name} %r{dst}", word(code, dst))
        return self._add(f"{name} %r{dst}, {s}", word(code, dst, 0, off, s))

    def mov(self, dst, s=None, reg=None, bits=64):
        return self.alu("mov", dst, s, reg, bits)

    def movsx(self, width, dst, src, bits=64):
        return self._add(f"movsx{width}{bits} %r{dst}, %r{src}",
                         word(0xbf if bits == 64 else 0xbc, dst, src, width))

    def swap(self, op, bits, dst):
        return self._add(f"{op}{bits} %r{dst}", word(SWAP[op], dst, 0, 0, bits))

    def lddw(self, dst, v):
        v &= M64
        return self._add(f"lddw %r{dst}, 0x{v:x}", word(0x18, dst, imm=v), (v >> 32) << 32)

    def jump(self, op, dst, target, s=None, reg=None, bits=64):
        name = op + ("32" if bits == 32 else "")
        code = JMP[op] << 4 | (6 if bits == 32 else 5)
        if reg is not None:
            return self._add(f"{name} %r{dst}, %r{reg}, {target}",
                             (word(code | 8, dst, reg), target, "off"))
        return self._add(f"{name} %r{dst}, {s}, {target}",
                         (word(code, dst, 0, 0, s), target, "off"))

    def ja(self, target):
        return self._add(f"ja {target}", (word(0x05), target, "off"))

    def gotol(self, target):
        return self._add(f"ja32 {target}", (word(0x06), target, "imm"))

    def may_goto(self, target):
        return self._add(f"may_goto {target}", (word(0xe5), target, "off"))

    def call(self, target):
        return self._add(f"call local {target}", (word(0x85, 0, 1), target, "imm"))

    def exit(self):
        return self._add("exit", word(0x95))

    def load(self, size, dst, base, off=0, signed=False):
        return self._add(f"ldx{'s' if signed else ''}{size} %r{dst}, {at(base, off)}",
                         word((0x81 if signed else 0x61) | SIZE[size], dst, base, off))

    def store(self, size, base, off, reg):
        return self._add(f"stx{size} {at(base, off)}, %r{reg}",
                         word(0x63 | SIZE[size], base, reg, off))

    def store_imm(self, size, base, off, s):
        return self._add(f"st{size} {at(base, off)}, {s}",
                         word(0x62 | SIZE[size], base, 0, off, s))

    def acquire(self, size, dst, base, off=0):
        return self._add(f"ldacq{size} %r{dst}, {at(base, off)}",
                         word(0xc3 | SIZE[size], dst, base, off, 0x100))

    def release(self, size, base, off, reg):
        return self._add(f"strel{size} {at(base, off)}, %r{reg}",
                         word(0xc3 | SIZE[size], base, reg, off, 0x110))

    def atomic(self, op, base, off, reg, bits=64, fetch=False):
        """xchg and cmpxchg always fetch; fetch is for the others."""
        name = ("fetch " if fetch and ATOMIC[op] < 0xe0 else "") + op + ("32" if bits == 32 else "")
        return self._add(f"lock {name} {at(base, off)}, %r{reg}",
                         word(0xdb if bits == 64 else 0xc3, base, reg, off,
                              ATOMIC[op] | fetch))

    def encode(self):
        out = []
        for i, slot in enumerate(self.words):
            if isinstance(slot, tuple):
                slot, target, field = slot
                delta = self.labels[target] - i - 1
                slot |= (delta & 0xffff) << 16 if field == "off" else \
                    (delta & 0xffffffff) << 32
            out.append(slot)
        return out
