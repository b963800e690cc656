#!/bin/bash
# Bad arguments get one clear line, status 1, and no process stays behind. Attacks that bubblewrap had CVEs for.
. "$SRCDIR/tests/bwrap/lib.sh"
root=(--ro-bind / / --tmpfs /tmp)

fails "an unknown option" "Unknown option --nonsense" --nonsense true
fails "  one that is empty but for dashes" "Unknown option -" - true
for option in args argv0 chdir remount-ro proc exec-label file-label dev tmpfs mqueue dir lock-file sync-fd block-fd userns-block-fd \
    info-fd json-status-fd seccomp add-seccomp-fd userns userns2 pidns unsetenv uid gid hostname cap-add cap-drop perms size \
    overlay-src tmp-overlay ro-overlay; do
    bwrap "--$option"
    like "$status:$errors" "^1:bwrap: --$option takes (an|one) argument\$" "--$option without a value"
done
for option in bind bind-try ro-bind ro-bind-try dev-bind dev-bind-try bind-fd ro-bind-fd file bind-data ro-bind-data symlink setenv chmod; do
    fails "--$option with one value" "--$option takes two arguments" "--$option" x
done
fails "--overlay with two values" "--overlay takes three arguments" --overlay x y
for fd in '' -1 x 1x 99999999999999999999 0x1; do
    fails "the descriptor '$fd'" "Invalid fd: $fd" "${root[@]}" --sync-fd "$fd" true
done
closed() { # OPTION TEXT [ARG...]
    local option=$1 text=$2
    shift 2
    fails "$option with a closed descriptor" "$text" "${root[@]}" "$option" 77 "$@" true
}
closed --args "Can't read --args data: Bad file descriptor"
closed --sync-fd "--sync-fd: Bad file descriptor"
closed --block-fd "--block-fd: Bad file descriptor"
closed --info-fd "Write to info_fd: Bad file descriptor"
closed --json-status-fd "Write to info_fd: Bad file descriptor"
closed --seccomp "Can't read seccomp data: Bad file descriptor"
closed --add-seccomp-fd "Can't read seccomp data: Bad file descriptor"
closed --userns "Joining specified user namespace failed: Bad file descriptor"
closed --userns2 "Setting userns2 failed: Bad file descriptor"
closed --pidns "Setting pidns failed: Bad file descriptor"
closed --bind-fd "Can't find source path /proc/self/fd/77: No such file or directory" /tmp/x
closed --file "Can't write data to file /tmp/x: Bad file descriptor" /tmp/x
closed --bind-data "Can't write data to file /tmp/x: Bad file descriptor" /tmp/x
wrong() { # NAME TEXT ARG...: with a file at 7
    is "$("$bwrap_ours" "${root[@]}" "${@:3}" true 7</etc/passwd 2>&1; echo $?)" "bwrap: $2
1" "$1"
}
wrong "a user namespace that is a file" "Joining the specified user namespace failed, it might not be a descendant of the current user namespace." --userns 7
wrong "a pid namespace that is a file" "Setting pidns failed: Invalid argument" --pidns 7
wrong "a second user namespace that is a file" "Setting userns2 failed: Invalid argument" --userns2 7
wrong "information to a descriptor that cannot be written" "Write to info_fd: Bad file descriptor" --info-fd 7
is "$("$bwrap_ours" "${root[@]}" --seccomp 7 true 7< <(printf 123) 2>&1; echo $?)" "bwrap: Invalid seccomp data, must be multiple of 8
1" "half an instruction"
is "$("$bwrap_ours" "${root[@]}" --file 7 /tmp/x true 7>/dev/null 2>&1; echo $?)" "bwrap: Can't write data to file /tmp/x: Bad file descriptor
1" "content of a descriptor that cannot be read"
for id in '' -1 x 4294967295 99999999999999999999; do
    fails "--uid '$id'" "Invalid uid: $id" "${root[@]}" --uid "$id" true
    fails "--gid '$id'" "Invalid gid: $id" "${root[@]}" --gid "$id" true
