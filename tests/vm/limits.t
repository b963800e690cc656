#!/bin/bash
# Limits held by control groups, on a real systemd. The user's manager has all controllers (tests/vm/machine).
# Started by whoever asks the manager first, and not ended after; so it is there before.
XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user start dbus.service
. "$SRCDIR/tests/lib.sh"
unset XDG_RUNTIME_DIR # the manager is found without
manager=/sys/fs/cgroup/user.slice/user-$(id -u).slice/user@$(id -u).service
no_groups() { [ -z "$(find "$manager" -type d -name 'kurung-*' 2>/dev/null)" ]; }
in_groups() { find "$manager" -type d -name 'kurung-*.scope' | grep -q .; }
report() { jq -r "$1" r.json; }
hog='import sys; x = bytearray(int(sys.argv[1]) << 20); x[::4096] = b"x" * len(x[::4096]); print("fed")'

for round in 1 2 3; do
    kurung run --memory-max=64M --memory-swap-max=0 --report=r.json -- python3 -c "$hog" 200
    is "$status" 137 "64M: a hog of 200M is killed ($round)"
    like "$errors" "kurung: out of memory: limit 64M, peak 6[0-9.]+M, killed python3 \(pid [0-9]+\)" "64M: and that is said ($round)"
    is "$(report '[.exit.reason, .limits.MemoryMax, .resources.memory.oom_kill, .resources.memory.killed[0].name] | join(" ")')" \
        "out-of-memory 67108864 1 python3" "64M: and reported ($round)"
done
kurung run --memory-max=64M -- python3 -c "$hog" 20
is "$status:$out:$errors" "0:fed:" "64M: one of 20M is not, and nothing is said"
# Whom the kernel killed is seen only when the group is looked at before its parent has reaped it.
for _ in 1 2 3 4 5; do
    kurung run --memory-max=64M --memory-swap-max=0 -- sh -c "python3 -c '$hog' 200; echo \"status \$?\"; exit 5"
    [[ $errors != *killed\ python3* ]] || break
done
is "$status" 5 "64M: of two processes the hog is killed"
like "$out" "status 137" "64M: its parent goes on"
like "$errors" "killed python3" "64M: and the kill is said all the same"
kurung run -q --memory-max=64M --memory-swap-max=0 -p build -- python3 -c "$hog" 200
is "$status" 137 "64M: root inside is held, too (and fuse-overlayfs is not killed)"

kurung run -v --report=r.json --memory-max=100M --cpu-quota=150% --cpu-weight=30 --tasks-max=77 --io-weight=40 -- \
    sh -c 'cd /sys/fs/cgroup; cat cgroup.procs memory.max cpu.max pids.max; cat /proc/self/cgroup; ls -d /sys/fs/cgroup/*/ 2>/dev/null; mkdir x 2>&1'
like "$out" "104857600
150000 100000
77
0::/
.*Read-only" "inside one's own group is seen as the root, with its limits, and can't be written"
is "$(report '.resources.counted_by')" scope "a scope of the user manager held them"
ok "what it used is counted" jq -e '.resources | .memory.peak_bytes > 100000 and .cpu.usage_us > 0' r.json
ok "no scope is left" wait_for no_groups

