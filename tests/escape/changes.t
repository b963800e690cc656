#!/bin/bash
# Attacks 6, 60-69, 71, 75, 84 and 88: what a sandbox left, and taking it over.
. "$SRCDIR/tests/escape/lib.sh"
kept=$HOME/.local/state/kurung/kept
canary=$HOME/canary
mkdir "$canary"
echo untouched >"$canary/file"
canary_state() { (cd "$canary" && find . -printf '%p %y %m %s\n' | sort && cat file); }
before=$(canary_state)
restore_canary() {
    chmod -R u+rwX "$canary"
    rm -rf "$canary"
    mkdir "$canary"
    echo untouched >"$canary/file"
}
later_than() {
    touch ../tock
    [ ../tock -nt "$1" ]
}
fresh() {
    chmod -R u+rwX "$project"
    find "$project" -mindepth 1 -delete
    mkdir dir
    echo old >dir/file
    echo old >file
    touch ../tick
    wait_for later_than ../tick
}
keep() { # COMMANDS [OPTIONS...]: a kept sandbox k, anew
    [ ! -d "$kept/k" ] || "$KURUNG" discard k
    "$KURUNG" run --keep=k "${@:2}" -- sh -c "$1" >/dev/null 2>"$HOME/.err" </dev/null || cat "$HOME/.err"
}
upper() { # of the project
    echo "$kept/k/upper-$(grep -B1 "^layer.dest $project$" "$kept/k/record" | sed -n 's/^layer.name //p')"
}
fuse_upper() {
    echo "$kept/k/fuse-$(grep -A1 "^layer.engine fuse$" "$kept/k/record" | sed -n 's/^layer.name //p')/upper"
}

# 6: control bytes of names and links.
fresh
escape=$'\033'
keep "mkfifo 'x${escape}[31m'; ln -s 'y${escape}]0;z' 'l${escape}[1m'; echo 1 >'f${escape}[2m'; rm file; ln -s '${escape}c' file"
for command in "diff k" "diff --stat --all k" "diff --name-only k" "apply -n k" "diff --json k" "apply k" "export k -o $HOME/6.tar"; do
    # shellcheck disable=SC2086 # words
    "$KURUNG" $command >"$HOME/.out" 2>&1 </dev/null
    not_ok "6 names of files are shown escaped: ${command%% /*}" grep -q "$escape" "$HOME/.out"
done
undefended escape diff k >"$HOME/.out" 2>&1
ok "6 without (escape) they drive the terminal" grep -q "$escape" "$HOME/.out"

# 60: set-user-ID, set-group-ID, capabilities.
fresh
keep "cp /bin/true suid; chmod 4755 suid; cp /bin/true sgid; chmod 2755 sgid; cp /bin/true cap; setcap cap_net_raw+ep cap; mkdir sdir; chmod 2755 sdir" -p build
kurung diff k
for why in "cap  ! file capabilities" "sgid  ! set-group-ID" "suid  ! set-user-ID"; do like "$out" "$why" "60 marked: ${why%% *}"; done
kurung apply k
is "$(ls)" "dir
file
sdir" "60 not taken unasked"
kurung apply k suid sgid cap
is "$status:$(stat -c %a suid sgid cap sdir | tr '\n' ' ')" "0:755 755 755 755 " "60 taken by name, without the bits"
is "$(getcap cap)" "" "60 and without capabilities"
like "$errors" "without its set-user-ID.*: suid" "60 and that is said"
"$KURUNG" export k -o "$HOME/60.tar" 2>/dev/null
is "$(tar -tvf "$HOME/60.tar" | grep -c '^...[sS]\|^......[sS]')" 0 "60 nor packed"
undefended strip export k -o "$HOME/60-off.tar" >/dev/null 2>&1
is "$(tar -tvf "$HOME/60-off.tar" 2>/dev/null | grep -c '^...[sS]\|^......[sS]')" 3 "60 without (strip) the bits are packed"
has_capability() { grep -aq security.capability "$1"; }
not_ok "60 nor are capabilities" has_capability "$HOME/60.tar"
ok "60 without (strip) they are" has_capability "$HOME/60-off.tar"
rm -f suid
undefended strip apply k suid >/dev/null 2>&1
is "$(stat -c %a suid)" 4755 "60 without (strip) the bit is taken"
# Where the kernel lets oneself give a file capabilities: in a user namespace of one's own.
may_set() { unshare --user --map-current-user --keep-caps "$@"; }
for off in none strip; do
    rm -f cap
    may_set env KURUNG_DEFENCE_OFF=$off "$KURUNG_UNDEFENDED" apply k cap >/dev/null 2>&1
    is "$(getfattr --only-values -n security.capability cap 2>/dev/null | wc -c)" "$([ $off = strip ] && echo 24 || echo 0)" \
        "60 by one who may give capabilities: $([ $off = strip ] && echo "taken without (strip)" || echo "without them")"
