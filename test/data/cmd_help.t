# The command's frame: usage, help, suggestions, exit codes.

# The commands themselves are looked up by test/pages.sh.
$ skep >out; code=$?; grep -v '^  ' out; exit $code
= usage: skep COMMAND [ARGUMENT...]
=
= eBPF end to end: in the Linux kernel where you may, in skep's own engine where
= you may not.
=
=
= 'skep help COMMAND' explains a command.
? 2
$ skep help help
= usage: skep help [COMMAND]
=
= Explains a command; without COMMAND, lists the commands. 'skep COMMAND --help' does
= the same, and 'man skep-COMMAND' says it at length.
$ skep help --help
= usage: skep help [COMMAND]
=
= Explains a command; without COMMAND, lists the commands. 'skep COMMAND --help' does
= the same, and 'man skep-COMMAND' says it at length.
$ skep --help | head -1
= usage: skep COMMAND [ARGUMENT...]
$ skep help version
= usage: skep version
=
= Prints the version of skep.
$ skep help vresion
! skep: unknown command 'vresion'; did you mean 'version'? [T002]
? 2
$ skep hepl
! skep: unknown command 'hepl'; did you mean 'help'? [T002]
? 2
$ skep xyzzy
! skep: unknown command 'xyzzy'; 'skep help' lists the commands [T001]
? 2
$ skep help one two
! skep: 'two' is one argument too many; see 'skep help help' [T010]
? 2
$ skep help --bad
! skep: unknown option '--bad'; 'skep help help' lists the options [T003]
? 2
$ skep help --hepl
! skep: unknown option '--hepl'; did you mean '--help'? [T004]
? 2
$ skep help -q
! skep: unknown option '-q'; 'skep help help' lists the options [T003]
? 2
$ skep help --help=3
! skep: option '--help' takes no argument; see 'skep help help' [T006]
? 2
