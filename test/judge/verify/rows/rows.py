#!/usr/bin/env python3
"""rows.py FILE [MOST]: programs as rows of assembly, made C for clang's BPF target

    | C            the line as it is
    $name = TEXT   a piece of rows, written $name there
    @ SECTION      of the rows below
    NAME: INSN; INSN ...            a program; lines that begin with a tab continue it
    static NAME: INSN; ...          a function; `call NAME`

{a ~ b} stands for either: a row with such is as many programs as there are combinations,
NAME_0, NAME_1 and so on; of a row's only MOST, spread evenly. L1 is a label of the row.
"""
import itertools
import re
import sys


def rows(lines):
    """Whole rows: continuations joined, comments out."""
    out = []
    for line in lines:
        line = line.rstrip('\n')
        if line.startswith('\t') and out:
            out[-1] += ' ' + line.strip()
        elif line.strip() and not line.startswith('#'):
            out.append(line)
    return out


def expand(text, pieces):
    while '$' in text:
        text = re.sub(r'\$(\w+)', lambda m: pieces[m[1]], text)
    return text


def choices(text):
    """The row's programs, numbered."""
    parts = re.split(r'\{([^{}]*)\}', text)
    sets = [p.split('~') if i & 1 else [p] for i, p in enumerate(parts)]
    for number, choice in enumerate(itertools.product(*sets)):
        yield number, ''.join(s.strip(' ') if i & 1 else s for i, s in enumerate(choice))


def some(all_of_them, most):
    step = max(1, -(-len(all_of_them) // most))
    # a step that shares a factor with a choice's size would leave its others out
    while step > 1 and any(step % p == 0 for p in (2, 3, 5, 7)):
        step += 1
    return all_of_them[::step]


def emit(name, body, section, label):
    body = re.sub(r'\bL(\d+)\b', lambda m: f'.L{label}_{m[1]}', body)
    body = re.sub(r'\+ -(?=\d)', '- ', body)
    asm = ''.join(f'"{i.strip()};" ' for i in body.split(';') if i.strip())
    if section is None:
        print(f'static __naked __used long {name}(void) {{ asm volatile({asm}); }}')
    else:
        print(f'SEC("{section}") __naked int {name}(void) {{ asm volatile({asm}); }}')


def main(path, most=1 << 30):
    pieces, section = {}, 'socket'
    print('#include "rows.h"')
    for n, row in enumerate(rows(open(path))):
        if row[0] == '|':
            print(row[1:])
        elif row[0] == '@':
            section = row[1:].strip()
        elif row[0] == '$':
            key, text = row[1:].split('=', 1)
            pieces[key.strip()] = text.strip()
        else:
            name, body = row.split(':', 1)
            static = name.startswith('static ')
            name = name.replace('static ', '').strip()
            programs = list(choices(expand(body, pieces)))
            for i, text in programs if static else some(programs, int(most)):
                emit(name + (f'_{i}' if len(programs) > 1 else ''), text,
                     None if static else section, f'{n}_{i}')


main(*sys.argv[1:])
