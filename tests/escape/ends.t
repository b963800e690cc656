#!/bin/bash
# Attacks 81, 87 (answers of the terminal), 89 and 91: stops, signals to the caller's group, a helper that floods us.
# shellcheck disable=SC2016 # the sandbox's shell expands
. "$SRCDIR/tests/escape/lib.sh"
set -m # each job has a process group of its own, as at a prompt
state() { sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null; }
is_stopped() { [ "$(state "$1")" = T ]; }
stopped_or_gone() { [[ $(state "$1") == [TZ] ]] || tap_gone "$1"; }
# Stops itself, and is continued by another of its processes, so often.
loop='(while :; do kill -CONT $$ || exit; done) 2>/dev/null & n=0; while [ $n -lt 50 ]; do kill -SIGNAL $$; n=$((n + 1)); done; exit 7'

# What a killed one has left is removed by the next start, once it has ended.
cleared() { "$KURUNG" run -- true 2>/dev/null && [ -z "$(ls -d "$HOME"/.cache/kurung/run-* 2>/dev/null)" ]; }

# stops NAME EXPECTED PROGRAM...: whether a bystander of the program's group is stopped, and what the program comes to.
stops() {
    local name=$1 expected=$2 got bystander job
    shift 2
    rm -f pids
    sh -c 'sleep 1000 & echo $! >pids; "$@"; status=$?; kill -KILL $!; exit $status' - "$@" </dev/null >/dev/null 2>&1 &
    job=$!
    wait_for stopped_or_gone "$job" || :
    if is_stopped "$job"; then
        read -r bystander <pids
        wait_for is_stopped "$bystander"
        got="stopped $(state "$bystander")"
        kill -KILL -- -"$job"
        wait "$job" 2>/dev/null
    else
        wait "$job"
        got=$?
    fi
    is "$got" "$expected" "$name"
}
for signal in STOP TSTP; do
    stops "81 a payload that stops itself (SIG$signal) does not stop the caller's group" 7 "$KURUNG" run -- sh -c "${loop//SIGNAL/$signal}"
    stops "81 SIG$signal: succeeds without (stops)" "stopped T" env KURUNG_DEFENCE_OFF=stops "$KURUNG_UNDEFENDED" run -- sh -c "kill -$signal \$\$"
done
wait_for cleared
mkfifo ready
"$KURUNG" run --read-write="$PWD/ready" -- sh -c 'echo >"$1"; exec sleep 1000' - "$PWD/ready" 2>/dev/null &
supervisor=$!
read -r _ <ready
recorded() { name=$("$KURUNG" ps --json | jq -er '.[0].name'); }
wait_for recorded
for signal in STOP TSTP; do
    stops "81 exec: SIG$signal does not stop the caller's group" 7 "$KURUNG" exec "$name" sh -c "${loop//SIGNAL/$signal}"
    stops "81 exec: SIG$signal: succeeds without (stops)" "stopped T" env KURUNG_DEFENCE_OFF=stops "$KURUNG_UNDEFENDED" exec "$name" \
        sh -c "kill -$signal \$\$"
done
"$KURUNG" stop "$name"
wait "$supervisor"

