#!/usr/bin/env python3
"""syscall.py > syscall.def - the system calls that have tracepoints, as the kernel states them

Reads the formats of tracefs (as root; it mounts one in a mount namespace of its own if
there is none) and the call numbers of the C library's headers. Run it on the newest kernel
at hand; calls that this kernel has not, but a row of the old table has, are lost.
"""
import os
import re
import subprocess
import sys

HEAD = '''/* syscall.def - the system calls that have tracepoints
 *
 * CALL(name, x86_64, arm64, arguments): the numbers, -1 for none, and the arguments as the
 * kernel's sys_enter_NAME/format has them, with a comma between. Ascending by the first
 * number. Written by syscall.py from Linux %s; do not edit.
 */
/* clang-format off */
'''

# A tracepoint has the name of the kernel's function, which is not always the call's.
FUNCTION = {'newfstat': 'fstat', 'newlstat': 'lstat', 'newstat': 'stat', 'newuname': 'uname',
            'sendfile64': 'sendfile', 'umount': 'umount2'}

# Numbers that headers of Debian 12 do not know yet. From 403 on all machines share them.
NEWER = {'cachestat': 451, 'fchmodat2': 452, 'map_shadow_stack': 453, 'futex_wake': 454,
         'futex_wait': 455, 'futex_requeue': 456, 'statmount': 457, 'listmount': 458,
         'lsm_get_self_attr': 459, 'lsm_set_self_attr': 460, 'lsm_list_modules': 461,
         'mseal': 462, 'setxattrat': 463, 'getxattrat': 464, 'listxattrat': 465,
         'removexattrat': 466, 'open_tree_attr': 467, 'file_getattr': 468,
         'file_setattr': 469}
X86_ONLY = {'uretprobe': 335, 'uprobe': 336}

EVENTS = '/sys/kernel/tracing/events/syscalls'
FORMATS = 'cd %s && cat sys_enter_*/format' % EVENTS
MOUNT = 'mount -t tracefs none /sys/kernel/tracing && '


def formats():
    command = ['sh', '-c', FORMATS]
    if not os.path.isdir(EVENTS):
        command = ['unshare', '-m', 'sh', '-c', MOUNT + FORMATS]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def calls(text):
    """name: arguments"""
    found = {}
    for part in text.split('name: sys_enter_')[1:]:
        name = part.split('\n')[0]
        fields = re.findall(r'field:([^;]+);\toffset:(\d+);', part)
        found[name] = ', '.join(f for f, off in fields if int(off) >= 16)
    return found


def numbers(header, undefine=''):
    """What the preprocessor makes of the header: the aliases are resolved."""
    source = '#include <%s>\n' % header
    macros = subprocess.run(['cc', '-E', '-dM', '-xc', '-'] + undefine.split(), text=True,
                            input=source, stdout=subprocess.PIPE, check=True).stdout
    values = dict(re.findall(r'^#define (\w+) (\w+)$', macros, re.M))
    found = {}
    for name, value in values.items():
        while value in values:
            value = values[value]
        if name.startswith('__NR_') and value.isdigit():
            found[name[5:]] = int(value)
    return found


def main():
    release = os.uname().release.split('-')[0].rsplit('.', 1)[0]
    x86 = numbers('asm/unistd_64.h')
    arm = numbers('asm-generic/unistd.h', '-D__ARCH_WANT_RENAMEAT -D__BITS_PER_LONG=64 '
                  '-D__ARCH_WANT_NEW_STAT -D__ARCH_WANT_SET_GET_RLIMIT '
                  '-D__ARCH_WANT_MEMFD_SECRET -D__ARCH_WANT_SYS_CLONE3')
    for table in (x86, arm):
        table.update(NEWER)
    x86.update(X86_ONLY)
    rows = []
    for name, arguments in calls(formats()).items():
        call = FUNCTION.get(name, name)
        if call not in x86:
            sys.exit('syscall.py: no number is known for sys_enter_%s' % name)
        rows.append((x86[call], arm.get(call, -1), name, arguments))
    print(HEAD % release, end='')
    for nr, arm_nr, name, arguments in sorted(rows):
        print('CALL(%s, %d, %d, "%s")' % (name, nr, arm_nr, arguments))
    print('/* clang-format on */')


main()
