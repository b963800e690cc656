#!/bin/bash
# Attack 7, from descriptors 0 to 2: what the caller's standard input, output and error lead to, and a terminal that nobody reads.
# shellcheck disable=SC2016,SC2094,SC2317 # expanded inside the sandbox, which gets the file that is looked at; called by wait_for
. "$SRCDIR/tests/escape/lib.sh"
mkdir "$HOME/secrets"
echo secret >"$HOME/secrets/file"
echo precious >"$HOME/file"
chmod 600 "$HOME/file"
undefended_run=(undefended streams run)
mkfifo begun
begin() { # a sandbox in which further commands run: $name
    "$KURUNG" run --read-write="$PWD/begun" -- sh -c 'echo >"$1"; exec sleep 1000' - "$PWD/begun" >/dev/null 2>&1 &
    supervisor=$!
    read -r _ <begun
    recorded() { name=$("$KURUNG" ps --json | jq -er '.[0].name'); }
    wait_for recorded
}
begin

leave='cat /proc/self/fd/0/../secrets/file; echo pwned >/proc/self/fd/0/../secrets/new'
for how in run "exec $name"; do
    # shellcheck disable=SC2086 # words
    got=$("$KURUNG" $how -- sh -c "$leave" 2>&1 <"$HOME/secrets")
    is "$?:$got" "125:kurung: standard input is a directory, through which the command could reach the host" "7 a directory as standard input is refused ($how)"
done
like "$("${undefended_run[@]}" -- sh -c "$leave" 2>&1 <"$HOME/secrets")" secret "7 without (streams) it leads to the host"
ok "7 where it writes, too" test -e "$HOME/secrets/new"

for how in run "exec $name"; do
    # shellcheck disable=SC2086 # words
    "$KURUNG" $how -- sh -c 'cat; echo overwritten >/proc/self/fd/0; chmod 666 /proc/self/fd/0' >got.read 2>/dev/null <"$HOME/file"
    is "$(<got.read):$(<"$HOME/file"):$(stat -c %a "$HOME/file")" precious:precious:600 "7 a file that was opened for reading is not written ($how)"
    echo before >log
    # shellcheck disable=SC2086 # words
    "$KURUNG" $how -- python3 -c 'import os; d = os.open("/proc/self/fd/1", os.O_RDWR | os.O_NONBLOCK); os.write(2, os.read(d, 99))' >>log 2>seen
    is "$(<log):$(grep -c before seen)" "before:0" "7 a file that was opened for appending is not read ($how)"
done
"${undefended_run[@]}" -- sh -c 'echo overwritten >/proc/self/fd/0' <"$HOME/file"
is "$(<"$HOME/file")" overwritten "7 without (streams) it is written"
# What one command of the sandbox reads, another can't get at.
"$KURUNG" run --read-write="$PWD/begun" -- sh -c 'echo >"$1"; while :; do for p in /proc/[0-9]*; do [ -f $p/fd/0 ] && echo owned >$p/fd/0 && exit; done; done 2>/dev/null' - "$PWD/begun" \
    </dev/null >/dev/null 2>&1 &
other=$!
read -r _ <begun
both() { [ "$("$KURUNG" ps --json | jq length)" -eq 2 ]; }
wait_for both
second=$("$KURUNG" ps --json | jq -r --arg first "$name" '.[] | select(.name != $first) | .name')
echo precious >"$HOME/file"
"$KURUNG" exec "$second" -- sh -c 'for i in 1 2 3 4 5; do grep -q x /proc/self/status; done; cat' <"$HOME/file" >got.read
is "$(<got.read):$(<"$HOME/file")" precious:precious "7 nor can another command of the sandbox"
"$KURUNG" stop --time=0 "$second"
wait "$other" 2>/dev/null

