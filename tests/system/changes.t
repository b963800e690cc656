#!/bin/bash
# Keeping a sandbox, and diff, apply, export, discard, as a user sees them, under each engine.
. "$SRCDIR/tests/lib.sh"
kept=$HOME/.local/state/kurung/kept
tree() { python3 "$SRCDIR/tests/tools/random_tree.py" list; }
fresh_project() {
    chmod -R u+rwX "$project" 2>/dev/null
    find "$project" -mindepth 1 -delete
    mkdir -p "$project"/{d/e,f,g,types}
    cd "$project" || exit 1
    echo a >a
    echo x >d/e/x
    echo y >d/y
    echo keep >f/keep
    echo gone >g/gone
    echo file >types/file
    mkdir types/dir
    echo in >types/dir/in
    echo x >mode
    # What was here before a sandbox is older than it by the file system's clock, which ticks slowly.
    touch ../tick
    wait_for later_than ../tick
}
later_than() {
    touch ../tock
    [ ../tock -nt "$1" ]
}
# kept: the same as what is to be seen under kernel and fuse.
changes='echo b >>a; rm -r d/e; mkdir -p n/m; echo n >n/n; ln n/n n/m/link; ln -s a l; mv d/y d/z; rm -r g
rm types/file; mkdir types/file; echo in >types/file/in; rm -r types/dir; echo file >types/dir; chmod 755 mode; mv f f2
chmod 700 d; echo h >"$HOME/private"; touch "odd
name"'

kurung run --keep -- sh -c 'echo 1 >new'
like "$errors" "kept as ([a-z]+-[a-z]+(-[0-9]+)?)" "--keep: a readable name is made up and printed"
name=${BASH_REMATCH[1]}
ok "it is there" test -d "$kept/$name"
is "$(stat -c %a "$HOME/.local/state/kurung" "$kept" "$kept/$name" | sort -u)" 700 "state is the user's alone"
kurung diff "$name"
is "$status:$out" "0:A  new" "diff says what is new"
kurung run --keep="$name" -- true
is "$status" 125 "a name that is taken is an error"
like "$errors" "already exists.*discard $name" "with what removes it"
kurung discard "$name"
is "$status:$out$errors" "0:" "discard says nothing"
not_ok "and all is gone" test -e "$kept/$name"
kurung discard "$name"
is "$status" 125 "a name that is not there is an error"
kurung run --keep=notrun -- /nonexistent
is "$(ls "$kept")" "" "a command that can't be run leaves nothing"
kurung run --keep=ended -- sh -c 'echo 1 >x; exit 3'
is "$status:$(grep -E '^(ended|exit-code) ' "$kept/ended/record" | tr '\n' ' ')" "3:ended 1 exit-code 3 " "the exit status is passed on and noted"

# One that kurung 0.1 has kept.
kurung run --keep=old -- sh -c 'echo 1 >old-file; exit 3'
python3 "$SRCDIR/tests/tools/older_record.py" "$kept/old"
kurung diff old
is "$status:$out" "0:A  old-file" "diff of one that kurung 0.1 has kept"
like "$("$KURUNG" ps -a)" "old +kept .*old-file" "  ps -a"
kurung run --in old -- sh -c 'cat old-file; echo 2 >old-file2'
is "$status:$out" "0:1" "  run --in goes on in it"
is "$(cd "$kept/old" && echo record*)" "record" "  and its record is as those of today are"
kurung diff old
is "$status:$out" "0:A  old-file
A  old-file2" "  diff, then"
mv "$kept/old/record" "$kept/old/elsewhere"
ln -s elsewhere "$kept/old/record"
kurung diff old
like "$status:$errors" "125:.*the record of 'old' is not a file of yours" "a record that is a link is not read"
sed '1s/ [0-9]*$/ 99/' "$kept/old/elsewhere" >"$kept/old/later"
mv "$kept/old/later" "$kept/old/record"
kurung diff old
like "$status:$errors" "125:.*'old': its record was made by a later kurung" "a record of a later kurung is said to be one"
kurung discard old
is "$status:$(ls "$kept")" "0:ended" "discard: also where the record can't be read"

mkfifo "$HOME/fifo-begun" "$HOME/fifo-end"
"$KURUNG" run --keep=running --read-write="$HOME/fifo-begun" --read-write="$HOME/fifo-end" -- sh -c \
    'echo >~/fifo-begun; read -r _ <~/fifo-end' &
