#!/bin/bash
# Attacks 78 and 79, from the side of the file system's server: a fuse-overlayfs that was taken over reaches nothing.
. "$SRCDIR/tests/escape/lib.sh"
: "${STAND_IN:=${PROBE%/*}/stand-in}"

if [ ! -w /dev/fuse ]; then
    skip "78 the file system's server is confined" "/dev/fuse can't be opened"
    done_testing
fi
mkdir "$HOME/secrets"
echo canary >"$HOME/secrets/canary"
chmod 600 "$HOME/secrets/canary"
canary_state() { (cd "$HOME/secrets" && stat -c '%n %a %s %Y' -- . ./* && cat -- ./*); }
before=$(canary_state)

# taken_over DEFENCES-OFF ARGS...: runs with the stand-in as the file system's server; what it could do, in $got.
taken_over() {
    got=$(KURUNG_STAND_IN=$STAND_IN KURUNG_STAND_IN_SEEKS=$HOME/secrets/canary undefended "$1" run -q "${@:2}" -- true 2>&1 </dev/null)
}
# A mount below it, so that the working directory is fuse-overlayfs's, too.
profiles=(apt build cargo default git npm pip shell)
for profile in "${profiles[@]}"; do
    for who in root self; do
        taken_over none -p "$profile" --net=none --run-as="$who" --overlay=fuse
        like "$got" "fuse-overlayfs exited .*: held: the sandbox was killed" \
            "78 a server that was taken over reaches nothing (-p $profile --run-as=$who)"
    done
done
for how in --id-map=single --home=host --home=persist:x --work-dir=rw --work-dir=hidden --work-dir=ro "--hide=$HOME/secrets" \
    "--read-only=$HOME/project:/mnt/project" --keep=confined; do
    taken_over none -p build --overlay=fuse "$how"
    like "$got" "fuse-overlayfs exited .*: held: the sandbox was killed" "78 nor with ${how/$HOME/\~}"
done
# Where the working directory has mounts below it, it is fuse-overlayfs that catches its writes, whatever serves the root.
mkdir sub
for engine in kernel none fuse; do
    got=$(in_mounts "mount -t tmpfs none '$PWD/sub'" env KURUNG_STAND_IN="$STAND_IN" KURUNG_STAND_IN_SEEKS="$HOME/secrets/canary" \
        "$KURUNG_UNDEFENDED" run -q --overlay=$engine --hide="$HOME/project/sub" -- true 2>&1 </dev/null)
    like "$got" "fuse-overlayfs exited .*: held: the sandbox was killed" "78 nor the working directory's own ($engine)"
done
# The server of a view.
for how in --run-as=root --run-as=self --id-map=single --home=host --work-dir=rw "--hide=$HOME/secrets" --keep=confined; do
    taken_over none -p build --overlay=view "$how"
    like "$got" "kurung-view exited .*: held: the sandbox was killed" "102 a view that was taken over reaches nothing (${how/$HOME/\~})"
    "$KURUNG" discard confined >/dev/null 2>&1
done
"$KURUNG" discard confined >/dev/null 2>&1
"$KURUNG" discard --home x >/dev/null 2>&1
is "$(canary_state)" "$before" "78 the canary is as it was"

# What is hidden in the system itself is hidden from the server and from what it is loaded by.
for engine in fuse view; do
    for hidden in /usr/bin /etc/passwd; do
        KURUNG_STAND_IN=$STAND_IN KURUNG_STAND_IN_SEEKS=$hidden undefended none run -q -p build --overlay=$engine --hide="$hidden" -- true >seen 2>&1 </dev/null
        like "$(cat seen)" ": held:" "79 what is hidden in the system is hidden from the server: $hidden ($engine)"
        KURUNG_STAND_IN=$STAND_IN KURUNG_STAND_IN_SEEKS=$hidden undefended lower-masks run -q -p build --overlay=$engine --hide="$hidden" -- true >seen 2>&1 </dev/null
        like "$(cat seen)" "escaped:.*/lower$hidden" "79 without (lower-masks) it is not: $hidden ($engine)"
    done
    taken_over lower-masks -p build --overlay=$engine
    like "$got" "escaped:.* read /lower$HOME/secrets/canary" "79 without (lower-masks) homes are seen by it ($engine)"
done
# A home in a directory that programs are loaded from.
got=$(in_mounts 'mount -t tmpfs none /usr/games; mkdir /usr/games/home; echo canary >/usr/games/home/canary' \
    env KURUNG_STAND_IN="$STAND_IN" KURUNG_STAND_IN_SEEKS=/usr/games/home/canary HOME=/usr/games/home \
    XDG_CACHE_HOME="$HOME/.cache" XDG_STATE_HOME="$HOME/.state" "$KURUNG_UNDEFENDED" run -q -p build -- true 2>&1 </dev/null)
like "$got" "(fuse-overlayfs|kurung-view) exited .*: held: the sandbox was killed" "79 a home below /usr is hidden from the server, too"
taken_over confine -p build --overlay=view
like "$got" "escaped:.* wrote $HOME/secrets/canary" "102 without (confine) a view writes the user's files"
taken_over confine -p build --overlay=fuse
like "$got" "escaped:.* wrote $HOME/secrets/canary" "78 without (confine) it writes the user's files"
isnt "$(canary_state)" "$before" "78 and the canary shows it"
done_testing
