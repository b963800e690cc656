#!/bin/bash
# What front ends other than profiles choose: namespaces, and who is the first process in them (namespaces(7)).
. "$SRCDIR/tests/lib.sh"

# fill WORD... -- COMMAND...: as kurung() of lib.sh.
fill() {
    "$fill_spec" "$@" >"$HOME/.out" 2>"$HOME/.err" </dev/null
    status=$?
    out=$(<"$HOME/.out")
    errors=$(<"$HOME/.err")
}
# ns KIND [PID]
ns() { readlink "/proc/${2:-self}/ns/$1"; }

# New, and the caller's
for kind in cgroup ipc uts net mnt pid; do
    fill -- readlink "/proc/self/ns/$kind"
    isnt "$out" "$(ns $kind)" "by default it has a $kind namespace of its own"
done
for kind in cgroup ipc uts pid; do
    fill ns=$kind=caller -- readlink "/proc/self/ns/$kind"
    is "$status:$out" "0:$(ns $kind)" "the $kind namespace can be the caller's"
done
fill network=host -- readlink /proc/self/ns/net
is "$out" "$(ns net)" "the host's network is the caller's namespace"
fill ns=net=caller -- true
is "$status:$errors" "125:kurung: cannot keep the caller's network namespace without Mode=host" \
    "  which a sandbox without a network can't have"
fill ns=uts=caller -- hostname
is "$out" "$(hostname)" "what is the caller's is not set"
fill host-name=inside -- hostname
is "$out" inside "  and what is not is"
fill ns=pid=caller proc=/proc -- true
is "$status:$errors" "125:kurung: cannot mount a new /proc in the caller's pid namespace" "a new /proc takes pids of one's own"
fill ns=mnt=caller -- true
is "$status:$errors" "125:kurung: cannot make a root in a mount namespace of others" "a root takes mounts of one's own"
fill no-root ns=mnt=caller -- sh -c 'readlink /proc/self/ns/mnt; echo $$'
is "$status:$out" "0:$(ns mnt)
2" "without a root the mounts can be the caller's"

# Joined. A sandbox by others' means, of which the first process is known.
mkfifo ready
(exec unshare --user --map-root-user --net --uts --ipc --pid --fork --kill-child sh -c 'hostname joined; read -r pid rest </proc/self/stat; echo $pid >ready; exec sleep infinity') &
others=$!
read -r target <ready
exec {user}<"/proc/$target/ns/user" {net}<"/proc/$target/ns/net" {uts}<"/proc/$target/ns/uts" {ipc}<"/proc/$target/ns/ipc" \
    {pids}<"/proc/$target/ns/pid"
fill ns=user=$user ns=net=$net ns=uts=$uts ns=ipc=$ipc -- sh -c 'hostname; readlink /proc/self/ns/user /proc/self/ns/net /proc/self/ns/ipc; id -u'
is "$status:$out" "0:joined
$(ns user "$target")
$(ns net "$target")
$(ns ipc "$target")
0" "namespaces are joined, and the ids are those of the user namespace"
fill ns=user=$user ns=pid=$pids -- sh -c 'readlink /proc/self/ns/pid'
is "$status:$out" "0:$(ns pid "$target")" "so is a pid namespace"
fill ns=user=$user ns=pid=$pids init=payload -- sh -c 'kill -0 1 && exit 7'
is "$status" 7 "  without a process of kurung's in it"
fill ns=user=$user ns=pid=$pids run-as=0:0 -- id -u
is "$out" 0 "ids can be chosen in a joined user namespace"
fill ns=net=$net -- true
is "$status:$errors" "125:kurung: cannot join the net namespace of descriptor $net: Operation not permitted" \
    "a namespace that is another's is refused, and named"
fill ns=user=$net -- true
is "$status:$errors" "125:kurung: cannot join the user namespace of descriptor $net: Invalid argument" \
    "so is one of another kind"
fill no-userns ns=user=$user -- true
like "$status:$errors" "^125:kurung: cannot forbid user namespaces in one that is not made" \
    "what the sandbox does not own it sets no limit for"
exec {user}<&- {net}<&- {uts}<&- {ipc}<&- {pids}<&-
kill -KILL "$others"
wait "$others" 2>/dev/null

# In the caller's user namespace, by somebody who may do all there
out=$(unshare --user --map-root-user sh -c 'readlink /proc/self/ns/user; "$@"' - \
    "$fill_spec" ns=user=caller -- sh -c 'readlink /proc/self/ns/user; grep CapEff /proc/self/status; readlink /proc/self/ns/mnt' 2>&1)
is "$(sed -n 1p <<<"$out")" "$(sed -n 2p <<<"$out")" "no user namespace is made for who has one already"
is "$(sed -n 3p <<<"$out" | tr -d '\t ')" CapEff:0000000000000000 "  and all capabilities go, all the same"
isnt "$(sed -n 4p <<<"$out")" "$(ns mnt)" "  and the other namespaces are new"

