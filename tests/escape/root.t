#!/bin/bash
# Attacks 31-34 and 37-39: a hostile root, made to lead what we create or mount in it to the host.
. "$SRCDIR/tests/escape/root.sh"

# hostile ENGINE PLACE TARGET [ARGS...]: a run with a link to TARGET at PLACE of the root.
hostile() {
    local link=$HOME/root/$2
    make_root
    [ -d "${link%/*}" ] || mkdir -p "${link%/*}"
    ln -s "$3" "$link"
    "$KURUNG" run --root="$HOME/root" --overlay="$1" --work-dir=hidden "${@:4}" -- /bin/sh -c "echo ran; cat /$2/file" \
        >"$HOME/.out" 2>&1 </dev/null
}
# place NUMBER ENGINE PLACE TARGET [ARGS...]
place() {
    hostile "${@:2}"
    local got now
    got=$(<"$HOME/.out")
    now=$(state)
    [ "$now" = "$before" ] && [[ $got != *untouched* ]] && { [[ $got == *ran* ]] || [[ $got == kurung:* ]]; }
    tap_result $? "$1 a link at /$3 to ${4/$canary/the host} ($2)" || diag "$got; $now"
    [ "$now" = "$before" ] || restore
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
# (A pin can't be made of what was opened outside.)
undefended resolve,pin,streams run --root="$HOME/root" --overlay=kernel --work-dir=hidden --tmpfs=/outer/link/a/b -- /bin/true >/dev/null 2>&1 <"$canary"
isnt "$(state)" "$before" "34 without (resolve, pin, streams) a link to a descriptor leads there"
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
