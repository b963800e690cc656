#!/bin/bash
# The test machine is what the other tests here take it for.
. "$SRCDIR/tests/vm/lib.sh"

uid=$(id -u)
isnt "$uid" 0 "an ordinary user"
is "$(stat -fc %T /sys/fs/cgroup):$(grep -c ' cgroup ' /proc/self/mountinfo)" cgroup2fs:0 "control groups: version 2 and nothing else"
is "$(ps -o comm= -p 1)" systemd "systemd is pid 1"
is "$(systemctl list-units --failed --no-legend)" "" "no unit of the system has failed"
like "$(uname -r)" "^6[.]1[.]" "the kernel is Debian 12's"
is "$(cat /sys/module/apparmor/parameters/enabled)" Y "AppArmor is there"
is "$(ls /dev/fuse /dev/net/tun)" $'/dev/fuse\n/dev/net/tun' "and the devices"
is "$(ls /sys/class/net)" lo "there is no network that leads out"

like "$(</proc/self/cgroup)" "^0::/user.slice/user-$uid.slice/session-[^/]*[.]scope$" "these tests are in a login session"
is "$(loginctl show-user "$uid" -p Linger --value)" yes "the user lingers"
is "$(systemctl --user is-system-running)" running "the user's manager answers, and nothing has failed"
group=$(systemd-run --user --scope --quiet sed s/0::// /proc/self/cgroup)
like "$group" "/user@${uid}[.]service/.*[.]scope$" "it makes scopes"
manager=/sys/fs/cgroup/user.slice/user-$uid.slice/user@$uid.service
is "$(<"$manager/cgroup.controllers")" "cpuset cpu io memory pids" "every controller is delegated to this user"
is "$(stat -c %u "$manager/cgroup.procs")" "$uid" "with the groups below"
other=$(id -u two)
is "$(<"/sys/fs/cgroup/user.slice/user-$other.slice/user@$other.service/cgroup.controllers")" "cpu memory pids" "io is not to the other user"
is "$(systemd-run --user --scope --quiet -p MemoryMax=50M -p TasksMax=33 -p CPUQuota=20% \
    sh -c 'cd /sys/fs/cgroup/$(sed s/0::// /proc/self/cgroup) && cat memory.max pids.max cpu.max')" $'52428800\n33\n20000 100000' \
    "limits of memory, processes and CPU time reach the kernel"
device=$(lsblk -nro MAJ:MIN "$(findmnt -nro SOURCE -T "$HOME")")
is "$(systemd-run --user --scope --quiet -p "IOWriteBandwidthMax=$HOME 1M" \
    sh -c 'cat /sys/fs/cgroup/$(sed s/0::// /proc/self/cgroup)/io.max')" "$device rbps=max wbps=1000000 riops=max wiops=max" \
    "a limit of writing, too, for the disk of the home directory"
for how in "oflag=direct" "conv=fsync"; do
    begin=${EPOCHREALTIME/./}
    systemd-run --user --scope --quiet -p "IOWriteBandwidthMax=$HOME 1M" dd if=/dev/zero of="$HOME/written" bs=500k count=8 $how 2>/dev/null
    took=$(((${EPOCHREALTIME/./} - begin) / 1000))
    diag "4 MB at 1 MB a second ($how): $took ms"
    ok "and it holds ($how)" test $took -ge 2500
done
rm "$HOME/written"

like "$(grep "^$(id -un):" /etc/subuid)" ":[0-9]+:65536$" "the user has subordinate ids"
is "$(cut -d: -f2 /etc/subuid | sort -n | uniq -d)" "" "which are no other's"
isnt "$(id -G)" "$(id -g)" "and a supplementary group"
is "$KURUNG" "$(type -P kurung)" "the kurung that is tried is the installed one"
kurung profile list --json
ok "with its profiles, and no others" jq -e 'length > 0 and all(.built_in and .directory == null)' "$HOME/.out"
kurung doctor
is "$status" 0 "kurung doctor is content"
is "$(grep -E '^(warn|FAIL)' "$HOME/.out" | grep -v '^warn  Landlock  .*ABI 2:')" "" "and misses nothing but a newer Landlock"
kurung run -p build -- id -u
is "$status:$out" 0:0 "kurung runs a command"
kurung run --dry-run --json -- true
is "$(jq -c '[.landlock_scope]' "$HOME/.out")" '[false]' "with Landlock's first version, which has no scopes"
done_testing
