#!/bin/bash
# Each option of bubblewrap 0.11 has its effect. What version 0.8 has as well is compared with bwrap itself.
. "$SRCDIR/tests/bwrap/lib.sh"
root=(--ro-bind / / --tmpfs /tmp)
mkdir -p host/dir/sub
echo content >host/file
echo inner >host/dir/inner
ln -s file host/link

# Namespaces
for option in user user-try ipc pid net uts cgroup cgroup-try; do
    kind=${option%-try}
    bwrap "${root[@]}" "--unshare-$option" readlink "/proc/self/ns/$kind"
    outside=$(readlink "/proc/self/ns/$kind")
    # A command that shares /proc sees its own pid namespace in it only by its own pid.
    [ "$kind" = pid ] && { bwrap "${root[@]}" --unshare-pid --proc /proc readlink /proc/self/ns/pid; }
    isnt "$out" "$outside" "--unshare-$option: a namespace of its own ($status $errors)"
done
bwrap "${root[@]}" readlink /proc/self/ns/{ipc,net,uts,cgroup,pid}
is "$out" "$(readlink /proc/self/ns/{ipc,net,uts,cgroup,pid})" "without options, all namespaces but user and mnt are the caller's"
bwrap "${root[@]}" --unshare-all --share-net readlink /proc/self/ns/net
is "$out" "$(readlink /proc/self/ns/net)" "--share-net"
alike "a network of its own has loopback" "${root[@]}" --unshare-net cat /proc/self/net/route
alike "--uid, --gid" "${root[@]}" --unshare-user --uid 5 --gid 7 sh -c 'id -u; id -g; cat /proc/self/gid_map'
alike "ids without options" "${root[@]}" id
alike "--hostname" "${root[@]}" --unshare-uts --hostname inside uname -n
alike "--unshare-uts alone keeps the name" "${root[@]}" --unshare-uts uname -n
alike "--as-pid-1" "${root[@]}" --unshare-pid --as-pid-1 --proc /proc sh -c 'echo $$'
alike "the command is pid 2 below the init" "${root[@]}" --unshare-pid --proc /proc sh -c 'echo $$ $PPID'
alike "--disable-userns" "${root[@]}" --unshare-user --disable-userns unshare -U true
alike "--disable-userns keeps the ids" "${root[@]}" --unshare-user --disable-userns id -u
alike "--assert-userns-disabled" "${root[@]}" --assert-userns-disabled true

# The command
alike "--setenv, --unsetenv, --clearenv, PWD" "${root[@]}" --clearenv --setenv A 1 --setenv B 2 --unsetenv A /usr/bin/env
alike "the environment is passed" "${root[@]}" sh -c 'unset _; env'
alike "--chdir" "${root[@]}" --chdir /usr sh -c 'pwd; echo "$PWD"'
alike "a directory that is hidden: the home" "${root[@]}" --tmpfs /var/tmp --dir "$HOME" sh -c 'pwd; echo "$PWD"'
alike "a directory and a home that are hidden: /" "${root[@]}" --tmpfs /var/tmp sh -c 'pwd; echo "$PWD"'
ln -s "$PWD/host" "$HOME/by-link"
(cd "$HOME/by-link" && alike "the name by which the caller came" "${root[@]}" sh -c 'echo "$PWD"'; exit "$tap_failed")
tap_n=$((tap_n + 1))
alike "capabilities: none" "${root[@]}" grep -E '^(Cap|NoNew)' /proc/self/status
alike "capabilities: none for root inside" "${root[@]}" --uid 0 grep -E '^(Cap|NoNew)' /proc/self/status
alike "--cap-add" "${root[@]}" --cap-add cap_net_admin --cap-add CAP_CHOWN grep ^Cap /proc/self/status
alike "--cap-add ALL --cap-drop" "${root[@]}" --uid 0 --cap-add ALL --cap-drop CAP_CHOWN grep ^Cap /proc/self/status
alike "limits of the caller" "${root[@]}" sh -c 'ulimit -a'
alike "the umask of the caller" "${root[@]}" sh -c umask
alike "exit status" "${root[@]}" sh -c 'exit 42'
alike "a signal is 128 and its number" "${root[@]}" sh -c 'kill -9 $$'
alike "the same with an init" "${root[@]}" --unshare-pid sh -c 'kill -15 $$'
alike "signals are as the caller has them" "${root[@]}" grep -E '^Sig(Ign|Blk)' /proc/self/status
(trap '' HUP USR1 && alike "ignored ones, too" "${root[@]}" --unshare-pid grep -E '^Sig(Ign|Blk)' /proc/self/status; exit "$tap_failed")
tap_n=$((tap_n + 1))
alike "a command that does not exist" "${root[@]}" /nonexistent
alike "a command that is a directory" "${root[@]}" /usr
bwrap "${root[@]}" --argv0 other sh -c 'echo $0'
is "$out" other "--argv0"
bwrap "${root[@]}" --new-session sh -c 'ps -o sid= -p $$; ps -o sid= -p $PPID'
session=$(ps -o sid= -p $$)
unlike "$out" "^ *$((session))\$" "--new-session: another session"

