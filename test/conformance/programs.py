"""programs.py: what is no table: the hand-written forms, whole programs, refused ones."""
import zlib

from assemble import SIZE, Program, word
from meaning import M32, M64


def add_all(suite):
    constants(suite)
    jumps(suite)
    calls(suite)
    stack(suite)
    given_memory(suite)
    algorithms(suite)
    over_memory(suite)
    refused_forms(suite)
    refused_flow(suite)
    faults(suite)


def constants(suite):
    for name, v in (("zero", 0), ("one", 1), ("largest", M64), ("low-half", M32),
                    ("high-half", M32 << 32), ("sign", 1 << 63), ("bit-31", 1 << 31),
                    ("pattern", 0x123456789abcdef0)):
        suite.add(f"lddw-{name}", f"64-bit constant: {name}", Program().lddw(0, v).exit(), v)
    p = Program().lddw(9, 7).lddw(0, 5).alu("add", 0, reg=9).exit()
    suite.add("lddw-two", "two 64-bit constants", p, 12)
    p = Program().mov(0, 3).jump("jeq", 0, "out", s=3).lddw(0, 9).label("out").exit()
    suite.add("lddw-jumped-over", "a jump over both slots", p, 3)


def jumps(suite):
    for name, jump in (("ja", "ja"), ("gotol", "gotol")):
        def go(p, target):
            return getattr(p, jump)(target)
        # Linux wants each instruction to be reachable
        p = go(Program().mov(0, 1).jump("jeq", 0, "other", s=2), "out")
        suite.add(f"{name}-forward", "jump forward",
                  p.label("other").mov(0, 2).label("out").exit(), 1)
        p = Program().mov(0, 1)
        suite.add(f"{name}-zero", "jump to the next instruction",
                  go(p, "next").label("next").alu("add", 0, 1).exit(), 2)
        p = go(Program().mov(0, 0), "start").label("back").alu("add", 0, 10).exit().label("start")
        suite.add(f"{name}-backward", "jump backward", go(p.alu("add", 0, 1), "back"), 11)
        p = Program().mov(0, 0).mov(1, 5).label("loop").jump("jeq", 1, "out", s=0)
        p.alu("add", 0, reg=1).alu("sub", 1, 1)
        suite.add(f"{name}-loop", "a loop that ends", go(p, "loop").label("out").exit(), 15)
    far = Program().mov(0, 0).jump("jeq", 0, "near", s=2).gotol("far").label("near")
    for _ in range(40):
        far.alu("add", 0, 1)
    suite.add("gotol-over-many", "jump over 40 instructions",
              far.label("far").alu("add", 0, 5).exit(), 5)
    p = Program().mov(0, 0).label("loop").may_goto("out").alu("add", 0, 1)
    p.jump("jlt", 0, "loop", s=100).label("out").exit()
    suite.add("may_goto-falls-through", "100 rounds are within any budget of may_goto", p, 100)
    p = Program().mov(0, 7).may_goto("out").label("out").exit()
    suite.add("may_goto-next", "may_goto to the next instruction does nothing", p, 7)
    p = Program().mov(0, 0).mov(6, 0).label("outer").may_goto("out").mov(7, 0)
    p.label("inner").may_goto("done").alu("add", 0, 1).alu("add", 7, 1)
    p.jump("jlt", 7, "inner", s=4).label("done").alu("add", 6, 1).jump("jlt", 6, "outer", s=3)
    suite.add("may_goto-nested", "two nested loops", p.label("out").exit(), 12)
    suite.add("exit-only", "r0 and exit", Program().mov(0, 42).exit(), 42)
    p = Program().mov(0, 1).mov(1, 3).jump("jeq", 1, "late", s=3).exit().label("late")
    suite.add("exit-two", "two exits", p.mov(0, 2).exit(), 2)
    p = Program()
    for reg in range(1, 10):
        p.mov(reg, 1 << reg)
    p.mov(0, 0)
    for reg in range(1, 10):
        p.alu("add", 0, reg=reg)
    suite.add("mov-every-register", "r1 to r9 are different registers", p.exit(), 1022)


