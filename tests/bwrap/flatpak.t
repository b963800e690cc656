#!/bin/bash
# flatpak runs an application of its own in kurung-bwrap, offline: a runtime and an app made of busybox.
. "$SRCDIR/tests/bwrap/lib.sh"
id=org.kurung.Test
why=''
for program in flatpak dbus-run-session xdg-dbus-proxy busybox; do
    command -v $program >/dev/null || why="$program is not installed"
done
if [ -n "$why" ]; then
    skip "flatpak" "$why"
    done_testing
fi
export XDG_RUNTIME_DIR=$HOME/run FLATPAK_BWRAP=$bwrap_ours
mkdir -m 700 "$XDG_RUNTIME_DIR"
arch=$(flatpak --default-arch)

mkdir -p runtime/{files,var} runtime/usr/{bin,lib,etc} app/files/bin app/export app/var
cp "$(command -v busybox)" runtime/usr/bin/busybox
for applet in sh cat echo env find grep id kill ls mkdir ps readlink sleep sort stat test touch true; do
    ln -s busybox "runtime/usr/bin/$applet"
done
printf '[Runtime]\nname=%s.Runtime\nruntime=%s.Runtime/%s/stable\nsdk=%s.Runtime/%s/stable\n' $id $id "$arch" $id "$arch" >runtime/metadata
printf '[Application]\nname=%s\nruntime=%s.Runtime/%s/stable\nsdk=%s.Runtime/%s/stable\ncommand=hello\n[Context]\nshared=ipc;\n' $id $id "$arch" $id "$arch" >app/metadata
printf '#!/bin/sh\necho hello "$@"\nid -u\ngrep ^name /.flatpak-info\n' >app/files/bin/hello
chmod 755 app/files/bin/hello
export_app() { flatpak build-export --runtime repo runtime stable && flatpak build-export repo app stable; }
ok "a runtime and an app are made" export_app 2>/dev/null

# In a session bus of its own, which is the system's, too.
cat >session <<'X'
export DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
run() { flatpak --user run --branch=stable "$@"; }
flatpak --user remote-add --no-gpg-verify test repo && flatpak --user install -y --noninteractive test $id stable >installed 2>&1 || exit
run $id one two >hello 2>errors
echo "status $?" >>hello
list='find / -path /proc -prune -o -path /sys -prune -o -path /usr -prune -o -path /dev/pts -prune -o -print; ls -l /dev; grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; id; env; stat -c "%n %a" /etc/passwd /run/.userns'
for which in ours theirs; do
    [ $which = ours ] && FLATPAK_BWRAP=$bwrap_ours || FLATPAK_BWRAP=$bwrap_theirs
    [ -z "$FLATPAK_BWRAP" ] || FLATPAK_BWRAP=$FLATPAK_BWRAP run --command=sh $id -c "$list" 2>&1 | sed -E "s/session-bus-proxy-[^ ]*/PROXY/; s,/[0-9]{6,},/INSTANCE,; s/[0-9]{2}:[0-9]{2} //; s/FLATPAK_BWRAP=.*//" | sort >$which
done
export FLATPAK_BWRAP=$bwrap_ours
run --command=test $id -S /run/flatpak/bus
echo "bus $?" >bus
run --command=sleep $id 1000 &
app=$!
until flatpak ps --columns=instance,pid,child-pid,application 2>/dev/null | grep -q $id && [ -n "$(pgrep -x -f 'sleep 1000')" ]; do read -rt 0.05 <> <(:); done
flatpak ps --columns=application,child-pid >ps
flatpak kill $id
wait $app
echo "killed $?" >killed
cp -r app building && flatpak build building sh -c 'touch /app/files-are-writable && ls /app' >build 2>&1
echo "status $?" >>build
X
id=$id bwrap_ours=$bwrap_ours bwrap_theirs=$bwrap_theirs timeout 120 dbus-run-session -- bash session >log 2>&1 </dev/null
is "$(cat hello 2>&1)" "hello one two
$(id -u)
name=$id
status 0" "flatpak run" || diag "$(tail -5 errors log installed 2>/dev/null)"
is "$(cat bus 2>&1)" "bus 0" "its proxy of the session bus runs in a sandbox, too"
like "$(cat ps 2>&1)" "$id" "flatpak ps"
like "$(cat killed 2>&1)" "^killed (137|1)\$" "flatpak kill"
if [ -n "$bwrap_theirs" ]; then
    # /dev/shm is a file system of its own, for all users; the rest of /dev has one more reader's bit.
    is "$(grep -v -e ' shm$' -e '^total' ours)" "$(grep -v -e ' shm$' -e '^total' theirs)" "the app sees the same files, privileges and variables as with bwrap"
else
    skip "the app sees the same files as with bwrap" "bwrap is not installed"
fi
like "$(cat build 2>&1)" "files-are-writable.*status 0" "flatpak build"
done_testing