# What is passed through is whole, and what is not read stays for the caller.
head -c 3000000 /dev/urandom >random
ok "a large file goes in and out as it is" cmp -s random <("$KURUNG" run -- cat <random)
"$KURUNG" run -- cat <random >copy
ok "also to a file" cmp -s random copy
"$KURUNG" exec "$name" cat <random >copy
ok "and by exec" cmp -s random copy
printf 'a\nb\nc\n' >lines
is "$(while read -r line; do "$KURUNG" run -q -- true; echo "$line"; done <lines | tr -d '\n')" abc "a command that reads nothing takes nothing from the caller's input"
is "$( { "$KURUNG" run -q -- sh -c 'read -r x; echo "$x"'; cat; } <lines | tr '\n' ' ')" "a a b c " "nor does one that reads: its position is its own"
# Where it could choose that position, a shell that reads its script would go on from there.
{
    echo '# never run this: echo pwned'
    echo "'$KURUNG' run -q -- sh -c 'cat >/dev/null; printf %0120d 0 >/proc/self/fd/0'"
    echo 'echo end'
} >script
is "$(timeout 20 bash <script 2>&1)" end "7 what writes to its own standard input moves the caller nowhere"
"$KURUNG" run -- sh -c 'echo out; echo error >&2; echo out' >both.log 2>&1
is "$(<both.log)" $'out\nerror\nout' "output and error in one file keep their order"
"$KURUNG" run -- sh -c 'echo more' >>both.log
is "$(tail -1 both.log)" more "appended is appended"
is "$("$KURUNG" run -- sh -c 'yes | head -c 100000' | wc -c)" 100000 "a pipe takes all"
is "$("$KURUNG" run -q -- cat <random | cmp - random && echo same)" same "as it is"
ok "a pipe as input, too" cmp -s random <(head -c 3000000 random | "$KURUNG" run -q -- cat)
# What is not read of a pipe stays in there, byte by byte.
is "$(seq 1 5000 | { "$KURUNG" run -q -- true; "$KURUNG" exec "$name" sh -c 'read -r x; echo "$x"'; head -1; } | tr '\n' ' ')" "1 2 " "a pipe is read no further than the command did"
is "$(seq 1 5000 | { "$KURUNG" run -q -- sh -c 'while [ "$x" != 1500 ]; do read -r x; done'; head -1; })" 1501 "over several pieces"
# A shell that reads its script from a pipe would run what is written to that.
cat >inject.py <<'X'
import os, time
fd = os.open("/proc/self/fd/0", os.O_WRONLY | os.O_NONBLOCK)
try:
    os.write(fd, b"echo injected\n")
except BlockingIOError: # it is full of what the caller has sent
    pass
X
for how in run "exec $name"; do
    piped() { printf 'echo one\n%s -- python3 -c "$CODE"\necho two\n' "$*" | CODE=$(<inject.py) timeout 60 bash 2>/dev/null | tr '\n' ' '; }
    is "$(piped "$KURUNG" "$how")" "one two " "7 what writes to the pipe of its standard input tells the caller nothing ($how)"
done
like "$(export KURUNG_DEFENCE_OFF=streams; piped "$KURUNG_UNDEFENDED" run -q)" injected "7 without (streams) its shell runs it"
is "$( { "$KURUNG" run -q -- python3 -c 'import fcntl, os; fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK)'; head -c 300000 /dev/zero; } | (sleep 1; wc -c))" 300000 "7 nor can it change how the caller's output is written"
# More than two seconds: a reader who looks at his first page.
is "$("$KURUNG" run -q -- seq 1 20000 | (sleep 3; tail -n 1))" 20000 "who reads slowly gets all"
is "$(python3 -c 'import os, subprocess, sys
fd = os.open("random", os.O_RDONLY | os.O_DIRECT)
sys.exit(subprocess.run(sys.argv[1:], stdin=fd).returncode)' "$KURUNG" run -q -- wc -c)" 3000000 "a file that was opened with O_DIRECT"

# A socket leads to whatever else its kind reaches.
cat >given.py <<'X'
import os, socket, subprocess, sys
how, command = sys.argv[1], sys.argv[2:]
secret, server = socket.socket(), socket.socket()
for s in secret, server:
    s.bind(("127.0.0.1", 0))
    s.listen(1)
secret.settimeout(1)
if how == "datagram":
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
elif how == "listening":
    ours, theirs = None, server
elif how == "pair":
    ours, theirs = socket.socketpair()
else:
    theirs = socket.create_connection(server.getsockname())
    ours, _ = server.accept()