def calls(suite):
    p = Program().mov(1, 40).mov(2, 2).call("f").exit()
    p.label("f").mov(0, reg=1).alu("add", 0, reg=2).exit()
    suite.add("call_local-arguments", "two arguments, one result", p, 42)
    p = Program()
    for reg in range(1, 6):
        p.mov(reg, 10 ** (reg - 1))
    p.call("f").exit().label("f").mov(0, 0)
    for reg in range(1, 6):
        p.alu("mul", reg, reg).alu("add", 0, reg=reg)
    suite.add("call_local-five-arguments", "r1 to r5 reach the callee", p.exit(), 54321)
    p = Program()
    for reg in range(6, 10):
        p.mov(reg, reg)
    p.call("f").mov(0, 0)
    for reg in range(6, 10):
        p.alu("mul", 0, 10).alu("add", 0, reg=reg)
    p.exit().label("f")
    for reg in range(6, 10):
        p.mov(reg, 0)
    suite.add("call_local-callee-saved", "r6 to r9 are the caller's after a call",
              p.mov(0, 0).exit(), 6789)
    p = Program().store_imm("dw", 10, -8, 1).call("f").load("dw", 0, 10, -8).exit()
    p.label("f").store_imm("dw", 10, -8, 2).mov(0, 0).exit()
    suite.add("call_local-own-frame", "each call has a stack frame of its own", p, 1)
    p = Program().store_imm("dw", 10, -8, 1).mov(1, reg=10).alu("add", 1, -8).call("f")
    p.load("dw", 0, 10, -8).exit().label("f").store_imm("dw", 1, 0, 77).mov(0, 0).exit()
    suite.add("call_local-callers-stack", "a callee writes its caller's stack by a pointer", p, 77)
    # a judge that wraps the program takes one of Linux's eight frames itself
    for deep, name, refuses in ((7, "seven", None), (8, "eight", "with its wrapper they are nine")):
        p = Program().mov(1, 0).call("f1").exit()
        for n in range(1, deep):
            p.label(f"f{n}").alu("add", 1, n)
            if n < deep - 1:
                p.call(f"f{n + 1}").alu("add", 0, 100)
            else:
                p.mov(0, reg=1)
            p.exit()
        suite.add(f"call_local-{name}-frames", f"{name} functions deep", p,
                  sum(range(deep)) + 100 * (deep - 2), refuses=refuses)
    p = Program().mov(1, 3).call("twice").mov(1, reg=0).call("twice").exit()
    p.label("twice").mov(0, reg=1).alu("lsh", 0, 1).exit()
    suite.add("call_local-two-calls", "one function called from two places", p, 12)
    p = Program().ja("main").label("f").mov(0, 9).exit().label("main").call("f").exit()
    # a function begins at the target of a call; the jump over it would leave main
    suite.add("call_local-jump-out", "main may not jump over another function", p, error="I011")
    p = Program().mov(1, 1).call("g").exit().label("f").mov(0, 5).exit()
    p.label("g").call("f").alu("add", 0, 1).exit()
    suite.add("call_local-backward", "a call to a function that stands before", p, 6)


def stack(suite):
    p = Program().store_imm("b", 10, -1, 7).store_imm("b", 10, -512, 8)
    suite.add("b-stack-ends", "the first and the last byte of 512",
              p.load("b", 0, 10, -1).load("b", 1, 10, -512).alu("mul", 0, 10)
              .alu("add", 0, reg=1).exit(), 78)
    p = Program()
    for i in range(64):
        p.store_imm("dw", 10, -8 * (i + 1), i)
    p.mov(0, 0)
    for i in range(64):
        p.load("dw", 1, 10, -8 * (i + 1)).alu("add", 0, reg=1)
    suite.add("dw-stack-all", "all 64 words of the stack", p.exit(), sum(range(64)), raw=False)
    p = Program().lddw(1, 0x0102030405060708).store("dw", 10, -8, 1).mov(0, 0)
    for i in range(8):
        p.load("b", 2, 10, -8 + i).alu("mul", 0, 10).alu("add", 0, reg=2)
    suite.add("b-stack-bytes", "a word's bytes, lowest first", p.exit(), 87654321)
    p = Program().mov(1, reg=10).alu("add", 1, -16).store_imm("w", 1, 4, 99).load("w", 0, 10, -12)
    suite.add("w-stack-computed", "the stack through a computed pointer", p.exit(), 99)
    p = Program().lddw(3, 0x1122334455667788).store("dw", 10, -8, 3)
    p.load("w", 0, 10, -4).load("h", 1, 10, -8).alu("add", 0, reg=1).exit()
    suite.add("w-stack-parts", "parts of a stored word", p, 0x11223344 + 0x7788)


