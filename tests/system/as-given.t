#!/bin/bash
# A front end that gives everything gets nothing beside it: no state, no limit, no variable, and its own words for errors.
. "$SRCDIR/tests/lib.sh"

mkdir "$HOME/other" "$HOME/run"
export XDG_RUNTIME_DIR=$HOME/run
is "$(HOME=$HOME/other "$fill_spec" env=A=b env=C= -- /usr/bin/env)" "A=b
C=" "the environment is what was given"
mkfifo up
HOME=$HOME/other "$fill_spec" bind="$PWD:$PWD" -- /bin/sh -c "echo >$PWD/up; read -r line <$PWD/up" &
running=$!
read -r line <up
is "$("$KURUNG" ps | grep -c .)" 0 "no other command finds the sandbox"
echo end >up
wait "$running"
is "$?" 0 "  which runs until its command ends"
is "$(find "$HOME/other" -mindepth 1)" "" "nothing is written to kurung's own directories"
is "$("$fill_spec" -- bash -c 'ulimit -i; ulimit -q')" "$(ulimit -i; ulimit -q)" "limits of the user are as they are"
isnt "$("$KURUNG" run -q -- bash -c 'ulimit -i')" "$(ulimit -i)" "  which kurung run shares"
is "$(unshare --user --map-root-user "$fill_spec" ns=user=caller -- sh -c 'grep CapPrm /proc/self/status' | tr -d '\t ')" \
    CapPrm:0000000000000000 "root inside has no capabilities that were not given"
is "$("$fill_spec" print -- true | grep -E '^(cgroup|inotify|landlock|notice)')" "cgroup none
landlock none" "the plan has no limit, no scope and no notice"

"$fill_spec" style=other -- /nonexistent 2>err
is "$?:$(<err)" "127:other: cannot execute '/nonexistent': No such file or directory" "errors are in the front end's name"
"$fill_spec" 'style=<other' -- /nonexistent 2>err
is "$(<err)" "<3>other: cannot execute '/nonexistent': No such file or directory" "  with priorities where it wants them"

done_testing
