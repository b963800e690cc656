#!/bin/bash
# Run directories are used again by later runs, and nothing of the run before is in them.
. "$SRCDIR/tests/lib.sh"
cache=$HOME/.cache/kurung
spares() { ls -d "$cache"/{used,spare}-* 2>/dev/null; }
# What a run has left in the state directory, but for caches of kurung's own.
left() { find "$cache" \( -name 'placeholders-*' -o -name seccomp -o -name told \) -prune -o -print | sort; }
inodes() { for i in "$cache"/{used,spare}-*; do [ ! -d "$i" ] || stat -c %i "$i"; done | sort; }

ok "a user can remove them" rm -rf "$cache"/{used,spare}-*
kurung run -q -- true
if [ -z "$(spares)" ]; then
    skip "spare run directories" "no run of this machine has a layer on disk that a spare can hold"
    done_testing
fi
like "$(spares)" "^$cache/used-0$" "a run that wrote nothing leaves its directory"
before=$(inodes)
kurung run -q -- true
kurung run -q -- true
like "$(inodes)" "$before" "a later run takes it"
is "$(spares | wc -l)" 2 "two directories suffice for runs one after the other"
is "$(stat -c %a "$cache" "$cache"/{used,spare}-* 2>/dev/null | sort -u)" 700 "no other user can look into them"

# Each of these is a change that must not be in the state directory after the run, nor in a later sandbox.
changes=('echo secret >file' 'mkdir secret' 'ln -s secret link' 'mkfifo pipe' 'echo secret >"$HOME/file"' 'mkdir "$HOME/secret"'
    'mkdir -p "$HOME/project/secret"')
for change in "${changes[@]}"; do
    kurung run -q -- sh -c "$change"
    is "$status" 0 "the command makes a change: $change"
    is "$(left | grep -E 'file|secret|link|pipe')" "" "it is gone when the run has ended"
    kurung run -q -- sh -c 'find . "$HOME" | grep -E "file|secret|link|pipe"'
    is "$out" "" "a later run does not see it"
done

# Attributes of the layers themselves: what a spare had is not what a later run gets.
shown() { "$KURUNG" run -q -- sh -c 'for d in . "$HOME"; do stat -c "%a %U %Y" "$d"; ls -Ad "$d"/*; getfattr -d "$d" 2>/dev/null; lsattr -d "$d" 2>/dev/null; done' 2>&1 | sed 's/ [0-9]\{10,\}$/ now/'; }
expected=$(shown)
for change in 'chmod 0711 . "$HOME"' 'touch -d 1999-01-01 . "$HOME"' 'setfattr -n user.secret -v 1 . "$HOME"' 'chattr +A . "$HOME"'; do
    kurung run -q -- sh -c "$change"
    for _ in 1 2 3; do
        is "$(shown)" "$expected" "a later run gets new directories after: $change"
    done
done
kurung run -q -- sh -c 'setfattr -n user.secret -v 1 "$HOME" || exit 5'
if [ "$status" -eq 5 ]; then
    skip "an attribute is gone when the run has ended" "no user attributes here"
else
    is "$(getfattr -R -d "$cache" 2>/dev/null | grep secret)" "" "an attribute is gone when the run has ended"
fi

# In other directories the mount points are others.
mkdir -p "$HOME/other/deep/project"
for dir in other/deep/project project other/deep/project; do
    cd "$HOME/$dir" || exit 1
    kurung run -q -- sh -c 'ls "$HOME"'
    is "$out" "${dir%%/*}" "the home has the mount point of this run alone: $dir"
done
cd "$project" || exit 1

