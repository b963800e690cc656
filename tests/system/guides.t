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

# profile_of GUIDE PATH: writes the block that begins with "# ~/PATH" to that file.
profile_of() {
    local file=$HOME/$2
    mkdir -p "${file%/*}"
    awk -v path="    # ~/$2" '$0 == path { on = 1; next } on && !/^    / { exit } on { sub(/^    /, ""); print }' "$SRCDIR/docs/$1" >"$file"
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

git init -q .
mkdir -p .git/hooks .github/workflows
export ANTHROPIC_API_KEY=sesame
# shellcheck disable=SC2016 # the program expands it
stand_in claude 'echo "key: $ANTHROPIC_API_KEY"; echo "a change" >>change; echo state >>~/.claude-state; cat /proc/net/route'
profile_of AGENTS.md ".config/kurung/profiles/agent.ini.d/mine.ini"
commands_of AGENTS.md
like "$(cat change)" "a change" "AGENTS.md: the agent wrote to the project"
out=$(bash -c "$(grep -m1 -o '^    kurung agent claude$' "$SRCDIR/docs/AGENTS.md")" 2>&1)
like "$out" "key: sesame.*tap0" "AGENTS.md: with its key and a network"
is "$(kurung run --dry-run -p agent -- claude; grep ^Network <<<"$out")" "Network     api.anthropic.com:443" \
    "AGENTS.md: whose list is the file's"
not_ok "AGENTS.md: the state is not in the user's home" test -e "$HOME/.claude-state"
done_testing