done

# In a directory that is new as a whole, by any of several names, by a change of the mode alone, of what the host has.
fresh
mkdir shared plain
chmod 2755 shared
cp /bin/true known
touch ../tick
wait_for later_than ../tick
keep "mkdir -p new/sub; cp /bin/true new/sub/a; chmod 6755 new/sub/a; ln new/sub/a new/sub/b; ln new/sub/a c; chmod 2775 new new/sub; chmod 4755 known; chmod 2775 plain shared; cp /bin/true shared/sgid; chmod 2755 shared/sgid"
kurung apply k new/sub/a new/sub/b known c shared/sgid
kurung apply k
is "$status:$(find . -type f -perm /7000; stat -c '%n %a' new new/sub new/sub/a new/sub/b c known plain shared shared/sgid | tr '\n' ' ')" \
    "1:new 775 new/sub 775 new/sub/a 755 new/sub/b 755 c 755 known 755 plain 775 shared 2775 shared/sgid 755 " \
    "60 wherever it is and whatever it is called, but for the bit that a directory of the host's has itself" || diag "$errors"
like "$errors" "without its set-group-ID bit: plain" "60 and of a directory that is there, it is said"

# 61: devices, fifos, sockets.
fresh
keep "mkfifo fifo; rm file; mkfifo file; python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"socket\")'"
kurung apply k
is "$status:$(ls):$(cat file)" "1:dir
file:old" "61 fifos and sockets are refused"
is "$(grep -c 'refused: .*never applied' <<<"$errors")" 3 "61 and that is said of each"
mkfifo "$(upper)/dir" 2>/dev/null
kurung apply k
is "$(cat dir/file)" old "61 also in the place of a directory"
kurung export k -o "$HOME/61.tar"
is "$(tar -tf "$HOME/61.tar" | wc -l)" 0 "61 nor packed"
undefended strip export k -o "$HOME/61-off.tar" >/dev/null 2>&1
is "$(tar -tvf "$HOME/61-off.tar" | grep -c ^p)" 3 "61 without (strip) fifos are packed"
undefended strip apply k fifo file socket >/dev/null 2>&1
is "$(stat -c %F fifo file socket | tr '\n' ' ')" "fifo fifo socket " "61 without (strip) they are taken"
rm -f fifo file socket

# 62, 63: a link in the place of a directory, on either side.
fresh
keep "rm -r dir; ln -s '$canary' dir"
kurung apply k
is "$(readlink dir):$(canary_state)" "$canary:$before" "62 a link is taken as a link, and leads nowhere"
fresh
keep "echo evil >dir/file; echo evil >dir/new; mkdir dir/sub; chmod 700 dir"
rm -r dir
ln -s "$canary" dir
kurung apply k
is "$status:$(canary_state)" "1:$before" "63 a directory that became a link is not followed"
like "$errors" "(refused|conflict): dir/" "63 and that is said"
kurung apply --force k dir/new
is "$(canary_state)" "$before" "63 nor by force"
undefended beneath apply --force k dir/new >/dev/null 2>&1
isnt "$(canary_state)" "$before" "63 without (beneath) it is followed"
restore_canary
rm dir
ln -s "$canary" elsewhere
fresh
keep "rm file; mkdir file; echo evil >file/file"
rm file
ln -s "$canary" file
kurung apply k
is "$status:$(canary_state)" "1:$before" "63 a link in the place of a new directory is not entered"