for signal in STOP TSTP; do
    is "$(on_tty 'print(wait())' "$KURUNG" run -- sh -c "${loop//SIGNAL/$signal}")" 7 "81 with a terminal: SIG$signal does not stop the caller, either"
    is "$(on_tty 'print(wait_stopped()); signal(9); wait()' env KURUNG_DEFENCE_OFF=stops "$KURUNG_UNDEFENDED" run -- sh -c "kill -$signal \$\$")" True \
        "81 with a terminal: SIG$signal: succeeds without (stops)"
done
wait_for cleared
is "$(on_tty 'expect(b"ready"); send(b"\x1a"); print(wait_stopped()); signal(18); send(b"go\n"); print(wait())' \
    "$KURUNG" run -- sh -c "echo ready; read x; ${loop//SIGNAL/STOP}")" $'True\n7' "81 Ctrl-Z stops kurung once, and the stops that follow do not"
# It stays stopped until kurung passes on a SIGCONT: init does not see a stop that ends at once.
is "$(on_tty 'expect(b"ready"); send(b"\x1a"); send(b"x"); expect(b"stopped itself"); signal(18); print(wait())' \
    "$KURUNG" run -- sh -c 'stty raw -echo; echo ready; head -c 2 >/dev/null; kill -STOP $$; exit 7')" 7 "81 nor does one that comes once something else was typed"
is "$(on_tty 'expect(b"stopped itself"); send(b"\x1a"); print(wait_stopped()); signal(18); expect(b"went on"); print(wait())' \
    "$KURUNG" run -- sh -c 'kill -STOP $$; echo went on; exit 7')" $'True\n7' "81 a payload that has stopped itself: Ctrl-Z suspends kurung"
is "$(on_tty 'expect(b"stopped itself"); send(b"\x03"); print(wait())' "$KURUNG" run -- sh -c 'kill -STOP $$; exit 7')" 130 \
    "81 a payload that has stopped itself: Ctrl-C ends it"

# What ends a sandbox ends one that is stopped.
kurung run --runtime-max-sec=1 -- sh -c 'kill -STOP $$'
is "$status" 143 "81 RuntimeMaxSec= ends a payload that has stopped itself"
kurung run --runtime-max-sec=1 -- sh -c 'trap "" TERM; (while :; do kill -CONT $$ || exit; done) & while :; do kill -STOP $$; done'
is "$status" 137 "81 RuntimeMaxSec= ends one that stops itself for ever, and does not listen"
like "$(on_tty 'expect(b"ready"); send(b"\x1a"); print(wait_stopped(), wait())' "$KURUNG" run --runtime-max-sec=2 -- sh -c 'echo ready; exec sleep 1000')" \
    'True 143' "81 RuntimeMaxSec= counts on, and ends a sandbox that was suspended"
for signal in TERM INT HUP; do
    "$KURUNG" run --read-write="$PWD/ready" -- sh -c 'echo >"$1"; kill -STOP $$; exec sleep 1000' - "$PWD/ready" 2>/dev/null &
    supervisor=$!
    read -r _ <ready
    wait_for recorded
    wait_for sh -c "grep -q '^State:.T' /proc/$("$KURUNG" inspect --json "$name" | jq .init)/task/*/children /proc/[0-9]*/status 2>/dev/null"
    kill -"$signal" "$supervisor"
    wait "$supervisor"
    is "$?" $((128 + $(kill -l "$signal"))) "81 SIG$signal ends a payload that has stopped itself"
done
"$KURUNG" run --read-write="$PWD/ready" -- sh -c 'echo >"$1"; kill -STOP $$; exec sleep 1000' - "$PWD/ready" 2>/dev/null &
supervisor=$!
read -r _ <ready
wait_for recorded
kill -STOP "$supervisor"
wait_for is_stopped "$supervisor"
kurung stop "$name"
wait "$supervisor"
is "$status:$?" "0:143" "81 stop ends a sandbox whose payload and supervisor are stopped"

# 87: the terminal is asked at the last moment, and answers as late as it can.
answer() { # SCRIPT PROGRAM...: what the reader behind the sandbox gets
    on_tty "$1"'; print(expect(b"END").split(b"OUTER:")[1].split(b"\r")[0].decode()); wait()' sh -c \
        'stty -echo; "$@" run -- printf "\033[c"; echo ended; read -r line; echo OUTER:$line; echo END' - "${@:2}"
}
is "$(answer 'expect(b"\x1b[5n"); send(b"ANSWER\n\x1b[0n"); expect(b"ended"); send(b"by hand\n")' "$KURUNG")" "by hand" \
    "87 what the terminal answers late is not typed into the shell"
is "$(answer 'expect(b"ended"); send(b"ANSWER\n")' env KURUNG_DEFENCE_OFF=answers "$KURUNG_UNDEFENDED")" ANSWER \
    "87 a late answer: is typed without (answers)"

# 89: each signal to the caller's group, at many moments.
signals() { "$SRCDIR/tests/tools/group_signals.py" "$HOME/.cache/kurung" "$@" -- sh -c 'echo; exec sleep 1000'; }
many=$(scaled 8 2)
for how in "--overlay=kernel" "--overlay=fuse" "-p build"; do
    for signal in INT TERM HUP TSTP CLOSE; do
        # shellcheck disable=SC2086 # words
        is "$(signals "$signal" "$many" "$KURUNG" run $how)" "$many moments" "89 $signal to the caller's group at $many moments ($how)"
    done
done
is "$(signals TERM "$many" "$KURUNG" run --net=slirp)" "$many moments" "89 TERM to the caller's group (with a network)"
# Not at each moment, nor in each round.
wrong_status() {
    for _ in {1..40}; do
        ! KURUNG_DEFENCE_OFF=group signals INT 8 "$KURUNG_UNDEFENDED" run -p build | grep "status 125" || return 0
    done
    return 1
}
ok "89 INT: the wrong status without (group)" wrong_status
for signal in INT TERM; do
    got=$(timeout --preserve-status -s "$signal" "$(scaled 1 30)" "$KURUNG" run -p build -- sh -c 'echo begun; exec sleep 1000' 2>&1 </dev/null)
    is "$?:$got" $((128 + $(kill -l "$signal"))):begun "89 timeout -s $signal: the status is the signal's, and nothing else is said"
done
ok "89 none of it has left a directory" cleared

# 91: a net helper that was taken over.
if [ -x "$(dirname "$KURUNG_UNDEFENDED")/kurung-net-undefended" ] && [ -c /dev/net/tun ]; then
    export KURUNG_NET_ATTACK=flood
    flooded() { (ulimit -v 400000; exec "$KURUNG_UNDEFENDED" run --net=slirp "$@") </dev/null 2>"$HOME/.err"; }
    KURUNG_DEFENCE_OFF='' flooded --runtime-max-sec=1 -- sleep 1000
    is "$?" 143 "91 a net helper that floods the supervisor: RuntimeMaxSec= is kept"
    is "$(grep -c refus <"$HOME/.err"):$(grep -c published <"$HOME/.err")" 21:0 "91 and few lines are printed for it"
    KURUNG_DEFENCE_OFF='' flooded -- sh -c 'exit 7'
    is "$?" 7 "91 and a run comes to its end"
    KURUNG_DEFENCE_OFF='' flooded --read-write="$PWD/ready" -- sh -c 'echo >"$1"; exec sleep 1000' - "$PWD/ready" &
    supervisor=$!
    read -r _ <ready
    kill -TERM -- "-$supervisor"
    wait "$supervisor"
    is "$?" 143 "91 and a signal is passed on"
    # init, which makes sockets for published ports.
    for attack in sockets sockets-left; do
        export KURUNG_NET_ATTACK=$attack
        KURUNG_DEFENCE_OFF='' flooded --publish=0:80 --runtime-max-sec=1 -- sleep 1000
        is "$?" 143 "91 a net helper that floods init ($attack): RuntimeMaxSec= is kept"
        KURUNG_DEFENCE_OFF='' flooded --publish=0:80 -- sh -c '(exit 3) & wait $!; ls /proc/1/fd >/dev/null 2>&1 && exit 8; exit 7'
        is "$?" 7 "91 and init reaps, and a run comes to its end ($attack)"
    done
    export KURUNG_NET_ATTACK=flood
    KURUNG_DEFENCE_OFF=rounds flooded -- true &
    supervisor=$!
    ! timeout "$(scaled 5 60)" tail --pid="$supervisor" -f /dev/null
    tap_result $? "91 a run never ends without (rounds)"
    kill -KILL -- "-$supervisor"
    wait "$supervisor" 2>/dev/null
    export KURUNG_NET_ATTACK=lie
    KURUNG_DEFENCE_OFF='' flooded -- true
    is "$?" 125 "91 a net helper does not choose the exit status"
    ok "91 nor what is shown" test -z "$(grep -P '\x1b' "$HOME/.err")"
    unset KURUNG_NET_ATTACK
    wait_for cleared
else
    skip "91 a net helper that floods the supervisor" "no /dev/net/tun"
fi
set +m
done_testing
