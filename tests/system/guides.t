#!/bin/bash
# The commands of the guides in docs work when they are pasted. Programs that a machine does not have are stand-ins.
. "$SRCDIR/tests/lib.sh"

mkdir -p "$HOME/.local/bin" "$HOME/.local/share/stand-in"
ln -s "$KURUNG" "$HOME/.local/bin/kurung"
PATH=$HOME/.local/bin:$PATH

# stand_in NAME TEXT: a program in ~/.local/bin.
stand_in() {
    printf '#!/bin/sh\n%s\n' "$2" >"$HOME/.local/bin/$1"
    chmod +x "$HOME/.local/bin/$1"
}

# block GUIDE HEADER: prints the indented block that begins with this line, without it.
block() {
    awk -v header="    $2" '$0 == header { on = 1; next } on && !/^    / { exit } on { sub(/^    /, ""); print }' "$SRCDIR/docs/$1"
}

# profile_of GUIDE PATH: writes the block that begins with "# ~/PATH" to that file.
profile_of() {
    local file=$HOME/$2
    mkdir -p "${file%/*}"
    block "$1" "# ~/$2" >"$file"
    ok "$1: there is ~/$2" test -s "$file"
    kurung profile check "$file"
    is "$status" 0 "$1: and it is a profile" || diag "$errors"
}

# commands_of GUIDE: runs each line that begins with "    kurung", in order.
commands_of() {
    local example out n=0
    while read -r example; do
        n=$((n + 1))
        out=$(bash -c "$example" 2>&1 </dev/null)
        is "$?" 0 "$1: ${example//#/}" || diag "$out"
    done < <(sed -n 's/^    \(kurung .*\)/\1/p' "$SRCDIR/docs/$1")
    ok "$1: there are examples" test "$n" -ge 3
}

# Builds.
printf 'all: made\nmade:\n\t@echo made >made; cat made\nclean:\ninstall:\n' >Makefile
echo SECRET=1 >.env
block BUILDS.md "# kurung.ini" >kurung.ini
ok "BUILDS.md: there is a profile of a project" test -s kurung.ini
profile_of BUILDS.md ".config/kurung/profiles/gradle.ini.d/mine.ini"
is "$(bash -c "$(grep -m1 -o '^    kurung make$' "$SRCDIR/docs/BUILDS.md")" 2>&1)" made "BUILDS.md: kurung make makes"
not_ok "BUILDS.md: and nothing is written" test -e made
commands_of BUILDS.md
is "$(cat made)" made "BUILDS.md: what was applied is there"
ok "BUILDS.md: and what was exported" grep -q made <(tar -tf result.tar)
is "$(kurung run -p build -p ./kurung.ini -- cat .env; echo "$status$out")" 0 "BUILDS.md: the project's profile hides a file"
for tool in cmake meson; do
    stand_in "$tool" 'id -u; echo x >made-inside'
    is "$(kurung "$tool" --version; echo "$status:$out")" 0:0 "kurung $tool: root inside" || diag "$errors"
    not_ok "  and nothing is written" test -e made-inside
done

# Installers.
printf 'echo "alias t=tool" >>~/.bashrc; mkdir -p ~/.local/bin; echo tool >~/.local/bin/tool; echo setting >tool.conf; touch /etc/tool.conf\n' >install.sh
commands_of INSTALLERS.md
is "$(cat tool.conf)" setting "INSTALLERS.md: what was applied is there"
is "$(cat "$HOME/.local/bin/tool")" tool "INSTALLERS.md: also in the home"
not_ok "INSTALLERS.md: what was not named is not" test -e "$HOME/.bashrc"
not_ok "INSTALLERS.md: nor anything in the system" test -e /etc/tool.conf
rm -rf ./* .env

# Agents.
git init -q .
mkdir -p .git/hooks .github/workflows
export ANTHROPIC_API_KEY=sesame
# shellcheck disable=SC2016 # the program expands it
stand_in claude 'echo "key: $ANTHROPIC_API_KEY"; echo "a change" >>change; echo state >>~/.claude-state; cat /proc/net/route'
# Where npm is not installed, nothing else knows a registry.
echo "registry=https://registry.example.org/" >"$HOME/.npmrc"
profile_of AGENTS.md ".config/kurung/profiles/agent.ini.d/mine.ini"
commands_of AGENTS.md
like "$(cat change)" "a change" "AGENTS.md: the agent wrote to the project"
out=$(bash -c "$(grep -m1 -o '^    kurung agent claude$' "$SRCDIR/docs/AGENTS.md")" 2>&1)
like "$out" "key: sesame.*tap0" "AGENTS.md: with its key and a network"
is "$(kurung run --dry-run -p agent -- claude; grep ^Network <<<"$out")" "Network     api.anthropic.com:443" \
    "AGENTS.md: whose list is the file's"
not_ok "AGENTS.md: the state is not in the user's home" test -e "$HOME/.claude-state"
done_testing