# 63: exchanged all the time, while it is applied.
fresh
keep "echo evil >dir/file; for i in 1 2 3 4 5 6 7 8; do echo evil >dir/new\$i; done"
mkdir "$HOME/race"
ln -s "$canary" other
"$PROBE" exchange "$project/dir" "$project/other" "$HOME/race/stop" 10000 >"$HOME/race/exchanges.part" && mv "$HOME/race/exchanges.part" "$HOME/race/exchanges" &
racer=$!
n=0
while [ ! -s "$HOME/race/exchanges" ] || [ $n -lt 30 ]; do
    "$KURUNG" apply -q --force k </dev/null >/dev/null 2>&1
    # An apply that could not end for the race is undone.
    "$KURUNG" apply -q --rollback k </dev/null >/dev/null 2>&1
    n=$((n + 1))
    [ $n -lt 30 ] || touch "$HOME/race/stop"
    [ $n -lt 2000 ] || break
done
touch "$HOME/race/stop"
wait $racer
is "$(canary_state)" "$before" "63 directory and link exchanged all the time"
rm -rf other "$HOME/race"
restore_canary

# 64: changed on the host since.
fresh
keep "echo inside >file; rm dir/file; echo inside >both"
echo outside >file
echo outside >dir/file
echo outside >both
kurung apply k
is "$status:$(cat file dir/file both | tr '\n' ' ')" "1:outside outside outside " "64 what changed on the host is left"
is "$(grep -c ^kurung:.conflict <<<"$errors")" 3 "64 and listed"
kurung apply --force k
is "$status:$(cat file both):$(cat file.kurung-old dir/file.kurung-old both.kurung-old | tr '\n' ' ')" "0:inside
inside:outside outside outside " "64 by force it is taken, and what was there is kept beside"
fresh
# So many that they are not all read before the first is applied.
keep "rm -r dir; mkdir dir; echo inside >dir/file; cd dir; seq -f new%.0f 5000 | xargs touch"
echo outside >dir/file
kurung apply --force k
is "$status:$(cat dir/file dir/file.kurung-old | tr '\n' ' '):$(find dir -name '.*' | wc -l)" "0:inside outside :0" \
    "64 also in a directory that was made anew"
fresh
keep "echo inside >file; rm -r dir"
echo outside >file
mkdir dir/new
echo precious >dir/new/file
kurung apply k dir
is "$status:$(cat dir/new/file)" "1:precious" "64 a directory with a new file in it is not removed"
undefended conflict apply k >/dev/null 2>&1
is "$(cat file)" inside "64 without (conflict) it is overwritten"

# 65: forged marks.
fresh
keep "echo x >dir/other" -p build --overlay=fuse
up=$(upper)
setfattr -n user.overlay.redirect -v "$canary" "$up/dir"
kurung diff k
like "$out" "!  dir/?  ! a forged redirect" "65 a forged redirect is refused"
kurung apply k
is "$status:$(cat dir/file):$(canary_state)" "1:old:$before" "65 and leads nowhere"
undefended marks diff k >"$HOME/.out" 2>&1
like "$(<"$HOME/.out")" "A  dir/other" "65 without (marks) it is taken for an ordinary directory"
setfattr -x user.overlay.redirect "$up/dir"
setfattr -n user.overlay.metacopy "$up/dir/other"
kurung diff k
like "$out" "!  dir/other  ! a forged redirect" "65 a file without its data is refused"
rm -rf "$up/dir"
keep "echo x >/opt/.x" -p build --overlay=fuse
up=$(fuse_upper)
touch "$up/.wh..." "$up/.wh.." "$up/.wh."
kurung diff k
is "$status:$(grep -c '^!.*a forged whiteout' <<<"$out")" "0:3" "65 whiteouts of the directory itself and of the one above are refused"
undefended marks diff k >"$HOME/.out" 2>&1
unlike "$(<"$HOME/.out")" "forged" "65 without (marks) they are not seen"
keep "touch .wh.file .wh..wh..opq dir/.wh.file; setfattr -n user.fuseoverlayfs.opaque -v y dir"
kurung diff k
is "$out" "A  .wh..wh..opq
A  .wh.file
A  dir/.wh.file" "65 under the kernel's overlay fuse-overlayfs's marks are ordinary files"

