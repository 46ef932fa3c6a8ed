#!/usr/bin/env python3
"""layers.py SOURCE_ROOT BUILD_DIR - a forbidden include does not compile

For each pair of layers in meson.build's table: a file that includes a header of the other
layer, compiled with the very flags that the build uses for the first, must compile where
the table allows it and find no such header where it does not.
"""
import json
import os
import re
import shlex
import subprocess
import sys


def table(root):
    """The rows of meson.build, and shim and command, which have lists of their own."""
    text = open(root + '/meson.build').read()
    rows = re.findall(r"^\s*\['(\w+)',\s*'([\w/]+)',\s*\[(.*?)\]\],", text, re.M)
    for name in 'shim', 'tool':
        own = open(root + '/src/%s/meson.build' % name).read()
        own = re.search(r"foreach below : \[(.*?)\]", own)
        rows.append((name, 'src/' + name, own.group(1)))
    return {name: (folder, re.findall(r"'(\w+)'", sees)) for name, folder, sees in rows}


def headers(root, layers):
    """Each layer's headers, without names that two layers share."""
    found = {name: sorted(h for h in os.listdir(os.path.join(root, folder))
                          if h.endswith('.h'))
             for name, (folder, _) in layers.items()}
    every = [h for hs in found.values() for h in hs]
    return {name: [h for h in hs if every.count(h) == 1] for name, hs in found.items()}


def flags(root, build, folder):
    """The compiler and its options for the sources of a folder; None: it has none."""
    for entry in json.load(open(build + '/compile_commands.json')):
        source = os.path.normpath(os.path.join(entry['directory'], entry['file']))
        if os.path.dirname(source) == os.path.normpath(os.path.join(root, folder)):
            words = shlex.split(entry['command'])
            outputs = ('-o', '-MF', '-MQ', '-c', '-MD')
            drop = [i for i, w in enumerate(words) if w in outputs]
            skip = {i for i in drop} | {i + 1 for i in drop if words[i] != '-MD'}
            return [w for i, w in enumerate(words) if i not in skip], entry['directory']
    return None


def source(headers):
    return ''.join('#include "%s"\n' % h for h in headers)


def complaint(command, directory, headers, how):
    """What the compiler says against a file that includes them, or ''."""
    command = command + [how, '-fdiagnostics-color=never', '-xc', '-']
    r = subprocess.run(command, cwd=directory, text=True, input=source(headers),
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return r.stderr if r.returncode else ''


def found(command, directory, headers):
    """The files that includes of these names reach, whole paths: a system header may
    share a name. What is not found is no error."""
    r = subprocess.run(command + ['-M', '-MG', '-xc', '-'], cwd=directory, text=True,
                       input=source(headers), stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL)
    return {os.path.normpath(os.path.join(directory, path))
            for path in re.findall(r'[^\s\\]+', r.stdout)}


def check(root, layers, own, name, command, directory):
    """The faults of one layer, and the number of includes tried: each of its own headers
    alone, what all that it may see includes in turn, and which are found at all."""
    faults = []
    allowed = [other for other in own if other == name or other in layers[name][1]]
    for header in own[name]:
        said = complaint(command, directory, [header], '-fsyntax-only')
        if said:
            faults.append('%s: %s does not compile alone:\n%s' % (name, header, said))
    said = complaint(command, directory, [h for o in allowed for h in own[o]], '-M')
    if said:
        faults.append('%s may see what includes something it may not:\n%s' % (name, said))
    seen = found(command, directory, [h for hs in own.values() for h in hs])
    for other, hs in own.items():
        for header in hs:
            path = os.path.normpath(os.path.join(root, layers[other][0], header))
            if (path in seen) != (other in allowed):
                faults.append('%s %s see %s, but %s %s' % (
                    name, 'may' if other in allowed else 'must not', other,
                    'does not find' if other in allowed else 'finds', header))
    return faults, sum(map(len, own.values()))


def main(root, build):
    layers = table(root)
    own = headers(root, layers)
    faults, total, empty = [], 0, []
    for name, (folder, _) in layers.items():
        how = flags(root, build, folder)
        if not how:
            empty.append(name)
            continue
        more, tried = check(root, layers, own, name, *how)
        faults += more
        total += tried
    print('\n'.join(faults))
    print('%d includes tried in %d layers; without sources: %s'
          % (total, len(layers) - len(empty), ', '.join(empty) or 'none'))
    return 1 if faults or not total else 0


os.environ['LC_ALL'] = 'C'
sys.exit(main(*map(os.path.abspath, sys.argv[1:3])))
