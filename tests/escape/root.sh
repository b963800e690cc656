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
make_root() {
    rm -rf "$HOME/root"
    mkdir -p "$HOME/root/bin" "$HOME/root/etc" "$HOME/root/outer"
    cp /bin/busybox "$HOME/root/bin/busybox"
    for name in sh ls cat true echo test mkdir; do ln -s busybox "$HOME/root/bin/$name"; done
    chmod 755 "$HOME/root"
}
