#!/bin/bash
# Every combination of what decides how the root is made: each runs the command or says in a line why not.
. "$SRCDIR/tests/lib.sh"
root=$HOME/root
mkdir -p "$root"/{bin,proc,sys,dev,tmp,run,etc}
# A root of one's own in which there is a shell: busybox, or dash with what it is linked with.
if busybox=$(command -v busybox) && ! ldd "$busybox" >/dev/null 2>&1; then
    cp "$busybox" "$root/bin/sh"
else
    cp /bin/sh "$root/bin/sh"
    for library in $(ldd /bin/sh | grep -o '/[^ ]*'); do
        mkdir -p "$root${library%/*}"
        cp "$library" "$root$library"
    done
fi

# What went wrong with "exit 7" under the options: nothing, when it ran, or was refused with status 125 and a line.
trouble() {
    local got
    "$KURUNG" run "$@" -- sh -c 'exit 7' >"$HOME/.out" 2>"$HOME/.err" </dev/null
    got=$?
    case $got in
    7) ran=$((ran + 1)) ;;
    125) grep -q '^kurung: .' "$HOME/.err" || echo "$*: nothing said;" ;;
    *) echo "$*: status $got, $(tail -1 "$HOME/.err");" ;;
    esac
}
run_ass=(self root 77:88) id_maps=(auto subid single)
# 1,080 starts take too long where all is emulated, or is watched by a sanitizer.
if [ -n "${KURUNG_VM:-}" ] || [ "$KURUNG" = "${KURUNG_ASAN:-}" ]; then
    run_ass=(self root) id_maps=(auto)
fi
for home in private persist:x host; do
    for overlay in auto kernel fuse view none; do
        failed='' ran=0
        for work_dir in overlay rw ro hidden; do
            for run_as in "${run_ass[@]}"; do
                for id_map in "${id_maps[@]}"; do
                    for of in '' "--root=$root"; do
                        trouble --home=$home --work-dir=$work_dir --overlay=$overlay --run-as="$run_as" --id-map="$id_map" ${of:+"$of"} >>"$HOME/.trouble"
                    done
                done
            done
        done
        failed=$(<"$HOME/.trouble")
        rm "$HOME/.trouble"
        is "$failed" "" "--home=$home --overlay=$overlay: each of --work-dir, --run-as, --id-map, --root runs or says why not"
        isnt "$ran" 0 "  and some of them run"
    done
done
"$KURUNG" discard --home x 2>/dev/null

# A subordinate id has the same number for root, for oneself and for whoever is chosen.
kurung run --home=persist:ids --run-as=root --work-dir=hidden -- sh -c 'cd && touch a b && chown 42:43 a && chown 1:1 b'
is "$status:$errors" "0:" "root gives files of a kept home away"
for who in root self 77:88; do
    kurung run --home=persist:ids --run-as=$who --work-dir=hidden -- sh -c 'cd && stat -c %u:%g a b | xargs'
    is "$out" "42:43 1:1" "  and --run-as=$who sees the same owners"
done
kurung run --run-as="$(id -u):$(id -g)" --work-dir=hidden -- sh -c 'echo $(id -u):$(id -g)'
is "$out" "$(id -u):$(id -g)" "one's own id stays"
"$KURUNG" discard --home ids

# All that is written is in memory here: no directory of the run's.
for work_dir in hidden ro rw; do
    kurung run --home=persist:x --work-dir=$work_dir -- sh -c 'echo ran; exit 7'
    is "$status:$out:$errors" "7:ran:" "a home that is kept and --work-dir=$work_dir"
done
kurung run --home=persist:x --work-dir=hidden -- sh -c 'cut -d" " -f5 /proc/self/mountinfo | grep -cx /sys; ls /sys | head -1; touch /usr/bin/x'
like "$out" "^1"$'\n'"[a-z]" "the memory that holds writes to the system is not seen inside"
(
    ready=$HOME/ready
    mkfifo "$ready" "$HOME/end"
    "$KURUNG" run --home=persist:x --work-dir=hidden --read-write="$ready" --read-write="$HOME/end" -- sh -c "echo >$ready; read -r _ <$HOME/end" &
    read -r _ <"$ready"
    named() { name=$("$KURUNG" ps --json | jq -er '.[0].name'); }
    wait_for named
    "$KURUNG" exec "$name" -- sh -c 'exit 7'
    echo "exec: $?"
    "$KURUNG" exec "$name" -- /no/such/program
    echo "missing: $?"
    "$KURUNG" exec --chdir=/no/such "$name" -- true
    echo "elsewhere: $?"
    echo >"$HOME/end"
    wait
) >"$HOME/.out" 2>"$HOME/.err"
is "$(<"$HOME/.out")" "exec: 7
missing: 127
elsewhere: 125" "exec in such a sandbox"
is "$(grep -c '^kurung: .*No such file' "$HOME/.err")" 2 "  says why it fails"
kurung discard --home x
is "$status:$errors" "0:" "the home is removed"
done_testing
