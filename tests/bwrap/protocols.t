#!/bin/bash
# Descriptors by which callers follow and steer the sandbox, its end, and the end of its caller.
. "$SRCDIR/tests/bwrap/lib.sh"
root=(--ro-bind / / --dev /dev --tmpfs /tmp)

# --args
printf -- '--tmpfs\0/tmp\0--dir\0/tmp/a\0--setenv\0X\0y z\0' >args1
printf -- '--dir\0/tmp/b' >args2
is "$("$bwrap_ours" --ro-bind / / --args 3 --args 4 sh -c 'ls -A /tmp; echo "$X"' 3<args1 4<args2 2>&1)" "a
b
y z" "--args: words from two descriptors"
is "$(printf -- '--tmpfs\0/tmp\0--dir\0/tmp/a\0' | "$bwrap_ours" --ro-bind / / --args 0 ls -A /tmp 2>&1)" a "  from standard input"
{ for ((i = 0; i < 4400; i++)); do printf -- '--symlink\0x\0/tmp/%s\0' $i; done; } | head -c 60000 >many
n=$(tr -dc '\0' <many | wc -c)
{ printf -- '--tmpfs\0/tmp\0'; for ((i = 0; i < 2990; i++)); do printf -- '--symlink\0x\0/tmp/%s\0' "$i"; done; } >many
is "$("$bwrap_ours" --ro-bind / / --args 3 sh -c 'ls -A /tmp | wc -l' 3<many 2>&1)" 2990 "  8972 words"
{ for ((i = 0; i < 3000; i++)); do printf -- '--symlink\0x\0/tmp/%s\0' "$i"; done; } >many
is "$("$bwrap_ours" --args 3 true 3<many 2>&1; echo $?)" "bwrap: Exceeded maximum number of arguments 9000
1" "  9003 words are refused"
printf -- '--args\0004\0' >args3
is "$("$bwrap_ours" --args 3 true 3<args3 4<args3 2>&1; echo $?)" "bwrap: --args not supported in arguments file
1" "  --args in --args is refused"
{ printf -- '--tmpfs\0/tmp\0'; for ((i = 0; i < 700; i++)); do printf -- '--ro-bind\0/etc/passwd\0/tmp/%s\0' "$i"; done; } >binds
is "$( (ulimit -Sn 256; "$bwrap_ours" --ro-bind / / --args 3 sh -c 'ls -A /tmp | wc -l; ulimit -Sn' 3<binds 2>&1) )" "700
256" "more binds than descriptors: the command has the caller's limit"

# --info-fd, --json-status-fd
"$bwrap_ours" "${root[@]}" --unshare-all --proc /proc --info-fd 3 --json-status-fd 4 -- bash -c 'stat -Lc "%n %i" /proc/self/ns/{cgroup,ipc,mnt,net,pid,uts}; ls /proc/self/fd | paste -sd" "; exit 42' \
    3>info 4>status >inside
is "$?" 42 "the command's status"
is "$(jq -r 'to_entries[] | select(.key != "child-pid") | "/proc/self/ns/\(.key | sub("-namespace"; "")) \(.value)"' info)" "$(head -6 inside)" "--info-fd: the namespaces"
is "$(jq -s -c 'map(del(.["child-pid"]) | keys)' status)" '[["cgroup-namespace","ipc-namespace","mnt-namespace","net-namespace","pid-namespace","uts-namespace"],["exit-code"]]' \
    "--json-status-fd: two documents"
is "$(jq -s '.[1]["exit-code"]' status)" 42 "  the second has the status"
is "$(tail -1 inside)" "0 1 2 3" "the command gets neither descriptor"
"$bwrap_ours" "${root[@]}" --json-status-fd 4 -- /nonexistent 4>status 2>/dev/null
is "$(jq -s -c 'map(keys)' status)" '[["child-pid","mnt-namespace"]]' "without an exec there is no status; only new namespaces are listed"

