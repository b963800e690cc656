#!/bin/bash
# An apply that is cut off at each of its steps, a host without room, and changes that are many and deep.
. "$SRCDIR/tests/lib.sh"
: "${KURUNG_UNDEFENDED:?kurung that can be killed at a step}"
kept=$HOME/.local/state/kurung/kept
tree() { python3 "$SRCDIR/tests/tools/random_tree.py" list; }
later_than() {
    touch ../tock
    [ ../tock -nt "$1" ]
}
fresh() {
    chmod -R u+rwX "$project"
    find "$project" -mindepth 1 -delete
    setfattr -x user.new . 2>/dev/null
    chmod 755 .
    mkdir -p gone/deep kept/below replaced
    echo old >a
    echo old >b
    echo old >gone/deep/file
    echo old >kept/below/file
    echo old >replaced/file
    echo old >tofile
    touch ../tick
    wait_for later_than ../tick
}
# Every kind of step: a file changed and added, a directory added, removed, replaced and with another mode.
change='chmod 711 .; setfattr -n user.new -v new .; echo new >a; echo new >b; echo new >c; rm -r gone; mkdir -p n/m; echo new >n/m/1; ln n/m/1 n/2; echo new >kept/below/file; chmod 700 kept
rm -r replaced; echo new >replaced; rm tofile; mkdir tofile; echo new >tofile/file; ln -s a link'
fresh
"$KURUNG" run --keep=k -- sh -c "$change"
old=$(tree)
"$KURUNG" apply k
new=$(tree)
isnt "$old" "$new" "there is something to apply"
"$KURUNG" discard k

# Every file is old or new: its whole content is one word.
all_whole() {
    local word
    while read -r -d '' file; do
        word=$(<"$file")
        [ "$word" = old ] || [ "$word" = new ] || { diag "$file: $word"; return 1; }
    done < <(find "$project" -path '*/.kurung-*' -prune -o -type f -print0)
}
killed() { # FAILPOINT ARGS...: whether it was killed there
    # In a shell of its own, which says nothing about it.
    (KURUNG_FAILPOINT=$1 "$KURUNG_UNDEFENDED" "${@:2}" >/dev/null 2>"$HOME/.err" </dev/null; exit $?) 2>/dev/null
    [ $? -eq 137 ]
}
# In the test machine, which is slow, one of them at each step.
ways=$(scaled 2 1)
steps=0
for point in announced made place placed finished remove removed staged in-stage left mode committed clean journal-removed; do
    for ((hit = 1; hit < 40; hit++)); do
        # Of many times the same step the first ones and some of the others.
        [ $hit -lt 5 ] || [ $((hit % 3)) -eq 0 ] || continue
        failed=
        hows=(resume rollback)
        [ "$ways" -eq 2 ] || hows=("${hows[hit % 2]}")
        for how in "${hows[@]}"; do
            fresh
            "$KURUNG" run --keep=k -- sh -c "$change"
            if ! killed "$point:$hit" apply k; then
                "$KURUNG" discard k
                break 2
            fi
            steps=$((steps + 1))
            all_whole || failed="$failed half:$how"
            if [ ! -e "$kept/k/journal" ]; then
                [ "$(tree)" = "$old" ] || [ "$(tree)" = "$new" ] || failed="$failed no-journal:$how"
            else
                "$KURUNG" apply k >/dev/null 2>&1 && failed="$failed plain-apply-went-on"
                if [ "$how" = resume ]; then
                    "$KURUNG" apply --resume k >/dev/null 2>"$HOME/.err" || failed="$failed resume:$(<"$HOME/.err")"
                    [ "$(tree)" = "$new" ] || failed="$failed resumed-differs"
                elif "$KURUNG" apply --rollback k >/dev/null 2>"$HOME/.err"; then
                    [ "$(tree)" = "$old" ] || failed="$failed rolled-back-differs"
                else
                    # Complete but for the cleaning up: that can only be ended.
                    grep -q "complete" "$HOME/.err" && "$KURUNG" apply --resume k && [ "$(tree)" = "$new" ] || failed="$failed rollback:$(<"$HOME/.err")"
                fi
            fi
            left=$(find "$project" -name '.kurung*'; ls "$kept/k/journal" 2>/dev/null)
            [ -z "$left" ] || failed="$failed left:$left"
            "$KURUNG" discard k || failed="$failed discard"
        done
        is "$failed" "" "killed at '$point', time $hit: old or new, gone on with, undone"
    done
done
ok "each step was seen" test $steps -gt $((20 * ways))

# Killed once more, while it is undone, or gone on with.
for point in undo:1 undo:4 undo:9; do
    fresh
    "$KURUNG" run --keep=k -- sh -c "$change"
    killed finished:4 apply k
    killed $point apply --rollback k
    ok "killed while it is undone ($point): old or new" all_whole
    "$KURUNG" apply --rollback k
    is "$?:$(tree)" "0:$old" "and undone the next time ($point)"
    "$KURUNG" discard k
