#!/bin/bash
# How a run ends, and what it leaves: the caller's umask, what killed runs left, pipelines, jobs, what a terminal answers.
# shellcheck disable=SC2016 # the sandbox's shell expands
. "$SRCDIR/tests/lib.sh"
on_tty() { /usr/bin/python3 "$SRCDIR/tests/tools/on_terminal.py" "$@"; }
cache=$HOME/.cache/kurung
left() { (cd "$cache" && ls -d run-* kept-* 2>/dev/null); }

# The caller's umask is the payload's, not ours.
for mask in 777 077 022 000; do
    for how in "--overlay=kernel" "--overlay=fuse" "-p build"; do
        # shellcheck disable=SC2086 # words
        is "$(umask "$mask"; "$KURUNG" run $how -- sh -c 'umask; >x; stat -c %a x' 2>&1)" "0$mask"$'\n'"$(printf %o $((0666 & ~0$mask)))" \
            "umask $mask: the payload has it, and it runs ($how)"
    done
done
is "$(umask 777; "$KURUNG" run --keep=masked -- sh -c 'echo >x' 2>&1; "$KURUNG" diff --name-only masked 2>&1; "$KURUNG" discard masked 2>&1)" \
    x "umask 777: what is kept can be read"
is "$(cd "$HOME" && rm -rf fresh && mkdir fresh && umask 777; HOME=$HOME/fresh "$KURUNG" run -q --work-dir=hidden -- echo runs 2>&1)" runs "umask 777: a home in which nothing is yet"
is "$(left)" "" "none of it is left"

# What killed runs left is removed by the next start: closed, deep, of other ids.
killed() { # OPTIONS...
    rm -f begun
    mkfifo begun
    "$KURUNG" run --read-write="$PWD/begun" "$@" -- sh -c 'mkdir -p deep/er; touch deep/er/file; '"$owned"' chmod 0 deep/er deep; echo >"$1"; exec sleep 1000' - "$PWD/begun" 2>/dev/null &
    local supervisor=$!
    read -r _ <begun
    kill -KILL "$supervisor"
    wait "$supervisor" 2>/dev/null
}
next() { "$KURUNG" run "$@" -- true 2>/dev/null && [ -z "$(left)" ]; }
owned=
killed
isnt "$(left)" "" "a killed run leaves its directory"
chmod 0 "$cache"/run-*
ok "the next start removes it, whatever its mode" wait_for next
mkdir "$cache/run-0123456789ab"
chmod 0 "$cache/run-0123456789ab"
ok "also an empty one" next
if [ -n "$tap_subids" ]; then
    owned='chown -R 5:6 deep;'
    for how in "--id-map=single" "--id-map=subid" "--work-dir=rw --overlay=none" "--keep=other"; do
        killed -p build
        # shellcheck disable=SC2086 # words
        ok "what belongs to subordinate ids is removed by a run with other ids ($how)" wait_for next $how
        [ "$how" != "--keep=other" ] || "$KURUNG" discard other
    done
else
    skip "what belongs to subordinate ids" "this user has none"
fi

# The list of what can't be read of the system, which a start may be making when it is killed.
making() { (cd "$cache" && ls -d placeholders-new-* 2>/dev/null); }
if grep -q fuse <<<"$("$KURUNG" run -v --dry-run -p build -- true 2>/dev/null)" && ls -d "$cache"/placeholders-* >/dev/null 2>&1; then
    rm -rf "$cache"/placeholders-*
    (KURUNG_FAILPOINT=placeholders "$KURUNG_UNDEFENDED" run -p build -- true; exit $?) 2>/dev/null
    is "$?:$(making | wc -l)" "137:1" "a start that is killed while it makes the list leaves it"
    "$KURUNG" run -- true
    is "$(making):$(left)" ":" "the next start removes it"
    mkdir "$cache/placeholders-new-x"
    exec 9<"$cache/placeholders-new-x"
    flock 9
    "$KURUNG" run -p build -- true
    is "$(making)" placeholders-new-x "but not one that another start is making, also when it makes one itself"
    exec 9<&-
    "$KURUNG" run -- true
    is "$(making)" "" "which goes when that start has ended"