# A sandbox that waits for this script: its processes end by descriptor.
mkfifo gate told ended
start() { # ARGS...: in the background, with gate at 5; $sandbox is bwrap
    "$bwrap_ours" "${root[@]}" "$@" 5<>gate 6>info &
    sandbox=$!
}
child_pid() { jq -r '.["child-pid"]' info 2>/dev/null; }
has_pid() { [ "$(child_pid)" -gt 0 ]; }
start --bind "$PWD" "$PWD" --info-fd 6 --block-fd 5 sh -c 'echo began >"$0"' "$PWD/began" 2>errors
wait_for has_pid
not_ok "--block-fd: the command has not begun" test -e began
echo >gate
wait $sandbox
is "$?:$(cat errors)" 0: "  then it runs"

# --userns-block-fd: the caller maps the ids.
: >info
start --unshare-user --info-fd 6 --userns-block-fd 5 sh -c 'id -u; id -g; cat /proc/self/uid_map' >mapped
wait_for has_pid
pid=$(child_pid)
is "$(cat "/proc/$pid/uid_map")" "" "--userns-block-fd: no id is mapped yet"
echo "33 $(id -u) 1" >"/proc/$pid/uid_map"
echo deny >"/proc/$pid/setgroups"
echo "34 $(id -g) 1" >"/proc/$pid/gid_map"
echo >gate
wait $sandbox
is "$(tr -s ' \n' ' ' <mapped)" "33 34 33 $(id -u) 1 " "  the command has the caller's map"

# --sync-fd: open as long as the sandbox is.
"$bwrap_ours" "${root[@]}" --unshare-pid --info-fd 6 --sync-fd 7 sh -c 'ls /proc/self/fd >&2; (sleep infinity & echo $! ) ; exit 0' 7>told >/dev/null 2>fds 5<>gate 6>info &
sandbox=$!
exec 8<told
wait $sandbox
is "$?" 0 "--sync-fd: bwrap ends with the command"
is "$(paste -sd' ' fds)" "0 1 2 3 5" "  the command has not got the descriptor"
not_ok "  and it is open while a process of the sandbox is left" read -rt 0.1 <&8
kill -KILL "$(child_pid)"
is "$(cat <&8; echo eof)" eof "  it is closed with the last one"
exec 8<&-

# --lock-file
touch lock
lock_state() { # prints whether somebody else has a lock
    python3 -c 'import fcntl, sys
f = open(sys.argv[1], "a")
try:
    fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
    print("free")
except OSError:
    print("locked")' "$1"
}
"$bwrap_ours" "${root[@]}" --ro-bind "$PWD" /tmp/here --lock-file /tmp/here/lock sh -c 'echo; read -r x <&5' >told 5<>gate &
sandbox=$!
read -r _ <told
is "$(lock_state lock)" locked "--lock-file: locked while the sandbox is there"
echo >gate
wait $sandbox
is "$(lock_state lock)" free "  and free afterwards"
fails "a lock file that does not exist" "Unable to open lock file /nonexistent: No such file or directory" "${root[@]}" --lock-file /nonexistent true

