#!/bin/bash
# What users ran into elsewhere, and what they have here.
. "$SRCDIR/tests/lib.sh"

profiles=$HOME/.config/kurung/profiles

# A profile of the user's adds to the one that came with kurung; drop-ins come last.
mkdir -p "$profiles/build.ini.d"
printf '[Profile]\nExtends=build\n[Environment]\nSet=MINE=one\n' >"$profiles/build.ini"
printf '[Environment]\nSet=MORE=two\n' >"$profiles/build.ini.d/more.ini"
kurung run -p build -- sh -c 'echo "$MINE $MORE $(id -u)"'
is "$out" "one two 0" "a profile extends the built-in one of its name; a drop-in adds to it"
kurung profile show build
like "$out" "; default \(built in\).*; build \(built in\).*; $profiles/build.ini.*; $profiles/build.ini.d/more.ini" \
    "profile show names the files in their order"
rm -r "$profiles/build.ini" "$profiles/build.ini.d"

# What "su" and job schedulers leave in the environment.
mkdir -m 0 "$HOME/other"
XDG_CONFIG_HOME=$HOME/other/.config kurung run -- echo started
is "$out" started "a run without -p starts although the directory of profiles is not accessible"
like "$errors" "your profiles are not read: '$HOME/other/.config/kurung/profiles' is not accessible .unset XDG_CONFIG_HOME" \
    "  and says it"
XDG_CONFIG_HOME=$HOME/other/.config kurung run -p build -- true
is "$status" 125 "a profile that was named stays an error"
like "$errors" "cannot read profile '$HOME/other/.config/kurung/profiles/build.ini': Permission denied" "  which names it"
rmdir "$HOME/other"

# What is for a network asks for one.
kurung run --publish=0:8000 -- cat /sys/class/net/tap0/mtu
isnt "$out" "" "--publish asks for a network"
like "$errors" "--publish implies --net=slirp, by which the whole internet may be reached" "  and says what it opens"
kurung run --allow=example.invalid -- ls /sys/class/net
like "$out" "tap0" "so does --allow"
unlike "$errors" implies "  without a word, as it restricts"
kurung run --net=none --allow=example.invalid -- ls /sys/class/net
unlike "$out" "tap0" "--net=none takes precedence"
like "$errors" "Allow= has no effect without a network" "  and the other option is said to have no effect"

# Help for a command.
kurung help diff
like "$out" "^Usage: kurung diff" "kurung help COMMAND prints the command's help"
kurung help dfif
like "$errors" "did you mean 'diff'" "  or what was meant"

done_testing
