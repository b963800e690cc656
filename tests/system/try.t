#!/bin/bash
# kurung try and apply: nothing is discarded that was not taken or said no to, whatever is answered and however it ends.
. "$SRCDIR/tests/lib.sh"
kept=$HOME/.local/state/kurung/kept
# on_tty SCRIPT COMMAND...: what the script prints; what was seen is in $HOME/.seen.
on_tty() {
    local script=$1
    shift
    python3 "$SRCDIR/tests/tools/on_terminal.py" "$script
open('$HOME/.seen', 'wb').write(seen)" "$@"
}
sandboxes() { ls "$kept" 2>/dev/null; }
only() { sandboxes | head -1; }
drop() {
    "$KURUNG" discard "$(only)" 2>/dev/null
    find "$project" -mindepth 1 -delete
    rm -rf "$HOME/foo" "$HOME/.local/bin" "$HOME/.bashrc" "$HOME/private"
}
prompt='expect(b"iscard: ")'
installer='echo x >~/foo; mkdir -p ~/.local/bin; echo f >~/.local/bin/foo; echo b >~/.bashrc; echo f >foo.txt; echo g >bar.txt'

# All: the home is private, so its changes are left; they are there, counted and named.
is "$(on_tty "$prompt"'; send(b"a\n"); print(wait())' "$KURUNG" try -- sh -c "$installer")" 0 "try, a: exit status of the command"
is "$(cat foo.txt bar.txt | tr '\n' ' ')" "f g " "what was written to the working directory is taken"
name=$(only)
like "$(<"$HOME/.seen")" "4 changes in your home are not applied: .kurung apply $name --home" "what is left in the home is counted, and how to go on is said"
like "$(<"$HOME/.seen")" "kept as $name" "the sandbox is kept"
is "$("$KURUNG" diff --all --name-only "$name" | sed "s|$HOME/||" | tr '\n' ' ')" ".bashrc .local/ .local/bin/ .local/bin/foo foo " "with all of it"
kurung apply "$name"
like "$status:$errors" "^0:kurung: 4 changes in your home are not applied: .kurung apply $name --home. applies them$" "apply says so, too"
kurung apply "$name" --home
is "$status:$(cat "$HOME/foo" "$HOME/.local/bin/foo" | tr '\n' ' ')" "1:x f " "apply --home takes them"
like "$errors" "^kurung: skipped .*/.bashrc: a shell start-up file .to apply it: kurung apply $name $HOME/.bashrc.$" "but for what has to be named"
kurung apply "$name"
like "$errors" "1 change in your home is not applied" "what was taken is not counted again"
kurung apply "$name" "$HOME/.bashrc"
is "$status:$(<"$HOME/.bashrc")" "0:b" "it is taken when it is named"
kurung apply "$name"
is "$status:$errors" "0:" "then nothing is left"
drop

# Choosing: the home is part of it; q and the end of the answers leave the rest as it is.
is "$(on_tty "$prompt"'; send(b"c\n"); expect(b".bashrc"); expect(b"Apply? "); send(b"y\n"); expect(b".local"); expect(b"Apply? "); send(b"q\n"); print(wait())' \
    "$KURUNG" try -- sh -c "$installer")" 0 "try, c: changes of the home are asked for"
is "$(cat "$HOME/.bashrc"; ls -A "$HOME/foo" "$project" 2>/dev/null)" "b
$project:" "q: what was said yes to is taken, and no more"
name=$(only)
is "$("$KURUNG" diff --all --name-only "$name" . "$HOME/foo" | grep -c .)" 3 "q: the rest is all there"
like "$(<"$HOME/.seen")" "2 changes in the working directory are not applied: .kurung apply $name..*4 changes in your home are not applied: .kurung apply $name --home" "and named"
drop
for end in 'send(b"\x04")' 'send(b"\x03")' 'signal(15)' 'signal(1)'; do
    on_tty "$prompt; send(b'c\n'); expect(b'Apply? '); send(b'y\n'); expect(b'Apply? '); $end; wait()" "$KURUNG" try -- sh -c "$installer"
    name=$(only)
    is "$("$KURUNG" diff --all --name-only "$name" | grep -c .)" 7 "c, then $end: everything is still there"
    like "$(<"$HOME/.seen")" "kept as $name" "  and named"
    kurung apply "$name"
    is "$status:$(cat foo.txt)" "0:f" "  and no apply was cut off"
    drop
