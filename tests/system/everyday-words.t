#!/bin/bash
# What users of other tools type, and what the profiles of builds and of git do without being told.
. "$SRCDIR/tests/lib.sh"

profiles=$HOME/.config/kurung/profiles
refused() { # PATTERN NAME WORDS...
    local pattern=$1 name=$2
    shift 2
    kurung "$@"
    like "$status:$errors" "^125:kurung: $pattern" "$name"
}

# Options of docker and podman where kurung's command has others.
refused "exec: unknown option '-it': leave it out" "exec -it" exec -it name sh
refused "exec: unknown option '--user': leave it out: .* --run-as" "exec --user" exec --user root name id
refused "exec: unknown option '-w': use --chdir=DIR" "exec -w" exec -w / name id
refused "exec: unknown option '-d': start kurung in the background" "exec -d" exec -d name id
refused "stop: unknown option '--all': name the sandboxes" "stop --all" stop --all
refused "stop: unknown option '--signal=HUP': send the signal to the process" "stop --signal" stop --signal=HUP name
refused "stop: unknown option '-f': use --time=0" "stop -f" stop -f name
refused "no running sandbox named 'name'" "  which it takes" stop --time=0 name
refused "discard: unknown option '-f': leave it out" "discard -f" discard -f name
refused "exec: unknown option '--nosuch'; see" "an option that nobody has" exec --nosuch name id

# -p is another option there, and options and programs may come first.
refused "'8080:80' is not a profile: .* use --publish=8080:80$" "-p HOSTPORT:PORT" run -p 8080:80 true
refused "'127.0.0.1:8080:80' is not a profile: .* use --publish=127.0.0.1:8080:80$" "-p ADDRESS:HOSTPORT:PORT" run -p 127.0.0.1:8080:80 true
refused "unknown command '--net=none'; options stand after the command: kurung run .OPTIONS. COMMAND$" "an option before the command" \
    --net=none build true
refused "unknown command '--versoin'; did you mean '--version'" "a misspelled option of kurung itself" --versoin
printf '#!/bin/sh\n' >install.sh
refused "unknown command './install.sh'; to run this program in a sandbox: kurung run -- ./install.sh$" "a script in place of a command" ./install.sh
refused "unknown command 'sed'; to run this program in a sandbox: kurung run -- sed$" "a program in place of a command" sed -n p
rm install.sh
refused "unknown command './install.sh'; see" "  which does not exist" ./install.sh
refused "no profile named 'biuld'; did you mean 'build'" "a misspelled profile" run -p biuld true

# What only a shell understands.
kurung run -- 'echo a && ./b'
is "$status" 127 "a line of a shell as the command"
like "$errors" "'echo a && ./b' is not a program; for a line of a shell, use -- sh -c '...'" "  is answered"
kurung run CFLAGS=-O2 make
is "$status" 127 "a variable before the command"
like "$errors" "'CFLAGS=-O2' is not a program; to set a variable, use --env=CFLAGS=-O2" "  is answered"
printf '#!/bin/sh\necho "$1"\n' >'my tool'
chmod +x 'my tool'
kurung run './my tool'
is "$status:$errors" "0:" "a program whose name has a space is one"
rm 'my tool'

# "--keep NAME" takes NAME for the command.
refused "'mine' is not a command; .*--keep=mine" "--keep NAME" run --keep mine true
refused "'mine' is not a command; .*--keep=mine" "--keep NAME --" run --keep mine -- true
kurung run --keep true --version
is "$status" 0 "--keep COMMAND runs it"
name=$("$KURUNG" ps -a --json | jq -r '.[].name')
"$KURUNG" discard "$name"

# A file is a profile only by its path.
echo >kurung.ini
refused "no profile named 'kurung.ini'; to use the file, write -p ./kurung.ini" "-p kurung.ini" run -p kurung.ini true
refused "no profile named 'kurung'; to use the file, write -p ./kurung.ini" "-p kurung" run -p kurung true
refused "no profile named 'nosuch.ini'; \"kurung profile list\"" "-p without a file" run -p nosuch.ini true
rm kurung.ini

# What an installed profile sets is a default.
cd "$HOME" || exit 1
kurung run -p build -- pwd
is "$status:$out" "0:$HOME" "in the home directory a build starts, too, in an empty home"
like "$errors" "contains your home directory, and is hidden" "  and says it"
kurung run -p build --keep=home -- sh -c 'echo x >in-home'
kurung run --in home -- cat in-home
is "$status:$out" "0:x" "  and is resumed"
"$KURUNG" discard home
mkdir -p "$profiles"
printf '[Profile]\nExtends=build\n[Filesystem]\nWorkDir=overlay\n' >"$profiles/mine.ini"
kurung run -p mine -- true
is "$status" 125 "what the user's own profile sets is an error"
rm "$profiles/mine.ini"
cd "$project" || exit 1

CC=mine CFLAGS=-O9 LDFLAGS=-s TOKEN=canary kurung build sh -c 'echo "$CC $CFLAGS $LDFLAGS $TOKEN"'
is "$out" "mine -O9 -s " "a build gets the variables that choose compilers and options, and no others"

# git: the identity comes along, without anything else of the configuration.
if ! command -v git >/dev/null; then
    skip "the profile git" "git is not installed"
    done_testing
fi
git config --global user.name "A Name"
git config --global user.email a@b.example
git config --global http.extraHeader "Authorization: canary"
git init -q .
mkdir -p sub/deep
cd sub/deep || exit 1
kurung git commit -q --allow-empty -m first
is "$status:$errors" "0:" "in a subdirectory git commits"
kurung run -p git -- sh -c 'git commit -q --allow-empty -m first; git log --format="%an <%ae>"'
is "$out" "A Name <a@b.example>" "  as the user"
kurung run -p git -- sh -c 'git config --list; env; cat ~/.gitconfig'
unlike "$out" canary "  nothing else of the configuration is there"
kurung run -p git -- sh -c 'git config --global user.name Else && git config user.name'
is "$out" Else "  inside, it can be changed"
git config user.email project@b.example
kurung run -p git -- git config user.email
is "$out" project@b.example "  the repository's own takes precedence"
is "$(git log 2>/dev/null)" "" "  nothing of it is outside"
kurung run -- git commit --allow-empty -m first
like "$errors" "the repository '$project' is read-only [(]--project=overlay catches writes to it" "without the profile, a failing git says why"
kurung run -- git status
unlike "$errors" "kurung:.*--project" "  unless it only reads"

done_testing