done
for mode in '' 8 10000 -1 u+x; do
    fails "--perms '$mode'" "--perms takes an octal argument <= 07777" "${root[@]}" --perms "$mode" --dir /tmp/x true
    fails "--chmod '$mode'" "--chmod takes an octal argument <= 07777" "${root[@]}" --chmod "$mode" /tmp true
done
for size in '' 0 -5 ' 5' 5x 18446744073709551616; do
    fails "--size '$size'" "--size takes a non-zero number of bytes" "${root[@]}" --size "$size" --tmpfs /tmp/x true
done
fails "--perms before what has none" "--perms must be followed by an option that creates a file" --perms 0700 --proc /proc true
fails "--perms at the end" "--perms must be followed by an option that creates a file" "${root[@]}" --perms 0700 true
fails "--size before what has none" "--size must be followed by --tmpfs" --size 5 --dir /x true
fails "--overlay-src before another option" "--overlay-src must be followed by another --overlay-src or one of --overlay, --tmp-overlay, or --ro-overlay" \
    "${root[@]}" --overlay-src / --dir /tmp/x true
fails "--overlay-src at the end" "--overlay-src must be followed by another --overlay-src or one of --overlay, --tmp-overlay, or --ro-overlay" \
    "${root[@]}" --overlay-src / true
fails "--overlay without a source" "--overlay requires at least one --overlay-src" --overlay a b /x true
fails "--tmp-overlay without a source" "--tmp-overlay requires at least one --overlay-src" --tmp-overlay /x true
fails "--ro-overlay with one source" "--ro-overlay requires at least two --overlay-src" --overlay-src / --ro-overlay /x true
fails "--hostname in the caller's namespace" "Specifying --hostname requires --unshare-uts" "${root[@]}" --hostname x true
fails "--as-pid-1 in the caller's namespace" "Specifying --as-pid-1 requires --unshare-pid" "${root[@]}" --as-pid-1 true
fails "--as-pid-1 with --lock-file" "Specifying --as-pid-1 and --lock-file is not permitted" "${root[@]}" --unshare-pid --as-pid-1 --lock-file /x true
fails "--disable-userns alone" "--disable-userns requires --unshare-user" "${root[@]}" --disable-userns true
fails "--userns-block-fd alone" "--userns-block-fd requires --unshare-user" "${root[@]}" --userns-block-fd 0 true
fails "a label without SELinux" "labeling not supported on this system" "${root[@]}" --exec-label x true
fails "an unknown capability" "unknown cap: CAP_NONSENSE" "${root[@]}" --cap-add CAP_NONSENSE true
fails "a variable without a name" "setenv failed: Invalid argument" "${root[@]}" --setenv '' x true
fails "--seccomp after --add-seccomp-fd" "--seccomp cannot be combined with --add-seccomp-fd" --add-seccomp-fd 0 --seccomp 0 true
fails "a source that does not exist" "Can't find source path /nonexistent: No such file or directory" "${root[@]}" --bind /nonexistent /tmp/x true
fails "a destination that cannot be created" "Can't mkdir /usr/nonexistent: Read-only file system" "${root[@]}" --bind / /usr/nonexistent true
fails "message queues of the caller's" "Can't mount mqueue on /newroot/tmp/mq: Operation not permitted" "${root[@]}" --mqueue /tmp/mq true
long=$(printf 'x%.0s' {1..5000})
bwrap "${root[@]}" --dir "/$long" true
is "$status:$(wc -l <"$HOME/.err")" 1:1 "a path that is too long"
bwrap "${root[@]}" --dir $'/tmp/a\e[31m\nb' --bind $'/none\e[31m' /tmp true
is "$status:$errors" '1:bwrap: Can'"'"'t find source path /none\x1b[31m: No such file or directory' "control characters do not reach the terminal"
bwrap
is "$status:$(head -c 10 "$HOME/.err")" 1:"usage: $(head -c 3 <<<"$bwrap_ours")" "without arguments: the usage, status 1"
is "$("$bwrap_ours" "${root[@]}" sh -c 'echo $(ls /proc/self/fd)' 0<&- 1>"$HOME/.out" 2>&-; echo $?; cat "$HOME/.out")" "0
0 1 2 3" "closed standard descriptors are /dev/null inside"

