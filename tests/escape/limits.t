#!/bin/bash
# Attacks 17, 30 and 40 with control groups and a user manager, where there are any.
. "$SRCDIR/tests/escape/lib.sh"
what=$("$KURUNG" doctor --json | jq -r '.checks[] | select(.name == "limits") | .what')
if [[ $what == "by nothing"* ]]; then
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