else
    skip "a start that is killed while it makes the list of what can't be read" "this machine has no fuse-overlayfs"
fi

# A pipeline: the terminal is not ours alone.
on_pipe() { # SCRIPT COMMAND OF SH
    on_tty "$1" env KURUNG="$KURUNG" sh -c "$2"
}
cooked='def cooked():
    t = terminal()
    return bool(t[3] & termios.ICANON and t[3] & termios.ECHO and t[1] & termios.OPOST)
'
is "$(on_pipe "$cooked"'expect(b"one\r\ntwo\r\nready"); print(cooked()); send(b"go\n"); expect(b"got go"); print(wait())' \
    '"$KURUNG" run -- sh -c "echo one; echo two; echo ready; read x; echo got \$x" | cat')" $'True\n0' "output to a pipe: the terminal is left as it is until something is typed"
# Typed before we have the terminal, a line is echoed by it and by the pty; what follows comes after both.
is "$(on_pipe 'expect(b"first"); send(b"a\n"); expect(b"a\r"); expect(b"a\r"); open("begun", "w").write("go"); expect(b"one\r\ntwo\r\nsecond")
send(b"b\n"); expect(b"got b"); print(wait())' \
    '"$KURUNG" run --read-write="$PWD/begun" -- sh -c "echo first; read x; read x <begun; echo one; echo two; echo second; read x; echo got \$x" | cat')" 0 \
    "output to a pipe: and lines are whole then, too"
is "$(on_pipe "$cooked"'expect(b"name: "); print(bool(terminal()[3] & termios.ECHO)); send(b"secret\n"); b = expect(b"got"); print(b"secret" in b, wait(), cooked())' \
    '"$KURUNG" run -- sh -c "stty -echo <&0; printf name: >&2; printf \" \" >&2; read x; echo got; stty echo" | cat')" $'False\nFalse 0 True' \
    "output to a pipe: what is not to be seen is not"
is "$(on_pipe "$cooked"'expect(b"line"); send(b"x"); b = expect(b"keys x"); expect(b"prompt"); print(cooked(), wait())' \
    '"$KURUNG" run -- sh -c "echo line; exec sleep 2" | sh -c "stty -icanon -echo </dev/tty; read l; echo \$l; k=\$(head -c 1 </dev/tty); stty icanon echo </dev/tty; echo keys \$k; cat; echo prompt"')" \
    "True 0" "output to a pager: the keys are the pager's"
"$KURUNG" run --read-write="$HOME/project" -- sh -c 'echo >"$1"; exec sleep 1000' - "$PWD/begun" 2>/dev/null &
supervisor=$!
read -r _ <begun
recorded() { name=$("$KURUNG" ps --json | jq -er '.[0].name'); }
wait_for recorded
is "$(on_pipe "$cooked"'expect(b"one\r\ntwo\r\nready"); print(cooked()); send(b"go\n"); expect(b"got go"); print(wait())' \
    '"$KURUNG" exec '"$name"' sh -c "echo one; echo two; echo ready; read x; echo got \$x" | cat')" $'True\n0' "exec: output to a pipe, too"
"$KURUNG" stop "$name"
wait "$supervisor"

# Jobs, at the prompt of a shell.
at_prompt() { on_tty 'expect(b"$ "); '"$1"'; send(b"exit 4\n"); print(wait())' env KURUNG="$KURUNG" PS1='$ ' bash --norc -i; }
is "$(at_prompt 'send(b"$KURUNG run -- cat &\n"); expect(b"$ "); send(b"fg\n"); expect(b"cat"); send(b"typed\n"); expect(b"typed\r\ntyped\r\n"); send(b"\x04"); expect(b"$ ")')" 4 \
    "a job that comes to the foreground gets what is typed"