# 88: such names, made by the payload. An archive is no engine's: whoever unpacks a layer would delete by them.
fresh
keep "echo x >.wh.file; mkdir .wh.dir; echo y >.wh.dir/y; ln -s / .wh.link; mkdir sub; touch sub/.wh..wh..opq; echo 1 >plain"
for format in tar oci-layer; do
    kurung export k --format=$format -o "$HOME/88.tar"
    is "$(tar -tf "$HOME/88.tar" | sed "s|^${project#/}/||" | sort | tr '\n' ' ')" "plain sub/ " "88 names with .wh. are not packed: $format"
    is "$status:$(grep -c '^kurung: left out: .*\.wh\.' <<<"$errors")" "0:5" "88 and each is named" || diag "$errors"
    undefended marks export k --format=$format -o "$HOME/88.tar" >/dev/null 2>&1
    is "$(tar -tf "$HOME/88.tar" | grep -c '\.wh\.')" 5 "88 without (marks) they are"
done
kurung apply k
is "$status:$(cat file dir/file .wh.file .wh.dir/y plain | tr '\n' ' '):$(readlink .wh.link)" "0:old old x y 1 :/" "88 applied they are names like others, and delete nothing"
rm -rf .wh.* sub plain
keep "rm file; echo 1 >plain"
kurung export k --format=oci-layer -o "$HOME/88.tar"
is "$(tar -tf "$HOME/88.tar" | sed "s|^${project#/}/||" | sort | tr '\n' ' ')" ".wh.file plain " "88 a deletion still is one"
# Under fuse-overlayfs an empty file with such a name is its mark, and nothing else is.
fresh
keep "mkdir -p /opt/fresh/deeper && echo x >/opt/fresh/deeper/file" -p build --overlay=fuse
kurung diff --all k
unlike "$out$errors" "forged|refused|!" "65 directories that fuse-overlayfs makes are no forgeries" || diag "$out"
like "$out" "/opt/fresh/deeper/file" "65 and are seen"
keep "mkdir -p /opt/.here /opt/.here/x && cd /opt/.here && { mv x .wh.os-release; cd /etc; mkdir x; mv x .wh.os-release; echo 1 >y; mv y .wh.hostname; ln -s x z; mv z .wh.passwd; }" -p build --overlay=fuse
kurung diff --all k
unlike "$out" $'(^|\n)D  [^\n]*(os-release|hostname|passwd)' "88 what the payload names like a mark deletes nothing"
keep "echo x >/opt/.x; rm /etc/os-release" -p build --overlay=fuse
up=$(fuse_upper)
mkdir -p "$up/etc/.wh.hostname" "$up/etc/.wh..wh..opq" "$up/etc/.wh.shells"
echo 1 >"$up/etc/.wh.passwd"
ln -s x "$up/etc/.wh.group"
mkfifo "$up/etc/.wh.profile"
kurung diff --all k
is "$(grep -c '^!.*a forged whiteout' <<<"$out"):$(grep '^D' <<<"$out")" "6:D  /etc/os-release" "88 directories, links, fifos and files with something in them are no whiteouts" || diag "$out"
undefended marks diff --all k >"$HOME/.out" 2>&1
like "$(<"$HOME/.out")" "D  /etc/passwd" "88 without (marks) they are"
for format in tar oci-layer; do
    kurung export k --format=$format -o "$HOME/88.tar"
    is "$(tar -tf "$HOME/88.tar" | grep '\.wh\.' | tr '\n' ' ')" "$([ $format = tar ] || echo "etc/.wh.os-release ")" "88 nor are they packed: $format"
done

# 66: names.
fresh
names=$'a\nb/-rf/\xff\xfe/*'
keep "mkdir -p \"\$(printf 'a\\nb/-rf/\\377\\376')\"; echo 1 >\"\$(printf 'a\\nb/-rf/\\377\\376/*')\"; echo 2 >-n; echo 3 >' '"
kurung apply k
is "$status:$(cat "$names" ./-n ' ' | tr '\n' ' ')" "0:1 2 3 " "66 names with newline, dash and broken UTF-8 make an exact round trip"
rm -r "${names%%/*}"
"$KURUNG" export k -o "$HOME/66.tar"
mkdir "$HOME/66"
tar -x -C "$HOME/66" -f "$HOME/66.tar"
is "$(cat "$HOME/66$project/$names")" 1 "66 and in an archive"
kurung diff --json --all k
is "$(jq -r '.[].path_escaped // empty' <<<"$out" | tail -n 1)" "$project/a\\x0ab/-rf/\\xff\\xfe/*" "66 JSON says how they were"

# 67: of what is packed nothing leads out.
fresh
keep "ln -s '$canary' link; rm -r dir; ln -s / dir; ln file hard; echo 1 >new"
"$KURUNG" export k -o "$HOME/67.tar" 2>/dev/null
is "$(tar -tf "$HOME/67.tar" | grep -c '^/\|^\.\./\|/\.\./')" 0 "67 no absolute name and no .. in an archive"
is "$(tar -tvf "$HOME/67.tar" | grep -c ' link to /')" 0 "67 no hard link to the outside"

# 68: holes and many entries.
fresh
keep "truncate -s 1T sparse; dd if=/dev/zero of=sparse bs=4096 count=1 seek=1000 conv=notrunc; mkdir many; cd many; seq 1 20000 | xargs touch"
kurung apply k
is "$status:$(stat -c %s sparse):$(find many | wc -l)" "0:1099511627776:20001" "68 a sparse terabyte and many entries are taken"
ok "68 and holes stay holes" test "$(stat -c %b sparse)" -lt 1000
kurung diff k
is "$out" "" "68 and compared"
rm -rf many sparse
keep "truncate -s 64M sparse"
undefended limits apply k >/dev/null 2>&1
ok "68 without (limits) they are written" test "$(stat -c %b sparse)" -gt 100000

# 69: another user walks our state. A subordinate id is another user to the kernel.
fresh
keep "echo secret >file"
# By itself it is not shown at all (72).
as_other() { undefended masks run -q --run-as=root --read-only="$HOME/.local/state:/mnt/state" -- setpriv --reuid=1 --regid=1 --clear-groups "$@" 2>&1; }
chmod 755 "$HOME" "$HOME/.local" "$HOME/.local/state"
like "$(as_other ls /mnt/state/kurung/kept)" "Permission denied" "69 another user can't list it"
like "$(as_other cat "/mnt/state/kurung/kept/k/record")" "Permission denied" "69 nor read it"
chmod 755 "$HOME/.local/state/kurung" "$kept"
"$KURUNG" diff k >/dev/null
is "$(stat -c %a "$kept")" 700 "69 what was opened is closed again"
chmod 777 "$kept"
kurung diff k
is "$status" 125 "69 what others may write is refused"
chmod 700 "$kept"
chmod 755 "$kept/k"
kurung diff k
is "$status" 125 "69 also a sandbox"
chmod 700 "$kept/k"
"$KURUNG" discard k
rm -rf "$HOME/.local/state/kurung"
undefended state run --keep=k -- true
like "$(as_other ls /mnt/state/kurung/kept)" "k" "69 without (state) it is listed"
chmod 700 "$HOME/.local/state/kurung" "$kept" "$kept/k"

# 71: what is run later.
fresh
git init -q .
plant='echo evil >.git/hooks/post-checkout; echo evil >>.git/config; echo evil >.envrc; mkdir .vscode; echo evil >.vscode/tasks.json; mkdir -p sub/.git/hooks; echo evil >sub/.git/hooks/x; echo evil >.bashrc'
config=$(<.git/config)
kurung run -- sh -c "$plant"
is "$(find .git/hooks -name post-checkout):$(<.git/config)" ":$config" "71 in the overlay"
keep "$plant; echo good >plain"
kurung diff k
is "$(grep -c ' ! ' <<<"$out")" 8 "71 all of it is marked" || diag "$out"
kurung apply k
is "$status:$(ls -A | tr '\n' ' '):$(<.git/config)" "1:.git .vscode dir file plain sub :$config" "71 and not taken unasked"
is "$(find .vscode sub -mindepth 1)" "" "71 however deep"
kurung apply k .
is "$(ls -A | tr '\n' ' ')" ".git .vscode dir file plain sub " "71 naming a directory above is not naming it"
undefended flags apply k >/dev/null 2>&1
is "$(cat .envrc .git/hooks/post-checkout)" "evil
evil" "71 without (flags) it is"

# 84: what git takes commands from, other than hooks and config; and what looks like it.
fresh
ran=$HOME/ran
for name in . sub; do
    git init -q $name
    git -C $name -c user.name=x -c user.email=x@x commit -q --allow-empty -m 1
done
mkdir -p .git/modules/lib/modules && mv sub/.git .git/modules/lib/modules/deep && echo "gitdir: ../.git/modules/lib/modules/deep" >sub/.git
mkdir plain
touch ../tick
wait_for later_than ../tick
evil=$(mktemp -d "$HOME/evil.XXXXXX")
bare() { # DIRECTORY: what git takes for a repository, without a ".git"
    printf 'mkdir -p %s/objects %s/refs; echo "ref: refs/heads/main" >%s/HEAD; printf "[core]\\n\\trepositoryformatversion = 0\\n\\tbare = false\\n\\tworktree = .\\n\\tfsmonitor = touch %s #\\n" >%s/config; ' "$1" "$1" "$1" "$ran" "$1"
}
plants=(
    "echo ../plain >.git/commondir"
    "git config --file .git/config.worktree core.fsmonitor x"
    "mkdir -p .git/info; echo '* filter=x' >.git/info/attributes; echo x >.git/info/grafts"
    "echo /x >.git/objects/info/alternates"
    "mkdir .git/rebase-merge; echo 'exec evil' >.git/rebase-merge/git-rebase-todo"
    "mkdir .git/sequencer; echo x >.git/sequencer/todo"
    "mkdir -p .git/worktrees/w; echo x >.git/worktrees/w/gitdir"
    "echo x >.git/shallow; echo x >.git/packed-refs; mkdir .git/refs/replace; echo x >.git/refs/replace/x"
    "rm -r .git/objects; ln -s '$evil' .git/objects"
    "mv .git/refs .git/r; ln -s r .git/refs"
    "rm -f .git/index; ln -s ~/.bashrc .git/index"
    "git config --file .git/modules/lib/modules/deep/config core.fsmonitor x; echo x >.git/modules/lib/modules/deep/commondir"
    "mkdir -p .git/modules/new/refs/x/hooks; echo x >.git/modules/new/refs/x/hooks/pre-commit; echo x >.git/modules/new/refs/x/HEAD"
    "echo 'gitdir: ../plain' >sub/.git"
    "rm sub/.git; ln -s ../plain sub/.git"
    "echo 'gitdir: bare' >plain/.git"
    "rm -r .git; ln -s plain .git"
    "mkdir .GIT; echo x >.GIT/config"
    "$(bare plain/bare)"
    "$(bare plain)"
    "mv plain x; $(bare x)"
    "mkdir x; ln -s refs/x x/HEAD"
    "mkdir x; echo 'ref: refs/x' >x/HEAD; echo ../plain >x/commondir"
    "ln -s plain .vscode"
    "ln -s plain .github"
)
for plant in "${plants[@]}"; do
    state=$(find .git sub plain -printf '%p %y %l %s\n' | grep -vE '^.git/(refs|objects|index)|plain' | sort)
    keep "$plant"
    kurung diff --json k
    marked=$(jq -r '.[] | select(.flag) | .path' <<<"$out" | wc -l)
    ok "84 marked: ${plant:0:60}" test "$marked" -ge 1
    kurung apply k
    is "$status" 1 "84 and left"
    like "$errors" "to apply it" "84 and said"
    is "$(find .git sub plain -printf '%p %y %l %s\n' | grep -vE '^.git/(refs|objects|index)|plain' | sort)" "$state" "84 and what was there is as it was" || diag "$plant"
    is "$(find . -mindepth 1 -type l; find . -name HEAD -newer ../tick -not -path './.git/*'; find .git -name 'git-rebase-todo' -o -name commondir -o -name config.worktree)" "" "84 nothing of it is there"
    find . -newer ../tick -not -path './.git*' -type f -not -path './sub/*' -delete
    find . -mindepth 1 -maxdepth 1 -name x -exec rm -r {} +
    rm -rf plain .git/r
    mkdir plain
done
# What is taken over: a day's work in a repository.
keep "git checkout -q -b other; echo new >tracked; git add tracked; git -c user.name=x -c user.email=x@x commit -q -m 2; git -c user.name=x -c user.email=x@x commit -q --amend -m 3"
kurung apply k
is "$status:$(git symbolic-ref HEAD):$(git log -1 --format=%s):$(git status --short | grep tracked)" "0:refs/heads/other:3:" "84 commits and branches are taken unasked" || diag "$errors"
# git would have run it.
rm -rf plain && mkdir plain
keep "$(bare plain)"
kurung apply k
(cd plain && git status >/dev/null 2>&1)
not_ok "84 git runs nothing of a directory that looks like a repository" test -e "$ran"
undefended flags apply k >/dev/null 2>&1
(cd plain && git status >/dev/null 2>&1)
ok "84 without (flags) it does" test -e "$ran"
# A bare repository that is there already, as a whole and from inside it.
fresh
git init -q --bare repo.git
touch ../tick
wait_for later_than ../tick
keep "echo evil >repo.git/hooks/post-update; git config --file repo.git/config core.fsmonitor x"
kurung apply k
is "$status:$(grep -c fsmonitor repo.git/config):$(find repo.git/hooks -name '*update' | wc -l)" "1:0:0" "84 also in a bare repository of the host's"
cd repo.git || exit 1
keep "echo evil >hooks/post-update; git config --file config core.fsmonitor x"
kurung apply k
is "$status:$(grep -c fsmonitor config):$(find hooks -name '*update' | wc -l)" "1:0:0" "84 also where it is the working directory"
cd hooks || exit 1
keep "echo evil >post-update"
kurung apply k
is "$status:$(find . -name '*update' | wc -l)" "1:0" "84 also from inside its hooks"
cd "$project" || exit 1
fresh
keep "echo 1 >new"

# 75: names of sandboxes.
mkdir -p "$HOME/.local/state/kurung/x"
for name in ../x a/b '' "$(printf 'x%.0s' {1..300})" . .. -x A 'a b' $'a\nb' .hidden k/; do
    shown=$(printf %q "${name:0:20}")
    for command in "diff --" "apply --" "discard --" "export -o $HOME/75.tar --"; do
        # shellcheck disable=SC2086 # words
        "$KURUNG" $command "$name" >"$HOME/.out" 2>"$HOME/.err" </dev/null
        is "$?:$(wc -l <"$HOME/.err")" "125:1" "75 refused: ${command%% *} $shown"
    done
    kurung run --keep="$name" -- true
    is "$status" 125 "75 refused: --keep=$shown"
done
is "$(cd "$HOME/.local/state/kurung" && find . -mindepth 1 -maxdepth 2 -printf '%P\n' | sort | tr '\n' ' ')" "kept kept/k running written x " \
    "75 nothing was made or removed"
undefended names run --keep=../planted -- true >/dev/null 2>&1
ok "75 without (names) it is made elsewhere" test -d "$HOME/.local/state/kurung/planted"
done_testing
