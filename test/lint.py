#!/usr/bin/env python3
"""lint.py [--rows] SOURCE_ROOT - the house rules that a machine can check

Prints each violation as file:line: sentence, then the lengths of functions. With --rows
only what ./check needs: each row of a .def table has its test. Exit code 1: violations.
"""
import os
import re
import shutil
import subprocess
import sys

# ---- the rules ----

FILE_MOST, HEADER_MOST, FUNCTION_MOST, NINTH_MOST = 1200, 250, 120, 40
COLUMNS = {'.c': 90, '.h': 90, '.py': 100}  # a tab has 8

# Headers that are long because an ABI is.
LONG_HEADERS = {'include/skep/abi.h', 'include/skep/abi_func.h'}

# Functions over FUNCTION_MOST: dispatchers, where one case a row is the clearest form.
DISPATCHERS = {'interp'}

# Names that may come more than once: one a folder by convention.
SHARED_NAMES = {'meson.build', 'msg.def', 'msg.h', 'README.md'}

# The one file that may allocate; the command may print and exit.
ALLOCATOR = 'src/base/mem.c'
BANNED = {
    r'(?:malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf)':
        "comes from base/mem.h (mem_alloc, mem_resize, mem_free) or an arena",
    r'(?:printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|perror|exit|_exit|abort)':
        "libskep never prints and never exits; use the log",
}

# Each row of TABLE that MACRO matches has what the test says: a file (glob), or the row's
# text in one of the files. {0}, {1}: the arguments of the macro.
ROWS = [
    ('src/isa/insn.def', '(?:ALU|SWAP|JMP|MEM|ATOM)', 'test/conformance/{0}-*.data', None),
    ('src/tool/cmd.def', 'CMD', 'test/data/cmd_{0}*.t', None),
    ('src/tool/doctor.def', 'CHECK', 'test/data/cmd_doctor*.t', r'{0} {1}\b'),
    ('src/engine/map/map.def', '(?:MAP|SAME)', 'test/*', r'(?:\b|_){0}\b|_MAP_TYPE_{1}\b'),
    ('src/engine/prog/type.def', 'TYPE', 'test/*', r'(?:\b|_){0}\b|PROG_TYPE_{1}\b'),
    ('src/engine/helper/helper.def', '(?:HELPER|FUNC)', 'test/*', r'\b(?:\w+_)?{0}\b'),
    ('src/engine/helper/helper_kfunc.def', 'KFUNC', 'test/*', r'\b(?:\w+_)?{0}\b'),
    ('src/engine/object/cmd.def', 'CMD', 'test/*', r'(?i:\b(?:\w+_)?{0}\b)'),
    ('src/engine/hook/hook.def', 'HOOK', 'test/*', r'\b(?:\w+_)?{0}\b'),
    ('src/btf/btf_kind.def', 'KIND', 'test/unit/*', r'(?i:\b(?:\w+_)?{0}\b)'),
]

# Paths of one machine; written so that this file does not hold one itself.
FORBIDDEN = re.compile(r'/work' r'/\w|/tmp' r'/\w+/\w')

# ---- files ----


