#!/bin/bash
# Attacks 82, 83 and 93: what is shared is what the user named, whatever is put in its place before, or while a sandbox starts.
. "$SRCDIR/tests/escape/lib.sh"

mkdir "$HOME/secret" "$HOME/race" "$HOME/race/work" "$HOME/race/other"
echo secret >"$HOME/secret/file"
echo secret >"$HOME/race/other/file"
echo mine >"$HOME/race/work/file"
ln -s "$HOME/secret" "$HOME/race/link"
canaries=("$HOME/secret" "$HOME/race/other")
state() { find "${canaries[@]}" -printf '%p %y %m %s\n' -type f -exec cksum {} + | sort; }
before=$(state)

# 82: the working directory is exchanged all the time, with a link to a secret or another directory, while sandboxes start in it.
look='cat file; (echo was here >>new) 2>/dev/null || :'
cat >loop <<'EOS'
# WITH RUNS UNTIL PROGRAM...: exchanges race/work, in which the program runs so often, or until it says so, with race/WITH.
cd "$HOME/race/work" || exit 1
rm -f "$HOME/stop"
"$HOME/project/probe" exchange "$HOME/race/work" "$HOME/race/$1" "$HOME/stop" 10000 >"$HOME/exchanges" & racer=$!
for ((n = 0; n < $2; n++)); do
    got=$("${@:4}" </dev/null 2>&1)
    echo "$got"
    [ -z "$3" ] || [[ $got != *$3* ]] || break
done >"$HOME/.out"
touch "$HOME/stop"
wait "$racer"
# Back to where all was.
grep -q mine "$HOME/race/work/file" || "$HOME/project/probe" exchange "$HOME/race/work" "$HOME/race/$1" "$HOME/stop" 1 >/dev/null
rm -f "$HOME/race/work/new"
EOS
# race NAME WITH PROGRAM...: none of many runs shows what is not there; those that fail say why.
race() {
    "${in[@]}" bash "$HOME/project/loop" "$2" "$(scaled 40 8)" "" "${@:3}"
    is "$(grep -c secret "$HOME/.out")" 0 "82 $1: another directory is never seen" || diag "$(sort "$HOME/.out" | uniq -c)"
    is "$(grep -vE "^mine$|was replaced while|was removed or replaced${in:+|cannot create a file system of type overlay|fuse-overlayfs exited}" "$HOME/.out")" "" \
        "82 $1: what is not shown is an error that says why"
    is "$(state)" "$before" "82 $1: nor written"
    ok "82 $1: at least 10,000 exchanges" test "$(<"$HOME/exchanges")" -ge 10000
}
# raced NAME WITH PROGRAM...: the same is seen within so many runs, with the defence off.
raced() {
    "${in[@]}" bash "$HOME/project/loop" "$2" 1000 secret env KURUNG_DEFENCE_OFF=same-source "$KURUNG_UNDEFENDED" "${@:3}"
    like "$(<"$HOME/.out")" secret "82 $1: seen without (same-source)"
    rm -f "$HOME/secret/new" "$HOME/race/other/new"
}
for with in link other; do
    for mode in overlay rw ro; do
        in=()
        race "the working directory, $mode, and $with" $with "$KURUNG" run -q --work-dir=$mode -- sh -c "$look"
        raced "the working directory, $mode, and $with" $with run -q --work-dir=$mode -- sh -c "$look"
    done
    # With a mount below it fuse-overlayfs serves it.
    mkdir "$HOME/race/work/sub"
    in=(in_mounts 'mount -t tmpfs none "$HOME/race/work/sub"')
    race "the working directory by fuse-overlayfs, and $with" $with "$KURUNG" run -q -- sh -c "$look"
    raced "the working directory by fuse-overlayfs, and $with" $with run -q -- sh -c "$look"
    rmdir "$HOME/race/work/sub"
done