def given_memory(suite):
    mem = bytes(range(1, 25))
    unaligned = "unaligned access to a context"
    suite.add("dw-memory-length", "r2 is the length of the memory in bytes",
              Program().mov(0, reg=2).exit(), 24, mem=mem)
    suite.add("b-memory-last", "the last byte", Program().load("b", 0, 1, 23).exit(), 24, mem=mem)
    p = Program().load("dw", 0, 1, 3).exit()
    suite.add("dw-memory-unaligned", "eight bytes at offset 3", p,
              int.from_bytes(mem[3:11], "little"), mem=mem, refuses=unaligned)
    p = Program().load("w", 0, 1, 1).load("h", 3, 1, 5).alu("add", 0, reg=3).exit()
    suite.add("w-memory-unaligned", "four bytes at offset 1, two at 5", p,
              int.from_bytes(mem[1:5], "little") + int.from_bytes(mem[5:7], "little"), mem=mem,
              refuses=unaligned)


def loop(p, counter, end):
    """Opens `for (counter = 0; counter < end; counter++)`; close_loop() ends it."""
    name = f"l{len(p.words)}"
    p.mov(counter, 0).label(name)
    return name, counter, end


def close_loop(p, name, counter, end):
    p.alu("add", counter, 1).jump("jlt", counter, name, s=end)


def algorithms(suite):
    a, b = 0, 1
    for _ in range(50):
        a, b = b, a + b
    p = Program().mov(0, 0).mov(1, 1)
    at = loop(p, 2, 50)
    p.mov(3, reg=1).alu("add", 1, reg=0).mov(0, reg=3)
    close_loop(p, *at)
    suite.add("add-fibonacci", "the 50th Fibonacci number", p.exit(), a)

    f = 1
    for i in range(1, 21):
        f *= i
    p = Program().mov(0, 1).mov(1, 1).label("next").alu("mul", 0, reg=1).alu("add", 1, 1)
    suite.add("mul-factorial", "20!", p.jump("jle", 1, "next", s=20).exit(), f)

    p = Program().lddw(0, 1071 * 65537).lddw(1, 462 * 65537).label("again")
    p.jump("jeq", 1, "out", s=0).mov(2, reg=0).alu("mod", 2, reg=1).mov(0, reg=1).mov(1, reg=2)
    suite.add("mod-greatest-common-divisor", "Euclid's algorithm",
              p.ja("again").label("out").exit(), 21 * 65537,
              refuses="the verifier cannot see that it ends")

    v = 0x9e3779b97f4a7c15
    p = Program().lddw(1, v).mov(0, 0).label("again").jump("jeq", 1, "out", s=0).mov(2, reg=1)
    p.alu("sub", 2, 1).alu("and", 1, reg=2).alu("add", 0, 1).ja("again").label("out").exit()
    suite.add("and-population-count", "how many bits are set", p, bin(v).count("1"))

    n, steps = 27, 0
    while n != 1:
        n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
    p = Program().mov(1, 27).mov(0, 0).label("again").jump("jeq", 1, "out", s=1)
    p.alu("add", 0, 1).jump("jset", 1, "odd", s=1).alu("rsh", 1, 1).ja("again")
    p.label("odd").alu("mul", 1, 3).alu("add", 1, 1).ja("again").label("out").exit()
    suite.add("jset-collatz", "steps from 27 to 1", p, steps)

    x = 88172645463325252
    for _ in range(20):
        x ^= x << 13 & M64
        x ^= x >> 7
        x ^= x << 17 & M64
    p = Program().lddw(0, 88172645463325252)
    at = loop(p, 1, 20)
    for op, by in (("lsh", 13), ("rsh", 7), ("lsh", 17)):
        p.mov(2, reg=0).alu(op, 2, by).alu("xor", 0, reg=2)
    close_loop(p, *at)
    suite.add("xor-shift-register", "20 rounds of a xorshift generator", p.exit(), x)

    p = Program().mov(1, 7919).mov(0, 0).mov(2, 2).label("next").mov(3, reg=2)
    p.alu("mul", 3, reg=2).jump("jgt", 3, "prime", reg=1).mov(3, reg=1).alu("mod", 3, reg=2)
    p.jump("jeq", 3, "out", s=0).alu("add", 2, 1).ja("next").label("prime").mov(0, 1)
    suite.add("mod-prime", "is 7919 prime", p.label("out").exit(), 1)

    p = Program().lddw(1, 10 ** 18 + 12345).mov(0, 0).mov(2, 1).alu("lsh", 2, 60).label("fit")
    p.jump("jle", 2, "start", reg=1).alu("rsh", 2, 2).ja("fit").label("start")
    p.jump("jeq", 2, "out", s=0).mov(3, reg=0).alu("add", 3, reg=2).alu("rsh", 0, 1)
    p.jump("jlt", 1, "skip", reg=3).alu("sub", 1, reg=3).alu("add", 0, reg=2).label("skip")
    p.alu("rsh", 2, 2).ja("start").label("out").exit()
    suite.add("rsh-square-root", "integer square root, bit by bit", p, 10 ** 9)

    def mulmod(p):
        p.mov(3, reg=0).alu("mul", 3, reg=4).alu("mod", 3, reg=5)
    p = Program().mov(0, 1).mov(1, 65537).mov(4, 3).lddw(5, 4294967291).label("again")
    p.jump("jeq", 1, "out", s=0).mov(2, reg=1).alu("and", 2, 1).jump("jeq", 2, "even", s=0)
    mulmod(p)
    p.mov(0, reg=3).label("even").alu("mul", 4, reg=4).alu("mod", 4, reg=5).alu("rsh", 1, 1)
    suite.add("mul-power-modulo", "3 to the 65537th modulo a prime below 2^32",
              p.ja("again").label("out").exit(), pow(3, 65537, 4294967291))