# CVE-2017-5226: input for the caller's terminal (TIOCSTI). As with bubblewrap, --new-session prevents it.
cat >tiocsti.py <<'X'
import fcntl, sys, termios
try:
    for c in b"echo pwned\n":
        fcntl.ioctl(0, termios.TIOCSTI, bytes([c]))
    print("typed")
except OSError as e:
    print("refused", e.errno)
X
is "$(script -qec "$bwrap_ours --ro-bind / / --new-session python3 tiocsti.py" /dev/null </dev/null | tr -d '\r')" "refused 1" \
    "CVE-2017-5226: --new-session keeps a command from typing into the caller's terminal"
# CVE-2020-5291: a set-user-ID bwrap. This program refuses to be one.
ok "CVE-2020-5291: it does not run set-user-ID" grep -q 'refusing to run set-user-ID' "$bwrap_ours"
bwrap "${root[@]}" --ro-bind /usr /usr sh -c 'grep NoNewPrivs /proc/self/status'
is "$out" "NoNewPrivs:	1" "  no_new_privs is always set"
# CVE-2019-12439: a directory in /tmp of another user. No such directory is used.
bwrap "${root[@]}" cat /proc/self/mountinfo
unlike "$out" "(bubblewrap|oldroot|newroot)" "CVE-2019-12439: no path of the host is used to build the root"
# CVE-2016-8659: a command that inspects the privileged process. The init has no more than the command.
bwrap "${root[@]}" --unshare-pid --proc /proc --cap-add CAP_CHOWN sh -c 'grep -hE "^Cap(Inh|Prm|Eff|Amb)" /proc/1/status | cut -f2 | sort -u'
is "$out" 0000000000000000 "CVE-2016-8659: init has no capability"
bwrap "${root[@]}" --unshare-pid --proc /proc sh -c 'ls /proc/1/fd | wc -l; readlink /proc/1/root /proc/1/cwd; ls /proc/1/root | head -1; tr -d "\0" </proc/1/cmdline'
is "$(tail -1 <<<"$out")" "$(printf 'kurung-init')" "  its arguments are not those of the caller ($out)"
export SECRET_OF_THE_CALLER=hunter2
bwrap "${root[@]}" --unshare-pid --proc /proc --clearenv sh -c 'tr -d "\0" </proc/1/environ'
is "$status:$out" 0: "  its environment is not the caller's, which --clearenv removed"
cat >memory.py <<'X'
import re
found = 0
for line in open("/proc/1/maps"):
    begin, end, mode = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
    if "r" in mode and "[v" not in line:
        with open("/proc/1/mem", "rb") as f:
            f.seek(int(begin, 16))
            found += f.read(int(end, 16) - int(begin, 16)).count(b"hunter" + b"2")
print(found)
X
bwrap "${root[@]}" --unshare-pid --proc /proc --clearenv --setenv PATH "$PATH" --chdir "$PWD" python3 memory.py
is "$status:$out" 0:0 "  nor is it anywhere in its memory ($errors)"
# The old root is gone: not above "/", not by a descriptor, not in /proc.
bwrap "${root[@]}" --dir /tmp/d --cap-add ALL --uid 0 sh -c 'cd / && for i in 1 2 3 4 5 6; do cd ..; done; ls -A tmp; chroot /tmp/d true; umount /tmp; ls -A /tmp | head -2'
is "$(head -1 <<<"$out")" d "no root is above the new one ($errors)"
done_testing