# The same for a kept sandbox that is resumed, and what is shared, each from a tree that another sandbox writes.
cd "$HOME/race/work" || exit 1
"$KURUNG" run -q --keep=again -- sh -c 'echo kept >kept' </dev/null
cd "$HOME/project" || exit 1
mv "$HOME/race/work" "$HOME/race/away"
ln -s "$HOME/secret" "$HOME/race/work"
kurung run --in=again -- cat file
is "$status:$out" 125: "82 a resumed sandbox whose working directory is a link now"
like "$errors" "$HOME/race/work.*symbolic link" "82 and it says so"
kurung diff again
unlike "$out" secret "82 nor does diff follow it"
kurung apply again
isnt "$status" 0 "82 nor apply, which fails"
is "$(state)" "$before" "82 nor apply, which changes nothing"
rm "$HOME/race/work"
mv "$HOME/race/away" "$HOME/race/work"
kurung run --in=again -- cat file kept
is "$out" $'mine\nkept' "82 put back, it is resumed"
kurung discard again

# 83: a source that a sandbox replaced by a link, in a share of this run or of an earlier one, or in the project.
mkdir "$HOME/shared" "$HOME/shared/data" "$HOME/shared/real" "$HOME/elsewhere"
echo mine >"$HOME/shared/data/file"
echo mine >"$HOME/shared/real/file"
echo mine >"$HOME/elsewhere/file"
# refused NAME ARGS...: of run, which reads what is shared.
refused() {
    kurung run -q "${@:2}"
    is "$status:$out" 125: "83 $1: refused"
    like "$errors" "^kurung: [^ ]*: [^ ]* is a symbolic link in .*, where a sandbox can write, and leads to " "  83 $1: with the link, and why"
    like "$(undefended source-links run -q "${@:2}" 2>&1 </dev/null | tr -d '\0')" secret "  83 $1: read without (source-links)"
}
# taken NAME ARGS...
taken() {
    kurung run -q "${@:2}"
    is "$out" mine "83 $1: taken" || diag "$errors"
}
taken "a directory as it is" --read-only="$HOME/shared/data:/mnt/x" -- cat /mnt/x/file
"$KURUNG" run -q --read-write="$HOME/shared" -- sh -c "cd \$HOME/shared && mv data data.old && ln -s $HOME/secret data && ln -s ../secret up &&
    ln -s real inside && mkdir sub && ln -s ../../secret/file sub/file && ln -s sub/../data chain" </dev/null
