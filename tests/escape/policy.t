#!/bin/bash
# Attacks 70 and 74-77: project, profile and command line.
. "$SRCDIR/tests/escape/lib.sh"

evil='mv .git .git2 && mkdir -p .git/hooks && echo evil >.git/hooks/pre-commit'
project_with_git() {
    rm -rf .git .git2 deep
    mkdir -p .git/hooks deep/a/b/c
    echo mine >.git/hooks/sample
    echo mine >deep/a/b/c/file
}
for how in --read-only=.git/hooks --hide=.git/hooks; do
    project_with_git
    kurung run --work-dir=rw "$how" -- sh -c "$evil"
    isnt "$status" 0 "70 .git cannot be renamed over $how"
    is "$(ls .git/hooks)" sample "70 and the hooks are as they were ($how)"
    project_with_git
    undefended pin run --work-dir=rw "$how" -- sh -c "$evil" >/dev/null 2>&1
    like "$(ls .git/hooks)" pre-commit "70 without (pin) they are exchanged ($how)"
done
project_with_git
for dir in deep deep/a deep/a/b; do
    kurung run --work-dir=rw --read-only=deep/a/b/c/file -- sh -c "mv $dir elsewhere"
    isnt "$status" 0 "70 no directory on the way can be renamed: $dir"
done
kurung run --work-dir=overlay --read-only=.git/hooks -- sh -c "$evil"
isnt "$status" 0 "70 nor in an overlay"

for word in --help --version -p --root=/ -- '-'; do
    kurung run -- "$word"
    is "$status" 127 "74 after -- it is the command: $word"
done
kurung run -- echo --work-dir=rw -p build
is "$out" "--work-dir=rw -p build" "74 and its arguments are its own"
kurung run echo -q --net=host
is "$out" "-q --net=host" "74 also without --, once the command has begun"

for name in '' ../x a/b .. . "$(printf 'x%.0s' {1..300})" $'x\ny' 'a b' '*'; do
    kurung run -p "$name" -- true
    is "$status:${errors:0:8}" "125:kurung: " "75 a profile's name: $(printf %q "${name:0:20}")"
    is "$(wc -l <"$HOME/.err")" 1 "75 in one line: $(printf %q "${name:0:20}")"
done
mkdir -p "$HOME/.config/kurung/profiles"
printf '[Profile]\nExtends=../../../etc/passwd\n' >"$HOME/.config/kurung/profiles/climb.ini"
kurung run -p climb -- true
is "$status" 125 "75 Extends does not climb out of the profiles"

# 76: a file that is denied to a group. With subordinate ids the groups are dropped, and what others may is what the
# sandbox may: such a file can be read inside. With a single id the groups stay: it can't.
group=$(id -G | tr ' ' '\n' | grep -vx "$(id -g)" | head -1)
if [ -n "$group" ] && grep -q "^$(id -un):" /etc/subuid; then
    # The owner's bits come before the group's: a subordinate id makes it, in a directory that gives it the group.
    mkdir place
    chgrp "$group" place
    chmod 2777 place
    kurung run --run-as=root --work-dir=rw -- setpriv --reuid=1 --regid=1 --clear-groups sh -c 'echo denied >place/denied; chmod 0604 place/denied'
    is "$(stat -c '%g %a' place/denied)" "$group 604" "76 there is a file that is denied to a group"
    not_ok "76 outside the group is denied it" cat place/denied 2>/dev/null
    kurung run --work-dir=ro -- cat place/denied
    is "$out" denied "76 with subordinate ids the groups are dropped: it is read as by others (documented)"
    kurung run --work-dir=ro --id-map=single -- cat place/denied
    isnt "$status" 0 "76 with a single id they stay: it is denied"
    kurung run --run-as=root --work-dir=rw -- rm -rf place
else
    skip "76 a file denied to a group" "this user has no supplementary group, or no subordinate ids"
fi

printf '[Filesystem]\nWorkDirr=rw\n' >"$HOME/.config/kurung/profiles/bad1.ini"
printf '[Filesystem]\nWorkDir=rww\n' >"$HOME/.config/kurung/profiles/bad2.ini"
printf '[Filesistem]\nWorkDir=rw\n' >"$HOME/.config/kurung/profiles/bad3.ini"
for args in "-p bad1" "-p bad2" "-p bad3" "--work-dirr=rw" "--work-dir=rww" "--cap-add=CAP_ALL_OF_THEM" "--net=hots" "-Z"; do
    # shellcheck disable=SC2086 # words
    kurung run $args -- sh -c 'echo it ran'
    is "$status:$out" "125:" "77 refused, and nothing runs: $args"
done
done_testing
