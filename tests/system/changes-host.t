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

# Another directory in the place of one that the command wrote to.
for engine in --overlay=kernel --overlay=fuse; do
    fresh
    "$KURUNG" run --keep=k $engine -- sh -c 'echo evil >src/f; echo evil >src/new; echo evil >src/sub/g; rm -r d; echo new >a'
    mv src "$HOME/old"
    mv "$HOME/other" src
    kurung apply --dry-run k
    is "$status:$out" "1:M  a
D  d/" "moved away and another in its place: --dry-run ($engine)"
    kurung apply k
    is "$status:$(cat src/f src/sub/g; ls src):$(cat a)" "1:mine
mine
f
sub:new" "  the other's files are kept, and nothing is added"
    is "$(grep -c src "$HOME/.err"):$errors" "1:kurung: conflict: src/: another directory was moved there since the sandbox started
kurung: --force applies conflicting changes and keeps the host's files beside them" "  and that is one line"
    like "$("$KURUNG" diff --name-only k | tr '\n' ' ')" "src/f src/new src/sub/g" "  diff shows what is left"
    kurung apply --force k
    is "$status:$(cat src/f src/f.kurung-old src/sub/g.kurung-old src/new | tr '\n' ' ')" "0:evil mine mine evil " "  --force keeps its files beside"
    "$KURUNG" discard k
done
fresh
"$KURUNG" run --keep=k -- sh -c 'echo evil >src/sub/g; chmod 700 src/sub'
mv src/sub "$HOME/old"
mv "$HOME/other/sub" src/sub
touch src/sub/later
kurung apply k
is "$status:$(cat src/sub/g; stat -c %a src/sub):$(grep -c src "$HOME/.err")" "1:mine
755:1" "below an unchanged directory: kept, with its mode, though something was added to it"
"$KURUNG" discard k
fresh
"$KURUNG" run --keep=k -- sh -c 'echo evil >a; echo new >new'
cd "$HOME" || exit 1
mv project "$HOME/old"
mv "$HOME/other" project
cd project || exit 1
echo mine >a
kurung apply k
is "$status:$(cat a f; ls):$(grep -c conflict: "$HOME/.err")" "1:mine
mine
a
f
sub:1" "the working directory itself: kept"
cd "$HOME" || exit 1
"$KURUNG" discard k

# One that was moved there while the command ran, or before a kurung that was killed could record it.
mkfifo "$HOME/began" "$HOME/go"
during() { # COMMANDS OF THE USER: while a command writes to src
    fresh
    "$KURUNG" run --keep=k --read-write="$HOME/began" --read-write="$HOME/go" -- \
        sh -c 'echo evil >src/f; echo >~/began; read -r _ <~/go; echo evil >src/sub/g' &
    runner=$!
    read -r _ <"$HOME/began"
    eval "$1"
}
during 'mv src "$HOME/old"; mv "$HOME/other" src'
echo >"$HOME/go"
wait $runner
kurung apply k
is "$status:$(cat src/f)" "1:mine" "moved there during the run: kept"
like "$errors" "^kurung: conflict: src/: it may be another directory" "  and that is a conflict"
touch src/later
kurung apply k
is "$status:$(cat src/f)" "1:mine" "  also when something is added to it later"
"$KURUNG" discard k
during 'echo user >src/user; echo user >user'
echo >"$HOME/go"
wait $runner
kurung apply k
is "$status:$errors:$(cat src/f src/user)" "0::evil
user" "files that the user adds during the run are no conflict"
"$KURUNG" discard k
during 'mv src "$HOME/old"; mv "$HOME/other" src'
kill -9 $runner
wait $runner 2>/dev/null
wait_for tap_none_left
rm -f "$kept/k/directories"
kurung apply k
is "$status:$(cat src/f)" "1:mine" "kurung was killed, so that there is no record: kept"
like "$errors" "conflict: src/: it may be another directory" "  and that is a conflict"
"$KURUNG" discard k

# A directory that the user makes where the command made one: the sandbox saw nothing in it.
fresh
"$KURUNG" run --keep=k -- sh -c 'mkdir photos; mkdir photos/2001; echo evil >photos/2001/p; echo new >photos/new'
mv "$HOME/photos" .
touch photos/2001/later
kurung apply k
is "$status:$(cat photos/2001/p)" "1:photo" "a directory of the user's in the place of a new one: its files are kept"
"$KURUNG" discard k
fresh
"$KURUNG" run --keep=k -- sh -c 'mkdir n; echo 1 >n/1; echo 2 >n/2'
kurung apply k n/1
echo mine >n/mine
kurung apply k
is "$status:$errors:$(cat n/1 n/2 n/mine | tr '\n' ' ')" "0::1 2 mine " "a new directory in several steps, with a file of the user's"
"$KURUNG" run --in k -- sh -c 'echo 3 >n/1; echo 3 >src/f; chmod 700 n'
kurung apply k
is "$status:$errors:$(cat n/1 src/f):$(stat -c %a n)" "0::3
3:700" "  and a second run's changes of it"
"$KURUNG" run --in k -- sh -c 'chmod 755 n; echo 4 >n/1; rm -r src; mkdir src; echo 4 >src/f'
echo mine >n/mine2
kurung apply k
is "$status:$errors:$(cat n/1 src/f):$(stat -c %a n)" "0::4
4:755" "  and a third's, which makes one anew"
"$KURUNG" run --in k -- sh -c 'rm -r src; echo file >src'
kurung apply k
"$KURUNG" run --in k -- sh -c 'rm src; mkdir src; echo 5 >src/f'
kurung apply k
"$KURUNG" run --in k -- sh -c 'echo 6 >src/f; chmod 711 src'
kurung apply k
is "$status:$errors:$(cat src/f):$(stat -c %a src)" "0::6:711" "  a directory that became a file, and one again"
"$KURUNG" discard k

