# What is found differs from machine to machine; the rows and their form do not.

% command -v python3 # python3 is not installed (Debian: python3)
@ names.py
| import json, sys
| d = json.load(sys.stdin)
| for c in d["checks"]:
|     assert c["works"] in ("yes", "partly", "no") and c["why"], c
|     assert c["works"] == "yes" or c["change"], c
|     print(c["side"], c["name"])
$ skep doctor --json | python3 names.py
= kernel bpf
= kernel unprivileged
= kernel memlock
= kernel lockdown
= kernel btf
= kernel bpffs
= kernel tracefs
= kernel tracepoint
= kernel raw_tracepoint
= kernel perf_event
= kernel xdp
= engine objects
= engine ptrace
= engine attach
= engine seccomp
= engine memory
= engine pcap
= build clang
$ skep doctor | grep -cE '^  (yes|partly|no) '
= 18
# Where the thing is taken away, the line says so.
$ PATH=/nowhere "$(command -v skep)" doctor | grep -A1 'C to BPF'
=   no      C to BPF                       no clang that compiles for BPF was found
=                           to change that: install it (Debian: clang); programs that are compiled already need none
$ SKEP_DIR=/nowhere/engine skep doctor | grep -A1 'shared objects'
=   no      shared objects                 cannot make the engine's directory /nowhere/engine: No such file or directory; make its parent, or name another with SKEP_DIR [O001]
=                           to change that: set SKEP_DIR to a directory of yours, best on tmpfs; or mount a tmpfs on /dev/shm and unset XDG_RUNTIME_DIR
$ skep doctor now
! skep: 'now' is one argument too many; see 'skep help doctor' [T010]
? 2
$ skep help doctor | head -1
= usage: skep doctor [--json]
