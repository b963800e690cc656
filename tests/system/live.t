#!/bin/bash
# Sandboxes that run and that are kept: ps, exec, stop, inspect, run --in, try, homes that are kept.
# shellcheck disable=SC2016,SC2317 # the sandbox's shell expands; functions are called by wait_for
. "$SRCDIR/tests/lib.sh"

records=$HOME/.local/state/kurung/running
# begin NAME OPTIONS...: a sandbox that runs until it is ended; its kurung's pid in $supervisor.
begin() {
    local name=$1
    shift
    rm -f "$name.ready"
    mkfifo "$name.ready"
    "$KURUNG" run --read-write="$PWD/$name.ready" "$@" -- sh -c 'echo >"$1"; exec sleep 1000' - "$PWD/$name.ready" 2>"$HOME/.began" &
    supervisor=$!
    read -r _ <"$name.ready"
    wait_for recorded "$name"
}
recorded() { "$KURUNG" ps --json | jq -e --arg name "$1" 'any(.[]; .name == $name or $name == "any")' >/dev/null; }
only_name() { "$KURUNG" ps --json | jq -r '.[0].name'; }

is "$("$KURUNG" ps)" "" "ps: nothing runs"
begin any
name=$(only_name)
like "$name" '^[0-9a-f]{12}$' "ps: a sandbox that is not kept has a name, too"
like "$("$KURUNG" ps)" "NAME .*$name +running +[0-9]+ .*sh -c echo" "ps: name, state, pid, command"
is "$(stat -c %a "$records")" 700 "the directory of records is closed to others"
is "$(stat -c %a "$records/$name")" 600 "and so is a record"

kurung exec "$name" -- sh -c 'id -u; pwd; exit 7'
is "$status" 7 "exec: the exit status is the command's"
is "$out" "$(id -u)"$'\n'"$PWD" "exec: with the same user in the same directory"
kurung exec "$name" sh -c 'kill -TERM $$'
is "$status" 143 "exec: ended by a signal"
kurung exec "$name" no-such-command
is "$status" 127 "exec: not found"
kurung exec "$name" /etc/passwd
is "$status" 126 "exec: not executable"
kurung exec --env A=b --chdir=/usr "$name" sh -c 'echo "$A $PWD"'
is "$out" "b /usr" "exec: a variable and a directory"
kurung exec --chdir=/proc/self/fd "$name" true
is "$status" 125 "exec: no working directory below /proc"
# shellcheck disable=SC2016 # the sandbox's shell
is "$("$KURUNG" exec "$name" sh -c 'echo x >/tmp/seen; for n in user mnt pid ipc uts net cgroup; do readlink /proc/self/ns/$n; done')" \
    "$("$KURUNG" exec "$name" sh -c 'for n in user mnt pid ipc uts net cgroup; do readlink /proc/2/ns/$n; done')" \
    "exec: in all of the sandbox's namespaces"
is "$("$KURUNG" exec "$name" cat /tmp/seen)" x "exec: in the same file system"
is "$(echo piped | "$KURUNG" exec "$name" cat)" piped "exec: standard input is passed on"
on_tty() { /usr/bin/python3 "$SRCDIR/tests/tools/on_terminal.py" "$@"; }
is "$(on_tty 'expect(b"/dev/pts/"); expect(b"speed"); print(wait())' "$KURUNG" exec "$name" sh -c 'tty; stty -a </dev/tty')" 0 \
    "exec: a terminal of the sandbox's own"
# "exec": a signal that comes while dash (0.5.12) starts a program by vfork(2) is lost to both, with and without kurung.
is "$(on_tty 'expect(b"ready"); send(b"\x03"); print(wait())' "$KURUNG" exec "$name" sh -c 'echo ready; exec sleep 1000')" 130 \
    "exec: Ctrl-C ends the command"
is "$(on_tty 'expect(b"ready"); send(b"\x03"); expect(b"caught"); send(b"\x03"); expect(b"caught"); send(b"end\n"); print(wait())' "$KURUNG" exec "$name" \
    bash -c 'trap "echo caught" INT; echo ready; until read -rt 1 x || [ $? -le 128 ]; do :; done; exit 5')" 5 "exec: or reaches its handler, each time"