# What a start finds under these names must be a directory of the user, and of no other process.
rm -rf "$cache"/{used,spare}-*
mkdir -m 700 "$HOME/elsewhere"
ln -s "$HOME/elsewhere" "$cache/spare-0"
ln -s "$HOME/elsewhere" "$cache/used-0"
mkdir -m 755 "$cache/spare-1"
mkdir -m 700 "$cache/spare-2" "$cache/used-2"
exec {locked}<"$cache/spare-2" {locked_used}<"$cache/used-2"
flock -x "$locked" && flock -x "$locked_used"
inode=$(stat -c %i "$cache/spare-1" "$cache/spare-2" "$cache/used-2")
kurung run -q -- sh -c 'echo fine; touch x'
is "$out" fine "a run works beside names that it cannot use"
is "$(ls -A "$HOME/elsewhere")" "" "a link is not followed"
is "$(stat -c %i "$cache/spare-1" "$cache/spare-2" "$cache/used-2")" "$inode" "what others can read, or another process has locked, is not taken"
exec {locked}<&- {locked_used}<&-
rm -rf "$cache"/{spare,used}-*

# Many at once, again and again.
for ((i = 0; i < $(scaled 10 2); i++)); do
    for j in 1 2 3 4 5 6 7 8; do
        "$KURUNG" run -q -- sh -c '[ -z "$(ls -A)" ] && { [ $1 -gt 4 ] || echo secret >file; }' - "$j" >/dev/null 2>&1 || echo failed >>"$HOME/failed" &
    done
    wait
done
is "$(cat "$HOME/failed" 2>/dev/null)" "" "no run side by side with others sees their files"
is "$(left | grep -c file)" 0 "none of them leaves a file"
ok "there are at most eight spares" test "$(spares | wc -l)" -le 8

# A killed run: the next one makes its directory disappear, and takes no part of it.
mkfifo "$HOME/ready"
for ((i = 0; i < $(scaled 20 3); i++)); do
    "$KURUNG" run -q --read-write="$HOME/ready" -- sh -c 'echo secret >file; echo >"$HOME/ready"; exec sleep 1000' </dev/null 2>/dev/null &
    killed=$!
    read -r _ <"$HOME/ready"
    kill -KILL "$killed"
    wait "$killed" 2>/dev/null
    wait_for tap_none_left
    "$KURUNG" run -q -- sh -c '[ ! -e file ]' || echo seen >>"$HOME/failed"
    [ "$(left | grep -c file)" -eq 0 ] || echo left >>"$HOME/failed"
done
is "$(cat "$HOME/failed" 2>/dev/null)" "" "nothing of a killed run is left after the next one"

# Remains of very many killed runs: a few are removed by each run, but all runs together look at most once a second.
many() { ls -d "$cache"/run-* 2>/dev/null | wc -l; }
mkdir -m 700 "$cache"/run-{1..100}
for i in "$cache"/run-*; do echo secret >"$i/file"; done
looked=
for ((i = 0; i < 20 && ${#looked} < 1; i++)); do
    before=$(many)
    touch "$cache/.looked"
    "$KURUNG" run -q -- true
    [ "$(many)" -ne "$before" ] || looked=not
done
is "$looked" not "a run does not look for remains among very many right after another one has"
few() { touch -d '1 minute ago' "$cache/.looked"; "$KURUNG" run -q -- true; [ "$(many)" -eq 0 ]; }
ok "later runs remove all of them" wait_for few
rm -f "$cache/.looked"

# A process of exec, which init does not know, writes until the kernel kills it with init.
mkfifo "$HOME/go"
for ((i = 0; i < $(scaled 20 3); i++)); do
    "$KURUNG" run -q --read-write="$HOME/ready" --read-write="$HOME/go" -- sh -c 'echo >"$HOME/ready"; read -r _ <"$HOME/go"' </dev/null 2>/dev/null &
    run=$!
    read -r _ <"$HOME/ready"
    wait_for sh -c '"$KURUNG" ps --json | jq -e ".[0].name" >/dev/null'
    name=$("$KURUNG" ps --json | jq -r '.[0].name')
    "$KURUNG" exec "$name" sh -c 'echo >"$HOME/ready"; while :; do : >file; rm file; done' </dev/null >/dev/null 2>&1 &
    joined=$!
    read -r _ <"$HOME/ready"
    echo >"$HOME/go"
    wait "$run"
    [ "$(left | grep -c file)" -eq 0 ] || echo "left after exec" >>"$HOME/failed"
    wait "$joined"
done
is "$(cat "$HOME/failed" 2>/dev/null)" "" "nothing is left of what a joined process writes to the end"
done_testing
