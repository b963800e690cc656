#!/bin/bash
# tests/tools/prepare says each change before it makes it, makes no other, and takes back what it made. It runs as root of a
# sandbox, over this machine's own files; the packages are made up, and so are the commands: they print "+" and their
# words, and then the real one runs.
. "$SRCDIR/tests/lib.sh"
prepare=$SRCDIR/tests/tools/prepare
fakes=$PWD/fake:$PATH

# The commands that change a machine, in fake/. apt-get, apt-mark and dpkg-query work on the file state/installed.
mkdir fake state
for command in useradd userdel usermod groupadd groupdel touch mkdir rm rmdir chmod; do
    cat >fake/$command <<END
#!/bin/sh
echo "+ $command \$*"
PATH=\$(printf %s "\$PATH" | sed "s|^[^:]*:||")
exec $command "\$@"
END
done
cat >fake/dpkg-query <<'END'
#!/bin/sh
sed 's/$/ installed/' "${0%/*}/../state/installed"
END
# apt-get fails for what is in state/broken.
cat >fake/apt-get <<'END'
#!/bin/sh
state=${0%/*}/../state
echo "+ apt-get $*" >&2
[ "$2" = install ] || exit 0
for package; do
    case $package in
    -* | install) ;;
    *) if grep -qsx "$package" "$state/broken"; then status=100; else echo "$package" >>"$state/installed"; fi ;;
    esac
done
exit ${status:-0}
END
cat >fake/apt-mark <<'END'
#!/bin/sh
echo "+ apt-mark $*" >&2
END
cat >fake/sudo <<'END'
#!/bin/sh
echo "+ sudo $*"
END
chmod +x fake/*
: >state/installed

# All packages, from what is missing where none is there.
mapfile -t packages < <(PATH=$fakes "$prepare" --dry-run check vm bench bench-network bench-changes bench-start build |
    sed -n 's/^prepare: install[^:]*: //p' | tr ' ' '\n')
ok "more than fifty packages are named" test "${#packages[@]}" -gt 50 || diag "${packages[*]}"
is "$(printf '%s\n' "${packages[@]}" | sort | uniq -d)" "" "each once"
all_there() { printf '%s\n' "${packages[@]}" | grep -vx -e "${1:-none}" -e "${2:-none}" >state/installed; }

# announced FILE: for each command in it, the last line that was said before names what it is done to.
announced() {
    awk '/^prepare: / { said = $0; next } /^\+ / { commands++; if (!index(said, $NF)) { print; bad = 1 } } END { exit bad || !commands }' "$1"
}
said() { grep '^prepare: ' "$1"; }

# An ordinary user.
me=$(id -un)
all_there
if grep -q "^$me:" /etc/subuid && grep -q "^$me:" /etc/subgid; then
    PATH=$fakes "$prepare" >out 2>&1
    is "$?:$(<out)" "0:" "where nothing is missing it does nothing, says nothing and asks for no root"
else
    skip "where nothing is missing it does nothing, says nothing and asks for no root" "this user has no subordinate ids"
fi
all_there cppcheck
PATH=$fakes "$prepare" --dry-run check >out 2>&1
is "$?" 0 "--dry-run"
like "$(<out)" $'update the lists of packages[^\n]*\nprepare: install[^\n]*: cppcheck(\n|$)' "says what is missing"
PATH=$fakes "$prepare" --no-sudo check >out 2>&1
is "$?" 1 "--no-sudo with a package missing: an error"
like "$(<out)" "install[^:]*: cppcheck"$'\n'"prepare: to do it by sudo, run: $prepare check$" "which names the package and the command"
unlike "$(<out)" "\+ " "and runs nothing"
PATH=$fakes "$prepare" check >out 2>&1
like "$(<out)" "install[^:]*: cppcheck"$'\n.*\n'"\+ sudo -- $prepare check$" "without it sudo is called, after it was said for what"
(cd / && PATH=$fakes "$SRCDIR/check" plan) >out 2>&1
is "$?" 1 "./check of an ordinary user with a package missing: an error"
like "$(<out)" "run: .*/tests/tools/prepare check$" "that names the command"
rm fake/sudo
for words in "--user root" "--user -x" "--user" "nothing" "--undo vm"; do
    # shellcheck disable=SC2086 # words
    not_ok "'$words' is refused" env PATH="$fakes" "$prepare" --dry-run $words 2>/dev/null
done

is "$(PATH=$fakes "$prepare" --dry-run "" 2>&1)" "prepare: unknown argument '' (prepare --help)" "an empty word is refused, with its name"

# What needs root is nowhere else.
others=(check quickstart .ci/run tests/lib.sh tests/tools/machine.sh tests/vm/machine tests/vm/image.sh tests/bench/{bench,network,changes,start,many,jobs.sh})
is "$(cd "$SRCDIR" && grep -nE '\b(sudo |(user|group)(add|mod|del)|apt-get [^|]*install|dpkg -i|chmod [^ ]+ .?/dev|mknod|modprobe|sysctl -w)\b' "${others[@]}" |
    grep -vE ':[0-9]+: *#')" "" "what needs root is done by prepare alone"

