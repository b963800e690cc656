#!/bin/bash
# How kurung looks: colours, the pager, help. Only kurung's own escape sequences reach a terminal or a pager.
. "$SRCDIR/tests/lib.sh"
unset NO_COLOR PAGER KURUNG_PAGER LESS
export TERM=xterm
# on_tty COMMAND...: all that a terminal of 24 rows and 80 columns shows, and the exit status as the last word.
on_tty() {
    python3 "$SRCDIR/tests/tools/on_terminal.py" "status = wait()
sys.stdout.buffer.write(seen)
print(status)" sh -c 'stty rows 24 cols 80; exec "$@"' - "$@"
}
red=$'\033[1;31m' green=$'\033[32m' off=$'\033[m'

# Errors, diff and doctor have colours on a terminal, and nowhere else.
ln -s "$KURUNG" "$HOME/kurung"
PATH=$HOME:$PATH
like "$(on_tty kurung diff nosuch)" "${red//[/\\[}kurung:${off//[/\\[} no kept sandbox" "an error begins in red on a terminal"
like "$(kurung diff nosuch; echo "$errors")" "^kurung: no " "  and without colours elsewhere"
kurung run --keep=k -- sh -c 'echo 1 >one; echo x >.envrc'
like "$(on_tty env KURUNG_PAGER=cat kurung diff k)" "${green//[/\\[}A${off//[/\\[}  .envrc  ${red//[/\\[}! .*A${off//[/\\[}  one" "diff: letters and flags have colours on a terminal"
for without in "NO_COLOR=1 kurung diff k" "TERM=dumb kurung diff k" "kurung diff --color=never k" "NO_COLOR=1 kurung diff -p k" "kurung diff -p --color=never k" \
    "NO_COLOR=1 kurung doctor" "kurung doctor --color=never" "NO_COLOR=1 kurung diff nosuch"; do
    # shellcheck disable=SC2086
    unlike "$(on_tty env KURUNG_PAGER=cat $without)" $'\033' "no colours: $without"
done
like "$(on_tty env KURUNG_PAGER=cat NO_COLOR= kurung diff k)" "${green//[/\\[}" "an empty NO_COLOR is none"
for command in "diff k" "diff -p k" "doctor"; do
    # shellcheck disable=SC2086
    kurung $command
    unlike "$out" $'\033' "no colours in a file: $command"
    # shellcheck disable=SC2086
    kurung $command --color=always
    like "$out" $'\033' "  unless --color=always"
    # shellcheck disable=SC2086
    kurung $command --color=blue
    like "$status:$errors" "^125:.*--color=blue: must be auto, always or never" "  and nothing else"
done
kurung diff --json --color=always k
ok "JSON has no colours" jq . "$HOME/.out"
kurung diff -p --raw --color=always k
like "$status:$errors" "^125:.*exclude each other" "a patch for programs has none"

# Long output goes to a pager, on a terminal only.
paged="sed s/^/paged:/"
for command in "diff k" "diff -p k" "doctor" "--help" "run --help" "diff --help" "help run" "profile --help"; do
    # shellcheck disable=SC2086
    like "$(on_tty env KURUNG_PAGER="$paged" PAGER=false kurung $command)" "paged:" "a pager: $command"
    # shellcheck disable=SC2086
    unlike "$(on_tty env KURUNG_PAGER="$paged" kurung --no-pager $command)" "paged:" "  --no-pager"
    # shellcheck disable=SC2086
    unlike "$(env KURUNG_PAGER="$paged" "$KURUNG" $command)" "paged:" "  not into a file"
done
like "$(on_tty env PAGER="$paged" kurung diff k)" "paged:" "PAGER"
unlike "$(on_tty env KURUNG_PAGER=cat PAGER="$paged" kurung diff k)" "paged:" "KURUNG_PAGER takes precedence"
unlike "$(on_tty env KURUNG_PAGER="$paged" kurung diff --no-pager k; on_tty env KURUNG_PAGER="$paged" kurung doctor --no-pager)" "paged:" "diff and doctor take --no-pager, too"
is "$(on_tty env KURUNG_PAGER="head -1 >/dev/null" kurung run --help)" 0 "what a pager does not read appears nowhere"
like "$(on_tty env KURUNG_PAGER="no-such-pager -x" kurung run --help)" "no-such-pager.*--keep" "a pager that is not found takes nothing with it"
# Ctrl-C is the pager's: kurung waits until the user leaves it.
cat >"$HOME/pager" <<'EOF'
#!/usr/bin/python3
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: os.write(1, b"interrupted\n"))
os.write(1, b"reading\n")
while open("/dev/tty").readline() != "q\n":
    pass
