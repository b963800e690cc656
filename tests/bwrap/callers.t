#!/bin/bash
# Ten invocations of bwrap by other programs, as they are documented, each with what the program needs of it.
. "$SRCDIR/tests/bwrap/lib.sh"
has() { command -v "$1" >/dev/null; }
mkdir -p src/.git/hooks src/sub writable
echo code >src/main.c

# 1. opam (sandbox.sh): builds without a network, with the pids of the caller; only the build's directories are writable.
bwrap --unshare-net --new-session --ro-bind /usr /usr --ro-bind /etc /etc --ro-bind /bin /bin --ro-bind-try /lib /lib --ro-bind-try /lib64 /lib64 \
    --ro-bind-try /snap /snap --tmpfs /tmp --ro-bind-try "$HOME/none" "$HOME/none" --proc /proc --dev /dev --setenv TMPDIR /tmp \
    --bind "$PWD/src" "$PWD/src" --chdir "$PWD/src" sh -c 'cc --version >/dev/null 2>&1; cp main.c copy && ls -A /tmp; kill -0 $PPID && echo sees; wc -l </proc/net/route; echo $TMPDIR'
is "$status:$out:$(cat src/copy)" "0:sees
1
/tmp:code" "opam: builds in place, without a network, with the caller's pids ($errors)"

# 2. codex (a coding agent's sandbox for Linux): the system read-only, writable roots, .git protected, a filter, no network.
bwrap --new-session --die-with-parent --ro-bind / / --dev /dev --bind "$PWD/src" "$PWD/src" --ro-bind "$PWD/src/.git" "$PWD/src/.git" \
    --unshare-user --unshare-pid --unshare-net --proc /proc --chdir "$PWD/src" -- \
    sh -c 'echo x >new && echo written; echo x >.git/hooks/post-commit; echo x >/etc/x; cat /proc/sys/kernel/ostype; wc -l </proc/net/route'
is "$out" "written
Linux
1" "codex: writes to the project, and not to its hooks or the system"
like "$errors" "hooks/post-commit: Read-only.*/etc/x: Read-only" "  it says so"

# 3. Claude Code (sandbox-runtime): the same, with /dev/null over paths that must not be created, and a socket passed on.
python3 -c 'import socket, os
s = socket.socket(socket.AF_UNIX); s.bind("proxy.sock"); s.listen()
os.dup2(s.fileno(), 9)
c, _ = s.accept(); c.send(b"through the proxy\n")' &
proxy=$!
wait_for test -S proxy.sock
bwrap --new-session --die-with-parent --unshare-net --bind "$PWD/proxy.sock" /tmp/proxy.sock --setenv SANDBOX_RUNTIME 1 --ro-bind / / --dev /dev \
    --tmpfs /tmp --bind "$PWD/proxy.sock" /tmp/proxy.sock --bind "$PWD/src" "$PWD/src" --ro-bind /dev/null "$PWD/src/.bashrc" --unshare-pid --proc /proc -- \
    sh -c 'python3 -c "import socket; s = socket.socket(socket.AF_UNIX); s.connect(\"/tmp/proxy.sock\"); print(s.recv(99).decode(), end=\"\")"; echo evil >"$0/src/.bashrc"; cat "$0/src/.bashrc"; echo $SANDBOX_RUNTIME' "$PWD"
is "$out" "through the proxy
1" "sandbox-runtime: reaches its proxy by a socket, and cannot create a hidden file ($errors)"
wait $proxy

# 4. glycin (GNOME's image loaders): nothing of the environment, few directories, a socket and limits by the caller.
python3 - "$bwrap_ours" >glycin 2>&1 <<'X'
import socket, subprocess, sys, os
a, b = socket.socketpair()
args = [sys.argv[1], "--unshare-all", "--die-with-parent", "--chdir", "/", "--ro-bind", "/usr", "/usr", "--dev", "/dev", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache",
        "--ro-bind-try", "/nix/store", "/nix/store", "--tmpfs", "/tmp-home", "--tmpfs", "/tmp-run", "--clearenv", "--setenv", "HOME", "/tmp-home", "--setenv", "XDG_RUNTIME_DIR", "/tmp-run",
        "--symlink", "/usr/lib", "/lib", "--symlink", "/usr/lib64", "/lib64", "--symlink", "/usr/bin", "/bin", "sh", "-c", f"env | sort; ls /; printf loaded >&{b.fileno()}"]
print(subprocess.run(args, pass_fds=[b.fileno()], stdin=subprocess.DEVNULL).returncode, flush=True)
print(a.recv(99).decode())
X
is "$(cat glycin)" "HOME=/tmp-home
PWD=/
XDG_RUNTIME_DIR=/tmp-run
bin
dev
etc
lib
lib64
tmp-home
tmp-run
usr
0
loaded" "glycin: an image loader speaks by a socket, and sees nothing else"

# 5. GNOME's thumbnailers (gnome-desktop): one file in, one out.
if has gdk-pixbuf-thumbnailer; then
    python3 -c 'import struct, zlib, sys
def chunk(t, d): return struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))
sys.stdout.buffer.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress((b"\0" + b"\xff\0\0" * 64) * 64)) + chunk(b"IEND", b""))' >picture.png
    mkdir thumb
    bwrap --ro-bind /usr /usr --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --ro-bind-try /etc/alternatives /etc/alternatives --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
        --ro-bind-try /var/cache/fontconfig /var/cache/fontconfig --proc /proc --dev /dev --chdir / --setenv GIO_USE_VFS local --unshare-all --die-with-parent --bind "$PWD/thumb" /tmp \
        --ro-bind "$PWD/picture.png" /tmp/gnome-desktop-file-to-thumbnail.png gdk-pixbuf-thumbnailer -s 32 /tmp/gnome-desktop-file-to-thumbnail.png /tmp/thumbnail.png
    is "$status:$(head -c 4 thumb/thumbnail.png | tail -c 3)" 0:PNG "gdk-pixbuf-thumbnailer in the sandbox of gnome-desktop ($errors)"
