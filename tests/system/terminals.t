#!/bin/bash
# Terminal and session of the payload, as front ends other than profiles choose them (credentials(7), pty(7)).
. "$SRCDIR/tests/lib.sh"
on_tty() { /usr/bin/python3 "$SRCDIR/tests/tools/on_terminal.py" "$@"; }

sid=$(ps -o sid= -p $$ | tr -d ' ')
is "$("$fill_spec" ns=pid=caller terminal=inherit -- sh -c 'ps -o sid= -p $$' | tr -d ' ')" "$sid" "an inherited session is the caller's"
isnt "$("$fill_spec" ns=pid=caller terminal=session -- sh -c 'ps -o sid= -p $$' | tr -d ' ')" "$sid" "one of its own is not"
echo text >file
is "$("$fill_spec" terminal=inherit -- readlink /proc/self/fd/0 <file)" "$PWD/file" "the caller's descriptors are there as they are"
like "$("$fill_spec" -- readlink /proc/self/fd/0 <file)" '^pipe:' "  and by default are not"

# The terminal's own name, and who is in its foreground
on_tty 'print(expect(b"done").decode()); wait()' sh -c 'tty; "$1" terminal=inherit -- sh -c "tty; echo done"' - "$fill_spec" >out 2>&1
is "$(grep -c /dev/pts <out):$(grep /dev/pts <out | sort -u | wc -l)" 2:1 "inherited: the terminal is the caller's"
on_tty 'print(expect(b"done").decode()); wait()' "$fill_spec" terminal=session -- sh -c 'cat </dev/tty; echo done' >out 2>&1
like "$(<out)" "(No such device or address|cannot open)" "in a session of its own it is no controlling terminal"
# Ctrl-C is the terminal's to all in its foreground: the payload gets one.
out=$(on_tty 'expect(b"up"); send(b"\x03"); expect(b"got 1"); print(wait())' "$fill_spec" terminal=inherit -- \
    bash -c 'n=0; trap "n=\$((n + 1)); echo got \$n; [ \$n -lt 2 ] || exit 9; trap \"exit 3\" ALRM; kill -ALRM \$\$" INT; echo up; while :; do read -rt 0.1; done' 2>&1 </dev/null)
is "$(tail -1 <<<"$out")" 3 "Ctrl-C reaches an inherited terminal's command once"
out=$(on_tty 'expect(b"up"); signal(2); expect(b"got"); print(wait())' "$fill_spec" terminal=inherit -- \
    bash -c 'trap "echo got; exit 4" INT; echo up; while :; do read -rt 0.1; done' 2>&1 </dev/null)
is "$(tail -1 <<<"$out")" 4 "  and so does what is sent to kurung alone"

# To a socket, as container runtimes do it
cat >console.py <<'P'
import array, os, socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
os.set_inheritable(theirs.fileno(), True)
p = subprocess.Popen([sys.argv[1], "init=payload", "dev=/dev", "terminal=%d" % theirs.fileno(), "--"] + sys.argv[2:],
                     close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
theirs.close()
fds = array.array("i")
data, control, flags, address = ours.recvmsg(4096, socket.CMSG_SPACE(4))
fds.frombytes(control[0][2])
os.write(fds[0], b"typed\n")
said = b""
try:
    while piece := os.read(fds[0], 4096):
        said += piece
except OSError:
    pass
print(data, said.decode().split(), p.wait())
P
is "$(timeout 60 python3 console.py "$fill_spec" sh -c 'read -r line; echo "got $line"; cat </dev/tty >/dev/null & test -t 0 && test -t 1 && test -t 2 && exit 5')" \
    "b'/dev/ptmx' ['typed', 'got', 'typed'] 5" "the pty's master comes by a socket, and the command has its other side"

done_testing
