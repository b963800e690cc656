#!/bin/bash
# Attacks 31-39: a hostile root, made to lead what we create or mount in it to the host.
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
# hostile ENGINE PLACE TARGET [ARGS...]: a run with a link to TARGET at PLACE of the root.
hostile() {
    make_root
    mkdir -p "$HOME/root/$(dirname "$2")"
    ln -s "$3" "$HOME/root/$2"
    "$KURUNG" run --root="$HOME/root" --overlay="$1" --work-dir=hidden "${@:4}" -- /bin/sh -c "echo ran; cat /$2/file" \
        >"$HOME/.out" 2>&1 </dev/null
}
# place NUMBER ENGINE PLACE TARGET [ARGS...]
place() {
    hostile "${@:2}"
    local got
    got=$(<"$HOME/.out")
    [ "$(state)" = "$before" ] && [[ $got != *untouched* ]] && { [[ $got == *ran* ]] || [[ $got == kurung:* ]]; }
    tap_result $? "$1 a link at /$3 to ${4/$canary/the host} ($2)" || diag "$got; $(state)"
    restore
}

home_top=${HOME#/}
home_top=${home_top%%/*}
for engine in kernel fuse none; do
    for target in "$canary" ../../../../../../../../../../../../../../../../..$canary; do
        place 31 $engine tmp "$target"
        place 31 $engine run "$target"
        place 31 $engine "$home_top" "$target"
        place 31 $engine outer/link "$target" --tmpfs=/outer/link/a/b
        place 31 $engine outer/link "$target" --tmpfs=/outer/link
        place 31 $engine outer/link "$target" --read-only="$PWD/probe:/outer/link/probe"
        place 31 $engine outer/link "$target/new" --read-only="$PWD/probe:/outer/link"
        place 31 $engine outer/link "$target" --read-write="$PWD:/outer/link/a"
        place 31 $engine outer/link "$target" --hide=/outer/link/file
        for name in dev dev/console dev/null dev/pts dev/shm; do place 32 $engine $name "$target"; done
        for name in proc sys etc proc/sys; do place 33 $engine $name "$target"; done
        place 33 $engine etc "$target" --tmpfs=/etc/a/b
    done
    for target in /proc/self/fd/3 /proc/self/root /proc/self/cwd /proc/1/root; do
        place 34 $engine tmp "$target$canary"
        place 34 $engine outer/link "$target" --tmpfs="/outer/link$canary/a"
        place 34 $engine outer/link "$target" --read-write="$PWD:/outer/link$canary/b"
    done
done
for engine in kernel fuse; do
    make_root
    ln -s "$canary" "$HOME/root/outer/link"
    undefended resolve run --root="$HOME/root" --overlay=$engine --work-dir=hidden --tmpfs=/outer/link/a/b -- /bin/true >/dev/null 2>&1 </dev/null
    isnt "$(state)" "$before" "31 without (resolve) the link leads to the host ($engine)"
    restore
done
make_root
ln -s /proc/self/fd/0 "$HOME/root/outer/link"
undefended resolve run --root="$HOME/root" --overlay=kernel --work-dir=hidden --tmpfs=/outer/link/a/b -- /bin/true >/dev/null 2>&1 <"$canary"
isnt "$(state)" "$before" "34 without (resolve) a link to a descriptor leads there"
restore

# 35: a directory and a link are exchanged all the time, while sandboxes are set up in it.
# race DIRECTORY RUNS COMMAND...: at least so many runs, until the exchanges are done or the canary was touched.
race() {
    local dir=$1 runs=$2 n=0
    rm -f "$dir/stop" "$HOME/exchanges"
    while [ "$(state)" = "$before" ] && { [ $n -lt "$runs" ] || [ ! -s "$HOME/exchanges" ]; }; do
        rm -rf "$dir/race/x" 2>/dev/null
        "${@:3}" >/dev/null 2>&1 </dev/null
        n=$((n + 1))
        [ $n -lt "$runs" ] || touch "$dir/stop"
    done
    touch "$dir/stop"
}
exchanges() { cat "$HOME/exchanges"; }
for engine in kernel fuse; do
    make_root
    mkdir "$HOME/root/race"
    ln -s "$canary" "$HOME/root/race2"
    ./probe exchange "$HOME/root/race" "$HOME/root/race2" "$HOME/root/stop" 10000 >"$HOME/exchanges.part" && mv "$HOME/exchanges.part" "$HOME/exchanges" &
    racer=$!
    race "$HOME/root" 60 "$KURUNG" run --root="$HOME/root" --overlay=$engine --work-dir=hidden --tmpfs=/race/x/y -- /bin/true
    wait $racer
    is "$(state)" "$before" "35 a directory and a link exchanged while sandboxes are made ($engine)"
    ok "35 at least 10,000 times" test "$(exchanges)" -ge 10000
    restore
done
make_root
mkdir "$HOME/root/race"
ln -s "$canary" "$HOME/root/race2"
./probe exchange "$HOME/root/race" "$HOME/root/race2" "$HOME/root/stop" 10000 >"$HOME/exchanges" &
racer=$!
race "$HOME/root" 1000 undefended resolve run --root="$HOME/root" --overlay=kernel --work-dir=hidden --tmpfs=/race/x/y -- /bin/true
wait $racer
isnt "$(state)" "$before" "35 without (resolve) the canary is touched"
restore

# 36: the same from another sandbox, on a volume that both write to.
mkdir -p "$HOME/volume/race"
ln -s "$canary" "$HOME/volume/race2"
"$KURUNG" run --read-write="$HOME/volume" -- ./probe exchange "$HOME/volume/race" "$HOME/volume/race2" "$HOME/volume/stop" 10000 >"$HOME/exchanges.part" &&
    mv "$HOME/exchanges.part" "$HOME/exchanges" &
racer=$!
race "$HOME/volume" 60 "$KURUNG" run --read-write="$HOME/volume" --tmpfs="$HOME/volume/race/x/y" -- true
wait $racer
is "$(state)" "$before" "36 two sandboxes racing on one volume"
restore
rm -rf "$HOME/volume/stop"
./probe exchange "$HOME/volume/race" "$HOME/volume/race2" "$HOME/volume/stop" 10000 >"$HOME/exchanges" &
racer=$!
race "$HOME/volume" 1000 undefended resolve run --read-write="$HOME/volume" --tmpfs="$HOME/volume/race/x/y" -- true
wait $racer
isnt "$(state)" "$before" "36 without (resolve) the canary is touched"
restore

for engine in kernel fuse; do
    make_root
    mkdir "$HOME/root/var" "$HOME/root/run"
    ln -s /run "$HOME/root/var/run"
    is "$("$KURUNG" run --root="$HOME/root" --overlay=$engine --work-dir=hidden --tmpfs=/var/run/place -- /bin/sh -c 'echo here >/var/run/place/f && cat /run/place/f' 2>&1)" \
        here "37 /var/run -> /run as destination works ($engine)"
done

# 38: with mounts below, which an ordinary user can make in a user namespace.
mkdir -p "$HOME/tree/sub"
cp probe "$HOME/tree"
over='mount -t tmpfs none "$HOME/tree/sub"; echo there >"$HOME/tree/sub/file"'
writes='cat "$HOME/tree/sub/file"; (echo x >"$HOME/tree/new"); (echo x >"$HOME/tree/sub/new")'
got=$(in_mounts "$over" "$KURUNG" run -q --read-only="$HOME/tree" -- sh -c "$writes" 2>&1)
like "$got" ^there "38 what is mounted below is there"
is "$(grep -c 'Read-only file system' <<<"$got")" 2 "38 read-only, recursively" || diag "$got"
got=$(in_mounts "$over" "$KURUNG" run -q --read-only="$HOME/tree" -- sh -c 'findmnt -rno OPTIONS "$HOME/tree/sub"')
like "$got" '(^|,)ro,.*nosuid,.*nodev|ro,nosuid,nodev' "38 nosuid and nodev, too"
got=$(in_mounts "$over" env KURUNG_DEFENCE_OFF=mount-flags "$KURUNG_UNDEFENDED" run --read-only="$HOME/tree" -- sh -c "$writes; ls \$HOME/tree/sub" 2>&1)
like "$got" new "38 without (mount-flags) it can be written"
rm -f "$HOME/tree/new"

# 39: at no time a mount of ours in the host's table.
mkfifo begun end
mounts=$(cut -d' ' -f3- /proc/self/mountinfo)
for profile in default build; do
    "$KURUNG" run -p $profile --read-write="$PWD/begun" --read-write="$PWD/end" -- sh -c 'echo >begun; read -r _ <end' &
    pid=$!
    read -r _ <begun
    is "$(cut -d' ' -f3- /proc/self/mountinfo)" "$mounts" "39 no mount of a running sandbox is in the host's table ($profile)"
    echo >end
    wait $pid
    is "$(cut -d' ' -f3- /proc/self/mountinfo)" "$mounts" "39 nor after it ($profile)"
done
done_testing