# It says when it was continued: only then is it certain that the terminal is its own again.
cat >job <<'END'
trap 'echo continued' CONT
echo ready
sleep 1000 &
while :; do wait; done
END
is "$(at_prompt 'send(b"$KURUNG run -- sh ./job | cat\n"); expect(b"ready"); send(b"\x1a"); expect(b"Stopped"); expect(b"$ ")
send(b"fg\n"); expect(b"continued"); send(b"\x03"); expect(b"$ "); send(b"echo status ${PIPESTATUS[0]}\n"); expect(b"status 130")')" 4 "Ctrl-Z suspends a pipeline, fg continues it, Ctrl-C ends it"
is "$(at_prompt 'send(b"$KURUNG run -- sh ./job </dev/null\n"); expect(b"ready"); send(b"\x1a"); expect(b"Stopped"); expect(b"$ ")
send(b"fg\n"); expect(b"continued"); send(b"\x03"); expect(b"$ "); send(b"echo status $?\n"); expect(b"status 130")')" 4 "without a terminal inside, too"
is "$(at_prompt 'send(b"timeout -s INT 1 $KURUNG run -- sleep 1000; echo status $?\n"); expect(b"status 124")')" 4 "timeout at a prompt"
(trap '' HUP; exec "$KURUNG" run --read-write="$PWD/begun" -- sh -c 'echo >"$1"; read x <"$1"; exit 7' - "$PWD/begun") 2>/dev/null &
supervisor=$!
read -r _ <begun
kill -HUP "$supervisor"
echo >begun
wait "$supervisor"
is "$?" 7 "nohup: a hang-up that the caller ignores does not end the command"

# What the terminal answers after the end is not typed into the shell; what the user typed is.
answered() { # OUTPUT-OF-THE-COMMAND ANSWER
    on_tty 'expect(b"\x1b[5n"); send(b"'"$2"'\x1b[0n"); expect(b"ended"); send(b"by hand\n"); print(expect(b"END").split(b"OUTER:")[1].split(b"\r")[0].decode()); wait()' \
        sh -c "stty -echo; '$KURUNG' run -- printf '$1'; echo ended; read -r line; echo OUTER:\$line; echo END"
}
# shellcheck disable=SC1003 # a backslash for printf
for query in '\033[c' '\033[6n' '\033]11;?\033\\\\' '\033[?2026$p' '\005' '\033[?1000h'; do
    is "$(answered "$query" '\x1b[?62;c\x1b]11;rgb:0/0/0\x1b\\\x1b[3;4R\x1b[M !!')" "by hand" "an answer that comes late ($query)"