refused "a share of an earlier run" --read-only="$HOME/shared/data:/mnt/x" -- cat /mnt/x/file
refused "a share of an earlier run, for writing" --read-write="$HOME/shared/data:/mnt/x" -- cat /mnt/x/file
refused "a relative link" --read-only="$HOME/shared/up:/mnt/x" -- cat /mnt/x/file
refused "something below a link" --read-only="$HOME/shared/data/file:/mnt/x" -- cat /mnt/x
refused "a file" --read-only="$HOME/shared/sub/file:/mnt/x" -- cat /mnt/x
refused "a link to a link" --read-only="$HOME/shared/chain:/mnt/x" -- cat /mnt/x/file
refused "with Home=host" --home=host --work-dir=hidden --read-only="$HOME/shared/data" -- sh -c "cat $HOME/secret/file; cat $HOME/shared/data/file"
refused "the share itself given again" --read-write="$HOME/shared" --read-only="$HOME/shared/data:/mnt/x" -- cat /mnt/x/file
ln -s shared/data "$HOME/by-home"
refused "by a link of the user's that leads there" --read-only="$HOME/by-home:/mnt/x" -- cat /mnt/x/file
printf '[Profile]\nExtends=default\n[Filesystem]\nReadOnly=%s:/mnt/x\n' "$HOME/shared/data" >"$HOME/p.ini"
refused "by a profile" -p "$HOME/p.ini" -- cat /mnt/x/file
kurung run --dry-run --read-only="$HOME/shared/data:/mnt/x" -- true
like "$status:$errors" "^125:.*where a sandbox can write" "83 the plan of it is not printed, either"
kurung run -q --read-only="$HOME/shared/inside:/mnt/x" -- cat /mnt/x/file
like "$status:$out:$errors" "^125::.*where a sandbox can write, and leads to '$HOME/shared/real" "83 also a link that stays inside"
# What the message says works.
kurung run -q --read-only="$HOME/secret:$HOME/shared/data" -- cat "$HOME/shared/data/file"
is "$out" secret "83 the target itself may be named"
# The user's own links, where no sandbox ever wrote.
ln -s "$HOME/elsewhere" "$HOME/mylink"
taken "a link of the user's" --read-only="$HOME/mylink:/mnt/x" -- cat /mnt/x/file
(cd "$HOME" && "$KURUNG" run -q --work-dir=hidden --read-only=mylink:/mnt/x -- cat /mnt/x/file) >"$HOME/.out" 2>&1 </dev/null
is "$(<"$HOME/.out")" mine "83 also in the home directory"
taken "a link of the user's, with Home=host" --home=host --work-dir=hidden --read-only="$HOME/mylink:/mnt/x" -- cat /mnt/x/file
"$KURUNG" run -q --home=host --keep=h -- true </dev/null
taken "and after a kept run with Home=host" --read-only="$HOME/mylink:/mnt/x" -- cat /mnt/x/file
kurung discard h
# A tree is known by its inode, and by its name.
mv "$HOME/shared" "$HOME/moved"
refused "after the tree was moved" --read-only="$HOME/moved/data:/mnt/x" -- cat /mnt/x/file
cp -a "$HOME/moved" "$HOME/shared"
refused "after it was made anew" --read-only="$HOME/shared/data:/mnt/x" -- cat /mnt/x/file
# The project, whatever it was given before.
ln -s "$HOME/secret" data
ln -s "$HOME/project/probe.d" inside
mkdir probe.d
echo mine >probe.d/file
for mode in overlay rw ro hidden; do
    refused "the project ($mode)" --work-dir=$mode --read-only=data:/mnt/x -- cat /mnt/x/file
done
kurung run -q --read-only=inside:/mnt/x -- cat /mnt/x/file
like "$status:$out:$errors" "^125::.*where a sandbox can write, and leads to '$HOME/project/probe.d" "83 a link inside the project"
mkdir -p repository/.git repository/part
(cd repository/part && ln -s "$HOME/secret" data && ln -s "$HOME/secret" ../data)
cd repository/part || exit 1
refused "the project's repository" --read-only=../data:/mnt/x -- cat /mnt/x/file
cd "$HOME/project" || exit 1
# A directory that was the project of a run whose writes are real, from elsewhere.
mkdir "$HOME/built"
(cd "$HOME/built" && "$KURUNG" run -q --work-dir=rw -- ln -s "$HOME/secret" data) </dev/null
refused "what was a working directory for writing" --read-only="$HOME/built/data:/mnt/x" -- cat /mnt/x/file
# Root=.
mkdir -p "$HOME/built/root/bin"
mkdir -p "$HOME"/secret/{bin,tmp,run,proc,sys,dev} "$HOME/secret$HOME"
cp /bin/busybox "$HOME/secret/bin/cat"
ln -s "$HOME/secret" "$HOME/built/tree"
for engine in kernel fuse none; do
    refused "a root ($engine)" --root="$HOME/built/tree" --overlay=$engine --work-dir=hidden -- /bin/cat /file
done
before=$(state)
# A sandbox exchanges what another one is given, all the time.
mkdir "$HOME/shared/work" "$HOME/shared/other"
echo mine >"$HOME/shared/work/file"
echo other >"$HOME/shared/other/file"
ln -s "$HOME/secret" "$HOME/shared/link"
cp probe "$HOME/shared/probe"
mkfifo "$HOME/shared/go"
"$KURUNG" run -q --read-write="$HOME/shared" -- sh -c 'cd "$HOME/shared" && echo >go && ./probe exchange work link stop 10000 >exchanges' </dev/null &
racer=$!
read -r _ <"$HOME/shared/go"
for ((n = 0; n < $(scaled 60 10); n++)); do
    "$KURUNG" run -q --read-only="$HOME/shared/work:/mnt/x" -- cat /mnt/x/file </dev/null
    "$KURUNG" run -q --read-write="$HOME/shared/work:/mnt/x" -- sh -c 'echo was here >>/mnt/x/new' </dev/null
