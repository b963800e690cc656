#!/bin/bash
# Attacks 70, 72-77 and 100: project, profile, command line, and what kurung starts.
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
    undefended pin,mount-watch run --work-dir=rw "$how" -- sh -c "$evil" >/dev/null 2>&1
    like "$(ls .git/hooks)" pre-commit "70 without (pin, mount-watch) they are exchanged ($how)"
done
project_with_git
for dir in deep deep/a deep/a/b; do
    kurung run --work-dir=rw --read-only=deep/a/b/c/file -- sh -c "mv $dir elsewhere"
    isnt "$status" 0 "70 no directory on the way can be renamed: $dir"
done
kurung run --work-dir=overlay --read-only=.git/hooks -- sh -c "$evil"
isnt "$status" 0 "70 nor in an overlay"

# 72: what decides about sandboxes is never seen in one, whatever is shared, and can't be put in its place.
plant='mkdir -p "$1/.config/kurung/profiles" && printf "[Network]\nMode=host\n" >"$1/.config/kurung/profiles/default.ini"
    mkdir -p "$1/.local/state/kurung" && echo x >"$1/.local/state/kurung/trusted"
    mv "$1/.config" "$1/.config2" && mkdir -p "$1/.config/kurung/profiles" && echo >"$1/.config/kurung/profiles/x.ini"
    mv "$1/.local/state" "$1/.local/state2" && mkdir -p "$1/.local/state/kurung" && echo x >"$1/.local/state/kurung/trusted"'
