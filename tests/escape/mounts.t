#!/bin/bash
# Attack 80: what is hidden or read-only in a shared directory is replaced, moved or removed from outside, by the user's own
# programs or by another sandbox. Nothing inside goes on without the protection.
. "$SRCDIR/tests/escape/lib.sh"

mkfifo "$HOME/begun"
# outside OFF OPTIONS OUTSIDE INSIDE: runs INSIDE for ever with OPTIONS, and OUTSIDE once it has begun; ended by us if not
# by kurung. $status and $errors are kurung's.
outside() {
    local off=$1 outside=$3 inside=$4 pid
    local -a options
    read -ra options <<<"$2"
    rm -f "$HOME/sees"
    KURUNG_DEFENCE_OFF=$off "$KURUNG_UNDEFENDED" run -q --work-dir=rw "--read-write=$HOME/begun" "${options[@]}" -- \
        sh -c "echo >$HOME/begun; while :; do $inside; done" >/dev/null 2>"$HOME/.err" </dev/null &
    pid=$!
    read -r _ <"$HOME/begun"
    sh -c "$outside"
    if [ "$off" = none ]; then
        wait "$pid"
        status=$?
    else
        wait_for test -e sees
        kill -KILL "$pid"
        wait "$pid" 2>/dev/null
        status=killed
    fi
    errors=$(<"$HOME/.err")
}
fresh() {
    rm -rf .env secrets .git sees
    mkdir -p secrets .git/hooks
    echo secret >.env
    echo secret >secrets/key
    echo mine >.git/hooks/sample
}
# NAME OPTIONS OUTSIDE PATH-NAMED INSIDE: what the payload does in a loop succeeds (and makes ./sees) without the watch.
replaced() {
    fresh
    outside none "$2" "$3" "$5"
    is "$status" 125 "80 $1: the sandbox is ended"
    like "$errors" "kurung: the sandbox was killed: '$PWD/$4' was replaced, moved or removed" "80 $1: and a line says why"
    fresh
    outside mount-watch "$2" "$3" "$5"
    ok "80 $1: without (mount-watch) the payload gets there" test -e sees
}
replaced "a hidden file is saved by rename" "--hide=$PWD/.env" "echo fresh >.new; mv .new .env" .env \
    "grep -q fresh .env && touch sees"
replaced "a hidden file is removed and made again" "--hide=$PWD/.env" "rm .env; echo fresh >.env" .env \
    "grep -q fresh .env && touch sees"
replaced "a hidden directory is moved, another made" "--hide=$PWD/secrets" "mv secrets old; mkdir secrets; echo fresh >secrets/key" \
    secrets "grep -q fresh secrets/key && touch sees"
replaced "a read-only directory is moved" "--read-only=$PWD/.git/hooks" "mv .git/hooks .git/hooks.old" .git/hooks \
    "mkdir .git/hooks 2>/dev/null && touch sees"
replaced "a directory on the way is moved" "--read-only=$PWD/.git/hooks" "mv .git .git.old" .git \
    "mkdir -p .git/hooks 2>/dev/null && touch .git/hooks/evil 2>/dev/null && touch sees"
rm -rf .git.old old

# By another sandbox that shares the directory.
replaced "another sandbox replaces it" "--hide=$PWD/.env" \
    "'$KURUNG' run -q --work-dir=rw -- sh -c 'echo fresh >.new; mv .new .env'" .env "grep -q fresh .env && touch sees"

# kurung's own directories, in a home that is shared.
mkdir -p "$HOME/.config/kurung/profiles"
fresh
outside none "--read-write=$HOME" "mv $HOME/.config $HOME/.config.old" "mkdir -p $HOME/.config/kurung/profiles 2>/dev/null"
like "$status:$errors" "^125:.*\.config' was replaced, moved or removed" "80 nor are kurung's own directories moved away"
rm -rf "$HOME/.config" "$HOME/.config.old"

# What is only replaced beside, or written in place, ends nothing.
fresh
mkfifo go
"$KURUNG" run -q --work-dir=rw "--read-write=$HOME/begun" "--hide=$PWD/secrets" "--hide=$PWD/.env" -- \
    sh -c "echo >$HOME/begun; read _ <go; cat secrets/key .env 2>/dev/null" >out 2>&1 </dev/null &
pid=$!
read -r _ <"$HOME/begun"
echo fresh >.new && mv .new other
echo fresh >>.env
echo fresh >secrets/.new && mv secrets/.new secrets/key
echo go >go
wait "$pid"
unlike "$(cat out)" "fresh|secret|ended" "80 a file in a hidden directory is saved by rename, and stays hidden"
rm -f go
for engine in kernel fuse view; do
    fresh
    "$KURUNG" run -q --work-dir=overlay --overlay=$engine "--read-write=$HOME/begun" "--hide=$PWD/.env" -- \
        sh -c "echo >$HOME/begun; read _ <$HOME/begun; cat .env; find . -name .env -size +0" >out 2>&1 </dev/null &
    pid=$!
    read -r _ <"$HOME/begun"
    echo fresh >.new && mv .new .env
    echo >"$HOME/begun"
    wait "$pid"
    unlike "$(cat out)" "fresh|secret|\.env" "80 in an overlay ($engine) it stays hidden"
done
done_testing