done >"$HOME/.out" 2>&1
touch "$HOME/shared/stop"
wait $racer
is "$(grep -vE '^mine$|where a sandbox can write|was replaced while' "$HOME/.out")" "" "82 a sandbox exchanges a share's source: it is the directory, or an error"
ok "82 which it is both" grep -q mine "$HOME/.out"
is "$(state)" "$before" "82 and the secret is not written"
ok "82 at least 10,000 exchanges" test "$(<"$HOME/shared/exchanges")" -ge 10000
rm -f "$HOME/shared/stop"
"$KURUNG" run -q --read-write="$HOME/shared" -- sh -c 'cd "$HOME/shared" && echo >go && ./probe exchange work link stop 1' </dev/null >/dev/null &
racer=$!
read -r _ <"$HOME/shared/go"
for ((n = 0; n < 1000; n++)); do
    got=$(undefended same-source run -q --read-only="$HOME/shared/work:/mnt/x" -- cat /mnt/x/file 2>/dev/null </dev/null)
    [ "$got" != secret ] || break
done
touch "$HOME/shared/stop"
wait $racer
is "$got" secret "82 seen without (same-source)"

# The list itself.
list=${XDG_STATE_HOME:-$HOME/.local/state}/kurung/written
is "$(stat -c %a "$list")" 600 "83 the list of what sandboxes wrote in is the user's own"
is "$(grep '^tree\.' "$list" | paste - - - - | sort | uniq -d)" "" "83 in which nothing is twice"
kurung run -q --read-write="$HOME" -- sh -c 'cat ~/.local/state/kurung/written; echo x >~/.local/state/kurung/written'
is "$out" "" "83 and no sandbox sees or writes it"
echo garbage >"$list"
kurung run --read-only="$HOME/shared/data:/mnt/x" -- cat /mnt/x/file
like "$status:$out:$errors" "^125::.*malformed" "83 one that is malformed is an error where it is needed"
kurung run -q -- echo mine
is "$out" mine "83 and only there"
kurung run --read-write="$HOME/elsewhere" -- echo mine
is "$status:$out" 0:mine "83 a share for writing is given all the same"
like "$errors" "will not recognise links .*malformed" "83 and it is said what is not remembered"
for ((n = 0; n < 1200; n++)); do printf '1 %d 0 /nowhere/%d\0' $n $n; done >"$list"
kurung run -q --read-write="$HOME/elsewhere" -- true
is "$(sed -n 's/^tree.path //p' "$list")" "$HOME/elsewhere" "83 what is gone is dropped when the list is long"

# 93: a home that HOME does not name, here outside of /home, with a password file that names it.
people='mount -t tmpfs none /opt; mkdir -p /opt/users/me/project /opt/data /opt/cache/kurung
    for d in users/me data cache/kurung; do echo secret >"/opt/$d/key"; done; echo mine >/opt/users/me/project/file; ln -s users/me /opt/link'
