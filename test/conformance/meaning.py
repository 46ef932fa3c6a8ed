"""meaning.py: what instructions do, in Python's integers, from RFC 9669 sections 4 and 5.

Nothing here comes from skep: it is the other side of the comparison.
"""


M32, M64 = (1 << 32) - 1, (1 << 64) - 1


def mask(bits):
    return (1 << bits) - 1


def signed(v, bits):
    v &= mask(bits)
    return v - (1 << bits) if v >> (bits - 1) else v


def truncated_div(a, b):
    """C's division, towards zero; Python's own rounds down."""
    q = abs(a) // abs(b)
    return -q if (a < 0) != (b < 0) else q


def alu(op, d, s, bits):
    """d op s as `bits` wide words; the upper half of a 32-bit result is 0."""
    d, s = d & mask(bits), s & mask(bits)
    sd, ss = signed(d, bits), signed(s, bits)
    shift = s & (bits - 1)
    r = {
        "add": lambda: d + s,
        "sub": lambda: d - s,
        "mul": lambda: d * s,
        "div": lambda: d // s if s else 0,
        "sdiv": lambda: truncated_div(sd, ss) if s else 0,
        "or": lambda: d | s,
        "and": lambda: d & s,
        "lsh": lambda: d << shift,
        "rsh": lambda: d >> shift,
        "arsh": lambda: sd >> shift,
        "neg": lambda: -d,
        "mod": lambda: d % s if s else d,
        "smod": lambda: sd - truncated_div(sd, ss) * ss if s else d,
        "xor": lambda: d ^ s,
        "mov": lambda: s,
    }[op]()
    return r & mask(bits)


def movsx(width, s, bits):
    return signed(s, width) & mask(bits)


def swap(op, bits, d):
    d &= mask(bits)
    if op == "le":
        return d
    return int.from_bytes(d.to_bytes(bits // 8, "little"), "big")


def taken(op, d, s, bits):
    d, s = d & mask(bits), s & mask(bits)
    sd, ss = signed(d, bits), signed(s, bits)
    return {
        "jeq": d == s, "jne": d != s, "jset": d & s != 0,
        "jgt": d > s, "jge": d >= s, "jlt": d < s, "jle": d <= s,
        "jsgt": sd > ss, "jsge": sd >= ss, "jslt": sd < ss, "jsle": sd <= ss,
    }[op]


def atomic(op, d, s, r0, bits):
    """The new word."""
    d, s, r0 = d & mask(bits), s & mask(bits), r0 & mask(bits)
    if op == "xchg":
        return s
    if op == "cmpxchg":
        return s if d == r0 else d
    return alu(op, d, s, bits)