sys.stdin.buffer.read()
print("left", flush=True)
EOF
chmod +x "$HOME/pager"
is "$(python3 "$SRCDIR/tests/tools/on_terminal.py" 'expect(b"reading"); send(b"\x03"); expect(b"interrupted"); send(b"q\n"); expect(b"left"); print(wait())' \
    env KURUNG_PAGER="$HOME/pager" "$KURUNG" diff k)" 0 "Ctrl-C is the pager's, and kurung waits for its end"
if [ -x /usr/bin/less ]; then
    like "$(python3 "$SRCDIR/tests/tools/on_terminal.py" 'resize(24, 80); expect(b"--keep"); send(b"q"); print(wait())' env -u PAGER "$KURUNG" run --help)" "0$" "less is the default, and waits for the user"
    like "$(on_tty env -u PAGER "$KURUNG" diff k)" "one.*0$" "  but not if everything fits on the screen"
else
    skip "less is the default" "less is not installed"
fi
"$KURUNG" discard k

# --dry-run says in words what the command may do; the operations are behind -v.
mkdir -p "$HOME/data" "$HOME/secret"
kurung run --dry-run --work-dir=rw --read-only="$HOME/data" --hide="$HOME/data/x" --net=slirp --allow=example.org:443 --publish=8080:80 -e TOKEN=sesame -- make all
like "$out" "^Command     make all"$'\n'"Directory   $project"$'\n'"User        yourself .$(id -u):$(id -g)." "--dry-run: the command, where, and as whom"
like "$out" $'\n'"Reads       the system of this machine, without its users' data"$'\n'".* $HOME/data"$'\n' "  what can be read"
like "$out" $'\n'"Writes      $project: changes the files themselves, at once"$'\n'"            dropped at the end: the system" "  and written"
like "$out" $'\n'"Hidden      $HOME/data/x"$'\n' "  what is hidden"
like "$out" $'\n'"Network     example.org:443"$'\n'"            published on this machine: 127.0.0.1:8080:80/tcp"$'\n' "  and reached"
like "$out" $'\n'"Variables .*TOKEN" "  the names of variables"
unlike "$out" "sesame" "  but not their values"
unlike "$out" $'\nop ' "  and no operations"
words=$out
kurung run --dry-run -v --work-dir=rw --read-only="$HOME/data" --hide="$HOME/data/x" --net=slirp --allow=example.org:443 --publish=8080:80 -e TOKEN=sesame -- make all
is "${out:0:${#words}}" "$words" "--dry-run -v begins with the words"
like "$out" $'\n\n'"namespaces .*"$'\nop ' "  and goes on with the operations"
like "$(on_tty kurung run --dry-run --work-dir=rw -- true)" $'\033\\[33m'"$project: changes the files themselves" "on a terminal, what reaches beyond the sandbox has a colour"
kurung run --dry-run --read-only="$HOME/data:/mnt/x, /etc/shadow" -- true
like "$out" " $HOME/data at '/mnt/x, /etc/shadow'" "a name that could be taken for several is quoted"

# ps: who runs since when, with which profile, where, on which ports, and how it ended; aligned, as wide as the terminal.
mkfifo "$HOME/up"
kurung run --keep=ended -p build -- sh -c 'exit 3'
"$KURUNG" run --keep=runs --publish=0.0.0.0:0:80 --publish=0:443 --read-write="$HOME/up" -- sh -c 'echo >~/up; exec sleep 1000' "$(printf 'x%.0s' {1..200})" 2>"$HOME/.run" &
read -r _ <"$HOME/up"
runs() { "$KURUNG" ps | grep -q '^runs '; }
wait_for runs
kurung ps
like "$out" "^NAME +STATE +PID +AGE +PROFILE +DIRECTORY +PORTS +COMMAND"$'\n'"runs +running +[0-9]+ +[0-9a-z ]+ +default +~/project +0.0.0.0:[1-9][0-9]+:80,[1-9][0-9]+:443 +sh -c echo" "ps: age, profile, directory and ports"
unlike "$out" "ended" "  of those that run"
kurung ps -a
like "$out" $'\n'"ended +kept +3 +- +[0-9a-z ]+ +build +~/project +- +sh -c exit 3" "ps -a: the exit status"
is "$(awk '{ print index($0, "DIR") ? index($0, "DIR") : index($0, "~/project") }' "$HOME/.out" | sort -u | wc -l)" 1 "  the columns are aligned"
kurung ps --json -a
is "$(jq -c '.[] | select(.name == "runs") | [.work_dir, .profiles]' "$HOME/.out")" "[\"$project\",[\"default\"]]" "  JSON has them, too"
is "$(jq -r '.[] | select(.name == "runs") | .publish[]' "$HOME/.out")" "$(sed -n 's,^kurung: published \(.*\) -> \(.*\)$,\1:\2,p' "$HOME/.run")" \
    "  with the ports that were chosen"
