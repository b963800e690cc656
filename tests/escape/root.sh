# shellcheck shell=bash
# A canary on the host, and a root that leads to it.
. "$SRCDIR/tests/escape/lib.sh"

canary=$HOME/canary
mkdir "$canary"
echo untouched >"$canary/file"
state() { # of the canary: names, types, modes, content
    (cd "$canary" && find . -printf '%p %y %m %s\n' | sort && cat file)
}
before=$(state)
restore() {
    chmod -R u+rwX "$canary"
    rm -rf "$canary"
    mkdir "$canary"
    echo untouched >"$canary/file"
}

# A root with busybox, and nothing at the places where we mount.
mkdir -p "$HOME/plain-root/bin" "$HOME/plain-root/etc" "$HOME/plain-root/outer"
cp /bin/busybox "$HOME/plain-root/bin/busybox"
for name in sh ls cat true echo test mkdir; do ln -s busybox "$HOME/plain-root/bin/$name"; done
chmod 755 "$HOME/plain-root"
make_root() {
    rm -rf "$HOME/root"
    cp -a "$HOME/plain-root" "$HOME/root"
}