# Existing namespaces
unshare -U --map-root-user sleep infinity &
holder=$!
uid_mapped() { grep -q . "/proc/$holder/uid_map" && [ "$(readlink "/proc/$holder/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }
wait_for uid_mapped
is "$("$bwrap_ours" "${root[@]}" --userns 7 sh -c 'id -u; readlink /proc/self/ns/user; ls /proc/self/fd | paste -sd" "' 7<"/proc/$holder/ns/user" 2>&1)" "0
$(readlink /proc/$holder/ns/user)
0 1 2 3" "--userns: in an existing one, without its descriptor"
kill $holder
wait $holder 2>/dev/null
# A sandbox and another one in its namespaces, as flatpak makes them: --userns, --userns2, --pidns.
: >info
start --unshare-all --dev /dev --proc /proc --info-fd 6 sleep infinity
wait_for has_pid
pid=$(child_pid)
inner() { [ -n "$(pgrep -P "$pid" -x sleep)" ]; }
wait_for inner
command=$(pgrep -P "$pid" -x sleep)
is "$("$bwrap_ours" "${root[@]}" --userns 7 --userns2 8 --pidns 9 sh -c 'readlink /proc/self/ns/user /proc/self/ns/pid' \
    7<"/proc/$pid/ns/user" 8<"/proc/$command/ns/user" 9<"/proc/$pid/ns/pid" 2>&1)" \
    "$(readlink "/proc/$command/ns/user" "/proc/$pid/ns/pid")" "--userns, --userns2 and --pidns of another sandbox"
"$bwrap_ours" "${root[@]}" --userns 7 --pidns 9 --unshare-pid --proc /proc --info-fd 6 --json-status-fd 3 sh -c 'echo $$; readlink /proc/self/ns/pid; exit 3' \
    7<"/proc/$pid/ns/user" 9<"/proc/$pid/ns/pid" 6>info2 3>status >inside 2>&1
is "$?:$(head -1 inside):$(jq -s '.[1]["exit-code"]' status)" 3:2:3 "--pidns and --unshare-pid: a pid namespace below it"
isnt "$(tail -1 inside)" "$(readlink "/proc/$pid/ns/pid")" "  another one"
ok "  --info-fd has a pid of the caller's" test "$(jq '.["child-pid"]' info2)" -gt 1
ok "a caller can look into the sandbox: its init can be inspected" readlink "/proc/$pid/root" "/proc/$pid/ns/user"

# The end of bwrap, and of its caller
kill -TERM $sandbox
wait $sandbox 2>/dev/null
is "$?" 143 "SIGTERM ends bwrap"
ok "  without --die-with-parent the sandbox goes on, as with bubblewrap" kill -0 "$pid"
kill -KILL "$pid"
: >info
start --unshare-pid --die-with-parent --info-fd 6 sleep infinity
wait_for has_pid
pid=$(child_pid)
wait_for inner
kill -TERM $sandbox
wait $sandbox 2>/dev/null
ok "  with it, it ends" wait_for tap_gone "$pid"
for pids in '' --unshare-pid; do
    : >info
    bash -c '"$@" & echo >told; wait' - "$bwrap_ours" "${root[@]}" $pids --die-with-parent --info-fd 6 sleep infinity 6>info &
    shell=$!
    read -r _ <told
    wait_for has_pid
    pid=$(child_pid)
    began() { [ "$(cat "/proc/$pid/comm")" = sleep ] || inner; }
    wait_for began
    kill -KILL $shell
    wait $shell 2>/dev/null
    ok "--die-with-parent $pids: the caller's end is that of the sandbox" wait_for tap_gone "$pid"
done
is "$("$bwrap_ours" "${root[@]}" --unshare-pid --info-fd 6 sh -c 'sleep infinity >/dev/null 2>&1 & exit 7' 6>info; echo $?)" 7 \
    "bwrap does not wait for background processes"
kill -KILL "$(child_pid)"

# A filter, and descriptors that are passed on
is "$("$bwrap_ours" "${root[@]}" sh -c 'cat <&7' 7< <(echo passed))" passed "a descriptor that no option names is passed on"
python3 - >filter <<'X'
import struct, sys
# Everything but uname(2) on x86-64, or 160 on arm64, is allowed; those are EPERM.
nr = {"x86_64": 63, "aarch64": 160}[__import__("os").uname().machine]
for op in [(0x20, 0, 0, 0), (0x15, 0, 1, nr), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)]:
    sys.stdout.buffer.write(struct.pack("HBBI", *op))
X
is "$("$bwrap_ours" "${root[@]}" --unshare-pid --seccomp 7 uname 7<filter 2>&1; echo $?)" "uname: cannot get system name: Operation not permitted
1" "--seccomp"
is "$("$bwrap_ours" "${root[@]}" --unshare-pid --proc /proc --add-seccomp-fd 7 --add-seccomp-fd 8 timeout 20 sh -c \
    'until grep -q "^Seccomp:.*2" /proc/1/status; do :; done; grep -h Seccomp: /proc/self/status /proc/1/status' 7<filter 8<filter 2>&1)" "Seccomp:	2
Seccomp:	2" "--add-seccomp-fd: the init has the filter, too, because the command can inspect it"
done_testing
