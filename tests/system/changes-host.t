#!/bin/bash
# What the user does to the host's files while a sandbox has changes of them: apply never loses it.
. "$SRCDIR/tests/lib.sh"
: "${KURUNG_UNDEFENDED:?kurung that can be killed at a step}"
kept=$HOME/.local/state/kurung/kept
later_than() {
    touch "$HOME/tock"
    [ "$HOME/tock" -nt "$1" ]
}
# All that exists is older than the next sandbox, by the file system's clock, which ticks slowly.
tick() {
    touch "$HOME/tick"
    wait_for later_than "$HOME/tick"
}
fresh() {
    cd "$HOME" || exit 1
    chmod -R u+rwX "$project" "$HOME/photos" "$HOME/other" 2>/dev/null
    rm -rf "$project" "$HOME/photos" "$HOME/other" "$HOME/old"
    mkdir -p "$project"/{d/e,src/sub} "$HOME"/{photos/2001,other/sub}
    cd "$project" || exit 1
    echo old | tee a d/x d/e/y src/f src/sub/g >/dev/null
    echo photo >"$HOME/photos/2001/p"
    echo mine | tee "$HOME/other/f" "$HOME/other/sub/g" >/dev/null
    tick
}
killed() { # FAILPOINT ARGS...: whether it was killed there
    (KURUNG_FAILPOINT=$1 "$KURUNG_UNDEFENDED" "${@:2}" >/dev/null 2>"$HOME/.err" </dev/null; exit $?) 2>/dev/null
    [ $? -eq 137 ]
}

# A directory that is moved into one that the command removed.
for engine in --overlay=kernel --overlay=fuse; do
    fresh
    "$KURUNG" run --keep=k $engine -- rm -r d
    mv "$HOME/photos" d/
    kurung apply k
    is "$status:$(cat d/photos/2001/p)" "1:photo" "removed: what was moved in is kept ($engine)"
    like "$errors" "^kurung: conflict: d: changed on the host" "  and that is a conflict"
    kurung apply --force k
    is "$status:$(cat d.kurung-old/photos/2001/p)" "0:photo" "  --force keeps it beside"
    "$KURUNG" discard k
done
fresh
"$KURUNG" run --keep=k -- rm -r d
mv d "$HOME/old"
mv "$HOME/photos" d
kurung apply k
is "$status:$(cat d/2001/p)" "1:photo" "removed: another directory in its place is kept"
"$KURUNG" discard k
fresh
"$KURUNG" run --keep=k -- sh -c 'rm -r d; echo new >d'
mv "$HOME/photos" d/e/
kurung apply k
is "$status:$(cat d/e/photos/2001/p)" "1:photo" "replaced by a file: what was moved in is kept"
"$KURUNG" discard k

# What an apply does itself in a directory is no conflict of a later run of the same sandbox.
fresh
"$KURUNG" run --keep=k -- sh -c 'echo new >d/new; mkdir -p n/m; echo 1 >n/m/1; rm d/x; echo new >d/e/y; ln d/e/y z; chmod 700 d/e'
kurung apply k
is "$status:$errors" "0:" "a first run's changes are taken"
"$KURUNG" run --in k -- rm -r d n z
kurung apply k
is "$status:$errors:$(echo *)" "0::a src" "then the removal of the same directories"
"$KURUNG" discard k
fresh
"$KURUNG" run --keep=k -- sh -c 'echo new >d/new; mkdir n; echo 1 >n/1; rm -r src'
killed finished:1 apply k
"$KURUNG" apply --rollback k
kurung apply k
is "$status:$errors:$(cat d/new n/1; ls)" "0::new
1
a
d
n" "an apply after one that was undone finds no conflict"
"$KURUNG" discard k
for point in finished:1 remove:1 removed:1 staged:1 placed:2 clean:1; do
    for how in --rollback --resume; do
        fresh
        "$KURUNG" run --keep=k -- sh -c 'echo new >a; echo new >d/x; mkdir n; echo 1 >n/1; rm -r src'
        ok "killed at $point" killed $point apply k
        # One that is complete but for the cleaning up can only be ended.
        "$KURUNG" apply $how k 2>"$HOME/.err" || "$KURUNG" apply --resume k
        "$KURUNG" run --in k -- rm -r d n a
        kurung apply k
        is "$status:$errors:$(echo *)" "0::*" "killed at $point, $how, then all is removed: no conflict"
        "$KURUNG" discard k
    done