runner=$!
read -r _ <"$HOME/fifo-begun"
kurung export -o "$HOME/running.tar" running
like "$status:$errors" "125:.*'running' is running" "one that runs is not packed"
kurung discard running
is "$status" 125 "nor discarded"
echo >"$HOME/fifo-end"
wait $runner
kurung discard running ended
is "$status:$(ls "$kept")" "0:" "discard takes several"

for engine in "--overlay=kernel" "--overlay=fuse" "-p build" "--id-map=single"; do
    fresh_project
    # shellcheck disable=SC2086 # words
    kurung run --keep=k $engine -- sh -c "$changes; tr -d '\\0' </dev/null; cat >/dev/null"
    is "$status" 0 "a run that changes much ($engine)"
    kurung diff k
    is "$out" "A  $HOME/private
M  a
M  d/ (mode 0755 -> 0700)
D  d/e/
D  d/y
A  d/z
D  f/
A  f2/
D  g/
A  l -> a
M  mode (mode 0644 -> 0755)
A  n/
A  odd\\x0aname
T  types/dir (directory -> file)
T  types/file/ (file -> directory)" "diff ($engine)"
    kurung diff --all --name-only k n
    is "$out" "n/
n/m/
n/m/link
n/n" "diff: a path narrows, --all shows what is in a new directory ($engine)"
    kurung diff --json k
    is "$(jq -r '.[] | select(.path | endswith("/a")) | [.change, .what[], .type, .mode, .size] | join(" ")' <<<"$out")" \
        "modified content file 0644 4" "diff --json: a file ($engine)"
    is "$(jq -r 'map(.change) | group_by(.) | map("\(.[0]) \(length)") | join(" ")' <<<"$out")" "added 6 deleted 4 modified 5" \
        "diff --json: all of it ($engine)"
    kurung diff --stat k
    like "$out" "a  4 bytes.*"$'\n'"11 added, 5 modified, 4 deleted" "diff --stat ($engine)"
    kurung diff -p k a d/y l
    is "$out" "diff --git a$project/a b$project/a
--- a$project/a
+++ b$project/a
@@ -1 +1,2 @@
 a
+b
diff --git a$project/d/y b$project/d/y
deleted file mode 100644
--- a$project/d/y
+++ /dev/null
@@ -1 +0,0 @@
-y
diff --git a$project/l b$project/l
new file mode 120777
--- /dev/null
+++ b$project/l
@@ -0,0 +1 @@
+a
\\ No newline at end of file" "diff --patch ($engine)"
    before=$(tree)
    kurung apply --dry-run k
    is "$status:$(tree)" "0:$before" "apply --dry-run changes nothing ($engine)"
    like "$out" "M  a.*A  n/m/link" "and says what it would ($engine)"
    kurung apply k a n
    is "$status:$(cat a; ls n)" "0:a
b
m
n" "apply: only what is named ($engine)"
    kurung apply k --exclude 'odd*' -x "$project/types"
    is "$status" 0 "apply: the rest, but for what is excluded ($engine)"
    is "$(ls -A)" "a
d
f2
l
mode
n
types" "is there ($engine)"
    is "$(stat -c %a d mode; cat d/z f2/keep types/file)" "700
755
y
keep
file" "with modes and contents ($engine)"
    is "$(stat -c %h n/n)" 2 "a hard link stays one ($engine)"
    kurung apply k
    kurung diff k
    is "$out" "A  $HOME/private" "what was applied is no difference any more; a private home is taken only by name ($engine)"
    kurung apply k "$HOME/private"
    is "$status:$(cat "$HOME/private")" "0:h" "then it is ($engine)"
    rm "$HOME/private"
    is "$(find "$project" -name '.kurung*')" "" "no temporary name is left ($engine)"
    kurung discard k
    is "$status:$(ls "$kept")" "0:" "discard ($engine)"
done

# What is applied may be changed again inside later: that is no conflict with oneself (applied twice from two runs' view).
fresh_project
kurung run --keep=k -- sh -c 'echo 1 >>a; echo 1 >new'
kurung apply k
echo 2 >>"$(echo "$kept"/k/upper-*/a)"
echo 2 >>"$(echo "$kept"/k/upper-*/new)"
kurung apply k
is "$status:$(cat a new)" "0:a
1
2
1
2" "what an apply put there itself is no conflict"
echo host >>a
echo 3 >>"$(echo "$kept"/k/upper-*/a)"
kurung apply k
is "$status:$(tail -1 a)" "1:host" "what the user changed then is"
kurung discard k

