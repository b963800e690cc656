#!/bin/bash
# The completions of bash, zsh and fish, in these shells: what they offer, and that they execute nothing.
. "$SRCDIR/tests/lib.sh"
build=$(dirname "$KURUNG")

# complete_SHELL LINE: what the shell offers with the cursor at the end of LINE, one a line, sorted.
mkdir bin
ln -s "$KURUNG" bin/kurung
top=$PWD
export PATH=$top/bin:$PATH

# As readline calls it: the words are those that it would make of the line. bash-completion itself finds the file.
mkdir -p share/bash-completion/completions share/zsh share/fish/vendor_completions.d
cp "$build/completions/bash/kurung" share/bash-completion/completions
cp "$build/completions/zsh/_kurung" share/zsh
cp "$build/completions/fish/kurung.fish" share/fish/vendor_completions.d
export XDG_DATA_DIRS=$PWD/share:/usr/local/share:/usr/share
cat >complete.bash <<'END'
. /usr/share/bash-completion/bash_completion
_completion_loader kurung
complete -p kurung >&2 || exit 1
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9
# Unquoted words, "=" and ":" are words of their own.
read -ra parts <<<"${1//\\ /$'\x01'}"
COMP_WORDS=()
for part in "${parts[@]}"; do
    while [[ $part =~ ^([^=:]*)([=:]+)(.*)$ ]]; do
        [ -z "${BASH_REMATCH[1]}" ] || COMP_WORDS+=("${BASH_REMATCH[1]}")
        COMP_WORDS+=("${BASH_REMATCH[2]}") part=${BASH_REMATCH[3]} last=separator
    done
    last=${part:+word}
    [ -z "$part" ] || COMP_WORDS+=("${part//$'\x01'/\\ }")
done
[ -n "${last:-}" ] && [[ $1 != *[[:space:]=:] ]] || COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_kurung kurung "${COMP_WORDS[-1]}" "" 2>/dev/null
printf '%s\n' "${COMPREPLY[@]}"
END
complete_bash() { bash --norc "$top/complete.bash" "$1" 2>"$top/bash.err" | sort -u; }

# zsh completes only on a terminal, where it draws its lists; what is added to them is noted. (zsh -f: no files of the user)
cat >complete.zsh <<'END'
zmodload zsh/zpty
zpty z "zsh -f -i"
zpty -w z ". ${(q)1}/asked.zsh ${(q)1} ${(q)2}"
while zpty -r z line; do :; done
zpty -d z
END
# In the inner one, its first prompt completes the line and ends it.
cat >asked.zsh <<'END'
PS1= top=$1 line=$2
fpath=($top/share/zsh $fpath)
unset zle_bracketed_paste
autoload -Uz compinit
compinit -u -d $top/zcompdump
zstyle ':completion:*:commands' rehash yes
LISTMAX=100000
compadd() {
    local -a hidden before found
    if [[ ${argv[1,(i)-(|-)]} == *-[OAD]* ]]; then
        builtin compadd "$@"
        return
    fi
    builtin compadd -A found "$@"
    zparseopts -E p:=hidden P:=before
    [[ -z $found ]] || print -rl -- $IPREFIX$hidden[2]$before[2]${^found} >>$top/zsh.out
    builtin compadd "$@"
}
zle-line-init() {
    BUFFER=$line CURSOR=$#line
    zle complete-word
    BUFFER=exit
    zle accept-line
}
zle -N zle-line-init
END
complete_zsh() {
    rm -f "$top/zsh.out"
    zsh -f "$top/complete.zsh" "$top" "$1" >/dev/null 2>&1 </dev/null
    sort -u "$top/zsh.out" 2>/dev/null
}

complete_fish() {
    fish --private --no-config --command 'set -p fish_complete_path $argv[2]; complete -C $argv[1]' -- "$1" \
        "$top/share/fish/vendor_completions.d" 2>"$top/fish.err" | cut -f1 | sort -u
}

words() { printf '%s\n' "$@" | sort -u; }
mapfile -t builtin < <(cd "$SRCDIR/profiles" && printf '%s\n' *.ini | sed 's/[.]ini$//')

# What is there to offer.
mkdir -p system/bin
tar -c -C system bin | "$KURUNG" image import - my-image >/dev/null
rm -r system
"$KURUNG" run -q --keep=kept-one -- touch x >/dev/null 2>&1
"$KURUNG" run -q --keep=kept-two --home=persist:some-home -- touch x >/dev/null 2>&1
mkfifo started
"$KURUNG" run -q --read-write="$PWD/started" --keep=running-one -- sh -c 'echo >started; exec sleep infinity' &
running=$!
read -r _ <started
mkdir -p "$HOME/.config/kurung/profiles" files/directory
cp "$SRCDIR/profiles/build.ini" "$HOME/.config/kurung/profiles/my-profile.ini"
touch files/file 'files/a b'
# A program and a completion that leave a mark if they are called.
printf '#!/bin/sh\ntouch %q\n' "$PWD/called" >files/kurung
cp files/kurung files/make
chmod +x files/kurung files/make

