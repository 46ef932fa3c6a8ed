#!/usr/bin/env python3
"""bpftool.py SKEP HAVE_BPF SOURCE_DIR: what `skep map|prog|btf|link -j` write of the
kernel's objects is what bpftool writes of them.

As root: one object file is loaded by bpftool, its objects are asked for by both. Where we
differ on purpose (plain() says how) both are made alike first. A line for each comparison,
as HACKING.md has it."""
import glob, json, os, shutil, subprocess, sys, tempfile

skep, have_bpf, source = sys.argv[1:4]
os.environ['PATH'] += ':/usr/sbin:/sbin'
failed = False


def skip(why):
    print('SKIP: ' + why)
    sys.exit(77)


def run(*args, check=True):
    p = subprocess.run(args, capture_output=True, text=True, errors='replace')
    if check and p.returncode:
        sys.exit('%s: %d: %s' % (' '.join(args), p.returncode, p.stderr or p.stdout))
    return p.stdout


def theirs(*args):
    # bpftool forgets to escape backslashes and writes a new line for \" in sources
    # and exits with 244 for maps that cannot be walked
    return json.loads(run('bpftool', '-j', *args, check=False), strict=False)


def ours(*args):
    return json.loads(run(skep, *args, '-j', '--on', 'kernel'))


def say(name, good, what=''):
    global failed
    failed |= not good
    print('PASS ' + name if good else 'FAIL %s: %s' % (name, what))


def same(name, a, b):
    say(name, a == b, '\n  skep    %s\n  bpftool %s' % (json.dumps(a)[:3000], json.dumps(b)[:3000]))


def number(text):
    """Bit fields are "0x2" there and 2 here, pointers "0x0" here and 0 there."""
    try:
        return int(text, 16) if text.startswith('0x') else text
    except ValueError:
        return text


def plain(v):
    """Members without a name are in an object "" there; here they stand where C has them.
    Global variables are in {".bss": [{...}]} there."""
    if isinstance(v, list):
        return [plain(x) for x in v]
    if isinstance(v, str):
        return number(v)
    if not isinstance(v, dict):
        return v
    if len(v) == 1 and list(v)[0].startswith('.'):
        v = {k: x for one in list(v.values())[0] for k, x in one.items()}
    out = {}
    for k, x in v.items():
        out.update(plain(x) if k == '' else {k: plain(x)})
    return out


def sorted_by(items, key='id'):
    return sorted(items, key=lambda item: json.dumps(item[key]))


def without(items, *keys):
    return [{k: v for k, v in item.items() if k not in keys} for item in items]


def check_maps(pins):
    for path in sorted(glob.glob(pins + '/*')):
        name = os.path.basename(path)
        same('map-show-' + name, ours('map', 'show', 'pinned', path),
             theirs('map', 'show', 'pinned', path))
        mine, other = (sorted_by(plain(f('map', 'dump', 'pinned', path)), 'key')
                       for f in (ours, theirs))
        same('map-dump-' + name, mine, other)
    element = ['pinned', pins + '/h', 'key', '11', '0', '0', '0']
    same('map-lookup', plain(ours('map', 'lookup', *element)), plain(theirs('map', 'lookup', *element)))
    key = ['pinned', pins + '/pc', 'key', '0', '0', '0', '0']
    same('map-getnext', ours('map', 'getnext', *key), theirs('map', 'getnext', *key))
    # its list gives maps without BTF that of the map before; `map show` does not
    same('map-list', *(without(in_both(f('map', 'list')), 'btf_id') for f in (ours, theirs)))


def in_both(items):
    """Others create and remove objects meanwhile: only what is ours and pinned here."""
    return sorted_by([i for i in items if i['id'] in mine_ids])


def check_prog(path, packet):
    at = ['pinned', path]
    mine_ids.add(theirs('prog', 'show', *at)['id'])
    # loaded_at is computed from two clocks
    mine, other = ours('prog', 'show', *at), theirs('prog', 'show', *at)
    say('prog-show-time', abs(mine.pop('loaded_at') - other.pop('loaded_at')) <= 1)
    same('prog-show', mine, other)
    same('prog-list', *(without(in_both(f('prog', 'list')), 'loaded_at') for f in (ours, theirs)))
    for more in ([], ['opcodes'], ['linum']):
        dump = ['prog', 'dump', 'xlated'] + at + more
        mine, other = code(ours(*dump)), code(theirs(*dump))
        say('prog-dump-xlated-' + ''.join(more or ['plain']), mine == other,
            str([x for x in zip(mine, other) if x[0] != x[1]][:3]))
    dump = ['dump', 'xlated'] + at + ['file']
    for tool, out in ((skep, 'mine'), ('bpftool', 'theirs')):
        run(tool, 'prog', *dump, packet + out)
    say('prog-dump-file', open(packet + 'mine', 'rb').read() == open(packet + 'theirs', 'rb').read())
    runs = ['prog', 'run'] + at + ['data_in', packet, 'data_out', '-', 'repeat', '1']
    mine, other = ours(*runs), theirs(*runs)
    say('prog-run', mine['data_out'] == bytes_of(packet) and other['retval'] < mine['retval'] + 20, str(mine))


def bytes_of(path):
    return ['0x%02x' % b for b in open(path, 'rb').read()]


def code(dump):
    """"int x(void * ctx)" there; and a quote in a source line is written \\n\"."""
    for one in dump:
        if 'proto' in one:
            one['proto'] = one['proto'].replace(' ', '')
        if 'src' in one:
            one['src'] = one['src'].replace('\n"', '\\"')
    return dump


mine_ids = set()


def main():
    why = subprocess.run([have_bpf], capture_output=True, text=True)
    if why.returncode:
        skip(why.stdout.strip())
    if os.geteuid():
        skip('bpftool needs root')
    for tool, package in (('bpftool', 'bpftool'), ('clang', 'clang')):
        if not shutil.which(tool):
            skip('%s is not installed (Debian: %s)' % (tool, package))
    if not os.path.ismount('/sys/fs/bpf'):
        skip('/sys/fs/bpf is not mounted')
    pins = tempfile.mkdtemp(dir='/sys/fs/bpf', prefix='skep_judge_')
    with tempfile.TemporaryDirectory() as tmp:
        try:
            judge(tmp, pins)
        finally:
            shutil.rmtree(pins)
    sys.exit(failed)


def judge(tmp, pins):
    obj, prog, maps = tmp + '/tool.o', pins + '/prog', pins + '/maps'
    run('clang', '-O2', '-g', '-target', 'bpf', '-c', source + '/bpf/tool.bpf.c', '-o', obj)
    run('bpftool', 'prog', 'load', obj, prog, 'pinmaps', maps)
    packet = tmp + '/packet'
    with open(packet, 'wb') as f:
        f.write(bytes(range(64)))
    run('bpftool', 'prog', 'run', 'pinned', prog, 'data_in', packet)
    run('bpftool', 'map', 'update', 'pinned', maps + '/pa', 'key', '1', '0', '0', '0', 'value', 'pinned', prog)
    for path in glob.glob(maps + '/*'):
        mine_ids.add(theirs('map', 'show', 'pinned', path)['id'])
    check_maps(maps)
    check_prog(prog, packet)


main()