# The top directory itself: its mode and attributes, taken, undone, gone on with.
for engine in "--overlay=kernel" "--overlay=fuse -p build"; do
    fresh_project
    # shellcheck disable=SC2086 # words
    kurung run --keep=k $engine -- sh -c 'chmod 750 .; setfattr -n user.mine -v y .; echo b >>a; rm -r d'
    kurung apply -n k
    is "$status:$(stat -c %a .):$(cat a)" "0:755:a" "the top directory's mode: --dry-run changes nothing ($engine)"
    kurung apply k
    is "$status:$errors:$(stat -c %a .):$(getfattr --only-values -n user.mine . 2>/dev/null):$(tail -n 1 a; ls -d d 2>/dev/null)" "0::750:y:b" \
        "  mode and attributes are taken ($engine)"
    is "$(find . -name '.kurung*'; ls "$kept/k/journal" 2>/dev/null)" "" "  and nothing is left ($engine)"
    setfattr -x user.mine . 2>/dev/null
    chmod 755 .
    "$KURUNG" discard k
done

# Files with several names.
fresh_project
kurung run --keep=k -- sh -c 'mkdir x y; echo l >x/1; ln x/1 x/2; ln x/1 y/3; ln x/1 4; ln a f/b; ln d/y z'
kurung apply k
is "$status:$(stat -c '%h' x/1 x/2 y/3 4 a f/b d/y z | tr '\n' ' ')" "0:4 4 4 4 2 2 2 2 " "several names of a file stay one file, in new and old directories"
is "$(cat a z y/3)" "a
y
l" "with its content"
kurung diff k
is "$out" "" "and are no difference then"
kurung discard k

# Interactive.
fresh_project
kurung run --keep=k -- sh -c 'echo b >>a; echo c >>d/y; mkdir new; echo 1 >new/1; echo 2 >new/2; echo z >z'
interactive() { printf '%s\n' "$@" | "$KURUNG" apply -i k 2>"$HOME/.err"; }
interactive n d y n n
is "$?:$(cat a d/y; ls)" "0:a
y
c
a
d
f
g
mode
types" "apply -i: no, diff, yes, no to a directory, no"
like "$(<"$HOME/.err")" "[+]c.*Apply[?]" "and d shows the lines"
interactive y a
is "$(cat a z new/1 new/2 | tr '\n' ' ')" "a b z 1 2 " "apply -i: yes, all"
kurung discard k
fresh_project
kurung run --keep=k -- sh -c 'echo b >>a; echo z >z'
interactive y q
is "$(cat a; ls z 2>/dev/null)" "a
b" "apply -i: quit leaves the rest, not what was said yes to"
interactive </dev/null
is "$(ls z 2>/dev/null)" "" "the end of the answers is a no"
kurung discard k

# Flags.
fresh_project
git init -q . 2>/dev/null
kurung run --keep=k -- sh -c 'echo x >.git/hooks/pre-commit; mkdir .vscode; echo {} >.vscode/tasks.json; echo y >.envrc; echo z >plain; mkdir -p ~/.ssh ~/bin; echo k >~/.ssh/authorized_keys; echo p >~/.bashrc; cp /bin/true ~/bin/ls'
kurung diff k
is "$(grep -c '!' <<<"$out")" 7 "what is worth a second look is marked" || diag "$out"
kurung apply k
is "$status:$(find .git/hooks -name pre-commit):$(ls -A | tr '\n' ' ')" "1::.git .vscode a d f g mode plain types " \
    "and is not taken unasked"
kurung apply k .git/hooks/pre-commit
is "$status:$(cat .git/hooks/pre-commit)" "0:x" "but when it is named"
kurung discard k

