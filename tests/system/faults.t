#!/bin/bash
# What must happen when something fails; nothing is left behind by any.
. "$SRCDIR/tests/lib.sh"

children_of() { pgrep -P "$1" "${@:2}"; }
# A run that has begun: its pid in $pid; the payload waits.
begin() { # ARGS...
    rm -f "$HOME/fifo/begun"
    mkdir -p "$HOME/fifo"
    mkfifo "$HOME/fifo/begun"
    "$KURUNG" run --read-write="$HOME/fifo" "$@" >"$HOME/.out" 2>"$HOME/.err" </dev/null &
    pid=$!
    read -r _ <"$HOME/fifo/begun"
}
waits="echo >$HOME/fifo/begun; exec sleep 1000"
none_left() { [ -z "$(ls -d "$HOME"/.cache/kurung/run-* 2>/dev/null)" ]; }

for how in "--overlay=kernel" "--overlay=fuse" "-p build"; do
    # shellcheck disable=SC2086 # words
    begin $how -- sh -c "$waits"
    family=$(children_of "$pid" -d ' ')
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    for child in $family; do ok "killed: what it started ends ($how)" wait_for tap_gone "$child"; done
    "$KURUNG" run -- true
    ok "and the next start clears what was left ($how)" none_left
done

mkdir "$HOME/outside"
echo secret >"$HOME/outside/file"
begin -p build --overlay=fuse -- sh -c "echo precious >result; ln -s $HOME/outside link; $waits"
overlay=$(children_of "$pid" -f fuse-overlayfs)
kill -KILL "$overlay"
wait "$pid"
is "$?" 125 "fuse-overlayfs killed: the run ends with 125"
like "$(<"$HOME/.err")" "kept in .*"$'\n'"kurung: fuse-overlayfs exited .status 137.: the sandbox was killed" "fuse-overlayfs killed: reported, and where the writes are"
kept=$(sed -n 's/.*kept in \([^ ]*\).*/\1/p' "$HOME/.err")
ok "fuse-overlayfs killed: what it wrote is kept" test -d "$kept"
is "$("$KURUNG" diff --name-only "${kept##*/}" 2>/dev/null):$("$KURUNG" ps -a --json | jq -r '.[].name')" $'link\nresult':"${kept##*/}" \
    "fuse-overlayfs killed: as a sandbox that is kept"
kurung apply "${kept##*/}" link
is "$status:$(readlink link)" "0:$HOME/outside" "fuse-overlayfs killed: and can be applied"
(cd "$HOME" && "$KURUNG" run -q --work-dir=hidden --read-only="$HOME/project/link:/mnt" -- cat /mnt/file) >"$HOME/.out" 2>&1 </dev/null
like "$?:$(<"$HOME/.out")" "^125:kurung: .* is a symbolic link in '$HOME/project', where a sandbox can write" "83 its links are known"
rm link
kurung discard "${kept##*/}"
is "$status:$(ls "${kept%/*}")" "0:" "fuse-overlayfs killed: and can be discarded"
# Without the list of written directories, too.
begin -p build --overlay=fuse -- sh -c "echo precious >result; $waits"
overlay=$(children_of "$pid" -f fuse-overlayfs)
echo damaged >"$HOME/.local/state/kurung/written"
kill -KILL "$overlay"
wait "$pid"
rm "$HOME/.local/state/kurung/written"
kept=$(sed -n 's/.*kept in \([^ ]*\).*/\1/p' "$HOME/.err")
is "$("$KURUNG" diff --name-only "${kept##*/}" 2>/dev/null)" result "fuse-overlayfs killed: its changes are kept without that list, too"
like "$(<"$HOME/.err")" "later runs will not recognise links" "  with a notice"
kurung discard "${kept##*/}"

for server in fuse-overlayfs kurung-view; do
    engine=${server#kurung-}
    begin -p build --overlay="${engine%-overlayfs}" -- sh -c "$waits"
    overlay=$(children_of "$pid" -f $server)
    kill -STOP "$overlay"
    wait_for grep -q "$server was stopped" "$HOME/.err"
    tap_result $? "$server stopped: said so"
    kill -INT "$pid"
    SECONDS=0
    ok "$server stopped: gone after Ctrl-C" wait_for tap_gone "$pid"
    wait "$pid" 2>/dev/null
    isnt "$?" 0 "$server stopped: not a success"
    ok "$server stopped: nothing of it stays" wait_for tap_gone "$overlay"
done

mkdir "$HOME/small"
got=$(in_mounts 'mount -t tmpfs -o size=1M none "$HOME/small"' env XDG_CACHE_HOME="$HOME/small" "$KURUNG" run -q --disk-keep-free=0 -- \
    sh -c 'head -c 3000000 /dev/zero >big; echo "status $?"' 2>&1)
like "$got" "No space left on device.*status 1" "a full disk below the upper: the command is told"
got=$(in_mounts 'echo 1 >/proc/sys/user/max_user_namespaces' "$KURUNG" run -q -- true 2>&1)
is "$?" 125 "no more user namespaces: an error"
like "$got" "max_user_namespaces" "no more user namespaces: that names the limit"
got=$(in_mounts 'echo 1 >/proc/sys/user/max_user_namespaces' "$KURUNG" doctor 2>&1)
is "$?" 125 "no more user namespaces: doctor fails, too"

touch "$HOME/closed"
chmod 0 "$HOME/closed"
closed='mount --bind "$HOME/closed" /dev/fuse'
got=$(in_mounts "$closed" "$KURUNG" run --overlay=fuse -- true 2>&1)
is "$?" 125 "/dev/fuse closed: an error for who asks for it"
like "$got" "Overlay=fuse: no permission to open /dev/fuse.*chmod 666" "/dev/fuse closed: with the remedy"
got=$(in_mounts "$closed" "$KURUNG" run -p build -- sh -c 'id -u; echo x >x && cat x' 2>&1)
like "$got" "no permission to open /dev/fuse.*"$'\n0\nx$' "/dev/fuse closed: another engine for who does not, and a line about it"
got=$(in_mounts "$closed" "$KURUNG" doctor 2>&1)
like "$got" "warn  /dev/fuse" "/dev/fuse closed: doctor says so"

# In a sandbox of our own: it refuses namespaces, and that is what is said.
mkdir -p tree/bin
cp "$KURUNG" tree/bin/kurung
inner=./tree/bin/kurung
got=$("$KURUNG" run -e HOME="$PWD/tree" -- "$inner" run -q --work-dir=ro -- true 2>&1)
is "$?" 125 "inside kurung: an error"
like "$got" "inside a sandbox of kurung, in which no other sandbox can be created" "inside kurung: that says why"
"$KURUNG" run -e HOME="$PWD/tree" -- "$inner" doctor >"$HOME/.out"
is "$?" 125 "inside kurung: doctor says that nothing can be run"
is "$(grep -c . "$HOME/.out"):$(grep -c '^fail  sandbox .*inside a sandbox of kurung' "$HOME/.out")" "2:1" "  and nothing about the machine"

is "$(HOME=/nonexistent XDG_CONFIG_HOME="$PWD/none" "$KURUNG" run -- sh -c 'echo ok; ls /tmp' 2>/dev/null)" ok "a HOME that is missing"
is "$(find /tmp /var/tmp -maxdepth 1 -user "$(id -u)" -newer "$inner" ! -path "$HOME" | grep -v kurung-home)" "" "nothing is ever written to /tmp"
is "$(env -u XDG_RUNTIME_DIR "$KURUNG" run -- echo ok)" ok "no XDG_RUNTIME_DIR"

(
    trap '' CHLD INT HUP TERM PIPE
    "$KURUNG" run -- sh -c 'kill -PIPE $$'
)
is "$?" 141 "dispositions that the caller ignores are reset"
(
    trap '' CHLD
    "$KURUNG" run -- sh -c 'true & wait $!; exit 3'
)
is "$?" 3 "SIGCHLD ignored by the caller"
(
    ulimit -n 9
    "$KURUNG" run -- true 2>"$HOME/.err"
)
is "$?" 125 "too few descriptors: an error"
like "$(<"$HOME/.err")" "Too many open files" "too few descriptors: that says so"
"$KURUNG" run -- true
"$KURUNG" run -- echo x >/dev/full 2>"$HOME/.err"
isnt "$?" 0 "a full standard output is the command's affair"

# Much and deep: the upper is removed without recursion, whoever owns it.
cat >deep.py <<'X'
import os
for n in range(10000):
    open("f%d" % n, "w").close()
for n in range(4000):
    os.mkdir("d")
    os.chdir("d")
os.chdir(os.environ["PWD"])
os.mkdir("n" * 255)
print("made")
X
for how in "--overlay=kernel" "-p build"; do
    # shellcheck disable=SC2086 # words
    is "$("$KURUNG" run $how -- python3 deep.py 2>&1)" made "10,000 files, depth 4,000, names of 255 bytes ($how)"
    ok "all of it is gone afterwards ($how)" none_left
done
"$KURUNG" run -p build -- sh -c 'mkdir -p a/b; touch a/b/c; chown -R 55:66 a; chmod 0 a/b a'
ok "also what belongs to others and is closed" none_left
done_testing
