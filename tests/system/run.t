#!/bin/bash
# kurung run as a user sees it, under each engine.
. "$SRCDIR/tests/lib.sh"
echo content >file
mkdir sub
echo inner >sub/inner

for engine in auto none kernel fuse; do
    args=(--overlay="$engine")
    kurung run "${args[@]}" -- sh -c 'cat file sub/inner; echo new >made; echo changed >file; rm sub/inner; cat file made; ls sub'
    is "$status:$out" "0:content
inner
changed
new" "$engine: the working directory is seen and can be written"
    is "$(cat file sub/inner; ls)" "content
inner
file
sub" "$engine: nothing of that reaches the host"
    kurung run "${args[@]}" -- sh -c 'id -u; id -g; pwd'
    is "$out" "$(id -u)
$(id -g)
$project" "$engine: the same user, the same directory"
    kurung run "${args[@]}" -- sh -c 'exit 42'
    is "$status" 42 "$engine: the exit status is the command's"
    kurung run "${args[@]}" -- sh -c 'kill -TERM $$'
    is "$status" 143 "$engine: a signal is 128 more"
    kurung run "${args[@]}" -- sh -c 'echo x >"$HOME/y" && ls -A "$HOME"'
    like "$out" "project" "$engine: the home directory is empty but for the project"
    unlike "$out" "[.]out" "$engine: and holds nothing of the host's"
    kurung run "${args[@]}" -- sh -c 'ls -A /home /root /mnt /media /srv /boot /var/log /var/spool 2>&1 | grep -v ":$" | grep -v "^$"; ls -A /tmp /var/tmp | grep -v kurung-home'
    unlike "$out" "kurung-test|dpkg" "$engine: of the system, not of the people"
    kurung run "${args[@]}" -- stat -c %a /root /run/lock /tmp
    is "$out" "700
1777
1777" "$engine: directories of the system have the modes that programs expect"
    kurung run "${args[@]}" -- sh -c 'touch /usr/x /etc/x || echo refused'
    like "$out" refused "$engine: system directories can't be written as oneself"
    kurung run "${args[@]}" -p build -- sh -c 'id -u; echo 1 >owned; chown 5:6 owned; stat -c %u:%g owned'
    is "$out" "0
5:6" "$engine: root inside may give files away, and sees it"
    kurung run "${args[@]}" --id-map=single -- sh -c 'echo a >b && cat b; id -u'
    is "$status:$out" "0:a
$(id -u)" "$engine: with a single id"
    kurung run "${args[@]}" --run-as=77:88 -- sh -c 'id -u; id -g; stat -c %u:%g file'
    is "$out" "77
88
77:88" "$engine: as other ids"
done

for mode in rw ro hidden; do
    rm -f made
    kurung run --work-dir="$mode" -- sh -c 'echo 1 >made; ls'
    case $mode in
    rw) is "$status:$(cat made)" "0:1" "rw: writes are real" ;;
    ro) ok "ro: there are none" test ! -e made && like "$errors" "Read-only" "ro: it says so" ;;
    hidden) ok "hidden: not there" test ! -e made && unlike "$out" "file" "hidden: nothing is seen" ;;
    esac
done
rm -f made

mkdir "$HOME/shared" "$HOME/data"
echo s >"$HOME/shared/s"
kurung run --read-only="$HOME/shared" --read-write="$HOME/data:/mnt/data" --tmpfs=/opt/t:1M --hide=/etc/passwd \
    --hide=/usr/share -- sh -c 'cat ~/shared/s; echo d >/mnt/data/d; echo no >~/shared/s; cat /etc/passwd; ls /usr/share; df -k --output=size /opt/t | tail -1 | tr -d " "'
is "$out" "s
1024" "operations: read-only, read-write, tmpfs with a size, hide"
is "$(cat "$HOME/data/d" "$HOME/shared/s")" "d
s" "operations: what is shared for writing is written, what is read-only is not"
kurung run --home=host --work-dir=hidden -- sh -c 'cat ~/shared/s; echo x >~/shared/s; cat ~/shared/s'
is "$out:$(cat "$HOME/shared/s")" "s
x:s" "home=host: seen, and writes are caught"