is "$(on_tty 'expect(b"ready"); signal(2); print(wait())' "$KURUNG" exec "$name" sh -c 'echo ready; exec sleep 1000')" 130 \
    "exec: as a signal that kurung is sent does"
is "$(on_tty 'expect(b"ready"); send(b"\x1a"); print(wait_stopped()); signal(18); send(b"go\n"); expect(b"went on"); print(wait())' \
    "$KURUNG" exec "$name" sh -c 'echo ready; read x; echo went on')" "True
0" "exec: Ctrl-Z stops kurung, and it goes on when continued"
mkfifo fifo.two
"$KURUNG" exec "$name" sh -c 'trap "echo got" INT; echo ready; while :; do sleep 1000 & wait; done' >fifo.two 2>/dev/null &
pid=$!
exec 7<fifo.two
read -r _ <&7
# Each once the one before has come: two that are pending count as one, and a third would hit kurung at its end.
kill -INT $pid
read -r got <&7
kill -INT $pid
wait $pid
is "$?:$got" "137:got" "exec: the second signal ends a command that does not end at the first"
exec 7<&-
kurung exec none-such true
is "$status" 125 "exec: no such sandbox"
like "$errors" "no running sandbox named 'none-such'" "exec: that says so"

got=$("$KURUNG" inspect --json "$name")
is "$(jq -r '.state, .work_dir, .network' <<<"$got")" $'running\n'"$PWD"$'\nnone' "inspect: state, directory, network"
is "$(jq '.init > 1 and .supervisor == '"$supervisor"' and (.plan | length > 20) and (.spec | length > 3) and .upper.bytes >= 0' <<<"$got")" \
    true "inspect: processes, plan, spec and size"

kurung stop "$name"
is "$status" 0 "stop"
wait "$supervisor"
is "$?" 143 "stop: the run ends as by SIGTERM"
is "$("$KURUNG" ps; ls -A "$records")" "" "stop: nothing of it is left"
kurung stop "$name"
is "$status" 125 "stop: of what does not run is an error"

# 17: a payload that does not listen.
mkfifo ready
"$KURUNG" run --read-write="$PWD/ready" -- sh -c 'trap "" TERM; (trap "" TERM; sleep 1000) & echo >ready; while :; do sleep 1000; done' &
supervisor=$!
read -r _ <ready
wait_for recorded any
kurung stop --time=100ms "$(only_name)"
is "$status" 0 "stop: what does not listen is killed"
wait "$supervisor"
is "$?" 137 "stop: and the run says so"

for how in "--overlay=kernel" "--overlay=fuse" "-p build" "--overlay=kernel --id-map=single" "--overlay=none"; do
    rm -rf tree
    mkdir tree
    echo lower >tree/file
    # shellcheck disable=SC2086 # words
    (cd tree && "$KURUNG" run --keep=one $how -- sh -c 'rm file; echo a >a; echo h >~/h; chmod 700 .' 2>/dev/null)
    is "$(cd / && "$KURUNG" run --in one -- sh -c 'pwd; ls -A; cat a ~/h; echo b >>a; stat -c %a .; id -u' 2>/dev/null)" \
        "$(printf '%s\n' "$PWD/tree" a a h 700 "$(if [[ $how == *build ]]; then echo 0; else id -u; fi)")" "run --in: the same root, directory and ids ($how)"
    is "$("$KURUNG" run --in one -- cat a 2>/dev/null)" $'a\nb' "run --in: once more ($how)"
    # The supervisor is killed: what it wrote is there, and can be gone on with.
    "$KURUNG" run --in one -- sh -c 'echo c >c; while [ ! -e /tmp/never ]; do sleep 1; done' 2>/dev/null &
    supervisor=$!
    wait_for recorded one
    wait_for "$KURUNG" exec one test -s c
    kurung discard one
    is "$status" 125 "discard: of a running one is refused ($how)"
    like "$errors" "is running" "discard: that says why ($how)"
    init=$("$KURUNG" inspect --json one | jq .init)
    kill -KILL "$supervisor"
    wait "$supervisor" 2>/dev/null
    wait_for tap_gone "$init"
    is "$("$KURUNG" ps -a --json | jq -r '.[].state')" killed "ps -a: killed ($how)"
    is "$(ls -A "$records")" "" "what it left of records is cleared ($how)"
    is "$("$KURUNG" run --in one -- cat c 2>/dev/null)" c "a sandbox whose kurung was killed is gone on with ($how)"
    is "$("$KURUNG" ps -a --json | jq -r '.[].state')" kept "ps -a: kept ($how)"
    "$KURUNG" discard one