done
on_tty "$prompt"'; send(b"c\n"); expect(b"Apply? "); send(b"a\n"); print(wait())' "$KURUNG" try -- sh -c 'echo 1 >~/private; echo 2 >2; echo 3 >3' >"$HOME/.out" &
on=$!
wait_for test -e "$HOME/private"
is "$(cat "$HOME/private"; ls)" 1 "c: all of the home is not all of the project"
terminal=$(ps -o pid= --ppid $on | tr -d ' ')
running=$(ps -o pid= --ppid "$terminal" | tr -d ' ')
kill "$terminal" 2>/dev/null
wait $on
# It keeps the rest when its terminal is gone, and that takes its time.
wait_for eval '! kill -0 "$running"'
drop
is "$(on_tty "$prompt"'; send(b"c\n"); expect(b"Apply? "); send(b"a\n"); expect(b"Apply? "); send(b"a\n"); print(wait())' "$KURUNG" try -- \
    sh -c 'echo 1 >~/private; echo 2 >2; echo 3 >3'):$(cat "$HOME/private" 2 3 | tr '\n' ' ')" "0:1 2 3 " "c: all of both"
is "$(sandboxes)" "" "nothing is left then, and the sandbox is gone"
drop
on_tty "$prompt"'; send(b"c\n"); expect(b"Apply? "); send(b"y\n"); expect(b"Apply? "); send(b"n\n"); expect(b"1 change that you declined is left. [d]iscard, [k]eep"); send(b"x\n"); expect(b"[k]eep"); send(b"d\n"); wait()' "$KURUNG" try -- sh -c 'echo 1 >1; echo 2 >2'
is "$(ls):$(sandboxes)" "1:" "c: what was said no to goes with the sandbox only if that is said, too"
drop
for answer in 'b"k\n"' 'b"\x04"' 'b"\x03"'; do
    on_tty "$prompt; send(b'c\n'); expect(b'Apply? '); send(b'y\n'); expect(b'Apply? '); send(b'n\n'); expect(b'[k]eep'); send($answer); wait()" "$KURUNG" try -- sh -c 'echo 1 >1; echo 2 >2'
    name=$(only)
    like "$(ls):$("$KURUNG" diff --name-only "$name" | tr '\n' ' '):$(<"$HOME/.seen")" "^1:.*2 :.*kept as $name" "  otherwise it is kept, and named ($answer)"
    drop
done
on_tty "$prompt"'; send(b"c\n"); expect(b"Apply? "); send(b"n\n"); expect(b"Apply? "); send(b"n\n"); wait()' "$KURUNG" try -- sh -c 'echo 1 >1; echo 2 >2'
is "$(ls):$("$KURUNG" diff --name-only "$(only)" | tr '\n' ' ')" ":1 2 " "c: who says no to everything did not say d"
drop

# A mode and an attribute of the working directory itself are changes like any other.
chmod 755 .
is "$(on_tty 'expect(b"./ (mode 0755 -> 0750, extended attributes)"); '"$prompt"'; send(b"a\n"); print(wait())' "$KURUNG" try -- sh -c 'chmod 750 .; setfattr -n user.mine -v y .; echo 1 >1'):$(stat -c %a .):$(getfattr --only-values -n user.mine .):$(sandboxes)" \
    "0:750:y:" "a: the mode and an attribute of the working directory are shown and taken"
drop
setfattr -x user.mine .
is "$(on_tty "$prompt"'; send(b"c\n"); expect(b"Apply? "); send(b"n\n"); expect(b"Apply? "); send(b"y\n"); expect(b"[k]eep"); send(b"d\n"); print(wait())' "$KURUNG" try -- sh -c 'chmod 700 .; echo 1 >1'):$(stat -c %a .):$(ls)" \
    "0:750:1" "c: no to its mode, yes to a file in it"
drop
chmod 755 .
mkdir src
echo old >src/f
on_tty "$prompt"'; import os; os.rename("src", "gone"); os.mkdir("other"); open("other/f", "w").write("mine\n"); os.rename("other", "src"); send(b"a\n"); wait()' \
    "$KURUNG" try -- sh -c 'echo new >src/f; echo 1 >1'
is "$(cat src/f gone/f 1; "$KURUNG" diff --name-only "$(only)" | tr '\n' ' ')" "mine
old
1
src/f " "a: changes of a directory that was exchanged are left"
like "$(<"$HOME/.seen")" "conflict: src/: .*1 change in the working directory is not applied" "  counted and named"
drop