def over_memory(suite):
    """Programs over the given memory; offsets are constants, as the kernel wants them in a
    context."""
    mem = bytes.fromhex("45 00 00 3c 1c 46 40 00 40 06 00 00 ac 10 0a 63 ac 10 0a 0c")
    total = sum(int.from_bytes(mem[i:i + 2], "big") for i in range(0, 20, 2))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    p = Program().mov(0, 0)
    for i in range(0, 20, 2):
        p.load("h", 3, 1, i).swap("be", 16, 3).alu("add", 0, reg=3)
    for _ in range(2):
        p.mov(3, reg=0).alu("rsh", 3, 16).alu("and", 0, 0xffff).alu("add", 0, reg=3)
    p.alu("xor", 0, 0xffff).exit()
    suite.add("be16-ip-checksum", "the checksum of an IPv4 header", p, total ^ 0xffff, mem=mem)

    text = b"123456789"
    p = Program().mov(0, -1, bits=32)
    for i, _ in enumerate(text):
        p.load("b", 3, 1, i).alu("xor", 0, reg=3, bits=32).mov(4, 8).label(f"bit{i}")
        p.mov(5, reg=0, bits=32).alu("and", 5, 1, bits=32).alu("rsh", 0, 1, bits=32)
        p.jump("jeq", 5, f"even{i}", s=0, bits=32).lddw(5, 0xedb88320)
        p.alu("xor", 0, reg=5, bits=32).label(f"even{i}").alu("sub", 4, 1)
        p.jump("jne", 4, f"bit{i}", s=0)
    p.alu("xor", 0, -1, bits=32).exit()
    suite.add("xor-crc32", "CRC-32 of 123456789, bit by bit", p, zlib.crc32(text), mem=text)

    mem = bytes.fromhex("c0 a8 01 17 ff ff ff 00 c0 a8 01 00")
    p = Program().load("w", 3, 1, 0).load("w", 4, 1, 4).load("w", 5, 1, 8).mov(0, 0)
    p.alu("and", 3, reg=4).jump("jne", 3, "out", reg=5).mov(0, 1).label("out").exit()
    suite.add("jne-subnet", "is an address in a network", p, 1, mem=mem)

    values = [9, 3, 7, 1, 8, 2, 6, 4]
    p = Program()
    for i, v in enumerate(values):
        p.store_imm("dw", 10, -64 + 8 * i, v)
    for end in range(len(values) - 1, 0, -1):
        for i in range(end):
            o, name = -64 + 8 * i, f"s{end}_{i}"
            p.load("dw", 1, 10, o).load("dw", 2, 10, o + 8).jump("jle", 1, name, reg=2)
            p.store("dw", 10, o, 2).store("dw", 10, o + 8, 1).label(name)
    p.mov(0, 0)
    for i in range(len(values)):
        p.load("dw", 1, 10, -64 + 8 * i).alu("mul", 0, 10).alu("add", 0, reg=1)
    suite.add("jle-bubble-sort", "eight words on the stack", p.exit(),
              int("".join(map(str, sorted(values)))), raw=False)

    p = Program().mov(0, 0)
    for i in range(8):
        p.load("b", 3, 1, i).alu("lsh", 0, 8).alu("or", 0, reg=3)
    suite.add("lsh-big-endian", "a big-endian word from its bytes", p.exit(),
              0x1122334455667788, mem=bytes.fromhex("11 22 33 44 55 66 77 88"))


