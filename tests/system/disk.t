#!/bin/bash
# What a sandbox may hold on the disk, and what the disk keeps free.
# shellcheck disable=SC2016,SC2088 # expanded inside the sandbox
. "$SRCDIR/tests/lib.sh"

# writes FILE...: a command that writes each of 4 MiB, and waits for its end.
writes() { printf 'for f in %s; do head -c 4194304 /dev/urandom >"$f"; done; exec sleep 100000' "$*"; }

kurung run --disk-max=10M --report=r.json -- sh -c "$(writes a b c)"
is "$status" 137 "DiskMax: a sandbox that holds more is killed"
like "$errors" "the sandbox was killed: it exceeded DiskMax=10M" "DiskMax: and a line says so"
is "$(jq -r '[.exit.reason, .exit.status, .exit.signal, .limits.DiskMax] | join(" ")' r.json)" "disk-max 137 9 10485760" \
    "DiskMax: the report says so"
like "$(jq -r .exit.disk r.json)" "DiskMax=10M" "DiskMax: and why"
kurung run -q --disk-max=10M -- sh -c "$(writes '~/a' '~/b' '~/c')"
is "$status" 137 "DiskMax: the private home directory counts"
kurung run -q --disk-max=10M -- sh -c 'head -c 4194304 /dev/urandom >a; echo wrote'
is "$status:$out" "0:wrote" "DiskMax: one that holds less is not touched"
kurung run -q --disk-max=10M -- sh -c 'trap "" XFSZ; dd if=/dev/zero of=big bs=1 seek=10485759 count=2 2>/dev/null; stat -c %s big'
is "$out" 10485760 "DiskMax: no file is larger"
kurung run -q --disk-max=10M -- sh -c 'trap "" XFSZ; fallocate -l 20M big 2>/dev/null || truncate -s 20M big 2>/dev/null || echo refused'
is "$out" refused "DiskMax: nor made so at once"
kurung run -q --disk-inodes-max=200 --report=r.json -- sh -c 'i=0; while [ $i -lt 300 ]; do i=$((i + 1)); >f$i; done; exec sleep 100000'
is "$status:$(jq -r .exit.reason r.json)" "137:disk-max" "DiskInodesMax: too many files end it"
kurung run -q --disk-max=10M -- sh -c 'head -c 3M /dev/urandom >f; for i in 1 2 3 4 5 6 7 8; do ln f l$i; done; echo linked'
is "$status:$out" "0:linked" "DiskMax: a file with several names counts once"
deep='i=0; while [ $i -lt 300 ]; do mkdir d && cd d || exit; i=$((i + 1)); done;'
kurung run --disk-max=10M -- sh -c "$deep $(writes a b c)"
is "$status" 137 "DiskMax: nor does a tree that is too deep hide anything"
like "$errors" "cannot be measured" "DiskMax: and the line says that"
kurung run -q --keep=full --disk-max=10M -- sh -c "$(writes a b c)"
is "$status" 137 "a sandbox that is kept is ended, too"
kurung diff full
like "$out" "c" "and what it wrote is kept"
kurung discard full
kurung run --keep=full --disk-max=10M --report=r.json -- sh -c 'head -c 12M /dev/urandom | split -b 4M; exit 3'
# Where the machine is slow a look at the disk comes before the command's end.
like "$status:$(jq -r .exit.reason r.json)" "^(3|137):disk-max$" "DiskMax: what was written last is measured when the command has ended"
like "$errors" "it exceeded DiskMax=10M" "DiskMax: and a line says so"
kurung discard full
kurung run --keep=full --disk-max=10M --report=r.json -- sh -c 'head -c 4M /dev/urandom >a'
is "$status:$errors:$(jq -r .exit.reason r.json)" "0::exited" "DiskMax: which says nothing of one that holds less"
kurung discard full

# A home that is kept: what was in it before is not counted, all that is added is, however soon.
adds='head -c 12M /dev/urandom | split -b 4M - ~/'
for is_there in nothing much; do
    kurung run --home=persist:d --disk-max=10M --report=r.json -- sh -c "$adds$is_there"
    is "$(jq -r .exit.reason r.json)" "disk-max" "DiskMax: what is added to a kept home counts, where $is_there is in it"
done
kurung run --home=persist:d --disk-max=10M --report=r.json -- sh -c 'head -c 4M /dev/urandom >~/more'
is "$status:$errors:$(jq -r .exit.reason r.json)" "0::exited" "DiskMax: what it held before does not"
kurung discard --home d

# A payload can make measuring as slow as it likes. Here each walk takes longer than a second, and the next one would be half a
# minute later by what a walk may cost. The payload writes once the first walk has been over its trees; the disk is its own, as
# what others free on it counts against what the payload writes.
mkdir own
mount='mount -t tmpfs -o size=256M none own; chmod 777 own'
if in_mounts "$mount" true 2>setup; then
    : >stalled
    { wait_for test -s stalled && echo go; } |
        in_mounts "$mount" env XDG_CACHE_HOME="$PWD/own" KURUNG_STALL=walk KURUNG_STALLED="$PWD/stalled" \
            "$KURUNG_UNDEFENDED" run -q --work-dir=hidden --overlay=none --disk-max=10M --report=r.json -- \
            sh -c 'read -r _ && cd && head -c 12M /dev/urandom | split -b 4M && exec sleep 15' 2>/dev/null
    is "$?:$(jq -r .exit.reason r.json)" "137:disk-max" "DiskMax: walks that take long are not put off where all that may come has come"