for shell in bash zsh fish; do
    program=$shell
    if ! command -v $program >/dev/null; then
        skip "completion of $shell" "$shell is not installed"
        continue
    fi
    if [ $shell = bash ] && [ ! -e /usr/share/bash-completion/bash_completion ]; then
        skip "completion of bash" "bash-completion is not installed"
        continue
    fi
    # offers LINE EXPECTED NAME: exactly these, one a line
    offers() {
        local got
        got=$(complete_$shell "$1")
        is "$got" "$2" "$shell: $3"
    }
    # value PREFIX WORD...: readline replaces only what follows the prefix.
    value() {
        local prefix=$1
        shift
        [ $shell != bash ] || prefix=''
        printf '%s\n' "${@/#/$prefix}" | sort -u
    }

    # directory PREFIX: readline and zsh add the slash themselves.
    directory() {
        case $shell in
        bash) echo files/directory ;;
        zsh) echo "$1files/directory" ;;
        fish) echo "$1files/directory/" ;;
        esac
    }

    offers "kurung d" "$(words default deno diff discard doctor)" "commands, and profiles in their place"
    offers "kurung my" my-profile "a profile of the user"
    offers "kurung --" "$(words --help --no-pager --version)" "options of kurung itself"
    offers "kurung --no-pager doctor --color=" "$(value --color= auto always never)" "a command behind one"
    offers "kurung help d" "$(words default deno diff discard doctor)" "what has a help"
    offers "kurung ps --" "$(words --all --color= --help --homes --json)" "options of a command"
    offers "kurung run --net=" "$(value --net= none slirp host)" "values of an option"
    offers "kurung run --net=s" "$(value --net= slirp)" "the values that begin so"
    offers "kurung run --work-dir o" overlay "a value as the next word"
    offers "kurung run --tools=" "$(value --tools= yes no)" "a switch"
    offers "kurung run --mem" "$(words --memory-high= --memory-max= --memory-swap-max=)" "options from the key table"
    offers "kurung run --home=persist:" "$(value --home=persist: some-home)" "names of kept homes"
    offers "kurung run -p my" my-profile "a profile after its letter"
    offers "kurung run --net slirp --ro" "--root=" "options after a value"
    offers "kurung run --in kept-" "$(words kept-one kept-two)" "kept sandboxes"
    offers "kurung diff kept" "$(words kept-one kept-two)" "kept sandboxes of a command"
    offers "kurung exec " running-one "running sandboxes"
    offers "kurung stop r" running-one "and nothing else"
    offers "kurung inspect " "$(words kept-one kept-two running-one)" "all sandboxes"
    offers "kurung discard --home " some-home "homes, after --home"
    offers "kurung profile s" show "verbs of profile"
    offers "kurung image s" show "verbs of image"
    offers "kurung image rm my" my-image:latest "names of images"
    offers "kurung image import --t" --tag= "options of a verb of image"
    offers "kurung profile show my" my-profile "profiles of a verb"
    offers "kurung profile list --" "$(words --help --json)" "options of a verb"
    offers "kurung profile trust --d" --dry-run "an option that only one verb has"
    offers "kurung export --format=" "$(value --format= tar oci-layer)" "values of a command's own option"
    offers "kurung apply kept-one files/d" "$(directory)" "files where a path is meant"
    offers "kurung run --read-only=files/d" "$(directory --read-only=)" "files as the value of an option"
    offers "kurung run --root=files/" "$(directory --root=)" "directories where only these count"
    offers "kurung run kurun" kurung "programs of PATH"
    offers "kurung run -- kurun" kurung "behind --"
    offers "kurung run -- cat --" "" "no options behind the command"
    offers "kurung run cat files/f" files/file "but files"
    offers "kurung exec running-one kurun" kurung "the program of exec"
    offers "kurung build kurun" kurung "the short form with a program"
    offers "kurung npm files/f" files/file "the short form of a profile that names its program"
    offers "kurung npm --" "" "which has no options"

    # Nothing is run, whatever is on the line or in the directory.
    cd files || exit 1
    offers "./kurung run -p my" my-profile "names come from the kurung in PATH"
    cd "$top" || exit 1
    offers 'kurung run -p $(touch called)' "" "no command of the line is run"
    offers 'kurung run --net=`touch called`' "" "nor of a value"
    PATH=$PWD/files:$PATH complete_$shell "kurung run -- make x" >/dev/null
    PATH=$PWD/files:$PATH complete_$shell "kurung build make x" >/dev/null
    ok "$shell: and no program" test ! -e called
    # As a kurung that prints anything.
    mkdir -p "odd-$shell"
    printf '#!/bin/sh\ncat <<"X"\nNAME x\nb$(touch${IFS}called) kept\nb`touch${IFS}called` kept\nX\n' >"odd-$shell/kurung"
    chmod +x "odd-$shell/kurung"
    PATH=$PWD/odd-$shell:$PATH complete_$shell "kurung diff b" >odd.out
    ok "$shell: a name is data" test ! -e called
done

# At a prompt, with readline's own words: what is typed behind Tab says where the cursor is.
if [ -e /usr/share/bash-completion/bash_completion ]; then
    on_prompt() { # TYPED SHOWN NAME
        ok "bash, typed: $3" env TERM=dumb PS1='$ ' /usr/bin/python3 "$SRCDIR/tests/tools/on_terminal.py" \
            "expect(b'\$ '); send(b'. /usr/share/bash-completion/bash_completion; PS1=READY\\n'); expect(b'\\nREADY')
send(b'$1'); expect(b'$2'); send(b'\\x15exit\\n'); wait()" bash --norc -i
    }
    on_prompt 'kurung run --net=sl\tX' '--net=slirp X' "a value behind an equals sign"
    on_prompt 'kurung run --memory-m\tX' '--memory-max=X' "a value follows an option at once"
    on_prompt 'kurung run --home=pers\tX' '--home=persist:X' "and a name a colon"
    on_prompt 'kurung run --read-only=files/d\tX' 'files/directory/X' "a directory, with its slash"
    on_prompt 'kurung diff kept-o\tX' 'kept-one X' "a sandbox"
else
    skip "bash, typed" "bash-completion is not installed"
fi

kill "$running"
wait "$running" 2>/dev/null
"$KURUNG" discard kept-one kept-two running-one 2>/dev/null
"$KURUNG" discard --home some-home 2>/dev/null
"$KURUNG" image rm my-image
done_testing