mkfifo "$HOME/begun"
"$KURUNG" run --read-write="$HOME/begun" --cpu-weight=30 --io-weight=40 -- sh -c 'echo >"$HOME/begun"; exec sleep 1000' &
pid=$!
read -r _ <"$HOME/begun"
scope=$(find "$manager" -type d -name 'kurung-*.scope')
is "$(systemctl --user show -p CPUWeight -p IOWeight -p Description "${scope##*/}" | sort)" "CPUWeight=30
Description=kurung: sh -c echo >\"\$HOME/begun\"; exec sleep 1000
IOWeight=40" "shares are the scope's, and it has a description"
is "$(cd "$scope" && ls -d ./*/ | tr -d '\n')" "./helpers/./payload/" "two groups: helpers and payload"
is "$(cat "$scope/helpers/cgroup.procs")" "$pid" "kurung is among the helpers"
is "$(wc -l <"$scope/payload/cgroup.procs")" 2 "init and the command are in the payload's"
kill -KILL "$pid"
wait "$pid" 2>/dev/null
ok "killed: no scope and no process is left" wait_for no_groups

# The net helper, too, also in a group that is delegated, which can have limits only when no process is left in it.
helpers='for pid in $(cat "/sys/fs/cgroup/$1/helpers/cgroup.procs"); do cat "/proc/$pid/comm"; done | sort | tr "\n" " "'
"$KURUNG" run --net=slirp --memory-max=100M --read-write="$HOME/begun" -- sh -c 'echo >"$HOME/begun"; exec sleep 1000' &
pid=$!
read -r _ <"$HOME/begun"
scope=$(find "$manager" -type d -name 'kurung-*.scope')
is "$(sh -c "$helpers" - "${scope#/sys/fs/cgroup/}")" "kurung kurung-net " "with a network its helper is among the helpers"
kill "$pid"
wait "$pid" 2>/dev/null
ok "nothing of it is left" wait_for no_groups

# A fork bomb: held by its limit, ended by Ctrl-C, and others still get their turn.
answer() { # seconds*1000 of a command
    local begin=${EPOCHREALTIME/./}
    bash -c 'sort </etc/passwd >/dev/null; true'
    echo $(((${EPOCHREALTIME/./} - begin) / 1000))
}
unloaded=$(for _ in 1 2 3 4 5; do answer; done | sort -n | sed -n 3p)
"$KURUNG" run --tasks-max=64 --read-write="$HOME/begun" --report=r.json -- bash -c 'trap exit INT
    bomb() { bomb | bomb & }; bomb 2>/dev/null; echo >"$HOME/begun"; while :; do bomb; done 2>/dev/null' 2>/dev/null &
pid=$!
read -r _ <"$HOME/begun"
scope=$(find "$manager" -type d -name 'kurung-*.scope')
full() { [ "$(cat "$scope/payload/pids.current")" -ge 60 ]; }
ok "fork bomb: it fills what it may have" wait_for full
ok "fork bomb: and no more" test "$(cat "$scope/payload/pids.current")" -le 64
loaded=$(for _ in 1 2 3 4 5; do answer; done | sort -n | sed -n 3p)
ok "fork bomb: another command answers within ten times its time or a second (${loaded} ms, unloaded ${unloaded} ms)" \
    test "$loaded" -le $((10 * unloaded > 1000 ? 10 * unloaded : 1000))
kill -INT "$pid"
wait_for tap_gone "$pid" || kill -INT "$pid"
ok "fork bomb: ended by Ctrl-C" wait_for tap_gone "$pid"
wait "$pid" 2>/dev/null
ok "fork bomb: the report says how often it was refused" jq -e '.resources.tasks.refused > 0' r.json
ok "fork bomb: nothing of it is left" wait_for no_groups

# The time is taken from the group itself, between two looks ten seconds apart.
# Nothing is started for a look: on a busy machine that alone takes a good part of a second.
look() { # at the time and at what was used, in microseconds
    now=${EPOCHREALTIME/./}
    while read -r key used && [ "$key" != usage_usec ]; do :; done <"$scope/payload/cpu.stat"
}
"$KURUNG" run -q --cpu-quota=50% --read-write="$HOME/begun" --report=r.json -- \
    sh -c 'while :; do :; done & echo >"$HOME/begun"; while :; do :; done' &
pid=$!
read -r _ <"$HOME/begun"
scope=$(find "$manager" -type d -name 'kurung-*.scope')
# More than the limit is never right; less is, when others have the processors meanwhile: then it is measured again.
half=0 most=0 shares=''
for _ in 1 2 3 4 5 6; do
    look
    begin=$now before=$used
    sleep 10
    look
    share=$(((used - before) * 100 / (now - begin)))
    shares+="$share% "
    [ "$share" -le "$most" ] || most=$share
    [ "$share" -lt 45 ] || half=$((half + 1))
    [ $half -lt 2 ] || break
done
ok "CPUQuota=50%: two that spin get half a processor together ($shares)" test $half -eq 2 || diag "$shares"
ok "CPUQuota=50%: and never more" test "$most" -le 55 || diag "$shares"
kill -INT "$pid"
wait_for tap_gone "$pid" || kill -INT "$pid"
wait "$pid" 2>/dev/null
ok "CPUQuota=50%: that it was held back is reported" jq -e '.resources.cpu.throttled_us > 0' r.json

for round in 1 2; do
    kurung run --work-dir=rw --io-write-bandwidth-max="$PWD 1M" -- dd if=/dev/zero of=big bs=1M count=8 oflag=direct
    is "$status" 0 "IOWriteBandwidthMax: writing works ($round)"
    took=$(sed -n 's/.*copied, \([0-9]*\)[.0-9]* s,.*/\1/p' <<<"$errors")
    ok "IOWriteBandwidthMax=1M: 8M take 7 to 10 seconds ($took, $round)" test "$took" -ge 7 -a "$took" -le 9
done
rm -f big
kurung run --io-read-bandwidth-max="/proc 1M" -- true
is "$status" 125 "a path on no disk is an error"
like "$errors" "io-read-bandwidth-max: '/proc' is not on a disk" "that says so"

kurung run -q --runtime-max-sec=2 --report=r.json -- sh -c 'trap "" TERM; while :; do sleep 1; done'
is "$status:$(report .exit.reason)" "137:runtime-max" "RuntimeMaxSec=2: one that ignores SIGTERM is ended"
ok "RuntimeMaxSec=2: after the time and the grace" jq -e '.duration_us > 7000000 and .duration_us < 12000000' r.json

# Many at once.
mkdir many
pids=()
for n in $(seq 20); do
    "$KURUNG" run --memory-max=$((50 + n))M --tasks-max=$((20 + n)) -- \
        sh -c 'echo "$(cat /sys/fs/cgroup/memory.max) $(cat /sys/fs/cgroup/pids.max)"' >"many/$n" 2>&1 &
    pids+=($!)
done
wait "${pids[@]}"
wrong=
for n in $(seq 20); do
    [ "$(cat "many/$n")" = "$(((50 + n) << 20)) $((20 + n))" ] || wrong+="$n: $(cat "many/$n"); "
done
is "$wrong" "" "20 at once: each has limits of its own"
ok "20 at once: nothing is left" wait_for no_groups

# In a group that is delegated already no manager is asked.
delegated() { systemd-run --user --quiet --collect --pipe --wait -p Delegate=yes --working-directory="$PWD" -E HOME="$HOME" "$@"; }
XDG_RUNTIME_DIR=/run/user/$(id -u)
export XDG_RUNTIME_DIR
got=$(delegated "$KURUNG" run --memory-max=99M --report="$PWD/r.json" -- cat /sys/fs/cgroup/memory.max 2>&1)
is "$got" $((99 << 20)) "delegated: the limit is there"
is "$(report .resources.counted_by)" delegated "delegated: in the group that kurung ran in"
got=$(delegated "$KURUNG" run --memory-max=64M --memory-swap-max=0 -- python3 -c "$hog" 200 2>&1)
like "$got" "out of memory: limit 64M" "delegated: and it holds"
got=$(delegated "$KURUNG" run --net=slirp --memory-max=99M -- sh -c 'cat /sys/fs/cgroup/memory.max; ls /sys/class/net' 2>&1)
is "$got" "$((99 << 20))
lo
tap0" "delegated: with a network, too"
got=$(delegated bash -c "'$KURUNG' run --memory-max=98M -- true; '$KURUNG' run --memory-max=97M -- cat /sys/fs/cgroup/memory.max; ls /sys/fs/cgroup\$(cut -d: -f3 /proc/self/cgroup) | grep -c kurung-" 2>&1)
like "$got" "$((97 << 20))
0" "delegated: with others in the group the manager is asked, and nothing is left in it"
unset XDG_RUNTIME_DIR

# Delegate=yes: groups of one's own, and the limits stay.
kurung run --delegate --memory-max=90M -- sh -c 'cd /sys/fs/cgroup; mkdir mine && echo $$ >mine/cgroup.procs && cat /proc/self/cgroup
    echo +pids >cgroup.subtree_control 2>/dev/null; echo max >memory.max; cat memory.max'
like "$out" "0::/mine
$((90 << 20))" "Delegate=yes: one's own groups can be made, and the limit can't be lifted"
like "$errors" "I/O error|ermi" "Delegate=yes: trying is refused"
ok "Delegate=yes: what was made inside is removed" wait_for no_groups

XDG_RUNTIME_DIR=$HOME/none kurung run --memory-max=1G -- true
is "$status" 125 "no user manager: a limit that was asked for is an error"
like "$errors" "--memory-max: cannot enforce MemoryMax: there is no systemd user manager.*loginctl enable-linger" "no user manager: with the remedy"
XDG_RUNTIME_DIR=$HOME/none kurung run -- echo on
is "$status:$out" "0:on" "no user manager: defaults are given up"
kurung doctor
like "$out" "ok    limits .*by scopes of the user manager" "doctor says what holds limits"
done_testing