EXIT = [word(0xb7, 0), word(0x95)]


def refused_forms(suite):
    """Encodings that RFC 9669 reserves and Linux 6.18 refuses."""
    def refuse(name, about, code, *slots):
        suite.add(f"{name}", about, list(slots) + EXIT, error=code)

    for op in (0x8f, 0xff, 0x06 | 0x80, 0x9d, 0xe7, 0x20 | 0x18, 0xa0, 0xf5, 0x02 | 0x80):
        refuse(f"reserved-opcode-{op:02x}", f"there is no opcode 0x{op:02x}", "I001", word(op))
    for name, slot in {
        "add-imm-src": word(0x07, 0, 1, 0, 1), "add-imm-off": word(0x07, 0, 0, 1, 1),
        "add-reg-imm": word(0x0f, 0, 1, 0, 1), "add-reg-off": word(0x0f, 0, 1, 8),
        "add-32-imm-off": word(0x04, 0, 0, 2, 1), "neg-imm": word(0x87, 0, 0, 0, 1),
        "neg-src": word(0x87, 0, 1), "neg-off": word(0x87, 0, 0, 1),
        "div-off": word(0x3f, 0, 1, 2), "mod-off": word(0x9f, 0, 1, -1),
        "mov-imm-off": word(0xb7, 0, 0, 8, 1), "mov-reg-off": word(0xbf, 0, 1, 7),
        "mov-reg-imm": word(0xbf, 0, 1, 0, 1), "movsx-32-32": word(0xbc, 0, 1, 32),
        "movsx-imm": word(0xbf, 0, 1, 8, 1),
        "le-width": word(0xd4, 0, 0, 0, 8), "be-width": word(0xdc, 0, 0, 0, 0),
        "bswap-width": word(0xd7, 0, 0, 0, 48), "be-src": word(0xdc, 0, 1, 0, 16),
        "bswap-off": word(0xd7, 0, 0, 1, 16),
        "ldx-imm": word(0x79, 0, 1, 0, 1), "stx-imm": word(0x7b, 1, 2, 0, 1),
        "st-src": word(0x7a, 1, 2, 0, 1),
        "atomic-operation": word(0xdb, 10, 1, -8, 0x02), "atomic-sub": word(0xdb, 10, 1, -8, 0x10),
        "atomic-cmpxchg-no-fetch": word(0xdb, 10, 1, -8, 0xf0),
        "atomic-byte-add": word(0xc3 | SIZE["b"], 10, 1, -1, 0),
        "atomic-half-add": word(0xc3 | SIZE["h"], 10, 1, -2, 0),
        "acquire-release-number": word(0xdb, 10, 1, -8, 0x120),
        "jump-always-imm": word(0x05, 0, 0, 0, 1), "jump-always-dst": word(0x05, 1),
        "jump-always-src": word(0x05, 0, 1), "gotol-off": word(0x06, 0, 0, 1, 0),
        "jump-reg-imm": word(0x1d, 0, 1, 0, 1), "jump-imm-src": word(0x15, 0, 1, 0, 1),
        "may-goto-imm": word(0xe5, 0, 0, 0, 1), "may-goto-src": word(0xe5, 0, 1),
        "exit-imm": word(0x95, 0, 0, 0, 1), "exit-dst": word(0x95, 1),
        "exit-src": word(0x95, 0, 1), "exit-off": word(0x95, 0, 0, 1),
        "call-dst": word(0x85, 1, 0, 0, 1), "call-src": word(0x85, 0, 3, 0, 1),
        "call-helper-off": word(0x85, 0, 0, 1, 5), "packet-dst": word(0x30, 1),
        "packet-off": word(0x30, 0, 0, 1),
    }.items():
        refuse(f"reserved-{name}", f"a reserved field: {name}", "I002", slot)
    refuse("reserved-lddw-src", "lddw with a source that means nothing", "I002",
           word(0x18, 0, 7), 0)
    refuse("reserved-lddw-off", "lddw with an offset", "I002", word(0x18, 0, 0, 1), 0)
    for name, high in {"opcode": word(0xb7), "dst": word(0, 1), "src": word(0, 0, 1),
                       "off": word(0, 0, 0, 1)}.items():
        refuse(f"reserved-lddw-second-{name}", f"lddw's second slot has {name}", "I006",
               word(0x18), high)
    suite.add("reserved-lddw-cut", "lddw without its second slot", [word(0x18)], error="I005")
    for reg in (11, 15):
        refuse(f"register-{reg}-dst", f"there is no r{reg}", "I003", word(0xb7, reg))
        refuse(f"register-{reg}-src", f"there is no r{reg}", "I003", word(0xbf, 0, reg))
        refuse(f"register-{reg}-base", f"there is no r{reg}", "I003", word(0x79, 0, reg))
    refuse("register-r10-mov", "r10 is read-only", "I004", word(0xb7, 10))
    refuse("register-r10-add", "r10 is read-only", "I004", word(0x07, 10, 0, 0, 8))
    refuse("register-r10-ldx", "r10 is read-only", "I004", word(0x79, 10, 10, -8))
    refuse("register-r10-fetch", "r10 is read-only", "I004", word(0xdb, 1, 10, 0, 0x01))


