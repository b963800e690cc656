#!/bin/bash
# Attack 87: what the user's own session needs. Attacks 17, 30 and 40 with control groups and a user manager, where there
# are any.
# shellcheck disable=SC2016,SC2088 # expanded inside the sandbox
. "$SRCDIR/tests/escape/lib.sh"
cp "${PROBE%/*}/hoard" hoard

# hoard_and HOARDER... : runs it, and "$left" is what another of the user's programs gets of $what meanwhile, $took what it took.
hoard_and() {
    mkfifo hold
    exec 8<>hold
    coproc HOARD { exec <hold 8<&- 2>/dev/null; "$@" ./hoard "${ids[@]}" "$what"; }
    local pid=$HOARD_PID
    read -r took <&"${HOARD[0]}"
    left=$(./hoard "$what" 100000 </dev/null)
    # The writer's end: hoarder and init end.
    exec 8>&-
    wait "$pid" 2>/dev/null
    rm hold
}

# share NAME WHAT ATLEAST RUN-OPTIONS...: of WHAT others keep ATLEAST of 100, and next to nothing without the defence ($off).
off=user-share
ids=() # -i N: N ids inside take it, one after the other
share() {
    local name=$1 atleast=$3 all
    what=$2
    shift 3
    all=$(./hoard "$what" </dev/null)
    hoard_and "$KURUNG" run -q "$@" --
    ok "87 $name: a share is left (took $took of $all, $left are left)" test "$left" -ge $((all * atleast / 100))
    hoard_and env KURUNG_DEFENCE_OFF=$off "$KURUNG_UNDEFENDED" run -q "$@" --
    ok "87 $name: none is left without ($off) ($left)" test "$left" -lt $((all * atleast / 100))
}
for as in self root; do
    share "inotify instances, as $as" inotify 30 --run-as=$as --overlay=none
    share "pending signals and timers, as $as" timers 30 --run-as=$as --overlay=none
done
if [ -n "$tap_subids" ]; then
    ids=(-i 4)
    for off in user-share payload-userns; do share "inotify instances, by four ids" inotify 30 --run-as=root --overlay=none; done
    share "inotify instances, by four ids, as the profile build has it" inotify 30 -p build
else
    skip "87 inotify instances, by four ids" "this user has no subordinate ids"
fi
# Message queues are counted for the user, too; outside there is no other to see what is left.
is "$("$KURUNG" run -q -- ./hoard queues </dev/null)" $(($(./hoard queues </dev/null) / 2)) "87 message queues: half is for the sandbox"
is "$("$KURUNG" run -q -- ./hoard ptys </dev/null)" 256 "87 pseudo-terminals: the sandbox has its own number"
is "$(undefended user-share run -q -- ./hoard queues </dev/null)" "$(./hoard queues </dev/null)" "87 message queues: all without (user-share)"
ok "87 pseudo-terminals: as many as the machine has without (user-share)" \
    test "$(undefended user-share run -q -- ./hoard ptys </dev/null)" -gt 256
for options in "" --cap-add=sys_admin,sys_resource "--run-as=root --cap-add=sys_admin,sys_resource"; do
    # shellcheck disable=SC2086 # several options
    kurung run -q --overlay=none $options -- sh -c 'echo 100000 >/proc/sys/user/max_inotify_instances; cat /proc/sys/user/max_inotify_instances'
    is "$out" $((($(</proc/sys/user/max_inotify_instances) + 1) / 2)) "87 the limits can't be raised from inside ($options)"
done

# Memory: what all file systems in memory may hold together.
sizes='for d in / /tmp /var/tmp /run /dev/shm /root /home /mnt /media /srv /boot /var/log /var/spool /var/mail; do
    [ "$(stat -f -c %T $d)" = tmpfs ] && stat -f -c "%i %b" $d; done | sort -u | awk "{ n += \$2 } END { print n * 4 }"'