# No more user namespaces, with a filter that lets them be made
fill filter=none -- unshare --user true
is "$status" 0 "without a filter a user namespace can be made inside"
for init in kurung payload; do
    fill filter=none no-userns init=$init -- unshare --user true
    like "$status:$errors" "^1:.*No space left on device" "none can be where that is forbidden (init=$init)"
    fill no-userns init=$init -- sh -c 'cat /proc/self/uid_map | tr -s " "; echo "$(id -u):$(id -g)"'
    is "$status:$out" "0: $(id -u) $(id -u) 1
$(id -u):$(id -g)" "  and the ids are as they are without"
done

# The payload in the place of init
fill init=payload -- sh -c 'echo $$; exit 9'
is "$status:$out" 9:1 "the command is pid 1 itself"
fill init=payload proc=/proc -- sh -c 'ls /proc | grep -c "^[0-9]*$"; :'
is "$out" 3 "  and nothing of kurung's is beside it"
fill init=payload -- sh -c 'trap "exit 5" TERM; kill -TERM $$; sleep infinity'
is "$status" 5 "  with its own handlers"
fill init=payload ns=pid=caller -- sh -c 'kill -TERM $$'
is "$status" 143 "  and its end is told as it was"
fill init=payload -- /nonexistent
is "$status:$errors" "127:kurung: cannot execute '/nonexistent': No such file or directory" "  one that does not exist is told"
# Not by a shell, which cannot start anything in the background where /dev/null is a node of the host's.
"$fill_spec" init=payload -- python3 -c 'import os, signal
signal.signal(signal.SIGTERM, lambda *ignored: os._exit(6))
print("up", flush=True)
while True: signal.pause()' >ready &
started=$!
read -r line <ready
kill -TERM "$started"
wait "$started"
is "$line:$?" up:6 "signals to kurung reach it"

# Who ends with whom. The command holds one end of a fifo; its end is seen at the other.
mkfifo held
"$fill_spec" init=payload die-with-parent terminal=session bind="$PWD:$PWD" -- sh -c "exec 3>$PWD/held; echo >&3; sleep infinity" &
started=$!
exec {end}<held
read -r -u "$end" line
kill -KILL "$started"
wait "$started" 2>/dev/null
ok "a command that is to dies with kurung" timeout 60 cat <&"$end"
exec {end}<&-
"$fill_spec" init=payload terminal=session bind="$PWD:$PWD" -- sh -c "exec 3>$PWD/held; echo >&3; read -r line <$PWD/held2; echo \$line >&3" &
started=$!
mkfifo held2
exec {end}<held
read -r -u "$end" line
kill -KILL "$started"
wait "$started" 2>/dev/null
timeout 60 sh -c 'echo still >held2'
is "$(timeout 60 cat <&"$end")" still "another one goes on"
exec {end}<&-
"$fill_spec" ns=pid=caller terminal=session bind="$PWD:$PWD" -- sh -c "exec 3>$PWD/held; echo >&3; exec sleep infinity" &
started=$!
exec {end}<held
read -r -u "$end" line
kill -KILL "$started"
wait "$started" 2>/dev/null
ok "with an init of kurung's it always does, also among the caller's pids" timeout 60 cat <&"$end"
exec {end}<&-

# Created now, started later
fill create="$PWD/socket" proc=/proc -- sh -c "echo \$\$ >$PWD/x; exec 3>$PWD/held; id -u >&3; sleep infinity >&3"
created=$out
is "$status:$(ps -o ppid= -p "$created" | tr -d ' ' | grep -c .)" 0:1 "a sandbox is created, and its first process waits"
is "$(ns pid "$created" | grep -c "$(ns pid)")" 0 "  in namespaces of its own"
ok "  of which nothing was executed" test ! -s held
kill -KILL "$created"
wait_for tap_gone "$created"
fill start="$PWD/socket"
is "$status" 125 "one that has ended can't be started"
fill create="$PWD/socket2" bind="$PWD:$PWD" -- sh -c "exec 3>$PWD/held; id -u >&3; exec sleep infinity"
created=$out
fill start="$PWD/socket2"
is "$status:$errors" "0:" "what was created is started"
exec {end}<held
read -r -u "$end" line
is "$line" "$(id -u)" "  and is what was asked for"
kill -KILL "$created"
ok "  and ends when it is told to" timeout 60 cat <&"$end"
exec {end}<&-
wait_for tap_gone "$created"
fill create="$PWD/socket3" -- /nonexistent
is "$status" 0 "a sandbox is created for what does not exist"
fill start="$PWD/socket3"
is "$status:$errors" "127:kurung: cannot execute '/nonexistent': No such file or directory" "  which its start tells"
fill create="$PWD/socket4" init=kurung -- true
is "$status:$errors" "125:kurung: cannot detach a command that needs a process of kurung's beside it" \
    "who needs a process of kurung's can't be detached"

done_testing