done

# An interrupted apply: what the user does before it is undone, or gone on with.
begin() { # FAILPOINT COMMANDS
    fresh
    "$KURUNG" run --keep=k -- sh -c "$2"
    killed "$1" apply k || diag "not killed at $1"
}
begin finished:2 'mkdir n; echo 1 >n/1; echo 2 >z1; echo 3 >z2'
echo mine >n/mine
mkdir n/deep
kurung apply --rollback k
is "$status:$(cat n.kurung-old/mine)" "1:mine" "undone: a file in a new directory is kept"
like "$errors" "^kurung: n: .*'n.kurung-old'$" "  and named"
"$KURUNG" discard k
begin finished:2 'echo new >a; echo new >b; echo new >c'
echo mine >>a
kurung apply --rollback k
is "$status:$(cat a):$(cat a.kurung-old)" "1:old:new
mine" "undone: an edited file is kept"
like "$errors" "^kurung: a: .*'a.kurung-old'$" "  and named"
"$KURUNG" discard k
begin finished:2 'echo new >a; echo new >b; echo new >c'
echo mine >mine
mv mine a
kurung apply --rollback k
is "$status:$(cat a a.kurung-old)" "1:mine
old" "undone: where another file is the original is kept beside"
like "$errors" "^kurung: a: another file is there now: the original is kept as 'a.kurung-old'$" "  and named"
is "$(find . -name '.kurung-*'; ls b 2>/dev/null)" "" "  and the rest is undone"
"$KURUNG" discard k
begin removed:1 'rm -r d'
mkdir d
kurung apply --rollback k
is "$status:$(cat d.kurung-old/e/y)" "1:old" "undone: where another directory is the removed one is kept beside"
like "$errors" "^kurung: d: another file is there now: the original is kept as 'd.kurung-old'$" "  and named"
"$KURUNG" discard k
begin finished:2 'echo new >a; rm a; echo new >a; echo new >b; echo new >c'
rm a
kurung apply --rollback k
is "$status:$(cat a)" "0:old" "undone: the original is back where its place is free"
"$KURUNG" discard k
begin finished:1 'echo new >d/x; echo new >z'
mv d "$HOME/old"
kurung apply --rollback k
is "$status:$(cat "$HOME"/old/.kurung-*)" "1:old" "undone: in a directory that was moved away the original stays"
like "$errors" "^kurung: d/x: cannot be restored .No such file or directory.; the original is in '$(cd "$HOME/old" && echo .kurung-*)'$" "  and is named"
"$KURUNG" discard k
begin committed:1 'rm -r d; echo new >a'
echo mine >"$(echo .kurung-*-2)/mine"
kurung apply --resume k
is "$status:$(cat d.kurung-old/mine d.kurung-old/e/y; echo a*)" "1:mine
old
a" "gone on with: a removed directory in which a program still wrote is kept"
like "$errors" "^kurung: d: it changed during the apply: the host's version is kept as 'd.kurung-old'$" "  and named"
"$KURUNG" discard k

# While an apply is interrupted its sandbox can only be gone on with or undone.
begin finished:2 'echo new >a; echo new >b; echo new >c'
refusal="kurung: an apply of 'k' was interrupted: \"kurung apply --resume k\" continues it, \"kurung apply --rollback k\" undoes it"
for words in "discard k" "run --in k -- true" "shell --in k -- true" "try --in k -- true" "apply k"; do
    # shellcheck disable=SC2086 # words
    kurung $words
    is "$status:$errors" "125:$refusal" "interrupted: $words is refused"
done
kurung discard k other
is "$status:$(grep -c interrupted "$HOME/.err")" "125:1" "  and so is one of several"
printf x >"$kept/k/journal"
kurung discard k
is "$status:$errors" "125:$refusal" "a journal that can't be read: discard is refused"
kurung apply --rollback k
like "$status:$errors" "^125:kurung: cannot read the journal of 'k': .*[.]kurung-.*remove kept/k/journal" "  and what to do is said"
rm "$kept/k/journal"
kurung discard k
is "$status:$errors" "0:" "  then discard"
done_testing