done

"$KURUNG" run --keep=two -- sh -c 'echo x >x'
for option in --root=/ --overlay=none --work-dir=rw --home=host --run-as=root --id-map=single --read-only=/etc --hide=/etc -pbuild --keep; do
    kurung run --in two "$option" -- true
    is "$status" 125 "run --in: $option is refused"
done
kurung run --in two --env=A=b --net=host -- sh -c 'echo "$A"'
is "$out" b "run --in: variables and network may be others"
kurung run --in ../two -- true
is "$status" 125 "run --in: no path is a name"
is "$("$KURUNG" inspect --json two | jq -r '.state, .exit_code')" $'kept\n0' "inspect: a kept one"
mv "$PWD" "$HOME/elsewhere"
kurung run --in two -- true
is "$status" 125 "run --in: its directory is gone"
mv "$HOME/elsewhere" "$PWD"
"$KURUNG" discard two

for how in "--id-map=subid" "--id-map=single" "-p build"; do
    # shellcheck disable=SC2086 # words
    got=$("$KURUNG" run --home=persist:mine $how -- sh -c 'echo x >>~/kept; wc -l <~/kept; stat -c %u ~; id -u' 2>/dev/null)
    is "$(sed -n 2p <<<"$got")" "$(sed -n 3p <<<"$got")" "a kept home is the user's ($how)"
done
is "$(wc -l <"$HOME/.local/state/kurung/homes/mine/kept")" 3 "a kept home outlives its sandboxes, whatever their ids"
is "$(stat -c '%a %u' "$HOME/.local/state/kurung/homes/mine")" "700 $(id -u)" "it is closed to others"
for bad in ../x a/b '' "$(printf 'x%.0s' {1..300})"; do
    kurung run --home="persist:$bad" -- true
    is "$status" 125 "75 a home can't be named '${bad:0:10}'"
    for how in "" --home; do
        # shellcheck disable=SC2086 # words
        kurung discard $how -- "$bad"
        is "$status" 125 "75 nor can one be removed ($how)"
    done
    kurung inspect --home -- "$bad"
    is "$status" 125 "75 nor looked at"
done
is "$("$KURUNG" ps --homes)" "NAME  STATE
mine  kept" "ps --homes: homes that are kept"
is "$("$KURUNG" ps -a)" "" "ps -a: they are no sandboxes"
"$KURUNG" run --home=persist:mine -- sleep 1000 2>/dev/null &
supervisor=$!
wait_for recorded any
is "$("$KURUNG" ps --homes --json | jq -c .)" '[{"name":"mine","in_use":true}]' "ps --homes: one that a sandbox uses"
kurung discard --home mine
is "$status" 125 "discard: a home that is used is not removed"
like "$errors" "uses the home 'mine'" "discard: that says so"
"$KURUNG" stop "$(only_name)"
wait "$supervisor"
got=$("$KURUNG" inspect --json --home mine)
is "$(jq -r '.name, .path, .in_use' <<<"$got")" "mine
$HOME/.local/state/kurung/homes/mine
false" "inspect: a home"
is "$(jq '.home.entries >= 1 and .home.bytes > 0 and .home.complete' <<<"$got")" true "inspect: and its size"
[ -z "$tap_subids" ] || "$KURUNG" run -q --home=persist:mine -p build -- sh -c 'mkdir ~/deep; echo x >~/deep/file; chown -R 5:6 ~/deep; chmod 0 ~/deep'
kurung discard mine
is "$status:$(ls "$HOME/.local/state/kurung/homes")" "125:mine" "discard: a home is no sandbox"
kurung discard --home mine
is "$status:$(ls "$HOME/.local/state/kurung/homes")" "0:" "discard: a home goes, also with files of subordinate ids"
kurung discard --home mine
is "$status" 125 "discard: of a home that is not there"
# Its own directory is the command's to close, and to give away.
"$KURUNG" run -q --home=persist:mine -- sh -c 'chmod 0 ~'
is "$("$KURUNG" run -q --home=persist:mine -- stat -c %a "$HOME")" 700 "a home that a command closed is opened again"
"$KURUNG" run -q --home=persist:mine -- sh -c 'chmod 0 ~'
kurung discard --home mine
is "$status:$(ls "$HOME/.local/state/kurung/homes")" "0:" "discard: a home that a command closed goes"
if [ -n "$tap_subids" ]; then
    "$KURUNG" run -q --home=persist:mine -p build -- sh -c 'chown 5:6 ~; chmod 0 ~'
    kurung run --home=persist:mine -- true
    is "$status:$errors" "125:kurung: the home 'mine' belongs to another id: a command that ran as root inside changed its owner (\"kurung discard --home mine\" removes it)" \
        "one that a command gave away is an error"
    kurung inspect --home mine
    like "$status:$errors" '^125:.*changed its owner \("kurung discard --home mine" removes it\)' "  for inspect, too, with what removes it"
    kurung discard --home mine
    is "$status:$(ls "$HOME/.local/state/kurung/homes")" "0:" "discard: it goes"
