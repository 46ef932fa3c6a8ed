#!/usr/bin/env python3
"""abi_pairs.py - what of include/skep/abi.h must equal what of the kernel's header

usage: abi_pairs.py OUT INCLUDE_DIR CC...              against <linux/bpf.h>
       abi_pairs.py --btf DUMP OUT INCLUDE_DIR CC...   against a dump of BTF as C

Reads both sides with a small parser of C declarations, maps names (SKEP_X is BPF_X or X,
struct skep_x is struct bpf_x, __x or x) and writes the rows that test_abi.c expands:

    SAME_VALUE(ours, theirs)              enumerators and macros
    SAME_FIELD(type, theirs, field)       offset and size; SAME_OFFSET: offset alone
    SAME_SIZE(type, theirs)               types of which neither side has more fields
    ABSENT("name")                        theirs, and missing in ours

With --btf the matched types are first written out as text, because a whole dump cannot be
compiled beside the C library's headers.
"""
import re
import subprocess
import sys

THEIR_HEADERS = ['linux/bpf.h', 'linux/btf.h', 'linux/bpf_perf_event.h', 'asm/ptrace.h']

# Macros and enumerators of <linux/bpf.h> that are no part of the ABI.
NO_ABI = re.compile(r'BPF_(CLASS|SIZE|MODE|OP|SRC|RVAL|MISCOP|MAXINSNS|FROM_LE|FROM_BE'
                    r'|A|TAX|TXA|F_REDIRECT_FLAGS|REG_\d+|F_LINK|TCP_MAX_STATES)$')
NO_ABI_TYPE = {'bpf_lpm_trie_key'}  # deprecated for bpf_lpm_trie_key_u8
# Types whose kernel form differs from the one that programs are promised.
NO_BTF = {'skep_perf_event_data', 'skep_pt_regs'}


def tokens(text):
    text = re.sub(r'/\*.*?\*/|//[^\n]*|^\s*#[^\n]*', ' ', text, flags=re.S | re.M)
    text = re.sub(r'__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)', ' ', text)
    return re.findall(r'\w+|[^\s\w]', text)


class Side:
    """The types, enumerators and macros of one side. `whole`: a header, all of it ABI."""

    def __init__(self, text, macros='', whole=False):
        self.whole = whole
        self.types, self.text, self.values = {}, {}, {}
        self.tok, self.at = tokens(text), 0
        while self.at < len(self.tok):
            self.declaration()
        for name, value in re.findall(r'^#define (\w+) (.+)$', macros, re.M):
            self.values.setdefault(name, name)

    def take(self):
        self.at += 1
        return self.tok[self.at - 1]

    def declaration(self):
        start, kind = self.at, self.take()
        if kind == 'enum':
            if self.tok[self.at] != '{':
                self.take()
            if self.at < len(self.tok) and self.tok[self.at] == '{':
                self.enumerators()
        elif kind in ('struct', 'union') and self.tok[self.at + 1] == '{':
            tag = self.take()
            self.types[tag] = (kind, self.body())
            self.text[tag] = ' '.join(self.tok[start:self.at]) + ';'

    def enumerators(self):
        self.take()
        while self.tok[self.at] != '}':
            name, value = self.take(), ''
            while self.tok[self.at] not in ',}':
                value += self.take()
            if self.tok[self.at] == ',':
                self.take()
            self.values[name] = value.lstrip('=') or name
        self.take()

    def body(self):
        """The fields of a struct or union as {path: dimensions or ':'}."""
        fields = {}
        self.take()
        while self.tok[self.at] != '}':
            kind, nested = self.tok[self.at], '{' in self.tok[self.at + 1:self.at + 3]
            if kind in ('struct', 'union') and nested:
                while self.tok[self.at] != '{':
                    self.take()
                inner = self.body()
                name = ''
                while self.tok[self.at] != ';':
                    name += self.take()
                name = re.match(r'\w*', name).group()
                prefix = name + '.' if name else ''
                fields.update({prefix + k: v for k, v in inner.items()})
                if name:
                    fields[name] = ''
            else:
                decl = []
                while self.tok[self.at] != ';':
                    decl.append(self.take())
                fields.update(declarators(decl))
            self.take()
        self.take()
        return fields