total=$(awk '/MemTotal/ { print $2 }' /proc/meminfo)
for as in self root; do
    ok "87 memory: file systems hold three quarters of it at most, as $as" \
        test "$("$KURUNG" run -q --run-as=$as -- sh -c "$sizes")" -le $((total * 3 / 4))
    ok "87 memory: all of it and more without (memory-share), as $as" \
        test "$(undefended memory-share run -q --run-as=$as -- sh -c "$sizes")" -gt "$total"
done

# The disk: the attacker fills it as fast as it can, and waits.
mkdir small
in_mounts 'mount -t tmpfs -o size=256M,nr_inodes=4000 none small; chmod 777 small' bash -c '
    export XDG_CACHE_HOME=$PWD/small
    run="run -q --work-dir=hidden --overlay=none --"
    "$KURUNG" $run sh -c "cat /dev/zero >~/all; exec sleep 100000"
    echo $? >status; ! head -c 4194304 /dev/zero >small/mine || echo wrote >mine
    KURUNG_DEFENCE_OFF=disk "$KURUNG_UNDEFENDED" $run sh -c "cat /dev/zero >~/all; echo full; stat -f -c %a ~"' >full 2>setup || :
if [ -s status ]; then
    is "$(<status):$(<mine)" "137:wrote" "87 the disk: who fills it is killed, and the host writes on"
    like "$(<full)" "^full.0$" "87 the disk: full without (disk)"
else
    skip "87 the disk" "no mounts can be made here: $(head -1 setup)"
fi
rm -rf small

what=$("$KURUNG" doctor --json | jq -r '.checks[] | select(.name == "limits") | .what')
if [[ $what == "not enforced"* ]]; then
    skip "30 40 control groups and the user manager" "this machine has neither; the machine of tests/vm has"
    done_testing
fi
OPTIONS=(--memory-max=200M --tasks-max=50)
kurung run "${OPTIONS[@]}" -- sh -c 'cd /sys/fs/cgroup && for f in memory.max pids.max cgroup.procs; do echo max >$f && echo "wrote $f"; done; ls -d /sys/fs/cgroup/../cgroup/*.slice; true'
unlike "$out" "wrote|slice" "30 the limits and the groups above can't be written or seen"
like "$errors" "Read-only" "30 writing is refused"
kurung run "${OPTIONS[@]}" --delegate -- sh -c 'cd /sys/fs/cgroup && for f in memory.max pids.max; do echo max >$f && echo "wrote $f"; done; cat memory.max'
is "$out" $((200 << 20)) "30 not even when groups are delegated"
kurung run "${OPTIONS[@]}" --delegate --run-as=root -- sh -c 'cd /sys/fs/cgroup && echo max >memory.max && echo wrote; for d in .. ../..; do echo $$ >$d/cgroup.procs 2>/dev/null && echo moved; done; cat memory.max'
unlike "$out" "wrote" "30 nor by root inside"
like "$out" "$((200 << 20))" "30 whose limit stays"

XDG_RUNTIME_DIR=/run/user/$(id -u)
export XDG_RUNTIME_DIR
kurung run "${OPTIONS[@]}" -e XDG_RUNTIME_DIR="$XDG_RUNTIME_DIR" -e DBUS_SESSION_BUS_ADDRESS="unix:path=$XDG_RUNTIME_DIR/bus" -- \
    systemd-run --user --wait touch "$PWD/escaped"
isnt "$status" 0 "40 systemd-run --user fails inside"
ok "40 and nothing ran outside" test ! -e escaped
ok "40 which works outside" systemd-run --user --wait --quiet touch "$PWD/escaped"
ok "40 for real" test -e escaped

kurung run "${OPTIONS[@]}" --runtime-max-sec=1 -- sh -c 'trap "" TERM INT HUP; (setsid sh -c "trap \"\" TERM; exec sleep 4321" &) ; while :; do sleep 1; done'
is "$status" 137 "17 a command that ignores SIGTERM and double-forks is ended"
gone() { ! pgrep -u "$(id -u)" -f "sleep 4321" >/dev/null; }
ok "17 with all that it started" wait_for gone
done_testing
