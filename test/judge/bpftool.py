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
clang = next(filter(shutil.which, ('clang', 'clang-19', 'clang-14')), None)


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
    lists = ours('map', 'list', '--bpffs'), theirs('--bpffs', 'map', 'list')
    same('map-list-bpffs', *(without(in_both(one), 'btf_id') for one in lists))
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


def check_btf(tmp, prog, maps):
    at = theirs('prog', 'show', 'pinned', prog)['btf_id']
    lists = [f('btf', 'list', 'id', str(at)) for f in (ours, theirs)]
    for one in lists:
        one['map_ids'].sort()
    same('btf-list', *lists)
    for name, source in (('prog', ['prog', 'pinned', prog]), ('vmlinux', ['id', '1']),
                         ('map', ['map', 'pinned', maps + '/h', 'kv'])):
        mine, other = (values(f('btf', 'dump', *source)['types']) for f in (ours, theirs))
        say('btf-dump-raw-' + name, mine == other and len(mine) > 0,
            str([x for x in zip(mine, other) if x[0] != x[1]][:2]))
    check_header(tmp, 'prog', ['prog', 'pinned', prog])
    for path in sorted(glob.glob('/sys/kernel/btf/vmlinux')):
        check_header(tmp, os.path.basename(path), ['file', path])


def values(types):
    """Enumerators that are not signed are extended as if they were, there."""
    for t in types:
        for v in t.get('values', []):
            v['val'] &= 0xffffffff if t['kind'] == 'ENUM' else ~0
    return types