SECRET=x LANG=C.UTF-8 kurung run -e A=b -e SECRET2=y -- env
unlike "$out" "SECRET=x" "the environment is left behind"
like "$out" "A=b" "but for what is set"
like "$out" "PATH=[^ ]*/usr/local/sbin" "and PATH has the system's directories"
export PASSED=1
kurung run -e PASSED -- sh -c 'echo "$PASSED"'
is "$out" 1 "-e NAME passes a variable on"

kurung run -- sh -c 'echo out; echo err >&2'
is "$out:$errors" "out:err" "output and errors stay apart"
is "$(printf 'a\nb\n' | "$KURUNG" run -- cat | "$KURUNG" run -- wc -l)" 2 "pipes, in and out"
kurung run -- sh -c 'sleep 1000 & exit 3'
is "$status" 3 "what is left running ends with the command"
kurung run -- python3 -c 'import threading; t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()'
is "$out" thread "threads work, though clone3 is not there"
kurung run -- sh -c 'cat /etc/ssl/certs/ca-certificates.crt | head -1; readlink -f /usr/bin/awk; locale -a | head -1; cat /etc/resolv.conf >/dev/null && echo dns'
like "$out" "dns" "DNS files are there"
like "$out" "/usr/bin/.*awk" "alternatives work"
kurung run -- ls /dev
for node in null zero full random urandom tty pts shm fd ptmx stdin; do
    like "$out" "$node" "/dev/$node is there"
done
kurung run -- sh -c 'hostname >/dev/null; ip -o link 2>/dev/null | wc -l; cat /proc/net/dev | grep -c :'
like "$out" "1$" "one network interface: the loopback"
kurung run -- python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
c = socket.create_connection(s.getsockname()); print("up")'
is "$out" up "the loopback is up"
for how in --id-map=auto --id-map=single; do
    kurung run --run-as=root $how -- python3 -c 'import socket; socket.socket().bind(("127.0.0.1", 80)); print("bound")'
    is "$out" bound "root inside has the low ports ($how)"
done
kurung shell -- sh -c 'echo in a shell'
is "$out" "in a shell" "kurung shell runs a command, too"
kurung run --dry-run -v true
like "$out" "op proc /proc" "--dry-run -v prints the plan"
kurung run --dry-run --json true
ok "--dry-run --json is JSON" jq -e '.ops | length > 10' "$HOME/.out"
mkdir -p "$HOME/deep" && ln -s /usr "$HOME/deep/link"
kurung run --read-only="$HOME/deep/link:/opt/usr" -- test -e /opt/usr/bin/env
is "$status" 0 "a source that is a symlink is followed on the host"
kurung run --read-only="$HOME/shared:/var/run/x" -- cat /run/x/s
is "$out" s "37: /var/run leads to /run inside"
# A run on a terminal says what goes with it.
on_tty() { python3 "$SRCDIR/tests/tools/on_terminal.py" "$@"; }
seen_by() { # COMMAND...: what the terminal shows
    on_tty 'wait(); print(seen.decode(errors="replace"))' "$@" 2>&1 | tr -d '\r'
}
for engine in "--overlay=kernel" "--overlay=fuse" "-p build" "--overlay=none --work-dir=overlay"; do
    # shellcheck disable=SC2086 # words
    got=$(seen_by "$KURUNG" run $engine -- sh -c 'echo 1 >new; echo 2 >>file; rm sub/inner; mkdir empty; echo x >~/kept')
    like "$got" "changes dropped: 4 in the working directory, 1 in your home ..kurung run --keep. keeps them, .kurung try. asks" \
        "$engine: what was changed and is dropped is counted"
    # shellcheck disable=SC2086
    got=$(seen_by "$KURUNG" run $engine -- sh -c 'cat file sub/inner >/dev/null; touch sub/t; rm sub/t; mkdir ~/.cache; echo >~/.cache/x; echo >~/.bash_history')
    unlike "$got" "dropped" "$engine: nothing is said where nothing was changed"