def declarators(decl):
    out = {}
    for part in ' '.join(decl).split(','):
        m = re.search(r'(\w+)\s*((?:\[[^]]*\]\s*)*|:\s*\w+\s*)$', part)
        if m and not re.match(r'[\s*]*(?:\w+\s*)?:', part):
            out[m.group(1)] = m.group(2).replace(' ', '')
    return out


def preprocess(cc, include, headers, flag):
    source = ''.join('#include <%s>\n' % h for h in headers)
    return subprocess.run(cc + ['-E', flag, '-I', include, '-xc', '-'], input=source,
                          text=True, check=True, stdout=subprocess.PIPE).stdout


def read_side(cc, include, headers):
    return Side(preprocess(cc, include, headers, '-P'),
                preprocess(cc, include, headers, '-dM'), True)


def first(names, table):
    return next((n for n in names if n in table), None)


def value_rows(ours, theirs):
    seen = set()
    for name in ours.values:
        if name.startswith('SKEP_'):
            n = name[5:]
            bare = n if re.match('XDP_|SK_|BTF_|TCX_|TCP_BPF_', n) else ''
            other = first(('BPF_' + n, bare), theirs.values)
            if other:
                seen.add(other)
                value = other if theirs.whole else theirs.values[other]
                yield 'SAME_VALUE(%s, %s)' % (name, value)
    for other in theirs.values:
        if theirs.whole and other.startswith('BPF_') and other not in seen \
                and not NO_ABI.match(other):
            yield 'ABSENT("%s")' % other


def type_rows(ours, theirs):
    seen = set(NO_ABI_TYPE)
    for tag, (kind, fields) in ours.types.items():
        n = tag[5:]
        other = first(('bpf_' + n, '__' + n, n), theirs.types)
        if not tag.startswith('skep_') or not other:
            continue
        seen.add(other)
        pair = '%s %s, %s %s' % (kind, tag, theirs.types[other][0], other)
        theirs_fields = {k.replace('__opaque', 'opaque'): v
                         for k, v in theirs.types[other][1].items()}
        if set(fields) == set(theirs_fields):
            yield 'SAME_SIZE(%s)' % pair
        for field, dims in fields.items():
            if field in theirs_fields and ':' not in dims and 'opaque' not in field:
                inner = [{k for k in side if k.startswith(field + '.')}
                         for side in (fields, theirs_fields)]
                open_ended = dims in ('[]', '[0]') or inner[0] != inner[1]
                row = 'SAME_OFFSET' if open_ended else 'SAME_FIELD'
                yield '%s(%s, %s)' % (row, pair, field)
        for field in set(theirs_fields) - set(fields):
            yield 'ABSENT("%s.%s")' % (other, field)
    for other in set(theirs.types) - seen:
        if theirs.whole and re.match('b[pt]f_', other):
            yield 'ABSENT("%s")' % other


def closure(theirs, tags):
    """The text of the types, those that they hold by value before them."""
    out, text = [], {}

    def visit(tag):
        if tag in out:
            return
        for need in re.findall(r'(?:struct|union) (\w+) (?!\*|\{)', theirs.text[tag]):
            if need in theirs.text and need != tag:
                visit(need)
        out.append(tag)
    for tag in tags:
        visit(tag)
    return [re.sub(r'\benum \w+', 'unsigned', theirs.text[t]) for t in out]


def main(argv):
    dump = None
    if argv[1] == '--btf':
        dump = argv.pop(2)
        argv.pop(1)
    out, include, cc = argv[1], argv[2], argv[3:]
    ours = read_side(cc, include, ['skep/abi.h'])
    if dump:
        theirs = Side(open(dump).read())
        for tag in NO_BTF:
            ours.types.pop(tag, None)
    else:
        theirs = read_side(cc, include, THEIR_HEADERS)
    rows = list(value_rows(ours, theirs)) + list(type_rows(ours, theirs))
    with open(out, 'w') as f:
        if dump:
            tags = set(re.findall(r', (?:struct|union) (\w+)[,)]', '\n'.join(rows)))
            f.write('#ifdef THEIR_TYPES\n%s\n#else\n' % '\n'.join(closure(theirs, sorted(tags))))
        f.write('\n'.join(rows) + '\n')
        if dump:
            f.write('#endif\n')


main(sys.argv)