else
    skip "gdk-pixbuf-thumbnailer" "it is not installed"
fi

# 6. nixpkgs' FHS environments (buildFHSEnv): only a mount namespace; a root of links; the caller's everything else.
mkdir -p fhs/usr/bin
args=(--dev-bind /dev /dev --proc /proc --chdir "$PWD" --die-with-parent --ro-bind-try /nix /nix --tmpfs /etc)
for entry in /etc/passwd /etc/group /etc/hosts /etc/resolv.conf; do args+=(--ro-bind-try "$entry" "$entry"); done
args+=(--symlink /etc/ld.so.cache /etc/ld-link)
for dir in /*; do
    [[ $dir == @(/dev|/proc|/etc|/tmp) ]] || { [ -d "$dir" ] && args+=(--bind-try "$dir" "$dir"); }
done
bwrap "${args[@]}" --bind /tmp /tmp sh -c 'readlink /etc/ld-link; ls /etc | paste -sd" "; readlink /proc/self/ns/pid /proc/self/ns/net; pwd; echo x >writable/file'
like "$out" "^/etc/ld.so.cache
(group|hosts).*passwd.*
$(readlink /proc/self/ns/pid /proc/self/ns/net | sed 's/\[/\\[/; s/\]/\\]/')
$PWD\$" "nixpkgs: a root of its own with the caller's namespaces ($errors)"
[ -f writable/file ]
tap_result $? "  and its files"

# 7. Steam's pressure-vessel: --args with hundreds of files and links, devices, a lock.
{
    printf '%s\0' --dev-bind /dev /dev --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --tmpfs /overrides --dir /run/pressure-vessel --bind "$PWD/writable" /run/host
    for ((i = 0; i < 400; i++)); do printf '%s\0' --symlink "/run/host/$i" "/overrides/lib/$i"; done
    for ((i = 0; i < 40; i++)); do printf '%s\0' --ro-bind /etc/passwd "/run/pressure-vessel/$i"; done
    printf '%s\0' --lock-file /run/host/file --proc /proc --ro-bind-data 8 /.container-info
} >steam
out=$("$bwrap_ours" --args 9 --setenv LD_LIBRARY_PATH /overrides/lib sh -c 'ls /overrides/lib | wc -l; ls /run/pressure-vessel | wc -l; cat /.container-info; [ -c /dev/zero ] && head -c 1 /dev/zero | wc -c' 9<steam 8< <(echo info) 2>&1)
is "$out" "400
40
info
1" "pressure-vessel: hundreds of words by descriptor"

# 8. flatpak's proxy of the session bus (xdg-dbus-proxy): only a mount namespace, the top directories one by one, two descriptors.
args=()
for dir in /*; do
    if [ -L "$dir" ]; then args+=(--symlink "$(readlink "$dir")" "$dir"); elif [ -d "$dir" ] && [ "$dir" != /tmp ]; then args+=(--bind "$dir" "$dir"); fi
done
mkfifo ready
out=$("$bwrap_ours" "${args[@]}" --bind /tmp /tmp --die-with-parent -- sh -c 'echo ready >&6; cat <&7; echo; ls -d /usr; [ "$(readlink /proc/self/ns/user)" ] && echo done' 6>&1 7< <(printf config) 2>&1)
is "$out" "ready
config
/usr
done" "flatpak's proxy: two descriptors passed through"

# 9. WebKit's processes (BubblewrapLauncher): seccomp, --args, private runtime, /sys and home masks.
{
    printf '%s\0' --die-with-parent --unshare-pid --unshare-uts --ro-bind /sys/block /sys/block --ro-bind /sys/bus /sys/bus --ro-bind /sys/class /sys/class --ro-bind /sys/dev /sys/dev --ro-bind /sys/devices /sys/devices \
        --ro-bind-try /usr/share /usr/share --ro-bind-try /usr/local/share /usr/local/share --proc /proc --dev /dev --unsetenv TMPDIR --dir "$HOME/.cache" --tmpfs /tmp --unshare-ipc \
        --ro-bind /usr /usr --ro-bind /etc /etc --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --unshare-net
} >webkit
python3 -c 'import struct, sys; sys.stdout.buffer.write(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))' >allow
out=$("$bwrap_ours" --args 9 --seccomp 8 sh -c 'ls /sys | paste -sd" "; ls -A ~ ; grep Seccomp: /proc/self/status' 9<webkit 8<allow 2>&1)
like "$out" "^(block bus class dev devices).*
.cache
Seccomp:	2\$" "WebKit: the web process's root"

# 10. Portable services and build tools (mkosi before 15, meson's tests, bst): a root directory, ids, a fresh everything.
mkdir -p image/{usr,proc,dev,tmp,var/tmp,root,etc}
bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts --hostname build --uid 0 --gid 0 --bind image / --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
    --proc /proc --dev /dev --tmpfs /tmp --dir /build --chdir /build --clearenv --setenv PATH /usr/bin --die-with-parent sh -c 'id -u; uname -n; pwd; echo built >/var/tmp/result; stat -c %u /var/tmp/result'
is "$status:$out:$(cat image/var/tmp/result)" "0:0
build
/build
0:built" "a build as root of an image's directory ($errors)"
done_testing