# Where the host's files are in an overlay, as in a container: its directories are copied at their first change.
mkdir -p "$HOME/image/src" "$HOME/written" "$HOME/work" "$HOME/merged"
echo old >"$HOME/image/src/f"
tick
got=$(in_mounts 'mount -t overlay -o userxattr,lowerdir="$HOME/image",upperdir="$HOME/written",workdir="$HOME/work" none "$HOME/merged"' \
    sh -c 'cd "$HOME/merged" && "$0" run -q --keep=k --id-map=single -- sh -c "echo new >src/f" 2>&1 && touch src/mine && "$0" apply -q k 2>&1; echo "$?:$(cat src/f)"' "$KURUNG")
is "$got" "0:new" "a directory of an overlay that the user changes is no conflict"
"$KURUNG" discard k
chmod -R u+rwX "$HOME/work"
rm -rf "$HOME/image" "$HOME/written" "$HOME/work" "$HOME/merged"

# Mode and attributes of a directory: the user's stay, unless the command changed them, too.
for engine in --overlay=kernel --overlay=fuse; do
    fresh
    setfattr -n user.k -v old src
    tick
    "$KURUNG" run --keep=k $engine -- sh -c 'echo new >src/f; echo new >d/x; echo new >a'
    chmod 700 src .
    setfattr -n user.k -v mine src
    is "$("$KURUNG" diff k)" "M  a
M  d/x
M  src/f" "a mode that the user changed is no difference ($engine)"
    kurung apply k
    is "$status:$errors:$(stat -c %a src .):$(getfattr --only-values -n user.k src):$(cat src/f)" "0::700
700:mine:new" "  and stays"
    "$KURUNG" discard k
    chmod 755 .
done
fresh
"$KURUNG" run --keep=k -- sh -c 'echo new >src/f; chmod 711 src; chmod 711 d; setfattr -n user.k -v evil d/e; echo new >d/e/y'
chmod 700 src
setfattr -n user.k -v mine d/e
kurung apply k
is "$status:$(stat -c %a src d):$(getfattr --only-values -n user.k d/e):$(cat src/f d/e/y)" "1:700
711:mine:new
new" "both changed a mode or an attribute: the user's stays, and the rest is taken"
is "$errors" "kurung: conflict: d/e/: its mode or attributes changed on the host as well
kurung: conflict: src/: its mode or attributes changed on the host as well
kurung: --force applies conflicting changes and keeps the host's files beside them" "  with a line for each"
chmod 700 d
"$KURUNG" run --in k -- sh -c 'chmod 755 d'
kurung apply k d
is "$status:$(stat -c %a d)" "1:700" "  a later change of both is one, too"
kurung apply --force k
is "$status:$(stat -c %a src d):$(getfattr --only-values -n user.k d/e)" "0:711
755:evil" "  --force takes them"
"$KURUNG" discard k
fresh
"$KURUNG" run --keep=k -- sh -c 'chmod 700 d; echo new >d/x'
kurung apply k d/x
is "$status:$(stat -c %a d):$(cat d/x)" "0:755:new" "a path in a directory does not take the directory's mode"
kurung apply k
is "$status:$(stat -c %a d)" "0:700" "  all do"
chmod 755 d
"$KURUNG" run --in k -- sh -c 'echo newer >d/x'
kurung apply k
is "$status:$errors:$(stat -c %a d):$(cat d/x)" "0::755:newer" "  and what the user changes back stays"
"$KURUNG" discard k

# The record is read completely or refused.
fresh
"$KURUNG" run --keep=k -- sh -c 'echo new >src/f'
for change in '$d' '2d' '3s/ .*/ x/' '$a end' 's/^directory.path .*/directory.path x/'; do
    cp "$kept/k/directories" "$HOME/directories"
    sed -i "$change" "$kept/k/directories"
    for words in "apply k" "diff k"; do
        # shellcheck disable=SC2086 # words
        kurung $words
        like "$status:$errors" "^125:kurung: .*the record of the host's directories .directories in the sandbox's directory. is malformed: remove it" \
            "a malformed record ($change): $words"
    done
    mv "$HOME/directories" "$kept/k/directories"
done
kurung apply k
is "$status:$(cat src/f)" "0:new" "  the whole one is taken"
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
