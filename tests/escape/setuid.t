#!/bin/bash
# Attack 86: a set-user-ID or set-group-ID file that a sandbox leaves where other users of the machine may run it.
. "$SRCDIR/tests/escape/lib.sh"
run=("$KURUNG" run -q)
umask 022
chmod 711 "$HOME" # as many homes are: others may go through
mkdir share

# Every call that sets a mode, in the working directory. fchmodat2 is Linux 6.6, and O_TMPFILE not on every file system.
OPTIONS=(--work-dir=rw)
ways=(chmod fchmod fchmodat fchmodat2 open openat openat2 creat mknod mknodat tmpfile)
for way in "${ways[@]:0:$(scaled 11 3)}"; do
    attack_if_any "86 $way, set-user-ID" seccomp set-id "$way" made 4755
    attack_if_any "86 $way, set-group-ID" seccomp set-id "$way" made 2755
done
OPTIONS=(-q --run-as=root --work-dir=rw)
attack "86 chmod as root, with CAP_FSETID" seccomp set-id chmod made 6755
OPTIONS=(-q --run-as=root --read-write="$PWD/share:/opt/share")
attack "86 in a shared directory at another place" seccomp set-id openat /opt/share/made 4755
: >file
OPTIONS=(-q --read-write="$PWD/file")
attack "86 of a shared file" seccomp chmod "$PWD/file" 4755
chmod 644 file
OPTIONS=(-q -p build --work-dir=rw)
attack "86 -p build --work-dir=rw" seccomp set-id chmod made 4755
rm -f made share/made

# As other programs do it, and with a file of another user's inside, which is a subordinate id outside.
printf '#!/bin/sh\n' >program
tar -cf program.tar --mode=6755 program
set_ids() { find . ! -type l -perm /6000 -printf '%f '; }
for how in 'install -m 4755 program made' 'tar -xpf program.tar' 'cp -p /usr/bin/su made' 'cp program made; chown 5:5 made; chmod 6755 made' \
    'mv /tmp/made made' 'umask 0; python3 -c "import os; os.chmod(\"program\", 0o4755)"' \
    'python3 -c "import os; os.close(os.open(\"made\", os.O_CREAT | os.O_WRONLY, 0o6755))"' 'ln /usr/bin/su made' \
    'mkdir -m 2755 made' 'cp program made; setfacl -m u::rwx made; chmod u+s,g+s made'; do
    rm -rf made
    "${run[@]}" --run-as=root --work-dir=rw -- sh -c "cp -p /usr/bin/su /tmp/made; $how" >/dev/null 2>&1
    is "$(set_ids)" "" "86 $how: no such bit outside"
done
rm -rf made
undefended seccomp run -q --run-as=root --work-dir=rw -- sh -c 'cp program made; chown 5:5 made; chmod 6755 made' >/dev/null 2>&1
is "$(set_ids)" "made " "86 chown and chmod: succeeds without (seccomp)"
"${run[@]}" --run-as=root --work-dir=rw -- rm -f made
# openat2 is answered ENOSYS, and programs that try it first go on without.
is "$("${run[@]}" --work-dir=rw -- sh -c 'echo text >made; chmod 1755 made; stat -c %a made; cat made')" $'1755\ntext' \
    "86 ordinary files and other bits are as ever"
rm -f made

# A command that joins is under the same filter.
mkfifo go
"${run[@]}" --work-dir=rw -- sh -c 'echo ready >go; read -r _ <go' &
runs=$!
read -r _ <go
name=$("$KURUNG" ps --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["name"])')
like "$("$KURUNG" exec "$name" ./probe set-id chmod made 4755 2>&1)" ^held "86 kurung exec: held as well"
echo >go
wait "$runs"
rm -f made

# What another user gets: a subordinate id runs the file, which would read what only its owner may.
echo canary-of-the-user >canary
chmod 600 canary
# By a shell, as setpriv(1) still has its capabilities when it looks for the program.
as_another() {
    # shellcheck disable=SC2016 # the shell's own arguments
    unshare --user --map-root-user --map-auto setpriv --reuid 1000 --regid 1000 --clear-groups sh -c 'exec "$@"' - "$@"
}
if ! as_another true 2>/dev/null; then
    skip "86 another user gains nothing" "unshare(1) can't map subordinate ids here (util-linux 2.38)"
elif findmnt -nro OPTIONS -T . | grep -qw nosuid; then
    skip "86 another user gains nothing" "this file system is mounted nosuid"
else
    leave='cp /usr/bin/cat reader; chmod 4755 reader'
    "${run[@]}" --work-dir=rw -- sh -c "$leave" 2>/dev/null
    like "$(as_another ./reader canary 2>&1)" "Permission denied" "86 another user who runs it reads nothing of its owner's"
    undefended seccomp run -q --work-dir=rw -- sh -c "$leave"
    is "$(as_another ./reader canary 2>&1)" canary-of-the-user "86 who runs it: succeeds without (seccomp)"

    # What is caught or kept may have such bits, as packages bring them: nobody else gets there.
    "${run[@]}" --home=persist:kept -- sh -c 'cp /usr/bin/cat ~/reader; chmod 4755 ~/reader'
    kept=$(find "$HOME" -name reader -perm /4000 -path '*kept*' | head -n 1)
    isnt "$kept" "" "86 in a kept home there may be such a file"
    like "$(as_another "$kept" canary 2>&1)" "denied" "86 but another user does not get there"
    rm -rf "$HOME/.local/state/kurung/homes/kept"
    is "$("${run[@]}" -p build -- sh -c 'cp /usr/bin/cat reader; chmod 6755 reader; stat -c %a reader')" 6755 \
        "86 nor to what is caught, where packages may have them, too"
fi

# Files that had the bit before: the kernel takes it off when they are written to, also for root inside.
cp /usr/bin/true before
for way in write truncate; do
    for user in self root; do
        chmod 6755 before
        OPTIONS=(-q --work-dir=rw --run-as="$user")
        attack "86 a file that had the bit before loses it by $way, as $user" kernel write-set-id "$way" before
        is "$(stat -c %a before)" 755 "86 and does so outside"
    done
done
chmod 755 before

# A capability on a file counts only in user namespaces of the owner (capabilities(7), "Namespaced file capabilities").
cp /usr/bin/true capable
"${run[@]}" --run-as=root --work-dir=rw -- setcap cap_dac_override+ep capable 2>/dev/null
got=$(getcap -n capable)
[ -z "$got" ] || like "$got" "rootid=$(id -u)\]" "86 a file's capability is of no user namespace but the owner's"
[ -n "$got" ] || skip "86 a file's capability" "this file system takes none"
done_testing
