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
$ "$RUNNER" "$(command -v skep)" wrong.t
= FAIL wrong: wrong.t, - expected, + came out
=     @@ -1,2 +1,2 @@
=      $ echo yes
=     -= no
=     += yes
? 1
$ "$RUNNER" --bless "$(command -v skep)" wrong.t
= PASS wrong: blessed
$ "$RUNNER" "$(command -v skep)" wrong.t && cat wrong.t
= PASS wrong
= $ echo yes
= = yes
@ needs.t
| % exit 1 # nothing ever meets this
| $ echo yes
$ "$RUNNER" "$(command -v skep)" needs.t
= SKIP needs: nothing ever meets this