def listed(root):
    """What git knows or would add; all files where the tree is a copy without git."""
    git = ['git', '-C', root, 'ls-files', '-co', '--exclude-standard']
    if shutil.which('git'):
        r = subprocess.run(git, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if not r.returncode:
            return r.stdout.split('\n')
    return [os.path.relpath(os.path.join(at, f), root) for at, _, fs in os.walk(root)
            for f in fs if not re.match('build', os.path.relpath(at, root))]


class Tree:
    def __init__(self, root):
        self.root, self.faults = root, []
        self.files = [f for f in listed(root) if os.path.isfile(os.path.join(root, f))]

    def fault(self, path, line, text):
        self.faults.append('%s:%d: %s' % (path, line, text))

    def named(self, pattern):
        regex = re.compile('.*'.join(map(re.escape, pattern.split('*'))) + '$')
        return [f for f in self.files if regex.match(f)]

    def ending(self, *ends):
        return [f for f in self.files if f.endswith(ends)]

    def text(self, path):
        with open(os.path.join(self.root, path), errors='replace') as f:
            return f.read()


def bare(text):
    """C without comments and strings, with the same lines."""
    def blank(m):
        return re.sub(r'[^\n]', ' ', m.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  blank, text, flags=re.S)


# ---- checks ----


def functions(text):
    """(name, line, lines between the braces) of each function: braces in column 0."""
    lines = bare(text).split('\n')
    start = None
    for i, line in enumerate(lines):
        if line == '{':
            start = i
        elif line.startswith('}') and start is not None:
            head = ' '.join(lines[max(0, start - 4):start])
            names = re.findall(r'(\w+)\s*\((?!.*;)', head.split('}')[-1].split(';')[-1])
            if names and line.strip() == '}':
                yield names[0], start, i - start - 1
            start = None


def check_functions(t):
    lengths = []
    for path in t.ending('.c', '.h'):
        if path.startswith(('src/', 'include/')):
            for name, line, n in functions(t.text(path)):
                lengths.append((n, path, line, name))
                if n > FUNCTION_MOST and name not in DISPATCHERS:
                    t.fault(path, line, '%s() has %d lines, %d at most; split it, or name '
                            'it in DISPATCHERS of test/lint.py' % (name, n, FUNCTION_MOST))
    lengths.sort()
    if not lengths:
        return
    median, ninth = lengths[len(lengths) // 2], lengths[len(lengths) * 9 // 10]
    if ninth[0] > NINTH_MOST:
        for n, path, line, name in lengths[len(lengths) * 9 // 10:]:
            t.fault(path, line, '%s() has %d lines; nine in ten have %d at most'
                    % (name, n, NINTH_MOST))
    print('%d functions: median %d lines, nine in ten %d, longest %d (%s)' % (
        len(lengths), median[0], ninth[0], lengths[-1][0], lengths[-1][3]))


def check_files(t):
    places = {}
    for path in t.ending('.c', '.h', '.def', '.py', '.sh'):
        n, name = t.text(path).count('\n'), os.path.basename(path)
        header = path.endswith('.h') and path not in LONG_HEADERS
        most = HEADER_MOST if header else FILE_MOST
        if n > most:
            t.fault(path, most, 'the file has %d lines, %d at most' % (n, most))
        # A public header may share its name with the layer's own; a subcommand's file is
        # named by cmd.def, a JIT target's by what it does.
        if name not in SHARED_NAMES and '/jit/' not in path \
                and not path.startswith(('include/', 'src/tool/')):
            if name in places:
                t.fault(path, 1, 'another file has this name: ' + places[name])
            places[name] = path


def check_columns(t):
    for path in t.ending(*COLUMNS):
        table, most = False, COLUMNS[os.path.splitext(path)[1]]
        for i, line in enumerate(t.text(path).split('\n'), 1):
            if 'clang-format o' in line:
                table = 'clang-format off' in line
            if path.endswith(('.c', '.h')):
                line = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)  # texts stay whole, for grep
            n = len(line.expandtabs(8))
            if not table and n > most:
                t.fault(path, i, '%d columns, %d at most' % (n, most))


def check_banned(t):
    for path in t.ending('.c', '.h'):
        if not re.match('src/(?!tool/)', path) or path == ALLOCATOR:
            continue
        for i, line in enumerate(bare(t.text(path)).split('\n'), 1):
            for names, why in BANNED.items():
                m = re.search(r'(?<![\w.>])(%s)\s*\(' % names, line)
                if m:
                    t.fault(path, i, '%s(): %s' % (m.group(1), why))
            if re.match(r'static (?!.*\bconst\b)(?!_Thread_local)[^()]*(?:=|;)', line):
                t.fault(path, i, 'a mutable global; state hangs on an object')


def check_skips(t):
    for path in t.named('test/*.c'):
        for i, line in enumerate(bare(t.text(path)).split('\n'), 1):
            if re.search(r'\bskip\(\)', line) and not path.endswith('/skip.h'):
                t.fault(path, i, 'skip() without a reason; test_skip(), test/unit/skip.h')


def check_words(t):
    for path in t.files:
        for i, line in enumerate(t.text(path).split('\n'), 1):
            if FORBIDDEN.search(line):
                t.fault(path, i, 'a path of the machine that it was written on')


def check_codes(t):
    codes = {}
    for path in t.ending('msg.def'):
        for i, line in enumerate(t.text(path).split('\n'), 1):
            for code in re.findall(r'MSG\(\w+,\s*"(\w+)"', line):
                if code in codes:
                    t.fault(path, i, 'code %s is taken by %s' % (code, codes[code]))
                codes.setdefault(code, '%s:%d' % (path, i))


def check_format(t):
    tool = shutil.which('clang-format-14') or shutil.which('clang-format')
    if not tool:
        print('clang-format is not installed, the format was not checked')
        return
    for path in t.ending('.c', '.h'):
        r = subprocess.run([tool, '-n', path], cwd=t.root, text=True,
                           stderr=subprocess.PIPE)
        lines = re.findall(r':(\d+):\d+: warning', r.stderr)
        if lines:
            t.fault(path, int(lines[0]), 'not formatted, %d places; make format'
                    % len(lines))


def check_rows(t):
    tried = 0
    for table, macro, pattern, names in ROWS:
        if table not in t.files:
            continue
        rows = re.finditer(r'^%s\(\s*(\w+)(?:,\s*(\w+))?' % macro, t.text(table), re.M)
        for row in rows:
            line = t.text(table)[:row.start()].count('\n') + 1
            args = [a or '' for a in row.groups()]
            files = t.named(pattern.format(*args))
            tried += 1
            if names:
                regex = re.compile(names.format(*args))
                files = [f for f in files if regex.search(t.text(f))]
            if not files:
                t.fault(table, line, 'row %s has no test: %s%s' % (
                    args[0], pattern.format(*args),
                    ' that has ' + names.format(*args) if names else ''))
    print('%d rows of .def tables were looked up' % tried)


def main(argv):
    rows_only = '--rows' in argv
    # without a root the tree that this file is in
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    roots = [a for a in argv[1:] if a != "--rows"] or [here]
    t = Tree(os.path.abspath(roots[-1]))
    checks = [check_rows] if rows_only else [
        check_functions, check_files, check_columns, check_banned, check_skips,
        check_words, check_codes, check_rows, check_format]
    for check in checks:
        check(t)
    print('\n'.join(t.faults))
    print('%d violations' % len(t.faults))
    return 1 if t.faults else 0


sys.exit(main(sys.argv))