# Devices: a terminal of our own, closed to others, in the place of /dev/fuse.
if grep -q "^$me:" /etc/subuid && [ -c /dev/fuse ]; then
    all_there
    got=$(PATH=$fakes python3 -c 'import os, subprocess, sys
master, slave = os.openpty()
os.fchmod(slave, 0o600)
os.environ["TERMINAL"] = os.ttyname(slave)
sys.exit(subprocess.run(sys.argv[1:]).returncode)' unshare --user --map-root-user --mount bash -c '
        mount --bind "$TERMINAL" /dev/fuse && mount -t tmpfs none /var/lib && cd "$1" || exit 1
        "$2" --user "$3" --dry-run
        "$2" --user "$3" && stat -c %a /dev/fuse && "$2" --user "$3" && "$2" --undo && stat -c %a /dev/fuse' - "$PWD" "$prepare" "$me" 2>&1)
    line="prepare: change the mode of /dev/fuse from 600 to 666"
    is "$(grep -c -e "^$line$" <<<"$got")" 2 "a device that the user may not open: the change is said, in a dry run too" || diag "$got"
    like "$got" "$line"$'\n\+ chmod 666 /dev/fuse\n666\nprepare: .*from 666 to 600\n\+ chmod 600 /dev/fuse\n.*\n600$' \
        "then made, not made twice, and undone" || diag "$got"
else
    skip "a device that the user may not open" "this user has no subordinate ids, or there is no /dev/fuse"
fi

# As root, over this machine's files: what is written is compared with what was said.
if ! grep -q "^$me:" /etc/subuid || getent passwd kurung-fresh >/dev/null; then
    skip "as root" "this user has no subordinate ids"
    done_testing
fi
as_root() { # STATUS NAME COMMAND: in the kept sandbox k
    "$KURUNG" run -q "${@:3:$#-3}" -- bash -c "export PATH=$PWD/fake:/usr/local/bin:/usr/bin:/bin; cd $PWD; ${*: -1}" >out 2>&1 </dev/null
    is "$?" "$1" "$2" || diag "$(<out)"
}
first=(--keep=k -p build --read-only="$SRCDIR")
again=(--in=k)
files='sha256sum /etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/subuid /etc/subgid; ls /etc/postgresql-common /home /var/lib'
all_there postgresql cppcheck
# This machine's own list is not the fresh one's: --undo would take back what was made here.
as_root 0 "a fresh machine: a dry run" "${first[@]}" "/bin/rm -rf /var/lib/kurung-prepare; { $files; } >before; $prepare --dry-run --user kurung-fresh check; { $files; } | cmp - before"
cp out dry
ok "  prints something" test -s dry
not_ok "  and runs no command" grep '^+' dry
as_root 0 "a fresh machine: prepared" "${again[@]}" "$prepare --user kurung-fresh check && stat -c 'the home is of %U' ~kurung-fresh"
cp out made
is "$(said made)" "$(<dry)" "says what the dry run said"
ok "each command after its line" announced made
ok "the packages are installed" grep -q '^+ apt-get -qq install -y --no-install-recommends cppcheck postgresql$' made
ok "the user is created" grep -q '^+ useradd .*kurung-fresh$' made
ok "  who has a home" grep -q '^the home is of kurung-fresh$' made
"$KURUNG" diff --name-only k | tr -d '\0' | grep -vE '^(before|state/installed|/etc/.pwd.lock)$' >changed
is "$(grep -vE '^/(etc/((passwd|group|shadow|gshadow|subuid|subgid)-?|postgresql-common(/createcluster.d(/kurung.conf)?)?)|home|var/lib/kurung-prepare(/record)?)/?$' changed)" \
    "" "nothing else is changed"
ok "the changes are seen" grep -qx /etc/subuid changed
as_root 0 "once more" "${again[@]}" "$prepare --user kurung-fresh check"
is "$(<out)" "" "does nothing and says nothing"
as_root 0 "the user has a supplementary group and ids" "${again[@]}" \
    'id -Gn kurung-fresh; for f in /etc/subuid /etc/subgid; do
        sort -t: -k2n $f | awk -F: "\$2 < end { print \"overlap\" } { end = \$2 + \$3 } \$1 == \"kurung-fresh\" { print \$3 }"; done'
is "$(<out)" $'kurung-fresh kurung-fresh-extra\n65536\n65536' "which are nobody else's"
as_root 0 "what --undo would do" "${again[@]}" "$prepare --undo --dry-run"
cp out dry
as_root 0 "--undo" "${again[@]}" "$prepare --undo"
is "$(said out)" "$(<dry)" "says what its dry run said"
ok "each command after its line" announced out
as_root 0 "the files are as before" "${again[@]}" "{ $files; } | diff before -"
as_root 0 "--undo where nothing was made" "${again[@]}" "$prepare --undo"
is "$(<out)" "" "does nothing and says nothing"

# An installation that fails half-way.
as_root 1 "a package that cannot be installed: an error" "${again[@]}" \
    "echo cppcheck >state/broken; sed -i -e /^clang$/d -e /^cppcheck$/d state/installed; $prepare --user kurung-fresh check"
not_ok "after which nothing goes on" grep useradd out
as_root 0 "what was installed is known" "${again[@]}" "$prepare --undo --dry-run"
is "$(grep 'the package' out)" "prepare: mark the package clang as automatically installed" "and nothing else is"
"$KURUNG" discard k 2>/dev/null
done_testing