code = """
import ctypes, os, socket, sys
fd = os.dup(0)
ctypes.CDLL(None).connect(fd, bytes(16), 16)
try:
    s = socket.socket(fileno=fd)
    s.connect(("127.0.0.1", %d))
except OSError as e:
    sys.stderr.write("refused\\n")
""" % secret.getsockname()[1]
if how == "reconnect":
    p = subprocess.run(command + ["python3", "-c", code], stdin=theirs, stderr=subprocess.PIPE)
    try:
        secret.accept()
        print("reached")
    except TimeoutError:
        print("not reached")
elif how in ("pair", "talk"):
    ours.sendall(b"first\nsecond\nthird\n")
    p = subprocess.run(command + ["sh", "-c", "read -r x; echo got $x; echo error >&2"], stdin=theirs, stdout=theirs, stderr=theirs)
    theirs.setblocking(False)
    rest = theirs.recv(99)
    print(p.returncode, ours.recv(99), rest)
else:
    p = subprocess.run(command + ["true"], stdin=theirs, stderr=subprocess.PIPE)
    print(p.returncode, p.stderr.decode().strip())
X
for how in run "exec $name"; do
    # shellcheck disable=SC2086 # words
    {
        is "$(python3 given.py reconnect "$KURUNG" $how --)" "not reached" "7 a socket as standard input is connected to nothing else ($how)"
        for kind in pair talk; do
            is "$(python3 given.py $kind "$KURUNG" $how --)" "0 b'got first\\nerror\\n' b'second\\nthird\\n'" "a connection is read and written, and what was not read is the caller's ($kind, $how)"
        done
        for kind in datagram listening; do
            is "$(python3 given.py $kind "$KURUNG" $how --)" "125 kurung: standard input is a socket that is not connected (or not of type stream)" "7 one that is $kind is refused ($how)"
        done
    }
done
is "$(python3 given.py reconnect env KURUNG_DEFENCE_OFF=streams "$KURUNG_UNDEFENDED" run -q --)" reached "7 without (streams) it is"
("$KURUNG" run -q -- cat <random >out.log; exit $?)
is "$?" 0 "the exit status is the command's"
is "$("$KURUNG" run -q -- python3 -c 'import sys; print(sys.stdin.read())' <<<text)" text "a here-document"
(ulimit -f 100; "$KURUNG" run -q -- sh -c 'trap "" PIPE; cat; exit 0' <random >limited) 2>errors
is "$?" 125 "what can't be written makes a success none"
like "$(<errors)" "cannot write to standard output: File too large" "and is said"
mkfifo fifo
(echo before >fifo) &
exec 5<fifo
wait $!
is "$(timeout 20 "$KURUNG" run -q -- cat <&5)" before "a FIFO whose writer has ended already ends"
exec 5<&-
# The payload takes what the supervisor was told of.
cat >race.py <<'X'
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
os.set_blocking(0, False)
end = time.monotonic() + 2
while time.monotonic() < end:
    for _ in range(200):
        for call in (lambda: os.write(fd, b"x"), lambda: os.read(fd, 4096), lambda: os.read(0, 4096)):
            try:
                call()
            except BlockingIOError:
                pass
time.sleep(1000)
X
exec 5<>fifo
timeout -s KILL 90 "$KURUNG" run -q --read-only="$PWD" --runtime-max-sec="$(scaled 4 20)" -- python3 race.py "$PWD/fifo" <fifo 2>errors
is "$?" 143 "81 91 a FIFO that the payload has as well: the time limit holds"
exec 5<&-
(exec 5<fifo; timeout 3 cat <&5 >/dev/null) &
timeout 30 "$KURUNG" exec "$name" sh -c 'yes & exit 3' >fifo
is "$?" 3 "exec ends with its command, whatever goes on writing"
wait $!
rm fifo
# What is not read any more keeps nobody: a signal, stop and the limit end the wait for who reads, and no line of ours begins another.
cat >unread.py <<'X'
import json, os, select, signal, subprocess, sys, time
how, kurung, name, limit = sys.argv[1:5]
# More than a pipe holds, and not more than two.
size = 50000 if how == "one" else 100000
command = ["sh", "-c", "head -c %d /dev/zero; head -c %d /dev/zero >&2; exit 1" % (size, size)]
out, err = os.pipe(), os.pipe()
options = ["--runtime-max-sec=" + limit] if how == "limit" else []
p = subprocess.Popen([kurung, "exec", name, "--"] + command if how == "exec" else [kurung, "run"] + options + ["--"] + command,
                     stdin=subprocess.DEVNULL, stdout=out[1], stderr=out[1] if how == "one" else err[1])