done
like "$(seen_by "$KURUNG" shell -- sh -c 'echo 1 >new')" "dropped: 1 in the working directory .*kurung shell --keep" "after a shell, too"
unlike "$(seen_by "$KURUNG" run -q -- sh -c 'echo 1 >new')" "dropped" "not with -q"
unlike "$(seen_by sh -c '"$0" run -- sh -c "echo 1 >new" 2>"$HOME/.err"; cat "$HOME/.err"' "$KURUNG")" "dropped" "not where standard error is no terminal"
unlike "$(seen_by "$KURUNG" run --keep=k -- sh -c 'echo 1 >new')" "dropped" "not where it is kept"
"$KURUNG" discard k
like "$(seen_by "$KURUNG" run -- python3 -c '
for n in range(1500): open(f"n{n}", "w").close()')" "dropped: more than 1000 in the working directory" "the count is bounded"
like "$(seen_by "$KURUNG" run -- python3 -c '
import os
for n in range(300):
    os.mkdir("d"); os.chdir("d")
open("deep", "w").close()
os.symlink("/", "out"); os.symlink("out", "loop")')" "dropped: more than 1 in the working directory" "a deep tree is not followed to its end"
if "$KURUNG" run -q -p build -- true; then
    got=$(seen_by "$KURUNG" run -p build -- sh -c 'mkdir a; echo 1 >a/1; mkfifo a/fifo; ln -s / a/root; chown -R 5:6 a; chmod 0 a; echo >>/etc/passwd')
    like "$got" "dropped: 1 in the working directory, 1 in the system" "what is closed to us counts as one"
fi
# What is loaded late is in the program's notes, for a packager's tools (systemd.io/ELF_DLOPEN_METADATA).
is "$(sort <(python3 - "$KURUNG" <<'PY'
import json, struct, sys
elf = open(sys.argv[1], "rb").read()
at, = struct.unpack_from("<Q", elf, 40)
size, n, names = struct.unpack_from("<HHH", elf, 58)
sections = [struct.unpack_from("<IIQQQQ", elf, at + i * size) for i in range(n)]
text = sections[names][4]
for name, _, _, _, start, length in sections:
    if elf[text + name:].split(b"\0", 1)[0] != b".note.dlopen":
        continue
    end = start + length
    while start < end:
        n_name, n_content, kind = struct.unpack_from("<III", elf, start)
        owner = elf[start + 12:start + 12 + n_name]
        start += 12 + (n_name + 3) // 4 * 4
        for one in json.loads(elf[start:start + n_content].rstrip(b"\0")):
            print(owner.decode()[:3], hex(kind), one["priority"], one["feature"], *one["soname"])
        start += (n_content + 3) // 4 * 4
PY
))" "FDO 0x407c0c0a recommended libsystemd libsystemd.so.0
FDO 0x407c0c0a recommended nettle libnettle.so.8
FDO 0x407c0c0a required libseccomp libseccomp.so.2
FDO 0x407c0c0a suggested json-c libjson-c.so.5
FDO 0x407c0c0a suggested libarchive libarchive.so.13
FDO 0x407c0c0a suggested libarchive libarchive.so.13
FDO 0x407c0c0a suggested libsubid libsubid.so.5 libsubid.so.4" "what is loaded late stands in the program's notes"
# The host name.
kurung run --keep=named -- uname -n
is "$out" named "the host name is the sandbox's name"
"$KURUNG" discard named
kurung run -- sh -c 'uname -n; uname -n | cmp - /proc/sys/kernel/hostname'
like "$out" "^[a-z0-9._-]+$" "a sandbox that is not kept has a name, too"
isnt "$out" "$(uname -n)" "  other than the host's"
kurung run --hostname=build-1.example -p build -- uname -n
is "$out" "build-1.example" "--hostname sets another"
# The name resolves, beside what /etc/hosts has on the host, and no change is reported.
for options in "" "--overlay=none" "--overlay=kernel" "--run-as=root --overlay=kernel" "--run-as=root --overlay=none" "-p build"; do
    # shellcheck disable=SC2086 # several options
    kurung run $options --hostname=named -- sh -c 'getent hosts named; getent hosts localhost >&2; cat /etc/hosts'
    is "$out" "127.0.1.1       named