# What can't be taken.
on_tty "$prompt"'; send(b"a\n"); expect(b".envrc"); expect(b"Apply? "); send(b"n\n"); wait()' "$KURUNG" try -- sh -c 'echo 1 >1; echo evil >.envrc'
is "$(ls -A):$("$KURUNG" diff --name-only "$(only)")" "1:.envrc" "a: what needs a second look and is not taken is left"
like "$(<"$HOME/.seen")" "1 change in the working directory is not applied" "  and named"
drop
echo old >changed
on_tty "$prompt"'; open("changed", "a").write("by the host\n"); send(b"a\n"); wait()' "$KURUNG" try -- sh -c 'echo new >>changed; echo 1 >1'
is "$(cat changed 1; "$KURUNG" diff --name-only "$(only)")" "old
by the host
1
changed" "a: a conflict is left"
drop
on_tty "$prompt"'; send(b"a\n"); wait()' "$KURUNG" try -- sh -c 'mkdir -p d/e; echo 1 >d/e/1; mkfifo d/fifo'
like "$(find d | sort | tr '\n' ' '):$(<"$HOME/.seen")" "^d d/e d/e/1 :.*refused: d/fifo.*1 change in the working directory is not applied" "a: what is refused is left"
drop
if "$KURUNG" run -q -p build -- true; then
    on_tty "$prompt"'; send(b"a\n"); expect(b"Apply? "); send(b"n\n"); wait()' "$KURUNG" try -p build -- sh -c 'echo 1 >1; echo 2 >/usr/local/new; echo 3 >>/etc/passwd'
    name=$(only)
    like "$(ls):$(<"$HOME/.seen")" "^1:.*2 changes in the system are not applied: .kurung export -o FILE $name. packs them.*kept as $name" "a: changes of the system are left"
    is "$("$KURUNG" diff --name-only "$name" | tr '\n' ' ')" "/etc/passwd /usr/local/new " "  and there"
    drop
else
    skip "changes of the system" "-p build does not start here"
fi