else
    skip "DiskMax: walks that take long" "no mounts can be made here: $(head -1 setup)"
fi
rmdir own
KURUNG_FAILPOINT=walk "$KURUNG_UNDEFENDED" run -q --keep=full --disk-max=10M --report=r.json -- true 2>/dev/null
like "$?:$(jq -r '.exit.reason + " " + .exit.disk' r.json)" "^0:disk-max its size cannot be measured" "DiskMax: what can't be measured at the end is said to be so"
kurung discard full
KURUNG_FAILPOINT=walk "$KURUNG_UNDEFENDED" run -q --home=persist:d --disk-max=10M -- true 2>"$HOME/.err"
is "$?" 125 "DiskMax: nothing starts with a home that can't be measured"
like "$(<"$HOME/.err")" "cannot start: measuring the size of the home took longer" "which says why"
kurung discard --home d

if grep -qE "^engine (view|fuse)" <<<"$("$KURUNG" run -v --dry-run -p build -- true 2>/dev/null)" &&
    "$KURUNG" run -q -p build -- true 2>/dev/null; then
    kurung run -p build --disk-max=10M -- sh -c "$(writes /usr/a /usr/b /usr/c)"
    is "$status" 137 "DiskMax: as root, who writes to the system"
    like "$errors" "exceeded DiskMax" "and the line is that one, and none of the server"
    kurung run -q -p build --disk-max=10M -- sh -c "mkdir -m 700 /usr/own && chown 1:1 /usr/own && cd /usr/own && $(writes a b c)"
    is "$status" 137 "DiskMax: files of other ids count"
else
    skip "DiskMax: as root" "this machine has no engine for root"
fi

kurung run --disk-keep-free=1000T -- touch made
is "$status" 125 "DiskKeepFree: nothing starts where less is free"
like "$errors" "cannot start: the disk of .* has less free space than DiskKeepFree= requires" "which says why"
kurung run --disk-max=x -- true
like "$errors" "DiskMax=x: must be a number of bytes" "a wrong value is refused"
kurung run --disk-keep-free=infinity -- true
is "$status" 125 "so is keeping an infinite amount free"

# A disk of 64 MiB and 4000 inodes. Until a tenth is free, and then on until the end.
mkdir small
in_mounts 'mount -t tmpfs -o size=64M,nr_inodes=4000 none small; chmod 777 small' bash -c '
    export XDG_CACHE_HOME=$PWD/small
    fill="cd; i=0; while free=\$(stat -f -c %a .) && [ \$free -gt 2000 ]; do head -c 4194304 /dev/zero >f\$i; i=\$((i + 1)); done; echo low; exec sleep 100000"
    "$KURUNG" run --work-dir=hidden --overlay=none --report=r.json -- sh -c "$fill" >out 2>err
    echo $? >status; stat -f -c %a small >left
    many="cd; i=0; while [ \$(stat -f -c %d .) -gt 500 ]; do j=0; while [ \$j -lt 100 ]; do >f\$i.\$j; j=\$((j + 1)); done; i=\$((i + 1)); done; echo low; exec sleep 100000"
    "$KURUNG" run --work-dir=hidden --overlay=none -- sh -c "$many" >out2 2>err2
    echo $? >status2
    mkdir small/shared; cd small/shared
    XDG_CACHE_HOME=$HOME/.cache "$KURUNG" run --work-dir=rw --overlay=none -- sh -c "${fill#cd; }" >"$OLDPWD/out3" 2>"$OLDPWD/err3"
    echo $? >"$OLDPWD/status3"; cd "$OLDPWD"; rm -r small/shared
    "$KURUNG" run --work-dir=hidden --overlay=none --disk-keep-free=0 -- sh -c "${fill%exec*}" >out4 2>err4
    echo $? >status4
    rm -rf small/kurung' 2>setup || :
if [ -s status ]; then
    is "$(<status)" 137 "a sandbox is killed before its disk is full"
    like "$(<err)" "the sandbox was killed: the disk of .*small/kurung' has less than .* free" "a line says which disk"
    is "$(jq -r .exit.reason r.json)" disk-full "and so does the report"
    ok "what it wrote is gone, and the disk is free again" test "$(<left)" -gt 14000
    is "$(<status2)" 137 "the same with inodes"
    like "$(<err2)" "free inodes" "of which the line speaks"
    is "$(<status3)" 137 "a shared directory's disk is watched, too"
    is "$(<status4):$(<out4)" "0:low" "DiskKeepFree=0 keeps nothing free"
else
    skip "a disk that fills up" "no mounts can be made here: $(head -1 setup)"
fi
rm -rf small
done_testing