# Export.
fresh_project
kurung run --keep=k -p build -- sh -c "$changes; chown 5:6 a; chmod 4755 mode; touch nul; truncate -s 1M sparse; echo root >/usr/local/new"
kurung export k -o "$HOME/x.tar"
is "$status" 0 "export"
like "$errors" "left out: [0-9]* deletions" "says what a tar can't hold"
like "$errors" "without set-user-ID" "and what was taken away"
mkdir "$HOME/x"
tar -x -C "$HOME/x" -f "$HOME/x.tar" --no-same-owner
is "$(cat "$HOME/x$project/a" "$HOME/x/usr/local/new")" "a
b
root" "a tar holds what was added and modified"
is "$(stat -c '%a %h %s' "$HOME/x$project"/{mode,n/n,sparse} | tr '\n' ' ')" "755 1 2 644 2 2 644 1 1048576 " "modes without set-user-ID, hard links, sizes"
is "$(tar -tvf "$HOME/x.tar" --numeric-owner | awk '$6 ~ /project\/a$/ { print $2 }')" "5/6" "owners as the sandbox has them"
kurung export k --format=oci-layer -o "$HOME/x.tar.zst" "$project"
tar -t -f "$HOME/x.tar.zst" >"$HOME/list"
is "$(grep -c '/\.wh\.' "$HOME/list")" 5 "an OCI layer has whiteouts"
like "$(<"$HOME/list")" "project/[.]wh[.]g"$'\n' "named as OCI has them"
unlike "$(<"$HOME/list")" "usr/local" "and only what is named"
kurung export k -o "$HOME/x.zip"
is "$status" 125 "an unknown ending is an error"
"$KURUNG" export k -o - 2>/dev/null | tar -t >"$HOME/list2"
ok "to a pipe" test -s "$HOME/list2"
is "$(find "$HOME" -maxdepth 1 -name 'x.tar*' | wc -l)" 2 "no temporary file is left"
kurung apply k
is "$status" 1 "what needs root is left"
like "$errors" "needs root: /usr/local/new" "and listed"
like "$errors" "kurung export" "with what takes it along"
kurung discard k
rm -rf "$HOME/x" "$HOME"/x.tar*

# On a terminal: colours, control bytes escaped, progress not before a second.
fresh_project
kurung run --keep=k -- sh -c 'printf "b\033[31m\n" >>a'
got=$(env PAGER=cat python3 "$SRCDIR/tests/tools/on_terminal.py" 'print(expect(b"x1b").decode(errors="replace")); wait()' "$KURUNG" diff -p k)
like "$got" $'\033''\[32m[+]b' "diff -p has git's colours on a terminal, and no control bytes of files"
is "$(env PAGER="sed 's/^/paged: /'" python3 "$SRCDIR/tests/tools/on_terminal.py" 'expect(b"paged: "); expect(b"+b"); print(wait())' "$KURUNG" diff -p k)" 0 \
    "diff -p is shown by a pager on a terminal"
kurung discard k

# A round trip of random trees and operations.
for engine in "--overlay=kernel" "--overlay=fuse" "-p build"; do
    failed=
    for seed in $(seq 1 "${ROUND_TRIPS:-$(scaled 12 4)}"); do
        chmod -R u+rwX "$project"
        find "$project" -mindepth 1 -delete
        cp "$SRCDIR/tests/tools/random_tree.py" "$HOME/random_tree.py"
        python3 "$HOME/random_tree.py" make "$seed"
        touch ../tick
        wait_for later_than ../tick
        # shellcheck disable=SC2086 # words
        "$KURUNG" run --keep=k $engine --read-only="$HOME/random_tree.py" -- sh -c \
            "python3 ~/random_tree.py change $((seed + 1000)) && python3 ~/random_tree.py list" >"$HOME/inside" 2>"$HOME/.err" || failed="$failed run:$seed"
        "$KURUNG" apply -q k 2>"$HOME/.err"
        [ ! -s "$HOME/.err" ] || failed="$failed apply:$seed"
        tree >"$HOME/outside"
        cmp -s "$HOME/inside" "$HOME/outside" || { failed="$failed differs:$seed"; diag "$(diff "$HOME/inside" "$HOME/outside" | cut -c1-300)"; }
        left=$("$KURUNG" diff --json k | jq -r '.[] | select(.type == "file" or .type == "directory" or .type == "link" or .change == "deleted") | .path')
        [ -z "$left" ] || { failed="$failed left:$seed"; diag "$left"; }
        "$KURUNG" discard k || failed="$failed discard:$seed"
    done
    is "$failed" "" "random trees: the host's equals what the sandbox saw ($engine)"
done
chmod -R u+rwX "$project"
done_testing