def check_header(tmp, name, source):
    """The header compiles, and each struct has the size that the types say, each member
    the offset; bit fields are compared in the types that clang makes of it."""
    types = {t['id']: t for t in theirs('btf', 'dump', *source)['types']}
    types = {i: t for i, t in types.items() if t['name'] != '(anon)'}
    tags = [t for t in types.values() if t['kind'] in ('STRUCT', 'UNION')]
    count = {}
    for t in types.values():
        if t['kind'] in ('STRUCT', 'UNION', 'ENUM', 'ENUM64'):
            count[t['name']] = count.get(t['name'], 0) + 1
    header, c, obj = (tmp + '/' + name + end for end in ('.h', '.c', '.o'))
    with open(header, 'w') as f:
        f.write(run(skep, 'btf', 'dump', *source, 'format', 'c', '--on', 'kernel'))
    asserts = fields = 0
    with open(c, 'w') as f:
        f.write('#define BPF_NO_PRESERVE_ACCESS_INDEX\n#include "%s"\n' % header)
        for t in tags:
            word = '%s %s' % (t['kind'].lower(), t['name'])
            if count[t['name']] > 1:
                continue
            f.write('_Static_assert(sizeof(%s) == %d, "%s");\n' % (word, t['size'], word))
            asserts += 1
            for m in t['members']:
                if m['name'] == '(anon)' or 'bitfield_size' in m:
                    continue
                f.write('_Static_assert(__builtin_offsetof(%s, %s) == %d, "%s.%s");\n' % (
                    word, m['name'], m['bits_offset'] // 8, word, m['name']))
                asserts += 1
            if any('bitfield_size' in m for m in t['members']):
                f.write('%s field_%d;\n' % (word, fields))
                fields += 1
    p = subprocess.run([clang, '-target', 'bpf', '-g', '-O2', '-Wall', '-Werror', '-c', c, '-o', obj],
                       capture_output=True, text=True)
    say('btf-header-%s' % name, not p.returncode, p.stderr[:3000])
    print('# %s: %d sizes and offsets, %d structs with bit fields' % (name, asserts, fields), file=sys.stderr)
    if not p.returncode:
        check_fields(name, obj, tags, count)


def check_fields(name, obj, tags, count):
    made = {t['name']: t for t in theirs('btf', 'dump', 'file', obj)['types']
            if t['kind'] in ('STRUCT', 'UNION')}
    for t in tags:
        fields = bit_fields(t)
        if count[t['name']] == 1 and fields:
            if t['name'] not in made or bit_fields(made[t['name']]) != fields:
                say('btf-bits-%s' % name, False, '%s: %s, not %s' % (
                    t['name'], bit_fields(made.get(t['name'], {'members': []})), fields))
                return
    say('btf-bits-%s' % name, True)


def bit_fields(t):
    return [(m['name'], m['bits_offset'], m['bitfield_size']) for m in t['members'] if 'bitfield_size' in m]


def check_writes(tmp, pins):
    """What one has written the other reads."""
    kinds = {'hash': 'key 4 value 8', 'lru_percpu_hash': 'key 4 value 8', 'lpm_trie': 'key 8 value 4 flags 1',
             'queue': 'value 4', 'stack': 'value 4', 'bloom_filter': 'value 4'}
    for kind, sizes in kinds.items():
        path = '%s/%s' % (pins, kind)
        run(skep, 'map', 'create', path, 'type', kind, *sizes.split(), 'entries', '4', 'name', kind, '--on', 'kernel')
        at = ['pinned', path]
        mine_ids.add(theirs('map', 'show', *at)['id'])
        same('map-create-' + kind, ours('map', 'show', *at), theirs('map', 'show', *at))
        if 'key' not in sizes:
            run(skep, 'map', 'push', *at, 'value', '0x01020304', '--on', 'kernel')
            if kind != 'bloom_filter':
                same('map-peek-' + kind, ours('map', 'peek', *at), theirs('map', 'peek', *at))
                same('map-pop-' + kind, ours('map', 'pop', *at)['value'], ['0x%02x' % b for b in (4, 3, 2, 1)])
            continue
        key = ['key', 'hex', '08', '00', '00', '00'] + ['0a', '00', '00', '00'] * (kind == 'lpm_trie')
        value = ['value', 'hex', 'ff', '00', '01', '02'] + ['00', '00', '00', '80'] * (kind != 'lpm_trie')
        run(skep, 'map', 'update', *at, *key, *value, '--on', 'kernel')
        same('map-update-' + kind, ours('map', 'dump', *at), theirs('map', 'dump', *at))
        run(skep, 'map', 'delete', *at, *key, '--on', 'kernel')
        same('map-delete-' + kind, [], theirs('map', 'dump', *at))
    prog, array, outer = pins + '/prog', pins + '/maps/pa', pins + '/outer'
    run(skep, 'map', 'update', 'pinned', array, 'key', '0', 'value', 'pinned', prog, '--on', 'kernel')
    same('map-update-prog', ours('map', 'dump', 'pinned', array), theirs('map', 'dump', 'pinned', array))
    run(skep, 'map', 'create', outer, 'type', 'hash_of_maps', 'key', '4', 'value', '4', 'entries', '2',
        'name', 'outer', 'inner_map', 'pinned', pins + '/hash', '--on', 'kernel')
    run(skep, 'map', 'update', 'pinned', outer, 'key', '1', 'value', 'pinned', pins + '/hash', '--on', 'kernel')
    same('map-update-map', ours('map', 'dump', 'pinned', outer), theirs('map', 'dump', 'pinned', outer))
    obj = compiled(tmp, 'tool_link')
    run(skep, 'prog', 'loadall', obj, pins + '/all', '--on', 'kernel')
    for name in ('on_enter', 'on_chdir'):
        say('prog-load-' + name, theirs('prog', 'show', 'pinned', '%s/all/%s' % (pins, name))['name'] == name)


def check_links(tmp):
    """Links live as long as the process that made them: both are asked meanwhile."""
    obj = compiled(tmp, 'tool_link')
    run(skep, 'run', obj, '--on', 'kernel', '--', 'sh', '-c',
        'for i in 1 2; do bpftool -j link list >$0/theirs; "$1" link list -j --on kernel >$0/mine; done',
        tmp, os.path.abspath(skep))
    mine, other = ({i['id']: i for i in json.load(open(tmp + '/' + f))} for f in ('mine', 'theirs'))
    kinds = set()
    for n in mine.keys() & other.keys():
        # links of perf events and others say more here; a type that it does not know is a number
        same('link-list-%s' % mine[n]['type'], {k: v for k, v in mine[n].items() if k in other[n]},
             dict(other[n], type=mine[n]['type']))
        kinds.add(mine[n]['type'])
    say('link-kinds', {'raw_tracepoint', 'perf_event'} <= kinds, str(kinds))


def compiled(tmp, name):
    obj = '%s/%s.o' % (tmp, name)
    run(clang, '-O2', '-g', '-target', 'bpf', '-c', '%s/bpf/%s.bpf.c' % (source, name), '-o', obj)
    return obj


mine_ids = set()


def main():
    why = subprocess.run([have_bpf], capture_output=True, text=True)
    if why.returncode:
        skip(why.stdout.strip())
    if os.geteuid():
        skip('bpftool needs root')
    for tool, there in (('bpftool', shutil.which('bpftool')), ('clang', clang)):
        if not there:
            skip('%s is not installed (Debian: %s)' % (tool, tool))
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
    obj, prog, maps = compiled(tmp, 'tool'), pins + '/prog', pins + '/maps'
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
    check_btf(tmp, prog, maps)
    check_links(tmp)
    check_writes(tmp, pins)


main()