def children():
    return open("/proc/%d/task/%d/children" % (p.pid, p.pid)).read()
end = time.monotonic() + 30
select.select([out[0]], [], [], 30)
while children().strip() and time.monotonic() < end:
    time.sleep(0.05)
if how == "stop":
    others = json.loads(subprocess.run([kurung, "ps", "--json"], capture_output=True, text=True).stdout)
    for other in others:
        if other["name"] != name:
            subprocess.run([kurung, "stop", other["name"]])
elif how != "limit":
    p.send_signal(signal.SIGTERM)
try:
    print(p.wait(60))
except subprocess.TimeoutExpired:
    p.kill()
    print("stuck")
X
for how in one two exec stop limit; do
    is "$(python3 unread.py $how "$KURUNG" "$name" "$(scaled 3 20)")" 1 "81 91 output that nobody reads keeps nobody ($how)"
done
# Not open for reading, or for writing: nor is it inside.
echo secret >closed
is "$("$KURUNG" run -q -- cat 0>>closed 2>/dev/null; echo $?)" 1 "7 what is open for writing alone is not read"
is "$("$KURUNG" run -q -- sh -c 'echo x 2>/dev/null; echo $? >&2' 2>&1 1<closed):$(<closed)" "1:secret" "7 nor written what is open for reading alone"
# A socket that nobody reads as standard error, and a line of ours for it.
cat >full.py <<'X'
import os, signal, socket, subprocess, sys
a, b = socket.socketpair()
b.setblocking(False)
try:
    while True:
        b.send(b"x" * 1000)
except BlockingIOError:
    pass
b.setblocking(True)
p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=b)
try:
    print(p.wait(40))
except subprocess.TimeoutExpired:
    p.kill()
    print("stuck")
X
is "$(python3 full.py "$KURUNG" run --hide=/nonexistent -- sh -c 'exit 7')" 7 "a line of ours does not wait for a socket that nobody reads"
"$KURUNG" stop --time=0 "$name"
wait "$supervisor" 2>/dev/null

# A terminal as output alone is no way to read what is typed at others.
is "$(on_tty 'send(b"typed\n"); expect(b"ended"); print(wait())' sh -c \
    "'$KURUNG' run -q --work-dir=rw -- timeout --foreground 2 sh -c 'head -c 3 <&2 >stolen' </dev/null >/dev/null; echo ended")" 0 "4 a terminal as standard error is not read from"
is "$(<stolen)" "" "4 nothing was"
rm stolen
is "$(on_tty 'send(b"typed\n"); expect(b"ended"); print(wait())' sh -c \
    "KURUNG_DEFENCE_OFF=pty '$KURUNG_UNDEFENDED' run -q --work-dir=rw -- timeout --foreground 20 sh -c 'head -c 3 <&2 >stolen' </dev/null >/dev/null; echo ended")" 0 "4 without (pty) it is"
is "$(<stolen)" typ "4 and what was typed is taken"
is "$(on_tty 'expect(b"one\r\ntwo\r\n"); resize(20, 91); print(wait())' sh -c "'$KURUNG' run -q -- sh -c '[ -t 1 ] && echo one && echo two' </dev/null")" 0 \
    "output goes to the terminal, by lines"

is "$(on_tty 'time.sleep(3); expect(b"last line"); print(wait())' "$KURUNG" run -q -- sh -c 'seq 1 5000; echo last line')" 0 "a terminal that is stopped for a while gets all"

# A terminal that nobody reads does not keep the time limit or a signal from being seen.
unread='seen = b""
end = time.monotonic() + WAIT
done = 0
while not done and time.monotonic() < end:
    done, _ = os.waitpid(pid, os.WNOHANG)
print(bool(done))'
is "$(on_tty 'expect(b"y"); '"$unread" "$KURUNG" run -q --runtime-max-sec="$(scaled 1 10)" -- sh -c 'exec yes')" True "81 91 a terminal that nobody reads: the time limit holds"
is "$(on_tty 'expect(b"y"); signal(15); '"$unread" "$KURUNG" run -q -- sh -c 'exec yes')" True "81 91 a terminal that nobody reads: a signal ends the sandbox"
done_testing