got=$(on_tty kurung ps -a --color=never | tr -d '\r')
is "$(awk 'NR <= 3 && length($0) > 80' <<<"$got")" "" "on a terminal a row is one line"
like "$got" "runs .*sh -c [^ ]*[.][.][.]" "  with its end cut"
like "$(on_tty kurung ps)" "${green//[/\\[}running" "  and the state has a colour"
unlike "$(on_tty env NO_COLOR=1 kurung ps)" $'\033' "  but for NO_COLOR"

# inspect says the same as --dry-run, of what really runs.
kurung inspect runs
like "$out" "^Name        runs"$'\n'"State       running, kept"$'\n'"Started     .*"$'\n'"Profiles    default"$'\n' "inspect: name, state, start, profiles"
like "$out" $'\n'"Command     sh -c echo.*"$'\n'"Directory   $project"$'\n'".* $HOME/up: changes the files themselves, at once"$'\n' "  and what it may do"
kurung inspect ended
like "$out" "State       kept, exit status 3"$'\n'".*"$'\n'"Profiles    default"$'\n'"            build"$'\n'".*User        root inside.*kept with the sandbox: " "inspect of a kept one: what resuming it would mean"
kurung inspect --json runs
ok "inspect --json has the words, the spec and the plan" jq -e '(.words | length > 10) and (.plan | length > 20) and (.spec | length > 3) and .profiles == ["default"]' "$HOME/.out"
"$KURUNG" stop runs
wait
kurung run --home=persist:mine -- true
kurung inspect --home mine
like "$out" "^Name        mine"$'\n'"State       kept"$'\n'"Path        $HOME/.local/state/kurung/homes/mine"$'\n'"Content     [0-9]+ entr" "inspect --home"
"$KURUNG" discard ended runs
"$KURUNG" discard --home mine
rm "$HOME/up"

# A prefix of a name is enough if it is the only one; a whole name is never a prefix.
for name in amber-acorn amber-reef plain plain-2; do kurung run --keep=$name -- sh -c "echo 1 >$name"; done
kurung diff --name-only amber-r
is "$status:$out" "0:amber-reef" "diff: a unique prefix"
kurung diff --name-only am
is "$status:$errors" "125:kurung: 'am' begins several names: amber-acorn, amber-reef" "an ambiguous prefix lists the names"
kurung diff --name-only plain
is "$status:$out" "0:plain" "a whole name is not a prefix"
kurung inspect --json amber-r
is "$(jq -r .name "$HOME/.out")" amber-reef "inspect: a unique prefix"
kurung export -o - amber-a
is "$(tar -tf "$HOME/.out" | grep -c amber-acorn)" 1 "export: a unique prefix"
for command in "apply amber-a" "discard amber-a" "discard --home ho"; do
    [[ $command != *home* ]] || kurung run --home=persist:homely -- true
    # shellcheck disable=SC2086
    kurung $command
    like "$status:$errors" "^125:kurung: '.*' is not a whole name; '.*' begins with it" "$command: what changes something takes only whole names in a script"
done
is "$(ls "$HOME/.local/state/kurung/kept" "$HOME/.local/state/kurung/homes"; ls)" "$HOME/.local/state/kurung/homes:
homely