# An answer is one letter or a word, and typed after the question.
on_tty "$prompt"'
for line in (b"don'"'"'t\n", b"dd\n", b"\n", b"D\n", b"discard it\n", b"\x1b[0nd\n"):
    send(line); expect(b"k: keep"); expect(b"iscard: ")
send(b"keep\n"); wait()' "$KURUNG" try -- sh -c 'echo 1 >1'
is "$("$KURUNG" diff --name-only "$(only)")" 1 "what only begins with an answer is none"
drop
mkfifo "$HOME/ready" "$HOME/go"
on_tty 'open("'"$HOME"'/ready").read(); send(b"d\n"); expect(b"d\r\n"); open("'"$HOME"'/go", "w").write("\n"); '"$prompt"'; send(b"k\n"); wait()' \
    sh -c '"$0" try --read-write="$HOME/ready" --read-write="$HOME/go" -- sh -c "echo 1 >1; echo >~/ready; read -r _ <~/go" </dev/null' "$KURUNG"
is "$("$KURUNG" diff --name-only "$(only)")" 1 "what was typed before the question is no answer to it"
drop
for end in 'send(b"\x04")' 'send(b"\x03")' 'signal(15)' 'signal(1)' 'os.close(master)'; do
    on_tty "$prompt; $end; wait() if 'close' not in '''$end''' else os.waitpid(pid, 0)" "$KURUNG" try -- sh -c 'echo 1 >1'
    name=$(only)
    is "$("$KURUNG" diff --name-only "$name")" 1 "$end at the question: it is kept"
    [[ $end == *close* ]] || like "$(<"$HOME/.seen")" "kept as $name" "  and named"
    drop
done
is "$(on_tty "$prompt"'; send(b"\x03"); print(wait())' "$KURUNG" try -- sh -c 'echo 1 >1')" -2 "a signal at the question ends it as a signal does"
drop
on_tty 'expect(b"ready"); signal(15); wait()' "$KURUNG" try -- sh -c 'echo 1 >1; trap "exit 3" TERM; echo ready; while :; do read -r _ || exit; done'
like "$("$KURUNG" diff --name-only "$(only)"):$(<"$HOME/.seen")" "^1:.*kept as" "told to end while the command runs: it is kept"
unlike "$(<"$HOME/.seen")" "iscard: " "  and nobody is asked"
drop

# The terminal is found when standard input is something else.
is "$(on_tty "$prompt"'; send(b"a\n"); print(wait())' sh -c 'echo "echo piped >piped" | "$0" try -- sh' "$KURUNG"):$(cat piped)" "0:piped" \
    "a script by a pipe: the question is asked on the terminal"
drop
is "$(on_tty "$prompt"'; send(b"c\n"); expect(b"Apply? "); send(b"y\n"); print(wait())' sh -c '"$0" try -- sh -c "echo 1 >1" </dev/null' "$KURUNG"):$(cat 1)" "0:1" \
    "  and so are those of c"
drop
"$KURUNG" run -q --keep=k -- sh -c 'echo 1 >1; echo 2 >2'
is "$(on_tty 'expect(b"Apply? "); send(b"y\n"); expect(b"Apply? "); send(b"n\n"); print(wait())' sh -c 'yes n | "$0" apply -i k' "$KURUNG"):$(ls)" "0:1" \
    "apply -i with a pipe: the questions are asked on the terminal"
rm 1
is "$(printf 'n\ny\n' | "$KURUNG" apply -q -i k 2>/dev/null; echo "$?:$(ls)")" "0:2" "apply -i where nobody is: answers come by the pipe"
rm 2
is "$(printf 'y\n' | "$KURUNG" apply -q -i k 2>"$HOME/.err"; echo "$?:$(ls)")" "1:1" "apply -i: answers that end too early are said by the exit status"
is "$(on_tty 'expect(b"Apply? "); send(b"\x03"); print(wait())' "$KURUNG" apply -i k):$(ls)" "130:1" "apply -i: Ctrl-C ends it"
like "$(<"$HOME/.seen")" "interrupted" "  and says so"
is "$("$KURUNG" diff --name-only k)" 2 "  and nothing is lost"
(
    setsid -w sh -c '"$0" try -- sh -c "echo 3 >3" </dev/null' "$KURUNG"
) >"$HOME/.out" 2>"$HOME/.err"
like "$(<"$HOME/.err")" "kept as" "without a terminal it is kept"
"$KURUNG" discard k
drop

# What fails.
mkfifo "$HOME/begun" "$HOME/end"
mkdir "$project/sub"
(cd sub && exec "$KURUNG" try --read-write="$HOME/begun" --read-write="$HOME/end" -- sh -c 'echo 1 >1; echo >~/begun; read -r _ <~/end') >"$HOME/.out" 2>"$HOME/.err" &
runner=$!
read -r _ <"$HOME/begun"
mv sub gone
echo >"$HOME/end"
wait $runner
is "$?" 125 "when the changes can't be read try fails"
like "$(<"$HOME/.err")" "kept as $(only)" "  but what was written is kept, and named"
mv gone sub
is "$("$KURUNG" diff --name-only "$(only)")" sub/1 "  and is there"
drop
"$KURUNG" try --read-write="$HOME/begun" --read-write="$HOME/end" -- sh -c 'echo 1 >1; echo >~/begun; read -r _ <~/end' >"$HOME/.out" 2>"$HOME/.err" &
runner=$!
read -r _ <"$HOME/begun"
kill -9 "$("$KURUNG" ps --json | jq '.[0].pid')"
wait $runner
is "$?" 125 "when the sandbox is killed try fails"
like "$(<"$HOME/.err")" "was killed .signal 9.|kept as $(only)" "  with a line"
like "$(<"$HOME/.err")" "kept as $(only)" "  but what was written is kept, and named"
is "$("$KURUNG" diff --name-only "$(only)")" 1 "  and is there"
drop
kurung try -- /no/such/program
is "$status:$(sandboxes)" "127:" "a command that can't be run leaves nothing"

# Paths that are mistyped.
"$KURUNG" run -q --keep=k -- sh -c 'echo 1 >1; mkdir d; echo 2 >d/2'
kurung apply k typo 1
is "$status:$(ls):$errors" "1:1:kurung: no changes at 'typo'" "apply: a path of which there is no change is named"
kurung apply k 1
is "$status:$errors" "0:kurung: no changes left to apply at '1'" "apply: one that was taken before is none"
kurung apply k d/2
is "$status:$(cat d/2):$errors" "0:2:" "apply: below a new directory"
kurung apply k --resume --home
is "$status:$(wc -l <"$HOME/.err")" "125:1" "apply: --resume and --home"
"$KURUNG" discard k
drop
done_testing