def refused_flow(suite):
    for name, about, code, slots in (
        ("jump-beyond-end", "a jump beyond the end", "I011", [word(0x05, off=7)] + EXIT),
        ("jump-before-start", "a jump before the start", "I011", [word(0x05, off=-12)] + EXIT),
        ("jump-conditional-out", "a conditional jump beyond the end", "I011",
         [word(0x15, 1, 0, 9, 0)] + EXIT),
        ("jump-far-out", "a 32-bit jump beyond the end", "I011",
         [word(0x06, imm=1 << 20)] + EXIT),
        ("jump-into-lddw", "a jump into the middle of lddw", "I012",
         [word(0x05, off=1), word(0x18), 0] + EXIT),
        ("jump-falls-off", "no exit at the end", "I013", [word(0xb7)]),
        ("jump-falls-off-branch", "a conditional jump at the end", "I013",
         [word(0xb7), word(0x15, 0, 0, -2)]),
        ("call_local-out", "a call beyond the end", "I010", [word(0x85, 0, 1, 0, 9)] + EXIT),
        ("call_local-before", "a call before the start", "I010",
         [word(0x85, 0, 1, 0, -9)] + EXIT),
        ("call_local-into-lddw", "a call into the middle of lddw", "I010",
         [word(0x85, 0, 1, 0, 3)] + EXIT + [word(0x18), 0] + EXIT),
    ):
        suite.add(name, about, slots, error=code)


def faults(suite):
    """Programs that may be loaded by skep and are stopped when they do it."""
    mem = bytes(16)

    def fault(name, about, code, p, mem=None):
        suite.add(f"fault-{name}", about, p.exit(), error=code, mem=mem)

    for size, n in (("b", 1), ("h", 2), ("w", 4), ("dw", 8)):
        # 8 bytes behind the memory may be a judge's own
        fault(f"memory-end-{size}", "beyond the given memory", "R002",
              Program().load(size, 0, 1, 17 - n if n > 1 else 24), mem)
        fault(f"stack-end-{size}", "one byte above the stack", "R002",
              Program().mov(0, 0).store_imm(size, 10, 1 - n, 0))
        fault(f"stack-start-{size}", "one byte below the stack", "R008",
              Program().mov(0, 0).store_imm(size, 10, -513, 0))
    fault("memory-start", "one byte before the given memory", "R003",
          Program().load("b", 0, 1, -1), mem)
    fault("null", "a load from NULL", "R001", Program().mov(3, 0).load("dw", 0, 3, 8))
    fault("wild", "a load from nowhere", "R004",
          Program().lddw(3, 0xdead00000000beef).load("dw", 0, 3))
    fault("wild-store", "a store to nowhere", "R004",
          Program().mov(0, 0).lddw(3, 0x7fff00000000).store_imm("dw", 3, 0, 1))
    fault("atomic-null", "an atomic operation on NULL", "R001",
          Program().mov(0, 0).mov(3, 0).atomic("add", 3, 0, 0))
    p = Program().call("f").load("dw", 0, 0, 0).exit().label("f").store_imm("dw", 10, -8, 1)
    fault("dead-frame", "a pointer to the frame of a function that returned", "R008",
          p.mov(0, reg=10).alu("add", 0, -8))
    p = Program().mov(1, 0).call("f").exit().label("f").call("f")
    fault("recursion", "more than eight frames", "X006", p)
    p = Program().mov(0, 0).label("ever").alu("add", 0, 1).ja("ever")
    fault("endless", "a loop without end", "X007", p)
