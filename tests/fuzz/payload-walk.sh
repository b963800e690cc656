# shellcheck shell=bash
# Random walks of a payload (payload-walk.c) in sandboxes of all kinds, and what has to hold after each: the host's trees
# are as they were, nothing of the canary was read, and all mounts are where they were.
. "$SRCDIR/tests/lib.sh"
: "${PROBE:?the directory of the test programs is the probe\'s}"
cp "${PROBE%/*}/payload-walk" walker

canary=$(mktemp -d /var/tmp/kurung-canary.XXXXXX)
token=token-$RANDOM$RANDOM$RANDOM
hidden=$project/hidden/deep
printf '[source.crates-io]\nreplace-with = "mirror"\n[source.mirror]\nregistry = "sparse+http://cargo.example/index/"\n' |
    install -D /dev/stdin "$HOME/.cargo/config.toml"
make_trees() {
    chmod -R u+rwX "$canary" "$project" 2>/dev/null
    rm -rf "$canary" "$project/tree" "$project/hidden"
    mkdir -p "$canary/directory" "$canary/a/b" "$project/tree/a/b" "$project/sub" "$hidden"
    for file in "$canary"/{secret,a/secret,directory/secret,"$token"} "$hidden/secret"; do echo "$token" >"$file"; done
    setfattr -n "user.$token" -v "$token" "$canary/secret"
    ln -s "$token" "$canary/link"
    mkfifo "$canary/fifo"
    echo file >"$project/tree/a/file"
    find "$canary" "$project/tree" "$hidden" -exec touch -h -d @1000000 {} +
}
# Names, kinds, modes, owners, links, sizes, times, attributes and contents.
digest() {
    find "$canary" "$project" "$HOME/.cargo" -printf '%p %y %m %U:%G %n %s %T@ %l\0' 2>/dev/null | sort -z | tr '\0' '\n'
    find "$canary" "$project" "$HOME/.cargo" -type f -exec cksum {} + 2>&1
    getfattr -R -h -d -m - "$canary" "$project" 2>/dev/null
}

# kinds: NAME, and what makes a sandbox of that kind, as words of the shell.
kinds=(
    'default|"$KURUNG" run'
    'git|"$KURUNG" run -p git'
    'shell|"$KURUNG" run -p shell'
    'build|"$KURUNG" run -p build'
    'apt|"$KURUNG" run -p apt'
    'cargo|"$KURUNG" run -p cargo'
    'npm|"$KURUNG" run -p npm'
    'pip|"$KURUNG" run -p pip'
    'fuse, root|"$KURUNG" run -p build --overlay=fuse'
    'fuse, self|"$KURUNG" run --overlay=fuse --id-map=single'
    'view, single|"$KURUNG" run -p build --overlay=view --id-map=single'
    'kernel, root|"$KURUNG" run --overlay=kernel --run-as=root'
    'none, root|"$KURUNG" run --overlay=none --run-as=root'
    'working directory by fuse|in_mounts "mount -t tmpfs none \$HOME/project/sub" "$KURUNG" run'
    'home, self|"$KURUNG" run --home=host'
    'home, root|"$KURUNG" run --home=host --run-as=root'
    'kept home|"$KURUNG" run --home=persist:walked --run-as=root'
)

# walk KIND SEED STEPS [FROM]: one walk; $violation is what did not hold, or nothing. Steps are printed from FROM on.
walk() {
    local kind=$1 status
    # Every walk begins with an empty one.
    if [ "${kind%%|*}" = "kept home" ] && [ -e "$HOME/.local/state/kurung/homes/walked" ] && ! "$KURUNG" discard --home walked; then
        violation="the home can't be discarded"
        return 1
    fi
    eval "set -- ${1#*|} \"\${@:2}\""
    violation=
    "${@:1:$#-3}" -q --hide="$hidden" -- ./walker "${@: -3:1}" "${@: -1}" "${@: -2:1}" "$token" "$canary" . "$HOME" >"$HOME/.walked" 2>&1 </dev/null
    status=$?
    case $status in
    0) ;;
    1) violation=$(grep -a violated "$HOME/.walked" || tail -n 2 "$HOME/.walked") ;;
    # A mount that goes ends the sandbox, and so does a fuse-overlayfs that crashed.
    125) grep -aqE '^kurung: .*(.*was replaced, moved or removed|fuse-overlayfs exited)' "$HOME/.walked" || violation="status 125: $(tail -n 2 "$HOME/.walked")" ;;
    *) violation="status $status: $(tail -n 2 "$HOME/.walked")" ;;
    esac
    digest >"$HOME/.after"
    if ! cmp -s "$HOME/.before" "$HOME/.after"; then
        violation+=" the host is changed: $(diff -a "$HOME/.before" "$HOME/.after" | grep -a '^[<>]' | head -n 12)"
        make_trees 2>/dev/null
        digest >"$HOME/.before"
    fi
}
make_trees
digest >"$HOME/.before"

# replay KIND SEED STEPS: as few steps of the walk as still violate, and the last of them.
replay() {
    local low=0 high=$3 middle
    while [ $((high - low)) -gt 1 ]; do
        middle=$(((low + high) / 2))
        # What the kernel forgets, and so what is removed when, is not the same every time.
        walk "$1" "$2" $middle 0
        [ -n "$violation" ] || walk "$1" "$2" $middle 0
        if [ -n "$violation" ]; then high=$middle; else low=$middle; fi
    done
    for _ in 1 2 3; do
        walk "$1" "$2" "$high" $((high > 40 ? high - 40 : 1))
        [ -z "$violation" ] || break
    done
    echo "kind ${1%%|*}, seed $2, $high steps: $violation"
    grep -aE '^[0-9]+: ' "$HOME/.walked" | tail -n 40
}