# The file system
binds=(--ro-bind / / --tmpfs /tmp)
for option in bind ro-bind dev-bind; do
    alike "--$option: a directory" "${binds[@]}" "--$option" "$PWD/host" /tmp/there sh -c 'cat /tmp/there/file; touch /tmp/there/new; rm -f /tmp/there/new'
    alike "--$option: a file" "${binds[@]}" "--$option" "$PWD/host/file" /tmp/a/b/there stat -c '%a %n' /tmp/a /tmp/a/b
    alike "--$option: a link" "${binds[@]}" "--$option" "$PWD/host/link" /tmp/there cat /tmp/there
    alike "--$option: a relative path" "${binds[@]}" "--$option" host/../host/file /tmp/there cat /tmp/there
    alike "--$option-try: none below a directory that does not exist" "${binds[@]}" "--$option-try" /nonexistent /tmp/none/there ls -A /tmp
    alike "--$option-try: none" "${binds[@]}" "--$option-try" /nonexistent /tmp/there ls -A /tmp
done
alike "--dev-bind: devices work" "${binds[@]}" --dev-bind /dev /tmp/dev sh -c 'echo x >/tmp/dev/null'
alike "--bind: they do not" "${binds[@]}" --bind /dev /tmp/dev sh -c 'echo x >/tmp/dev/null'
alike "a bind of / at another place" --bind / / --ro-bind / /mnt sh -c 'ls -d /mnt/usr'
alike "a root that is made last" --tmpfs /tmp --ro-bind / / ls -d /usr
alike "an empty root" --ro-bind /usr /usr --symlink usr/lib64 /lib64 --symlink usr/lib /lib --symlink usr/bin /bin sh -c 'ls -A /; stat -c %a /; : >/new'
alike "--proc without new pids is the host's" "${root[@]}" --proc /tmp/proc stat -fc %T /tmp/proc
alike "--proc of new pids" "${root[@]}" --unshare-pid --proc /proc sh -c 'cd /proc && ls -d [0-9]*'
bwrap "${root[@]}" --dev /dev sh -c 'ls -A /dev | paste -sd" "; : >/dev/null; : >/dev/new; readlink /dev/core'
is "$out" "core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero
/proc/kcore" "--dev: what it has, and it is writable ($errors)"
alike "--tmpfs: size and permissions" "${root[@]}" --perms 1777 --size 1048576 --tmpfs /tmp/t sh -c 'stat -c %a /tmp/t; df --output=size /tmp/t'
alike "--mqueue" "${root[@]}" --unshare-ipc --mqueue /tmp/mq stat -fc %T /tmp/mq
alike "--dir: permissions, and those of its parents" "${root[@]}" --perms 0710 --dir /tmp/p/q/r --dir /tmp/s/t stat -c '%a %n' /tmp/p /tmp/p/q /tmp/p/q/r /tmp/s /tmp/s/t
alike "--symlink" "${root[@]}" --symlink target /tmp/x/link readlink /tmp/x/link
fails "--symlink over a file" "Can't make symlink at /etc/passwd: destination exists and is not a symlink" "${root[@]}" \
    --symlink target /etc/passwd true
alike "--chmod" "${root[@]}" --dir /tmp/d --chmod 1700 /tmp/d stat -c %a /tmp/d
alike "--remount-ro" "${root[@]}" --remount-ro /tmp sh -c ': >/tmp/x'
alike "--remount-ro of what is no mount" "${root[@]}" --dir /tmp/d --remount-ro /usr true
data() { # NAME OPTION...
    local name=$1
    shift
    is "$("$bwrap_ours" "${root[@]}" "$@" /tmp/new/data sh -c 'stat -c %a /tmp/new /tmp/new/data; cat /tmp/new/data; echo more >>/tmp/new/data; ls -A /tmp' 9<host/file 2>&1)" \
        "$(${bwrap_theirs:-false} "${root[@]}" "$@" /tmp/new/data sh -c 'stat -c %a /tmp/new /tmp/new/data; cat /tmp/new/data; echo more >>/tmp/new/data; ls -A /tmp' 9<host/file 2>&1)" "$name"
}
if [ -n "$bwrap_theirs" ]; then
    for option in file bind-data ro-bind-data; do
        data "--$option" "--$option" 9
        data "--$option with --perms" --perms 0640 "--$option" 9
    done