$(cat /etc/hosts)
127.0.1.1 named" "the host name is in /etc/hosts, which is otherwise the host's ($options)" || diag "$errors"
done
kurung run -p build -- sh -c 'echo "192.0.2.1 more" >>/etc/hosts && getent hosts more'
is "$status:$out" "0:192.0.2.1       more" "root inside may write to it"
kurung run --keep=named -- sh -c 'echo x >>/etc/hosts; getent hosts named >/dev/null && echo resolved'
is "$out:$(grep -c "cannot create" <<<"$errors")" resolved:1 "in a kept sandbox, too, where others than root may not"
is "$("$KURUNG" diff named 2>&1)" "" "  and no change is reported"
"$KURUNG" discard named
kurung run --keep=named -p build -- sh -c 'cat /etc/hosts; echo "192.0.2.1 more" >>/etc/hosts'
is "$out" "$(cat /etc/hosts)" "root's changes in a kept sandbox are to the file itself"
is "$("$KURUNG" diff named 2>&1)" "M  /etc/hosts" "  and diff shows them"
kurung run --in=named -- cat /etc/hosts
is "$out" "$(cat /etc/hosts)
192.0.2.1 more" "  as does the next run"
"$KURUNG" discard named
printf '::1 other\n' >hosts
kurung run --read-only="$PWD/hosts:/etc/hosts" -- cat /etc/hosts
is "$out" "::1 other" "an /etc/hosts of one's own stays as it is"
kurung run --hide=/etc/hosts -- cat /etc/hosts
is "$status:$out" "0:" "a hidden one stays hidden"
kurung run --read-write="$PWD:/run" -- sh -c 'getent hosts "$(uname -n)" >/dev/null; echo $?'
is "$out:$(ls -d kurung* 2>&1)" "0:ls: cannot access 'kurung*': No such file or directory" "nothing is made in a directory of the host that is shared as /run"
kurung run --net=host -- cat /etc/hosts
is "$out" "$(cat /etc/hosts)" "with the host's network /etc/hosts is the host's"
# A root of one's own, whose /etc/hosts a program outside replaces.
mkdir -p "$HOME/root"/{dev,etc,proc,run,sys,tmp,usr} "$HOME/root$HOME"
for name in bin lib lib64; do ln -s "usr/$name" "$HOME/root/$name"; done
echo "127.0.0.1 old" >"$HOME/root/etc/hosts"
kurung run --root="$HOME/root" --read-only=/usr --work-dir=hidden -- cat /etc/hosts
is "$out" "127.0.0.1 old" "a file that belongs to the command stays as it is" || diag "$errors"
mkfifo "$HOME/ready" "$HOME/go"
# replaced PREFIX...: what a command saw before and after its file was replaced.
replaced() {
    echo "127.0.0.1 old" >"$HOME/root/etc/hosts"
    "$@" "$KURUNG" run -q --root="$HOME/root" --overlay=none --read-only=/usr --work-dir=hidden --read-write="$HOME/ready:/run/ready" \
        --read-write="$HOME/go:/run/go" --hostname=named -- sh -c 'tail -n 1 /etc/hosts; echo >/run/ready; read -r _ </run/go; cat /etc/hosts' \
        >"$HOME/.out" 2>"$HOME/.err" &
    local runner=$!
    read -r _ <"$HOME/ready"
    echo "127.0.0.1 new" >"$HOME/root/etc/new"
    mv "$HOME/root/etc/new" "$HOME/root/etc/hosts"
    echo >"$HOME/go"
    wait $runner
    echo "$?:$(cat "$HOME/.out")"
}
is "$(replaced)" "0:127.0.1.1 named
127.0.0.1 old
127.0.1.1 named" "the host may replace its file, which stays as it is in an overlay" || diag "$(cat "$HOME/.err")"
# With mounts below it, the root is no overlay.
mkdir "$HOME/root/srv"
is "$(replaced in_mounts 'mount -t tmpfs none "$HOME/root/srv"')" "0:127.0.1.1 named
127.0.0.1 new" "and otherwise, the host's file is seen from then on" || diag "$(cat "$HOME/.err")"
rm -r hosts "$HOME/root" "$HOME/ready" "$HOME/go"
kurung run --net=host -- uname -n
is "$out" "$(uname -n)" "with the host's network the name is the host's"
for bad in -x x- a..b .a a. a.-b a-.b a_b 'a b' "$(printf %065d 0)" $'a\nb'; do
    kurung run --hostname="$bad" -- true
    is "$status:$(wc -l <<<"$errors")" "125:1" "--hostname='${bad:0:10}' is refused"
    like "$errors" "hostname\(7\)" "  with what is right"
done

done_testing