passwd='sed "s|^\($(id -un "$id"):.*\):[^:]*:|\1:/opt/users/me:|" /etc/passwd >"$HOME/passwd"; mount --bind "$HOME/passwd" /etc/passwd'
# The first argument of in_mounts is read before its id is there.
passwd=${passwd/\$id/$(id -u)}
in=(in_mounts "$people; $passwd")
is "$("${in[@]}" sh -c 'eval echo "~$(id -un)"; cat /opt/users/me/key')" $'/opt/users/me\nsecret' "93 the home that the password file names"
see='cat /opt/users/me/key; ls -A /opt/users/me; (echo x >/opt/users/me/new) && echo written'
for options in --overlay=kernel --overlay=fuse --overlay=none "--overlay=kernel --run-as=root" "--overlay=fuse --run-as=root" "-p build" "-p shell" "-p npm --net=none"; do
    read -ra words <<<"$options"
    unlike "$("${in[@]}" "$KURUNG" run -q "${words[@]}" -- sh -c "$see" 2>&1)" 'secret|key$|project' "93 nothing of it is seen ($options)"
    like "$("${in[@]}" env KURUNG_DEFENCE_OFF=homes "$KURUNG_UNDEFENDED" run -q "${words[@]}" -- sh -c "$see" 2>&1)" secret "93 read without (homes) ($options)"
done
is "$("${in[@]}" sh -c 'cd /opt/users/me/project && exec "$KURUNG" run -q -- sh -c "cat file; ls -A .."')" $'mine\nproject' "93 a project in it is seen, and nothing beside"
like "$("${in[@]}" sh -c 'cd /opt/users/me && exec "$KURUNG" run -- cat key' 2>&1)" "contains a home directory of yours" "93 it is no working directory"
like "$("${in[@]}" sh -c 'cd /opt/users/me && exec "$KURUNG" run -q --work-dir=hidden -- cat /opt/users/me/key' 2>&1)" "No such file" "93 hidden, it may be"
is "$("${in[@]}" "$KURUNG" run -q --read-only=/opt/users/me/key -- cat /opt/users/me/key)" secret "93 what is shared of it is seen"
# HOME names nothing, or is a link, as /home/USER is where homes lie on another disk.
unlike "$("${in[@]}" env HOME=/nonexistent "$KURUNG" run -q -- sh -c "$see" 2>&1)" 'secret|key$|project' "93 HOME names nothing"
ln -s /opt/users/me "$HOME/link"
got=$(in_mounts "$people; mount --bind /opt/users/me /opt/users/me; $passwd" "$KURUNG" run -q -- sh -c "echo runs; $see" 2>&1)
like "$got" runs "93 a home that is a mount"
unlike "$got" 'secret|key$|project' "93 a home that is a mount: nothing of it is seen"
in=(in_mounts "$people")
for home in "$HOME/link" /opt/users/me; do
    got=$("${in[@]}" env HOME="$home" "$KURUNG" run -q -- sh -c "echo runs; $see" 2>&1)
    like "$got" runs "93 HOME=$home"
    unlike "$got" 'secret|key$|project' "93 HOME=$home: nothing of it is seen"
done
like "$("${in[@]}" env HOME="$HOME/link" KURUNG_DEFENCE_OFF=homes "$KURUNG_UNDEFENDED" run -q -- sh -c "$see" 2>&1)" secret "93 a link: read without (homes)"
is "$("${in[@]}" env HOME="$HOME/link" "$KURUNG" run -q --work-dir=hidden --home=host -- sh -c 'cat ~/key /opt/users/me/key' 2>&1)" $'secret\nsecret' "93 Home=host shows it by both names"
like "$("${in[@]}" env HOME="$HOME/link" sh -c 'cd "$HOME" && exec "$KURUNG" run -- cat key' 2>&1)" "contains a home directory of yours" "93 nor is that a working directory by its other name"
# What else is the user's, or kurung's own.
unlike "$("${in[@]}" env XDG_DATA_HOME=/opt/data XDG_CACHE_HOME=/opt/cache "$KURUNG" run -q -- sh -c 'cat /opt/data/key /opt/cache/kurung/key /opt/cache/key; ls -A /opt/cache/kurung /opt/data' 2>&1)" \
    'secret|key$|run-' "93 the directories that XDG variables name, and kurung's own in them"
like "$("${in[@]}" env XDG_DATA_HOME=/opt/data KURUNG_DEFENCE_OFF=homes "$KURUNG_UNDEFENDED" run -q -- cat /opt/data/key 2>&1)" secret "93 read without (homes)"
done_testing