fi
is "$("$KURUNG" run -q --home=persist:mine -- sh -c 'ls ~ | wc -l; echo x >~/again')" "$("$KURUNG" run -q -- sh -c 'ls ~ | wc -l')" "a home of that name begins anew"
"$KURUNG" discard --home mine

kurung try -- sh -c 'echo new >new; exit 3'
is "$status" 3 "try: the exit status is the command's"
like "$out" "A +new" "try: shows what changed"
like "$errors" "kept as ([a-z]+-[a-z]+):" "try: without a terminal it is kept, and named"
tried=${BASH_REMATCH[1]}
like "$("$KURUNG" diff "$tried")" "A +new" "try: under that name"
"$KURUNG" discard "$tried"
on_tty 'expect(b"iscard: "); send(b"x\n"); expect(b"k: keep"); expect(b"iscard: "); send(b"a\n"); wait()' "$KURUNG" try -- \
    sh -c 'echo taken >taken' >"$HOME/.out" 2>&1
is "$(cat taken)" taken "try: all is taken over"
on_tty 'expect(b"iscard: "); send(b"d\n"); wait()' "$KURUNG" try -- sh -c 'echo dropped >dropped' >"$HOME/.out" 2>&1
not_ok "try: or nothing" test -e dropped
is "$("$KURUNG" ps -a)" "" "try: and the sandbox is gone"
is "$(on_tty 'expect(b"iscard: "); send(b"l\n"); expect(b"paged: "); expect(b"+x"); expect(b"iscard: "); send(b"l\n"); expect(b"paged: "); expect(b"+x")
expect(b"iscard: "); send(b"c\n"); expect(b"chosen"); expect(b"Apply?"); send(b"y\n"); expect(b"left"); expect(b"Apply?"); send(b"n\n"); expect(b"[k]eep"); send(b"d\n"); print(wait())' \
    env PAGER="sed 's/^/paged: /'" "$KURUNG" try -- sh -c 'echo x >chosen; echo x >left')" 0 "try: look, more than once, and choose"
is "$(ls chosen left 2>/dev/null)" chosen "try: what was chosen is taken"
is "$("$KURUNG" ps -a)" "" "try: then the sandbox is gone, too"
is "$(on_tty 'expect(b"iscard: "); send(b"k\n"); expect(b"kept as "); expect(b"kurung run --in"); print(wait())' "$KURUNG" try -- sh -c 'echo later >later')" 0 "try: keep for later"
later=$("$KURUNG" ps -a --json | jq -r '.[].name')
is "$("$KURUNG" diff --name-only "$later")" later "try: it is kept"
"$KURUNG" discard "$later"
kurung try -- true
like "$errors" "no changes" "try: nothing was changed"
is "$("$KURUNG" ps -a)" "" "try: then nothing is kept"
done_testing