else
    skip "--file, --bind-data, --ro-bind-data" "bwrap is not installed"
fi
is "$("$bwrap_ours" "${root[@]}" --bind-fd 9 /tmp/fd cat /tmp/fd/file 9<host)" content "--bind-fd"
is "$("$bwrap_ours" "${root[@]}" --ro-bind-fd 9 /tmp/fd sh -c 'cat /tmp/fd/file; : >/tmp/fd/file' 9<host 2>/dev/null)" content "--ro-bind-fd"
is "$(cat host/file)" content "  and it is read-only"
bwrap "${root[@]}" --ro-bind-try /proc/self/ns/user /tmp/userns sh -c 'stat -Lc %i /tmp/userns /proc/self/ns/user'
is "$(uniq <<<"$out" | wc -l):$status" 1:0 "--ro-bind-try of a namespace shows the sandbox's own ($errors)"

# Overlays (0.11)
mkdir lower1 lower2 upper work 'lower ":,\z' 'upper ":,\z' 'work ":,\z'
echo 1 >lower1/a && echo 1 >lower1/b && echo 2 >lower2/b && echo upper >upper/c && echo odd >'lower ":,\z/a'
bwrap "${root[@]}" --overlay-src lower1 --overlay-src lower2 --overlay upper work /tmp/o sh -c 'cat /tmp/o/a /tmp/o/b /tmp/o/c; echo new >/tmp/o/a'
is "$status:$out:$(cat upper/a lower1/a)" "0:1
2
upper:new
1" "--overlay: the last source is on top, and writes go to the upper ($errors)"
bwrap "${root[@]}" --overlay-src lower1 --tmp-overlay /tmp/o --overlay-src lower2 --tmp-overlay /tmp/p sh -c 'cat /tmp/o/b /tmp/p/b; echo new >/tmp/o/b; cat /tmp/o/b'
is "$out:$(cat lower1/b)" "1
2
new:1" "--tmp-overlay: writes are lost ($errors)"
bwrap "${root[@]}" --overlay-src lower1 --overlay-src lower2 --ro-overlay /tmp/o sh -c 'cat /tmp/o/a /tmp/o/b; echo new >/tmp/o/b'
like "$out:$errors" $'^1\n2:.*Read-only' "--ro-overlay"
bwrap "${root[@]}" --overlay-src 'lower ":,\z' --overlay 'upper ":,\z' 'work ":,\z' /tmp/o sh -c 'cat /tmp/o/a; echo new >/tmp/o/a'
is "$out:$(cat 'upper ":,\z/a')" odd:new "paths with special characters ($errors)"
bwrap "${root[@]}" --overlay-src host --overlay host host /tmp/o true
is "$status:$(wc -l <<<"$errors")" 1:1 "directories that overlap are refused"
like "$errors" "^bwrap: Can't make overlay mount on /newroot/tmp/o" "  by name"

# Warnings
bwrap --level-prefix "${root[@]}" --chdir / --chdir /usr pwd
is "$out:$errors" "/usr:<4>bwrap: Only the last --chdir option will take effect" "--level-prefix"
bwrap "${root[@]}" --uid 1 --uid 2 --gid 1 --gid 2 --unshare-uts --hostname a --hostname b sh -c 'id -u; id -g; uname -n'
is "$out:$errors" "2
2
b:bwrap: Only the last --uid option will take effect
bwrap: Only the last --gid option will take effect
bwrap: Only the last --hostname option will take effect" "an option that is given twice"
bwrap --level-prefix "${root[@]}" /nonexistent
is "$errors" "<3>bwrap: execvp /nonexistent: No such file or directory" "errors have a priority, too"
bwrap --version
like "$out" "^bubblewrap 0.11" "--version"
bwrap --help
for option in $(grep -oE '"--[a-z0-9-]+"' "$SRCDIR/src/front/bwrap_options.c" | tr -d '"' | sort -u); do
    grep -qE -- "^    $option( |\$)" "$HOME/.out" || missing+=" $option"
    [ "$option" = "--help" ] || asked=$((asked + 1))
done
is "${missing:-}" "" "--help names every option ($((asked + 1)))"
done_testing
