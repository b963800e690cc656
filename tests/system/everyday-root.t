#!/bin/bash
# What root inside finds as on a machine: sudo, the directories of packages, and tools that ask the kernel.
. "$SRCDIR/tests/lib.sh"

"$KURUNG" run -q --id-map=subid true 2>/dev/null && subids=yes || subids=''

# sudo, as installation scripts call it.
runs() { # EXPECTED NAME WORDS...
    local expected=$1 name=$2
    shift 2
    kurung run -q -p build -- "$@"
    is "$status:$out:$errors" "0:$expected:" "$name"
}
runs 0 "sudo runs a command" sudo id -u
runs "a  b" "  with its words" sudo -E -H -n -- echo "a  b"
runs "x=1 y" "  with variables" sudo -nE A=x=1 _B2=y sh -c 'echo "$A $_B2"'
runs "a=b" "  a word that is no assignment is the command" sudo -- env -i sh -c 'echo a=b'
runs "" "  asked without a command for a password, it has none to ask for" sudo -v
runs "/tmp" "  in a directory" sudo -D /tmp pwd
runs "root 0" "  and says who called it" sudo sh -c 'echo "$SUDO_USER $SUDO_UID"'
runs "in a shell" "  by the shell" sudo -s echo "in a shell"
runs "0" "  as a login" sudo -i id -u
kurung run -q -p build -- sudo -u nosuch true
is "$status:$errors" "1:sudo: unknown user 'nosuch'" "  an unknown user is an error"
kurung run -q -p build -- sudo --nosuch true
is "$status:$errors" "1:sudo: unknown option '--nosuch'" "  and an unknown option"
kurung run -q -p build -- sudo sh -c 'exit 7'
is "$status" 7 "  the status is the command's"
kurung run -q -p build -- sh -c 'echo x >/run/kurung/bin/sudo'
like "$errors" "Read-only file system" "  it cannot be replaced"
if [ -n "$subids" ] && command -v setpriv >/dev/null; then
    nobody=$(id -u nobody)
    runs "$nobody" "sudo -u runs it as another user" sudo -u nobody id -u
    runs "$nobody" "  also by number" sudo --user="#$nobody" id -u
    runs "$(getent passwd nobody | cut -d: -f6)" "  with the user's home" sudo -Hunobody sh -c 'echo "$HOME"'
    kurung run -q -p build -- setpriv --reuid nobody --clear-groups sudo true
    is "$status:$errors" "1:sudo: only root of the sandbox can change the user" "  which gains nothing by it"
else
    skip "sudo -u" "this user has no subordinate ids, or setpriv is missing"
fi
kurung run -- sh -c 'echo "$PATH"; ls /run/kurung/bin'
unlike "$out" "kurung|sudo" "without root inside it is not there"
kurung run -q -p build --keep=sudo -- sudo true
kurung diff sudo
is "$out" "" "it is no change of a kept sandbox"
"$KURUNG" discard sudo

# sudo of the host, by its path: the rules, which the user cannot read, allow what root can do anyway.
if [ -w /dev/fuse ]; then
    in_mounts 'mkdir .etc; cp -a /etc/. .etc/ 2>/dev/null || :; rm -f .etc/sudoers; echo canary >.etc/sudoers; chmod 0 .etc/sudoers
        mount --bind .etc /etc' "$KURUNG" run -q -p build --overlay=fuse -- cat /etc/sudoers >"$HOME/.out" 2>&1
    is "$(<"$HOME/.out")" "root ALL=(ALL:ALL) NOPASSWD: ALL" "unreadable rules of sudo are replaced by one for root"
    rm -rf .etc
else
    skip "unreadable rules of sudo are replaced by one for root" "/dev/fuse is not accessible"
fi

# Directories of packages, where everything else is hidden: empty, and with the owners that they have.
owners=$(find /run /var/log -mindepth 1 -maxdepth 1 -type d -uid -1000 -gid -1000 ! -name '.*' ! -path /run/systemd ! -path /run/user \
    ! -path /run/mount ! -path /run/media ! -path /run/credentials ! -path /run/secrets ! -path /run/netns ! -path /run/lock \
    -printf '%p %m %U:%G\n' | grep -v '[^A-Za-z0-9._+/: -]' | sort)
if [ -n "$subids" ] && [ -n "$owners" ]; then
    # shellcheck disable=SC2046 # names without spaces
    kurung run -q -p build -- find $(cut -d' ' -f1 <<<"$owners") -maxdepth 0 -printf '%p %m %U:%G\n'
    is "$(sort <<<"$out")" "$owners" "the directories of packages in /run and /var/log are there, with owner and mode"
    # shellcheck disable=SC2046
    kurung run -q -p build -- find $(cut -d' ' -f1 <<<"$owners") -mindepth 1 ! -type d
    is "$out" "" "  and empty"
else
    skip "the directories of packages" "this user has no subordinate ids, or there are none"
fi
kurung run -q -p build -- ls -d /run/systemd /run/user
is "$out" "" "those of users and of the init system are not"
kurung run -q -- ls /var/log
is "$out" "" "without root inside there are none"
kurung run -q -p build -- sh -c 'mkdir /run/mine /var/log/mine && touch /run/lock/mine && echo made'
is "$out" made "root makes others"
if [ -n "$subids" ] && id postgres >/dev/null 2>&1 && [ -d /run/postgresql ] && command -v setpriv >/dev/null; then
    kurung run -q -p build -- setpriv --reuid postgres --regid postgres --init-groups touch /run/postgresql/socket
    is "$status:$errors" "0:" "a server writes to its own"
else
    skip "a server writes to its own" "postgresql is not installed"
fi

# What a package's scripts do after an installation.
if [ -x /var/lib/dpkg/info/man-db.postinst ] && [ -n "$subids" ]; then
    kurung run -q -p build --overlay=view -- sh -c '/var/lib/dpkg/info/man-db.postinst triggered /usr/share/man 2>&1 | grep -i denied'
    is "$out" "" "man-db's trigger may write"
else
    skip "man-db's trigger may write" "man-db is not installed, or this user has no subordinate ids"
fi

# Sockets are listed from /proc, as there is no netlink socket for them.
if command -v ss >/dev/null; then
    kurung run -q -p build -- sh -c 'python3 -c "
import socket, subprocess
s = socket.create_server((\"127.0.0.1\", 8123))
print(subprocess.run([\"ss\", \"-ltn\"], capture_output=True, text=True).stdout)"'
    like "$out" "LISTEN.*127.0.0.1:8123" "ss lists the sandbox's sockets"
else
    skip "ss lists the sandbox's sockets" "ss is not installed"
fi

done_testing