$HOME/.local/state/kurung/kept:
amber-acorn
amber-reef
plain
plain-2" "  and did nothing"
like "$(on_tty kurung apply amber-a)" "'amber-a' is 'amber-acorn'.*0$" "apply: a prefix counts on a terminal, and is named"
is "$(ls)" amber-acorn "  and applied"
for answer in 'n\n:125' '\x04:125' 'y\n:0'; do
    got=$(python3 "$SRCDIR/tests/tools/on_terminal.py" "expect(b'o: '); send(b'${answer%:*}'); print(wait())" "$KURUNG" discard amber-a)
    is "$got:$([ -e "$HOME/.local/state/kurung/kept/amber-acorn" ] && echo there)" "${answer#*:}:$([ "${answer#*:}" = 0 ] || echo there)" "discard of a prefix asks: $answer"
done
"$KURUNG" discard amber-reef plain plain-2
"$KURUNG" discard --home homely
rm -f amber-acorn
mkfifo "$HOME/up"
"$KURUNG" run --keep=runs --read-write="$HOME/up" -- sh -c 'echo >~/up; exec sleep 1000' &
read -r _ <"$HOME/up"
kurung exec ru -- echo inside
is "$status:$out" 0:inside "exec: a unique prefix"
kurung stop ru
like "$status:$errors" "^125:.*'ru' is not a whole name; 'runs' begins with it" "stop: not in a script"
like "$(on_tty kurung stop ru)" "'ru' is 'runs'.*0$" "  but on a terminal"
wait
"$KURUNG" discard runs

# profile show and list: what a profile means, and the files that it is made of.
mkdir -p "$HOME/.config/kurung/profiles/build.ini.d"
printf '[Environment]\nSet=A=b\n' >"$HOME/.config/kurung/profiles/build.ini.d/mine.ini"
printf '[Profile]\nDescription=of mine\nExtends=build\n[Filesystem]\nReadWrite=%s\n' "$HOME/data" >"$HOME/.config/kurung/profiles/own.ini"
kurung profile list
like "$out" "own +user +of mine"$'\n +'"[+] ~/.config/kurung/profiles/build.ini.d/mine.ini"$'\n +'"[+] ~/.config/kurung/profiles/own.ini"$'\n' "profile list: the files of a profile"
like "$out" $'\n'"build +built in +builds [^+]*"$'\n +'"[+] ~/.config/kurung/profiles/build.ini.d/mine.ini"$'\n'"bun +built in" "  and the drop-ins of one that is built in"
kurung profile list --json
is "$(jq -c '.[] | select(.name == "own" or .name == "default") | .files' "$HOME/.out")" "[\"$HOME/.config/kurung/profiles/build.ini.d/mine.ini\",\"$HOME/.config/kurung/profiles/own.ini\"]
[]" "  also as JSON"
got=$(on_tty kurung profile list | tr -d '\r')
is "$(awk 'length($0) > 80' <<<"$got")" "" "  in lines that fit the terminal"
kurung profile show own
like "$out" $'\n; '"User        root inside.*"$'\n; '"Writes      $HOME/data: changes the files themselves, at once.*"$'\n\\[Profile\\]\n' "profile show: what a command could do, as comments"
cp "$HOME/.out" "$HOME/shown.ini"
kurung profile check "$HOME/shown.ini"
is "$status:$errors" "0:" "  and all of it is a profile"
printf '[Filesystem]\nReadOnly=/srv\nReadWrite=/srv\n' >"$HOME/.config/kurung/profiles/none.ini"
kurung profile show none
like "$status:$out" "^0:.*"$'\n'"; No sandbox with this profile would start here: .*conflict for .*/srv" "  also if none would start"
rm -r "$HOME/.config/kurung"

# The prompt of a shell says that it is one of a sandbox, whatever the shell; the caller's variable takes precedence.
# prompt_of SHELL...: what a shell prints before it reads, up to the end of the prompt.
prompt_of() { python3 "$SRCDIR/tests/tools/on_terminal.py" "expect(b'kurung)'); send(b'exit 0\n'); print(wait())" "$KURUNG" shell -q -e TERM=dumb "$@"; }
# A login sh has the prompt of the system's /etc/profile; zsh without files of one's own asks first how to make them.
printf 'PS1="[\\u@\\h]\\$ "\n' >"$project/rc"
for shell in bash "bash -l" "bash --norc" "bash --rcfile $project/rc" dash sh "zsh -f" fish; do
    # shellcheck disable=SC2086
    if command -v ${shell%% *} >/dev/null; then
        # shellcheck disable=SC2086
        is "$(prompt_of -- $shell)" 0 "kurung shell -- $shell: the prompt names kurung"
    else
        skip "kurung shell -- $shell" "it is not installed"
    fi
done
is "$(prompt_of --run-as=root -- dash)" 0 "  as root inside, too"
is "$(python3 "$SRCDIR/tests/tools/on_terminal.py" 'expect(b"mine>"); send(b"exit\n"); print(wait())' "$KURUNG" shell -q -e PS1='mine>' -- dash)" 0 "a prompt of the caller stays"
kurung run -- env
unlike "$out" "debian_chroot|PS1" "run sets none"

# apply says what it did.
mkdir -p dir
echo old >old
echo gone >gone
kurung run --keep=k -- sh -c 'echo 1 >dir/1; echo 2 >2; echo new >old; rm gone; mkfifo fifo'
kurung apply --dry-run k
unlike "$out" "applied" "apply --dry-run applied nothing"
kurung apply -v k dir 2
is "$status:$out" $'0:A  2\nA  dir/1\napplied: 2 added' "apply -v lists what it applied"
kurung apply k
is "$status:$out" "1:applied: 1 modified, 1 deleted" "apply counts what it applied"
kurung apply k
is "$status:$out" "1:nothing was applied" "  also if that is nothing"
kurung apply -q k
is "$status:$out$errors" "1:" "apply -q says nothing"
"$KURUNG" discard k
rm -rf dir 2 old
# What is new in a private home may be there on the host, which the command did not see.
echo 'alias a=b' >"$HOME/.bashrc"
kurung run --keep=k -- sh -c 'echo "export X=1" >>~/.bashrc; echo 1 >~/one'
kurung diff k
like "$out" "A  $HOME/.bashrc [(]the host has another, which the command did not see[)]  ! " "diff: a file that a private home did not show"
like "$out" $'\n'"A  $HOME/one"'$' "  and one that is nowhere"
kurung diff --json k
is "$(jq -c 'map(.unseen_on_host)' "$HOME/.out")" "[true,null]" "  in JSON, too"
kurung apply k "$HOME/.bashrc"
like "$status:$errors" "^1:kurung: conflict: $HOME/.bashrc: the host has another, which the command did not see .with --home=host it does." "apply: what to do about it"
is "$(<"$HOME/.bashrc")" "alias a=b" "  and it is as it was"
kurung apply -q k "$HOME/one"
kurung diff k "$HOME/one"
unlike "$out" "the host has another" "  what was applied is no other one"
rm "$HOME/one"
"$KURUNG" discard k
rm "$HOME/.bashrc"

# diff of a running sandbox: what it changed so far.
rm -f "$HOME/up"
mkfifo "$HOME/up" "$HOME/go"
"$KURUNG" run -q --keep=runs --read-write="$HOME/up" --read-write="$HOME/go" -- sh -c 'echo 1 >first; echo >~/up; read -r _ <~/go; echo 2 >second; rm first; echo >~/up; exec sleep 1000' &
read -r _ <"$HOME/up"
runs() { "$KURUNG" ps | grep -q '^runs '; }
wait_for runs
kurung diff runs
is "$status:$out:$errors" "0:A  first:kurung: 'runs' is running: these are its changes so far" "diff of a running sandbox"
kurung diff -p runs
like "$out" $'\n[+]1' "  and its lines"
echo >"$HOME/go"
read -r _ <"$HOME/up"
kurung diff --name-only runs
is "$status:$out" "0:second" "  and what it changed meanwhile"
for command in "apply runs" "discard runs" "export -o $HOME/x.tar runs"; do
    # shellcheck disable=SC2086
    kurung $command
    like "$status:$errors" "^125:.*'runs' is running" "not ${command%% *}"
done
"$KURUNG" stop runs
wait
kurung diff --name-only runs
is "$status:$out:$errors" "0:second:" "  at its end they are the same"
"$KURUNG" discard runs
# One that exchanges directories and links all the time shows nothing of the host by it.
mkdir -p "$HOME/private-data" dir
echo sesame >"$HOME/private-data/file"
echo mine >dir/file
"$KURUNG" run -q --keep=swaps --read-write="$HOME/up" -- sh -c 'mkdir a; echo new >a/file; echo >~/up
    while :; do ln -s "$1" l; mv dir d; mv -T l dir; mv -T a l; rm dir; mv d dir; mv l a; rm -f dir/file; ln -s "$1/file" dir/file; rm dir/file; mkfifo dir/file; rm dir/file; done 2>/dev/null' - "$HOME/private-data" &
read -r _ <"$HOME/up"
swaps() { "$KURUNG" ps | grep -q '^swaps '; }
wait_for swaps
for i in $(seq "$(scaled 50 5)"); do timeout 60 "$KURUNG" diff -p --all swaps </dev/null; echo "status $?"; done >"$HOME/.out" 2>&1
is "$(grep -c sesame "$HOME/.out"):$(grep -c '^status 124' "$HOME/.out"):$(grep -c '^status 0' "$HOME/.out" | grep -c '^0$')" "0:0:0" \
    "diff of one that exchanges links and directories meanwhile: shows nothing else, and does not hang"
"$KURUNG" stop swaps
wait
"$KURUNG" discard swaps
rm -r dir "$HOME/private-data"
"$KURUNG" run -q --read-write="$HOME/up" -- sh -c 'echo >~/up; exec sleep 1000' &
read -r _ <"$HOME/up"
first() { name=$("$KURUNG" ps --json | jq -er '.[0].name'); }
wait_for first
kurung diff "$name"
like "$status:$errors" "^125:.*'$name' does not keep its changes .*--keep" "diff of one that keeps nothing says so"
"$KURUNG" stop "$name"
wait
rm "$HOME/up" "$HOME/go"

# The examples of --help work: each command runs with its own, in a project in which they make sense. Those that would start
# something are only planned.
mkdir -p "$HOME/examples/lib" && cd "$HOME/examples" || exit 1
touch "$HOME/.gitconfig"
printf 'y\ny\ny\n' >"$HOME/answers"
printf '[Filesystem]\nWorkDir=rw\n' >kurung.ini
printf '#!/bin/sh\necho x >lib/settings.ini\n' >install.sh
chmod +x install.sh
mkdir "$HOME/bin"
printf '#!/bin/sh\necho "echo installed"\n' >"$HOME/bin/curl"
chmod +x "$HOME/bin/curl"
start_try() {
    "$KURUNG" discard try 2>/dev/null
    rm -f "$HOME/up" changes.tar.gz lib/settings.ini
    mkfifo "$HOME/up"
    "$KURUNG" run -q --keep=try --read-write="$HOME/up" -- sh -c './install.sh; echo >~/up; exec sleep 1000' &
    read -r _ <"$HOME/up"
    try_runs() { "$KURUNG" ps | grep -q '^try '; }
    wait_for try_runs
}
for command in run shell try diff apply export discard ps exec stop inspect profile doctor; do
    kurung $command --help
    mapfile -t lines < <(sed -n '/^Examples:$/,$ s/^  \([^ ].*kurung .*\|kurung .*\)/\1/p' <<<"$out")
    ok "$command --help has examples" test ${#lines[@]} -gt 0
    for line in "${lines[@]}"; do
        input=/dev/null
        [ "$command" != apply ] || input=$HOME/answers
        case $command in
            run | shell | try) example=${line/kurung $command/kurung $command --dry-run} ;;
            diff | apply | export | discard)
                example=$line
                "$KURUNG" discard try 2>/dev/null
                rm -f changes.tar.gz lib/settings.ini
                "$KURUNG" run -q --keep=try -- ./install.sh
                ;;
            exec | stop | inspect)
                example=$line
                start_try
                ;;
            *) example=$line ;;
        esac
        if [[ $example == *"| jq"* ]] && ! command -v jq >/dev/null; then
            skip "$line" "jq is not installed"
            continue
        fi
        PATH=$HOME/bin:$PATH bash -c "$example" >"$HOME/.out" 2>"$HOME/.err" <"$input"
        is "$?" 0 "it works: $line" || diag "$(<"$HOME/.err")"
        "$KURUNG" stop try 2>/dev/null
        wait
    done
done
"$KURUNG" discard try 2>/dev/null
cd "$project" || exit 1
rm -rf "$HOME/examples" "${HOME:?}/bin" "$HOME/up" "$HOME/answers" "$HOME/.gitconfig"

# Escape sequences of a sandbox reach neither a terminal nor a pager that shows those of kurung.
kurung run --keep=evil -- sh -c 'printf "\033]0;title\007\033[2J" >"$(printf "a\033[2Jb")"; ln -s "$(printf "\033[31mx")" link; printf "\033[5m\n" >text'
for command in "diff" "diff -p" "diff --stat --all" "diff --name-only"; do
    # shellcheck disable=SC2086
    got=$(on_tty env KURUNG_PAGER="tr '\033' '~'" kurung $command evil)
    # shellcheck disable=SC2001
    unlike "$(sed 's/~\[[0-9;]*m//g' <<<"${got//'~[5m'/BLINK}${got//'~[31mx'/RED}")" '~|BLINK|RED' "no escape sequence of the sandbox: $command"
done
"$KURUNG" discard evil
done_testing
