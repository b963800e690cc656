#!/bin/bash
# Processes, signals and terminals.
. "$SRCDIR/tests/lib.sh"
on_tty() { /usr/bin/python3 "$SRCDIR/tests/tools/on_terminal.py" "$@"; }

kurung run -- sh -c 'ps -eo pid= 2>/dev/null | wc -l; cat /proc/1/comm'
like "$out" "kurung-init" "pid 1 is kurung's init"
kurung run -- sh -c 'echo $$'
is "$out" 2 "the command is pid 2"
kurung run -- sh -c '(sh -c "kill -0 \$PPID; exit 0" &) ; sh -c "sleep 0 & exit" ; for i in 1 2 3; do (true &); done; cat /proc/loadavg >/dev/null; ! grep -l "^State:.Z" /proc/[0-9]*/status'
is "$status" 0 "orphans are reaped"

# Signals that kurung is sent go to the command.
for signal in TERM INT HUP USR1; do
    mkfifo "fifo.$signal"
    "$KURUNG" run --work-dir=rw -- sh -c "trap 'echo got $signal; exit 9' $signal; echo ready >fifo.$signal; while :; do sleep 1000 & wait; done" >"$HOME/$signal.out" 2>/dev/null &
    pid=$!
    read -r _ <"fifo.$signal"
    kill -"$signal" $pid
    wait $pid
    is "$?:$(cat "$HOME/$signal.out")" "9:got $signal" "SIG$signal is passed on"
done
mkfifo fifo.kill fifo.two
"$KURUNG" run --work-dir=rw -- sh -c 'trap "" TERM INT HUP; (trap "" TERM; setsid sleep 1000 &) ; echo ready >fifo.kill; while :; do sleep 1000; done' &
pid=$!
read -r _ <fifo.kill
payload=$(pgrep -n -u "$(id -u)" -f 'sleep 1000')
kill -KILL $pid
wait $pid 2>/dev/null
ok "killing kurung ends the sandbox, whatever it ignores" wait_for tap_gone "$payload"
kurung run true
is "$(ls -d "$HOME"/.cache/kurung/run-* 2>/dev/null)" "" "and the next start clears what it left"
"$KURUNG" run --work-dir=rw -- sh -c 'trap "" INT; echo ready >fifo.two; while :; do sleep 1000; done' 2>/dev/null &
pid=$!
read -r _ <fifo.two
kill -INT $pid
kill -INT $pid
# Two that are pending at once count as one: the second is sent again until it has come.
wait_for sh -c "kill -INT $pid 2>/dev/null; ! kill -0 $pid"
wait $pid
isnt "$?" 0 "the second Ctrl-C ends a command that does not listen"

is "$(on_tty 'expect(b"name /dev/pts/0"); print(wait())' "$KURUNG" run -- sh -c 'echo name $(tty)')" 0 "a terminal of its own, with a name"
is "$(on_tty 'resize(33, 99); expect(b"ready"); resize(44, 111); expect(b"44 111"); print(wait())' "$KURUNG" run -- \
    bash -c 'trap "stty size; exit 0" WINCH; echo ready; while :; do read -rt 1; done')" 0 "the window's size is passed on"
is "$(on_tty 'expect(b"ready"); send(b"\x03"); print(wait())' "$KURUNG" run -- sh -c 'echo ready; exec sleep 1000')" 130 "Ctrl-C ends the command"
is "$(on_tty 'expect(b"ready"); send(b"\x03"); expect(b"caught"); print(wait())' "$KURUNG" run -- bash -c 'trap "echo caught; exit 5" INT; echo ready; while :; do read -rt 1; done')" 5 "or reaches its handler"
is "$(on_tty 'expect(b"ready"); send(b"\x1a"); print(wait_stopped()); signal(18); send(b"go\n"); expect(b"went on"); print(wait())' \
    "$KURUNG" run -- sh -c 'echo ready; read x; echo went on')" "True
0" "Ctrl-Z stops kurung, and it goes on when continued"
cat >job.sh <<'X'
trap 'echo again-$((1+1))' CONT
echo front-$((1+1))
# A signal that comes just before read(2) blocks would wait for its end.
until read -rt 1 x || [ $? -le 128 ]; do :; done
exit 7
X
is "$(on_tty 'expect(b"$"); send(b"bash job.sh\n"); expect(b"front-2"); send(b"\x1a"); expect(b"Stopped"); send(b"fg\n"); expect(b"again-2")
send(b"go\n"); expect(b"$"); send(b"echo status-$?\n"); expect(b"status-7"); send(b"exit 4\n"); print(wait())' \
    "$KURUNG" run -e PS1='$ ' -- bash --norc -i)" 4 "job control works in a shell"
is "$(on_tty 'b = terminal(); expect(b"done"); w = wait(); print(w, terminal() == b)' "$KURUNG" run -- sh -c 'stty -echo; echo done')" "0 True" \
    "the caller's terminal is as before"
is "$(on_tty 'b = terminal(); expect(b"ready"); signal(15); w = wait(); print(w, terminal() == b)' "$KURUNG" run -- sh -c 'echo ready; exec sleep 1000')" "143 True" \
    "also after a signal"
is "$(on_tty 'expect(b"ready"); os.close(master); _, s = os.waitpid(pid, 0); print(os.waitstatus_to_exitcode(s))' "$KURUNG" run -- sh -c 'echo ready; exec sleep 1000')" 129 \
    "hang-up is passed on"
like "$(on_tty 'import subprocess; expect(b"piped"); print(wait())' sh -c "'$KURUNG' run -- sh -c 'tty; test -t 1 || echo not a tty' | tr a-z A-Z; echo piped")" 0 "a pipe behind a terminal stays a pipe"
is "$(on_tty 'send(b"x" * 200 + b"\n"); expect(b"200"); print(wait())' "$KURUNG" run -- sh -c 'stty -echo; read x; echo ${#x}')" 0 "what is typed early arrives"
is "$("$KURUNG" run -- head -c 3000000 /dev/zero | wc -c)" 3000000 "much output through a pipe is whole"
is "$(on_tty 'n = len(expect(b"END")); print(n, wait())' "$KURUNG" run -- sh -c 'stty -onlcr; head -c 500000 /dev/zero | tr "\0" y; echo END')" "500000 0" "and through a terminal"
done_testing
