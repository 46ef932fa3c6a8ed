# One line, whatever the spelling.

$ skep version
= skep 0.1.0
$ skep --version
= skep 0.1.0
$ skep -V
= skep 0.1.0
$ skep version now
! skep: 'now' is one argument too many; see 'skep help version' [T010]
? 2
# Output that is lost is a failure.
$ skep version >/dev/full
! skep: cannot write standard output: No space left on device [T013]
? 1
