# The runner itself: files, standard input, both outputs, exit codes, odd line ends.

@ one.txt
| first line
|
| 	third line, behind a tab
$ cat one.txt
= first line
=
= 	third line, behind a tab
$ cat
< from standard input
<
< after an empty line
= from standard input
=
= after an empty line
$ echo out; echo err >&2; exit 3
= out
! err
? 3
$ printf 'no newline'
= no newline
=\
$ printf 'no newline' >&2
! no newline
!\
$ printf '\n'
=
$ printf '=\n$ x\n'
= =
= $ x
$ printf 'a space at the end: \n'
= a space at the end: 

# It fails when the output differs, --bless mends that, and a need that is not met skips.
@ wrong.t
| $ echo yes
| = no
$ "$RUNNER" "$(command -v skep)" wrong.t | grep -v '^# [-+][-+]'
= 1..1
= not ok 1 - wrong
= # @@ -1,2 +1,2 @@
= #  $ echo yes
= # -= no
= # += yes
$ "$RUNNER" --bless "$(command -v skep)" wrong.t
= 1..1
= ok 1 - wrong: blessed
$ "$RUNNER" "$(command -v skep)" wrong.t && cat wrong.t
= 1..1
= ok 1 - wrong
= $ echo yes
= = yes
@ needs.t
| % exit 1
| $ echo yes
$ "$RUNNER" "$(command -v skep)" needs.t
= 1..1
= ok 1 - needs # SKIP needs: exit 1