done
is "$(on_tty 'expect(b"\x1b[5n"); send(b"\x1b[?62;c"); expect(b"ended"); send(b"by hand\n"); print(expect(b"END").split(b"OUTER:")[1].split(b"\r")[0].decode()); wait()' \
    sh -c "stty -echo; '$KURUNG' run -- printf '\\033[c'; echo ended; read -r line; echo OUTER:\$line; echo END")" "by hand" "a terminal that answers not all: what has come is dropped"
is "$(on_tty 'expect(b"ready"); send(b"\x1a"); expect(b"\x1b[5n"); send(b"\x1b[?62;c\x1b[0n"); print(wait_stopped()); signal(18); send(b"go\n"); expect(b"went on go"); print(wait())' \
    "$KURUNG" run -- sh -c 'printf "\033[cready"; read x; echo "went on $x"')" $'True\n0' "nor after Ctrl-Z"
is "$(on_tty 'b = expect(b"ended"); print(b"\x1b[5n" in b); wait()' sh -c "'$KURUNG' run -- printf '\\033[31mred\\033[0m\\033[?1049h\\033[?1049l'; echo ended")" False \
    "a terminal that was asked nothing is asked nothing"
# A limit of time is no success, whatever the command makes of it.
kurung run -q --runtime-max-sec="$(scaled 1 5)" -- sh -c 'trap "exit 0" TERM; sleep 1000 & wait'
is "$status" 143 "a command that ends with 0 when its time is up"
# The report is kurung's own, or an error says that it is not.
kurung run -q --work-dir=rw --report=used.json -- sh -c 'rm used.json; echo forged >used.json'
is "$status:$errors" "125:kurung: --report: 'used.json' was replaced while the sandbox ran: the file there is not kurung's" "a report that the command exchanged"
kurung run -q --work-dir=rw --report=used.json -- sh -c 'head -c 100000 /dev/zero >>used.json'
is "$status:$(jq -r .exit.status used.json)" 0:0 "one that it wrote to is whole"
rm used.json
# It may go to a pipe of the caller's, which neither the command nor a helper gets.
reported() { # OPTION... -- COMMAND...: what another program reads from the pipe
    local pipe
    exec {pipe}> >(jq -r .exit.status >reported.new && mv reported.new reported)
    "$KURUNG" run -q "${@//PIPE/$pipe}" >out
    status=$?
    exec {pipe}>&-
    wait_for test -e reported
    got=$status:$(cat reported):$(cat out)
    rm reported out
}
for options in --report=/dev/fd/PIPE --report=/proc/self/fd/PIPE "--report /dev/fd/PIPE" "--run-as=root --report=/dev/fd/PIPE"; do
    # shellcheck disable=SC2086 # several words
    reported $options -- sh -c 'ls /proc/self/fd | wc -l; exit 7'
    is "$got" "7:7:4" "a report to a pipe ($options)"
done
mkdir -p "$HOME/root"/{dev,proc,run,sys,tmp,usr} "$HOME/root$HOME"
for name in bin lib lib64; do ln -s "usr/$name" "$HOME/root/$name"; done
reported --root="$HOME/root" --read-only=/usr --work-dir=hidden --report=/dev/fd/PIPE -- sh -c 'ls /proc/self/fd | wc -l; exit 7'
is "$got" "7:7:4" "  also from the sealed copy that runs in another root"
rm -r "$HOME/root"
is "$("$KURUNG" run -q --report=>(cat >/dev/null) -- sh -c 'echo ran')" ran "as the shell's >(...) passes it"
"$KURUNG" run -q -- sh -c 'ls /proc/self/fd | wc -l' sh --report=/dev/fd/9 >out 9>other
is "$?:$(cat out)" "0:4" "a word of the command names no report"
rm out other
refused_report() { # PATTERN NAME COMMAND...: the command does not start
    "${@:3}" -- touch "$PWD/started" 2>err
    is "$?:$(wc -l <err):$(ls started 2>/dev/null)" "125:1:" "$2"
    like "$(cat err)" "^kurung: --report: $1" "  and says why"
}
refused_report "'/dev/fd/9' is not open for writing" "a descriptor that is not there" "$KURUNG" run --work-dir=rw --report=/dev/fd/9
refused_report "'/dev/fd/9' is not open for writing" "one for reading" "$KURUNG" run --work-dir=rw --report=/dev/fd/9 9< <(:)
refused_report "'/dev/fd/9' is no pipe; give the path of the file" "one of a file" "$KURUNG" run --work-dir=rw --report=/dev/fd/9 9>err.other
for fd in {3..20}; do
    [ ! -e "/proc/self/fd/$fd" ] || continue
    "$KURUNG" run --work-dir=rw --report="/dev/fd/$fd" -- touch "$PWD/started" 2>err
    [ "$?:$(cat err)" = "125:kurung: --report: '/dev/fd/$fd' is not open for writing" ] || break
done
is "$fd:$(ls started 2>/dev/null)" "20:" "none of kurung's own is taken for it" || diag "$(cat err)"
rm -f err err.other
done_testing