done
fresh
"$KURUNG" run --keep=k -- sh -c "$change"
killed placed:1 apply k
killed placed:1 apply --resume k
killed clean:2 apply --resume k
"$KURUNG" apply --resume k
is "$?:$(tree)" "0:$new" "killed while it is gone on with, several times"
"$KURUNG" discard k
fresh
"$KURUNG" run --keep=k -- sh -c "$change"
killed finished:2 apply k a b c
"$KURUNG" apply --resume k
is "$?:$(cat a b c | tr '\n' ' '):$(ls)" "0:new new new :a
b
c
gone
kept
replaced
tofile" "what was asked for is gone on with, not more"
kurung apply --resume k
is "$status" 125 "nothing is left to go on with"
"$KURUNG" discard k

# No room on the host: a small file system in the place of the project.
mkdir "$HOME/small"
got=$(in_mounts 'mount -t tmpfs -o size=300k none "$HOME/small"; mkdir "$HOME/small/p"; chmod 777 "$HOME/small/p"; echo old >"$HOME/small/p/a"; chmod 666 "$HOME/small/p/a"' \
    sh -c 'cd "$HOME/small/p" && chmod 700 . && "$0" run -q --keep=full -- sh -c "echo new >a; mkdir n; head -c 200000 /dev/zero >n/1; head -c 200000 /dev/zero >n/2; echo z >z" 2>&1
        "$0" apply full 2>&1; echo "status $?"; cat a; ls -A; "$0" diff --stat full | tail -n 1; "$0" discard full' "$KURUNG")
like "$got" "nothing was applied: all changes so far were undone" "no room on the host: all is undone"
like "$got" "No space left on device" "no room on the host: said so"
like "$got" "status 125"$'\n'"old"$'\n'"a"$'\n' "no room on the host: every file is as it was, and nothing more"
like "$got" "4 added, 1 modified" "no room on the host: the changes are still there"
mkdir "$HOME/tiny"
got=$(in_mounts 'mount -t tmpfs -o size=1M none "$HOME/tiny"' env XDG_STATE_HOME="$HOME/tiny" sh -c '"$0" run -q --disk-keep-free=0 --keep=full -- sh -c "head -c 3000000 /dev/zero >big; echo wrote \$?"; "$0" diff full' "$KURUNG" 2>&1)
like "$got" "No space left.*wrote 1.*A  big" "no room for the upper: the command is told, and diff works"

# Much, deep, long: more than a path may have, and more directories than descriptors.
files=$(scaled 10000 1000)
depth=$(scaled 4000 2500)
all=$((files + depth + 3))
# Of an archive paths have at most 4095 bytes: each "/d" takes two.
packed=$((files + (4095 - (${#project} - 1)) / 2 + 2))
cat >"$HOME/deep.py" <<X
import os
for n in range($files):
    open("f%d" % n, "w").close()
for n in range($depth):
    os.mkdir("d")
    os.chdir("d")
open("bottom", "w").write("x")
os.chdir(os.environ["PWD"])
os.mkdir("n" * 255)
open("n" * 255 + "/" + "m" * 255, "w").close()
X
for how in "--overlay=kernel" "-p build"; do
    fresh
    # shellcheck disable=SC2086 # words
    "$KURUNG" run --keep=k $how --read-only="$HOME/deep.py" -- python3 "$HOME/deep.py"
    is "$("$KURUNG" diff k | wc -l)" $((files + 2)) "$files changes, depth $depth, names of 255 bytes: diff ($how)"
    is "$("$KURUNG" diff --all --name-only k | wc -l)" "$all" "all of them ($how)"
    "$KURUNG" export k -o "$HOME/deep.tar"
    is "$?:$(tar -tf "$HOME/deep.tar" 2>/dev/null | wc -l)" "0:$packed" "export: all whose path others can take ($how)"
    (ulimit -n 128; "$KURUNG" apply k)
    is "$?:$(find . -mindepth 1 | wc -l)" "0:$((all + 11))" "apply, with few descriptors ($how)"
    is "$("$KURUNG" diff k)" "" "and nothing is left to apply ($how)"
    "$KURUNG" discard k
    is "$?:$(ls "$kept")" "0:" "discard ($how)"
    rm -rf "$HOME/deep.tar"
    find . -delete 2>/dev/null
done
# What belongs to the sandbox's other ids, and is closed.
fresh
"$KURUNG" run --keep=k -p build -- sh -c 'mkdir -p x/y; echo 1 >x/y/z; chown -R 55:66 x; chmod 0 x/y/z x/y x'
kurung diff --all k
is "$out" "A  x/
A  x/y/
A  x/y/z" "what belongs to others and is closed is read"
kurung apply k
is "$status:$(chmod -R u+rwX x; cat x/y/z)" "0:1" "and taken"
"$KURUNG" discard k
is "$?:$(ls "$kept")" "0:" "and discarded"
done_testing