planted() { find "$HOME" -path "$HOME/.*" \( -name '*.ini' -o -name trusted \); }
clean_home() { rm -rf "$HOME/.config" "$HOME/.config2" "$HOME/.local"; }
# A link of the user's, where no sandbox writes.
links=$(mktemp -d /var/tmp/kurung-links.XXXXXX)
ln -s "$HOME" "$links/alias"
for share in "$HOME" "$links/alias" "$HOME:/mnt/home"; do
    at=${share#*:}
    for there in no yes; do
        clean_home
        [ "$there" = no ] || mkdir -p "$HOME/.config/kurung" "$HOME/.local/state/kurung"
        kurung run -q --work-dir=hidden --chdir=/ --read-write="$share" -- sh -c "$plant" - "$at"
        is "$(planted)" "" "72 nothing is planted through --read-write=${share/$HOME/\$HOME} (there before: $there)" || diag "$out $errors"
        # Neither does it alone: what is not masked is written to, what is not pinned is renamed away.
        for off in masks pin; do
            clean_home
            [ "$there" = no ] || mkdir -p "$HOME/.config/kurung" "$HOME/.local/state/kurung"
            undefended $off run -q --work-dir=hidden --chdir=/ --read-write="$share" -- sh -c "$plant" - "$at" >/dev/null 2>&1
            like "$(planted)" "\.ini" "72 without ($off) it is"
        done
    done
done
clean_home
mkdir -p "$HOME/.local/state/kurung" "$HOME/.config/kurung/profiles"
echo canary >"$HOME/.local/state/kurung/secret"
echo canary >"$HOME/.config/kurung/secret"
echo canary >"$HOME/.cache/kurung/secret"
see='cd "$1" && cat .local/state/kurung/secret .config/kurung/secret .cache/kurung/secret'
for how in "--read-only=$HOME" "--read-only=$links/alias" "--read-write=$HOME" --home=host; do
    kurung run -q --work-dir=hidden --chdir=/ "$how" -- sh -c "$see" - "$HOME"
    is "$out" "" "72 nor is any of it seen with ${how/$HOME/\$HOME}"
done
kurung run -q --read-only="$links/alias" --work-dir=hidden --chdir=/ -- sh -c "$see" - "$links/alias"
is "$out" "" "72 nor by another name"
undefended masks run -q --work-dir=hidden --chdir=/ --read-only="$links/alias" -- sh -c "$see" - "$links/alias" >seen 2>&1
like "$(cat seen)" canary "72 without (masks) it is"
(cd "$HOME" && "$KURUNG" run -q --work-dir=ro -- sh -c "$see" - "$HOME") >seen 2>&1
unlike "$(cat seen)" canary "72 nor with the home directory as working directory, read-only"
for dir in .config/kurung .config/kurung/profiles .local/state/kurung .cache/kurung; do
    kurung run --read-write="$HOME/$dir" -- true
    like "$status:$errors" "^125:.*belongs to kurung" "72 nor can it be shared itself: $dir"
done
(cd "$HOME/.config" && "$KURUNG" run --work-dir=rw -- true) >seen 2>&1
like "$?:$(cat seen)" "^125:.*kurung's own" "72 nor be the working directory"
mkdir "$HOME/dotfiles"
mv "$HOME/.config" "$HOME/dotfiles/config"
ln -s dotfiles/config "$HOME/.config"
kurung run --work-dir=hidden --read-write="$HOME" -- sh -c 'rm ~/.config; mkdir -p ~/.config/kurung/profiles'
like "$status:$errors" "^125:.*symbolic link" "72 nor exchanged where a link leads to it"
(cd "$HOME/dotfiles" && "$KURUNG" run --work-dir=rw -- true) >seen 2>&1
like "$?:$(cat seen)" "^125:.*kurung's own" "72 nor reached as the working directory that a link leads to"
rm -r "$HOME/.config" "$HOME/dotfiles" "$links"
clean_home

# 72: a profile that the project brings gives nothing, by whatever way it is reached. Each would let "x" be written.
wide='[Filesystem]
WorkDir=rw'
mkdir -p sub/.git "$HOME/elsewhere" "$HOME/.config/kurung/profiles"
echo "$wide" >evil.ini
echo "$wide" >"$HOME/elsewhere/mine.ini"
ln -s "$HOME/elsewhere/mine.ini" led.ini
ln -s "$HOME/elsewhere" led
ln -s "$PWD/evil.ini" "$HOME/elsewhere/to-evil.ini"
ln -s "$PWD/evil.ini" "$HOME/.config/kurung/profiles/linked.ini"
printf '[Profile]\nExtends=%s\n' "$PWD/evil.ini" >"$HOME/.config/kurung/profiles/extending.ini"
for profile in ./evil.ini "$PWD/evil.ini" sub/../evil.ini ./led.ini led/mine.ini "$HOME/elsewhere/to-evil.ini" linked extending; do
    rm -f x
    kurung run -p "$profile" -- touch x
    like "$status:$errors" "^125:.*a profile inside the project may only restrict.* kurung profile trust " \
        "72 a profile of the project can't widen: ${profile/$HOME/\$HOME}"
    not_ok "72 and nothing ran" [ -e x ]
    undefended narrow run -q -p "$profile" -- touch x
    ok "72 without (narrow) it widens" [ -e x ]
done
rm -f x
mkdir -p .git
(cd sub && "$KURUNG" run -p ../evil.ini -- touch x) 2>seen
like "$?:$(cat seen)" "^125:.*a profile inside the project" "72 nor from a directory below, whose repository it is"
kurung run -q -p "$HOME/elsewhere/mine.ini" -- touch x
ok "72 a file of the user's elsewhere may" [ -e x ]
kurung run -q -p "$HOME/elsewhere/mine.ini" --read-write="$HOME/elsewhere" -- true
like "$status:$errors" "^125:.*mine.ini:2: WorkDir=rw: the profile is in" "72 but not where the sandbox could write it"
undefended narrow run -q -p "$HOME/elsewhere/mine.ini" --read-write="$HOME/elsewhere" -- \
    sh -c 'echo "#" >>"$1"' - "$HOME/elsewhere/mine.ini"
like "$(cat "$HOME/elsewhere/mine.ini")" '#' "72 without (narrow) it writes it"
XDG_CONFIG_HOME=$PWD/.config sh -c 'mkdir -p .config/kurung/profiles && cp evil.ini .config/kurung/profiles && exec "$1" run -p evil -- true' - "$KURUNG" 2>seen
like "$?:$(cat seen)" "^125:.*a profile inside the project" "72 nor where the configuration is said to lie in the project"
rm -rf .config

# 73: trust is of what a profile says, and where.
kurung profile trust evil.ini
is "$status:$errors" "0:" "73 a profile of the project is trusted"
like "$out" "^Grants:.*evil.ini:2: WorkDir=rw" "73 and what that grants is said"
rm -f x
kurung run -q -p ./evil.ini -- touch x
ok "73 and then gives what it says" [ -e x ]
mkdir copy && cp evil.ini copy
kurung run -p copy/evil.ini -- true
is "$status" 125 "73 a copy elsewhere is not trusted"
printf '[Identity]\nRunAs=root\n' >>evil.ini
kurung run -p ./evil.ini -- true
like "$status:$errors" "^125:.*it changed since you trusted it" "73 an edited one is untrusted again"
is "$(undefended trust run -q -p ./evil.ini -- id -u)" 0 "73 without (trust) it is not"
echo "$wide" >evil.ini
kurung run -q -p ./evil.ini -- true
is "$status" 0 "73 with the old content it is the trusted one"
kurung run -q -p ./evil.ini -- sh -c 'echo "#" >>evil.ini'
kurung run -q -p ./evil.ini -- true
is "$status" 125 "73 nor does it stay so when the sandbox changes it"
kurung profile untrust evil.ini
echo "$wide" >evil.ini
kurung run -p ./evil.ini -- true
is "$status" 125 "73 trust can be taken back"
# 72: a list of trust that others could have written is none.
kurung profile trust evil.ini
state=$HOME/.local/state/kurung
chmod 0666 "$state/trusted"
kurung run -p ./evil.ini -- true
like "$status:$errors" "^125:.*writable by others" "72 a list that others can write is refused"
chmod 0600 "$state/trusted"
mkdir -p .state && cp -r "$state" .state/kurung
XDG_STATE_HOME=$PWD/.state "$KURUNG" run -p ./evil.ini -- true 2>seen
like "$?:$(cat seen)" "^125:.*is inside the project" "72 and one that lies in the project"
XDG_STATE_HOME=$PWD/.state "$KURUNG" profile trust evil.ini 2>seen
like "$?:$(cat seen)" "^125:.*is inside the project" "72 nor is one made there"
rm -rf .state sub copy led led.ini evil.ini x "$HOME/elsewhere"
clean_home

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

# 100: a net helper beside a copy of kurung. It would run outside, as the user, who may have made only the copy itself read-only.
if [ -c /dev/net/tun ]; then
    mkdir bin
    built=bin/kurung
    cp "$KURUNG_UNDEFENDED" $built
    planted() { # DEFENCES-OFF [OPTION...]: runs the copy, with a planted helper that would make the file "started"
        rm -f started
        KURUNG_DEFENCE_OFF=$1 "$PWD/$built" run --net=slirp --work-dir=hidden "${@:2}" -- true >seen 2>&1 </dev/null
    }
    planted none
    like "$?:$(cat seen)" "^125:.*cannot find kurung-net in $PWD/bin, " "100 the program of a build directory has its helper beside it, or none"
    # shellcheck disable=SC2016 # expanded by the inner shell
    kurung run -q --work-dir=rw --read-only=$built -- sh -c 'for name in bin/kurung-net bin/kurung-net-undefended; do
        printf "#!/bin/sh\necho >%s/started\n" "$PWD" >$name && chmod 755 $name; done'
    ok "100 a sandbox puts a helper beside a copy of kurung" [ -x bin/kurung-net ]
    planted none
    like "$?:$(cat seen)" "^125:.*bin/kurung-net is not started: it lies in '$PWD', where a sandbox could write" "100 kurung says that it does not start it"
    not_ok "100 and does not" [ -e started ]
    planted helper
    ok "100 without (helper) it does" [ -e started ]
    if grep -q "^$(id -un):" /etc/subuid; then
        kurung run -q --run-as=root --work-dir=rw -- chown 5:5 bin/kurung-net bin/kurung-net-undefended
        planted helper
        like "$?:$(cat seen)" "^125:.*cannot find kurung-net in .*, owned by root or by the owner of kurung" "100 one of another owner is none, whatever else"
        not_ok "100 and is not started" [ -e started ]
        kurung run -q --run-as=root --work-dir=rw -- rm bin/kurung-net bin/kurung-net-undefended
    fi
    # What is installed does not look beside itself.
    installed=$(dirname "$KURUNG_UNDEFENDED")/installed/kurung
    [ -x "$installed" ] || installed=$KURUNG
    cp "$installed" $built
    printf '#!/bin/sh\necho >%s/started\n' "$PWD" >bin/kurung-net
    chmod 755 bin/kurung-net
    planted none
    unlike "$(cat seen)" "$PWD" "100 an installed kurung knows nothing of a helper beside a copy of it"
    not_ok "100 and does not start one" [ -e started ]
    rm -r bin
else
    skip "100 a net helper beside a copy of kurung" "no /dev/net/tun"
fi
done_testing
